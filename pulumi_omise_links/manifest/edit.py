"""Edits of a manifest that leave every other byte of it alone.

Additions are inserted into the text at the positions that the parser gives; nothing is loaded and
dumped again, as that would change the layout that people chose. Before the file is replaced,
the result is read as any manifest is, and must hold exactly what was meant.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from ..errors import EditError
from ..omise.models import LinkInputs
from ..safe_text import escape, escape_path
from .entries import ID, STACKS, CheckedFile
from .reading import check
from .source import LINE_BREAK, STANDARD_INPUT, loader_for
from .text import INDENT, NewEntry, entry_lines, flow_entry, stacks_line
from .validation import MANIFEST_SCHEMA

EntriesByName: TypeAlias = "dict[str, tuple[LinkInputs, str | None]]"

_BOM = "\ufeff"
# https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
MOUNTS = Path("/proc/self/mountinfo")


class Insertions:
    """A YAML file without problems, and what is to be inserted into it."""

    def __init__(self, file: str) -> None:
        """:raises EditError: the file cannot be read."""
        self.file = file
        self._original = _read(file)
        # Positions do not count the mark at the start.
        self._text = self._original.removeprefix(_BOM)
        self._added: list[tuple[int, str]] = []

    @property
    def text(self) -> str:
        """The whole file with what was added."""
        parts = [_BOM] if self._original.startswith(_BOM) else []
        done = 0
        for at, added in sorted(self._added):
            parts += [self._text[done:at], added]
            done = at
        return "".join([*parts, self._text[done:]])

    def _replace_file(self, holds: Callable[[str], bool]) -> None:
        """Replace the file, unless somebody has changed it meanwhile.

        :param holds: whether the file of this name holds what is meant.
        :raises EditError: it does not, or somebody has, or it cannot be written.
        """

        def agree(written: str) -> None:
            if not holds(written):
                raise EditError(self._unusual("file"))
            if _read(self.file) != self._original:
                raise EditError(
                    f"{escape_path(self.file)} was changed by somebody else meanwhile, so it was"
                    " left as it is. Try again."
                )

        replace_file(self.file, self.text, agree)

    # -- positions; yaml's nodes are not typed

    def _root(self) -> Any:
        return yaml.compose(self._text, Loader=loader_for(self._text))

    def _insert(self, at: int, added: str) -> None:
        found = LINE_BREAK.search(self._text)
        self._added.append((at, added.replace("\n", found.group() if found else "\n")))

    def _before(self, at: int) -> str:
        """Return what stands before a position in its line."""
        start = max(self._text.rfind("\n", 0, at), self._text.rfind("\r", 0, at)) + 1
        return self._text[start:at]

    def _next_line(self, at: int) -> int:
        found = LINE_BREAK.search(self._text, at)
        return found.end() if found else len(self._text)

    def _end_of(self, last: yaml.Node, margin: int) -> int:
        """Return where the last entry ends, with the comments below that are its own.

        :param margin: the column of what the entries are under.
        """
        text = self._text
        at = _last_value(last).end_mark.index
        if not self._before(at).strip():
            at -= len(self._before(at))  # a block of text ends where the next line's words begin
        else:
            at = self._next_line(at)
        end = at
        while at < len(text):
            line = text[at : self._next_line(at)]
            bare = line.strip()
            if bare and not (bare.startswith("#") and len(line) - len(line.lstrip()) > margin):
                break
            at = self._next_line(at)
            end = at if bare else end
        return end

    def _keeps_line_ends(self, last: yaml.Node) -> bool:
        """Whether an empty line below would belong to a block of text (`|+`)."""
        value = _last_value(last)
        start = value.start_mark.index
        head = self._text[start : self._next_line(start)].partition("#")[0]
        return getattr(value, "style", None) in {"|", ">"} and "+" in head

    def _unusual(self, what: str) -> str:
        return (
            f"{escape_path(self.file)} was left as it is: its {what} is laid out in a way that"
            " cannot be added to safely. Give each link lines of its own, and try again."
        )


def _last_value(node: yaml.Node) -> yaml.Node:
    while isinstance(node, yaml.MappingNode) and not node.flow_style:
        node = node.value[-1][1]
    return node


class ManifestEdits(Insertions):
    """A manifest without problems, and what is to be added to it."""

    def __init__(self, file: str) -> None:
        """:raises EditError: the file cannot be read."""
        super().__init__(file)
        self._new_stacks: tuple[str, ...] | None = None

    def add_ids(self, ids: Mapping[str, str]) -> None:
        """Put an ``id`` into each of the entries with these names, as its first line."""
        _, links = self._links()
        for key, value in links.value:
            if key.value in ids:
                self._add_id(key, value, f"{ID}: {ids[key.value]}")

    def add_stacks(self, stacks: Collection[str]) -> None:
        """Say for which stacks the ids of the manifest are, if it does not yet.

        :raises EditError: it says so, and another one than these.
        """
        root, _ = self._links()
        parts = {key.value: (key, value) for key, value in root.value}
        if STACKS in parts:
            owners = [item.value for item in parts[STACKS][1].value]
            if missing := [stack for stack in stacks if stack not in owners]:
                raise EditError(
                    f"{escape_path(self.file)} was left as it is: it says that its ids are for"
                    f" {', '.join(map(escape, owners))}, not for {', '.join(map(escape, missing))}."
                    " A link belongs to one stack: use a manifest of its own for this one."
                )
            return
        if not stacks:
            return
        self._new_stacks = tuple(stacks)
        key = parts["links"][0]
        start = key.start_mark.index
        if root.flow_style:
            self._insert(start, f"{stacks_line(stacks)}, ")
        elif self._before(start).strip():  # `? links`
            raise EditError(self._unusual("links"))
        else:
            self._insert(start, f"{stacks_line(stacks)}\n{self._before(start)}")

    def add_entries(self, entries: Iterable[NewEntry]) -> None:
        """Put entries after the last one."""
        new = list(entries)
        root, links = self._links()
        defaults = {key.value: value for key, value in root.value}.get("defaults")
        defaulted = {key.value for key, _ in defaults.value} if defaults else set()
        last = links.value[-1][1]
        if links.flow_style:
            added = "".join(f", {flow_entry(entry, always=defaulted)}" for entry in new)
            self._insert(last.end_mark.index, added)
            return
        above = self._before(links.start_mark.index)
        if above.strip():
            raise EditError(self._unusual("links"))
        step = " " * (last.start_mark.column - links.start_mark.column)
        lines = [
            entry_lines(
                entry,
                above=above,
                step=INDENT if last.flow_style else step,
                always=defaulted,
            )
            for entry in new
        ]
        gap = "\n" if self._has_gaps(links) else ""
        at = self._end_of(last, root.start_mark.column)
        start = "" if self._text[at - 1] in "\r\n" else "\n"
        if not self._keeps_line_ends(last):
            start += gap
        self._insert(at, start + gap.join(lines))

    def save(self, expected: EntriesByName, *, amount_limits: bool) -> None:
        """Replace the file, if it holds what is meant and nobody has changed it meanwhile.

        :raises EditError: it does not, or somebody has, or it cannot be written.
        """

        def holds(written: str) -> bool:
            (old,) = check(self.file, amount_limits=amount_limits)
            (new,) = check(written, amount_limits=amount_limits)
            stacks = old.stacks if self._new_stacks is None else self._new_stacks
            return entries_by_name(new) == expected and new.stacks == stacks

        self._replace_file(holds)

    def _links(self) -> tuple[yaml.MappingNode, yaml.MappingNode]:
        root = self._root()
        links = {key.value: value for key, value in root.value}["links"]
        return root, links

    def _add_id(self, key: yaml.Node, table: yaml.MappingNode, line: str) -> None:
        if table.flow_style:
            if table.value:
                self._insert(table.value[0][0].start_mark.index, f"{line}, ")
            else:
                self._insert(table.start_mark.index + 1, line)
            return
        at = table.start_mark.index
        before = self._before(at)
        end = key.end_mark.index
        explicit = not self._text[end : self._next_line(end)].lstrip().startswith(":")
        if before.strip():  # `? name` and `: title: …` on a line
            self._insert(at, line + "\n" + " " * table.start_mark.column)
        else:
            self._insert(
                at - len(before) if explicit else self._next_line(end), f"{before}{line}\n"
            )

    def _has_gaps(self, links: yaml.MappingNode) -> bool:
        """Whether empty lines separate entries; also true if there is only one."""
        if len(links.value) == 1:
            return True
        between = self._text[
            links.value[-2][0].start_mark.index : links.value[-1][0].start_mark.index
        ]
        return any(not line.strip() for line in LINE_BREAK.split(between)[1:-1])


def entries_by_name(checked: CheckedFile) -> EntriesByName | None:
    """Return the inputs and the id of each entry; None if the file has problems."""
    if checked.problems:
        return None
    return {entry.name: (entry.inputs, entry.id) for entry in checked.entries}


def write_schema_beside(path: str, schema: Path = MANIFEST_SCHEMA) -> str | None:
    """Put a schema into the folder of a file, if it is not there, for editors.

    :returns: its name, as the first line of the file has it; None if it cannot be written.
    """
    beside = Path(os.path.realpath(path)).with_name(schema.name)
    if not beside.exists():
        try:
            replace_file(str(beside), schema.read_text(encoding="utf-8"))
        except EditError:
            return None
    return schema.name


def replace_file(file: str, text: str, agree: Callable[[str], None] | None = None) -> None:
    """Write a file in one step, so that there is never half of it; its mode and owner stay.

    :param agree: is given the name of the new file before it takes the place of the old one, and
        may raise to leave that.
    :raises EditError: it cannot be written.
    """
    require_writable([file])
    target = Path(os.path.realpath(file))
    temporary = target.with_name(f".omise-links-{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("x", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        if target.exists():
            there = target.stat()
            temporary.chmod(there.st_mode & 0o7777)
            with suppress(OSError):
                os.chown(temporary, there.st_uid, there.st_gid)
        if agree:
            agree(str(temporary))
        temporary.replace(target)
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise EditError(f"Cannot write {escape_path(file)}: {why}. Nothing was changed.") from None
    finally:
        temporary.unlink(missing_ok=True)


def require_writable(files: Iterable[str]) -> None:
    """Refuse files that cannot be written, before any work is done on them.

    :raises EditError: one of the files cannot be written.
    """
    for file in files:
        if file == STANDARD_INPUT:
            raise EditError("Cannot write to -: name a file. Nothing was changed.")
        if problem := _why_not_writable(Path(os.path.realpath(file))):
            raise EditError(f"Cannot write {escape_path(file)}: {problem}. Nothing was changed.")


def _why_not_writable(target: Path) -> str | None:
    folder = target.parent
    try:
        there = target.exists()
        problems = {
            "it is a directory": target.is_dir(),
            "it is not a regular file": there and not target.is_file(),
            f"there is no folder {escape_path(str(folder))}": not folder.is_dir(),
            f"this user may not write in {escape_path(str(folder))}": not os.access(
                folder, os.W_OK
            ),
            "this user may not write it": there and not os.access(target, os.W_OK),
            # A file is written in one step: a new one takes the place of the old one.
            "it is mounted by itself, so no new file can take its place: mount the folder"
            f" {escape_path(str(folder))} instead": there and _is_mount_point(target),
            "it has other hard links, which would keep the old text: make it a symbolic link, or a"
            " copy": there and target.stat().st_nlink > 1,
        }
    except (OSError, ValueError):
        return "that is not the name of a file"
    return next((problem for problem, applies in problems.items() if applies), None)


def _is_mount_point(target: Path) -> bool:
    if os.path.ismount(target):
        return True
    # Only this list shows a file that is mounted from the same file system.
    with suppress(OSError):
        lines = MOUNTS.read_bytes().splitlines()
        points = [line.split(b" ")[4] for line in lines if line.count(b" ") > 4]
        octal = re.compile(rb"\\([0-7]{3})")
        written = {octal.sub(lambda code: bytes([int(code[1], 8)]), point) for point in points}
        return os.fsencode(target) in written
    return False


def _read(file: str) -> str:
    try:
        return Path(file).read_bytes().decode()
    except (OSError, ValueError):
        raise EditError(
            f"{escape_path(file)} cannot be read any more. Nothing was changed."
        ) from None
