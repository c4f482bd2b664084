"""The record of a sweep: a manifest of the links that it has deleted, with their ids.

A link is in the file before it is deleted, and only one is deleted at a time. So a run that is
killed leaves a record that lacks nothing; at most its last link still stands. (The whole plan,
written first, would name links that stand, and whoever made them again would make duplicates.)
The first line has the checksum of the plan, by which a second run knows that it goes on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..errors import EditError
from ..manifest.edit import replace_file, require_writable
from ..manifest.names import Namer
from ..manifest.reading import load
from ..manifest.text import NewEntry, entry_lines, join_entries, manifest_of, too_large
from ..omise.models import LinkInputs
from ..safe_text import escape_path, pluralize
from .account_links import AccountLink

_HEAD = "# Links that omise-links sweep has deleted. Checksum of its plan: "
_FIRST_LINE = re.compile(re.escape(_HEAD) + r"([0-9a-f]{64})\n")


class SweepRecord:
    """The record in one file, which is written anew for each link, in one step.

    ``checksum`` is that of the plan which the file belongs to; None if there is no file yet.
    """

    def __init__(self, path: str) -> None:
        """Read the file, if there is one.

        :raises EditError: it is no record of a sweep, or cannot be written.
        :raises ManifestError: it is no manifest.
        """
        require_writable([path])
        self._path = path
        self.checksum: str | None = None
        self._entries: dict[str, NewEntry] = {}
        # Kept, as the file is written anew for each link.
        self._lines: dict[str, str] = {}
        self._written: bytes | None = None
        if self._on_disk() is not None:
            self._read()
        self._namer = Namer()

    @property
    def links(self) -> Mapping[str, LinkInputs]:
        """The links in the record, by id."""
        return {entry.id: entry.inputs for entry in self._entries.values()}

    def begin(self, checksum: str, links: Iterable[AccountLink]) -> None:
        """Prepare for what is to go.

        :param links: the links that are still to be deleted. Entries of links that stand leave the
            record.
        :raises EditError: the file belongs to another plan, or the record would be too large.
        """
        links = list(links)
        if self.checksum not in {None, checksum}:
            raise EditError(
                f"{escape_path(self._path)} is the record of another plan: what is to go has"
                " changed since that sweep was begun, or it was another one. Name another file"
                " with --record. Nothing was deleted."
            )
        self.checksum = checksum
        for link in links:
            self._remove(link.id)
        self._namer = Namer(entry.name for entry in self._entries.values())
        entries = [
            *self._entries.values(),
            *(NewEntry(link.id, link.id, link.inputs) for link in links),
        ]
        if too_large(manifest_of(entries), len(entries)):
            raise EditError(
                f"{pluralize(len(entries), 'link')} are more than one record can hold. Take fewer"
                " at a time with filters, such as --title or --max-amount. Nothing was deleted."
            )

    def add(self, link: AccountLink) -> None:
        """Write a link that is about to be deleted.

        :raises EditError: the file cannot be written.
        """
        name = self._namer.name(link.inputs.title, link.id)
        self._add(NewEntry(name, link.id, link.inputs))
        self._write()

    def remove(self, link_id: str) -> None:
        """Take out a link that still stands.

        :raises EditError: the file cannot be written.
        """
        self._remove(link_id)
        self._write()

    def _add(self, entry: NewEntry) -> None:
        self._entries[entry.id] = entry
        self._lines[entry.id] = entry_lines(entry)

    def _remove(self, link_id: str) -> None:
        self._entries.pop(link_id, None)
        self._lines.pop(link_id, None)

    def _read(self) -> None:
        self._written = self._on_disk()
        first = _FIRST_LINE.match((self._written or b"").decode("utf-8", "replace"))
        if first is None:
            raise EditError(
                f"{escape_path(self._path)} exists and is no record of a sweep: name another file"
                " with --record. Nothing was deleted."
            )
        self.checksum = first[1]
        for entry in load(self._path, amount_limits=False).entries:
            if entry.id:
                self._add(NewEntry(entry.name, entry.id, entry.inputs))

    def _write(self) -> None:
        if self._on_disk() != self._written:
            raise EditError(
                f"{escape_path(self._path)} has been changed by another run meanwhile. Two sweeps"
                " at once need a record each."
            )
        if self._lines:
            text = f"{_HEAD}{self.checksum}\n{join_entries(self._lines.values())}"
            replace_file(self._path, text)
            self._written = text.encode()
        else:
            Path(self._path).unlink(missing_ok=True)
            self._written = None

    def _on_disk(self) -> bytes | None:
        """Return what is in the file; None if there is none.

        :raises EditError: it cannot be read.
        """
        try:
            return Path(self._path).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise EditError(f"{escape_path(self._path)} cannot be read: {why}.") from None
