"""Reads what several stacks of a backend manage, and what is pending in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ..errors import ProjectError
from ..safe_text import escape
from ..stack.backend import Backend
from ..stack.model import PulumiResource, StackState
from ..stack.project import Project

_READERS = 4


@dataclass(frozen=True, kw_only=True)
class StackStates:
    """The states of those stacks that could be read, and why the rest could not, by full name.

    Where the stacks could not even be listed, ``unlisted`` says why. What is in those that could
    not be read is not known.
    """

    states: Mapping[str, StackState] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    unlisted: str | None = None

    @property
    def managed(self) -> dict[str, str]:
        """The stack by the id of the link that it manages."""
        return {link.id: name for name, state in self.states.items() for link in state.links}

    @property
    def pending(self) -> dict[str, tuple[PulumiResource, ...]]:
        """The pending creates by stack; stacks without any are left out."""
        return {name: state.pending for name, state in self.states.items() if state.pending}

    def unknowns(self) -> list[str]:
        """Return a sentence for all that could not be read; an empty list if nothing is missing."""
        sentences = [
            f"Stack {escape(name)} could not be read: {reason}"
            for name, reason in self.unread.items()
        ]
        if self.unlisted is not None:
            sentences.append(f"The other stacks could not be listed: {self.unlisted}")
        return sentences


def read_stacks(backend: Backend, names: Iterable[str]) -> StackStates:
    """Read stacks by their full names. No secret is opened.

    A stack that cannot be read stops nothing: it is named in the result.
    """
    names = list(names)

    def read(name: str) -> StackState | str:
        try:
            return backend.state_of(name)
        except ProjectError as error:
            return _one_line(error)

    with ThreadPoolExecutor(_READERS) as pool:
        results = dict(zip(names, pool.map(read, names), strict=True))
    return StackStates(
        states={name: state for name, state in results.items() if isinstance(state, StackState)},
        unread={name: reason for name, reason in results.items() if isinstance(reason, str)},
    )


def read_other_stacks(project: Project) -> StackStates:
    """Read the other stacks of a project's backend, but for those without a resource."""
    return read_backend(project.backend, but=[project.stack])


def read_backend(backend: Backend, *, but: Collection[str] = ()) -> StackStates:
    """Read the stacks of a backend, but for those without a resource.

    :param but: the full names of stacks to leave out.
    """
    try:
        stacks = backend.stacks()
    except ProjectError as error:
        return StackStates(unlisted=_one_line(error))
    names = [stack.name for stack in stacks if stack.resources != 0 and stack.name not in but]
    return read_stacks(backend, names)


def _one_line(error: ProjectError) -> str:
    return " ".join(str(error).split())
