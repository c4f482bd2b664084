"""Entries -> the text of a manifest, which every reader of YAML takes for the same values."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from ..inputs import INPUTS
from ..omise.models import LinkInputs
from ..safe_text import JOINERS, format_amount
from .entries import ID, STACKS, VERSION
from .source import MOST_BYTES, MOST_VALUES
from .values import Kind, Scalar

INDENT = "  "
# Beside letters, marks, digits and single spaces; none of them means anything within a value.
_PLAIN = frozenset("-_.,;()/&+=$'’“”…–—。、・「」（）")


@dataclass(frozen=True)
class NewEntry:
    """What is to be written: a link that exists, under a name."""

    name: str
    id: str
    inputs: LinkInputs


def manifest_of(
    entries: Iterable[NewEntry], *, stacks: Collection[str] = (), schema: str | None = None
) -> str:
    """Return a whole manifest.

    :param stacks: the stacks for which its ids are; empty if for all.
    :param schema: the file that editors read the schema from, as seen from the manifest. It must
        be there, or the first thing that an editor shows is an error.
    """
    head = f"# yaml-language-server: $schema={schema}\n" if schema else ""
    return head + join_entries(map(entry_lines, entries), stacks=stacks)


def join_entries(lines: Iterable[str], *, stacks: Collection[str] = ()) -> str:
    """Return a whole manifest from the lines of its entries (``entry_lines``)."""
    head = f"version: {VERSION}\n"
    if stacks:
        head += f"{stacks_line(stacks)}\n"
    return f"{head}links:\n" + "\n".join(lines)


def stacks_line(stacks: Collection[str]) -> str:
    """Return the line that says for which stacks the ids are."""
    return f"{STACKS}: [{', '.join(map(scalar, stacks))}]"


def line_for_stack(stack: str) -> str:
    """Return that line for one stack.

    :param stack: its name, short or full (``organization/project/stack``).
    """
    return stacks_line([stack.rpartition("/")[2]])


def entry_lines(
    entry: NewEntry, *, above: str = INDENT, step: str = INDENT, always: Collection[str] = ()
) -> str:
    """Return the lines of one entry.

    :param above: the indentation of its name.
    :param step: how much further its inputs are indented.
    :param always: inputs to write even where they have their default, as the manifest may have
        another one.
    """
    inside = above + step
    lines = [f"{above}{scalar(entry.name)}:", f"{inside}{ID}: {entry.id}"]
    for name, value in _inputs(entry, always):
        written = _text(value, inside + step) if isinstance(value, str) else _word(value)
        if name == "amount":
            written += f"  # {format_amount(entry.inputs.amount, entry.inputs.currency)}"
        lines.append(f"{inside}{name}: {written}")
    return "\n".join(lines) + "\n"


def too_large(text: str, links: int) -> bool:
    """Whether a manifest is larger than any that is read."""
    values = links * 2 * (len(INPUTS) + 2) + 10
    return values > MOST_VALUES or len(text.encode()) > MOST_BYTES


def flow_entry(entry: NewEntry, *, always: Collection[str] = ()) -> str:
    """Return one entry as it stands between braces."""
    parts = [f"{ID}: {entry.id}"]
    for name, value in _inputs(entry, always):
        parts.append(f"{name}: {quoted(value) if isinstance(value, str) else _word(value)}")
    return f"{quoted(entry.name)}: {{{', '.join(parts)}}}"


def _inputs(entry: NewEntry, always: Collection[str]) -> Iterator[tuple[str, object]]:
    for known in INPUTS:
        value = getattr(entry.inputs, known.name)
        if known.required or value != known.default or known.name in always:
            yield known.name, value


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


def _is_plain_character(character: str) -> bool:
    return (
        character == " "
        or character in _PLAIN
        or (unicodedata.category(character)[0] in "LMN" and character.isprintable())
    )


def _is_simple(line: str) -> bool:
    return bool(line) and line == line.strip() and all(map(_is_visible, line))


def _is_visible(character: str) -> bool:
    # U+FEFF is the mark at the start of a file, wherever it stands.
    return (character.isprintable() or character in JOINERS) and character != "\ufeff"


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if _is_visible(character):
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
