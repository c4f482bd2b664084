"""Adds lines to a file of accepted findings. All else in it stays, to the byte."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import EditError, ManifestError
from .accepted import ACCEPTED, REASON, UNTIL, read_accepted
from .edit import Insertions, replace_file, write_schema_beside
from .entries import ID, VERSION, AcceptedLink
from .text import INDENT, quoted, scalar
from .validation import ACCEPTED_SCHEMA


def add_accepted(file: str, links: Sequence[AcceptedLink]) -> None:
    """Add lines at the end of a file, which is made if it is missing.

    :raises ManifestError: it has problems.
    :raises EditError: it cannot be written, or not safely; nothing was changed.
    """
    if Path(file).exists():
        _AcceptedEdits(file).add(links)
    elif links:
        schema = write_schema_beside(file, ACCEPTED_SCHEMA)
        head = f"# yaml-language-server: $schema={schema}\n" if schema else ""
        lines = "".join(_block(link, INDENT) for link in links)
        replace_file(file, f"{head}version: {VERSION}\n{ACCEPTED}:\n{lines}")


class _AcceptedEdits(Insertions):
    """A file of accepted findings without problems, and what is to be added to it."""

    def __init__(self, file: str) -> None:
        self._known = read_accepted([file])
        super().__init__(file)

    def add(self, links: Sequence[AcceptedLink]) -> None:
        """:raises EditError: see ``add_accepted``."""
        if not links:
            return
        root = self._root()
        there = {key.value: value for key, value in root.value}[ACCEPTED]
        if there.flow_style:
            flow = ", ".join(map(_flow, links))
            if there.value:
                self._insert(there.value[-1].end_mark.index, f", {flow}")
            else:
                self._insert(there.start_mark.index + 1, flow)
        else:
            above = self._before(there.start_mark.index)
            if above.strip():
                raise EditError(self._unusual("list"))
            at = self._end_of(there.value[-1], root.start_mark.column)
            start = "" if self._text[at - 1] in "\r\n" else "\n"
            self._insert(at, start + "".join(_block(link, above) for link in links))
        meant = [*self._known, *links]

        def holds(written: str) -> bool:
            try:
                return [*read_accepted([written])] == meant
            except ManifestError:
                return False

        self._replace_file(holds)


def _block(link: AcceptedLink, above: str) -> str:
    lines = [f"{above}- {ID}: {link.id}", f"{above}  {REASON}: {scalar(link.reason)}"]
    if link.until:
        lines.append(f"{above}  {UNTIL}: {link.until.isoformat()}")
    return "\n".join(lines) + "\n"


def _flow(link: AcceptedLink) -> str:
    parts = [f"{ID}: {link.id}", f"{REASON}: {quoted(link.reason)}"]
    if link.until:
        parts.append(f"{UNTIL}: {link.until.isoformat()}")
    return f"{{{', '.join(parts)}}}"
