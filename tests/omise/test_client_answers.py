"""Answers that are none, and refusals: each is one sentence, and none shows a key."""

from __future__ import annotations

import base64
import gzip
import socket
import time
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
from client_setup import KEY, client_for, hurry, settings_for
from harness import nobody
from raw_server import error, raw_server, response
from samples import SPRING

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.errors import (
    ApiError,
    AuthenticationError,
    NotFoundError,
    OmiseLinksError,
    OmiseUnavailableError,
    RateLimitedError,
)
from pulumi_omise_links.omise.client import OmiseClient
from pulumi_omise_links.omise.models import Scope
from pulumi_omise_links.omise.retry import ATTEMPTS

LINK = "link_test_6344k6rzgco9ul41cap"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


# -- answers that are none


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"kind": "lost_before"}, "the connection to {url} broke before the answer was complete"),
        ({"kind": "lost_after"}, "the connection to {url} broke before the answer was complete"),
        ({"kind": "half_body"}, "the connection to {url} broke before the answer was complete"),
        ({"kind": "timeout"}, "{url} did not answer within 0.5 s"),
        (
            {"kind": "500"},
            "Omise returned a server error: an internal error occurred (500 internal",
        ),
        ({"kind": "500", "html": True}, "no reason given, HTTP status 500 (500 no code)"),
        ({"kind": "502"}, "no reason given, HTTP status 502 (502 no code)"),
        ({"kind": "503", "retry_after": 0}, "the service is unavailable (503 service_unavailable)"),
        ({"kind": "not_json"}, "the answer was not the JSON of Omise (200, text/html,"),
        ({"kind": "empty"}, "the answer was not the JSON of Omise (200, application/json, 0 bytes"),
        ({"kind": "huge", "size": 40_000_000}, "the connection to {url} broke"),
    ],
)
def test_no_answer_is_tried_again_and_then_a_sentence(
    omise: Emulator, fault: dict[str, Any], said: str
) -> None:
    """A read without a usable answer is repeated; if that is no use, a sentence says why."""
    with client_for(omise, timeout=0.5 if fault["kind"] == "timeout" else 10) as client:
        omise.fault(**fault, method="GET", times=2)
        assert client.list_links() == ([], 0)
        assert len(omise.journal) == 3

        omise.reset()
        omise.fault(**fault, rate=1)
        with pytest.raises(OmiseUnavailableError) as caught:
            client.list_links()

    text = str(caught.value)
    assert text.startswith("Could not list links: ")
    assert said.format(url=omise.url) in text
    assert text.endswith((".", "?"))
    assert len(omise.journal) == ATTEMPTS
    assert caught.value.sent


def test_a_wrong_content_type_is_no_matter(omise: Emulator, client: OmiseClient) -> None:
    """What is Omise's JSON is read, whatever a proxy calls it."""
    omise.fault("wrong_content_type", method="GET")

    assert client.list_links() == ([], 0)
    assert len(omise.journal) == 1


def test_a_refused_connection_says_so() -> None:
    """An Omise that is down: a sentence with the address, and nothing was sent."""
    with (
        nobody() as url,
        client_for(url) as client,
        pytest.raises(OmiseUnavailableError, match=r"refuses the connection; is it up") as caught,
    ):
        client.list_links()

    assert url in str(caught.value)
    assert not caught.value.sent


def test_an_unknown_host_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that cannot be found is told apart from one that refuses."""
    # Some networks have an answer for every name.
    monkeypatch.setattr("socket.getaddrinfo", Mock(side_effect=socket.gaierror))
    with (
        client_for("https://no-such-host.invalid") as client,
        pytest.raises(OmiseUnavailableError, match=r"is unknown; is the network up\?") as caught,
    ):
        client.list_links()

    assert not caught.value.sent


def drip(connection: socket.socket, content: bytes, pause: float) -> bool:
    for n in range(len(content)):
        connection.sendall(content[n : n + 1])
        time.sleep(pause)
    return True


@pytest.mark.parametrize("way", ["length", "chunked", "closed"])
def test_a_slow_drip_cannot_hang_a_call(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that trickles in, each byte in time, ends with the time-out all the same."""
    monkeypatch.setattr("pulumi_omise_links.omise.retry.ATTEMPTS", 1)
    heads = {
        "length": b"Content-Length: 100000",
        "chunked": b"Transfer-Encoding: chunked",
        "closed": b"Connection: close",
    }
    chunk = b"186a0\r\n" if way == "chunked" else b""

    def conduct(connection: socket.socket, _: str) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + heads[way] + b"\r\n\r\n" + chunk)
        return drip(connection, b" " * 100_000, 0.05)

    with raw_server(conduct) as server, client_for(server.url, timeout=0.4) as client:
        began = time.monotonic()
        with pytest.raises(OmiseUnavailableError, match=r"did not answer within 0.4 s"):
            client.list_links()

    assert time.monotonic() - began < 10


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 100 Continue\r\n\r\n" * 3])
def test_a_slow_head_cannot_hang_a_call(head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Headers that trickle in, each byte in time, end with the time-out all the same."""
    monkeypatch.setattr("pulumi_omise_links.omise.retry.ATTEMPTS", 1)

    def conduct(connection: socket.socket, _: str) -> bool:
        connection.sendall(head)
        return drip(connection, (head + b"a" * 60) * 50, 0.05)

    with raw_server(conduct) as server, client_for(server.url, timeout=0.4) as client:
        began = time.monotonic()
        with pytest.raises(OmiseUnavailableError):
            client.list_links()

    assert time.monotonic() - began < 5


def test_a_body_that_swells_when_unpacked_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small answer that unpacks to gigabytes does not fill the memory."""
    monkeypatch.setattr("pulumi_omise_links.omise.retry.ATTEMPTS", 1)
    bomb = gzip.compress(b" " * 35_000_000)
    with (
        raw_server(response(bomb, Content_Encoding="gzip")) as server,
        client_for(server.url) as client,
        pytest.raises(OmiseUnavailableError),
    ):
        client.list_links()


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"object":"list","data":[],"total":' + b"9" * 5_000 + b"}",
        b'{"object":"list","data":[],"total":NaN}',
        b'{"object":"list","data":{},"total":0}',
        b'{"object":"list","data":[5],"total":1}',
        b'{"object":"error"}',
        b'"list"',
        b"\xff\xfe\x00",
        b"null",
    ],
)
def test_json_that_is_not_what_was_asked_for(body: bytes) -> None:
    """Any other JSON, however odd, is one error of ours and no traceback."""
    with (
        raw_server(response(body)) as server,
        client_for(server.url) as client,
        pytest.raises(OmiseUnavailableError),
    ):
        list(client.iter_links())


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary"])
def test_redirects_are_not_followed(status: str) -> None:
    """The key goes to nobody but the address of the settings."""
    with raw_server(response(b"{}")) as elsewhere:
        answer = response(b"", status, Location=elsewhere.url + "/links")
        with raw_server(answer) as server, client_for(server.url) as client:
            with pytest.raises(OmiseLinksError, match=status[:3]):
                client.list_links()
            with pytest.raises(OmiseLinksError, match=status[:3]):
                client.delete_link(LINK, Scope("account_1"))
        assert elsewhere.requests == []


# -- errors are sentences


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        ("400 Bad Request", "invalid_link", "title is too long", ApiError),
        ("403 Forbidden", "not_authorized", "you are not authorized", ApiError),
        ("404 Not Found", "not_found", "link was not found", NotFoundError),
        ("422 Unprocessable Entity", "failed_deletion", "could not be deleted", ApiError),
    ],
)
def test_a_refusal_tells_all_that_omise_said(
    status: str, code: str, message: str, kind: type[ApiError]
) -> None:
    """Status, code, message and request id stand in the text and on the error."""
    answer = response(error(code, message), status, X_Request_Id="req-17")
    with (
        raw_server(answer) as server,
        client_for(server.url) as client,
        pytest.raises(kind) as caught,
    ):
        client.get_link(LINK)

    number = int(status[:3])
    assert str(caught.value) == (
        f"Omise refused to read link {LINK}: {message} ({number} {code}, request req-17)."
    )
    assert (caught.value.status, caught.value.code) == (number, code)
    assert (caught.value.message, caught.value.request_id) == (message, "req-17")
    assert len(server.requests) == 1, "a refusal is not repeated"


def test_a_rate_limit_that_does_not_end_is_an_error_of_its_own(
    omise: Emulator, client: OmiseClient
) -> None:
    """A wait beyond the budget is not begun: the refusal is told at once."""
    omise.fault("429", retry_after=3_600, html=True)
    with pytest.raises(RateLimitedError, match=r"HTTP status 429 \(429 no code") as caught:
        client.list_links()

    assert caught.value.status == 429
    assert len(omise.journal) == 1


def test_a_429_with_retry_after_is_waited_for(omise: Emulator, client: OmiseClient) -> None:
    """A 429 is repeated when Omise says so, and no earlier."""
    omise.fault("429", retry_after=1)
    began = time.monotonic()
    client.list_links()

    assert 1 <= time.monotonic() - began < 10
    assert len(omise.journal) == 2


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("skey_test_revoked", "Omise does not accept the key in the environment variable"),
        ("", "No Omise secret key: the environment variable OMISE_SECRET_KEY is not set"),
    ],
)
def test_a_key_that_opens_nothing(omise: Emulator, key: str, said: str) -> None:
    """A revoked or missing key: a sentence that names where the key came from."""
    settings = settings_for(omise.url, key=key or " ")
    with OmiseClient(settings) as client:
        for call in (client.list_links, client.scope, lambda: client.create_link(SPRING)):
            with pytest.raises(AuthenticationError, match=said):
                call()

    assert all(request.status == 401 for request in omise.journal.entries)


def test_a_refused_key_of_stack_config_explains_rotation(omise: Emulator) -> None:
    """A 401 with a key from stack config explains that the state keeps the old key."""
    settings = type(settings_for(omise)).resolve(
        {"secretKey": "skey_test_rotated", "apiUrl": omise.url}, {}
    )
    with OmiseClient(settings) as client, pytest.raises(AuthenticationError) as caught:
        client.list_links()

    for part in ("omise:secretKey", "--run-program", "put one of the links back", "401"):
        assert part in str(caught.value)
    assert "skey_test_rotated" not in str(caught.value)


ECHO = {"object": "error", "code": KEY, "message": f"no key {KEY} here", "location": KEY}


@pytest.mark.parametrize(
    "answer",
    [
        response(ECHO, f"{status} X", f"text/{KEY}", X_Request_Id=KEY)
        for status in (400, 401, 403, 404, 422, 500, 503, 302)
    ]
    + [
        response(b"<html>" + KEY.encode(), kind=f"text/{KEY}", X_Request_Id=KEY),
        response({"object": KEY}),
        response({"object": "link", "id": KEY}),
        f"HTTP/9.9 {KEY}\r\n\r\n".encode(),
        f"{KEY}\r\n\r\n".encode(),
    ],
)
def test_a_key_that_the_server_echoes_is_not_shown(answer: bytes) -> None:
    """Wherever an answer puts the key, no error shows it, nor anything it is chained to."""
    with raw_server(answer) as server, client_for(server.url) as client:
        calls: list[Callable[[], object]] = [
            lambda: client.get_link(LINK),
            lambda: client.create_link(SPRING),
            lambda: client.delete_link(LINK, Scope("account_1")),
        ]
        for call in calls:
            with pytest.raises(OmiseLinksError) as caught:
                call()
            shown: BaseException | None = caught.value
            texts = [repr(client.settings)]
            while shown is not None and not shown.__suppress_context__:
                texts += [str(shown), repr(shown), repr(vars(shown))]
                shown = shown.__cause__ or shown.__context__
            texts += [str(caught.value), repr(caught.value), repr(vars(caught.value))]
            hidden = base64.b64encode(f"{KEY}:".encode()).decode()
            for text in texts:
                assert KEY not in text
                assert hidden not in text


def test_what_a_server_says_cannot_harm_a_terminal() -> None:
    """A long message with line breaks, escapes and direction marks becomes one short line."""
    message = "a\nb\r\x1b[31mred\x07 \u202egnp\u2028" + "x" * 1_000_000
    answer = response(error("invalid_link", message), "400 Bad Request")
    with (
        raw_server(answer) as server,
        client_for(server.url) as client,
        pytest.raises(ApiError) as caught,
    ):
        client.get_link(LINK)

    text = str(caught.value)
    assert "a b [31mred gnp xxx" in text
    assert len(text) < 600
    assert text.isprintable()


@pytest.mark.parametrize(
    "body",
    [
        {"code": 5, "message": ["x"]},
        {"code": "", "message": "x"},
        {"code": None, "message": None},
        {"code": {"a": 1}, "message": {"b": 2}},
        {},
    ],
)
def test_an_error_object_without_a_code_is_no_refusal_of_omise(body: dict[str, Any]) -> None:
    """What only looks like Omise's error object is an answer of something in between."""
    answer = response({"object": "error", **body}, "400 Bad Request")
    with (
        raw_server(answer) as server,
        client_for(server.url) as client,
        pytest.raises(OmiseUnavailableError, match=r"was not the JSON of Omise \(400, "),
    ):
        client.list_links()
