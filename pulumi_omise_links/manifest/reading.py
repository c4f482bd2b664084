"""The manifest: YAML -> typed entries, or all problems of all files with their places.

::

    version: 1
    stacks: [prod]
    defaults: {currency: THB, multiple: true}
    links:
      spring-sale:
        title: Spring sale
        description: Two tickets
        amount: 150000

``defaults`` gives inputs to every link that does not give its own. ``id`` in an entry means that
the link exists already, and ``stacks`` for which stacks the ids are. ``source``, ``document`` and
``values`` read YAML, and refuse what a manifest may not use of it; the JSON Schema says what a
document may be (``validation``). This module has the rules that span several values: defaults,
limits, comments, and names and ids that must be unique.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..errors import ManifestError, ManifestProblem, ProblemCode
from ..inputs import INPUT_NAMES, INPUTS, InputProblem, check_inputs, fill_in
from ..omise.models import LinkInputs
from ..output.terminal import escape, escape_path, format_amount
from .document import Path, find, read_value, show_path
from .entries import ID, STACKS, CheckedFile, Entry, Manifest, Place
from .source import Source, SourceError
from .validation import Violation, find_violations
from .values import (
    Kind,
    MappingNode,
    Node,
    Refused,
    Scalar,
    describe_type,
    explain_spelling,
)

# Nobody corrects more at once; a file of garbage must not fill the terminal or the memory.
MOST_PROBLEMS = 1_000

AnyPath: TypeAlias = "str | os.PathLike[str]"

# What discover and generate write beside an amount: `# THB 1,500.00`, `# JPY 1,500`.
_AMOUNT_COMMENT = re.compile(r"[ \t]+# ?([A-Z]{3} [0-9][0-9,]*(?:\.[0-9]{2})?)(?![0-9.,]*[0-9])")


def load(
    paths: AnyPath | Iterable[AnyPath], *, amount_limits: bool = True, standard_input: bool = False
) -> Manifest:
    """Read manifests that belong together.

    :param paths: one file or several; a name or an id may occur once in all of them.
    :param amount_limits: whether to check the documented limits of a charge.
    :param standard_input: whether the path ``-`` stands for it.
    :raises ManifestError: with all problems of all files.
    """
    files = check(paths, amount_limits=amount_limits, standard_input=standard_input)
    problems = [problem for checked in files for problem in checked.problems]
    if problems:
        raise ManifestError(problems)
    entries = tuple(entry for checked in files for entry in checked.entries)
    return Manifest(tuple(checked.file for checked in files), entries)


def check(
    paths: AnyPath | Iterable[AnyPath], *, amount_limits: bool = True, standard_input: bool = False
) -> tuple[CheckedFile, ...]:
    """Read manifests as :func:`load` does, and return what is wrong with each instead of raising.

    A file that is given twice counts once.
    """
    several = (paths,) if isinstance(paths, (str, os.PathLike)) else paths
    readings = [
        _Reading(Source(file, standard_input=standard_input), amount_limits)
        for file in dict.fromkeys(os.fspath(path) for path in several)
    ]
    names: dict[str, Place] = {}
    ids: dict[str, tuple[str, Place]] = {}
    for reading in readings:
        reading.read()
        reading.claim(names, ids)
    return tuple(reading.result() for reading in readings)


@dataclass(frozen=True)
class _InputMapping:
    """A mapping that has inputs: an entry, or the defaults."""

    node: MappingNode
    values: Mapping[str, Any]

    @property
    def inputs(self) -> dict[str, Any]:
        return {name: self.values[name] for name in INPUT_NAMES if name in self.values}

    def at(self, name: str) -> int:
        return self.node.by_name[name][1].at


class _EnoughError(Exception):
    """There are so many problems that the rest of the file is not read."""


class _Reading:
    """Reads one file into entries and problems."""

    def __init__(self, source: Source, amount_limits: bool) -> None:
        self.source = source
        self.amount_limits = amount_limits
        self.entries: list[Entry] = []
        self.problems: list[ManifestProblem] = []
        self.names: dict[str, Place] = {}
        self.ids: list[tuple[str, Path, Place]] = []
        self.stacks: tuple[str, ...] = ()
        # Paths of values that are reported already; they are not checked further.
        self.wrong: set[Path] = set()

    def result(self) -> CheckedFile:
        return CheckedFile(
            file=self.source.file,
            entries=tuple(self.entries),
            links=len(self.names),
            stacks=self.stacks,
            problems=tuple(
                sorted(self.problems, key=lambda problem: (problem.line, problem.column))
            ),
        )

    def read(self) -> None:
        """Read the file up to the first place that cannot be parsed."""
        try:
            self._read()
        except _EnoughError:
            problem = f"has more problems; these are the first {MOST_PROBLEMS:,}"
            self._add(Place(self.source.file, 0, 0), (), problem, ProblemCode.TOO_MANY_PROBLEMS)

    def _read(self) -> None:
        passed_over: list[SourceError] = []
        root: Node | None = None
        end = None
        try:
            self.source.read()
            root = self.source.nodes(passed_over)
        except SourceError as error:
            end = error
        for passed in passed_over:
            self._report(passed.at or 0, (), passed.problem, passed.code)
        # The parser often stops at a text that a comment cuts off, which is reported already.
        if end and (end.at, end.code) not in {(passed.at, passed.code) for passed in passed_over}:
            self._add(self._place(end.at), (), end.problem, end.code)
        elif root is None and not end:
            problem = "the file is empty: start with `version: 1` and `links:`"
            self._report(0, (), problem, ProblemCode.EMPTY_FILE)
        elif root and not end:
            self._document(root)

    def _document(self, root: Node) -> None:
        value: Any = read_value(root, self._report)
        for violation in find_violations(value):
            if not self._violation(root, violation):
                return
        if not isinstance(root, MappingNode):
            return
        if not any(path[0] == STACKS for path in self.wrong):
            self.stacks = tuple(value.get(STACKS, ()))
        defaults = _mapping(root, "defaults")
        shared = (
            _InputMapping(defaults, value["defaults"])
            if defaults
            else _InputMapping(MappingNode(0), {})
        )
        self._check_defaults(shared)
        if links := _mapping(root, "links"):
            for name, (key, node) in links.by_name.items():
                self.names[name] = self._place(key.at)
                if isinstance(node, MappingNode):
                    self._entry(name, key, _InputMapping(node, value["links"][name]), shared)

    def _violation(self, root: Node, violation: Violation) -> bool:
        """Report a violation of the schema, and return whether the rest can be read."""
        key, node = find(root, violation.path)
        if violation.code is ProblemCode.NO_LINKS and isinstance(node, MappingNode) and node.items:
            return True  # each of its keys is reported
        path, problem, code = violation.path, violation.problem, violation.code
        at = node.at
        fields = {}
        if violation.key is not None:
            path = (*path, violation.key)
            if not violation.missing:
                at = find(root, path)[0].at  # type: ignore[union-attr]  # a key that is there
            elif key:
                at = key.at
            fields["length"] = f"{len(violation.key):,}"
        elif isinstance(node, Refused):
            self.wrong.add(path)
            return True
        else:
            fields["kind"] = describe_type(node)
            if isinstance(node, Scalar):
                fields["value"] = escape(node.text)
                if node.kind is Kind.NOTHING and key:
                    at = key.at
                code, problem = explain_spelling(node, code) or (code, problem)
            self.wrong.add(path)
        self._report(at, path, fill_in(problem, violation.value, **fields), code)
        # A later version may mean anything.
        return not (code is ProblemCode.UNKNOWN_VERSION and isinstance(violation.value, int))

    def _check_defaults(self, defaults: _InputMapping) -> None:
        wrong = {name for name in defaults.inputs if ("defaults", name) in self.wrong}
        absent = set(INPUT_NAMES) - defaults.inputs.keys()
        checked = check_inputs(
            defaults.inputs, later=wrong | absent, amount_limits=self.amount_limits
        )
        problems = [*checked.problems, *self._comment_problems(defaults, checked.inputs)]
        for problem in problems:
            path = ("defaults", problem.name)
            self.wrong.add(path)
            self._report(defaults.at(problem.name), path, problem.problem, problem.code)

    def _entry(self, name: str, key: Scalar, own: _InputMapping, defaults: _InputMapping) -> None:
        path = ("links", name)
        inherited = defaults.inputs.keys() - own.inputs.keys()
        inputs = {name: defaults.inputs[name] for name in inherited} | own.inputs
        wrong = {name for name in own.inputs if (*path, name) in self.wrong}
        wrong |= {name for name in inherited if ("defaults", name) in self.wrong}
        missing = {known.name for known in INPUTS if known.required} - inputs.keys()
        checked = check_inputs(inputs, later=wrong | missing, amount_limits=self.amount_limits)
        problems = list(checked.problems)
        source = defaults if "amount" in inherited else own
        if "currency" in own.inputs or source is own:
            problems += self._comment_problems(source, checked.inputs)
        for problem in problems:
            at, sentence = key.at, problem.problem
            if problem.name in inherited:
                sentence += f" (it is the default at {self._place(defaults.at(problem.name))})"
            else:
                at = own.at(problem.name)
            self._report(at, (*path, problem.name), sentence, problem.code)
        link_id = own.values.get(ID)
        if (*path, ID) in self.wrong:
            link_id = None
        elif link_id is not None:
            self.ids.append((link_id, path, self._place(own.at(ID))))
        if len(checked.inputs) == len(INPUTS):
            complete: dict[str, Any] = checked.inputs
            positions = {name: defaults.at(name) for name in inherited}
            positions |= {name: own.at(name) for name in own.inputs}
            if link_id is not None:
                positions[ID] = own.at(ID)
            self.entries.append(
                Entry(
                    name=name,
                    inputs=LinkInputs(**complete),
                    id=link_id,
                    place=self._place(key.at),
                    places={name: self._place(at) for name, at in positions.items()},
                    stacks=self.stacks,
                )
            )

    def _comment_problems(
        self, mapping: _InputMapping, inputs: Mapping[str, Any]
    ) -> list[InputProblem]:
        """Return a problem if the comment beside an amount has another amount or currency."""
        if not {"amount", "currency"} <= inputs.keys() or "amount" not in mapping.inputs:
            return []
        node = mapping.node.by_name["amount"][1]
        found = isinstance(node, Scalar) and _AMOUNT_COMMENT.match(self.source.text, node.end)
        if not found:
            return []
        comment, meant = found.group(1), format_amount(inputs["amount"], inputs["currency"])
        # Without a fraction, only a comment on a currency without fractions is one of ours.
        ours = "." in comment or comment.startswith("JPY")
        if not ours or comment.replace(",", "") == meant.replace(",", ""):
            return []
        problem = (
            f"is {inputs['amount']}, that is {meant}, but the comment beside it says {comment}:"
            " correct the one that is wrong"
        )
        return [InputProblem("amount", problem, ProblemCode.COMMENT_DISAGREES)]

    def claim(self, names: dict[str, Place], ids: dict[str, tuple[str, Place]]) -> None:
        """Report names and ids that another entry has, and add those of this file."""
        for name, place in self.names.items():
            if name in names:
                problem = f"is there twice, first at {names[name]}"
                self._add(place, ("links", name), problem, ProblemCode.DUPLICATE_NAME)
            names.setdefault(name, place)
        for link_id, path, place in self.ids:
            if link_id in ids:
                other, there = ids[link_id]
                problem = f"is {link_id}, which {other} at {there} has already"
                self._add(place, (*path, ID), problem, ProblemCode.DUPLICATE_ID)
            ids.setdefault(link_id, (show_path(path), place))

    def _report(
        self, at: int, path: Path, problem: str, code: ProblemCode, *, first: int | None = None
    ) -> None:
        if len(self.problems) >= MOST_PROBLEMS:
            raise _EnoughError
        if first is not None:
            problem += f", first at {self._place(first)}"
        self._add(self._place(at), path, problem, code)

    def _add(self, place: Place, path: Path, problem: str, code: ProblemCode) -> None:
        self.problems.append(
            ManifestProblem(
                file=escape_path(place.file),
                line=place.line,
                column=place.column,
                path=show_path(path),
                problem=problem,
                code=code,
            )
        )

    def _place(self, at: int | None) -> Place:
        return Place(self.source.file, *self.source.line_and_column(at))


def _mapping(root: MappingNode, name: str) -> MappingNode | None:
    node = root.by_name[name][1] if name in root.by_name else None
    return node if isinstance(node, MappingNode) else None
