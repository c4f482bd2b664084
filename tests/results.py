"""A result of a command with two rows, for the writers of all formats."""

from __future__ import annotations

from pulumi_omise_links.omise.transport import RequestStats
from pulumi_omise_links.output import Account, Column, Result, Row

ID = "link_test_5xabcdefghijklmnopq"
COLUMNS = (
    Column("action"),
    Column("name", narrow="fold"),
    Column("link"),
    Column("amount", narrow="optional"),
    Column("title", narrow="optional"),
)


def make_result(name: str = "spring-sale", title: str = "Spring sale", **changes: object) -> Result:
    fields: dict[str, object] = {
        "summary": {"import": 1, "blocked": 1},
        "accounts": [
            Account(id="account_1", country="TH", live=False, sub_merchant=None, key_source="KEY")
        ],
        "columns": COLUMNS,
        "rows": [
            Row(cells=("import", name, ID, "THB 1,500.00", title), tone="ready"),
            Row(
                cells=("blocked", "tea", "", "THB 50.00", "Tea"),
                reasons=["Nobody knows this link.", "It is paid."],
                tone="problem",
            ),
        ],
        "notes": ["A note."],
        "ending": "1 to import, 1 blocked.",
        "details": {"links": [{"name": name}]},
        "stats": RequestStats(2, 0, 0),
        **changes,
    }
    return Result(command="plan", **fields)  # type: ignore[arg-type]
