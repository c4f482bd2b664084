"""Creating, reading and deleting links: shapes, versions, encodings, refusals."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from emulator.omise_client import LINK, Client, raw, refused
from hypothesis import given
from hypothesis import strategies as st

from pulumi_omise_links.emulator import Account, Behaviour, Emulator

NOON = 1_780_000_000.25  # 2026-05-28T20:26:40.25Z


NEW = """{
  "object": "link",
  "id": "ID",
  "livemode": false,
  "location": "/links/ID",
  "deleted": false,
  "multiple": false,
  "used": false,
  "currency": "THB",
  "amount": 150000,
  "charges": {
    "object": "list",
    "data": [

    ],
    "limit": 20,
    "offset": 0,
    "total": 0,
    "location": "/links/ID/charges",
    "order": "chronological",
    "from": "1970-01-01T00:00:00Z",
    "to": "2026-05-28T20:26:40Z"
  },
  "description": "Two tickets",
  "title": "Spring sale",
  "payment_uri": "URL/pay/SUFFIX",
  "created_at": "2026-05-28T20:26:40Z",
  "used_at": null,
  "deleted_at": null
}
"""


OLD = """{
  "object": "link",
  "id": "ID",
  "livemode": true,
  "deleted": false,
  "multiple": false,
  "used": false,
  "currency": "thb",
  "amount": 150000,
  "charges": {
    "object": "list",
    "data": [

    ],
    "limit": 20,
    "offset": 0,
    "total": 0,
    "location": "/links/ID/charges",
    "order": "chronological",
    "from": "1970-01-01T00:00:00Z",
    "to": "2026-05-28T20:26:40Z"
  },
  "description": "Two tickets",
  "location": "/links/ID",
  "title": "Spring sale",
  "created": "2026-05-28T20:26:40Z",
  "payment_uri": "URL/pay/SUFFIX"
}
"""


def filled(text: str, omise: Emulator, identity: str) -> str:
    suffix = identity.rpartition("_")[2].upper()
    return text.replace("ID", identity).replace("SUFFIX", suffix).replace("URL", omise.url)


@pytest.mark.parametrize(
    ("version", "live", "text"), [("2019-05-29", False, NEW), ("2017-11-02", True, OLD)]
)
def test_both_shapes_of_a_link_are_byte_for_byte_as_recorded(
    version: str, live: bool, text: str
) -> None:
    """Names, order, spaces and empty arrays are those of the recordings, in both shapes."""
    with Emulator(clock=lambda: NOON) as omise:
        api = Client(omise, version=version, live=live)
        answer = api.post(**LINK)
        identity = answer.json()["id"]
        assert answer.status_code == 200
        assert answer.text == filled(text, omise, identity)
        assert api.get(f"/links/{identity}").text == answer.text
        assert api.get(f"/links/{identity}/").text == answer.text


def test_success_and_error_carry_the_recorded_headers() -> None:
    """Headers are those of the recordings; an error has fewer."""
    with Emulator(clock=lambda: NOON) as omise:
        good = Client(omise, version="2017-11-02").post(**LINK).headers
        bad = Client(omise).get("/links/link_test_none").headers
    assert good["Content-Type"] == bad["Content-Type"] == "application/json; charset=utf-8"
    assert good["Date"] == "Thu, 28 May 2026 20:26:40 GMT"
    assert good["Cache-Control"] == "no-cache, no-store"
    assert (good["Status"], bad["Status"]) == ("200 OK", "404 Not Found")
    assert good["Omise-Version"] == "2017-11-02"
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", good["X-Request-Id"])
    assert "Omise-Version" not in bad
    assert "Strict-Transport-Security" in good
    assert "Strict-Transport-Security" not in bad


def test_a_version_that_is_not_named_is_the_accounts_default() -> None:
    """Each mode of an account has a default version."""
    with Emulator() as omise:
        template = omise.account("th")
    account = Account(
        **{**vars(template), "api_version": "2015-11-17", "live_api_version": "2019-05-29"}
    )
    with Emulator(accounts=[account]) as omise:
        test, live = Client(omise).post(**LINK), Client(omise, live=True).post(**LINK)
    assert test.headers["Omise-Version"] == "2015-11-17"
    assert "created" in test.json()
    assert live.headers["Omise-Version"] == "2019-05-29"
    assert "created_at" in live.json()


def test_ids_look_like_omises_and_hold_the_second_of_creation(omise: Emulator) -> None:
    """An id has Omise's form and the time of its creation."""
    test, live = Client(omise).create(), Client(omise, live=True).create()
    assert re.fullmatch(r"link_test_[0-9a-z]{19}", test["id"])
    assert re.fullmatch(r"link_[0-9a-z]{19}", live["id"])
    shown = omise.link(test["id"])["created_at"]
    assert int(test["id"][-19:], 36) >> 55 == pytest.approx(shown * 1000, abs=999.5)


def test_ids_are_unique_and_rise_even_within_a_millisecond() -> None:
    """Ids sort as the links were made."""
    with Emulator(clock=lambda: NOON) as omise:
        ids = omise.seed(5_000)
        ids += [Client(omise).create()["id"] for _ in range(3)]
    assert ids == sorted(set(ids))
    assert {int(identity[-19:], 36) >> 55 for identity in ids} == {int(NOON * 1000)}


@pytest.mark.parametrize(
    ("given_", "expected"),
    [("1", True), ("true", True), ("0", False), ("false", False), ("", False)],
)
def test_forms_are_read_as_json_is_and_php_may_write_1_for_true(
    omise: Emulator, given_: str, expected: bool
) -> None:
    """A form means the same as JSON."""
    form = {**LINK, "multiple": given_, "title": "ตั๋ว & more"}
    link = Client(omise).send("POST", "/links/", data=form).json()
    assert (link["multiple"], link["title"], link["amount"]) == (expected, "ตั๋ว & more", 150_000)


@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60))
def test_any_text_comes_back_unchanged(shared: Emulator, text: str) -> None:
    """Any title and description is stored and shown as it was sent."""
    if not text.strip():
        return
    api = Client(shared)
    link = api.create(title=text, description=text)
    assert (link["title"], link["description"]) == (text, text)
    assert api.get(f"/links/{link['id']}").json()["title"] == text


@pytest.fixture(scope="module")
def shared() -> Any:
    with Emulator() as omise:
        yield omise


@pytest.mark.parametrize("written", ["thb", "THB", "Thb"])
def test_currencies_are_accepted_in_either_case_and_shown_in_upper_case(
    omise: Emulator, written: str
) -> None:
    """The case of a currency does not matter when it is sent, and depends on the version when
    it is shown.
    """
    assert Client(omise).create(currency=written)["currency"] == "THB"
    assert Client(omise, version="2014-07-27").create(currency=written)["currency"] == "thb"


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"amount": 1_999}, "amount must be greater than or equal to 2000 (thb subunits)"),
        ({"amount": 100_000_001}, "amount must be less than or equal to 1000000.0"),
        ({"amount": 10**30}, "amount must be less than or equal to 1000000.0"),
        ({"amount": "12a"}, "amount is not a number"),
        ({"amount": True}, "amount is not a number"),
        ({"amount": [5]}, "amount is not a number"),
        ({"amount": 2000.5}, "amount must be an integer"),
        ({"amount": "2000.00"}, "amount must be an integer"),
        ({"currency": "XXX"}, "currency is currently not supported"),
        ({"title": " "}, "title can't be blank"),
        ({"title": None}, "title can't be blank"),
        ({"title": "x" * 256}, "title is too long (maximum is 255 characters)"),
        ({"multiple": "perhaps"}, "multiple is not included in the list"),
        (
            {"title": "", "description": ""},
            "title can't be blank and description can't be blank",
        ),
        (
            {"amount": 1, "currency": "XXX", "title": "", "description": ""},
            "title can't be blank, description can't be blank, "
            "and currency is currently not supported",
        ),
    ],
)
def test_a_bad_link_is_refused_with_every_problem_in_one_sentence(
    omise: Emulator, inputs: dict[str, Any], message: str
) -> None:
    """A refusal names all problems, in Omise's words and order."""
    answer = Client(omise).post(**{**LINK, **inputs})
    assert refused(answer) == (400, "invalid_link", message)
    assert omise.links() == []


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b'"x"', "application/json"),
        (b"\xff\xfe\x00", "application/json"),
        (b'{"title": "\\ud800"}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"amount": ' + b"9" * 5_000 + b"}", "application/json"),
        (b"title=%ff", "application/x-www-form-urlencoded"),
        (b"<x/>", "application/xml"),
    ],
)
def test_a_body_that_cannot_be_read_is_a_bad_request(
    omise: Emulator, body: bytes, kind: str
) -> None:
    """A body of any other kind is refused."""
    answer = Client(omise).send("POST", "/links", data=body, headers={"Content-Type": kind})
    assert refused(answer)[:2] == (400, "bad_request")


@pytest.mark.parametrize(
    ("country", "least", "greatest"),
    [("jp", 100, 6_000_000), ("sg", 100, 2_000_000), ("my", 100, 10_000_000)],
)
def test_each_country_has_its_currency_and_limits(
    omise: Emulator, country: str, least: int, greatest: int
) -> None:
    """Each country's documented limits hold in its own currency."""
    api = Client(omise, country)
    own = omise.account(country).currency
    assert api.create(amount=least, currency=own)["amount"] == least
    assert api.create(amount=greatest, currency=own)["amount"] == greatest
    low = refused(api.post(**{**LINK, "currency": own, "amount": least - 1}))[2]
    assert low == f"amount must be greater than or equal to {least} ({own.lower()} subunits)"
    units = greatest / (1 if own == "JPY" else 100)
    high = refused(api.post(**{**LINK, "currency": own, "amount": greatest + 1}))[2]
    assert high == f"amount must be less than or equal to {units}"


def test_only_thailand_and_singapore_take_other_currencies(omise: Emulator) -> None:
    """Other currencies are refused where Omise does not offer them."""
    assert Client(omise, "th").create(currency="usd", amount=1)["currency"] == "USD"
    assert Client(omise, "sg").create(currency="eur", amount=1)["currency"] == "EUR"
    for country in ("jp", "my"):
        assert refused(Client(omise, country).post(**LINK))[2] == (
            "currency is currently not supported"
        )


def test_a_missing_link_is_told_by_its_id(omise: Emulator) -> None:
    """A 404 names the id that was asked for."""
    api = Client(omise)
    for path in ("/links/link_test_none", "/links/link_test_none/charges"):
        assert refused(api.get(path)) == (404, "not_found", "link link_test_none was not found")
    assert refused(api.delete("link_test_none"))[0] == 404


def test_a_deleted_link_shows_when_and_stays_readable(omise: Emulator) -> None:
    """DELETE answers with the whole link and the time of deletion."""
    api = Client(omise)
    link = api.create()
    deleted = api.delete(link["id"]).json()
    assert list(deleted) == list(link)
    assert deleted["deleted"] is True
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", deleted["deleted_at"])
    assert api.get(f"/links/{link['id']}").json()["deleted_at"] == deleted["deleted_at"]
    assert [link["id"] for link in omise.links(deleted=True)] == [link["id"]]


def test_older_versions_answer_a_delete_with_four_keys(omise: Emulator) -> None:
    """Versions before 2019-05-29 answer a DELETE with four attributes."""
    link = Client(omise).create()
    answer = Client(omise, version="2015-11-17").delete(link["id"])
    expected = {"object": "link", "id": link["id"], "livemode": False, "deleted": True}
    assert answer.text == json.dumps(expected, indent=2) + "\n"


def test_a_paid_link_is_used_up_and_shows_its_charge(omise: Emulator) -> None:
    """A payment uses a link up and is shown inside it."""
    api = Client(omise)
    link = api.create()
    charge = omise.pay(link["id"])
    paid = api.get(f"/links/{link['id']}").json()
    assert paid["used"] is True
    assert paid["used_at"] is not None
    (found,) = paid["charges"]["data"]
    assert paid["charges"]["total"] == 1
    assert found["id"] == charge
    assert found["return_uri"] == f"{link['payment_uri']}/complete"
    assert found["description"] == "Spring sale\n\nTwo tickets"
    assert (found["link"], found["status"]) == (link["id"], "successful")
    with pytest.raises(ValueError, match="is used and cannot be paid"):
        omise.pay(link["id"])


def test_older_versions_show_a_charge_as_recorded(omise: Emulator) -> None:
    """A charge of an older version has the recorded attributes, in their order."""
    link = Client(omise).create()
    omise.pay(link["id"])
    api = Client(omise, version="2015-11-17")
    (found,) = api.get(f"/links/{link['id']}").json()["charges"]["data"]
    assert list(found) == [
        *("object", "id", "livemode", "location", "amount", "currency", "description", "status"),
        *("capture", "authorized", "reversed", "paid", "transaction", "source_of_fund"),
        *("refunded", "refunds", "return_uri", "offsite", "offline", "reference"),
        *("authorize_uri", "failure_code", "failure_message", "card", "customer", "ip"),
        *("dispute", "created"),
    ]
    assert list(found["card"]) == [
        *("object", "id", "livemode", "country", "city", "postal_code", "financing", "bank"),
        *("last_digits", "brand", "expiration_month", "expiration_year", "fingerprint", "name"),
        *("security_code_check", "created"),
    ]
    assert (found["currency"], found["refunded"], found["paid"]) == ("thb", 0, True)
    assert api.page(f"/links/{link['id']}/charges")["data"] == [found]


def test_a_multiple_link_can_be_paid_again_and_never_counts_as_used(omise: Emulator) -> None:
    """A `multiple` link stays payable and unused."""
    api = Client(omise)
    link = api.create(multiple=True)
    charges = [omise.pay(link["id"]) for _ in range(3)]
    paid = api.get(f"/links/{link['id']}").json()
    assert (paid["used"], paid["used_at"]) == (False, None)
    assert [link["id"] for link in paid["charges"]["data"]] == charges[::-1]


def test_a_failed_payment_leaves_the_link_payable(omise: Emulator) -> None:
    """A failed payment is shown and uses nothing up."""
    api = Client(omise)
    link = api.create()
    omise.pay(link["id"], paid=False)
    shown = api.get(f"/links/{link['id']}").json()
    assert (shown["used"], shown["charges"]["data"][0]["status"]) == (False, "failed")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/search?scope=charge"),
        ("POST", "/charges"),
        ("GET", "/events"),
        ("PATCH", "/account"),
    ],
)
def test_what_omise_has_and_the_emulator_has_not_is_refused_loudly(
    omise: Emulator, method: str, path: str
) -> None:
    """An endpoint that is not imitated is 501, with a pointer to the docs."""
    status, code, message = refused(Client(omise).send(method, path))
    assert (status, code) == (501, "not_imitated")
    assert "docs/emulator.md" in message


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/nothing"), ("GET", "/"), ("PATCH", "/links/link_test_x"), ("DELETE", "/links")],
)
def test_what_omise_has_not_is_not_found(omise: Emulator, method: str, path: str) -> None:
    """A path that Omise does not have is 404."""
    assert refused(Client(omise).send(method, path))[:2] == (404, "not_found")


def test_a_request_that_is_too_large_or_chunked_ends_with_a_reason(omise: Emulator) -> None:
    """Large and chunked bodies are 413 and 411."""
    start = b"POST /links HTTP/1.1\r\nHost: x\r\n"
    assert b" 413 " in raw(omise, start + b"Content-Length: 99999999\r\n\r\n").splitlines()[0]
    assert b" 411 " in raw(omise, start + b"Transfer-Encoding: chunked\r\n\r\n").splitlines()[0]


def test_switches_refuse_values_they_do_not_have() -> None:
    """A switch with a wrong value, or one that does not exist, is a ValueError."""
    with pytest.raises(ValueError, match="get_deleted must be 'deleted' or 'not_found'"):
        Behaviour(get_deleted="gone")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="max_title must be a whole number"):
        Behaviour(max_title="5")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no such switch: colour"):
        Behaviour().changed({"colour": "red"})
