"""The one door to Omise: every endpoint, what is sent, and many threads at once."""

from __future__ import annotations

import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from client_setup import client_for, hurry, settings_for
from raw_server import raw_server, response
from samples import SPRING

from pulumi_omise_links import __version__, get_link, get_links, lookups
from pulumi_omise_links.emulator import Behaviour, Emulator
from pulumi_omise_links.errors import NotFoundError
from pulumi_omise_links.omise.client import OmiseClient
from pulumi_omise_links.omise.models import Scope

LINK = "link_test_6344k6rzgco9ul41cap"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


# -- the endpoints


def test_create_retrieve_list_and_destroy(omise: Emulator, client: OmiseClient) -> None:
    """A link that was made can be read, is listed, and is gone for good when deleted."""
    made = client.create_link(SPRING)
    assert made.inputs == SPRING
    assert client.get_link(made.id) == made
    assert client.list_links() == ([made], 1)

    client.delete_link(made.id, client.scope())

    assert client.get_link(made.id).deleted
    assert client.find_link(made.id, client.scope()) is None
    (listed,) = client.iter_links()
    assert listed.deleted
    assert omise.links(deleted=False) == []


def test_every_input_reaches_omise_whole(omise: Emulator, client: OmiseClient) -> None:
    """Line breaks, blanks at the ends, marks and any script arrive as they were written."""
    text = ' "a" & <b>\r\n\tสงกรานต์ 🎉 \u202eabc '
    made = client.create_link(
        replace(SPRING, amount=2_000, currency="thb", title=text, description=text, multiple=False)
    )

    (stored,) = omise.links()
    assert (stored["title"], stored["description"]) == (text, text)
    assert (made.title, made.amount, made.currency, made.multiple) == (text, 2_000, "THB", False)


def test_charges_come_with_the_link_and_as_a_list(omise: Emulator, client: OmiseClient) -> None:
    """The first charges come with a link, all of them page by page."""
    (link_id,) = omise.seed(multiple=True)
    paid = [omise.pay(link_id) for _ in range(103)]

    link = client.get_link(link_id)
    assert (len(link.charges), link.charges_total) == (20, 103)
    assert [charge.id for charge in client.link_charges(link_id)] == paid
    assert omise.journal.count("GET", f"/links/{link_id}/charges") == 2


def test_the_account(omise: Emulator, client: OmiseClient) -> None:
    """The account of the key tells its id, country and currencies."""
    account = client.account()

    assert account is not None
    assert (account.id, account.country) == (omise.account("th").id, "TH")
    assert "USD" in account.supported_currencies
    assert client.scope() == Scope(account.id)


def test_all_links_of_many_pages(omise: Emulator, client: OmiseClient) -> None:
    """More than 100 links come complete and in order, one request per 100."""
    ids = omise.seed(250)

    assert [link.id for link in client.iter_links()] == ids
    assert omise.journal.count("GET", "/links") == 3
    newest, total = client.list_links(limit=2, newest_first=True)
    assert [link.id for link in newest] == ids[:-3:-1]
    assert total == 250


def test_links_of_a_span_of_time(omise: Emulator, client: OmiseClient) -> None:
    """A list can be cut to a span of time."""
    ids = omise.seed(3, seconds_apart=3_600)
    moments = [omise.link(link_id)["created_at"] for link_id in ids]
    stamps = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment)) for moment in moments]

    assert [link.id for link in client.iter_links(created_from=stamps[1])] == ids[1:]
    assert [link.id for link in client.iter_links(created_to=stamps[1])] == ids[:2]


def test_new_links_do_not_disturb_a_list(omise: Emulator, client: OmiseClient) -> None:
    """Links that are made while pages are read neither hide nor repeat one."""
    ids = omise.seed(250)
    omise.fault("links_appear", method="GET", path="/links", count=7, times=3)

    listed = [link.id for link in client.iter_links()]

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
        client.delete_link(made.id, client.scope())
        assert client.scope() == Scope(omise.account("th").id, "team_5g")

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
    client.delete_link(client.create_link(SPRING).id, client.scope())

    cost = client.stats
    assert (cost.requests, cost.retries, cost.writes) == (len(omise.journal), 2, 2)


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
    assert [listed.id for listed in get_links()] == [
        link_id for link_id in ids if link_id != ids[3]
    ]
    assert [listed.id for listed in get_links(include_deleted=True)] == ids
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
    lookups._client.cache_clear()
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
        for link_id in ids[::4]:
            omise.delete(link_id)
        omise.fault("500", rate=0.1)
        scope = own.scope()
        lock, gone = threading.Lock(), set()

        def look(link_id: str) -> None:
            link = own.find_link(link_id, scope)
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
    assert sum(len(link.charges) for link in links) == 2_000
