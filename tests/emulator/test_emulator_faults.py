"""Faults as a client meets them, the rate limiter, and lists that shift while they are read."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from emulator.omise_client import LINK, Client, raw, refused
from polling import wait_until

from pulumi_omise_links.emulator import KINDS, Behaviour, Emulator, Fault, FaultKind
from pulumi_omise_links.emulator.limiter import RateLimiter


def stored(omise: Emulator) -> int:
    return len(omise.links())


@pytest.mark.parametrize(("kind", "links"), [("lost_before", 0), ("lost_after", 1)])
def test_a_lost_answer_ends_the_connection_before_or_after_the_link_is_made(
    omise: Emulator, kind: str, links: int
) -> None:
    """A lost answer may leave a link or none."""
    omise.fault(kind, method="POST")
    with pytest.raises(requests.ConnectionError):
        Client(omise).post(**LINK)
    assert stored(omise) == links
    (entry,) = omise.journal.entries
    assert (entry.status, entry.fault, entry.committed) == (None, kind, links == 1)


def test_half_a_body_comes_with_the_length_of_the_whole(omise: Emulator) -> None:
    """A cut answer is told from a whole one by its length."""
    omise.fault("half_body")
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        Client(omise).post(**LINK)
    assert stored(omise) == 1
    assert omise.journal.entries[0].status == 200


@pytest.mark.parametrize("commit", [False, True])
def test_a_timeout_never_answers_and_lets_go_when_the_client_leaves(
    omise: Emulator, commit: bool
) -> None:
    """A time-out sends nothing and ends with the client."""
    omise.fault("timeout", commit=commit)
    with pytest.raises(requests.ReadTimeout):
        Client(omise).send("POST", "/links", json=LINK, timeout=0.1)
    wait_until(lambda: omise.journal.entries)  # a slow server may still be at it
    assert stored(omise) == int(commit)
    assert omise.journal.entries[0].status is None
    wait_until(lambda: omise.journal.counters()["in_flight"] == 0)


def test_a_timeout_has_a_bound(omise: Emulator) -> None:
    """A time-out ends by itself after its seconds."""
    omise.fault("timeout", seconds=0.1)
    with pytest.raises(requests.ConnectionError):
        Client(omise).get("/links")


def test_a_slow_answer_is_a_right_one(omise: Emulator) -> None:
    """A slow answer is complete and right."""
    omise.fault("slow", seconds=0.1)
    began = time.monotonic()
    assert Client(omise).post(**LINK).status_code == 200
    assert time.monotonic() - began >= 0.1


@pytest.mark.parametrize("html", [False, True])
@pytest.mark.parametrize("retry_after", [None, 2])
@pytest.mark.parametrize(
    ("kind", "code"), [("429", "too_many_requests"), ("500", "internal_error")]
)
def test_refusals_come_as_json_or_as_a_proxys_page(
    omise: Emulator, kind: str, code: str, retry_after: int | None, html: bool
) -> None:
    """429 and 500 come as Omise's object or as a page, with `Retry-After` or without."""
    omise.fault(kind, retry_after=retry_after, html=html)
    answer = Client(omise).post(**LINK)
    assert answer.status_code == int(kind)
    assert answer.headers.get("Retry-After") == (None if retry_after is None else str(retry_after))
    if html:
        assert answer.headers["Content-Type"] == "text/html"
        assert answer.text.startswith("<html>")
    else:
        assert refused(answer)[1] == code
    assert stored(omise) == 0


@pytest.mark.parametrize("commit", [False, True])
@pytest.mark.parametrize("kind", ["500", "502", "503"])
def test_a_server_error_may_come_before_or_after_the_link_is_made(
    omise: Emulator, kind: str, commit: bool
) -> None:
    """A 5xx leaves a link if `commit` is set, and none otherwise."""
    omise.fault(kind, commit=commit)
    answer = Client(omise).post(**LINK)
    assert answer.status_code == int(kind)
    assert answer.text.startswith("<html>") is (kind == "502")
    assert stored(omise) == int(commit)
    assert omise.journal.entries[0].committed is commit


def test_answers_can_be_spoilt_after_the_work_was_done(omise: Emulator) -> None:
    """A link is made, and its answer cannot be read."""
    api = Client(omise)
    for kind in ("wrong_content_type", "not_json", "empty"):
        omise.fault(kind)
    typed, page, empty = (api.post(**LINK) for _ in range(3))
    assert (typed.headers["Content-Type"], typed.json()["object"]) == ("text/html", "link")
    assert (page.status_code, page.text.startswith("<html>")) == (200, True)
    assert (empty.status_code, empty.content) == (200, b"")
    assert stored(omise) == 3


def test_a_huge_answer_goes_on_as_long_as_it_is_read(omise: Emulator) -> None:
    """A huge answer has the size that was asked for."""
    omise.fault("huge", size=3_000_000)
    answer = Client(omise).post(**LINK)
    assert len(answer.content) > 3_000_000
    assert answer.json()["object"] == "link"


@pytest.mark.parametrize("commit", [False, True])
@pytest.mark.parametrize(
    "status", [103, 200, 204, 302, 303, 304, 307, 400, 403, 404, 408, 413, 429, 500, 599]
)
def test_a_page_of_any_status_may_take_the_place_of_an_answer(
    omise: Emulator, status: int, commit: bool
) -> None:
    """A firewall's or proxy's page comes with any status, whether the link was made or not."""
    omise.fault("page", status=status, commit=commit, method="POST")
    api = Client(omise)
    answer = api.post(**LINK)
    assert answer.status_code == status
    assert stored(omise) == int(commit)
    if status in (103, 204, 304):
        assert answer.content == b""
    else:
        assert answer.headers["Content-Type"] == "text/html"
        assert answer.text.startswith("<html>")
    # The next answer on the same session is not mixed up with this one.
    assert api.get("/account").json()["object"] == "account"


@pytest.mark.parametrize("location", ["https://thief.example/links", "http://[", "", "/links"])
def test_a_page_may_point_elsewhere(omise: Emulator, location: str) -> None:
    """A redirect names any address, also one that no client can read."""
    omise.fault("page", status=302, location=location)
    head, _, _ = raw(omise, b"GET /links HTTP/1.1\r\nConnection: close\r\n\r\n").partition(
        b"\r\n\r\n"
    )
    assert f"Location: {location}" in head.decode().split("\r\n")


def test_a_page_may_be_large_or_slow(omise: Emulator) -> None:
    """A page of a redirect can be padded or come byte by byte, as any other body."""
    omise.fault("page", status=302, location="http://[", size=3_000_000)
    request = b"GET /links HTTP/1.1\r\nConnection: close\r\n\r\n"
    assert len(raw(omise, request)) > 3_000_000
    omise.fault("page", status=307, seconds=0.002)
    began = time.monotonic()
    assert b"</html>" in raw(omise, request)
    assert time.monotonic() - began > 0.2


def test_a_body_may_come_byte_by_byte(omise: Emulator) -> None:
    """A dripping answer is right, but takes as long as its bytes."""
    omise.fault("drip", seconds=0.001)
    began = time.monotonic()
    answer = Client(omise).post(**LINK)
    assert answer.json()["object"] == "link"
    assert time.monotonic() - began >= 0.001 * len(answer.content)


def test_a_dripping_body_ends_with_the_emulator() -> None:
    """Stopping does not wait for a body that would take hours."""
    omise = Emulator().start()
    omise.fault("drip", seconds=3600)
    client = threading.Thread(target=_read_in_vain, args=(omise,))
    client.start()
    wait_until(lambda: omise.journal.entries)
    omise.stop()
    client.join(10)
    assert not client.is_alive()


def _read_in_vain(omise: Emulator) -> None:
    with pytest.raises(requests.RequestException):
        Client(omise).send("GET", "/links", timeout=60)


def test_a_kept_connection_may_be_dead(omise: Emulator) -> None:
    """An answer promises keep-alive, and the connection is closed all the same."""
    omise.fault("closed_connection")
    start = b"GET /links HTTP/1.1\r\n\r\n"
    # Without the server's end this would wait for the time-out of the socket.
    answer = raw(omise, start)
    assert answer.startswith(b"HTTP/1.1 401")
    assert b"Connection: keep-alive" in answer


def test_attributes_of_an_answer_can_be_changed(omise: Emulator) -> None:
    """The answer says something else than what was stored, or something that cannot be."""
    changes = {"livemode": True, "title": "Other", "deleted": None, "merchant_uid": 12}
    omise.fault("changed_answer", method="POST", changes=changes)
    link = Client(omise).create()
    assert {name: link[name] for name in changes} == changes
    assert omise.link(link["id"])["title"] == LINK["title"]


def test_items_of_a_list_can_be_unreadable(omise: Emulator) -> None:
    """The first items of a page are changed, the others and the total are right."""
    omise.seed(3)
    omise.fault("changed_items", changes={"amount": "much", "id": None}, count=2)
    page = Client(omise).page()
    assert [item["amount"] for item in page["data"]] == ["much", "much", 100_000]
    assert [item["id"] is None for item in page["data"]] == [True, True, False]
    assert page["total"] == 3
    omise.fault("changed_items", changes={"id": None})
    assert refused(Client(omise).get("/links/none"))[0] == 404


def test_a_kind_without_a_reply_cannot_exist() -> None:
    """A new kind of fault is one entry, and no entry can lack what it sends."""
    with pytest.raises(TypeError, match="reply"):
        FaultKind(description="x", carried_out="never")  # type: ignore[call-arg]


def test_a_deletion_can_be_refused(omise: Emulator) -> None:
    """One DELETE is refused, and the next one works."""
    api = Client(omise)
    link = api.create()["id"]
    omise.fault("refused_deletion", method="DELETE", path="/links/*")
    assert refused(api.delete(link))[:2] == (422, "failed_deletion")
    assert api.delete(link).status_code == 200


def test_a_script_strikes_only_what_it_names_and_in_order(omise: Emulator) -> None:
    """Faults strike by method, path, number and order of adding."""
    omise.fault("500", method="POST", path="/links", times=2, skip=1)
    omise.fault("503", method="post", path="/links")
    omise.fault("429", path="/account")
    api = Client(omise)
    statuses = [api.post(**LINK).status_code for _ in range(3)]
    statuses += [api.get("/links").status_code, api.send("POST", "/links/").status_code]
    assert statuses == [503, 500, 500, 200, 400]
    assert [fault["kind"] for fault in omise.faults] == ["429"]
    omise.clear_faults()
    assert omise.faults == []


def test_a_rate_strikes_its_share_and_the_same_ones_with_the_same_seed() -> None:
    """A rate is a share of the requests, repeatable with the seed."""

    def run(seed: int) -> list[int]:
        with Emulator(seed=seed) as omise:
            omise.fault("500", rate=0.3, method="GET")
            omise.fault("429", rate=0.1)
            api = Client(omise)
            return [api.get("/account").status_code for _ in range(100)]

    first = run(7)
    assert first == run(7)
    assert first != run(8)
    assert 15 < first.count(500) < 45
    assert 2 < first.count(429) < 18


def test_a_rate_can_be_bounded(omise: Emulator) -> None:
    """A rate with `times` ends."""
    omise.fault("500", rate=1.0, times=2)
    api = Client(omise)
    assert [api.get("/links").status_code for _ in range(3)] == [500, 500, 200]


def test_a_list_can_shift_between_two_pages(omise: Emulator) -> None:
    """Links can appear and vanish while a list is read page by page."""
    omise.seed(4)
    api = Client(omise)
    omise.fault("links_appear", method="GET", path="/links", count=2)
    assert api.page()["total"] == 6
    omise.fault("links_vanish", method="GET", path="/links", skip=1)
    first = api.page(limit=2)["data"]
    second = api.page(limit=2, offset=2)["data"]
    assert [link["title"] for link in first + second] == [
        "Link 1",
        "Link 2",
        "Link 4",
        "Appeared 1",
    ]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"kind": "boom"}, "no such kind of fault: boom"),
        ({"kind": "500", "rate": 2}, "rate must be a number from 0 to 1"),
        ({"kind": "lost_before", "commit": True}, "lost_before takes no commit"),
        ({"kind": "slow", "seconds": -1}, "seconds must be a number from 0.001"),
        ({"kind": "slow", "seconds": "1"}, "seconds must be a number .*, not '1'"),
        ({"kind": "slow", "times": True}, "times must be a whole number .*, not True"),
        ({"kind": "slow", "colour": "red"}, "a fault has no colour"),
        ({"kind": "page", "location": "a\r\nb: c"}, "location must be one line"),
        ({}, "kind is missing"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(fields: dict[str, Any], reason: str) -> None:
    """A fault that could not do what it says is a ValueError with the reason."""
    with pytest.raises(ValueError, match=reason):
        Fault.read(fields)


# For each kind: more fields than its defaults, so that the test is short and makes sense.
FIELDS: dict[str, dict[str, Any]] = {
    "timeout": {"seconds": 0.01},
    "slow": {"seconds": 0.01},
    "drip": {"seconds": 0.001},
    "huge": {"size": 10},
    "changed_answer": {"changes": {"total": None}},
    "changed_items": {"changes": {"id": None}},
}


def test_every_kind_of_fault_can_be_asked_for(omise: Emulator) -> None:
    """Each kind of the table strikes a request and is named in the journal."""
    for kind in KINDS:
        omise.fault(kind, **FIELDS.get(kind, {}))
        try:
            # A connection of its own: some kinds close it, and the client may not know yet.
            Client(omise).get("/links")
        except requests.RequestException:
            assert kind in ("lost_before", "lost_after", "half_body", "timeout")
    assert omise.journal.counters()["faults"] == dict.fromkeys(KINDS, 1)


def test_the_limiter_lets_a_burst_through() -> None:
    """A burst passes, what follows is refused, and each account has its own limit."""
    limits = Behaviour(requests_per_second=0.001, burst=3)
    with Emulator(behaviour=limits) as omise:
        api = Client(omise)
        statuses = [api.get("/account").status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        assert "Retry-After" not in api.get("/account").headers
        assert Client(omise, "sg").get("/account").status_code == 200
        assert omise.journal.counters()["faults"]["rate_limit"] == 2


def test_after_a_burst_the_limiter_lets_the_rate_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a burst the limiter lets through the rate, and never more than a burst at once."""
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(
        "pulumi_omise_links.emulator.limiter.time", SimpleNamespace(monotonic=lambda: clock.now)
    )
    limiter = RateLimiter()

    def allowed(asked: int, who: str = "th") -> int:
        return sum(limiter.allows(who, 20.0, 3) for _ in range(asked))

    assert allowed(5) == 3
    clock.now += 0.04
    assert allowed(5) == 0
    clock.now += 0.02
    assert allowed(5) == 1
    assert allowed(5, "sg") == 3
    clock.now += 3600
    assert allowed(5) == 3


def test_the_limiter_may_say_when_to_come_back_and_answer_as_a_proxy() -> None:
    """The limiter's answer has the form and header of the switches."""
    limits = Behaviour(requests_per_second=0.001, burst=1, retry_after=5, limited_body="html")
    with Emulator(behaviour=limits) as omise:
        api = Client(omise)
        api.get("/account")
        answer = api.post(**LINK)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "5")
        assert answer.text.startswith("<html>")
        assert stored(omise) == 0
        omise.switch(limited_body="json", retry_after=None)
        api.get("/account")
        assert refused(api.get("/account"))[:2] == (429, "too_many_requests")


def test_latency_is_added_to_every_request() -> None:
    """Each request takes at least the latency, which can be changed at any time."""
    with Emulator(latency=0.5) as omise:
        api = Client(omise)
        api.get("/account")
        assert omise.journal.entries[0].seconds >= 0.5
        omise.latency = 0.0
        api.get("/account")
        assert omise.journal.entries[1].seconds < 0.5
