"""The nodes of a YAML file, each with its place and its meaning.

What a plain scalar means is read here from its source text, not by PyYAML's resolver, because the
readers of a file disagree: YAML 1.1 takes ``no`` for false, ``0123`` for 83 and ``1:30`` for 90;
YAML 1.2 takes them for text, 123 and text, and ``1e3`` for a number that PyYAML takes for text.
What only some of them would read as meant is a kind of its own, refused with a sentence. So is a
number with a decimal point, which every reader takes for a number: who writes ``4900.00`` means
4,900 baht, and 4900 are 49.00.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TypeAlias

from ..errors import ProblemCode
from ..inputs import NOT_IN_SMALLEST_UNIT
from ..safe_text import escape


class Kind(Enum):
    """What a scalar is."""

    TEXT = auto()
    NOTHING = auto()
    FLAG = auto()
    NUMBER = auto()
    # From here on the versions of YAML, its readers, or reader and writer disagree.
    DECIMAL = auto()
    SIGNED = auto()
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
    Kind.NUMBER: r"-?(?:0|[1-9][0-9]*)",
    Kind.SIGNED: r"\+(?:0|[1-9][0-9]*)",
    Kind.DECIMAL: r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)",
    Kind.LEADING_ZERO: r"[-+]?0[0-9_]+",
    Kind.NOT_DECIMAL: r"[-+]?0(?:x[0-9a-fA-F_]+|o[0-7_]+|b[01_]+)",
    Kind.SEPARATORS: r"[-+]?[0-9][0-9_]*",
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
    """One value; ``at`` and ``end`` are positions in the text of the file.

    ``kind`` is what it means without quotes; with quotes, or as a block, it is text.
    """

    text: str
    quoted: bool
    at: int
    end: int = 0
    kind: Kind = field(init=False)

    def __post_init__(self) -> None:
        self.kind = _kind(self.text, self.quoted)


@dataclass(slots=True)
class MappingNode:
    """A mapping: its keys and values as they stand, duplicates included.

    ``by_name`` has those that count, once :func:`.document.read_value` has read it.
    """

    at: int
    items: list[tuple[Node, Node]] = field(default_factory=list)
    by_name: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)
    _key: Node | None = None

    def add(self, node: Node) -> None:
        """Add the next key or the next value."""
        if self._key is None:
            self._key = node
        else:
            self.items.append((self._key, node))
            self._key = None


@dataclass(slots=True)
class SequenceNode:
    """A list."""

    at: int
    items: list[Node] = field(default_factory=list)

    def add(self, node: Node) -> None:
        """Add the next item."""
        self.items.append(node)


@dataclass(slots=True)
class Refused:
    """A value that has been reported already."""

    at: int


Node: TypeAlias = Scalar | MappingNode | SequenceNode | Refused

_READ_AS = {
    Kind.NOTHING: "nothing",
    Kind.FLAG: "true or false",
    Kind.WORD_FLAG: "true or false",
    Kind.LEADING_ZERO: "an octal number",
    Kind.BASE_60: "a number in base 60",
    Kind.DATE: "a date",
}


def describe_type(node: Node) -> str:
    """Name what stands there, as in "must be a mapping, not …"."""
    if isinstance(node, Scalar):
        return "text" if node.kind is Kind.TEXT else _READ_AS.get(node.kind, "a number")
    return "a mapping" if isinstance(node, MappingNode) else "a list"


def explain_spelling(node: Scalar, code: ProblemCode) -> tuple[ProblemCode, str] | None:
    """Say what is wrong with the spelling of a scalar that is not of the wanted type.

    :param code: what the schema says of it.
    :returns: the code and the sentence, or None where the schema's own sentence says all.
    """
    if code not in _EXPLANATIONS:
        return None
    if node.kind is Kind.NOTHING:
        return ProblemCode.NO_VALUE, "has no value: give it one, or leave the line out"
    return _EXPLANATIONS[code](node)


def must_be_text(node: Scalar) -> str:
    """Say why a plain scalar is not taken for text."""
    text = escape(node.text, longest=40)
    read_as = _READ_AS.get(node.kind, "a number")
    return f'must be text, and YAML can read {text} as {read_as}: write "{text}", in quotes'


def _explain_text(node: Scalar) -> tuple[ProblemCode, str]:
    return ProblemCode.NOT_TEXT, must_be_text(node)


def _explain_flag(node: Scalar) -> tuple[ProblemCode, str] | None:
    word = node.text.lower()
    if node.kind is Kind.WORD_FLAG:
        meant = "true" if word in {"yes", "on", "y"} else "false"
        problem = f"must be true or false: not every YAML reads {node.text} as {meant}"
    elif node.kind is Kind.TEXT and word in {"true", "false"}:
        problem = "must be true or false: take the quotes away"
    else:
        return None
    return ProblemCode.NOT_TRUE_OR_FALSE, problem


_DECIMAL_TEXT = re.compile(r"[-+]?(?:[0-9][0-9,_' ]*)?\.[0-9]*|[-+]?[0-9][0-9.]*[eE][-+]?[0-9]+")
_SEPARATORS_IN_TEXT = re.compile(r"[-+]?[0-9]+([,' _.][0-9]+)+")
_NOT_A_NUMBER = {
    Kind.WORD_FLAG: "must be a whole number, not true or false",
    Kind.SIGNED: "must be a whole number: write digits alone, without a sign",
    Kind.LEADING_ZERO: "must be a whole number without zeros in front: YAML 1.1 reads it as octal",
    Kind.NOT_DECIMAL: "must be a whole number in decimal digits",
    Kind.SEPARATORS: "must be a whole number without separators: write digits alone",
    Kind.BASE_60: "must be a whole number: with a colon, YAML 1.1 reads it in base 60",
    Kind.NOT_FINITE: "must be a whole number",
    Kind.DATE: "must be a whole number, not a date",
}


def _explain_number(node: Scalar) -> tuple[ProblemCode, str] | None:
    text = node.text
    if node.kind in {Kind.DECIMAL, Kind.EXPONENT} or (
        node.kind is Kind.TEXT and len(text) > 1 and _DECIMAL_TEXT.fullmatch(text)
    ):
        return ProblemCode.NOT_IN_SMALLEST_UNIT, NOT_IN_SMALLEST_UNIT
    if node.kind is not Kind.TEXT:
        problem = _NOT_A_NUMBER.get(node.kind)
    elif re.fullmatch("[0-9]+", text):
        problem = "must be a whole number: take the quotes away"
    elif _SEPARATORS_IN_TEXT.fullmatch(text):
        problem = _NOT_A_NUMBER[Kind.SEPARATORS]
    else:
        problem = None
    return (ProblemCode.NOT_A_WHOLE_NUMBER, problem) if problem else None


_EXPLANATIONS = {
    ProblemCode.NOT_TEXT: _explain_text,
    ProblemCode.NOT_A_WHOLE_NUMBER: _explain_number,
    ProblemCode.NOT_TRUE_OR_FALSE: _explain_flag,
}
