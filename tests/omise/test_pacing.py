"""Slowing down together: ten in flight, all threads heed a 429, and the pace recovers."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace

import pytest
from client_setup import client_for, hurry
from polling import wait_until
from samples import SPRING

from pulumi_omise_links.emulator import Emulator, JournalEntry
from pulumi_omise_links.omise.pacing import MAX_IN_FLIGHT, Pacer


def leave(pacer: Pacer) -> float:
    """Take a turn and give the time that it took."""
    began = time.monotonic()
    with pacer.slot():
        return time.monotonic() - began


def test_never_more_than_ten_in_flight_across_clients() -> None:
    """However many clients and threads a process has, ten requests are under way at most."""
    free = threading.Event()

    def answer(_: JournalEntry) -> None:
        free.wait(60)

    with Emulator(on_request=answer) as omise:
        clients = [client_for(omise, timeout=100) for _ in range(3)]
        with ThreadPoolExecutor(24) as threads:
            done = [threads.submit(clients[n % 3].list_links) for n in range(72)]
            try:
                # Omise holds back its answers: as many are under way as ever will be.
                wait_until(lambda: omise.journal.counters()["in_flight"] >= MAX_IN_FLIGHT)
                time.sleep(0.2)
                assert omise.journal.counters()["in_flight"] == MAX_IN_FLIGHT == 10
            finally:
                free.set()
        for listing in done:
            listing.result()
        for client in clients:
            client.close()

        assert omise.journal.max_in_flight == 10
        assert len(omise.journal) == 72


def test_an_unhindered_client_does_not_wait() -> None:
    """Without a 429 there is no pause at all between requests."""
    pacer = Pacer()

    # With the least gap these would take ten seconds.
    assert sum(leave(pacer) for _ in range(200)) < 5


def test_a_429_to_one_thread_slows_all() -> None:
    """After one warning the requests of every thread leave one by one, with a gap between."""
    pacer = Pacer()
    warned_at = time.monotonic()
    pacer.slow_down(None)

    def left_after(_: int) -> float:
        with pacer.slot():
            return time.monotonic() - warned_at

    with ThreadPoolExecutor(4) as threads:
        for n, after in enumerate(sorted(threads.map(left_after, range(4))), start=1):
            assert after >= 0.05 * n


def test_a_slower_pace_has_time_to_show() -> None:
    """Refusals of one burst are one warning; one after as many answers is another."""
    burst, once = Pacer(), Pacer()
    once.slow_down(None)
    for _ in range(1 + MAX_IN_FLIGHT):
        burst.slow_down(None)
    assert burst._gap == once._gap

    burst.slow_down(None)
    assert burst._gap == 2 * once._gap


def test_the_gap_is_bounded() -> None:
    """However often Omise refuses, a request is never further than some seconds away."""
    pacer = Pacer()
    for _ in range(500):
        pacer.slow_down(None)

    assert pacer._gap == 2


@pytest.mark.parametrize("share", [0.1, 0.2, 0.3])
def test_refusals_that_no_pace_ends_do_not_stop_the_work(share: float) -> None:
    """Where others use up the limit, slowing down is no use: the gap stays small."""
    chance = random.Random(1)
    pacer = Pacer()
    waited = 0.0
    for _ in range(2_000):
        pacer.slow_down(None) if chance.random() < share else pacer.speed_up()
        waited += pacer._gap

    assert waited / 2_000 < 0.1, "the mean gap in seconds"


def test_retry_after_holds_all_threads() -> None:
    """What Omise asks one thread to wait, all wait; an absurd request is cut to a minute."""
    pacer = Pacer()
    pacer.slow_down(0.3)
    assert 0.295 <= leave(pacer) < 10

    pacer.slow_down(86_400.0)
    assert pacer._next - time.monotonic() == pytest.approx(60, abs=1)


def test_the_pace_recovers_by_itself() -> None:
    """Answers that are no 429 shrink the gap until there is none."""
    pacer = Pacer()
    for _ in range(500):
        pacer.slow_down(None)
    for _ in range(150):
        pacer.speed_up()
    pacer._next = 0.0

    assert sum(leave(pacer) for _ in range(200)) < 5


def test_a_limiter_is_obeyed_and_nothing_is_lost(
    omise: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many creates at once against a limiter: all succeed, each once, with few refusals."""
    hurry(monkeypatch)
    omise.switch(requests_per_second=40.0, burst=5, limited_body="html")
    with client_for(omise) as client, ThreadPoolExecutor(12) as threads:
        jobs = [
            threads.submit(client.create_link, replace(SPRING, title=f"{n}")) for n in range(40)
        ]
        wait(jobs)
        made = {job.result().id for job in jobs}
        refused = client.stats.retries

    assert len(made) == 40
    assert {link["id"] for link in omise.links()} == made
    assert sum(request.committed for request in omise.journal.entries) == 40
    assert refused < 40, "the threads slow down instead of hammering"
