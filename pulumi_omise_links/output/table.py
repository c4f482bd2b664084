"""A result as a table for a person at a terminal: coloured, and as wide as the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from rich.cells import cell_len
from rich.console import Console, OverflowMethod
from rich.table import Table
from rich.text import Text

from .result import Column, Result, Row, Tone
from .text import closing, describe_account

_STYLES: dict[Tone, str] = {
    "plain": "",
    "done": "dim",
    "ready": "green",
    "new": "cyan",
    "problem": "red",
}
_GAP = 2
_INDENT = 4 * " "
# Less of a title or an amount tells nothing.
_LEAST_OF_A_COLUMN = 12


def write_table(result: Result, console: Console | None = None) -> str:
    """Return the rows as a table, each with its reasons below, then notes and the ending.

    :param console: the terminal; its width and its colours count.
    """
    console = console or Console()
    with console.capture() as captured:
        for account in result.accounts:
            _print_sentence(console, describe_account(account))
        if result.rows:
            _print_rows(console, result.columns, result.rows)
        for section in result.sections:
            if not section.folded:
                console.print(Text(f"{section.heading}:", style="bold"), soft_wrap=True)
                _print_rows(console, section.columns, section.rows)
        for sentence in closing(result):
            _print_sentence(console, sentence)
    return captured.get().removesuffix("\n")


def _print_sentence(console: Console, sentence: str, indent: str = "") -> None:
    """Print it with line breaks between words; a longer word, such as a URN, can be copied."""
    for line in sentence.splitlines():
        parts = wrap(
            line,
            console.width,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        console.print(Text("\n".join(parts)), soft_wrap=True)


def _print_rows(console: Console, columns: Sequence[Column], rows: Sequence[Row]) -> None:
    widths = _fit(columns, rows, console.width)
    _print_line(console, columns, [column.heading for column in columns], widths, "bold")
    for row in rows:
        _print_line(console, columns, row.cells, widths, _STYLES[row.tone])
        for reason in row.reasons:
            _print_sentence(console, reason, _INDENT)


def _print_line(
    console: Console,
    columns: Sequence[Column],
    cells: Sequence[str],
    widths: Sequence[int],
    style: str,
) -> None:
    """Print one row. It is a table of its own, so that sentences can stand between two rows."""
    line = Table.grid(padding=(0, _GAP, 0, 0), pad_edge=False)
    shown = []
    for column, cell, width in zip(columns, cells, widths, strict=True):
        if width:
            one_line = column.narrow == "optional"
            overflow: OverflowMethod = "ellipsis" if one_line else "fold"
            line.add_column(width=width, overflow=overflow, no_wrap=one_line)
            shown.append(Text(cell, style=style))
    line.add_row(*shown)
    console.print(line)


def _fit(columns: Sequence[Column], rows: Sequence[Row], available: int) -> list[int]:
    """Return the width of each column; 0 for one that is left out."""
    cells = zip(*(row.cells for row in rows), strict=True)
    natural = [
        max(cell_len(text) for text in (column.heading, *texts))
        for column, texts in zip(columns, cells, strict=True)
    ]
    widths = [
        0 if column.narrow == "optional" else width
        for column, width in zip(columns, natural, strict=True)
    ]
    missing = _total(widths) - available
    for index, column in enumerate(columns):
        if missing > 0 and column.narrow == "fold":
            narrower = max(_LEAST_OF_A_COLUMN, widths[index] - missing)
            missing -= max(0, widths[index] - narrower)
            widths[index] = min(widths[index], narrower)
    for index, column in enumerate(columns):
        left = available - _total(widths) - _GAP
        if column.narrow == "optional" and (left >= natural[index] or left >= _LEAST_OF_A_COLUMN):
            widths[index] = min(natural[index], left)
    return widths


def _total(widths: Sequence[int]) -> int:
    shown = [width for width in widths if width]
    return sum(shown) + _GAP * (len(shown) - 1)
