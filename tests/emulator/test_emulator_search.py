"""`GET /search` with the scope `link`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from emulator.omise_client import Client, refused

from pulumi_omise_links.emulator import Emulator

NOON = 1_780_000_000.0  # Thursday, 2026-05-28T20:26:40Z
DAY = 86_400
KEYS = [
    *("object", "export", "data", "page", "per_page", "total", "total_pages", "filters"),
    *("location", "order", "query", "scope", "aggregate_level"),
]
OLD_KEYS = [
    *("object", "order", "scope", "query", "filters", "page", "per_page", "location"),
    *("total_pages", "total", "data"),
]


@pytest.fixture(scope="module")
def stocked() -> Iterator[Emulator]:
    """Four links: made last month, last week, yesterday and today; the oldest is paid today."""
    clock = [0.0]
    with Emulator(clock=lambda: clock[0]) as omise:
        made: tuple[tuple[int, dict[str, Any]], ...] = (
            (30, {"title": "Spring ball", "amount": 150_000}),
            (7, {"title": "Table", "description": "For the BALL", "amount": 150_050}),
            (1, {"title": "Tea", "amount": 1_500, "currency": "JPY", "multiple": True}),
            (0, {"title": "Dinner", "amount": 490_000}),
        )
        for days, inputs in made:
            clock[0] = NOON - days * DAY
            omise.seed(1, **inputs)
        omise.pay(omise.links()[0]["id"])
        yield omise


def titles(omise: Emulator, **given: Any) -> list[str]:
    """The titles that a search finds, in its order."""
    page = Client(omise).page("/search", scope="link", **given)
    assert page["total"] == len(page["data"])
    return [link["title"] for link in page["data"]]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, ["Dinner", "Tea", "Table", "Spring ball"]),
        ({"order": "chronological"}, ["Spring ball", "Table", "Tea", "Dinner"]),
        ({"query": "ball"}, ["Table", "Spring ball"]),
        ({"query": "ball", "filters[used]": "true"}, ["Spring ball"]),
        ({"filters[used]": "no"}, ["Dinner", "Tea", "Table"]),
        ({"filters[multiple]": "on"}, ["Tea"]),
        ({"filters[amount]": "1500"}, ["Tea", "Spring ball"]),
        ({"filters[amount]": "1500..1500.50"}, ["Tea", "Table", "Spring ball"]),
        ({"filters[amount]": "1500", "filters[currency]": "thb"}, ["Spring ball"]),
        ({"filters[created]": "2026-05-28"}, ["Dinner"]),
        ({"filters[created]": "2026/05/21..2026/05/27"}, ["Tea", "Table"]),
        ({"filters[created]": "2026-05-28T20:26:40Z"}, ["Dinner"]),
        ({"filters[created]": "today"}, ["Dinner"]),
        ({"filters[created]": "yesterday"}, ["Tea"]),
        ({"filters[created]": "this_week"}, ["Dinner", "Tea"]),
        ({"filters[created]": "last_week"}, ["Table"]),
        ({"filters[created]": "this_month"}, ["Dinner", "Tea", "Table"]),
        ({"filters[created]": "last_month"}, ["Spring ball"]),
        ({"filters[used_at]": "today"}, ["Spring ball"]),
    ],
)
def test_text_and_filters_narrow_a_search(
    stocked: Emulator, given: dict[str, str], found: list[str]
) -> None:
    """Text, booleans in words, amounts in main units, ranges and days find what they name."""
    assert titles(stocked, **given) == found


def test_a_json_body_may_hold_the_filters(stocked: Emulator) -> None:
    """Filters of a JSON object work as those of a form, and are echoed as they came."""
    body = {"scope": "link", "filters": {"used": True}}
    page = Client(stocked).send("GET", "/search", json=body).json()
    assert [link["title"] for link in page["data"]] == ["Spring ball"]
    assert page["filters"] == {"used": True}


@pytest.mark.parametrize(("version", "keys"), [("2019-05-29", KEYS), ("2015-11-17", OLD_KEYS)])
def test_a_search_has_the_recorded_attributes_in_their_order(
    stocked: Emulator, version: str, keys: list[str]
) -> None:
    """A hit is a whole link with its charges; names and order are those of the recordings."""
    api = Client(stocked, version=version)
    page = api.page("/search", scope="link", query="spring", **{"filters[used]": "true"})
    assert list(page) == keys
    expected = {
        "object": "search", "page": 1, "per_page": 30, "total": 1, "total_pages": 1,
        "filters": {"used": "true"}, "location": "/search", "order": "reverse_chronological",
        "query": "spring", "scope": "link",
    }  # fmt: skip
    assert {name: page[name] for name in expected} == expected
    (link,) = page["data"]
    assert link["charges"]["total"] == 1
    empty = api.page("/search", scope="link", query="nothing")
    assert (empty["data"], empty["total"], empty["total_pages"]) == ([], 0, 0)


def test_pages_are_numbered(stocked: Emulator) -> None:
    """`page` and `per_page` cut what was found; a page past the end is empty."""
    api = Client(stocked)
    seen = []
    for number in (1, 2, 3):
        page = api.page("/search", scope="link", page=number, per_page=3)
        assert (page["page"], page["per_page"], page["total_pages"]) == (number, 3, 2)
        seen.append([link["title"] for link in page["data"]])
    assert seen == [["Dinner", "Tea", "Table"], ["Spring ball"], []]


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ({}, "invalid_scope", "scope is invalid"),
        ({"scope": "shoe"}, "invalid_scope", "scope is invalid"),
        ({"scope": "link", "page": "0"}, "invalid_page", "page is invalid"),
        ({"scope": "link", "per_page": "many"}, "invalid_per_page", "per_page is invalid"),
        ({"scope": "link", "order": "up"}, "bad_request", "order is invalid"),
        ({"scope": "link", "filters": "used"}, "invalid_filter", "filters is invalid"),
        (
            {"scope": "link", "filters[colour]": "red"},
            "invalid_filter",
            "filter colour is not supported",
        ),
        ({"scope": "link", "filters[used]": "perhaps"}, "invalid_filter", "filter used is invalid"),
        ({"scope": "link", "filters[amount]": "NaN"}, "invalid_filter", "filter amount is invalid"),
        ({"scope": "link", "filters[amount]": "1.."}, "invalid_filter", "filter amount is invalid"),
        (
            {"scope": "link", "filters[created]": "someday"},
            "invalid_filter",
            "filter created is invalid",
        ),
    ],
)
def test_a_search_that_cannot_be_read_is_refused(
    stocked: Emulator, given: dict[str, str], code: str, message: str
) -> None:
    """A parameter or filter that means nothing is refused by the code that Omise documents."""
    status = 400 if code == "bad_request" else 422
    assert refused(Client(stocked).get("/search", **given)) == (status, code, message)


def test_accounts_modes_and_sub_merchants_are_searched_apart(omise: Emulator) -> None:
    """A search finds links of its own account, mode and sub-merchant only."""
    omise.seed(title="own")
    omise.seed(title="live", live=True)
    omise.seed(title="team", sub_merchant="team_a")
    omise.seed(title="other", account="sg")
    assert titles(omise) == ["own"]
