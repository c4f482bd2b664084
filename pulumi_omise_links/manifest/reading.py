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

from ..errors import ManifestError, ProblemCode
from ..inputs import INPUT_NAMES, INPUTS, InputProblem, check_inputs
from ..omise.models import LinkInputs
from ..safe_text import format_amount
from .accepted import AcceptedReading, is_accepted_file
from .checking import FileCheck
from .document import Path, show_path
from .entries import ID, STACKS, CheckedFile, Entry, Manifest, Place
from .source import Source
from .validation import MANIFEST_SCHEMA
from .values import MappingNode, Node, Scalar

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
    paths: AnyPath | Iterable[AnyPath],
    *,
    amount_limits: bool = True,
    standard_input: bool = False,
    accepted_too: bool = False,
) -> tuple[CheckedFile, ...]:
    """Read manifests as :func:`load` does, and return what is wrong with each instead of raising.

    A file that is given twice counts once.

    :param accepted_too: whether files of accepted findings may be among them (``accepted``).
    """
    several = (paths,) if isinstance(paths, (str, os.PathLike)) else paths
    readings = [
        _Reading(FileCheck(Source(file, standard_input=standard_input)), amount_limits)
        for file in dict.fromkeys(os.fspath(path) for path in several)
    ]
    names: dict[str, Place] = {}
    ids: dict[str, tuple[str, Place]] = {}
    accepted: dict[str, Place] = {}
    for reading in readings:
        reading.read(accepted_too=accepted_too)
        reading.claim(names, ids)
        reading.accepted.claim(accepted)
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


class _Reading:
    """Reads one manifest into entries and problems."""

    def __init__(self, file: FileCheck, amount_limits: bool) -> None:
        self.file = file
        self.amount_limits = amount_limits
        self.accepted = AcceptedReading(file)
        self.entries: list[Entry] = []
        self.names: dict[str, Place] = {}
        self.ids: list[tuple[str, Path, Place]] = []
        self.stacks: tuple[str, ...] = ()

    def result(self) -> CheckedFile:
        return CheckedFile(
            file=self.file.name,
            entries=tuple(self.entries),
            links=len(self.names),
            stacks=self.stacks,
            problems=self.file.sorted_problems(),
            accepted=tuple(self.accepted.links),
        )

    def read(self, *, accepted_too: bool) -> None:
        """Read the file up to the first place that cannot be parsed."""

        def read_document(root: Node) -> None:
            if accepted_too and is_accepted_file(root):
                self.accepted.read(root)
            else:
                self._document(root)

        empty = "the file is empty: start with `version: 1` and `links:`"
        self.file.read(read_document, empty)

    def _document(self, root: Node) -> None:
        value = self.file.value_of(root, MANIFEST_SCHEMA)
        if value is None or not isinstance(root, MappingNode):
            return
        if not any(path[0] == STACKS for path in self.file.wrong):
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
                self.names[name] = self.file.place(key.at)
                if isinstance(node, MappingNode):
                    self._entry(name, key, _InputMapping(node, value["links"][name]), shared)

    def _check_defaults(self, defaults: _InputMapping) -> None:
        wrong = {name for name in defaults.inputs if ("defaults", name) in self.file.wrong}
        absent = set(INPUT_NAMES) - defaults.inputs.keys()
        checked = check_inputs(
            defaults.inputs, later=wrong | absent, amount_limits=self.amount_limits
        )
        problems = [*checked.problems, *self._comment_problems(defaults, checked.inputs)]
        for problem in problems:
            path = ("defaults", problem.name)
            self.file.wrong.add(path)
            self.file.report(defaults.at(problem.name), path, problem.problem, problem.code)

    def _entry(self, name: str, key: Scalar, own: _InputMapping, defaults: _InputMapping) -> None:
        path = ("links", name)
        inherited = defaults.inputs.keys() - own.inputs.keys()
        inputs = {name: defaults.inputs[name] for name in inherited} | own.inputs
        wrong = {name for name in own.inputs if (*path, name) in self.file.wrong}
        wrong |= {name for name in inherited if ("defaults", name) in self.file.wrong}
        missing = {known.name for known in INPUTS if known.required} - inputs.keys()
        checked = check_inputs(inputs, later=wrong | missing, amount_limits=self.amount_limits)
        problems = list(checked.problems)
        source = defaults if "amount" in inherited else own
        if "currency" in own.inputs or source is own:
            problems += self._comment_problems(source, checked.inputs)
        for problem in problems:
            at, sentence = key.at, problem.problem
            if problem.name in inherited:
                sentence += f" (it is the default at {self.file.place(defaults.at(problem.name))})"
            else:
                at = own.at(problem.name)
            self.file.report(at, (*path, problem.name), sentence, problem.code)
        link_id = own.values.get(ID)
        if (*path, ID) in self.file.wrong:
            link_id = None
        elif link_id is not None:
            self.ids.append((link_id, path, self.file.place(own.at(ID))))
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
                    place=self.file.place(key.at),
                    places={name: self.file.place(at) for name, at in positions.items()},
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
        found = isinstance(node, Scalar) and _AMOUNT_COMMENT.match(self.file.source.text, node.end)
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
                self.file.add(place, ("links", name), problem, ProblemCode.DUPLICATE_NAME)
            names.setdefault(name, place)
        for link_id, path, place in self.ids:
            if link_id in ids:
                other, there = ids[link_id]
                problem = f"is {link_id}, which {other} at {there} has already"
                self.file.add(place, (*path, ID), problem, ProblemCode.DUPLICATE_ID)
            ids.setdefault(link_id, (show_path(path), place))


def _mapping(root: MappingNode, name: str) -> MappingNode | None:
    node = root.by_name[name][1] if name in root.by_name else None
    return node if isinstance(node, MappingNode) else None
