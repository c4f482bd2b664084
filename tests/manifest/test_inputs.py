"""What Omise accepts for a link, as preview and manifests check it."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_omise_links.inputs import (
    CURRENCIES,
    GREATEST_NUMBER,
    INPUT_NAMES,
    INPUTS,
    LIMITS,
    LIMITS_SOURCE,
    LONGEST_TEXT_BYTES,
    OMISE_ATTRIBUTES,
    Checked,
    check_inputs,
    did_you_mean,
    is_live,
    other_mode,
)

GOOD: dict[str, object] = {
    "amount": 150_000,
    "currency": "THB",
    "title": "Spring sale",
    "description": "Two tickets",
    "multiple": True,
}


def problems(checked: Checked) -> dict[str, str]:
    found = {problem.name: problem.problem for problem in checked.problems}
    assert len(found) == len(checked.problems), "each input is blamed once"
    return found


def test_good_inputs_pass_unchanged() -> None:
    """What is right is sent as it was written."""
    checked = check_inputs(GOOD)

    assert checked.problems == []
    assert checked.inputs == GOOD


@pytest.mark.parametrize("name", [rule.name for rule in INPUTS if rule.required])
@pytest.mark.parametrize("given_as_none", [False, True])
def test_a_missing_input_is_named(name: str, given_as_none: bool) -> None:
    """An input that must be given and is not is named, with what it means; None is not given."""
    rest = {key: value for key, value in GOOD.items() if key != name}
    checked = check_inputs(rest | {name: None} if given_as_none else rest)

    assert list(problems(checked)) == [name]
    assert "is missing" in problems(checked)[name]
    assert name not in checked.inputs


@pytest.mark.parametrize("multiple", [None, ...])
def test_multiple_is_false_unless_given(multiple: object) -> None:
    """Without `multiple` a link can be paid once."""
    rest = {key: value for key, value in GOOD.items() if key != "multiple"}
    checked = check_inputs(rest if multiple is ... else rest | {"multiple": multiple})

    assert checked.problems == []
    assert checked.inputs["multiple"] is False


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("amount", 1500.5, "must be a whole number: it counts the smallest unit"),
        ("amount", "1500", "must be a whole number, not text"),
        ("amount", True, "must be a whole number, not true or false"),
        ("amount", [1500], "must be a whole number, not a list"),
        ("amount", {"thb": 1500}, "must be a whole number, not a mapping"),
        ("amount", math.nan, "must be a whole number"),
        ("amount", math.inf, "must be a whole number"),
        ("amount", -math.inf, "must be a whole number"),
        ("amount", GREATEST_NUMBER + 1, "is too large"),
        ("amount", 1e300, "is too large"),
        # Beyond what Python turns into text.
        pytest.param("amount", 10**5000, "is too large", id="huge"),
        pytest.param("amount", -(10**5000), "is too large", id="-huge"),
        ("amount", 0, "must be greater than zero"),
        ("amount", -1, "must be greater than zero"),
        ("currency", 764, "must be text, not a number"),
        ("currency", "", "must be a three-letter code such as THB"),
        ("currency", "THBX", "must be a three-letter code such as THB"),
        ("currency", "TH", "must be a three-letter code such as THB"),
        ("currency", " THB", "must be a three-letter code such as THB"),
        ("currency", "TH8", "must be a three-letter code such as THB"),
        ("currency", "฿฿฿", "must be a three-letter code such as THB"),
        # These become IDR and SGD in upper case.
        ("currency", "\u0131dr", "must be a three-letter code such as THB"),
        ("currency", "\u017fgd", "must be a three-letter code such as THB"),
        ("currency", "TBH", "is not one that Omise documents (did you mean 'THB'?)"),
        ("currency", "usf", "is not one that Omise documents (did you mean 'USD'?)"),
        ("currency", "XXX", "is not one that Omise documents (it takes AUD, CAD,"),
        ("title", 5, "must be text, not a number"),
        ("title", False, "must be text, not true or false"),
        ("title", "", "must not be blank"),
        ("title", " \t\r\n\u3000", "must not be blank"),
        ("title", "a\x00b", "must not hold control characters"),
        ("title", "\x1b[31mred", "must not hold control characters"),
        ("title", "a\x85b", "must not hold control characters"),
        ("title", "a\ud83d", "must be valid Unicode"),
        ("description", "x" * (LONGEST_TEXT_BYTES + 1), "is too long"),
        ("description", "ก" * (LONGEST_TEXT_BYTES // 3 + 1), "is too long"),
        ("description", None, "is missing"),
        ("description", b"bytes", "must be text, not a bytes"),
        ("multiple", "true", "must be true or false, not text"),
        ("multiple", 1, "must be true or false, not a number"),
        ("multiple", 0.0, "must be true or false, not a number"),
    ],
)
def test_a_wrong_value_is_a_sentence(name: str, value: object, problem: str) -> None:
    """Each wrong value is one problem that says what the input must be, and is not passed on."""
    found = problems(check_inputs(GOOD | {name: value}))

    assert list(found) == [name]
    assert found[name].startswith(problem)
    assert len(found[name]) < 400, "a long value does not make a long message"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", "สงกรานต์ 🎉"),
        ("title", "\u202eabc\u202c <b>&amp;</b> *x*"),
        ("description", "one\r\n\ttwo "),
        ("description", "x" * LONGEST_TEXT_BYTES),
        ("currency", "thb"),
        ("currency", "Thb"),
        ("amount", GREATEST_NUMBER),
        ("multiple", False),
    ],
)
def test_unusual_values_are_kept_whole(name: str, value: object) -> None:
    """Text in any script, line breaks, either case of a currency: accepted and never altered."""
    checked = check_inputs(GOOD | {name: value}, amount_limits=False)

    assert checked.problems == []
    assert checked.inputs[name] == value


def test_a_whole_number_may_arrive_as_a_double() -> None:
    """1500.0 is 1500: Pulumi carries every number as a double."""
    amount = check_inputs(GOOD | {"amount": 150_000.0}).inputs["amount"]

    assert amount == 150_000
    assert isinstance(amount, int)


@pytest.mark.parametrize("code", sorted(LIMITS))
def test_the_documented_limits(code: str) -> None:
    """The least and greatest documented charge pass; one beyond is refused, and the text helps."""
    limits = LIMITS[code]

    def problem(amount: int, **kw: Any) -> str | None:
        return problems(
            check_inputs(GOOD | {"currency": code.lower(), "amount": amount}, **kw)
        ).get("amount")

    assert problem(limits.least) is None
    assert problem(limits.greatest) is None
    for amount, bound in ((limits.least - 1, limits.least), (limits.greatest + 1, limits.greatest)):
        text = problem(amount)
        assert text is not None
        for part in (str(bound), code, limits.country, LIMITS_SOURCE, "omise:amountLimits"):
            assert part in text
        assert problem(amount, amount_limits=False) is None


def test_the_limits_are_those_of_the_documents() -> None:
    """The bounds are the four documented ones, in the smallest unit."""
    assert {code: (limits.least, limits.greatest) for code, limits in LIMITS.items()} == {
        "JPY": (100, 6_000_000),
        "MYR": (100, 10_000_000),
        "SGD": (100, 2_000_000),
        "THB": (2_000, 15_000_000),
    }


def test_other_currencies_have_no_limits() -> None:
    """A currency that is measured after conversion has no limit here but zero."""
    assert check_inputs(GOOD | {"currency": "USD", "amount": 1}).problems == []


def test_the_account_decides_which_currencies_there_are() -> None:
    """If the account's currencies are known they count, not the documented ones."""
    refused = problems(check_inputs(GOOD, supported_currencies=["JPY", "EUR"]))
    assert refused == {
        "currency": "is not supported by this Omise account, which takes EUR, JPY",
    }
    new = GOOD | {"currency": "vnd"}
    assert check_inputs(new, supported_currencies=["VND"]).problems == []
    assert problems(check_inputs(new))


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("descripton", "did you mean 'description'?"),
        ("Amount", "did you mean 'amount'?"),
        ("colour", "the inputs are title, description, amount, currency, multiple"),
        ("", "the inputs are title"),
    ],
)
def test_an_unknown_input_is_refused(name: str, hint: str) -> None:
    """A misspelt input is never dropped silently: the nearest name is offered, or all of them."""
    found = problems(check_inputs(GOOD | {name: "x"}))

    assert list(found) == [name]
    assert found[name].startswith("is not an input of a link")
    assert hint in found[name]


@pytest.mark.parametrize("name", OMISE_ATTRIBUTES)
def test_what_omise_sets_is_no_input(name: str) -> None:
    """Attributes that Omise sets are refused as inputs, and the text says why."""
    found = problems(check_inputs(GOOD | {name: None}))

    assert found == {name: "is set by Omise and cannot be an input"}


def test_names_that_may_stand_beside_the_inputs() -> None:
    """A name announced by the caller passes, and is offered for near misses."""
    assert check_inputs(GOOD | {"adopt": "link_test_1"}, also_known=("adopt",)).problems == []
    found = problems(check_inputs(GOOD | {"adpot": 1}, also_known=("adopt",)))
    assert "did you mean 'adopt'?" in found["adpot"]


@pytest.mark.parametrize("name", INPUT_NAMES)
def test_a_value_that_comes_later_is_let_through(name: str) -> None:
    """An input whose value is not known yet is not judged, and the others are."""
    given_ = GOOD | {name: object()}
    checked = check_inputs(given_, later={name})

    assert checked.problems == []
    assert name not in checked.inputs
    assert problems(check_inputs(given_ | {"nonsense": 1}, later={name})).keys() == {"nonsense"}


def test_an_amount_without_its_currency_is_only_checked_for_zero() -> None:
    """Which limit holds cannot be known while the currency is not; zero is wrong in any."""
    assert check_inputs(GOOD | {"amount": 1}, later={"currency"}).problems == []
    assert "amount" in problems(check_inputs(GOOD | {"amount": 0}, later={"currency"}))


def test_all_problems_come_at_once() -> None:
    """A resource with many problems is reported in one go."""
    found = problems(
        check_inputs({"amount": "5", "currency": "TBH", "title": " ", "descripton": "x"})
    )

    assert found.keys() == {"amount", "currency", "title", "description", "descripton"}


def test_did_you_mean_is_silent_without_a_near_miss() -> None:
    """A hint is given only where it helps."""
    assert did_you_mean("spring", ["spring-sale", "summer"]) == " (did you mean 'spring-sale'?)"
    assert did_you_mean("q", CURRENCIES) == ""


def test_the_id_tells_the_mode() -> None:
    """Only test ids say so; a key sees the links of its own mode alone."""
    assert is_live("link_5x1")
    assert not is_live("link_test_5x1")
    assert other_mode("link_5x1", True, "K") is None
    assert other_mode("link_test_5x1", False, "K") is None
    assert other_mode("link_5x1", False, "K") == (
        "Link link_5x1 is a live link, but the key in K is a test key."
    )
    assert other_mode("link_test_5x1", True, "K") == (
        "Link link_test_5x1 is a test link, but the key in K is a live key."
    )


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.characters(categories=["Cs", "Cc", "Zs"])
    | st.sampled_from(["THB", "thb", "JPY", "usd", "TBH", 2_000, 100.0, "Spring sale", True]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)
mappings = st.fixed_dictionaries(
    {}, optional=dict.fromkeys([*INPUT_NAMES, "titel", "payment_uri"], values)
) | st.dictionaries(st.text(), values, max_size=3)


@given(mappings, st.sets(st.sampled_from(INPUT_NAMES)), st.booleans())
def test_any_mapping_is_judged_without_an_exception(
    mapping: dict[str, object], later: set[str], amount_limits: bool
) -> None:
    """Whatever a program passes, the answer is a list of problems; every input is told or kept."""
    checked = check_inputs(mapping, later=later, amount_limits=amount_limits)

    blamed = problems(checked)
    for name in mapping:
        assert name in blamed or name in checked.inputs or name in later
    for name in INPUT_NAMES:
        assert name in blamed or name in checked.inputs or name in later
    for problem in blamed.values():
        assert "\n" not in problem


@given(mappings.map(lambda some: {**GOOD, **some}))
def test_accepted_inputs_are_stable(mapping: dict[str, object]) -> None:
    """What was accepted is accepted again as it is, and can be sent as JSON."""
    checked = check_inputs(mapping)

    if not checked.problems:
        again = check_inputs(checked.inputs)
        assert again.problems == []
        assert again.inputs == checked.inputs
        sent = json.loads(json.dumps(checked.inputs).encode())
        assert sent == checked.inputs
        assert {name: type(value) for name, value in checked.inputs.items()} == {
            rule.name: rule.type for rule in INPUTS
        }
