"""What Omise answers, read into types: both shapes, and nothing by guessing."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from samples import ACCOUNT, CHARGE, LINK, PAGE

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.omise.models import (
    LinkInputs,
    OmiseAccount,
    OmiseCharge,
    OmiseLink,
    Page,
    Scope,
    UnreadableError,
)

KINDS: list[tuple[Any, dict[str, Any]]] = [
    (OmiseLink, LINK),
    (OmiseCharge, CHARGE),
    (OmiseAccount, ACCOUNT),
    (Page, PAGE),
]
REQUIRED = {
    OmiseLink: ["id", "amount", "currency", "title", "description", "multiple", "payment_uri"],
    OmiseCharge: ["id", "amount", "currency"],
    OmiseAccount: ["id"],
    Page: ["data", "total"],
}
DECIDING = {kind: ["object", *names] for kind, names in REQUIRED.items()}
DECIDING[OmiseLink] += ["created_at", "used", "deleted"]
ASKED = LinkInputs(
    amount=5, currency="JPY", title="asked title", description="asked description", multiple=False
)
PLACES = [(kind, good, name) for kind, good in KINDS for name in good if name != "location"]


def test_every_attribute_of_a_link() -> None:
    """Each attribute of a link arrives under its name and with its type."""
    link = OmiseLink.from_json(LINK)

    for name in LINK.keys() - {"charges"}:
        assert getattr(link, name) == LINK[name], name
    assert link.inputs == LinkInputs(
        amount=100_000, currency="THB", title="Order-384", description="New Product", multiple=True
    )
    (charge,) = link.charges
    assert (charge.id, charge.amount, charge.paid) == ("chrg_test_1", 150_000, True)
    assert charge.raw == CHARGE
    assert link.charges_total == 31


@pytest.mark.parametrize("charges", [None, [], {}, {"data": None, "total": 0}, "none"])
def test_charges_that_are_not_shown_are_not_none(charges: object) -> None:
    """Without a list of charges, nothing says that a link was never paid."""
    link = OmiseLink.from_json({**LINK, "charges": charges})

    assert (link.charges, link.charges_shown) == ((), False)
    assert OmiseLink.from_json(LINK).charges_shown


@pytest.mark.parametrize(("status", "paid"), [("successful", True), ("failed", False)])
def test_a_charge_without_a_flag_is_paid_by_its_status(status: str, paid: bool) -> None:
    """Nor does a charge without `paid` read as one that failed."""
    shape = {**CHARGE, "status": status}
    del shape["paid"]

    assert OmiseCharge.from_json(shape).paid is paid


def test_the_older_shape() -> None:
    """Answers of older API versions read the same: `created`, lower case, no times of the end."""
    old = {**LINK, "created": "2016-10-02T13:51:20+00:00", "currency": "thb"}
    for name in ["created_at", "used_at", "deleted_at", "deleted", "merchant_name", "merchant_uid"]:
        del old[name]
    link = OmiseLink.from_json(old)

    assert link.created_at == "2016-10-02T13:51:20Z"
    assert link.currency == "THB"
    assert (link.deleted, link.deleted_at, link.used_at) == (False, None, None)
    assert (link.merchant_name, link.merchant_uid) == (None, None)


@pytest.mark.parametrize("version", ["2014-07-27", "2015-11-17", "2017-11-02", "2019-05-29"])
def test_all_versions_of_the_local_omise_can_be_read(omise: Emulator, version: str) -> None:
    """Link, charge, list and account of every API version are read into the same values."""
    (link_id,) = omise.seed(title="Ünï", multiple=True)
    charge_id = omise.pay(link_id)

    def get(path: str) -> Any:
        headers = {"Omise-Version": version}
        auth = (omise.key("th"), "")
        return requests.get(omise.url + path, auth=auth, headers=headers, timeout=5).json()

    link = OmiseLink.from_json(get(f"/links/{link_id}"))
    assert (link.id, link.title, link.currency, link.amount) == (link_id, "Ünï", "THB", 100_000)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", link.created_at)
    assert [charge.id for charge in link.charges] == [charge_id]
    assert OmiseCharge.from_json(get(f"/links/{link_id}/charges")["data"][0]).id == charge_id
    assert Page.from_json(get("/links")).total == 1
    account = OmiseAccount.from_json(get("/account"))
    # Versions before 2019-05-29 call the team the account's id.
    th = omise.account("th")
    assert account.id == (th.id if version == "2019-05-29" else th.team)
    assert account.currency == "THB"
    assert "JPY" in account.supported_currencies


@pytest.mark.parametrize(
    ("kind", "good", "name"),
    [(kind, good, name) for kind, good in KINDS for name in REQUIRED[kind]],
)
def test_a_missing_key_is_named(kind: Any, good: dict[str, Any], name: str) -> None:
    """An answer without something we rely on is refused, and the error names what is missing."""
    with pytest.raises(UnreadableError, match=rf"\b{name}\b"):
        kind.from_json({key: value for key, value in good.items() if key != name})


def test_a_link_without_any_time_of_creation_is_refused() -> None:
    """The time of creation proves whose link it is: it is never made up."""
    with pytest.raises(UnreadableError, match="created_at"):
        OmiseLink.from_json({**LINK, "created_at": None})


class Other:
    """A JSON value of another type than the key has."""

    ALL: tuple[Any, ...] = (None, True, 5, 1.5, "text", [1], {"a": 1})

    @staticmethod
    def than(value: object) -> list[Any]:
        return [
            other for other in Other.ALL if other is not None and type(other) is not type(value)
        ]


@pytest.mark.parametrize(("kind", "good", "name"), PLACES)
def test_a_key_of_the_wrong_type(kind: Any, good: dict[str, Any], name: str) -> None:
    """No value is converted. What decides is refused; anything else reads as not given."""
    for wrong in Other.than(good[name]):
        if name in DECIDING[kind]:
            expected = name if name != "object" else "not a"
            with pytest.raises(UnreadableError, match=expected):
                kind.from_json({**good, name: wrong})
        else:
            without = {key: value for key, value in good.items() if key != name}
            assert kind.from_json({**good, name: wrong}) == kind.from_json(without)


@pytest.mark.parametrize(
    ("charges", "ids", "total"),
    [
        (None, [], 0),
        ({}, [], 0),
        ("x", [], 0),
        ({"object": "list", "data": 5}, [], 0),
        ({"object": "list", "data": [5, CHARGE]}, ["chrg_test_1"], 2),
        ({"object": "list", "data": [{**CHARGE, "status": None}], "total": 1}, ["chrg_test_1"], 1),
        ({"object": "list", "data": [{**CHARGE, "amount": None}], "total": 1}, [], 1),
    ],
)
def test_embedded_charges_never_make_a_link_unreadable(
    charges: object, ids: list[str], total: int
) -> None:
    """A charge that cannot be read is left out, and counted."""
    link = OmiseLink.from_json({**LINK, "charges": charges})

    assert [charge.id for charge in link.charges] == ids
    assert link.charges_total == total


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(set(LINK) - {"object", "id"})), json_values, st.booleans())
def test_the_answer_to_a_create_is_that_link_whatever_else_it_holds(
    name: str, value: object, missing: bool
) -> None:
    """With `object: link` and an id it is never unreadable; what is not told is as asked for."""
    answer = {**LINK, name: value}
    if missing:
        del answer[name]
    link = OmiseLink.from_json(answer, asked=ASKED)

    assert link.id == LINK["id"]
    for asked in fields(ASKED):
        if asked.name != name:
            assert getattr(link, asked.name) == LINK[asked.name]
        elif not missing and name == "amount" and isinstance(value, float) and value.is_integer():
            assert link.amount == int(value)
        elif missing or type(value) is not type(getattr(ASKED, name)):
            assert getattr(link, asked.name) == getattr(ASKED, name)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2016-10-02T13:51:20+00:00", "2016-10-02T13:51:20Z"),
        ("2016-10-02T13:51:20.123Z", "2016-10-02T13:51:20Z"),
        ("2016-10-02T13:51:20+07:00", "2016-10-02T06:51:20Z"),
        ("2016-10-02T13:51:20+0700", "2016-10-02T06:51:20Z"),
    ],
)
def test_times_are_read_in_one_form(text: str, read: str) -> None:
    """Times are compared as texts, so all are in UTC and of one length."""
    assert OmiseLink.from_json({**LINK, "created_at": text}).created_at == read


@pytest.mark.parametrize("text", ["soon", "", "2016-10-02", "2016-99-02T13:51:20Z"])
def test_a_text_that_is_no_time_of_creation_is_refused(text: str) -> None:
    """It would be compared with times all the same."""
    with pytest.raises(UnreadableError, match="created_at"):
        OmiseLink.from_json({**LINK, "created_at": text})


@pytest.mark.parametrize("data", [None, [], "link", 5, {}, {"object": "error"}, [LINK]])
@pytest.mark.parametrize("kind", [kind for kind, _ in KINDS])
def test_what_is_another_object_is_refused(kind: Any, data: object) -> None:
    """An error object, a list or nothing never passes for what was asked for."""
    with pytest.raises(UnreadableError):
        kind.from_json(data)


@given(st.sampled_from(KINDS), st.dictionaries(st.text(), json_values, max_size=4))
def test_unknown_keys_never_matter(case: tuple[Any, dict[str, Any]], extra: dict[str, Any]) -> None:
    """Omise may add attributes at any time: they change nothing."""
    kind, good = case
    news = {name: value for name, value in extra.items() if name not in (*good, "created")}

    assert kind.from_json({**news, **good}) == kind.from_json(good)


@given(st.sampled_from(KINDS), st.data())
def test_any_damage_is_read_or_refused(case: tuple[Any, dict[str, Any]], data: Any) -> None:
    """Whatever stands in an answer, it is read or refused with one kind of error."""
    kind, good = case
    damaged = json.loads(json.dumps(good))
    for name in data.draw(st.sets(st.sampled_from(sorted(good)), max_size=3)):
        damaged[name] = data.draw(json_values)

    try:
        kind.from_json(damaged)
        refusal = ""
    except UnreadableError as error:
        refusal = str(error)
    assert len(refusal) < 200


def test_a_charge_keeps_customers_out_of_its_repr() -> None:
    """The whole charge is at hand, and stays out of logs and comparisons."""
    charge = OmiseCharge.from_json({**CHARGE, "card": {"name": "Somchai"}})

    assert charge.raw["card"]["name"] == "Somchai"
    assert "Somchai" not in repr(charge)
    assert charge == OmiseCharge.from_json(CHARGE)


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({}, []),
        ({"currency": "thb"}, []),
        ({"currency": "JPY"}, ["currency"]),
        ({"title": "order-384"}, ["title"]),
        ({"description": "New Product "}, ["description"]),
        ({"amount": 1, "multiple": False}, ["amount", "multiple"]),
    ],
)
def test_differences_of_inputs(change: dict[str, Any], names: list[str]) -> None:
    """Equal means all five inputs, to the last blank; only the currency's case is free."""
    inputs = OmiseLink.from_json(LINK).inputs
    changed = LinkInputs(**{**vars(inputs), **change})

    assert inputs.differences(changed) == names
    assert (inputs.folded() == changed.folded()) is (not names)


def test_homes() -> None:
    """An account under another sub-merchant is another scope, and its words tell which."""
    assert Scope("account_1") != Scope("account_1", "team_1")
    assert str(Scope("account_1")) == "account_1"
    assert str(Scope("account_1", "team_1")) == "account_1, sub-merchant team_1"
