"""Answers of Omise that wait until ten requests are under way."""

from __future__ import annotations

from threading import Event

from pulumi_omise_links.emulator import Emulator, JournalEntry


class Gate:
    """Holds back the answers to creates until ten requests are in flight, then none any more."""

    AWAITED = 10
    PATIENCE = 120  # seconds until it opens although they never are

    def __init__(self) -> None:
        self._open = Event()
        self._omise: Emulator | None = None

    def watch(self, omise: Emulator) -> None:
        self._omise = omise

    def __call__(self, request: JournalEntry) -> None:
        if request.method != "POST" or self._omise is None:
            return
        if self._omise.journal.counters()["in_flight"] >= self.AWAITED:
            self._open.set()
        self._open.wait(self.PATIENCE)
        self._open.set()
