"""A refresh of many links costs few calls, and never tells yesterday's truth."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from client_setup import client_for, hurry
from hypothesis import given
from hypothesis import strategies as st
from raw_server import raw_server, response
from samples import LINK

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.omise import bulk
from pulumi_omise_links.omise.bulk import BulkReader, Call, next_call
from pulumi_omise_links.omise.client import OmiseClient
from pulumi_omise_links.omise.models import UnreadableLink


def read(client: OmiseClient, reader: BulkReader, link_id: str) -> bool:
    """Read a link as the provider does; tell whether it lives."""
    link = reader.find(link_id) or client.get_link(link_id)
    return not link.deleted


@given(reads=st.integers(1, 3_000), pages=st.integers(1, 400))
def test_the_rule_makes_at_most_twice_the_best_number_of_calls(reads: int, pages: int) -> None:
    """Whoever knew the number of reads would make min(reads, pages) calls; the rule twice that."""
    singles = calls = 0
    known: int | None = None
    complete = False

    for _ in range(reads):
        if complete:
            break
        call = next_call(singles, known)
        if call is Call.FIRST_PAGE:
            known, calls = pages, calls + 1
            complete = pages == 1
        elif call is Call.OTHER_PAGES:
            calls, complete = calls + pages - 1, True
        # The link is in a page that is not read yet: the worst case for the rule.
        if not complete:
            singles, calls = singles + 1, calls + 1

    assert calls <= 2 * min(reads, pages)


@pytest.mark.parametrize(
    ("reads", "account", "most"),
    [(1, 1, 1), (1, 5_000, 1), (20, 5_000, 21), (200, 200, 8), (1_000, 1_000, 26)],
)
def test_calls_for_so_many_links_of_an_account(
    omise: Emulator, reads: int, account: int, most: int
) -> None:
    """With four threads, as a plugin has; a few links of a large account are not paged for."""
    ids = omise.seed(account)

    with client_for(omise) as client, ThreadPoolExecutor(4) as threads:
        reader = BulkReader(client)
        alive = list(threads.map(lambda link_id: read(client, reader, link_id), ids[-reads:]))

    assert alive == [True] * reads
    assert omise.journal.count() <= most


def test_threads_share_one_set_of_pages(omise: Emulator) -> None:
    """Every page is read once, however many threads wait for it."""
    omise.latency = 0.02
    ids = omise.seed(500)

    with client_for(omise) as client, ThreadPoolExecutor(4) as threads:
        reader = BulkReader(client)
        list(threads.map(lambda link_id: read(client, reader, link_id), ids))

    pages = [request.query for request in omise.journal.entries if request.path == "/links"]
    assert len(pages) == len(set(pages)) == 5


@pytest.mark.parametrize("listed", [True, False], ids=["listed as deleted", "not listed"])
def test_a_link_deleted_before_the_operation_is_not_alive(omise: Emulator, listed: bool) -> None:
    """Whether lists show deleted links or not."""
    omise.switch(list_includes_deleted=listed)
    ids = omise.seed(300)
    omise.delete(ids[250])

    with client_for(omise) as client:
        reader = BulkReader(client)
        alive = {link_id: read(client, reader, link_id) for link_id in ids}

    assert [link_id for link_id in ids if not alive[link_id]] == [ids[250]]


def test_a_link_that_no_page_holds_is_asked_for(omise: Emulator) -> None:
    """Absence from the pages is no proof that a link is gone."""
    ids = omise.seed(150)
    late = omise.seed(1)[0]

    with client_for(omise) as client:
        reader = BulkReader(client)
        assert all(read(client, reader, link_id) for link_id in ids)
        newer = omise.seed(1)[0]
        assert read(client, reader, newer)
        assert read(client, reader, late)

    assert omise.journal.entries[-1].path in {f"/links/{newer}", f"/links/{late}"}


def test_pages_do_not_outlive_the_operation(
    omise: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a pause, what was read is forgotten: a link deleted in it is not reported alive."""
    monkeypatch.setattr(bulk, "_IDLE_SECONDS", 0.0)
    ids = omise.seed(10)

    with client_for(omise) as client:
        reader = BulkReader(client)
        assert all(read(client, reader, link_id) for link_id in ids)
        omise.delete(ids[9])

        assert not read(client, reader, ids[9])


def test_pages_do_not_outlive_a_sleep_of_the_computer(
    omise: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refresh that goes on in the morning reads what is there then."""
    slept = 0.0
    monkeypatch.setattr(
        time, "clock_gettime", lambda clock, ask=time.clock_gettime: ask(clock) + slept
    )
    ids = omise.seed(10)

    with client_for(omise) as client:
        reader = BulkReader(client)
        assert all(read(client, reader, link_id) for link_id in ids)
        omise.delete(ids[9])
        slept = 8 * 3600.0

        assert not read(client, reader, ids[9])


@pytest.mark.parametrize(
    "odd", [None, "text", 3, [], {}, {"object": "link", "id": None}, {"object": "error"}]
)
def test_what_is_no_link_does_not_hide_the_others(odd: object) -> None:
    """An item of a page that cannot even be named: the links beside it are read from the page."""
    page = response({"object": "list", "data": [odd, LINK, odd], "total": 3})
    with raw_server(page) as server, client_for(server.url) as client:
        skipped: list[UnreadableLink] = []
        assert [link.id for link in client.iter_links(skipped=skipped)] == [LINK["id"]]
        assert [item.id for item in skipped] == [None, None]
        reader = BulkReader(client)
        found = [reader.find(LINK["id"]) for _ in range(2)]
    assert [link and link.id for link in found] == [None, LINK["id"]], "the first is read singly"


def test_a_link_that_was_deleted_here_is_forgotten(omise: Emulator) -> None:
    """Reads after a delete of the same process see it."""
    ids = omise.seed(10)

    with client_for(omise) as client:
        reader = BulkReader(client)
        assert all(read(client, reader, link_id) for link_id in ids)
        client.delete_link(ids[9], client.scope())
        reader.drop(ids[9])

        assert not read(client, reader, ids[9])


def test_single_reads_go_on_where_lists_fail(
    omise: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that may not list, or lists that are down, do not stop a refresh."""
    hurry(monkeypatch)
    omise.fault("503", path="/links", rate=1.0)
    ids = omise.seed(5)

    with client_for(omise) as client:
        reader = BulkReader(client)
        assert all(read(client, reader, link_id) for link_id in ids)
