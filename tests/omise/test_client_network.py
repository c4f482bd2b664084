"""Proxies, certificates and connections: what stands between a client and Omise."""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from client_setup import client_for, hurry, settings_for
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st
from raw_server import Conduct, RawServer, raw_server, read_request, response
from samples import SPRING

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.errors import OmiseUnavailableError, SettingsError, UncertainCreateError
from pulumi_omise_links.omise.client import OmiseClient
from pulumi_omise_links.omise.route import RouteError, find_route
from pulumi_omise_links.settings import Settings

OMISE = "https://omise.test"
ACCOUNT = response({"object": "account", "id": "account_1", "livemode": False})
NOTHING = response({"object": "list", "data": [], "total": 0})


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)
    for name in ("HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def answer_in_tls(certificate: tuple[Path, Path], answer: Callable[[str], bytes | None]) -> Conduct:
    """Speak TLS on a connection and answer its requests; None ends the connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)

    def serve(connection: socket.socket, _: str) -> bool:
        with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as tls:
            while line := read_request(tls):
                content = answer(line)
                if content is None:
                    break
                tls.sendall(content)
        return False

    return serve


@contextlib.contextmanager
def server_of(serve: Callable[[socket.socket], object]) -> Iterator[int]:
    """Let ``serve`` have each connection; yields the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def fails(client: OmiseClient, *parts: str, sent: bool = False) -> str:
    """Ask for a list, which fails with a sentence that has all of ``parts``."""
    with pytest.raises(OmiseUnavailableError) as caught:
        client.list_links()
    assert caught.value.sent is sent, str(caught.value)
    for part in parts:
        assert part in str(caught.value)
    return str(caught.value)


# -- SOCKS


def socks5(
    tunnel: Callable[[socket.socket], object], *, reply: int = 0, pause: float = 0
) -> Callable[[socket.socket], None]:
    """A SOCKS 5 proxy that forwards nothing: ``tunnel`` gets the connection after its replies."""

    def serve(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.recv(262)
            connection.sendall(b"\x05\x00")
            connection.recv(262)
            # The bound address is a name, the longest part of a reply.
            content = b"\x05" + bytes([reply]) + b"\x00\x03" + bytes([200]) + b"a" * 200 + b"\0\0"
            for n in range(len(content) if pause else 1):
                connection.sendall(content[n : n + 1] if pause else content)
                time.sleep(pause)
            if not reply:
                tunnel(connection)

    return serve


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_a_socks_proxy_is_used(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    """With PySocks, requests go through; reading and creating alike."""
    made = response({**vars(link_like()), "object": "link", "charges": None})

    def answer(line: str) -> bytes:
        return {"GET /account": ACCOUNT, "POST /links": made}.get(line, NOTHING)

    tls = answer_in_tls(certificate, answer)
    look_up = socket.getaddrinfo
    monkeypatch.setattr(
        "socket.getaddrinfo",
        lambda host, *args: look_up("127.0.0.1" if host == "omise.test" else host, *args),
    )
    with server_of(socks5(lambda connection: tls(connection, ""))) as port:
        monkeypatch.setenv("ALL_PROXY", f"{scheme}://user:pw@127.0.0.1:{port}")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
        # PySocks offers the password, and the proxy asks for none.
        with client_for(OMISE) as client:
            assert client.list_links() == ([], 0)
            assert client.create_link(SPRING).title == SPRING.title


def link_like() -> object:
    with Emulator() as omise, client_for(omise) as client:
        return client.create_link(SPRING)


@pytest.mark.parametrize("variable", ["ALL_PROXY", "https_proxy"])
def test_without_pysocks_the_variable_and_the_package_are_named(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """A SOCKS proxy that cannot be used is told at once, and nothing is sent."""
    monkeypatch.setitem(sys.modules, "socks", None)
    monkeypatch.setenv(variable, "socks5h://user:hunter2@127.0.0.1:1080")
    with client_for(OMISE) as client:
        text = fails(client, f"{variable} names a SOCKS proxy", "PySocks", "pip install pysocks")
        assert client.stats.requests == 1

    assert "hunter2" not in text


def test_a_socks_proxy_that_refuses_or_drips_is_no_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its refusal is told, and a reply of one byte after the other ends with the time-out."""
    monkeypatch.setattr("pulumi_omise_links.omise.retry.ATTEMPTS", 1)
    with server_of(socks5(lambda _: None, reply=2)) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"socks5h://127.0.0.1:{port}")
        with client_for(OMISE) as client:
            fails(client, f"127.0.0.1:{port} (from HTTPS_PROXY)", "not allowed")
    with server_of(socks5(lambda _: None, pause=0.05)) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"socks5h://127.0.0.1:{port}")
        began = time.monotonic()
        with client_for(OMISE, timeout=0.5) as client:
            fails(client, "cannot be reached (no connection in time)")
        assert time.monotonic() - began < 5


# -- HTTP proxies


@pytest.mark.parametrize(
    ("status", "attempts"), [(407, 1), (403, 1), (404, 1), (429, 5), (502, 5), (503, 5)]
)
def test_a_proxy_that_refuses_is_told_with_its_status(
    monkeypatch: pytest.MonkeyPatch, status: int, attempts: int
) -> None:
    """Status, place and variable stand in the error, the password never; what lasts is not
    repeated, and a create is as safe as a read."""
    with raw_server(response(b"no", f"{status} X", "text/html")) as proxy:
        place = proxy.url.removeprefix("http://")
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:hunter2@{place}")
        with client_for(OMISE) as client:
            text = fails(client, f"HTTP status {status}", f"{place} (from HTTPS_PROXY)")
            assert len(proxy.requests) == attempts
            with pytest.raises(OmiseUnavailableError) as caught:
                client.create_link(SPRING)
    assert not caught.value.sent
    assert "hunter2" not in text + str(caught.value) + repr(vars(caught.value))
    assert ("user name and a password" in text) is (status == 407)


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 2", b""])
def test_a_proxy_that_drips_cannot_hang_a_call(
    monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    """Connection, proxy, TLS and answer have one time budget together."""
    monkeypatch.setattr("pulumi_omise_links.omise.retry.ATTEMPTS", 1)

    def drip(connection: socket.socket, _: str) -> bool:
        connection.sendall(answer)
        for _n in range(600):
            connection.sendall(b"0")
            time.sleep(0.05)
        return False

    with raw_server(drip) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        began = time.monotonic()
        with client_for(OMISE, timeout=0.5) as client:
            fails(client)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "value",
    [
        "htp://127.0.0.1:9",
        "ftp://127.0.0.1",
        "http://",
        "http://user:hunter2@",
        "http://a..b:3128",
        f"http://{'a' * 64}:3128",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:port",
        "http://[::1",
        "://",
        "socks6://127.0.0.1",
        "http://user:hunter2@*:1",
    ],
)
def test_a_proxy_variable_that_is_no_proxy_is_named(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """The variable is named, its value not, and nothing is sent."""
    monkeypatch.setenv("HTTPS_PROXY", value)
    with client_for(OMISE) as client:
        text = fails(client, "HTTPS_PROXY is not the URL of a proxy")
        assert client.stats.retries == 0

    assert "hunter2" not in text


def test_proxies_are_found_as_requests_finds_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """ALL_PROXY and lower case count, NO_PROXY and an emulator go without."""
    away = settings_for(OMISE)
    monkeypatch.setenv("all_proxy", "127.0.0.1:9")
    assert find_route(away).proxy_place == "127.0.0.1:9 (from all_proxy)"
    assert find_route(settings_for("http://127.0.0.1:9")).proxies == {}
    assert find_route(settings_for("https://localhost:9")).proxies == {}
    monkeypatch.setenv("NO_PROXY", "omise.test")
    assert find_route(away).proxies == {}


# -- certificates


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read (No such file or directory)"),
        ("", "holds no certificate in PEM form"),
        ("not a certificate\n", "holds no certificate in PEM form"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "PEM"),
    ],
)
def test_certificates_that_cannot_be_read_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, content: str | None, reason: str
) -> None:
    """A CA bundle that is missing, empty or none: variable and path, and nothing is sent."""
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv(variable, str(path))
    for url in (OMISE, "https://localhost:9"):
        with client_for(url) as client:
            fails(client, f"{variable} names the file {str(path)!r}", reason)
            with pytest.raises(OmiseUnavailableError):
                client.create_link(SPRING)
            assert client.stats.retries == 0


def test_a_certificate_of_an_unknown_authority_says_what_to_set(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names REQUESTS_CA_BUNDLE; with it, an emulator behind TLS can be trusted."""
    serve = answer_in_tls(certificate, lambda _: NOTHING)
    with server_of(lambda connection: serve(connection, "")) as port:
        url = f"https://localhost:{port}"
        with client_for(url) as client:
            fails(client, f"the TLS certificate of {url} is not trusted", "REQUESTS_CA_BUNDLE")
            assert client.stats.retries == 0
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
        with client_for(url) as client:
            assert client.list_links() == ([], 0)
        with client_for(url.replace("localhost", "127.0.0.1")) as client:
            fails(client, "is not trusted", "127.0.0.1")


def test_a_server_without_tls_is_no_answer() -> None:
    """https to a server that does not speak TLS: a sentence, and nothing was sent."""

    def greet(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.sendall(b"220 hello\r\n" * 10)

    with (
        server_of(greet) as port,
        client_for(f"https://127.0.0.1:{port}") as client,
    ):
        fails(client, f"no connection to https://127.0.0.1:{port}: ")


# -- any text


texts = st.text(max_size=40) | st.text("htps:/@[]0.1a%?#\\\x00 \u2603-_", max_size=30).map(
    lambda text: "http://127.0.0.1" + text
)
usual = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@given(texts | st.from_regex(r"https?://[\S\s]{0,30}", fullmatch=True))
@example("https://api..example")
@example("https://" + "a" * 64)
@example("http://[::1]evil.com")
@example("https://xn--a")
def test_any_url_is_settings_that_requests_can_use_or_an_error(url: str) -> None:
    """No text as OMISE_API_URL ends in anything but a SettingsError or a request."""
    environ = {"OMISE_API_URL": url, "OMISE_SECRET_KEY": "skey_test_1"}
    try:
        made = Settings.resolve({}, environ)
    except SettingsError:
        return
    with OmiseClient(made) as client:
        prepared = client._transport._prepare("GET", "/links", {"limit": 1}, None)
        adapter = client._transport._adapter
        adapter.get_connection_with_tls_context(prepared, verify=True)
    (prepared.url or "").encode("ascii")


@given(texts, st.sampled_from(["HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE"]))
def test_any_variable_is_a_way_or_an_error(value: str, name: str) -> None:
    """No text in a variable of the network ends in anything but an error that names it."""
    try:
        value.encode("ascii")
    except UnicodeEncodeError:
        value = value.encode("ascii", "replace").decode()
    value = value.replace("\x00", "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(name, value)
        try:
            route = find_route(settings_for(OMISE))
        except RouteError:
            return
        with OmiseClient(settings_for(OMISE)) as client:
            adapter = client._transport._adapter
            prepared = client._transport._prepare("GET", "/links", None, None)
            adapter.get_connection_with_tls_context(
                prepared, verify=route.ca_bundle, proxies=route.proxies
            )


# -- connections that have been idle


def server_that_drops(seconds: float) -> tuple[RawServer, list[str]]:
    """A server that forgets a connection after so many idle seconds, without a word."""
    made = response({**vars(link_like()), "object": "link", "charges": None})
    carried_out: list[str] = []

    def serve(connection: socket.socket, line: str) -> bool:
        last = getattr(local, "last", None)
        local.last = time.monotonic()
        if last is not None and local.last - last > seconds:
            return False  # the request is lost, and never carried out
        carried_out.append(line)
        connection.sendall(
            {"GET /account": ACCOUNT, "POST /links": made}.get(line.partition("?")[0], NOTHING)
        )
        return True

    local = threading.local()
    return RawServer(serve), carried_out


def test_a_create_does_not_leave_on_a_connection_that_has_been_idle() -> None:
    """A connection that a firewall has forgotten costs a create nothing."""
    server, carried_out = server_that_drops(1.05)
    with client_for(server.url) as client:
        client.account()
        time.sleep(1.3)
        assert client.create_link(SPRING).title == SPRING.title
    server.close()

    assert carried_out == ["GET /account", "POST /links"]
    assert server.requests == carried_out, "nothing had to be repeated"


@pytest.mark.parametrize("status", ["100 Continue", "102 Processing", "103 Early Hints"])
def test_the_answer_of_one_request_is_never_that_of_the_next(status: str) -> None:
    """After an interim answer the final one may follow; no other request may get it."""
    late = response({**vars(link_like()), "object": "link", "charges": None})
    posts: list[str] = []

    def serve(connection: socket.socket, line: str) -> bool:
        if not line.startswith("POST"):
            connection.sendall(ACCOUNT if line == "GET /account" else NOTHING)
            return True
        posts.append(line)
        connection.sendall(f"HTTP/1.1 {status}\r\n\r\n".encode())
        time.sleep(0.3)
        with contextlib.suppress(OSError):
            connection.sendall(late)
        return True

    with raw_server(serve) as server, client_for(server.url) as client:
        if status.startswith("100"):
            assert client.create_link(SPRING).title == SPRING.title
        else:
            with pytest.raises((UncertainCreateError, OmiseUnavailableError)):
                client.create_link(SPRING)
            time.sleep(0.4)
            assert client.list_links() == ([], 0)
    assert len(posts) == 1
