"""Lists are read to their end and no further, whoever reads them."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from client_setup import client_for, hurry
from raw_server import raw_server, response
from samples import CHARGE, LINK

from pulumi_omise_links.cli._progress import read_links
from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.errors import OmiseUnavailableError
from pulumi_omise_links.inventory.accounts import find_links
from pulumi_omise_links.omise.bulk import BulkReader
from pulumi_omise_links.omise.client import OmiseClient

LINK_ID = LINK["id"]
Read = Callable[[OmiseClient], Iterator[object]]


class Screen(io.StringIO):
    """Standard error that a person watches."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Screen())


def test_pages_come_with_the_number_of_all(omise: Emulator) -> None:
    """Each page is handed on as it comes, and tells how many links there are."""
    ids = omise.seed(250)

    with client_for(omise) as client:
        pages = list(client.iter_pages())

    assert [(len(links), total) for links, total in pages] == [(100, 250), (100, 250), (50, 250)]
    assert [link.id for links, _ in pages for link in links] == ids
    assert omise.journal.count() == 3


@pytest.mark.usefixtures("watched")
@pytest.mark.parametrize("count", [0, 1, 100, 250])
def test_a_person_who_watches_gets_the_same_links(omise: Emulator, count: int) -> None:
    """A progress bar changes neither what is read nor what it costs."""
    ids = omise.seed(count)

    with client_for(omise) as client:
        assert [link.id for link in read_links(client)] == ids
        assert client.stats.requests == max(1, -(-count // 100))


@pytest.mark.usefixtures("watched")
@pytest.mark.parametrize(
    ("item", "read"),
    [
        (LINK, lambda client: client.iter_pages()),
        (LINK, lambda client: client.iter_links()),
        (LINK, read_links),
        (
            LINK,
            lambda client: iter(find_links(client, [f"link_test_{n}" for n in range(20)], str)[0]),
        ),
        (CHARGE, lambda client: client.link_charges(LINK_ID)),
    ],
)
def test_a_page_that_comes_again_ends_a_list(item: dict[str, Any], read: Read) -> None:
    """Of an Omise that ignores the offset, nobody gets the same things for ever."""
    page = response({"object": "list", "data": [item], "total": 1_000_000})

    with raw_server(page) as server, client_for(server.url) as client:
        with pytest.raises(OmiseUnavailableError, match="the same page twice"):
            list(read(client))
        assert len(server.requests) == 2


def test_a_refresh_does_without_pages_that_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads singly what the first page did not hold."""
    hurry(monkeypatch)
    page = response({"object": "list", "data": [LINK], "total": 101})

    with raw_server(page) as server, client_for(server.url) as client:
        reader = BulkReader(client)
        others = [f"link_test_{number}" for number in range(9)]
        assert [reader.find(link_id) for link_id in others] == [None] * 9
        assert reader.find(LINK_ID)
        assert len(server.requests) == 2
