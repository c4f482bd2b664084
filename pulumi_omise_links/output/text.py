"""A result as lines of plain text, for pipes, files and logs: never cut, never coloured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .result import Account, Result, Row

INDENT = " " * 10


def write_text(result: Result) -> str:
    """Return aligned rows with their reasons below, then sections, notes and the ending.

    Folded sections are left out.
    """
    lines = [*map(describe_account, result.accounts), *_lines(result.rows)]
    for section in result.sections:
        if not section.folded:
            lines += [f"{section.heading}:", *_lines(section.rows)]
    return "\n".join([*lines, *closing(result)])


def describe_account(account: Account) -> str:
    """Return ``Account account_test_5x (TH, test mode), read with the key in …``."""
    where = f"Account {account.id}" if account.id else "An account that its key may not name"
    facts = ", ".join(filter(None, [account.country, f"{account.mode} mode"]))
    merchant = f", sub-merchant {account.sub_merchant}" if account.sub_merchant else ""
    return f"{where} ({facts}){merchant}, read with the key in {account.key_source}."


def closing(result: Result) -> list[str]:
    """Return what stands below the rows."""
    return [sentence for sentence in (result.alert, *result.notes, result.ending) if sentence]


def _lines(rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        return
    from rich.cells import cell_len  # noqa: PLC0415  (only for commands with rows)

    widths = [
        max(map(cell_len, column)) for column in zip(*(row.cells for row in rows), strict=True)
    ]
    for row in rows:
        padded = [
            cell + " " * (width - cell_len(cell))
            for cell, width in zip(row.cells, widths, strict=True)
        ]
        yield "  ".join(padded).rstrip()
        for reason in row.reasons:
            yield f"{INDENT}{reason}"
