"""Every switch, both ways."""

from __future__ import annotations

import re
import socket
import time
from typing import Any

import pytest
from emulator.omise_client import LINK, Client, refused

from pulumi_omise_links.emulator import Behaviour, Emulator


def test_reading_a_deleted_link(omise: Emulator) -> None:
    """A deleted link is shown as deleted, or is not found, as the switch says."""
    api = Client(omise)
    link = api.create()["id"]
    api.delete(link)
    assert api.get(f"/links/{link}").json()["deleted"] is True
    omise.switch(get_deleted="not_found")
    assert refused(api.get(f"/links/{link}"))[1] == "not_found"


@pytest.mark.parametrize(
    ("switch", "status"), [("deleted", 200), ("not_found", 404), ("failed_deletion", 422)]
)
def test_deleting_a_deleted_link(omise: Emulator, switch: str, status: int) -> None:
    """A second DELETE answers as the switch says, and changes nothing."""
    omise.switch(delete_deleted=switch)
    api = Client(omise)
    link = api.create()["id"]
    first = api.delete(link)
    assert first.status_code == 200
    second = api.delete(link)
    assert second.status_code == status
    assert second.json()["deleted" if status == 200 else "code"] == (
        True if status == 200 else switch
    )
    assert [entry.committed for entry in omise.journal.entries] == [True, True, False]


@pytest.mark.parametrize("multiple", [False, True])
def test_deleting_a_paid_link(omise: Emulator, multiple: bool) -> None:
    """A link that was paid can be deleted, or is refused, as the switch says."""
    api = Client(omise)
    link = api.create(multiple=multiple)["id"]
    omise.pay(link)
    omise.switch(delete_used="failed_deletion")
    assert refused(api.delete(link))[:2] == (422, "failed_deletion")
    omise.switch(delete_used="deleted")
    assert api.delete(link).json()["deleted"] is True


def test_listing_deleted_links(omise: Emulator) -> None:
    """Deleted links are in lists and totals, or in neither."""
    api = Client(omise)
    gone, kept = omise.seed(2)
    api.delete(gone)
    assert api.page()["total"] == 2
    omise.switch(list_includes_deleted=False)
    page = api.page()
    assert (page["total"], [link["id"] for link in page["data"]]) == (1, [kept])


def test_a_limit_above_100(omise: Emulator) -> None:
    """A page never has more than 100 links; a greater limit is clamped or refused."""
    omise.seed(101)
    page = Client(omise).page(limit=101)
    assert (page["limit"], len(page["data"])) == (100, 100)
    omise.switch(limit_above_100="bad_request")
    assert refused(Client(omise).get("/links", limit=101))[:2] == (400, "bad_request")
    assert Client(omise).page(limit=100)["limit"] == 100


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "x"),
        ("limit", "0"),
        ("limit", "-1"),
        ("offset", "-1"),
        ("offset", "1.5"),
        ("order", "up"),
        ("from", "yesterday"),
        ("to", "99999-01-01"),
    ],
)
def test_paging_that_cannot_be_read(omise: Emulator, name: str, value: str) -> None:
    """An unreadable paging parameter is refused by its name, or its default is used."""
    api = Client(omise)
    assert refused(api.get("/links", **{name: value})) == (
        400,
        "bad_request",
        f"{name} is invalid",
    )
    omise.switch(bad_paging="default")
    page = api.page(**{name: value})
    assert (page["limit"], page["offset"], page["order"]) == (20, 0, "chronological")


def test_an_offset_past_the_end(omise: Emulator) -> None:
    """An offset past the end is an empty page, or a bad request if the list has items."""
    api = Client(omise)
    omise.seed(3)
    for offset in (3, 10**30):
        page = api.page(offset=offset)
        assert (page["data"], page["total"]) == ([], 3)
    omise.switch(offset_past_end="bad_request")
    assert refused(api.get("/links", offset=3))[:2] == (400, "bad_request")
    omise.reset()
    assert api.page(offset=0)["data"] == []


def test_the_ends_of_a_range() -> None:
    """Links of the very second of `from` and `to` are listed, or left out."""
    with Emulator(clock=lambda: 1_780_000_000.0) as omise:
        omise.seed(3, seconds_apart=1.0)
        asked = {"from": "2026-05-28T20:26:38Z", "to": "2026-05-28T20:26:40Z"}
        api = Client(omise)
        assert [link["title"] for link in api.page(**asked)["data"]] == [
            "Link 1",
            "Link 2",
            "Link 3",
        ]
        omise.switch(range_ends="exclusive")
        page = api.page(**asked)
        assert [link["title"] for link in page["data"]] == ["Link 2"]
        assert (page["from"], page["to"]) == (asked["from"], asked["to"])
        assert api.page()["total"] == 3


def test_a_version_that_does_not_exist(omise: Emulator) -> None:
    """An unknown version means the account's default, or is refused."""
    api = Client(omise, version="2030-01-01")
    assert api.get("/links").headers["Omise-Version"] == "2019-05-29"
    omise.switch(unknown_version="bad_request")
    assert refused(api.get("/links"))[:2] == (400, "bad_request")


def test_parameters_that_no_document_names(omise: Emulator) -> None:
    """An unknown parameter of a create is ignored, or refused by its name."""
    api = Client(omise)
    assert api.post(**LINK, expires_at="never").status_code == 200
    omise.switch(unknown_parameters="bad_request")
    assert refused(api.post(**LINK, expires_at="never")) == (
        400,
        "bad_request",
        "unknown parameter: expires_at",
    )


@pytest.mark.parametrize("code", ["invalid_link", "bad_request"])
@pytest.mark.parametrize("name", ["amount", "currency", "title", "description"])
def test_a_missing_parameter(omise: Emulator, name: str, code: Any) -> None:
    """Each required parameter is asked for by name, with the code of the switch."""
    omise.switch(missing_parameter=code)
    inputs = {key: value for key, value in LINK.items() if key != name}
    assert refused(Client(omise).post(**inputs)) == (400, code, f"{name} can't be blank")


def test_an_empty_description(omise: Emulator) -> None:
    """An empty description is refused, or stored."""
    api = Client(omise)
    assert refused(api.post(**{**LINK, "description": ""}))[0] == 400
    omise.switch(empty_description="accept")
    assert api.create(description="")["description"] == ""


def test_how_long_texts_may_be(omise: Emulator) -> None:
    """Texts are bounded in characters, not in bytes, and the bounds can be changed."""
    api = Client(omise)
    assert api.create(title="ก" * 255, description="x" * 10_000)
    omise.switch(max_title=None, max_description=20)
    assert api.create(title="x" * 1_000)
    assert refused(api.post(**{**LINK, "description": "x" * 21}))[2] == (
        "description is too long (maximum is 20 characters)"
    )


@pytest.mark.parametrize(
    ("switch", "least", "greatest"),
    [("link", 2_000, 100_000_000), ("charge", 2_000, 15_000_000), ("off", 1, 2**63 - 1)],
)
def test_limits_of_amounts(omise: Emulator, switch: str, least: int, greatest: int) -> None:
    """The least and the greatest amount are accepted, and what is beyond is refused."""
    omise.switch(amount_limits=switch)
    api = Client(omise)
    for amount in (least, greatest):
        assert api.create(amount=amount)["amount"] == amount
    for amount in (least - 1, greatest + 1):
        assert refused(api.post(**{**LINK, "amount": amount}))[1] == "invalid_link"


def test_reading_the_account(omise: Emulator) -> None:
    """A restricted key may be forbidden to read the account, or be told that there is none."""
    api = Client(omise)
    assert api.get("/account").status_code == 200
    omise.switch(account_readable="forbidden")
    assert refused(api.get("/account"))[:2] == (403, "not_authorized")
    omise.switch(account_readable="not_found")
    assert refused(api.get("/account"))[:2] == (404, "not_found")


def test_the_account_of_a_sub_merchant(omise: Emulator) -> None:
    """Acting for a sub-merchant shows the platform's account, another one, or none."""
    own, team = Client(omise), Client(omise, SUB_MERCHANT_ID="team_a")
    assert team.get("/account").json()["id"] == own.get("/account").json()["id"]
    omise.switch(account_of_sub_merchant="sub_merchant")
    shown = team.get("/account").json()
    assert shown["id"] != own.get("/account").json()["id"]
    assert re.fullmatch(r"account_test_[0-9a-z]{19}", shown["id"])
    assert shown["team"] == "team_a"
    omise.switch(account_of_sub_merchant="forbidden")
    assert team.get("/account").status_code == 403
    assert own.get("/account").status_code == 200


def test_the_order_of_charges_in_a_link(omise: Emulator) -> None:
    """The charges inside a link come newest first, or oldest first."""
    link = omise.seed(1, multiple=True)[0]
    paid = [omise.pay(link) for _ in range(3)]
    assert [c["id"] for c in Client(omise).get(f"/links/{link}").json()["charges"]["data"]] == (
        paid[::-1]
    )
    omise.switch(charges_order="oldest_first")
    assert [c["id"] for c in Client(omise).get(f"/links/{link}").json()["charges"]["data"]] == paid


def test_the_form_of_payment_addresses(omise: Emulator) -> None:
    """New payment addresses have either recorded form; those made before keep theirs."""
    first = Client(omise).create()
    assert first["payment_uri"] == f"{omise.url}/pay/{first['id'][-19:].upper()}"
    omise.switch(payment_uri="hex")
    second = Client(omise).create()
    assert re.fullmatch(re.escape(omise.url) + "/pay/[0-9A-F]{8}", second["payment_uri"])
    assert Client(omise).get(f"/links/{first['id']}").json() | {"charges": 0} == (
        first | {"charges": 0}
    )
    assert "Spring sale" in Client(omise).get(second["payment_uri"][len(omise.url) :]).text


def test_a_clock_that_is_ahead() -> None:
    """`Date`, creation time and id all follow the emulator's clock."""
    with Emulator(clock=lambda: 1_780_000_000.0, behaviour=Behaviour(clock_skew=3600)) as omise:
        answer = Client(omise).post(**LINK)
        assert answer.headers["Date"] == "Thu, 28 May 2026 21:26:40 GMT"
        assert answer.json()["created_at"] == "2026-05-28T21:26:40Z"
        assert int(answer.json()["id"][-19:], 36) >> 55 == 1_780_003_600_000
        omise.switch(clock_skew=-60.0)
        assert Client(omise).create()["created_at"] == "2026-05-28T20:25:40Z"


def test_switches_hold_from_the_start_and_come_back_with_a_reset() -> None:
    """A reset brings back the switches of the start."""
    with Emulator(behaviour=Behaviour(get_deleted="not_found")) as omise:
        omise.switch(get_deleted="deleted", retry_after=3)
        assert omise.behaviour == Behaviour(retry_after=3)
        omise.reset(behaviour=True)
        assert omise.behaviour == Behaviour(get_deleted="not_found")


@pytest.mark.parametrize(
    ("switch", "stored"),
    [
        ("unchanged", " Cafe\u0301\u00a0 by  night "),
        ("trimmed", "Cafe\u0301\u00a0 by  night"),
        ("squished", "Cafe\u0301 by night"),
        ("composed", " Caf\u00e9\u00a0 by  night "),
    ],
)
def test_texts_may_be_stored_otherwise_than_sent(omise: Emulator, switch: str, stored: str) -> None:
    """A client can be tried against an Omise that spells a text differently from the request."""
    omise.switch(stored_text=switch)
    sent = " Cafe\u0301\u00a0 by  night "
    link = Client(omise).create(title=sent, description=sent)
    assert (link["title"], link["description"]) == (stored, stored)
    assert omise.link(link["id"])["title"] == stored


def test_the_header_of_a_sub_merchant_may_get_lost(omise: Emulator) -> None:
    """A client can be tried against a proxy that drops the header: links land on the platform."""
    omise.switch(sub_merchant_header="ignored")
    link = Client(omise, SUB_MERCHANT_ID="team_a").create()
    assert "merchant_uid" not in link
    assert omise.link(link["id"])["sub_merchant"] == ""


def test_reads_may_lag_behind_writes() -> None:
    """For a time a new link, a deletion and a payment are not seen by GET, lists and search."""
    clock = [1_780_000_000.0]
    with Emulator(clock=lambda: clock[0], behaviour=Behaviour(read_lag=5.0)) as omise:
        api = Client(omise)
        link = api.create()["id"]

        def seen() -> list[Any]:
            lists = [api.page(), api.page("/search", scope="link")]
            states = [(page["total"], [item["deleted"] for item in page["data"]]) for page in lists]
            return [api.get(f"/links/{link}").status_code, *states]

        assert seen() == [404, (0, []), (0, [])]
        clock[0] += 6
        assert seen() == [200, (1, [False]), (1, [False])]
        omise.pay(link)
        assert api.delete(link).json()["deleted"] is True
        assert seen() == [200, (1, [False]), (1, [False])]
        shown = api.get(f"/links/{link}").json()
        assert (shown["used"], shown["charges"]["total"]) == (False, 0)
        omise.switch(list_includes_deleted=False)
        assert api.page()["total"] == 1
        clock[0] += 6
        assert seen() == [200, (0, []), (0, [])]
        assert api.get(f"/links/{link}").json()["used"] is True


def test_an_idle_connection_may_be_closed(omise: Emulator) -> None:
    """After `keep_alive` seconds without a request the server closes the connection."""
    omise.switch(keep_alive=0.1)
    start = time.monotonic()
    port = int(omise.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET /pay/NONE HTTP/1.1\r\n\r\n")
        head = connection.recv(65536)
        assert b"Connection: keep-alive" in head
        while connection.recv(65536):
            pass
    assert 0.1 <= time.monotonic() - start < 9
    assert Client(omise).get("/account").status_code == 200
