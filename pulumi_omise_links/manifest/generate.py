"""A manifest -> a Python program that declares the same links, laid out as formatters would."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from ..inputs import INPUTS
from ..safe_text import escape_path, format_amount
from .entries import Entry, Manifest

WIDTH = 100
_INDENT = "    "


def program(manifest: Manifest) -> str:
    """Return the source text of a program with the links of a manifest, in their order."""
    files = ", ".join(escape_path(file) for file in manifest.files)
    owners = _owners(manifest.entries)
    head = f"# Made by `omise-links generate` from {files}.\n\n"
    if owners:
        head += "import pulumi\n\n"
    head += "from pulumi_omise_links import Link\n"
    if owners:
        head += "\n# In these stacks links are adopted and protected; any other makes its own.\n"
        head += "".join(
            f"{name} = pulumi.get_stack() in {_list(stacks)}\n" for stacks, name in owners.items()
        )
    return "\n".join(
        [head, *(_link(entry, owners.get(entry.stacks)) for entry in manifest.entries)]
    )


def _owners(entries: Iterable[Entry]) -> dict[tuple[str, ...], str]:
    """Return the variables that say whether the stack is one of a manifest, by its stacks."""
    several = dict.fromkeys(entry.stacks for entry in entries if entry.stacks)
    return {stacks: f"owner_{n}" if n > 1 else "owner" for n, stacks in enumerate(several, 1)}


def _link(entry: Entry, owner: str | None) -> str:
    lines = [f"{_literal(entry.name)},"]
    for known in INPUTS:
        value = getattr(entry.inputs, known.name)
        if value == known.default:
            continue
        if isinstance(value, str):
            lines += _argument(known.name, value)
        elif known.name == "amount":
            amount = format_amount(entry.inputs.amount, entry.inputs.currency)
            lines.append(f"amount={value:_},  # {amount}")
        else:
            lines.append(f"{known.name}={value!r},")
    if entry.id is not None:
        adopt = _literal(entry.id)
        lines.append(f"adopt={adopt} if {owner} else None," if owner else f"adopt={adopt},")
    if owner:
        lines.append(f"opts=pulumi.ResourceOptions(protect={owner} or None),")
    return "".join(["Link(\n", *(f"{_INDENT}{line}\n" for line in lines), ")\n"])


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_literal, texts))}]"


def _argument(name: str, text: str) -> list[str]:
    """Return an argument; a text too long for a line is cut between its words."""
    line = f"{name}={_literal(text)},"
    if _columns(_INDENT + line) <= WIDTH:
        return [line]
    pieces = list(_pieces(text, WIDTH - 2 * len(_INDENT)))
    if len(pieces) == 1:
        return [line]
    return [f"{name}=(", *(f"{_INDENT}{_literal(piece)}" for piece in pieces), "),"]


def _pieces(text: str, width: int) -> Iterator[str]:
    """Cut a text after line breaks and between words, so that each piece fits if it can."""
    piece = ""
    for word in _words(text):
        if piece and (piece.endswith("\n") or _columns(_literal(piece + word)) > width):
            yield piece
            piece = ""
        piece += word
    if piece:
        yield piece


def _words(text: str) -> Iterable[str]:
    """Split a text after each space or line break; nothing of it is lost."""
    start = 0
    for at, character in enumerate(text, 1):
        if character in " \n":
            yield text[start:at]
            start = at
    if start < len(text):
        yield text[start:]


def _literal(text: str) -> str:
    """Return a string literal with the quotes that need fewer escapes, double ones if in doubt.

    What nobody could see is written as an escape.
    """
    quote = "'" if text.count('"') > text.count("'") else '"'
    escaped = {"'": "'", '"': '"', quote: f"\\{quote}"}
    return quote + "".join(escaped.get(letter) or repr(letter)[1:-1] for letter in text) + quote


def _columns(text: str) -> int:
    """Return how wide a text is; letters of East Asia take two columns, marks none."""
    return sum(
        0
        if unicodedata.combining(letter)
        else 2
        if unicodedata.east_asian_width(letter) in "WF"
        else 1
        for letter in text
    )
