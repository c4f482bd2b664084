"""A result as lines of plain text, for pipes, files and logs: never cut, never coloured."""

from __future__ import annotations

from collections.abc import Iterator

from .result import Account, Result

INDENT = " " * 10


def write_text(result: Result) -> str:
    """Return aligned rows with their reasons below, then notes and the ending."""
    return "\n".join([*map(describe_account, result.accounts), *_rows(result), *closing(result)])


def describe_account(account: Account) -> str:
    """Return ``Account account_test_5x (TH, test mode), read with the key in …``."""
    where = f"Account {account.id}" if account.id else "An account that its key may not name"
    facts = ", ".join(filter(None, [account.country, f"{account.mode} mode"]))
    merchant = f", sub-merchant {account.sub_merchant}" if account.sub_merchant else ""
    return f"{where} ({facts}){merchant}, read with the key in {account.key_source}."


def closing(result: Result) -> list[str]:
    """Return what stands below the rows."""
    return [*result.notes, *([result.ending] if result.ending else [])]


def _rows(result: Result) -> Iterator[str]:
    if not result.rows:
        return
    from rich.cells import cell_len  # noqa: PLC0415  (only for commands with rows)

    widths = [
        max(map(cell_len, column))
        for column in zip(*(row.cells for row in result.rows), strict=True)
    ]
    for row in result.rows:
        padded = [
            cell + " " * (width - cell_len(cell))
            for cell, width in zip(row.cells, widths, strict=True)
        ]
        yield "  ".join(padded).rstrip()
        for reason in row.reasons:
            yield f"{INDENT}{reason}"
