"""What people read: numbers with their nouns, and the inputs of a link."""

from __future__ import annotations

import pytest

from pulumi_omise_links.omise.models import LinkInputs
from pulumi_omise_links.omise.transport import RequestStats
from pulumi_omise_links.safe_text import format_amount, format_input, format_stats, pluralize


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [
        (0, "problem", "no problems"),
        (1, "problem", "1 problem"),
        (1_200, "new link", "1,200 new links"),
        (0, "entry", "no entries"),
        (1, "entry", "1 entry"),
        (2, "entry", "2 entries"),
        (2, "day", "2 days"),
    ],
)
def test_a_number_and_its_noun(number: int, noun: str, text: str) -> None:
    """One, none, or many; those in -y as well."""
    assert pluralize(number, noun) == text


def test_what_it_cost() -> None:
    """Here none is a number too."""
    assert format_stats(RequestStats(1, 0, 1_200)) == "1 request, 0 retries, 1,200 writes."
    assert format_stats(RequestStats(0, 1, 1)) == "0 requests, 1 retry, 1 write."


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("amount", "150000 (THB 1,500.00)"),
        ("currency", '"thb"'),
        ("title", '"Spring\\u202e"'),
        ("description", f'"{"x" * 59}…"'),
        ("multiple", "true"),
    ],
)
def test_an_input_of_a_link(name: str, text: str) -> None:
    """As people read it, harmless to a terminal, and not too long."""
    inputs = LinkInputs(
        amount=150_000, currency="thb", title="Spring\u202e", description="x" * 61, multiple=True
    )

    assert format_input(inputs, name) == text


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (150_000, "THB", "THB 1,500.00"),
        (5, "thb", "THB 0.05"),
        (1500, "JPY", "JPY 1,500"),
        (-150, "USD", "USD -1.50"),
        (1, "\x1b[", "\\x1b[ 0.01"),
    ],
)
def test_amounts_are_shown_as_people_write_them(amount: int, currency: str, shown: str) -> None:
    """The smallest unit becomes the usual one; the yen has none smaller."""
    assert format_amount(amount, currency) == shown
