"""The control plane over HTTP, the payment page, and what neither ever shows."""

from __future__ import annotations

import html
import itertools
import json
from typing import Any

import pytest
from emulator.omise_client import LINK, Client

from pulumi_omise_links.emulator import Emulator


def control(omise: Emulator, verb: str, path: str, **given: Any) -> Any:
    answer = Client(omise, key="none").send(verb, f"/_emulator/{path}", json=given or None)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_control_plane_lists_what_it_can_do(omise: Emulator) -> None:
    """Its first address lists every action."""
    actions = control(omise, "GET", "")
    assert "POST /_emulator/faults" in actions
    assert len(actions) > 10


def test_people_can_make_change_pay_delete_and_erase_links(omise: Emulator) -> None:
    """What people do at Omise's dashboard works over HTTP, and shows in the API."""
    (first, second) = control(omise, "POST", "links", count=2, title="Stall {n}", live=True)["ids"]
    api = Client(omise, live=True)
    assert api.get(f"/links/{second}").json()["title"] == "Stall 2"
    changed = control(omise, "PATCH", f"links/{first}", title="Changed", amount=5, deleted=True)
    assert (changed["title"], changed["deleted"]) == ("Changed", True)
    shown = api.get(f"/links/{first}").json()
    assert (shown["title"], shown["amount"], shown["deleted"]) == ("Changed", 5, True)
    control(omise, "PATCH", f"links/{first}", deleted=False, used=True)
    shown = api.get(f"/links/{first}").json()
    assert (shown["deleted"], shown["used"]) == (False, True)
    paid = control(omise, "POST", f"links/{second}/pay")
    assert paid["charge"].startswith("chrg_")
    assert paid["link"]["used"] is True
    assert control(omise, "POST", f"links/{second}/delete")["deleted"] is True
    control(omise, "DELETE", f"links/{second}")
    assert api.get(f"/links/{second}").status_code == 404
    listed = Client(omise).get("/_emulator/links", account="th", live="true").json()["links"]
    assert [link["id"] for link in listed] == [first]


def test_switches_and_faults_work_over_http(omise: Emulator) -> None:
    """Switches are set, and faults are added and dropped, over HTTP."""
    assert control(omise, "GET", "behaviour")["get_deleted"] == "deleted"
    assert control(omise, "PATCH", "behaviour", get_deleted="not_found")["get_deleted"] == (
        "not_found"
    )
    waiting = control(omise, "POST", "faults", kind=500, method="POST", times=2)["faults"]
    assert (waiting[0]["kind"], waiting[0]["left"]) == ("500", 2)
    assert Client(omise).post(**LINK).status_code == 500
    assert control(omise, "GET", "faults")["faults"][0]["left"] == 1
    control(omise, "DELETE", "faults")
    assert Client(omise).post(**LINK).status_code == 200


def test_the_journal_and_the_counters_work_over_http(omise: Emulator) -> None:
    """Journal entries after a number, and exact counts, can be read over HTTP."""
    Client(omise).create()
    Client(omise).get("/links")
    assert [entry["path"] for entry in control(omise, "GET", "journal?since=1")["entries"]] == [
        "/links"
    ]
    counters = control(omise, "GET", "counters")
    assert (counters["requests"], counters["writes"], counters["statuses"]) == (2, 1, {"200": 2})


def test_a_reset_forgets_what_it_is_told_to(omise: Emulator) -> None:
    """A reset leaves what it is told to leave, and otherwise drops links and faults."""
    Client(omise).create()
    omise.fault("500")
    control(omise, "POST", "reset", data=False, faults=False)
    assert (len(omise.links()), len(omise.faults), len(omise.journal)) == (1, 1, 0)
    control(omise, "POST", "reset")
    assert (len(omise.links()), len(omise.faults)) == (0, 0)


def test_keys_can_be_added_and_revoked_over_http(omise: Emulator) -> None:
    """A key can be rolled over HTTP."""
    control(omise, "POST", "keys", key="skey_rolled", account="sg", live=True)
    answer = Client(omise, key="skey_rolled").get("/account").json()
    assert (answer["id"], answer["livemode"]) == (omise.account("sg").live_id, True)
    control(omise, "POST", "keys/revoke", key="skey_rolled")
    assert Client(omise, key="skey_rolled").get("/account").status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "nothing", None, 404),
        ("POST", "links/none/pay", None, 404),
        ("PATCH", "links/none", {"title": "x"}, 404),
        ("DELETE", "links/none", None, 404),
        ("POST", "keys/revoke", {"key": "skey_other"}, 404),
        ("POST", "links", {"account": "xx"}, 404),
        ("POST", "links", {"count": "many"}, 400),
        ("POST", "links", {"amount": "much"}, 400),
        ("POST", "links", {"colour": "red"}, 400),
        ("PATCH", "links/ID", {"title": 5}, 400),
        ("PATCH", "links/ID", {"id": "x"}, 400),
        ("PATCH", "behaviour", {"get_deleted": "perhaps"}, 400),
        ("POST", "faults", {"kind": "boom"}, 400),
        ("POST", "keys", {"key": "skey_x", "colour": "red"}, 400),
        ("POST", "reset", ["data"], 400),
    ],
)
def test_a_wrong_word_on_the_control_plane_is_a_plain_error(
    omise: Emulator, method: str, path: str, body: Any, status: int
) -> None:
    """A wrong name, type or value is 400 or 404 with one sentence, and shows no key."""
    path = path.replace("ID", omise.seed()[0])
    answer = Client(omise).send(method, f"/_emulator/{path}", json=body)
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}
    assert "skey" not in answer.text


def test_a_used_or_deleted_link_cannot_be_paid(omise: Emulator) -> None:
    """Paying a used or deleted link is refused with the reason."""
    used, deleted = omise.seed(2)
    omise.pay(used)
    omise.delete(deleted)
    for link in (used, deleted):
        answer = Client(omise).send("POST", f"/_emulator/links/{link}/pay")
        assert answer.status_code == 400
        assert "cannot be paid" in answer.json()["error"]


def test_no_key_is_ever_shown(omise: Emulator) -> None:
    """No key is in any representation, journal entry or answer of the control plane."""
    keys = [
        omise.key(account.name, live=live, public=public)
        for account in omise.accounts
        for live, public in itertools.product((True, False), repeat=2)
    ]
    api = Client(omise, agent=f"shop {omise.key('th')}")
    api.create()
    api.get("/links", key=omise.key("th"))
    api.get(f"/links/{omise.key('th', live=True)}")
    Client(omise, key="skey_test_wrong").get("/links")
    shown = [repr(omise), repr(omise.accounts), repr(vars(omise)), repr(omise.journal.entries)]
    shown += [json.dumps(omise.links()), json.dumps(omise.faults)]
    for path in ("", "accounts", "links", "behaviour", "faults", "journal", "counters"):
        shown.append(Client(omise).get(f"/_emulator/{path}").text)
    for key in [*keys, "skey_test_wrong"]:
        assert not any(key in text for text in shown), key


def test_a_payer_sees_the_page_pays_and_comes_back(omise: Emulator) -> None:
    """The payment page shows what is paid, takes one payment, and is closed then."""
    link = Client(omise).create()
    browser = Client(omise, key="none")
    path = link["payment_uri"].removeprefix(omise.url)
    page = browser.get(path)
    assert page.status_code == 200
    for text in ("Spring sale", "Two tickets", "THB 1,500.00", f'action="{path}"'):
        assert text in page.text
    # Nobody has paid yet: the page after a payment offers it.
    assert f'action="{path}"' in browser.get(f"{path}/complete").text
    paid = browser.send("POST", path)
    assert (paid.status_code, paid.headers["Location"]) == (303, f"{path}/complete")
    receipt = browser.get(f"{path}/complete").text
    (charge,) = Client(omise).page(f"/links/{link['id']}/charges")["data"]
    for text in ("Payment received", "THB 1,500.00", charge["id"], "cannot be paid again"):
        assert text in receipt
    assert omise.link(link["id"])["used"] is True
    again = browser.get(path)
    assert (again.status_code, "was already paid" in again.text) == (410, True)
    refused_again = browser.send("POST", path)
    assert (refused_again.status_code, "nothing was charged" in refused_again.text) == (410, True)
    assert len(omise.journal) == 2


def test_a_deleted_link_says_that_it_cannot_be_paid(omise: Emulator) -> None:
    """The page of a deleted link says so and has no button."""
    link = Client(omise, "jp").create(currency="JPY", amount=900)
    path = link["payment_uri"].removeprefix(omise.url)
    assert "JPY 900" in Client(omise).get(path).text
    Client(omise, "jp").delete(link["id"])
    page = Client(omise).get(path)
    assert (page.status_code, "was deleted" in page.text, "<button" in page.text) == (
        410,
        True,
        False,
    )


def test_a_link_for_many_payments_can_be_paid_again_from_the_receipt(omise: Emulator) -> None:
    """The page after a payment shows the newest one, not a failed one, and leads to the next."""
    (link,) = omise.seed(multiple=True)
    path = omise.link(link)["payment_uri"].removeprefix(omise.url)
    browser = Client(omise, key="none")
    omise.pay(link, paid=False)
    assert "Payment received" not in browser.get(f"{path}/complete").text
    charges = [omise.pay(link), omise.pay(link)]
    omise.pay(link, paid=False)
    receipt = browser.get(f"{path}/complete").text
    assert charges[1] in receipt
    assert charges[0] not in receipt
    assert f'href="{path}">Pay once more' in receipt


def test_an_address_of_no_link_says_so(omise: Emulator) -> None:
    """A mistyped payment address is answered with a page that says what to compare."""
    page = Client(omise).get("/pay/NONE")
    assert (page.status_code, "No such link" in page.text) == (404, True)
    assert Client(omise).get("/pay").status_code == 404


@pytest.mark.parametrize(
    "title",
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "&lt;b&gt;", "</title>"],
)
def test_a_hostile_title_is_only_text(omise: Emulator, title: str) -> None:
    """Markup in a title is shown as text."""
    link = Client(omise).create(title=title, description=title)
    for path in ("", "/complete"):
        page = Client(omise).get(link["payment_uri"].removeprefix(omise.url) + path)
        assert html.escape(title) in page.text
        assert page.text.count("<script") == page.text.count("<img") == 0
        assert page.text.count("</title>") == 1
        assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert page.headers["X-Content-Type-Options"] == "nosniff"
