"""A manifest -> a Python program that declares the same links, laid out as formatters would."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from ..output.terminal import human_amount, show
from .entries import Entry, Manifest

WIDTH = 100
_INDENT = "    "


def program(manifest: Manifest) -> str:
    """Return the source text of a program with the links of a manifest, in their order."""
    files = ", ".join(show(each, longest=1000) for each in manifest.files)
    head = (
        f"# Made by `omise-links generate` from {files}.\n\nfrom pulumi_omise_links import Link\n"
    )
    return "\n".join([head, *map(_link, manifest.entries)])


def _link(entry: Entry) -> str:
    inputs = entry.inputs
    amount = human_amount(inputs.amount, inputs.currency)
    lines = [
        f"{_literal(entry.name)},",
        *_argument("title", inputs.title),
        *_argument("description", inputs.description),
        f"amount={inputs.amount:_},  # {amount}",
        *_argument("currency", inputs.currency),
    ]
    if inputs.multiple:
        lines.append("multiple=True,")
    if entry.id is not None:
        lines += _argument("adopt", entry.id)
    return "".join(["Link(\n", *(f"{_INDENT}{each}\n" for each in lines), ")\n"])


def _argument(name: str, text: str) -> list[str]:
    """Return an argument; a text too long for a line is cut between its words."""
    line = f"{name}={_literal(text)},"
    if _columns(_INDENT + line) <= WIDTH:
        return [line]
    pieces = list(_pieces(text, WIDTH - 2 * len(_INDENT)))
    if len(pieces) == 1:
        return [line]
    return [f"{name}=(", *(f"{_INDENT}{_literal(each)}" for each in pieces), "),"]


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
    for at, each in enumerate(text, 1):
        if each in " \n":
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
    return quote + "".join(escaped.get(each) or repr(each)[1:-1] for each in text) + quote


def _columns(text: str) -> int:
    """Return how wide a text is; letters of East Asia take two columns, marks none."""
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1
        for each in text
    )
