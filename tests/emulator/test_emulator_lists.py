"""Lists of links and of charges: pages, order, time, totals."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from emulator.omise_client import Client, refused
from hypothesis import given
from hypothesis import strategies as st

from pulumi_omise_links.emulator import Emulator

NOON = 1_780_000_000.0  # 2026-05-28T20:26:40Z
COUNT = 23


@pytest.fixture(scope="module")
def stocked() -> Iterator[Emulator]:
    """Links one second apart, the last at noon; every fourth is deleted."""
    with Emulator(clock=lambda: NOON) as omise:
        for identity in omise.seed(COUNT, seconds_apart=1.0)[::4]:
            omise.delete(identity)
        yield omise


def test_a_list_echoes_what_was_asked_and_counts_everything(stocked: Emulator) -> None:
    """A list has the recorded attributes, in their order."""
    page = Client(stocked).page()
    assert list(page) == (
        ["object", "data", "limit", "offset", "total", "location", "order", "from", "to"]
    )
    assert {k: v for k, v in page.items() if k != "data"} == {
        "object": "list",
        "limit": 20,
        "offset": 0,
        "total": COUNT,
        "location": "/links",
        "order": "chronological",
        "from": "1970-01-01T00:00:00Z",
        "to": "2026-05-28T20:26:40Z",
    }
    assert [link["title"] for link in page["data"]] == [f"Link {n}" for n in range(1, 21)]


def test_deleted_links_are_listed_and_counted(stocked: Emulator) -> None:
    """Deleted links stay in lists and totals."""
    data = Client(stocked).page(limit=100)["data"]
    assert [link["deleted"] for link in data] == [n % 4 == 0 for n in range(COUNT)]


@given(
    limit=st.integers(1, 100),
    newest_first=st.booleans(),
    start=st.integers(-COUNT - 2, 2),
    end=st.integers(-COUNT - 2, 2),
)
def test_pages_in_both_orders_partition_what_lies_in_the_time(
    stocked: Emulator, limit: int, newest_first: bool, start: int, end: int
) -> None:
    """Reading page by page gives each link of the time once, in either order."""
    api = Client(stocked)
    asked: dict[str, Any] = {
        "limit": limit,
        "order": "reverse_chronological" if newest_first else "chronological",
        "from": moment(NOON + start),
        "to": moment(NOON + end),
    }
    titles: list[str] = []
    while True:
        page = api.page(offset=len(titles), **asked)
        assert (page["from"], page["to"]) == (asked["from"], asked["to"])
        titles += [link["title"] for link in page["data"]]
        if len(titles) >= page["total"] or not page["data"]:
            break
    expected = [n for n in range(1, COUNT + 1) if start <= n - COUNT <= end]
    assert titles == [f"Link {n}" for n in (expected[::-1] if newest_first else expected)]
    assert page["total"] == len(expected)


def moment(seconds: float) -> str:

    at = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    "options",
    [
        {"params": {"limit": "3", "offset": "2"}},
        {"data": {"limit": "3", "offset": "2"}},
        {"json": {"limit": 3, "offset": 2}},
    ],
)
def test_paging_may_come_in_the_query_or_as_a_form_or_json_body(
    stocked: Emulator, options: dict[str, Any]
) -> None:
    """Paging works wherever a client puts it."""
    page = Client(stocked).send("GET", "/links/", **options).json()
    assert [link["title"] for link in page["data"]] == ["Link 3", "Link 4", "Link 5"]


@pytest.mark.parametrize(
    "written", ["2026-05-29T03:26:30+07:00", "2026-05-28T20:26:30Z", "2026-05-28 20:26:30"]
)
def test_times_may_name_an_offset(stocked: Emulator, written: str) -> None:
    """A time with an offset is the same moment in UTC."""
    page = Client(stocked).page(**{"from": written})
    assert (page["total"], page["from"]) == (11, "2026-05-28T20:26:30Z")


def test_a_date_is_its_first_second(stocked: Emulator) -> None:
    """A date without a time means midnight UTC."""
    assert Client(stocked).page(to="2026-05-28")["total"] == 0
    assert Client(stocked).page(**{"from": "2026-05-28"})["total"] == COUNT


def test_times_far_from_now_are_harmless(stocked: Emulator) -> None:
    """Years 1 and 9999 are no failure."""
    api = Client(stocked)
    asked = {"from": "0001-01-01", "to": "9999-12-31"}
    page = api.page(**asked)
    assert (page["total"], page["from"]) == (COUNT, "0001-01-01T00:00:00Z")
    assert api.page(to="1969-12-31")["total"] == 0
    assert refused(api.get("/links", to="0001-01-01T00:00:00+09:00"))[:2] == (400, "bad_request")


def test_totals_stay_right_while_links_come_and_go(omise: Emulator) -> None:
    """A total is never out of date."""
    api = Client(omise)
    assert api.page()["total"] == 0
    first = api.create()
    assert api.page()["total"] == 1
    omise.seed(150)
    assert api.page()["total"] == 151
    omise.erase(first["id"])
    assert api.page(to=moment(0))["total"] == 0
    assert api.page()["total"] == 150
    omise.reset()
    assert api.page()["total"] == 0


def test_charges_of_a_link_are_a_list_of_their_own(omise: Emulator) -> None:
    """Charges can be read page by page; the link shows the 20 newest."""
    api = Client(omise)
    link = api.create(multiple=True)
    paid = [omise.pay(link["id"]) for _ in range(25)]
    path = f"/links/{link['id']}/charges"
    page = api.page(path, limit=10, offset=20)
    assert (page["total"], page["location"], page["order"]) == (25, path, "chronological")
    assert [link["id"] for link in page["data"]] == paid[20:]
    newest = api.page(path, limit=2, order="reverse_chronological")["data"]
    assert [link["id"] for link in newest] == paid[:-3:-1]
    embedded = api.page()["data"][0]["charges"]
    assert (embedded["total"], len(embedded["data"])) == (25, 20)
    assert embedded["data"][0]["id"] == paid[-1]


def test_the_last_page_of_a_large_account(omise: Emulator) -> None:
    """A page at the end of 5,000 links has what is left, and the total."""
    omise.seed(5_000)
    page = Client(omise).page(limit=100, offset=4_950)
    assert (page["total"], len(page["data"])) == (5_000, 50)
    assert page["data"][-1]["title"] == "Link 5000"
