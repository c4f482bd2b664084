"""Which stacks of a backend a command is about."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ..errors import ProjectError, UnmatchedStackError
from ..safe_text import escape, pluralize
from ..stack.backend import Backend, StackSummary
from ..stack.project import Project


@dataclass(frozen=True, kw_only=True)
class ChosenStacks:
    """The stacks that a command is about, by their full names, each once.

    ``settings_stack`` is the one whose settings hold: the selected one if it is among them, else
    the first that was named and is of the folder's project. None where there is no such stack: a
    stack of another project has its config in another folder. ``title`` says which stacks these
    are, safe to print, such as ``stack organization/shop/prod`` or ``all stacks of the backend``.
    """

    backend: Backend
    names: tuple[str, ...]
    settings_stack: str | None
    title: str
    whole_backend: bool = False


def choose_stacks(
    folder: str | os.PathLike[str] = ".",
    *,
    named: Sequence[str] = (),
    whole_project: bool = False,
    whole_backend: bool = False,
) -> ChosenStacks:
    """Find the stacks: those that are named, all of the project, all of the backend, else the one
    that is selected.

    :param folder: the folder of the project; for the whole backend, any folder.
    :param named: as for ``find_stacks``.
    :raises StackNotFoundError: a name is that of no stack; or none is named and none selected.
    :raises ArgumentError: there is no such folder.
    :raises ProjectError: no ``pulumi``, no project, or the stacks cannot be listed.
    """
    if not (named or whole_project or whole_backend):
        project = Project(folder)
        return ChosenStacks(
            backend=project.backend,
            names=(project.stack,),
            settings_stack=project.stack,
            title=f"stack {escape(project.stack, longest=300)}",
        )
    backend = Backend(folder)
    if named:
        stacks = find_stacks(backend, named)
        own = stacks
        if any("/" in name for name in named):
            own = _of_project(backend, stacks)
        title = pluralize(len(stacks), "stack")
        if len(stacks) == 1:
            title = f"stack {escape(stacks[0].name, longest=300)}"
    else:
        stacks = backend.stacks(project_only=not whole_backend)
        own = [stack for stack in stacks if stack.selected]
        title = f"all stacks of the {'backend' if whole_backend else 'project'}"
    return ChosenStacks(
        backend=backend,
        names=tuple(stack.name for stack in stacks),
        settings_stack=next(
            (stack.name for stack in sorted(own, key=lambda stack: not stack.selected)), None
        ),
        title=title,
        whole_backend=whole_backend,
    )


def find_stacks(backend: Backend, named: Sequence[str]) -> list[StackSummary]:
    """Return the stacks of these names, in the order in which they are named, each once.

    :param named: full names (``organization/shop/prod``), names with the project (``shop/prod``),
        or short ones (``prod``), which are those of the folder's project. Each may be a pattern
        with ``*``, ``?`` and ``[…]``; ``*`` stands for no ``/``.
    :raises StackNotFoundError: a name is that of no stack.
    :raises ProjectError: the stacks cannot be listed.
    """
    # All stacks of a bucket are slow to list, so they are listed only if that is asked for.
    stacks: dict[bool, list[StackSummary]] = {}
    found: dict[str, StackSummary] = {}
    for name in named:
        short = "/" not in name
        if short not in stacks:
            stacks[short] = backend.stacks(project_only=short)
        fitting = [stack for stack in stacks[short] if _fits(stack.name, name)]
        if not fitting:
            where = "this project" if short else "the backend"
            raise UnmatchedStackError(escape(name, longest=300), where)
        found.update((stack.name, stack) for stack in fitting)
    return [*found.values()]


def _fits(full_name: str, pattern: str) -> bool:
    """Whether the end of a full name is what a pattern says, part by part."""
    wanted = pattern.split("/")
    parts = full_name.split("/")[-len(wanted) :]
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))


def _of_project(backend: Backend, stacks: Sequence[StackSummary]) -> list[StackSummary]:
    """Return those that are of the folder's project; none if the folder has no project."""
    try:
        own = {stack.name for stack in backend.stacks(project_only=True)}
    except ProjectError:
        return []
    return [stack for stack in stacks if stack.name in own]
