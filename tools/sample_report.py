"""A report with a link of each kind, for the tests of pages and for their pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from pulumi_omise_links.inventory.payments import Payments
from pulumi_omise_links.reporting.model import (
    Change,
    Difference,
    Fate,
    Inputs,
    LinkChange,
    OtherResource,
    Report,
    ReportedLink,
    Status,
)


def make_link(name: str, title: str, description: str, **attributes: Any) -> ReportedLink:
    """Return a link that can be paid; ``amount``, ``currency`` and ``multiple`` are its inputs."""
    inputs = {"amount": 150_000, "currency": "THB", "multiple": True}
    inputs |= {key: attributes.pop(key) for key in inputs if key in attributes}
    suffix = f"6344k6rzgco9u{sum(name.encode()):06}"
    usual: dict[str, Any] = {
        "source": "shop/prod",
        "status": Status.PAYABLE,
        "id": f"link_test_{suffix}",
        "address": f"https://link.omise.co/{suffix.upper()}",
        "created_at": "2026-03-02T08:00:00Z",
        "payments": Payments(0),
    }
    known = {"title": title, "description": description, **inputs}
    return ReportedLink(name=name, inputs=Inputs(known=known), **{**usual, **attributes})


CONCERT = make_link(
    "spring-concert",
    "Spring concert",
    "Two tickets, front row",
    payments=Payments(12, last_at="2026-11-02T03:00:00Z"),
)
THAI = make_link("songkran", "เทศกาลดนตรีสงกรานต์ 🎶", "ตั๋วสองใบ พร้อมเครื่องดื่ม", amount=49_000)
JAPANESE = make_link(
    "sakura",
    "桜まつり 2027 🌸 特別席",
    "一席",
    amount=3_000,
    currency="JPY",
    protect=True,
    payments=Payments(20, exact=False, last_at="2026-11-20T03:00:00Z"),
)
ARABIC = make_link("gala", "حفلة الربيع (2027) — VIP!", "تذكرتان في الصف الأول.", amount=1_234_500)
USED = make_link(
    "table-7",
    "Table 7",
    "Dinner for four",
    multiple=False,
    status=Status.USED,
    used_at="2026-11-02T03:00:00Z",
    payments=Payments(1, last_at="2026-11-02T03:00:00Z"),
)
DELETED = make_link(
    "new-year",
    "New year's dinner",
    "Five courses",
    amount=490_000,
    status=Status.DELETED,
    deleted_at="2026-11-20T03:00:00Z",
)
PLANNED = make_link(
    "summer",
    'Summer <b>picnic</b> & "friends"',
    "One basket",
    source="shop/test",
    status=Status.PLANNED,
    id=None,
    address=None,
    created_at=None,
    payments=None,
)
UNCHECKED = make_link(
    "a-table-in-the-corner-with-a-view-of-the-river-and-of-the-stage",
    "A title that is as long as titles get, because somebody wanted all of the evening in it,"
    " with doors, drinks and the names of both bands",
    "One seat",
    source="shop/test",
    status=Status.UNCHECKED,
    payments=None,
)
STATES = Report(
    subject="shop/prod, shop/test",
    links=[CONCERT, THAI, JAPANESE, ARABIC, USED, DELETED, PLANNED, UNCHECKED],
    live=False,
    account="account_test_5g3zf0y3z2m8c4k1p7t",
    made_at="2026-11-27T02:10:00Z",
    commit="3f2a1bc9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3",
    zone=ZoneInfo("Asia/Bangkok"),
)
"""What stacks have, without a preview."""


def _plan(link: ReportedLink, step: Change, fate: Fate, *differences: Difference) -> ReportedLink:
    return replace(link, change=LinkChange(step=step, fate=fate, differences=differences))


PREVIEW = replace(
    STATES,
    is_preview=True,
    links=[
        _plan(
            CONCERT,
            Change.REPLACE,
            Fate.DIES,
            Difference("amount", "THB 1,500.00", "THB 1,600.00"),
            Difference("title", "Spring concert", "Spring concert 2027"),
        ),
        _plan(ARABIC, Change.DELETE, Fate.DIES),
        _plan(
            JAPANESE, Change.REPLACE, Fate.REFUSED, Difference("amount", "JPY 3,000", "JPY 3,500")
        ),
        _plan(PLANNED, Change.CREATE, Fate.COMES),
        THAI,
        USED,
        DELETED,
        UNCHECKED,
    ],
    others=[OtherResource(name="posters", type="aws:s3/bucket:Bucket", step="create")],
    unknowns=["Omise did not answer about one link, so whether it was paid is not known."],
)
"""What the next ``pulumi up`` changes."""


def make_large_report(count: int) -> Report:
    """Return a report of so many links that can be paid, each with an address of its own."""
    titles = [THAI, JAPANESE, ARABIC, CONCERT]
    links = [
        replace(
            titles[number % len(titles)],
            name=f"link-{number:05}",
            id=f"link_test_{number:019}",
            address=f"https://link.omise.co/{number:019}",
        )
        for number in range(count)
    ]
    return replace(STATES, links=links)
