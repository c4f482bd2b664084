"""Reads what the other stacks of a backend manage, and what is pending in them."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ..errors import ProjectError
from ..output.terminal import escape
from ..stack.project import Project
from ..stack.pulumi_json import PulumiResource, StackState

_READERS = 4


@dataclass(frozen=True, kw_only=True)
class OtherStacks:
    """The other stacks of a backend that could be read, and why the rest could not.

    ``managed`` is the stack by the id of the link that it manages; ``pending`` are pending creates
    by stack. ``unread`` says why a stack could not be read, by its name; where the stacks could not
    even be listed, ``unlisted`` says why. What is in those is not known.
    """

    managed: Mapping[str, str] = field(default_factory=dict)
    pending: Mapping[str, tuple[PulumiResource, ...]] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    unlisted: str | None = None

    def unknowns(self) -> list[str]:
        """Return a sentence for all that could not be read; an empty list if nothing is missing."""
        sentences = [
            f"Stack {escape(name)} could not be read: {reason}"
            for name, reason in self.unread.items()
        ]
        if self.unlisted is not None:
            sentences.append(f"The other stacks could not be listed: {self.unlisted}")
        return sentences


def read_other_stacks(project: Project) -> OtherStacks:
    """Read the other stacks of the backend. No secret is opened.

    A stack that cannot be read stops nothing: it is named in the result.
    """
    try:
        names = project.other_stacks()
    except ProjectError as error:
        return OtherStacks(unlisted=_one_line(error))

    def read(name: str) -> StackState | str:
        try:
            return project.state_of(name)
        except ProjectError as error:
            return _one_line(error)

    with ThreadPoolExecutor(_READERS) as pool:
        results = dict(zip(names, pool.map(read, names), strict=True))
    states = {name: state for name, state in results.items() if isinstance(state, StackState)}
    return OtherStacks(
        managed={link.id: name for name, state in states.items() for link in state.links},
        pending={name: state.pending for name, state in states.items() if state.pending},
        unread={name: reason for name, reason in results.items() if isinstance(reason, str)},
    )


def _one_line(error: ProjectError) -> str:
    return " ".join(str(error).split())
