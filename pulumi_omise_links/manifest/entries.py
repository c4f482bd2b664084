"""The manifest: YAML -> typed entries, or all faults of all files with their places.

::

    version: 1
    defaults: {currency: THB, multiple: true}
    links:
      spring-sale:
        title: Spring sale
        description: Two tickets
        amount: 150000

``defaults`` gives inputs to every link that does not give its own. ``id`` in an entry means that
the link exists already. What an input may be is said by ``rules``; how YAML is read, and what of
it is refused, by ``source`` and ``values``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ..errors import ManifestError, ManifestFault
from ..inputs import INPUT_NAMES, INPUTS, LINK_ID, check_inputs, did_you_mean
from ..omise.models import LinkInputs
from ..output.terminal import show
from .source import Source, SourceError
from .values import Kind, Node, Refused, Scalar, Table, must_be_text, read, what

VERSION = 1
KEYS = ("version", "defaults", "links")
ID = "id"
LONGEST_NAME = 200
# Nobody mends more in one go; a file of garbage must not fill the terminal, nor the memory.
MOST_FAULTS = 1_000

AnyPath: TypeAlias = "str | os.PathLike[str]"

_START = "start with `version: 1` and `links:`"
_TYPES: Mapping[str, type] = {each.name: each.type for each in INPUTS} | {ID: str}
# Pulumi writes names into URNs and onto terminals. The joiners are letters to some scripts.
_NOT_IN_A_NAME = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


@dataclass(frozen=True)
class Place:
    """Where something stands; ``line`` and ``column`` count from 1, in characters."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{show(self.file, longest=1000)}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Entry:
    """One link of a manifest.

    ``id`` is that of the existing link this entry is, or None. ``place`` is where its name stands;
    ``places`` where the value of each key does, which for a default is under ``defaults``.
    """

    name: str
    inputs: LinkInputs
    id: str | None
    place: Place
    places: Mapping[str, Place] = field(compare=False)


@dataclass(frozen=True)
class Manifest:
    """The entries of all files, in the order they stand; names and ids are unique."""

    files: tuple[str, ...]
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class CheckedFile:
    """One file: its usable entries, how many links it declares, and all its faults."""

    file: str
    entries: tuple[Entry, ...]
    links: int
    faults: tuple[ManifestFault, ...]


def load(paths: AnyPath | Iterable[AnyPath], *, amount_limits: bool = True) -> Manifest:
    """Read manifests that belong together.

    :param paths: one file or several; a name or an id may occur once in all of them.
    :param amount_limits: whether to check the documented limits of a charge.
    :raises ManifestError: with all faults of all files.
    """
    files = check(paths, amount_limits=amount_limits)
    faults = [fault for each in files for fault in each.faults]
    if faults:
        raise ManifestError(faults)
    entries = tuple(entry for each in files for entry in each.entries)
    return Manifest(tuple(each.file for each in files), entries)


def check(
    paths: AnyPath | Iterable[AnyPath], *, amount_limits: bool = True
) -> tuple[CheckedFile, ...]:
    """Read manifests as :func:`load` does, and return what is wrong with each instead of raising.

    A file that is given twice counts once.
    """
    several = (paths,) if isinstance(paths, (str, os.PathLike)) else paths
    readings = [
        _Reading(file, amount_limits) for file in dict.fromkeys(os.fspath(each) for each in several)
    ]
    names: dict[str, Place] = {}
    ids: dict[str, tuple[str, Place]] = {}
    for each in readings:
        each.read()
        each.claim(names, ids)
    return tuple(each.result() for each in readings)


@dataclass
class _Given:
    """What one mapping of inputs says. Names in ``bad`` are reported already."""

    values: dict[str, object] = field(default_factory=dict)
    bad: set[str] = field(default_factory=set)
    keys: dict[str, int] = field(default_factory=dict)
    at: dict[str, int] = field(default_factory=dict)


class _EnoughError(Exception):
    """So many faults that the rest of the file is left alone."""


class _Reading:
    """One file on its way to entries and faults."""

    def __init__(self, file: str, amount_limits: bool) -> None:
        self.source = Source(file)
        self.amount_limits = amount_limits
        self.entries: list[Entry] = []
        self.faults: list[ManifestFault] = []
        self.names: dict[str, Place] = {}
        self.ids: list[tuple[str, str, Place]] = []

    def result(self) -> CheckedFile:
        faults = sorted(self.faults, key=lambda each: (each.line, each.column))
        return CheckedFile(self.source.file, tuple(self.entries), len(self.names), tuple(faults))

    def read(self) -> None:
        """Read the file as far as it can be understood."""
        try:
            self._read()
        except _EnoughError:
            self._add(None, "", f"has more faults; these are the first {MOST_FAULTS:,}")

    def _read(self) -> None:
        found: list[tuple[int, str]] = []
        root, end = None, None
        try:
            self.source.read()
            root = self.source.nodes(found)
        except SourceError as error:
            end = error
        for at, problem in found:
            self._fault(at, "", problem)
        if end:
            self._add(end.at, "", end.problem)
        elif root is None:
            self._fault(0, "", f"the file is empty: {_START}")
        else:
            self._document(root)

    def _document(self, root: Node) -> None:
        if not isinstance(root, Table):
            self._wrong_type(root, "", f"must be a mapping: {_START}")
            return
        parts: dict[str, Node] = {}
        for name, key, value in self._items(root, ""):
            if name in KEYS:
                parts[name] = value
            else:
                self._fault(key.at, _path(name), f"is not a key of a manifest{_hint(name, KEYS)}")
        if self._version(root, parts.get("version")):
            defaults = self._defaults(parts.get("defaults"))
            self._links(root, parts.get("links"), *defaults)

    def _version(self, root: Table, node: Node | None) -> bool:
        """Return whether the rest can be read: a later version may mean anything."""
        if node is None:
            self._fault(root.at, "version", "is missing: put `version: 1` at the top")
        elif not isinstance(node, Scalar) or node.kind is not Kind.NUMBER:
            quotes = ", without quotes" if isinstance(node, Scalar) and node.quoted else ""
            self._wrong_type(node, "version", f"must be the number {VERSION}{quotes}")
        elif node.value != VERSION:
            self._fault(
                node.at,
                "version",
                f"is {show(node.text)}, and this omise-links knows version {VERSION} alone: update"
                f" omise-links, or write `version: {VERSION}`",
            )
            return False
        return True

    def _defaults(self, node: Node | None) -> tuple[_Given, frozenset[str]]:
        """Return what the defaults give, and the names among them that are faulty."""
        if node is None:
            return _Given(), frozenset()
        if not isinstance(node, Table):
            self._wrong_type(node, "defaults", "must be a mapping of inputs, or be left out")
            return _Given(bad=set(INPUT_NAMES)), frozenset(INPUT_NAMES)
        given = self._given(node, "defaults")
        if ID in given.keys:
            given.values.pop(ID, None)
            self._fault(given.keys[ID], "defaults.id", "cannot be a default: an id is of one link")
        absent = set(INPUT_NAMES) - given.values.keys()
        checked = check_inputs(
            given.values, later=given.bad | absent, amount_limits=self.amount_limits
        )
        for each in checked.faults:
            at = given.at if each.name in INPUT_NAMES else given.keys
            self._fault(at[each.name], f"defaults.{_path(each.name)}", each.problem)
        return given, frozenset(given.bad | {each.name for each in checked.faults})

    def _links(
        self, root: Table, node: Node | None, defaults: _Given, faulty: frozenset[str]
    ) -> None:
        if node is None or (isinstance(node, Table) and not node.items):
            state = "is missing" if node is None else "is empty"
            at = root.at if node is None else node.at
            self._fault(at, "links", f"{state}: put each link under it, by its name")
        elif not isinstance(node, Table):
            self._wrong_type(node, "links", "must be a mapping of names to links")
        else:
            for name, key, value in self._items(node, "links"):
                self.names[name] = self._place(key.at)
                path = f"links.{_path(name)}"
                if problem := _name_problem(name):
                    self._fault(key.at, path, problem)
                if isinstance(value, Table):
                    self._entry(name, key, value, defaults, faulty)
                else:
                    inputs = ", ".join(INPUT_NAMES)
                    self._wrong_type(value, path, f"must be a mapping of {inputs}", key)

    def _entry(
        self, name: str, key: Scalar, table: Table, defaults: _Given, faulty: frozenset[str]
    ) -> None:
        path = f"links.{_path(name)}"
        before = len(self.faults)
        own = self._given(table, path)
        link_id = own.values.pop(ID, None)
        if isinstance(link_id, str) and LINK_ID.fullmatch(link_id):
            self.ids.append((link_id, path, self._place(own.at[ID])))
        elif link_id is not None:
            problem = "must be the id of a link, such as link_test_5x… or link_5x…"
            self._fault(own.at[ID], f"{path}.id", problem)
        inherited = ((defaults.values.keys() | defaults.bad) & set(INPUT_NAMES)) - own.keys.keys()
        checked = check_inputs(
            {**{each: defaults.values.get(each) for each in inherited}, **own.values},
            later=own.bad | (inherited & faulty),
            also_known=(ID,),
            amount_limits=self.amount_limits,
        )
        for each in checked.faults:
            at, problem = own.keys.get(each.name, key.at), each.problem
            if each.name in inherited:
                problem += f" (it is the default at {self._place(defaults.at[each.name])})"
            elif each.name in INPUT_NAMES:
                at = own.at.get(each.name, at)
            self._fault(at, f"{path}.{_path(each.name)}", problem)
        if len(self.faults) == before and not own.bad and len(checked.inputs) == len(INPUTS):
            inputs: dict[str, Any] = checked.inputs
            at_all = {each: defaults.at[each] for each in inherited} | own.at
            self.entries.append(
                Entry(
                    name,
                    LinkInputs(**inputs),
                    link_id if isinstance(link_id, str) else None,
                    self._place(key.at),
                    {each: self._place(at) for each, at in at_all.items()},
                )
            )

    def _given(self, table: Table, path: str) -> _Given:
        given = _Given()
        for name, key, value in self._items(table, path):
            given.keys[name] = key.at
            if name == "adopt":
                self._fault(key.at, f"{path}.adopt", "is called id in a manifest")
                continue
            if name not in _TYPES:
                given.values[name] = None  # the rules report an unknown name
                continue
            meant, problem = read(value, _TYPES[name])
            nothing = isinstance(value, Scalar) and value.kind is Kind.NOTHING
            given.at[name] = key.at if nothing else value.at
            if problem is None and not isinstance(value, Refused):
                given.values[name] = meant
                continue
            given.bad.add(name)
            if problem is not None:
                self._fault(given.at[name], f"{path}.{name}", problem)
        return given

    def _items(self, table: Table, path: str) -> Iterator[tuple[str, Scalar, Node]]:
        """Yield the keys that are text, each once."""
        first: dict[str, int] = {}
        for key, value in table.items:
            if isinstance(key, Refused):
                continue
            if not isinstance(key, Scalar):
                self._fault(key.at, path, "has a key that is not text")
            elif not key.quoted and key.text == "<<":
                problem = "cannot be in a manifest: put what links share under defaults"
                self._fault(key.at, _path("<<", path), problem)
            elif key.kind is not Kind.TEXT:
                self._fault(key.at, _path(key.text, path), must_be_text(key))
            elif key.text in first:
                there = self._place(first[key.text])
                self._fault(key.at, _path(key.text, path), f"is there twice, first at {there}")
            else:
                first[key.text] = key.at
                yield key.text, key, value

    def claim(self, names: dict[str, Place], ids: dict[str, tuple[str, Place]]) -> None:
        """Report names and ids that stand elsewhere too, and add those of this file."""
        for name, place in self.names.items():
            if name in names:
                problem = f"is there twice, first at {names[name]}"
                self._add_at(place, f"links.{_path(name)}", problem)
            names.setdefault(name, place)
        for link_id, path, place in self.ids:
            if link_id in ids:
                other, there = ids[link_id]
                problem = f"is {link_id}, which {other} at {there} has already"
                self._add_at(place, f"{path}.id", problem)
            ids.setdefault(link_id, (path, place))

    def _wrong_type(self, node: Node, path: str, problem: str, key: Scalar | None = None) -> None:
        if isinstance(node, Refused):
            return
        nothing = isinstance(node, Scalar) and node.kind is Kind.NOTHING
        at = key.at if key and nothing else node.at
        self._fault(at, path, f"{problem}, not {what(node)}")

    def _fault(self, at: int, path: str, problem: str) -> None:
        if len(self.faults) >= MOST_FAULTS:
            raise _EnoughError
        self._add(at, path, problem)

    def _add(self, at: int | None, path: str, problem: str) -> None:
        self._add_at(self._place(at), path, problem)

    def _add_at(self, place: Place, path: str, problem: str) -> None:
        file = show(place.file, longest=1000)
        self.faults.append(ManifestFault(file, place.line, place.column, path, problem))

    def _place(self, at: int | None) -> Place:
        return Place(self.source.file, *self.source.line_and_column(at))


def _name_problem(name: str) -> str | None:
    if not name.strip():
        return "must not be blank: a link needs a name"
    if len(name) > LONGEST_NAME:
        return f"is too long a name: {len(name):,} characters, at most {LONGEST_NAME}"
    if _NOT_IN_A_NAME.search(name):
        return "must not hold control, direction or invisible characters: Pulumi shows this name"
    if name != name.strip():
        return "must not start or end with a space: Pulumi takes it into the name"
    if "::" in name or name.startswith(":"):
        return "must not hold :: or start with a colon: Pulumi separates with them"
    return None


def _path(name: str, above: str = "") -> str:
    """Return a step of a path, in quotes if a dot or a space in it could mislead."""
    shown = show(name, longest=LONGEST_NAME)
    step = shown if re.fullmatch(r"[^\s.:\"']+", shown) else f'"{shown}"'
    return f"{above}.{step}" if above else step


def _hint(name: str, known: Sequence[str]) -> str:
    return did_you_mean(name, known) or f"; its keys are {', '.join(known)}"
