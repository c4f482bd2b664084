"""What of a create is sent again, and creates at once: each is one POST that may have landed."""

from __future__ import annotations

import contextlib
import itertools
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from client_setup import client_for, hurry
from omise.posting import posts, when_posted
from raw_server import RawServer, raw_server, read_request, response
from samples import SPRING

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.errors import (
    ApiError,
    OmiseUnavailableError,
    RateLimitedError,
    UncertainCreateError,
)
from pulumi_omise_links.omise.client import OmiseClient


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


def test_a_429_is_repeated(omise: Emulator, client: OmiseClient) -> None:
    """A create that was refused for its rate is posted again, until it is made once."""
    omise.fault("429", method="POST", times=3, html=True)
    made = client.create_link(SPRING)

    assert [request.status for request in posts(omise)] == [429, 429, 429, 200]
    assert [link["id"] for link in omise.links()] == [made.id]


def test_a_429_for_too_long_is_a_refusal(omise: Emulator, client: OmiseClient) -> None:
    """A create that Omise would not take was surely not made: no uncertainty."""
    omise.fault("429", method="POST", retry_after=3_600)
    with pytest.raises(RateLimitedError):
        client.create_link(SPRING)

    assert omise.links() == []


def test_a_refused_connection_is_repeated(
    omise: Emulator, client: OmiseClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A create that never left is tried again, and made when Omise is back."""
    client.account()
    omise.stop()
    # Omise comes back in the pause after the first try.
    monkeypatch.setattr(
        "pulumi_omise_links.omise.transport.time",
        SimpleNamespace(**{**vars(time), "sleep": lambda _: omise.start()}),
    )
    made = client.create_link(SPRING)

    assert [link["id"] for link in omise.links()] == [made.id]
    assert client.stats.retries == 1


def test_a_connection_refused_for_good_is_no_uncertainty(
    omise: Emulator, client: OmiseClient
) -> None:
    """A create that never left was not made, and the error does not frighten."""
    client.account()
    omise.stop()
    with pytest.raises(OmiseUnavailableError, match="refuses the connection") as caught:
        client.create_link(SPRING)

    assert not caught.value.sent


def test_a_refusal_is_not_repeated(omise: Emulator, client: OmiseClient) -> None:
    """What Omise will not make it is asked for once."""
    with pytest.raises(ApiError, match="invalid_link") as caught:
        client.create_link(replace(SPRING, amount=1))

    assert caught.value.status == 400
    assert len(posts(omise)) == 1


@pytest.mark.parametrize("spellings", [("THB", "THB"), ("THB", "thb")])
def test_two_equal_creates_at_once(
    omise: Emulator, client: OmiseClient, spellings: tuple[str, str]
) -> None:
    """Equal links declared twice, one answer lost: two creates, two links, each its own."""
    omise.latency = 0.05
    omise.fault("lost_after", method="POST")
    with ThreadPoolExecutor(2) as threads:
        made = [
            creation.result().id
            for creation in [
                threads.submit(client.create_link, replace(SPRING, currency=spelling))
                for spelling in spellings
            ]
        ]

    assert len({*made}) == 2
    assert {link["id"] for link in omise.links()} == {*made}


@pytest.mark.parametrize("spellings", [("THB", "THB"), ("THB", "thb")])
def test_an_equal_create_under_way_is_not_robbed(spellings: tuple[str, str]) -> None:
    """One create is made and answered slowly while an equal one gets lost: no mix-up."""
    turns = itertools.count()
    outcomes: list[str] = []

    def create(client: OmiseClient, spelling: str) -> None:
        try:
            outcomes.append(client.create_link(replace(SPRING, currency=spelling)).id)
        except UncertainCreateError as error:
            outcomes.extend(error.candidates or ["none"])

    # The first is made at once, and its answer stays away.
    with (
        when_posted(lambda _: time.sleep(0 if next(turns) else 0.25)) as (omise, client),
        ThreadPoolExecutor(2) as threads,
    ):
        client.account()
        omise.fault("lost_before", method="POST", skip=1)
        for spelling in spellings:
            threads.submit(create, client, spelling)
            time.sleep(0.05)
        threads.shutdown()
        (stored,) = omise.links()

    assert sorted(outcomes) == sorted(["none", stored["id"]])


def test_different_creates_do_not_wait_for_each_other() -> None:
    """Only equal creates go one by one."""
    together = threading.Barrier(8)  # no create has its answer before all are under way
    with when_posted(lambda _: together.wait(20)) as (omise, client):
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda n: client.create_link(replace(SPRING, title=f"{n}")), range(8)))
        assert omise.journal.max_in_flight == 8


@pytest.mark.parametrize("refuses", [False, True])
def test_a_lost_answer_behind_a_proxy_is_a_lost_answer(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, refuses: bool
) -> None:
    """Behind a proxy, too, a create goes out once; only a refused tunnel is tried again."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    seen: list[str] = []
    account = response(
        {"object": "account", "id": "account_1", "livemode": False},
        Date="Thu, 01 Jan 2026 00:00:00 GMT",
    )
    empty = response({"object": "list", "data": [], "total": 0})

    def proxy(connection: socket.socket, line: str) -> bool:
        if refuses and "POST pending" in seen:
            connection.sendall(response(b"no", "403 Forbidden", "text/plain"))
            return False
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with context.wrap_socket(connection, server_side=True) as inside:
            while request := read_request(inside):
                seen.append(request.split("?")[0])
                if request.startswith("POST"):
                    return False
                inside.sendall(account if request.startswith("GET /account") else empty)
                if refuses:
                    seen.append("POST pending")
                    return False
        return False

    server = RawServer(proxy)
    monkeypatch.setenv("https_proxy", server.url)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    with client_for("https://omise.test") as client:
        if refuses:
            client.account()
            with pytest.raises(
                OmiseUnavailableError,
                match=r"the proxy .* refused to connect .*\(HTTP status 403\)",
            ):
                client.create_link(SPRING)
            assert seen == ["GET /account", "POST pending"]
        else:
            with pytest.raises(UncertainCreateError):
                client.create_link(SPRING)
            assert seen == ["GET /account", "POST /links", *["GET /links"] * 3]
    server.close()


def test_a_certificate_that_is_not_trusted_says_so(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that cannot prove who it is gets no request, and the error says what is wrong."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with contextlib.suppress(OSError), connection:
                    context.wrap_socket(connection, server_side=True).close()

    threading.Thread(target=serve, daemon=True).start()
    with (
        client_for(f"https://localhost:{listener.getsockname()[1]}") as client,
        pytest.raises(
            OmiseUnavailableError, match=r"the TLS certificate of .* is not trusted"
        ) as caught,
    ):
        client.list_links()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    assert not caught.value.sent


def test_a_server_cannot_talk_us_into_a_second_post() -> None:
    """Words of a broken answer do not decide whether the request had left."""
    account = response(
        {"object": "account", "id": "a", "livemode": False},
        Date="Thu, 01 Jan 2026 00:00:00 GMT",
    )
    for words in (b"CERTIFICATE_VERIFY_FAILED", b"Tunnel connection failed: 500"):
        lie = words + b"\r\n\r\n"
        with (
            raw_server(account, lie) as server,
            client_for(server.url) as client,
            pytest.raises(UncertainCreateError),
        ):
            client.create_link(SPRING)
        assert [line for line in server.requests if "POST" in line] == ["POST /links"]
