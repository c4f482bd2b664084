"""What stands in a YAML file: nodes with their places, and what each means.

What a plain scalar means is read here from its source text, not by PyYAML's resolver, because the
readers of a file disagree: YAML 1.1 takes ``no`` for false, ``0123`` for 83 and ``1:30`` for 90;
YAML 1.2 takes them for text, 123 and text, and ``1e3`` for a number that PyYAML takes for text.
What only some of them would read as meant is a kind of its own, refused with a sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TypeAlias

from ..output.terminal import show


class Kind(Enum):
    """What a scalar is."""

    TEXT = auto()
    NOTHING = auto()
    FLAG = auto()
    NUMBER = auto()
    # From here on the versions of YAML, or its readers, disagree.
    WORD_FLAG = auto()
    LEADING_ZERO = auto()
    NOT_DECIMAL = auto()
    SEPARATORS = auto()
    BASE_60 = auto()
    EXPONENT = auto()
    NOT_FINITE = auto()
    DATE = auto()


# The first that fits a whole scalar tells its kind; what fits none is text.
_FORMS = {
    Kind.NOTHING: r"|~|null|Null|NULL",
    Kind.FLAG: r"true|True|TRUE|false|False|FALSE",
    Kind.WORD_FLAG: r"(?i:yes|no|on|off|y|n)",
    Kind.NUMBER: r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|[-+]?\.[0-9]+",
    Kind.LEADING_ZERO: r"[-+]?0[0-9_]+(?:\.[0-9_]*)?",
    Kind.NOT_DECIMAL: r"[-+]?0(?:x[0-9a-fA-F_]+|o[0-7_]+|b[01_]+)",
    Kind.SEPARATORS: r"[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?",
    Kind.BASE_60: r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?",
    Kind.EXPONENT: r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9_]+)[eE][-+]?[0-9]+",
    Kind.NOT_FINITE: r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
    Kind.DATE: r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt\s][0-9Tt:.+\-Zz\s]*)?",
}
_FORM = re.compile("|".join(f"(?P<{kind.name}>{form})" for kind, form in _FORMS.items()))
# Most scalars are words, which this tells a hundred times as fast.
_MAY_HAVE_A_FORM = frozenset("0123456789+-.~nNtTfFyYoO")


def _kind(text: str, quoted: bool) -> Kind:
    if quoted or (text and text[0] not in _MAY_HAVE_A_FORM):
        return Kind.TEXT
    found = _FORM.fullmatch(text)
    return Kind[found.lastgroup] if found and found.lastgroup else Kind.TEXT


@dataclass(slots=True)
class Scalar:
    """One value; ``at`` is the position of its first character in the text of the file.

    ``kind`` is what it means without quotes; with quotes, or as a block, it is text.
    """

    text: str
    quoted: bool
    at: int
    kind: Kind = field(init=False)

    def __post_init__(self) -> None:
        self.kind = _kind(self.text, self.quoted)

    @property
    def value(self) -> object:
        """The value of a text, a flag or a number."""
        kind = self.kind
        if kind is Kind.FLAG:
            return self.text.lower() == "true"
        if kind is not Kind.NUMBER:
            return self.text
        # Python refuses to read thousands of digits; forty are too large for anybody.
        return float(self.text) if "." in self.text else int(self.text[:40])


@dataclass(slots=True)
class Table:
    """A mapping: its keys and values as they stand, duplicates included."""

    at: int
    items: list[tuple[Node, Node]] = field(default_factory=list)
    _key: Node | None = None

    def add(self, node: Node) -> None:
        """Add the next key or the next value."""
        if self._key is None:
            self._key = node
        else:
            self.items.append((self._key, node))
            self._key = None


@dataclass(slots=True)
class Listing:
    """A list. A manifest has none, so what is in it does not matter."""

    at: int

    def add(self, node: Node) -> None:
        """Let it pass."""


@dataclass(slots=True)
class Refused:
    """A value that has been reported already."""

    at: int


Node: TypeAlias = Scalar | Table | Listing | Refused


def read(node: Node, wanted: type) -> tuple[object, str | None]:
    """Return the value of an input, and why it cannot be told for certain, if so.

    A value that is plain but of the wrong type is left to the rules.
    """
    if not isinstance(node, Scalar):
        return ({} if isinstance(node, Table) else []), None
    if node.kind is Kind.NOTHING:
        problem: str | None = "has no value: give it one, or leave the line out"
    elif wanted is str:
        problem = None if node.kind is Kind.TEXT else must_be_text(node)
    elif wanted is int:
        problem = _NOT_A_NUMBER.get(node.kind) or _number_in_text(node)
    else:
        problem = _flag_in_words(node)
    return node.value, problem


def _flag_in_words(node: Scalar) -> str | None:
    word = node.text.lower()
    if node.kind is Kind.WORD_FLAG:
        meant = "true" if word in {"yes", "on", "y"} else "false"
        return f"must be true or false: not every YAML reads {node.text} as {meant}"
    if node.kind is Kind.TEXT and word in {"true", "false"}:
        return "must be true or false: take the quotes away"
    return None


_NOT_A_NUMBER = {
    Kind.WORD_FLAG: "must be a whole number, not true or false",
    Kind.LEADING_ZERO: "must be a whole number without zeros in front: YAML 1.1 reads it as octal",
    Kind.NOT_DECIMAL: "must be a whole number in decimal digits",
    Kind.SEPARATORS: "must be a whole number without separators: write digits alone",
    Kind.BASE_60: "must be a whole number: with a colon, YAML 1.1 reads it in base 60",
    Kind.EXPONENT: "must be a whole number: write all its digits, without an exponent",
    Kind.NOT_FINITE: "must be a whole number",
    Kind.DATE: "must be a whole number, not a date",
}


def _number_in_text(node: Scalar) -> str | None:
    if node.kind is not Kind.TEXT:
        return None
    if re.fullmatch(r"[-+]?[0-9]+(\.[0-9]*)?", node.text):
        return "must be a whole number: take the quotes away"
    if re.fullmatch(r"[-+]?[0-9]+([,' _.][0-9]+)+", node.text):
        return _NOT_A_NUMBER[Kind.SEPARATORS]
    return None


_READ_AS = {
    Kind.NOTHING: "nothing",
    Kind.FLAG: "true or false",
    Kind.WORD_FLAG: "true or false",
    Kind.LEADING_ZERO: "an octal number",
    Kind.BASE_60: "a number in base 60",
    Kind.DATE: "a date",
}


def must_be_text(node: Scalar) -> str:
    """Say why a plain scalar is not taken for text."""
    text = show(node.text, longest=40)
    read_as = _READ_AS.get(node.kind, "a number")
    return f'must be text, and YAML can read {text} as {read_as}: write "{text}", in quotes'


def what(node: Node) -> str:
    """Name what stands there, as in "must be a mapping, not …"."""
    if isinstance(node, Scalar):
        return "text" if node.kind is Kind.TEXT else _READ_AS.get(node.kind, "a number")
    return "a mapping" if isinstance(node, Table) else "a list"
