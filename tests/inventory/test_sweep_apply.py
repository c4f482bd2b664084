"""The deletions of a sweep: each is proved, and nothing else goes, whatever happens on the way."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from client_setup import client_for, hurry

from pulumi_omise_links.emulator import Emulator, JournalEntry
from pulumi_omise_links.errors import EditError, ExitCode, LiveModeError
from pulumi_omise_links.inventory import sweep_apply
from pulumi_omise_links.inventory.account_links import AccountLink, read_account_links
from pulumi_omise_links.inventory.sweep_apply import Fate, SweepOutcome, delete_links
from pulumi_omise_links.inventory.sweep_record import SweepRecord
from pulumi_omise_links.manifest.reading import load
from pulumi_omise_links.omise.client import OmiseClient

SUM = "0" * 64


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)
    monkeypatch.setattr(sweep_apply, "PROOF_PAUSES", (0.0, 0.01, 0.02))


def links_in(client: OmiseClient, *ids: str) -> list[AccountLink]:
    """These links as a plan has them, or all."""
    links = read_account_links(client).links
    return [links[link_id] for link_id in ids or links]


def alive(omise: Emulator) -> list[str]:
    return [link["id"] for link in omise.links(deleted=False)]


def begun(path: Path, links: list[AccountLink]) -> SweepRecord:
    record = SweepRecord(str(path))
    record.begin(SUM, links)
    return record


def ids_in(path: Path) -> list[str | None]:
    return [entry.id for entry in load(path).entries]


def sweep(
    client: OmiseClient, links: list[AccountLink], record: SweepRecord | None = None
) -> SweepOutcome:
    return delete_links(client, links, include_paid=False, record=record)


def test_each_deletion_is_read_before_and_after(
    omise: Emulator, client: OmiseClient, tmp_path: Path
) -> None:
    """One link after the other; the record has what went."""
    first, second, third = omise.seed(3)
    links = links_in(client, first, third)
    omise.journal.clear()

    outcome = sweep(client, links, begun(tmp_path / "gone.yaml", links))

    assert alive(omise) == [second]
    assert (outcome.count(Fate.DELETED), outcome.exit_code) == (2, ExitCode.DONE)
    requests = [
        f"{entry.method} {entry.path}"
        for entry in omise.journal.entries
        if entry.path != "/account"
    ]
    assert requests == [
        f"{method} /links/{link}" for link in (first, third) for method in ("GET", "DELETE", "GET")
    ]
    assert ids_in(tmp_path / "gone.yaml") == [first, third]


def test_faults_take_no_link_too_many(omise: Emulator, tmp_path: Path) -> None:
    """Every tenth request fails in one way or another, some after they were carried out. Exactly
    the plan goes, the record has exactly that, and no link is said to be gone that is not."""
    omise.seed(120, title="try out {n}")
    with client_for(omise, timeout=0.5) as client:
        planned = links_in(client)[::2]
        going = {link.id for link in planned}
        faults: list[dict[str, Any]] = [
            {"kind": "500", "rate": 0.02},
            {"kind": "500", "rate": 0.02, "commit": True},
            {"kind": "lost_after", "rate": 0.02},
            {"kind": "lost_before", "rate": 0.02},
            {"kind": "429", "rate": 0.01},
            {"kind": "page", "status": 404, "rate": 0.01, "commit": True},
        ]
        for fault in faults:
            omise.fault(**fault)
        omise.journal.clear()

        path = tmp_path / "gone.yaml"
        left = planned
        for _ in range(20):
            outcome = sweep(client, left, begun(path, left))
            left = [link for link in left if outcome.fates[link.id] is not Fate.DELETED]
            said_to_be_gone = going - {link.id for link in left}
            assert not said_to_be_gone & {*alive(omise)}
            if not left:
                break

    assert {link["id"] for link in omise.links()} - {*alive(omise)} == going
    assert {*ids_in(path)} == going
    deletes = Counter(entry.path for entry in omise.journal.writes)
    assert {*deletes} == {f"/links/{link_id}" for link_id in going}


@pytest.mark.parametrize("again", ["deleted", "not_found", "failed_deletion"])
@pytest.mark.parametrize("read", ["deleted", "not_found"])
def test_a_lost_answer_is_settled_by_reading(
    omise: Emulator, client: OmiseClient, again: str, read: str
) -> None:
    """All answers to a deletion are lost, and the first one was carried out: the sweep goes on."""
    first, second = omise.seed(2)
    links = links_in(client)
    omise.switch(delete_deleted=again, get_deleted=read)
    omise.fault("lost_after", method="DELETE", path=f"/links/{first}", times=5)

    outcome = sweep(client, links)

    assert outcome.fates == {first: Fate.DELETED, second: Fate.DELETED}
    assert outcome.error is None
    assert alive(omise) == []


def test_a_link_that_is_paid_or_deleted_meanwhile(omise: Emulator, client: OmiseClient) -> None:
    """It is read just before its deletion: what was paid since the plan stays, and is named."""
    first, paid, gone, last = omise.seed(4)
    links = links_in(client)
    omise.pay(paid)
    omise.delete(gone)
    omise.journal.clear()

    outcome = sweep(client, links)

    assert outcome.fates == {
        first: Fate.DELETED,
        paid: Fate.CHANGED,
        gone: Fate.GONE,
        last: Fate.DELETED,
    }
    assert outcome.exit_code is ExitCode.CHANGES
    assert outcome.reasons[paid] == "It was paid, or a payment was tried: 1 charge."
    assert alive(omise) == [paid]
    assert omise.journal.count("DELETE") == 2


def test_a_refusal_stops_one_link_alone(
    omise: Emulator, client: OmiseClient, tmp_path: Path
) -> None:
    """Omise refuses to delete a paid link: it stands, it is not in the record, the others go."""
    paid, other = omise.seed(2)
    omise.pay(paid)
    omise.switch(delete_used="failed_deletion")
    links = links_in(client)
    record = begun(tmp_path / "gone.yaml", links)

    outcome = delete_links(client, links, include_paid=True, record=record)

    assert outcome.fates == {paid: Fate.REFUSED, other: Fate.DELETED}
    assert "Omise refused to delete link" in outcome.reasons[paid]
    assert outcome.exit_code is ExitCode.REFUSED
    assert alive(omise) == [paid]
    assert ids_in(tmp_path / "gone.yaml") == [other]


@pytest.mark.parametrize(("lag", "fates"), [(1.5, "deleted deleted"), (99.0, "uncertain left")])
def test_a_copy_that_is_behind_is_read_again(lag: float, fates: str) -> None:
    """Omise shows a link for some seconds after its deletion. That it says "deleted" is no proof:
    if it does not stop to show the link, the run ends."""
    now = [time.time() - 7200.0]

    def tick(entry: JournalEntry) -> None:
        now[0] += entry.method == "GET"

    with Emulator(clock=lambda: now[0], on_request=tick) as omise, client_for(omise) as client:
        omise.seed(2)
        now[0] += 3600.0
        omise.switch(read_lag=lag)
        outcome = sweep(client, links_in(client))

    assert " ".join(fate.value for fate in outcome.fates.values()) == fates
    assert ("still shows it" in str(outcome.error)) is (lag > 2)
    assert outcome.exit_code is (ExitCode.ERROR if lag > 2 else ExitCode.DONE)


def test_an_outage_ends_the_run_and_the_next_one_goes_on(
    omise: Emulator, client: OmiseClient, tmp_path: Path
) -> None:
    """What was deleted is in the record, the link in doubt too, and all that is left is left."""
    first, second, third = omise.seed(3)
    links = links_in(client)
    path = tmp_path / "gone.yaml"
    omise.fault("500", method="DELETE", path=f"/links/{second}", times=5)

    outcome = sweep(client, links, begun(path, links))

    assert [*outcome.fates.values()] == [Fate.DELETED, Fate.UNCERTAIN, Fate.LEFT]
    assert outcome.exit_code is ExitCode.ERROR
    assert ids_in(path) == [first, second]
    assert alive(omise) == [second, third]
    rest = links[1:]
    assert sweep(client, rest, begun(path, rest)).count(Fate.DELETED) == 2
    assert ids_in(path) == [first, second, third]


def test_a_limit_that_does_not_end(
    omise: Emulator, client: OmiseClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """429 for as long as the client waits: the run ends, and says with which link."""
    monkeypatch.setattr("pulumi_omise_links.omise.retry.LIMIT_SECONDS", 0.1)
    first, second = omise.seed(2)
    links = links_in(client)
    omise.fault("429", method="DELETE", rate=1)

    outcome = sweep(client, links)

    assert [*outcome.fates.values()] == [Fate.UNCERTAIN, Fate.LEFT]
    assert outcome.exit_code is ExitCode.REFUSED
    assert alive(omise) == [first, second]


def test_a_record_that_cannot_be_written_stops_before_the_deletion(
    omise: Emulator, client: OmiseClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk: no link goes that the record lacks."""
    _, second = omise.seed(2)
    links = links_in(client)
    record = begun(tmp_path / "gone.yaml", links)
    sweep(client, links[:1], record)

    def fail(*_: object) -> None:
        raise EditError("Cannot write gone.yaml: No space left on device. Nothing was changed.")

    monkeypatch.setattr("pulumi_omise_links.inventory.sweep_record.replace_file", fail)
    outcome = sweep(client, links[1:], record)

    assert outcome.fates == {second: Fate.LEFT}
    assert outcome.exit_code is ExitCode.ERROR
    assert alive(omise) == [second]


def test_two_runs_do_not_share_a_record(
    omise: Emulator, client: OmiseClient, tmp_path: Path
) -> None:
    """The second one to write would lose what the first one has written, so it stops."""
    first, second = omise.seed(2)
    links = links_in(client)
    path = tmp_path / "gone.yaml"
    one, other = begun(path, links), begun(path, links)
    sweep(client, links[:1], one)

    outcome = sweep(client, links[1:], other)

    assert "another run" in str(outcome.error)
    assert outcome.fates == {second: Fate.LEFT}
    assert ids_in(path) == [first]


@pytest.mark.parametrize("carried_out", [True, False])
def test_ctrl_c_in_the_middle_of_a_deletion(tmp_path: Path, carried_out: bool) -> None:
    """Whether the link is gone is found out by a read. One that is still shown is not said to
    stand, as Omise may be at work on its deletion; it stays in the record."""
    returned = threading.Event()

    def interrupt(entry: JournalEntry) -> None:
        if entry.method == "DELETE" and entry.path == f"/links/{second}":
            os.kill(os.getpid(), signal.SIGINT)
            returned.wait(30)

    with Emulator(on_request=interrupt) as omise, client_for(omise) as client:
        first, second, third = omise.seed(3)
        links = links_in(client)
        omise.fault("500", method="DELETE", path=f"/links/{second}", commit=carried_out)

        outcome = sweep(client, links, begun(tmp_path / "gone.yaml", links))
        returned.set()

    fate = Fate.DELETED if carried_out else Fate.UNCERTAIN
    assert outcome.fates == {first: Fate.DELETED, second: fate, third: Fate.LEFT}
    assert (outcome.interrupted, outcome.exit_code) == (True, ExitCode.CANCELLED)
    assert ids_in(tmp_path / "gone.yaml") == [first, second]


def test_ctrl_c_between_two_links(omise: Emulator, client: OmiseClient) -> None:
    """The one before is gone, the one after is left."""
    first, second = omise.seed(2)

    def interrupt(done: int, _total: int) -> None:
        assert done == 1
        raise KeyboardInterrupt

    outcome = delete_links(client, links_in(client), include_paid=False, on_link=interrupt)

    assert outcome.fates == {first: Fate.DELETED, second: Fate.LEFT}
    assert outcome.interrupted
    assert alive(omise) == [second]


def test_a_live_key_without_consent_deletes_nothing(omise: Emulator) -> None:
    """Whoever calls: the client itself refuses."""
    (link,) = omise.seed(live=True)
    with client_for(omise, live=True) as client:
        outcome = sweep(client, links_in(client))

    assert isinstance(outcome.error, LiveModeError)
    assert [entry["id"] for entry in omise.links(live=True, deleted=False)] == [link]
    assert omise.journal.writes == []
