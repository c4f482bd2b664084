"""All links of an account: what is kept of each, and what that says about payments."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from client_setup import client_for
from samples import SPRING, make_link

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.inventory.account_links import (
    AccountLink,
    fits_title,
    read_account_links,
)
from pulumi_omise_links.omise.models import OmiseCharge
from pulumi_omise_links.stack.model import ManagedLink


def charge(day: int, *, paid: bool) -> OmiseCharge:
    return OmiseCharge(
        id=f"chrg_{day}",
        amount=1,
        currency="THB",
        status="",
        paid=paid,
        created_at=f"2026-01-{day:02}T00:00:00Z",
        raw={},
    )


def test_all_links_are_read_in_pages(omise: Emulator) -> None:
    """Oldest first, deleted and paid ones too, with one request per 100."""
    ids = omise.seed(250, title="T {n}")
    omise.delete(ids[7])
    omise.pay(ids[8])
    omise.pay(ids[9], paid=False)
    pages: list[tuple[int, int]] = []

    with client_for(omise) as client:
        account = read_account_links(client, on_page=lambda *counts: pages.append(counts))

    assert list(account.links) == ids
    assert [link.deleted for link in account.links.values()].index(True) == 7
    assert account.links[ids[7]].deleted_at
    assert (account.links[ids[8]].used, account.links[ids[8]].paid) == (True, 1)
    assert account.links[ids[8]].paid_at is not None
    assert (account.links[ids[9]].charges_total, account.links[ids[9]].paid) == (1, 0)
    assert pages == [(100, 250), (200, 250), (250, 250)]
    assert omise.journal.count("GET", "/links") == 3


def test_an_answer_that_cannot_be_read_is_named(omise: Emulator) -> None:
    """The other links are read."""
    bad, good = omise.seed(2)
    omise.fault("changed_items", changes={"amount": "much"})

    with client_for(omise) as client:
        account = read_account_links(client)

    assert list(account.links) == [good]
    assert [link.id for link in account.unreadable] == [bad]


@pytest.mark.parametrize(
    ("charges", "total", "used", "never"),
    [
        ([], 0, False, True),
        ([False, False], 2, False, True),
        ([False], 21, False, False),  # the twenty others are not shown
        ([True], 1, False, False),
        ([], 0, True, False),
    ],
)
def test_never_paid_is_said_only_on_proof(
    charges: list[bool], total: int, used: bool, never: bool
) -> None:
    """The number of charges counts those that failed, and Omise embeds no more than twenty."""
    embedded = tuple(charge(day, paid=paid) for day, paid in enumerate(charges, start=1))
    link = replace(make_link("link_test_1"), charges=embedded, charges_total=total, used=used)

    assert (AccountLink.of(link).payments.describe() == "never paid") is never


def test_an_answer_without_charges_is_no_proof() -> None:
    """An intermediary may cut the answer; the link may have been paid often."""
    link = replace(make_link("link_test_1"), charges_shown=False)

    assert AccountLink.of(link).payments.describe() == "whether it was paid is not known"


PAID = {"paid": 1, "paid_at": "2026-01-03T00:00:00Z", "charges_total": 1}


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({}, "never paid"),
        (PAID, "paid once on 3 January"),
        ({**PAID, "paid": 2}, "paid twice, last on 3 January"),
        (
            {**PAID, "paid": 20, "all_charges_seen": False},
            "paid at least 20 times, the last known one on 3 January",
        ),
        (
            {"used": True, "used_at": "2026-01-03T00:00:00Z"},
            "paid at least once, the last known one on 3 January",
        ),
        ({"charges_total": 31, "all_charges_seen": False}, "whether it was paid is not known"),
    ],
)
def test_payments_are_said_as_far_as_they_are_known(known: dict[str, Any], said: str) -> None:
    """Omise embeds twenty charges of a link; a used one was paid, whatever it shows."""
    payments = replace(AccountLink.of(make_link("link_test_1")), **known).payments

    assert payments.describe("3 January" if payments.last_at else "") == said


def test_the_latest_payment_counts() -> None:
    """Not the latest attempt."""
    charges = (charge(1, paid=True), charge(3, paid=True), charge(9, paid=False))
    link = AccountLink.of(replace(make_link("link_test_1"), charges=charges, charges_total=3))

    assert (link.paid, link.paid_at) == (2, "2026-01-03T00:00:00Z")


def test_what_a_state_holds_already_is_kept_once() -> None:
    """An account of 50,000 links beside their states fits into memory so; values are the same."""
    link = make_link("link_test_1")
    held = ManagedLink(urn="urn:a", id="link_test_1", whole=SPRING, created_at=link.created_at)

    kept, alone = AccountLink.of(link, held), AccountLink.of(link)

    assert kept == alone
    assert kept.inputs is SPRING
    assert AccountLink.of(replace(link, title="Other"), held).inputs.title == "Other"


@pytest.mark.parametrize(
    ("title", "pattern", "fits"),
    [
        ("Spring sale", "spring*", True),
        ("Spring sale", "Spring", False),
        ("Caf\u0065\u0301", "caf\u00e9", True),
        ("A [1]", "a [[]1]", True),
        ("ชา เย็น", "ชา*", True),
    ],
)
def test_titles_are_matched_whole_and_in_either_case(title: str, pattern: str, fits: bool) -> None:
    """As the filter of `discover` does."""
    assert fits_title(title, pattern) is fits
