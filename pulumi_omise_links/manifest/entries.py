"""The content of a manifest, typed: entries with their places, and what is wrong with a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from ..errors import ManifestProblem
from ..omise.models import LinkInputs
from ..safe_text import escape_path

VERSION = 1
ID = "id"
STACKS = "stacks"


@dataclass(frozen=True)
class Place:
    """Where something stands; ``line`` and ``column`` count from 1, in characters."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{escape_path(self.file)}:{self.line}:{self.column}"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One link of a manifest.

    ``id`` is that of the existing link this entry is, or None. ``place`` is where its name stands;
    ``places`` where the value of each key does, which for a default is under ``defaults``.
    ``stacks`` are those for which the ids of its manifest are; empty if for all.
    """

    name: str
    inputs: LinkInputs
    id: str | None
    place: Place
    places: Mapping[str, Place] = field(compare=False)
    stacks: tuple[str, ...] = ()

    def is_of(self, stack: str) -> bool:
        """Whether the id holds in a stack, given by its short or its full name."""
        return not self.stacks or stack.rpartition("/")[2] in self.stacks


@dataclass(frozen=True)
class Manifest:
    """The entries of all files, in the order they stand; names and ids are unique."""

    files: tuple[str, ...]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, kw_only=True)
class AcceptedLink:
    """A finding of ``drift`` that is meant to be so. ``until`` is the last day, in UTC, or None."""

    id: str
    reason: str
    until: date | None
    place: Place = field(compare=False)

    def has_run_out(self, today: date) -> bool:
        """Whether the last day is over."""
        return self.until is not None and today > self.until


@dataclass(frozen=True, kw_only=True)
class CheckedFile:
    """One file: its usable entries, how many links it declares, its stacks, and all problems.

    A file of accepted findings has ``accepted`` in their place.
    """

    file: str
    entries: tuple[Entry, ...]
    links: int
    stacks: tuple[str, ...]
    problems: tuple[ManifestProblem, ...]
    accepted: tuple[AcceptedLink, ...] = ()


def entries_for_stack(entries: Iterable[Entry], stack: str) -> list[Entry]:
    """Return the entries as they are in a stack: without the ids that are for other stacks.

    :param stack: its name, short or full (``organization/project/stack``).
    """
    return [entry if entry.is_of(stack) else replace(entry, id=None) for entry in entries]
