"""The one door to Omise: every endpoint, every bad answer, and the care with keys and ids."""

from __future__ import annotations

import base64
import gzip
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from wire import KEY, SPRING, client_for, error, hurry, raw_server, response, settings_for

from pulumi_omise_links import __version__, functions, get_link, get_links
from pulumi_omise_links.emulator import Behaviour, Emulator
from pulumi_omise_links.errors import (
    ApiError,
    AuthenticationError,
    LinkIdError,
    LiveModeError,
    NoAnswerError,
    NotFoundError,
    OmiseLinksError,
    RateLimitedError,
    WrongAccountError,
)
from pulumi_omise_links.omise.client import OmiseClient
from pulumi_omise_links.omise.models import Home
from pulumi_omise_links.omise.retry import ATTEMPTS

LINK = "link_test_6344k6rzgco9ul41cap"
UNKNOWN = response(error("not_found", f"link {LINK} was not found"), "404 Not Found")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


@pytest.fixture
def client(omise: Emulator) -> Iterator[OmiseClient]:
    with client_for(omise) as made:
        yield made


# -- the endpoints


def test_create_retrieve_list_and_destroy(omise: Emulator, client: OmiseClient) -> None:
    """A link that was made can be read, is listed, and is gone for good when deleted."""
    made = client.create_link(SPRING)
    assert made.inputs == SPRING
    assert client.get_link(made.id) == made
    assert client.list_links() == ([made], 1)

    client.delete_link(made.id, client.home())

    assert client.get_link(made.id).deleted
    assert client.find_link(made.id, client.home()) is None
    (listed,) = client.iter_links()
    assert listed.deleted
    assert omise.links(deleted=False) == []


def test_every_input_reaches_omise_whole(omise: Emulator, client: OmiseClient) -> None:
    """Line breaks, blanks at the ends, marks and any script arrive as they were written."""
    text = ' "a" & <b>\r\n\tสงกรานต์ 🎉 \u202eabc '
    made = client.create_link(type(SPRING)(2_000, "thb", text, text, False))

    (stored,) = omise.links()
    assert (stored["title"], stored["description"]) == (text, text)
    assert (made.title, made.amount, made.currency, made.multiple) == (text, 2_000, "THB", False)


def test_charges_come_with_the_link_and_as_a_list(omise: Emulator, client: OmiseClient) -> None:
    """The first charges come with a link, all of them page by page."""
    (link_id,) = omise.seed(multiple=True)
    paid = [omise.pay(link_id) for _ in range(103)]

    link = client.get_link(link_id)
    assert (len(link.charges), link.charges_total) == (20, 103)
    assert [each.id for each in client.link_charges(link_id)] == paid
    assert omise.journal.count("GET", f"/links/{link_id}/charges") == 2


def test_the_account(omise: Emulator, client: OmiseClient) -> None:
    """The account of the key tells its id, country and currencies."""
    account = client.account()

    assert account is not None
    assert (account.id, account.country) == (omise.account("th").id, "TH")
    assert "USD" in account.supported_currencies
    assert client.home() == Home(account.id)


def test_all_links_of_many_pages(omise: Emulator, client: OmiseClient) -> None:
    """More than 100 links come complete and in order, one request per 100."""
    ids = omise.seed(250)

    assert [each.id for each in client.iter_links()] == ids
    assert omise.journal.count("GET", "/links") == 3
    newest, total = client.list_links(limit=2, newest_first=True)
    assert [each.id for each in newest] == ids[:-3:-1]
    assert total == 250


def test_links_of_a_span_of_time(omise: Emulator, client: OmiseClient) -> None:
    """A list can be cut to a span of time."""
    ids = omise.seed(3, seconds_apart=3_600)
    moments = [omise.link(each)["created_at"] for each in ids]
    stamps = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(each)) for each in moments]

    assert [each.id for each in client.iter_links(created_from=stamps[1])] == ids[1:]
    assert [each.id for each in client.iter_links(created_to=stamps[1])] == ids[:2]


def test_new_links_do_not_disturb_a_list(omise: Emulator, client: OmiseClient) -> None:
    """Links that are made while pages are read neither hide nor repeat one."""
    ids = omise.seed(250)
    omise.fault("links_appear", method="GET", path="/links", count=7, times=3)

    listed = [each.id for each in client.iter_links()]

    assert listed[:250] == ids
    assert len(set(listed)) == len(listed)


def test_an_empty_account_has_no_links(client: OmiseClient) -> None:
    """No links: an empty list, not an error."""
    assert list(client.iter_links()) == []


def test_a_list_that_claims_more_than_it_has_ends() -> None:
    """A wrong total does not make an endless loop."""
    with (
        raw_server(response({"object": "list", "data": [], "total": 10**9})) as server,
        client_for(server.url) as client,
    ):
        assert list(client.iter_links()) == []
        assert len(server.requests) == 1


# -- what is sent


def test_what_every_request_carries(omise: Emulator) -> None:
    """The pinned API version, who we are, and the sub-merchant if one is set."""
    with client_for(omise, OMISE_SUB_MERCHANT_ID="team_5g") as client:
        made = client.create_link(SPRING)
        client.delete_link(made.id, client.home())
        assert client.home() == Home(omise.account("th").id, "team_5g")

    for entry in omise.journal.entries:
        assert entry.omise_version == "2019-05-29"
        assert re.match(
            rf"pulumi-omise-links/{re.escape(__version__)} Python/3\.\d+", entry.user_agent or ""
        )
        assert entry.sub_merchant == "team_5g"
        assert entry.account == omise.account("th").id


def test_no_sub_merchant_no_header(omise: Emulator, client: OmiseClient) -> None:
    """Without the setting, requests act for the account itself."""
    client.list_links()

    assert omise.journal.entries[0].sub_merchant is None


def test_connections_are_kept(omise: Emulator, client: OmiseClient) -> None:
    """Requests one after the other share one connection, errors and empty answers included."""
    omise.fault("500", method="GET", times=2)
    omise.fault("empty", method="GET", times=1, skip=2)
    for _ in range(5):
        client.list_links()
    with pytest.raises(NotFoundError):
        client.get_link(LINK)

    assert omise.journal.connections == 1


def test_the_environment_s_proxy_stays_out_of_a_local_omise(
    omise: Emulator, client: OmiseClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy set for the machine is not asked for an Omise on the machine itself."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert client.list_links() == ([], 0)


def test_what_talking_has_cost(omise: Emulator, client: OmiseClient) -> None:
    """Requests, retries and writes are counted as they leave."""
    omise.fault("500", method="GET", path="/links", times=2)
    client.list_links()
    client.delete_link(client.create_link(SPRING).id, client.home())

    cost = client.cost
    assert (cost.requests, cost.retries, cost.writes) == (len(omise.journal), 2, 2)


# -- answers that are none


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"kind": "lost_before"}, "the connection to {url} broke before the answer was complete"),
        ({"kind": "lost_after"}, "the connection to {url} broke before the answer was complete"),
        ({"kind": "half_body"}, "the connection to {url} broke before the answer was complete"),
        ({"kind": "timeout"}, "{url} did not answer within 0.5 s"),
        ({"kind": "500"}, "Omise has a fault of its own: an internal error occurred (500 internal"),
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
        with pytest.raises(NoAnswerError) as caught:
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


def test_a_refused_connection_says_so(omise: Emulator, client: OmiseClient) -> None:
    """An Omise that is down: a sentence with the address, and nothing was sent."""
    omise.stop()
    with pytest.raises(NoAnswerError, match=r"refuses the connection; is it up") as caught:
        client.list_links()

    assert omise.url in str(caught.value)
    assert not caught.value.sent


def test_an_unknown_host_says_so() -> None:
    """A host that cannot be found is told apart from one that refuses."""
    with (
        client_for("https://no-such-host.invalid") as client,
        pytest.raises(NoAnswerError, match=r"is unknown; is the network up\?") as caught,
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
        with pytest.raises(NoAnswerError, match=r"did not answer within 0.4 s"):
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
        with pytest.raises(NoAnswerError):
            client.list_links()

    assert time.monotonic() - began < 5


def test_a_body_that_swells_when_unpacked_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small answer that unpacks to gigabytes does not fill the memory."""
    monkeypatch.setattr("pulumi_omise_links.omise.retry.ATTEMPTS", 1)
    bomb = gzip.compress(b" " * 35_000_000)
    with (
        raw_server(response(bomb, Content_Encoding="gzip")) as server,
        client_for(server.url) as client,
        pytest.raises(NoAnswerError),
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
        pytest.raises(NoAnswerError),
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
                client.delete_link(LINK, Home("account_1"))
        assert elsewhere.requests == []


# -- "gone" only on proof


@pytest.mark.parametrize(
    "answer",
    [
        response(b"<html>not here</html>", "404 Not Found", "text/html"),
        response(b"", "404 Not Found"),
        # What gateways say.
        response({"message": "no Route matched with those values"}, "404 Not Found"),
        response({"code": "not_found", "message": "no such backend"}, "404 Not Found"),
        response(error("service_not_found", "service was not found"), "404 Not Found"),
        response(b"", "410 Gone"),
        response({"object": "link", "id": LINK, "deleted": False}),
        response({"object": "error", "code": "not_found", "message": "x"}),
    ],
)
def test_what_does_not_prove_that_a_link_is_gone(answer: bytes) -> None:
    """A 404 of a proxy, of another service or of nobody knows whom never drops a link."""
    account = response({"object": "account", "id": "account_1", "livemode": False})
    with raw_server(account, answer) as server, client_for(server.url) as client:
        home = client.home()
        with pytest.raises(OmiseLinksError):
            client.find_link(LINK, home)
    with raw_server(account, answer) as server, client_for(server.url) as client:
        home = client.home()
        with pytest.raises(OmiseLinksError):
            client.delete_link(LINK, home)


def test_omise_s_own_404_under_the_link_s_own_account_is_gone() -> None:
    """The link's own account not knowing it is proof."""
    account = response({"object": "account", "id": "account_1", "livemode": False})
    with raw_server(account, UNKNOWN) as server, client_for(server.url) as client:
        assert client.find_link(LINK, client.home()) is None


@pytest.mark.parametrize("switch", ["deleted", "not_found"])
def test_a_deleted_link_is_gone_either_way(
    omise: Emulator, client: OmiseClient, switch: str
) -> None:
    """However Omise answers for a deleted link, it is gone."""
    omise.switch(get_deleted=switch)
    (link_id,) = omise.seed()
    assert client.find_link(link_id, client.home()) is not None
    omise.delete(link_id)

    assert client.find_link(link_id, client.home()) is None


@pytest.mark.parametrize(
    ("home", "environ", "said"),
    [
        (Home("account_other"), {}, "belongs to account_other, but the key in"),
        (Home(None), {}, "the account of the link is not known"),
        (Home("{th}", "team_1"), {}, "belongs to {th}, sub-merchant team_1, but the key"),
        (Home("{th}"), {"OMISE_SUB_MERCHANT_ID": "team_1"}, "but the key in the environment"),
    ],
)
def test_a_404_elsewhere_proves_nothing(
    omise: Emulator, home: Home, environ: dict[str, str], said: str
) -> None:
    """Another account, another sub-merchant, or an account nobody knows: an error, never gone."""
    own = omise.account("th").id
    home = Home((home.account_id or "").replace("{th}", own) or None, home.sub_merchant_id)
    with client_for(omise, **environ) as client, pytest.raises(WrongAccountError) as caught:
        client.find_link(LINK, home)

    assert said.replace("{th}", own) in str(caught.value)
    assert LINK in str(caught.value)


@pytest.mark.parametrize("switch", ["forbidden", "not_found"])
def test_a_restricted_key_works_but_proves_nothing(omise: Emulator, switch: str) -> None:
    """A key that may not ask for its account makes links; only "gone" it cannot prove."""
    omise.switch(account_readable=switch)
    with client_for(omise) as client:
        assert client.account() is None
        made = client.create_link(SPRING)
        assert client.find_link(made.id, Home(None)) == made
        for home in (Home(None), Home(omise.account("th").id)):
            with pytest.raises(WrongAccountError, match=r"use a key that may read GET /account"):
                client.find_link(LINK, home)

    assert omise.journal.count("GET", "/account") == 1, "asked once"


def test_the_account_is_asked_once_by_many_threads(omise: Emulator, client: OmiseClient) -> None:
    """However many threads need the account, it costs one request."""
    omise.latency = 0.05
    with ThreadPoolExecutor(8) as threads:
        homes = set(threads.map(lambda _: client.home(), range(32)))

    assert homes == {Home(omise.account("th").id)}
    assert omise.journal.count("GET", "/account") == 1


def test_an_account_that_could_not_be_read_is_asked_again(
    omise: Emulator, client: OmiseClient
) -> None:
    """A fault while asking for the account is an error now, and no lasting "unknown"."""
    omise.fault("500", path="/account", times=ATTEMPTS)
    with pytest.raises(NoAnswerError):
        client.home()

    assert client.home() == Home(omise.account("th").id)


# -- ids, modes, permission: before any request


@pytest.mark.parametrize(
    "link_id",
    ["", "link_test_", "link_", "chrg_test_1", "link_test_5X", "link_test_1/..", "link_test_1\n",
     "link_test_1?x", "../account", "link_test_é", "LINK_TEST_1", " link_test_1", "link__1"],
)  # fmt: skip
def test_what_is_no_id_of_a_link_is_never_sent(
    omise: Emulator, client: OmiseClient, link_id: str
) -> None:
    """A text that is no link's id is refused before any request."""
    calls: list[Callable[[], object]] = [
        lambda: client.get_link(link_id),
        lambda: client.find_link(link_id, Home("a")),
        lambda: client.delete_link(link_id, Home("a")),
        lambda: list(client.link_charges(link_id)),
    ]
    for call in calls:
        with pytest.raises(LinkIdError, match="is not the id of a link"):
            call()

    assert len(omise.journal) == 0


@pytest.mark.parametrize(
    ("live", "link_id", "said"),
    [
        (True, LINK, "is a test link, but the key in the environment variable OMISE_SECRET_KEY is"),
        (False, "link_5u7inajkxmf06uyr4ni", "is a live link, but the key in the environment"),
    ],
)
def test_the_other_mode_is_told_before_any_request(
    omise: Emulator, live: bool, link_id: str, said: str
) -> None:
    """A test key on a live link, or the other way round, is an error and never "gone"."""
    with client_for(omise, live=live, OMISE_ALLOW_LIVE="true") as client:
        calls: list[Callable[[], object]] = [
            lambda: client.get_link(link_id),
            lambda: client.find_link(link_id, client.home()),
            lambda: client.delete_link(link_id, Home(omise.account("th").id)),
            lambda: list(client.link_charges(link_id)),
        ]
        for call in calls:
            with pytest.raises(WrongAccountError, match=said):
                call()

    assert omise.journal.count(path_prefix="/links") == 0


def test_a_live_key_reads_freely_and_writes_only_when_told(omise: Emulator) -> None:
    """Without the stack's yes a live key makes and deletes nothing, not even a request of it."""
    (link_id,) = omise.seed(live=True)
    with client_for(omise, live=True) as client:
        assert client.get_link(link_id).livemode
        assert [each.id for each in client.iter_links()] == [link_id]
        with pytest.raises(LiveModeError, match="Refused to create the link"):
            client.create_link(SPRING)
        with pytest.raises(LiveModeError, match=f"Refused to delete link {link_id}"):
            client.delete_link(link_id, client.home())
    assert omise.journal.writes == []

    with client_for(omise, live=True, OMISE_ALLOW_LIVE="true") as client:
        made = client.create_link(SPRING)
        assert made.livemode
        client.delete_link(made.id, client.home())


def test_a_link_of_the_other_mode_in_the_answer_is_an_error() -> None:
    """A test key that makes a live link is reported with the link's id."""
    account = response(
        {"object": "account", "id": "account_1", "livemode": False},
        Date="Thu, 01 Jan 2026 00:00:00 GMT",
    )
    with Emulator() as omise, client_for(omise, live=True, OMISE_ALLOW_LIVE="1") as client:
        client.create_link(SPRING)
        (link,) = client.list_links()[0]
    answer = {**vars(link), "object": "link", "charges": None}
    with (
        raw_server(account, response(answer)) as server,
        client_for(server.url) as client,
        pytest.raises(WrongAccountError, match=f"made link {link.id} in live mode"),
    ):
        client.create_link(SPRING)


def test_an_answer_about_another_link_is_not_taken() -> None:
    """Asked for one link and told about another (a cache gone wrong): an error."""
    with Emulator() as omise, client_for(omise) as client:
        other = client.create_link(SPRING)
    answer = {**vars(other), "object": "link", "charges": None}
    with (
        raw_server(response(answer)) as server,
        client_for(server.url) as client,
        pytest.raises(NoAnswerError, match=f"is about '{other.id}'"),
    ):
        client.get_link(LINK)


# -- nothing is written for a caller that is gone


def test_no_write_leaves_when_nobody_wants_it(omise: Emulator) -> None:
    """A plugin whose Pulumi is gone makes and deletes nothing, and does not look for what it did
    not make; reading stays free."""
    (link,) = omise.seed()
    with OmiseClient(settings_for(omise), still_wanted=lambda: False) as client:
        home = client.home()
        for call, doing in (
            (lambda: client.create_link(SPRING), "create the link"),
            (lambda: client.delete_link(link, home), f"delete link {link}"),
        ):
            with pytest.raises(NoAnswerError) as caught:
                call()
            assert str(caught.value) == f"Could not {doing}: Pulumi has ended meanwhile."
            assert not caught.value.sent

        assert [each.path for each in omise.journal.entries] == ["/account"]
        assert [each.id for each in client.iter_links()] == [link]
        assert client.get_link(link).id == link
        assert client.cost.writes == 0
    assert omise.journal.writes == []


@pytest.mark.parametrize(("method", "fault"), [("POST", "429"), ("DELETE", "500")])
def test_a_write_is_not_repeated_when_nobody_wants_it_any_more(
    omise: Emulator, method: str, fault: str
) -> None:
    """The question is asked before each attempt: Pulumi may end while one waits for the next."""
    (link,) = omise.seed()
    wanted = iter([True, False])
    with OmiseClient(settings_for(omise), still_wanted=lambda: next(wanted)) as client:
        home = client.home()
        omise.fault(fault, method=method)
        with pytest.raises(NoAnswerError, match=r"Pulumi has ended meanwhile\.$"):
            client.create_link(SPRING) if method == "POST" else client.delete_link(link, home)

    assert [each.method for each in omise.journal.writes] == [method]
    assert [each["id"] for each in omise.links(deleted=False)] == [link]


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
        for call in (client.list_links, client.home, lambda: client.create_link(SPRING)):
            with pytest.raises(AuthenticationError, match=said):
                call()

    assert all(each.status == 401 for each in omise.journal.entries)


def test_a_refused_key_of_stack_config_explains_rotation(omise: Emulator) -> None:
    """A 401 with a key from stack config explains that the state keeps the old key."""
    settings = type(settings_for(omise)).resolve(
        {"secretKey": "skey_test_rotated", "apiUrl": omise.url}, {}
    )
    with OmiseClient(settings) as client, pytest.raises(AuthenticationError) as caught:
        client.list_links()

    for part in ("omise:secretKey", "--run-program", "omise:secretKeyEnv", "401"):
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
            lambda: client.delete_link(LINK, Home("account_1")),
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
        {"code": None, "message": None},
        {"code": {"a": 1}, "message": {"b": 2}},
        {},
    ],
)
def test_an_error_object_of_another_shape_is_still_a_sentence(body: dict[str, Any]) -> None:
    """An error without the usual texts is an error of ours all the same."""
    answer = response({"object": "error", **body}, "400 Bad Request")
    with (
        raw_server(answer) as server,
        client_for(server.url) as client,
        pytest.raises(ApiError, match=r"^Omise refused to list links: .* \(400 .*\)\.$"),
    ):
        client.list_links()


# -- get_link and get_links


def set_environment(omise: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMISE_API_URL", omise.url)
    monkeypatch.setenv("OMISE_SECRET_KEY", omise.key("th"))


def test_get_link_and_get_links(omise: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program looks at links as plain, typed values, with its own settings."""
    set_environment(omise, monkeypatch)
    ids = omise.seed(120, multiple=True)
    omise.delete(ids[3])
    omise.pay(ids[0])

    link = get_link(ids[0])
    assert (link.id, link.amount, link.charges_total) == (ids[0], 100_000, 1)
    assert link.charges[0].paid
    assert [each.id for each in get_links()] == [each for each in ids if each != ids[3]]
    assert [each.id for each in get_links(include_deleted=True)] == ids
    assert get_links(created_from="2100-01-01T00:00:00Z") == []
    with pytest.raises(NotFoundError):
        get_link(LINK)


def test_get_link_of_another_account(omise: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of its own let a program look into a second account."""
    set_environment(omise, monkeypatch)
    (there,) = omise.seed(account="jp")

    assert get_link(there, settings=settings_for(omise, "jp")).currency == "JPY"
    with pytest.raises(NotFoundError):
        get_link(there)


def test_equal_settings_share_a_connection(
    omise: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many calls of a program cost one connection, not one each."""
    functions._client.cache_clear()
    set_environment(omise, monkeypatch)
    (link_id,) = omise.seed()
    for _ in range(12):
        get_link(link_id)

    assert omise.journal.connections == 1


# -- threads


def test_a_client_serves_many_threads() -> None:
    """Each thread gets the answer to its own question, with errors among them."""
    with Emulator(behaviour=Behaviour(get_deleted="not_found")) as omise, client_for(omise) as own:
        ids = omise.seed(40)
        for each in ids[::4]:
            omise.delete(each)
        omise.fault("500", rate=0.1)
        home = own.home()
        lock, gone = threading.Lock(), set()

        def look(link_id: str) -> None:
            link = own.find_link(link_id, home)
            if link is None:
                with lock:
                    gone.add(link_id)
            else:
                assert link.id == link_id

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(look, ids * 3))

    assert gone == {*ids[::4]}


def test_a_page_of_the_greatest_size_is_read() -> None:
    """A hundred links with twenty charges each are an answer like any other."""
    with Emulator() as omise, client_for(omise) as client:
        (link_id,) = omise.seed(multiple=True)
        for _ in range(20):
            omise.pay(link_id)
        page = json.loads(json.dumps({"object": "list", "data": [], "total": 100}))
        raw = client._get("/links", "list links")["data"][0]
    page["data"] = [raw] * 100
    with raw_server(response(page)) as server, client_for(server.url) as client:
        links, _ = client.list_links()
    assert sum(len(each.charges) for each in links) == 2_000
