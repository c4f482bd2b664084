"""What tests of creates share: the POSTs that were sent, and what happens while one is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from client_setup import client_for

from pulumi_omise_links.emulator import Emulator, JournalEntry
from pulumi_omise_links.omise.client import OmiseClient


def posts(omise: Emulator) -> list[JournalEntry]:
    return [request for request in omise.journal.entries if request.method == "POST"]


@contextlib.contextmanager
def when_posted(act: Callable[[Emulator], object]) -> Iterator[tuple[Emulator, OmiseClient]]:
    """An emulator where something happens between a create and its answer."""
    running: list[Emulator] = []

    def on_request(entry: JournalEntry) -> None:
        if entry.method == "POST":
            act(running[0])

    with Emulator(on_request=on_request) as omise, client_for(omise, timeout=30) as client:
        running.append(omise)
        yield omise, client
