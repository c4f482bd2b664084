"""The result of a command, independent of its output format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ..errors import ExitCode

if TYPE_CHECKING:
    from ..omise.transport import RequestStats

Tone = Literal["plain", "done", "ready", "new", "problem"]
"""What a row means to a reader; a writer may show it as a colour."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account that a command has read. ``id`` is None if the key may not ask for it."""

    id: str | None
    country: str | None
    live: bool
    sub_merchant: str | None
    key_source: str

    @property
    def mode(self) -> str:
        """``test`` or ``live``."""
        return "live" if self.live else "test"


@dataclass(frozen=True)
class Column:
    """A column of rows, and what may happen to it where a terminal is too narrow for all.

    ``whole``: it is to be copied, so it stays on one line. ``fold``: it goes on below.
    ``optional``: it is cut, or left out. ``foreign``: its text is somebody else's, such as a title
    or a name, and no word of ours.
    """

    heading: str
    narrow: Literal["whole", "fold", "optional"] = "whole"
    foreign: bool = False


def link_columns(first: str) -> tuple[Column, ...]:
    """Return the columns of a table of manifest entries and their links.

    :param first: the heading of the first column, which says what is found or to be done.
    """
    return (
        Column(first),
        Column("name", narrow="fold", foreign=True),
        Column("link", foreign=True),
        Column("amount", narrow="optional"),
        Column("title", narrow="optional", foreign=True),
    )


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line about one object, and sentences about it. All text is safe to print."""

    cells: Sequence[str]
    reasons: Sequence[str] = ()
    tone: Tone = "plain"


@dataclass(frozen=True, kw_only=True)
class Section:
    """Rows, at least one, that stand apart from the others; ``heading`` is our words alone.

    ``folded``: a reader can do without them. A writer that cannot hide them leaves them out.
    """

    heading: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    folded: bool = False


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a command ends with.

    All text but ``document`` is safe to print: text from files and from Omise has passed through
    ``safe_text.escape``. ``summary`` and ``details`` are for programs: their keys may be added to,
    and none may be removed or change its meaning.
    """

    command: str
    summary: Mapping[str, object] = field(default_factory=dict)
    accounts: Sequence[Account] = ()
    title: str = ""
    """What it is, if the name of the command does not say it."""
    subject: str = ""
    """What it is about, such as a stack, if a command may be run about several things."""
    columns: Sequence[Column] = ()
    rows: Sequence[Row] = ()
    """The most important ones first: where there is no room for all, the last are counted."""
    sections: Sequence[Section] = ()
    alert: str = ""
    """Sentences that a reader must not miss."""
    notes: Sequence[str] = ()
    """Sentences about the whole."""
    ending: str = ""
    """The last sentences: what was done, and what to do next."""
    document: str | None = None
    """A file that was asked for on standard output, such as a manifest; in UTF-8, unchanged."""
    details: Mapping[str, object] = field(default_factory=dict)
    stats: RequestStats | None = None
    exit_code: ExitCode = ExitCode.DONE


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why a command has no result. ``type`` is the class of the error, for programs."""

    command: str | None
    type: str
    message: str
    exit_code: ExitCode
    details: Mapping[str, object] = field(default_factory=dict)
