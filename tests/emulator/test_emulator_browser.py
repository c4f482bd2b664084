"""What a browser gets: the page of links, forms, and which hosts and origins are accepted."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from emulator.omise_client import Client, raw, refused

from pulumi_omise_links.emulator import Emulator


def test_the_first_page_lists_links_to_open_pay_and_delete(omise: Emulator) -> None:
    """A person without a dashboard sees each account's links, and can open, pay and delete them."""
    browser = Client(omise, key="none")
    browser.session.auth = None
    assert "There are no links yet" in browser.get("/").text
    (first,) = omise.seed(title="Spring ball", amount=150_000)
    (second,) = omise.seed(title="Live one", live=True, account="jp", amount=900)
    omise.seed(title="Of a team", sub_merchant="team_a")

    page = browser.get("/")

    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    headings = re.findall("<h2>(.*)</h2>", page.text)
    assert headings == ["jp, live", "th, test", "th, test, sub-merchant team_a"]
    for text in ("Spring ball", "THB 1,500.00", "Live one", "JPY 900", first, second):
        assert text in page.text
    opened = re.search(r'href="(/pay/[^"]+)"', page.text)
    assert opened is not None
    assert "Live one" in browser.get(opened[1]).text

    paid = browser.send("POST", f"/_links/{first}/pay")
    assert (paid.status_code, paid.headers["Location"]) == (303, "/")
    assert omise.link(first)["used"] is True
    assert browser.send("POST", f"/_links/{first}/pay").status_code == 410
    deleted = browser.send("POST", f"/_links/{second}/delete")
    assert (deleted.status_code, deleted.headers["Location"]) == (303, "/")
    assert omise.link(second)["deleted"] is True
    assert f"/_links/{second}/" not in browser.get("/").text
    assert browser.send("POST", "/_links/none/pay").status_code == 404
    assert browser.send("POST", "/_links/none/delete").status_code == 303
    assert len(omise.journal) == 0


def test_only_the_newest_links_are_shown(omise: Emulator) -> None:
    """A large account does not make the page large; it says how many links it leaves out."""
    omise.seed(103)
    page = Client(omise).session.get(f"{omise.url}/", auth=("", ""), timeout=10)
    assert page.status_code == 401
    text = raw(omise, b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n").decode()
    assert "3 older links are not shown." in text
    assert "Link 103<" in text
    assert "Link 3<" not in text


def test_an_api_client_gets_json_at_the_first_page(omise: Emulator) -> None:
    """A request with a key is one for the API, which has nothing at `/`."""
    assert refused(Client(omise).get("/"))[:2] == (404, "not_found")


@pytest.mark.parametrize("path", ["/", "/pay/PAGE", "/pay/PAGE/complete", "/pay/NONE", "/pay"])
def test_pages_run_and_load_nothing(omise: Emulator, path: str) -> None:
    """Whatever a title holds, a page has no script, loads nothing and is in no frame."""
    title = "<script>alert(1)</script>\"'><img src=x>"
    (link,) = omise.seed(title=title, description=title, sub_merchant="<b>")
    place = omise.link(link)["payment_uri"].rpartition("/")[2]
    request = f"GET {path.replace('PAGE', place)} HTTP/1.1\r\nConnection: close\r\n\r\n"
    head, _, body = raw(omise, request.encode()).decode().partition("\r\n\r\n")
    assert "Content-Security-Policy: default-src 'none'; style-src 'sha256-" in head
    assert "form-action 'self'; base-uri 'none'; frame-ancestors 'none'" in head
    assert "X-Content-Type-Options: nosniff" in head
    assert not re.search("<(script|img|b>|link|iframe)", body)
    if "PAGE" in path or path == "/":
        assert html.escape(title) in body


@pytest.mark.parametrize(
    ("headers", "accepted"),
    [
        ({}, True),
        ({"Origin": "URL"}, True),
        ({"Origin": "https://127.0.0.1:PORT"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "URL"}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "http://127.0.0.1:1"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        ({"Origin": "http://["}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
    ],
)
def test_forms_of_other_sites_are_refused(
    omise: Emulator, headers: dict[str, Any], accepted: bool
) -> None:
    """A page of another site can neither pay nor delete a link of the emulator."""
    port = omise.url.rpartition(":")[2]
    sent: dict[str, Any] = {
        name: value.replace("URL", omise.url).replace("PORT", port)
        for name, value in headers.items()
    }
    (link,) = omise.seed(multiple=True)
    place = omise.link(link)["payment_uri"].removeprefix(omise.url)
    for path in (place, f"/_links/{link}/pay", f"/_links/{link}/delete"):
        status = Client(omise, **sent).send("POST", path).status_code
        assert status == (303 if accepted else 403)
    assert omise.link(link)["deleted"] is accepted


@pytest.mark.parametrize(
    ("host", "accepted"),
    [
        ("127.0.0.1", True),
        ("127.0.0.1:4010", True),
        ("[::1]:4010", True),
        ("192.168.7.3:4010", True),
        ("localhost:80", True),
        ("LOCALHOST", True),
        ("omise.localhost", True),
        ("localhost.:4010", True),
        ("omise.internal:4010", True),
        ("rebound.example", False),
        ("localhost.evil.example", False),
        ("evil-localhost", False),
        ("127.0.0.1.evil.example", False),
        ("[::1].evil.example", False),
        ("[evil.example]", False),
    ],
)
def test_a_name_that_was_made_to_point_here_is_refused(host: str, accepted: bool) -> None:
    """DNS rebinding does not get a web page in: names count only if they are known."""
    with Emulator(allowed_hosts=["omise.internal"]) as omise:
        for path in ("/links", "/", "/_emulator/links"):
            answer = Client(omise, Host=host).get(path)
            assert (answer.status_code == 403) is not accepted
            if not accepted:
                assert "--allow-host NAME" in answer.json()["error"]


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "reset"), ("GET", "links")])
def test_a_page_in_a_browser_cannot_use_the_control_plane(
    omise: Emulator, headers: dict[str, Any], method: str, path: str
) -> None:
    """The control plane answers tools, never a page, not even one of the emulator."""
    assert Client(omise, **headers).send(method, f"/_emulator/{path}").status_code == 403


def test_reading_an_address_changes_nothing(omise: Emulator) -> None:
    """No GET of the control plane turns a switch, adds a fault or makes a link."""
    before = (omise.behaviour, omise.faults, omise.links(), omise.latency)
    queries = "get_deleted=not_found&kind=500&count=3&data=true&key=skey_x"
    for path in ("behaviour", "faults", "links", "reset", "keys", "journal", "accounts", ""):
        Client(omise).get(f"/_emulator/{path}?{queries}")
    assert (omise.behaviour, omise.faults, omise.links(), omise.latency) == before
    assert Client(omise).get("/_emulator/behaviour?get_deleted=not_found").status_code == 400
