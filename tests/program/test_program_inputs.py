"""What a program may give to a link, and what is refused before Pulumi changes it on the way."""

from __future__ import annotations

import datetime
import string
from collections.abc import Callable
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_omise_links.errors import ArgumentError
from pulumi_omise_links.inputs import GREATEST_NUMBER, check_inputs
from pulumi_omise_links.program_inputs import prepare_inputs

TEXTS = ("title", "description", "currency", "adopt")


class Int64:
    """A number of another library, such as ``numpy.int64``: no int, but a whole number."""

    def __init__(self, value: int) -> None:
        self._value = value

    def __index__(self) -> int:
        return self._value


class Bool:
    """A flag of another library, such as ``numpy.bool_``."""


class Price(IntEnum):
    ENTRY = 12_000


class Currency(str, Enum):
    THB = "THB"


class Text(str):
    """Text of another library, such as ``numpy.str_``."""

    __slots__ = ()

    def __str__(self) -> str:
        return "something else"


class Ticket(pulumi.Resource):
    """A resource, as far as a text is concerned."""

    def __init__(self) -> None:
        """Register nothing."""


def output() -> pulumi.Output[str]:
    return pulumi.Output.from_input("link_test_1")


def prepared(name: str, value: object) -> Any:
    return prepare_inputs("spring", {name: value})[name]


def refusal(name: str, value: object) -> str:
    with pytest.raises(ArgumentError) as refused:
        prepare_inputs("spring", {name: value})
    text = str(refused.value)
    assert text.startswith(f"Link 'spring': {name} ")
    return text


@pytest.mark.parametrize("value", [4900, Int64(4900), Price(12_000), GREATEST_NUMBER, -1, 0])
def test_an_amount_of_any_integer_type_is_taken(value: Any) -> None:
    """It arrives as an int, whichever library it is from."""
    taken = prepared("amount", value)

    assert type(taken) is int
    assert taken == value.__index__()


@pytest.mark.parametrize(
    "value",
    [4900.00, 49.5, float("nan"), Decimal("1500.00") * 100, Decimal(4900), Fraction(150_000), 1j],
)
def test_an_amount_of_another_number_type_is_refused(value: object) -> None:
    """4900.00 may mean 4,900.00 baht or 49.00: the amount is never guessed, and the sentence says
    what an amount counts and what to write."""
    text = refusal("amount", value)

    assert "integers in the smallest unit" in text
    assert "int(" in text


@given(st.floats() | st.decimals() | st.fractions())
def test_no_number_but_an_integer_is_an_amount(value: object) -> None:
    """Whole or not, finite or not: one sentence."""
    assert "\n" not in refusal("amount", value)


@given(st.integers())
def test_every_integer_is_carried_unchanged_or_refused(value: int) -> None:
    """No integer is rounded on its way, and none ends in an error of the SDK."""
    for number in (value, value * 10**15, value * 10**400):
        if abs(number) > GREATEST_NUMBER:
            assert "is too large" in refusal("amount", number)
        else:
            taken = prepared("amount", number)
            assert taken == number == int(float(taken))


@pytest.mark.parametrize(
    "make",
    [
        lambda: f"Ticket {output()}",
        lambda: str(output()),
        lambda: f"{output()!r}",
        lambda: "%s" % output(),  # noqa: UP031  (one of the ways)
        lambda: "Ticket {}".format(output()),  # noqa: UP032  (one of the ways)
        lambda: str([output()]),
        lambda: str({"id": output()}),
        lambda: f"Ticket {Ticket()}",
        lambda: f"{Ticket()!r}",
        lambda: f"See {output().apply}",
        lambda: f"See {refusal}",
        lambda: f"See {object()}",
    ],
)
@pytest.mark.parametrize("name", TEXTS)
def test_an_object_in_a_text_is_refused(make: Callable[[], str], name: str) -> None:
    """Neither Pulumi's explanation of Output nor an address in memory reaches a payment page: with
    an address every run would replace the link."""
    text = refusal(name, make())

    assert "pulumi.Output.concat(" in text
    assert ".apply(" in text
    assert "0x" not in text


@given(st.text(alphabet=string.printable + "้é🎉\u202e") | st.sampled_from(["<at 0x>", "a at 0x7f"]))
def test_every_other_text_is_carried_unchanged(value: str) -> None:
    """Markup, direction marks, braces: what is written is what arrives."""
    for text in (value, Text(value)):
        taken = prepared("title", text)
        assert type(taken) is str
        assert taken == value


def test_members_of_enums_are_their_values() -> None:
    """A list of currencies or prices that a program keeps as an Enum can be used as it is."""
    assert type(prepared("currency", Currency.THB)) is str
    assert prepared("currency", Currency.THB) == "THB"
    assert type(prepared("amount", Price.ENTRY)) is int


@pytest.mark.parametrize("name", [*TEXTS, "amount", "multiple", "colour"])
@pytest.mark.parametrize(
    "value",
    [
        datetime.date(2026, 1, 31),
        b"Ticket",
        ["Ticket"],
        {"a": 1},
        object(),
        Bool(),
        Ticket(),
        output,
        "half of a pair: \ud83c",
    ],
)
def test_what_pulumi_cannot_carry_is_refused_with_its_name(name: str, value: object) -> None:
    """One line names the link and the input, in place of a traceback of Pulumi's SDK."""
    text = refusal(name, value)

    assert "\n" not in text
    assert "0x" not in text


@pytest.mark.parametrize("value", [True, False, None, "yes", ""])
@pytest.mark.parametrize("name", ["amount", "title", "multiple", "colour"])
def test_what_pulumi_can_carry_is_left_to_the_preview(name: str, value: object) -> None:
    """The provider judges it, which names all faults of all links at once."""
    assert prepared(name, value) is value


def test_all_faults_of_a_link_are_named_at_once() -> None:
    """A line each."""
    with pytest.raises(ArgumentError) as refused:
        prepare_inputs("spring", {"amount": 1.0, "currency": "THB", "title": object()})

    first, second = str(refused.value).splitlines()
    assert first.startswith("Link 'spring': amount is a float.")
    assert second.startswith("Link 'spring': title must be text, not object")


@pytest.mark.parametrize(("value", "taken"), [(4900.0, 4900), (Int64(4900), 4900), (49.5, None)])
def test_a_number_out_of_an_output_is_judged_by_its_value(value: object, taken: int | None) -> None:
    """Pulumi makes a double of every number that comes from another resource."""
    seen: list[object] = []

    def program() -> object:
        resolved = prepare_inputs("spring", {"amount": pulumi.Output.from_input(value)})["amount"]
        return resolved.apply(seen.append)

    until_done: Any = pulumi.runtime.test
    until_done(program)()

    checked = check_inputs({"amount": seen[0], "currency": "THB", "title": "t", "description": "d"})
    assert checked.inputs.get("amount") == taken
    assert [problem.name for problem in checked.problems] == ([] if taken else ["amount"])
