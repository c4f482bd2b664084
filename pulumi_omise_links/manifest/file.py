"""A manifest as a file that entries or ids are added to. All else in it stays, to the byte."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from ..errors import EditError, ManifestError
from ..inputs import LINK_ID
from ..safe_text import pluralize
from .edit import EntriesByName, ManifestEdits, replace_file, require_writable, write_schema_beside
from .entries import Entry
from .reading import check
from .text import NewEntry, manifest_of, too_large


class ManifestFile:
    """A manifest, and what is to be added to it.

    ``entries`` are those of the file, ``replaced_ids`` the ids in a file that is to be replaced.
    """

    def __init__(
        self,
        path: str | None,
        *,
        entries: Sequence[Entry] = (),
        replaced_ids: Collection[str] = frozenset(),
        edits: ManifestEdits | None = None,
        amount_limits: bool = True,
    ) -> None:
        """Use :meth:`open` or :meth:`create`."""
        self.path = path
        self.entries = tuple(entries)
        self.replaced_ids = frozenset(replaced_ids)
        self._edits = edits
        self._amount_limits = amount_limits
        self._stacks: tuple[str, ...] = ()
        self._ids: dict[str, str] = {}
        self._new: list[NewEntry] = []

    @classmethod
    def open(cls, path: str, *, amount_limits: bool = True) -> ManifestFile:
        """Read a manifest that exists.

        :raises ManifestError: with all that is wrong with it.
        :raises EditError: it cannot be written.
        """
        require_writable([path])
        (checked,) = check(path, amount_limits=amount_limits)
        if checked.problems:
            raise ManifestError(checked.problems)
        return cls(
            path, entries=checked.entries, edits=ManifestEdits(path), amount_limits=amount_limits
        )

    @classmethod
    def create(cls, path: str | None) -> ManifestFile:
        """Begin a manifest that takes the place of a file, if there is one.

        :param path: where to save it; None if only its text is wanted.
        :raises EditError: it cannot be written.
        """
        if path is None:
            return cls(None)
        require_writable([path])
        old = b""
        if Path(path).exists():
            old = Path(path).read_bytes()
        # It may be no manifest at all, so ids are looked for as text.
        found = LINK_ID.finditer(old.decode("utf-8", "replace"))
        return cls(path, replaced_ids={match[0] for match in found})

    @property
    def names(self) -> set[str]:
        """The names of the entries in the file."""
        return {entry.name for entry in self.entries}

    @property
    def ids(self) -> set[str]:
        """The ids in the file."""
        return {entry.id for entry in self.entries if entry.id}

    @property
    def without_id(self) -> list[Entry]:
        """The entries in the file that are not said to be an existing link."""
        return [entry for entry in self.entries if entry.id is None]

    @property
    def stacks(self) -> tuple[str, ...]:
        """The stacks for which the ids are; empty if for all."""
        return next((entry.stacks for entry in self.entries if entry.stacks), self._stacks)

    @property
    def changed(self) -> bool:
        """Whether anything is to be added."""
        return bool(self._ids or self._new or (self._edits and self._stacks))

    def add_ids(self, ids: Mapping[str, str]) -> None:
        """Say which existing links the entries with these names are."""
        mine = {name: ids[name] for name in ids if name in self.names}
        if mine and self._edits:
            self._edits.add_ids(mine)
            self._ids |= mine

    def add_stacks(self, stacks: Collection[str]) -> None:
        """Say for which stacks the ids are: in any other stack they are left out.

        :param stacks: their names, short or full (``organization/project/stack``).
        :raises EditError: the manifest says so already, and another one than these.
        """
        self._stacks = tuple(stack.rpartition("/")[2] for stack in stacks)
        if self._edits:
            self._edits.add_stacks(self._stacks)

    def add_entries(self, entries: Sequence[NewEntry]) -> None:
        """Add entries at the end.

        :raises EditError: the manifest would be too large to be read again.
        """
        if not entries:
            return
        if self._edits:
            self._edits.add_entries(entries)
        self._new += entries
        links = len(self.entries) + len(self._new)
        if too_large(self.text(), links):
            raise EditError(
                f"{pluralize(links, 'link')} are more than one manifest can hold. Take fewer at a"
                " time with filters, such as --title or --max-amount, into several files."
            )

    def text(self) -> str:
        """Return the whole manifest with what was added; empty if there is nothing in it."""
        if self._edits:
            return self._edits.text
        return manifest_of(self._new, stacks=self._stacks) if self._new else ""

    def save(self) -> bool:
        """Write the file in one step, and return whether there was anything to write.

        :raises EditError: it cannot be written, or somebody else has changed it meanwhile.
        """
        if self.path is None or not self.changed:
            return False
        if self._edits is None:
            schema = write_schema_beside(self.path)
            text = manifest_of(self._new, stacks=self._stacks, schema=schema)
            replace_file(self.path, text)
            return True
        expected: EntriesByName = {
            entry.name: (entry.inputs, self._ids.get(entry.name, entry.id))
            for entry in self.entries
        }
        expected |= {entry.name: (entry.inputs, entry.id) for entry in self._new}
        self._edits.save(expected, amount_limits=self._amount_limits)
        return True
