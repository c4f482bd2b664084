"""Entries -> the text of a manifest, which every reader of YAML takes for the same values."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from ..inputs import INPUT_NAMES
from ..omise.models import LinkInputs
from ..output.terminal import JOINERS, human_amount
from .entries import ID, VERSION
from .source import MOST_BYTES, MOST_VALUES
from .values import Kind, Scalar

# Where editors look for the schema: beside the manifest. docs/manifest.md says how it gets there.
HEADER = f"# yaml-language-server: $schema=links.schema.json\nversion: {VERSION}\nlinks:\n"
INDENT = "  "
# Beside letters, marks, digits and single spaces; none of them means anything within a value.
_PLAIN = frozenset("-_.,;()/&+=$'’“”…–—。、・「」（）")


@dataclass(frozen=True)
class NewEntry:
    """What is to be written: a link that exists, under a name."""

    name: str
    id: str
    inputs: LinkInputs


def manifest_of(entries: Iterable[NewEntry]) -> str:
    """Return a whole manifest."""
    return HEADER + "\n".join(entry_lines(each) for each in entries)


def entry_lines(
    entry: NewEntry, *, above: str = INDENT, step: str = INDENT, say_multiple: bool = False
) -> str:
    """Return the lines of one entry.

    :param above: the indentation of its name.
    :param step: how much further its inputs are indented.
    :param say_multiple: whether to write ``multiple`` although it is false, as the manifest may
        have another default.
    """
    inside = above + step
    inputs = entry.inputs
    amount = f"{inputs.amount}  # {human_amount(inputs.amount, inputs.currency)}"
    lines = [
        f"{above}{scalar(entry.name)}:",
        f"{inside}{ID}: {entry.id}",
        f"{inside}title: {_text(inputs.title, inside + step)}",
        f"{inside}description: {_text(inputs.description, inside + step)}",
        f"{inside}amount: {amount}",
        f"{inside}currency: {scalar(inputs.currency)}",
    ]
    if inputs.multiple or say_multiple:
        lines.append(f"{inside}multiple: {_flag(inputs.multiple)}")
    return "\n".join(lines) + "\n"


def too_large(text: str, links: int) -> bool:
    """Whether a manifest is larger than any that is read."""
    values = links * 2 * (len(INPUT_NAMES) + 2) + 10
    return values > MOST_VALUES or len(text.encode()) > MOST_BYTES


def flow_entry(entry: NewEntry, *, say_multiple: bool = False) -> str:
    """Return one entry as it stands between braces."""
    inputs = entry.inputs
    parts = [
        f"{ID}: {entry.id}",
        f"title: {quoted(inputs.title)}",
        f"description: {quoted(inputs.description)}",
        f"amount: {inputs.amount}",
        f"currency: {quoted(inputs.currency)}",
    ]
    if inputs.multiple or say_multiple:
        parts.append(f"multiple: {_flag(inputs.multiple)}")
    return f"{quoted(entry.name)}: {{{', '.join(parts)}}}"


def scalar(text: str) -> str:
    """Return text on one line: as it is where all readers agree, else in quotes."""
    return text if _is_plain(text) else quoted(text)


def quoted(text: str) -> str:
    """Return text in double quotes; what nobody could see is written as an escape."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _text(text: str, indent: str) -> str:
    """Return the text of an input: over several lines if it has several and that is safe."""
    lines = text.split("\n")
    if len(lines) > 1 and all(map(_is_simple, lines)):
        return "|-\n" + "\n".join(indent + line for line in lines)
    return scalar(text)


def _is_plain(text: str) -> bool:
    return (
        unicodedata.category(text[:1] or " ")[0] in "LN"
        and text == text.strip()
        and "  " not in text
        and all(map(_is_plain_character, text))
        and Scalar(text, quoted=False, at=0).kind is Kind.TEXT
    )


def _is_plain_character(each: str) -> bool:
    return (
        each == " "
        or each in _PLAIN
        or (unicodedata.category(each)[0] in "LMN" and each.isprintable())
    )


def _is_simple(line: str) -> bool:
    return bool(line) and line == line.strip() and all(map(_is_visible, line))


def _is_visible(each: str) -> bool:
    # U+FEFF is the mark at the start of a file, wherever it stands.
    return (each.isprintable() or each in JOINERS) and each != "\ufeff"


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def _escaped(each: str) -> str:
    if each in _ESCAPES:
        return _ESCAPES[each]
    if _is_visible(each):
        return each
    code = ord(each)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _flag(value: bool) -> str:
    return "true" if value else "false"
