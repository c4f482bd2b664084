"""Every status, from Omise and from what stands in between: what it says about a request."""

from __future__ import annotations

import contextlib
import email.utils
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from client_setup import client_for, hurry
from hypothesis import given
from hypothesis import strategies as st
from raw_server import error, raw_server, response
from samples import LINK as SAMPLE
from samples import SPRING

from pulumi_omise_links.errors import (
    ApiError,
    AuthenticationError,
    MismatchedCreateError,
    NotFoundError,
    OmiseUnavailableError,
    RateLimitedError,
    UncertainCreateError,
    WrongAccountError,
)
from pulumi_omise_links.omise.client import OmiseClient
from pulumi_omise_links.omise.models import OmiseLink, Scope, UnreadableLink
from pulumi_omise_links.omise.responses import FailedAttemptError, Response, read_response
from pulumi_omise_links.omise.retry import Attempt, Result, delay_before_next
from pulumi_omise_links.settings import Settings

LINK = "link_test_6344k6rzgco9ul41cap"
STATUSES = [103, 204, 226, *range(300, 309), *range(400, 432), 451, 499, 500, 502, 503, 504, 522]
PAGE = b"<html>blocked</html>"
SETTINGS = Settings.resolve({"secretKey": "skey_test_x"}, {})


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)
    monkeypatch.setattr("pulumi_omise_links.omise.retry.LIMIT_SECONDS", 0.0)
    monkeypatch.setattr("pulumi_omise_links.omise.creates.LIMIT_SECONDS", 0.0)


def now() -> str:
    return email.utils.formatdate(usegmt=True)


def account() -> bytes:
    return response({"object": "account", "id": "account_1", "livemode": False}, Date=now())


def page(*links: dict[str, Any]) -> bytes:
    return response({"object": "list", "data": list(links), "total": len(links)}, Date=now())


def spring(link_id: str = LINK, **changes: Any) -> dict[str, Any]:
    """The link that a create of SPRING makes, as Omise's JSON."""
    made_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {
        **SAMPLE,
        **vars(SPRING),
        "id": link_id,
        "deleted": False,
        "merchant_uid": None,
        "created_at": made_at,
        **changes,
    }


# -- a create


@pytest.mark.parametrize("status", STATUSES)
def test_a_page_in_place_of_the_answer_to_a_create_is_a_lost_answer(status: int) -> None:
    """Whatever its status, a page proves nothing: the link that was made is found and taken."""
    answer = response(PAGE, f"{status} X", "text/html", Location="https://login.example/")
    with (
        raw_server(account(), answer, page(spring())) as server,
        client_for(server.url) as client,
    ):
        assert client.create_link(SPRING).id == LINK
        assert sum(line.startswith("POST") for line in server.requests) == 1


@pytest.mark.parametrize("status", [status for status in STATUSES if status != 429])
def test_a_page_and_no_such_link_is_never_a_second_post(status: int) -> None:
    """Nothing is listed either: the error says so, and nothing is posted again."""
    answer = response(PAGE, f"{status} X", "text/html")
    with (
        raw_server(account(), answer, page()) as server,
        client_for(server.url) as client,
    ):
        with pytest.raises(UncertainCreateError, match="No such link was found"):
            client.create_link(SPRING)
        assert sum(line.startswith("POST") for line in server.requests) == 1


@pytest.mark.parametrize("status", range(400, 432))
def test_omise_s_own_error_object_is_a_refusal(status: int) -> None:
    """With a status of 4xx it says that nothing was made: nothing is looked up."""
    answer = response(error("some_code", "no"), f"{status} X")
    with raw_server(account(), answer) as server, client_for(server.url) as client:
        with pytest.raises((ApiError, AuthenticationError), match=str(status)) as caught:
            client.create_link(SPRING)
        assert server.requests == ["GET /account", "POST /links"]
    assert isinstance(caught.value, RateLimitedError) is (status == 429)
    assert isinstance(caught.value, AuthenticationError) is (status == 401)


@pytest.mark.parametrize("status", [200, 302, 500, 503])
def test_omise_s_error_object_with_another_status_is_no_refusal(status: int) -> None:
    """Only together do object and status say that nothing was made."""
    answer = response(error("some_code", "no"), f"{status} X")
    with (
        raw_server(account(), answer, page(spring())) as server,
        client_for(server.url) as client,
    ):
        assert client.create_link(SPRING).id == LINK


def test_a_429_page_is_looked_up_before_the_create_is_sent_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A rate limiter of nobody knows whom: not listed, so sent again; listed, so taken."""
    monkeypatch.setattr("pulumi_omise_links.omise.creates.LIMIT_SECONDS", 60.0)
    limited = response(PAGE, "429 X", "text/html")
    made = response(spring())
    with (
        raw_server(account(), limited, page(), page(), page(), made) as server,
        client_for(server.url) as client,
    ):
        assert client.create_link(SPRING).id == LINK
        lines = [line.partition("?")[0] for line in server.requests]
        assert lines == ["GET /account", "POST /links", *["GET /links"] * 3, "POST /links"]


def test_a_429_page_that_does_not_end_is_a_lost_answer() -> None:
    """When its time is over, the error says that the link may exist; nothing is posted again."""
    limited = response(PAGE, "429 X", "text/html")
    with (
        raw_server(account(), limited, page()) as server,
        client_for(server.url) as client,
    ):
        with pytest.raises(UncertainCreateError, match="No such link was found"):
            client.create_link(SPRING)
        assert sum(line.startswith("POST") for line in server.requests) == 1


# -- everything else


@pytest.mark.parametrize("status", STATUSES)
def test_a_page_is_no_answer_to_a_read_or_a_delete(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No page reads as "gone", as "deleted" or as an account that may not be read."""
    monkeypatch.setattr("pulumi_omise_links.omise.retry.ATTEMPTS", 2)
    answer = response(PAGE, f"{status} X", "text/html", Location="http://[")
    with raw_server(account(), answer) as server, client_for(server.url) as client:
        scope = client.scope()
        for call in (
            lambda: client.find_link(LINK, scope),
            lambda: client.delete_link(LINK, scope),
            client.list_links,
        ):
            with pytest.raises((OmiseUnavailableError, RateLimitedError)):
                call()
    with raw_server(answer) as server, client_for(server.url) as client:
        with pytest.raises((OmiseUnavailableError, RateLimitedError)):
            client.account()
        with pytest.raises((OmiseUnavailableError, RateLimitedError)):
            client.create_link(SPRING)
        assert not any(line.startswith("POST") for line in server.requests)


@given(
    st.sampled_from(["GET", "POST", "DELETE"]),
    st.integers(100, 599),
    st.binary(max_size=30)
    | st.sampled_from([b'{"object":"error"}', b'{"object":"error","code":5}', b"{}", b"[]"]),
    st.dictionaries(st.sampled_from(["Location", "Retry-After", "Content-Type"]), st.text()),
)
def test_only_omise_s_words_are_an_answer(
    method: str, status: int, content: bytes, headers: dict[str, str]
) -> None:
    """Whatever else stands in a response, the attempt has failed, and no create is repeated."""
    answer = Response(status, headers, content)
    if 200 <= status < 300 and answer.json is not None:
        read_response(answer, method=method, operation="x", settings=SETTINGS)
        return
    with pytest.raises(FailedAttemptError) as caught:
        read_response(answer, method=method, operation="x", settings=SETTINGS)
    assert caught.value.result in (Result.LOST, Result.SERVER_ERROR, Result.LIMITED_BY_PAGE)
    assert (
        delay_before_next(Attempt(method="POST", result=caught.value.result, number=1, elapsed=0.0))
        is None
    )


@pytest.mark.parametrize("location", ["http://[", "/", "https://api..example", "\x00", "ht!tp://"])
@pytest.mark.parametrize("status", ["301 X", "302 X", "303 X", "307 X", "308 X", "201 X"])
def test_a_location_is_never_read(status: str, location: str) -> None:
    """The address of a redirect is not even parsed."""
    answer = response(b"", status, Location=location)
    with (
        raw_server(account(), answer, page(spring())) as server,
        client_for(server.url) as client,
    ):
        assert client.create_link(SPRING).id == LINK


@pytest.mark.parametrize("size", [600_000_000, None])
def test_the_body_of_a_redirect_is_bounded(size: int | None) -> None:
    """Neither a body that drips nor one of 600 MB outlives the bounds of an answer."""
    sent = 0

    def redirect(connection: socket.socket, line: str) -> bool:
        nonlocal sent
        if not line.startswith("POST"):
            connection.sendall(account() if line == "GET /account" else page(spring()))
            return True
        length = f"Content-Length: {size}\r\n" if size else ""
        head = f"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n{length}\r\n"
        connection.sendall(head.encode())
        with contextlib.suppress(OSError):
            for _ in range(600):
                connection.sendall(b" " * (1_000_000 if size else 1))
                sent += 1
                time.sleep(0 if size else 0.05)
        return False

    with raw_server(redirect) as server, client_for(server.url, timeout=1) as client:
        began = time.monotonic()
        assert client.create_link(SPRING).id == LINK
        assert time.monotonic() - began < 10
    assert sent < 100, "some 32 MB are read, and what the buffers of the system hold"


# -- the answer is compared with the request


def create_answered(answer: dict[str, Any], *listed: dict[str, Any], **environ: str) -> OmiseLink:
    with (
        raw_server(account(), response(answer), page(*listed)) as server,
        client_for(server.url, **environ) as client,
    ):
        try:
            return client.create_link(SPRING)
        finally:
            assert sum(line.startswith("POST") for line in server.requests) == 1


def test_a_text_that_omise_spells_otherwise_is_that_link() -> None:
    """A title that was trimmed or composed is returned as Omise has it, and nothing is lost."""
    link = create_answered(spring(title="Spring  sale", description=" Two tickets"))

    assert (link.id, link.title, link.description) == (LINK, "Spring  sale", " Two tickets")


@pytest.mark.parametrize("change", [{"amount": 1}, {"currency": "JPY"}, {"multiple": False}])
def test_another_amount_than_was_asked_for_is_named_at_once(change: dict[str, Any]) -> None:
    """Money is no matter of spelling: the error names the link, which exists."""
    with pytest.raises(MismatchedCreateError, match=f"made link {LINK}, but its") as caught:
        create_answered(spring(**change))

    assert caught.value.link_id == LINK
    assert next(iter(change)) in str(caught.value)


def test_a_link_of_another_sub_merchant_is_named_at_once() -> None:
    """The link went to somebody else: the error names it and both sub-merchants."""
    with pytest.raises(WrongAccountError, match=f"link {LINK} for sub-merchant team_b") as caught:
        create_answered(spring(merchant_uid="team_b"), OMISE_SUB_MERCHANT_ID="team_a")
    assert "team_a" in str(caught.value)

    for merchant in ("team_a", None, 12, "acct_1"):
        create_answered(spring(merchant_uid=merchant), OMISE_SUB_MERCHANT_ID="team_a")


@given(st.sampled_from(sorted(set(SAMPLE) - {"object", "id", "livemode"})), st.data())
def test_a_create_is_never_lost_for_what_its_answer_holds(name: str, data: Any) -> None:
    """With `object: link` and an id, the answer is that link or an error that names it."""
    value = data.draw(st.none() | st.booleans() | st.integers() | st.text() | st.just([]))
    try:
        taken = create_answered(spring(**{name: value})).id
    except MismatchedCreateError as error:
        taken = error.link_id
    assert taken == LINK


def test_the_answer_to_another_create_is_not_taken_twice() -> None:
    """An answer with the id of a link that this process has made is somebody else's answer."""
    answer, mine = response(spring()), spring("link_test_6344k6rzgco9ul41cb0")
    with (
        raw_server(account(), answer, answer, page(spring(), mine)) as server,
        client_for(server.url) as client,
    ):
        assert client.create_link(SPRING).id == LINK
        assert client.create_link(SPRING).id == mine["id"]
        assert sum(line.startswith("POST") for line in server.requests) == 2


# -- lists with what cannot be read


def uncertain(client: OmiseClient) -> UncertainCreateError:
    with pytest.raises(UncertainCreateError) as caught:
        client.create_link(SPRING)
    return caught.value


def lose_create(listed: bytes) -> UncertainCreateError:
    """What a create says whose answer is lost, while ``listed`` is what Omise lists."""
    lost = response(b"", "500 X")
    with raw_server(account(), lost, listed) as server, client_for(server.url) as client:
        return uncertain(client)


BAD = spring("link_test_6344k6rzgco9ul41cb0", title=None)


def test_one_unreadable_link_does_not_stop_the_rest() -> None:
    """Who takes what cannot be read gets the rest; who does not is told."""
    answer = page(BAD, spring(), {"object": "link"})
    with raw_server(answer) as server, client_for(server.url) as client:
        skipped: list[UnreadableLink] = []
        assert [link.id for link in client.iter_links(skipped=skipped)] == [LINK]
        assert [item.id for item in skipped] == [BAD["id"], None]
        assert "title" in skipped[0].problem
        with pytest.raises(OmiseUnavailableError, match="title is missing"):
            list(client.iter_links())


def test_an_unreadable_link_may_be_the_lost_one() -> None:
    """While there is one, a link that fits is named, and not taken."""
    for listed, candidates in ((page(spring(), BAD), (LINK,)), (page(BAD), ())):
        failed = lose_create(listed)
        assert failed.candidates == candidates
        assert failed.similar == (BAD["id"],)


@pytest.mark.parametrize(
    "title", ["Spring sale ", "Spring\u00a0sale", "Spring\u200b sale", "Spring  sale"]
)
def test_a_link_that_differs_in_spelling_only_is_named_and_not_taken(title: str) -> None:
    """If Omise respells texts, the lost link is not found by equality: the error names it."""
    failed = lose_create(page(spring(title=title)))
    assert failed.candidates == ()
    assert failed.similar == (LINK,)
    assert LINK in str(failed)


# -- an uncertain create stays known


def test_a_repeated_create_takes_the_link_that_has_appeared_meanwhile() -> None:
    """A retry after "uncertain" looks first; what was made late is not made twice."""
    lost = response(b"", "500 X")
    with (
        raw_server(account(), lost, page(), page(), page(), page(spring())) as server,
        client_for(server.url) as client,
    ):
        uncertain(client)
        assert client.create_link(SPRING).id == LINK
        assert sum(line.startswith("POST") for line in server.requests) == 1


def test_a_repeated_create_that_cannot_look_makes_nothing() -> None:
    """Where the list cannot be read, or Omise's time is not known, there is no second POST."""
    lost = response(b"", "500 X")
    undated = response({"object": "account", "id": "account_1", "livemode": False})
    for first in (account(), undated):
        with raw_server(first, lost) as server, client_for(server.url) as client:
            for _ in range(3):
                uncertain(client)
            assert sum(line.startswith("POST") for line in server.requests) == 1


def test_a_repeated_create_between_several_links_makes_nothing() -> None:
    """As long as it is open which link is the one, nothing is made beside them."""
    two = page(spring(), spring("link_test_6344k6rzgco9ul41cb0"))
    with (
        raw_server(account(), response(b"", "500 X"), two) as server,
        client_for(server.url) as client,
    ):
        for _ in range(2):
            assert len(uncertain(client).candidates) == 2
        assert sum(line.startswith("POST") for line in server.requests) == 1


# -- time, and servers that lag


def test_the_last_look_waits_for_the_longest_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cut connection says little: Omise may be at work as long as an answer may take."""
    monkeypatch.undo()
    monkeypatch.setattr("pulumi_omise_links.omise.creates.LOOK_PAUSES", (0.0, 0.0, 0.0))
    looks: list[float] = []

    def serve(connection: socket.socket, line: str) -> bool:
        if line == "GET /account":
            connection.sendall(account())
        elif line.startswith("POST"):
            return False
        else:
            looks.append(time.monotonic())
            connection.sendall(page(spring()) if len(looks) == 3 else page())
        return True

    with raw_server(serve) as server, client_for(server.url, timeout=1.5) as client:
        began = time.monotonic()
        assert client.create_link(SPRING).id == LINK
    assert looks[1] - began < 1.4
    assert looks[2] - began >= 1.5


@pytest.mark.parametrize("days", [-300, -2, 2, 300])
def test_by_an_absurd_clock_nothing_is_taken(days: int) -> None:
    """A time that is days off proves nothing: the link is named, and left to a person."""
    date = email.utils.formatdate(time.time() + days * 86_400, usegmt=True)
    told = response({"object": "account", "id": "account_1", "livemode": False}, Date=date)
    later = spring(created_at="2100-01-01T00:00:00Z")
    with (
        raw_server(told, response(b"", "500 X"), page(later)) as server,
        client_for(server.url) as client,
    ):
        assert uncertain(client).candidates == (LINK,)


@pytest.mark.parametrize("headers", [{"Age": "3600"}, {}])
def test_only_omise_s_own_fresh_answers_tell_the_time(headers: dict[str, str]) -> None:
    """Neither a page in between nor a stored answer sets the clock by which links are judged."""
    old = email.utils.formatdate(time.time() - 3_600, usegmt=True)
    body: Any = {"object": "list", "data": [], "total": 0} if headers else PAGE
    status = "200 OK" if headers else "403 X"
    with (
        raw_server(response(body, status, Date=old, **headers)) as server,
        client_for(server.url) as client,
    ):
        with contextlib.suppress(OmiseUnavailableError):
            client.list_links()
        assert client.server_time() is None


def test_not_found_right_after_a_create_proves_nothing() -> None:
    """A server that lags does not know the new link yet: it is neither gone nor deleted."""
    unknown = response(error("not_found", "link was not found"), "404 Not Found")
    with (
        raw_server(account(), response(spring()), unknown) as server,
        client_for(server.url) as client,
    ):
        made = client.create_link(SPRING)
        scope = Scope("account_1")
        calls: list[Callable[[], object]] = [
            lambda: client.get_link(made.id),
            lambda: client.find_link(made.id, scope),
            lambda: client.delete_link(made.id, scope),
        ]
        for call in calls:
            with pytest.raises(OmiseUnavailableError, match="within the last minute"):
                call()
        with pytest.raises(NotFoundError):
            client.get_link("link_test_6344k6rzgco9ul41cb0")
