"""Waiting: what a request does while it waits, and what a pause does to a connection."""

from __future__ import annotations

import itertools
import time

import pytest
from client_setup import client_for, settings_for
from samples import SPRING

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.errors import OmiseUnavailableError
from pulumi_omise_links.omise.client import OmiseClient


@pytest.mark.parametrize(("awake", "asleep"), [(2.0, 0.0), (0.1, 3_600.0)])
def test_a_connection_from_before_a_pause_is_not_used(
    omise: Emulator, monkeypatch: pytest.MonkeyPatch, awake: float, asleep: float
) -> None:
    """Nor one from before the computer slept: what is in between has forgotten it."""
    paused = [0.0, 0.0]
    monotonic, clock_gettime = time.monotonic, time.clock_gettime
    monkeypatch.setattr(time, "monotonic", lambda: monotonic() + paused[0])
    monkeypatch.setattr(time, "clock_gettime", lambda clock: clock_gettime(clock) + sum(paused))
    with client_for(omise) as client:
        client.account()
        paused[:] = awake, asleep
        client.create_link(SPRING)

    account, post = omise.journal.entries
    assert account.connection != post.connection
    assert len(omise.links()) == 1


def test_a_create_that_is_sent_again_has_a_connection_of_its_own(omise: Emulator) -> None:
    """A 429 is waited out, and the connection is idle meanwhile."""
    omise.fault("429", method="POST", retry_after=2)
    with client_for(omise) as client:
        client.create_link(SPRING)

    first, second = (entry for entry in omise.journal.entries if entry.method == "POST")
    assert first.connection != second.connection
    assert len(omise.links()) == 1


def test_a_connection_in_use_is_kept(omise: Emulator) -> None:
    """Creates that follow each other share one connection."""
    with client_for(omise) as client:
        client.account()
        client.create_link(SPRING)
    assert omise.journal.connections == 1


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize("retry_after", [20, None])
def test_a_write_that_nobody_wants_any_more_is_not_waited_for(
    omise: Emulator, method: str, retry_after: int | None
) -> None:
    """A 429 may ask for minutes; the process is to end with Pulumi, which may end before that."""
    (link,) = omise.seed()
    asked = itertools.chain([True, True], itertools.repeat(False))
    with OmiseClient(settings_for(omise), may_write=lambda: next(asked)) as client:
        scope = client.scope()
        omise.fault("429", method=method, rate=1.0, retry_after=retry_after)
        began = time.monotonic()
        with pytest.raises(OmiseUnavailableError, match=r"Pulumi has ended meanwhile\.$"):
            client.create_link(SPRING) if method == "POST" else client.delete_link(link, scope)

    assert time.monotonic() - began < 10
    assert omise.journal.count(method) == 1


def test_a_turn_that_nobody_wants_any_more_is_not_waited_for(omise: Emulator) -> None:
    """A 429 to one request delays the turns of all; a write gives its turn up."""
    wanted = iter([True])
    with OmiseClient(settings_for(omise), may_write=lambda: next(wanted, False)) as client:
        client.account()
        client._transport._pacer.slow_down(30)
        began = time.monotonic()
        with pytest.raises(OmiseUnavailableError, match=r"Pulumi has ended meanwhile\.$"):
            client.create_link(SPRING)

    assert time.monotonic() - began < 10
    assert omise.journal.writes == []
