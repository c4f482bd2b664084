"""Nodes of a YAML file -> the plain values that the JSON Schema validates.

A scalar that readers of YAML would take differently stays the node that it is: no type of the
schema fits it, so it is refused wherever it stands, with a sentence about its spelling.
"""

from __future__ import annotations

import re
from typing import Protocol, TypeAlias

from ..errors import ProblemCode
from ..safe_text import escape
from .values import Kind, MappingNode, Node, Refused, Scalar, SequenceNode, must_be_text

Path: TypeAlias = "tuple[str | int, ...]"


class Report(Protocol):
    """Takes a problem: its position, path, sentence and code, and the position of a first one."""

    def __call__(
        self, at: int, path: Path, problem: str, code: ProblemCode, *, first: int | None = None
    ) -> None:
        """Add it."""


def read_value(node: Node, report: Report, path: Path = (), *, dates: bool = False) -> object:
    """Return the value of a node, and report keys that are no text or are there twice.

    :param dates: whether a date without quotes is meant as the text that it is.
    """
    if isinstance(node, Scalar):
        return node.text if dates and node.kind is Kind.DATE else _scalar(node)
    if isinstance(node, SequenceNode):
        return [
            read_value(item, report, (*path, number), dates=dates)
            for number, item in enumerate(node.items)
        ]
    if isinstance(node, Refused):
        return node
    _read_keys(node, report, path)
    return {
        name: read_value(value, report, (*path, name), dates=dates)
        for name, (_, value) in node.by_name.items()
    }


def find(root: Node, path: Path) -> tuple[Scalar | None, Node]:
    """Return the node at a path, and its key if it has one."""
    key, node = None, root
    for step in path:
        if isinstance(node, MappingNode) and isinstance(step, str):
            key, node = node.by_name[step]
        elif isinstance(node, SequenceNode) and isinstance(step, int):
            key, node = None, node.items[step]
    return key, node


def show_path(path: Path) -> str:
    """Return a path as people read it: ``links.spring-sale.amount``.

    A step is in quotes if a dot or a space in it could mislead.
    """
    shown = ""
    for step in path:
        if isinstance(step, int):
            shown += f"[{step}]"
            continue
        text = escape(step, longest=200)
        plain = re.fullmatch(r"[^\s.:\"'\[]+", text)
        shown += ("." if shown else "") + (text if plain else f'"{text}"')
    return shown


def _scalar(node: Scalar) -> object:
    if node.kind is Kind.TEXT:
        return node.text
    if node.kind is Kind.NUMBER:
        # Python refuses to read thousands of digits; forty are too large for anybody.
        return int(node.text[:40])
    if node.kind is Kind.FLAG:
        return node.text.lower() == "true"
    return None if node.kind is Kind.NOTHING else node


def _read_keys(node: MappingNode, report: Report, path: Path) -> None:
    for key, value in node.items:
        if isinstance(key, Refused):
            continue
        if not isinstance(key, Scalar):
            report(key.at, path, "has a key that is not text", ProblemCode.KEY_NOT_TEXT)
        elif not key.quoted and key.text == "<<":
            problem = "cannot be in a manifest: put what links share under defaults"
            report(key.at, (*path, "<<"), problem, ProblemCode.MERGE_KEY)
        elif key.kind is not Kind.TEXT:
            problem = must_be_text(key)
            empty = isinstance(value, Scalar) and value.kind is Kind.NOTHING
            of_inputs = path == ("defaults",) or len(path) == 2
            if key.text.isdecimal() and empty and of_inputs:
                # `{amount: 2,500}` is an amount of 2 and a key 500 without a value.
                problem = (
                    "is a key of its own, as a comma ends a value within { }: write an amount"
                    " without commas, such as 2500"
                )
            report(key.at, (*path, key.text), problem, ProblemCode.KEY_NOT_TEXT)
        elif key.text in node.by_name:
            report(
                key.at,
                (*path, key.text),
                "is there twice",
                ProblemCode.DUPLICATE_KEY,
                first=node.by_name[key.text][0].at,
            )
        else:
            node.by_name[key.text] = key, value
