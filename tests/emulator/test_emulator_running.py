"""Starting, stopping, lasting, many clients at once, and what the journal proves."""

from __future__ import annotations

import contextlib
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
from emulator.omise_client import LINK, Client, raw
from polling import wait_until

from pulumi_omise_links.emulator import KINDS, Behaviour, Emulator, Journal, JournalEntry
from pulumi_omise_links.emulator.api import NOT_IMITATED, Endpoint
from pulumi_omise_links.emulator.routes import ROUTES


def test_a_file_keeps_everything_over_a_stop_and_a_start(tmp_path: Path) -> None:
    """Links, charges and deletions outlive the emulator in a file."""
    path = tmp_path / "omise.db"
    with Emulator(database=path) as omise:
        api = Client(omise)
        link = api.create()
        omise.pay(link["id"])
        gone = api.create()
        api.delete(gone["id"])
        before = api.page()
    with Emulator(database=path) as omise:
        after = Client(omise).page(to=before["to"])
        assert after["data"][0] | {"charges": 0} == before["data"][0] | {"charges": 0}
        assert after["total"] == 2
        assert Client(omise).page(f"/links/{link['id']}/charges")["total"] == 1
        assert Client(omise).create()["id"] > gone["id"]


def test_an_outage_ends_with_the_same_address_and_the_same_links(omise: Emulator) -> None:
    """Stop and start is an outage that loses nothing."""
    link = Client(omise).create()
    address = omise.url
    omise.stop()
    assert not omise.running
    with pytest.raises(requests.ConnectionError):
        Client(omise).get("/links")
    omise.start()
    assert omise.url == address
    assert Client(omise).get(f"/links/{link['id']}").json()["id"] == link["id"]


def test_a_taken_port_is_an_error_that_names_it(omise: Emulator) -> None:
    """A port in use is an OSError with its address."""
    port = int(omise.url.rpartition(":")[2])
    second = Emulator(port=port)
    with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{port}"):
        second.start()
    assert not second.running


def test_a_bad_database_is_an_error_at_the_start(tmp_path: Path) -> None:
    """A database that cannot be opened fails at once."""
    with pytest.raises(sqlite3.Error):
        Emulator(database=tmp_path / "no" / "folder.db").start()


@pytest.mark.parametrize(
    "statement",
    ["CREATE TABLE links (id TEXT PRIMARY KEY, pool TEXT)", "CREATE TABLE shoes (size INTEGER)"],
)
def test_a_database_of_another_format_is_left_alone(tmp_path: Path, statement: str) -> None:
    """A file of an older version or of another program is named as such, and not changed."""
    path = tmp_path / "old.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
    before = path.read_bytes()
    with pytest.raises(sqlite3.DatabaseError, match="this version of the emulator did not make it"):
        Emulator(database=path).start()
    assert path.read_bytes() == before


def test_there_is_no_address_before_the_start() -> None:
    """Asking for the address too early is an error."""
    with pytest.raises(RuntimeError, match="before it is started"):
        _ = Emulator().url


def test_stopping_ends_idle_and_waiting_connections_and_leaves_no_thread() -> None:
    """Stopping ends every connection and thread."""
    before = set(threading.enumerate())
    omise = Emulator().start()
    idle = Client(omise)
    idle.get("/account")
    omise.fault("timeout")
    waiting = threading.Thread(target=_ignore, args=(omise,))
    waiting.start()
    wait_until(lambda: omise.journal.counters()["unanswered"])
    omise.stop()
    waiting.join(30)
    assert set(threading.enumerate()) <= before
    omise.stop()


def _ignore(omise: Emulator) -> None:
    with pytest.raises(requests.ConnectionError):
        Client(omise).get("/links")


def when_it_waits(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Do this once the emulator serves for ever, in the place of its first pause."""
    acts = iter([act])

    def sleep(_: float) -> None:
        next(acts)()

    monkeypatch.setattr("pulumi_omise_links.emulator.emulator.time", SimpleNamespace(sleep=sleep))


def test_serving_for_ever_ends_when_it_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt stops the emulator and is passed on."""
    omise = Emulator()

    def interrupt() -> None:
        assert Client(omise).get("/account").status_code == 200
        raise KeyboardInterrupt

    when_it_waits(monkeypatch, interrupt)
    with pytest.raises(KeyboardInterrupt):
        omise.serve_forever()
    assert not omise.running


def test_an_interrupt_just_after_the_start_stops_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no moment at which an interrupt leaves it running."""
    omise = Emulator()
    start = omise.start

    def interrupted() -> None:
        start()
        raise KeyboardInterrupt

    monkeypatch.setattr(omise, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        omise.serve_forever()
    assert not omise.running


def test_serving_for_ever_ends_when_another_thread_stops_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another thread can end it."""
    omise = Emulator()

    def stop() -> None:
        assert omise.running
        thread = threading.Thread(target=omise.stop)
        thread.start()
        thread.join()

    when_it_waits(monkeypatch, stop)
    omise.serve_forever()
    assert not omise.running


@pytest.mark.skipif(sys.platform == "win32", reason="signals as on POSIX")
def test_a_signal_handler_may_stop_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal handler can end it without a deadlock."""
    omise = Emulator()
    when_it_waits(monkeypatch, lambda: signal.raise_signal(signal.SIGUSR1))
    before = signal.signal(signal.SIGUSR1, lambda *_: omise.stop())
    try:
        omise.serve_forever()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert not omise.running


def test_many_clients_at_once_get_a_link_each(omise: Emulator) -> None:
    """Parallel creates make one link each, and the counts are exact."""

    def work(n: int) -> str:
        return str(Client(omise).create(title=f"Link {n}")["id"])

    with ThreadPoolExecutor(16) as pool:
        ids = list(pool.map(work, range(96)))
    assert len(set(ids)) == 96
    assert Client(omise).page()["total"] == 96
    counters = omise.journal.counters()
    assert (counters["requests"], counters["committed"], counters["in_flight"]) == (97, 96, 0)


def test_one_link_is_deleted_once_however_many_ask(omise: Emulator) -> None:
    """Of parallel deletes one succeeds."""
    omise.switch(delete_deleted="not_found")
    link = omise.seed()[0]
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda _: Client(omise).delete(link).status_code, range(8)))
    assert sorted(codes) == [200] + [404] * 7


def test_the_journal_says_who_asked_what_over_which_connection(omise: Emulator) -> None:
    """An entry names account, mode, status, change, connection and client."""
    api = Client(omise, version="2019-05-29", agent="till/1")
    api.create()
    api.get("/links", limit=5)
    Client(omise, "sg", live=True).get("/account")
    Client(omise, key="skey_wrong").get("/links")
    first, second, third, fourth = omise.journal.entries
    assert (first.sequence, first.method, first.path, first.status) == (1, "POST", "/links", 200)
    assert (first.account, first.live, first.committed) == (omise.account("th").id, False, True)
    assert (first.user_agent, first.omise_version) == ("till/1", "2019-05-29")
    assert (second.query, second.committed) == ("limit=5", False)
    assert first.connection == second.connection != third.connection
    assert (third.account, third.live) == (omise.account("sg").live_id, True)
    assert (fourth.account, fourth.live, fourth.status) == (None, None, 401)
    journal = omise.journal
    assert (len(journal), journal.connections) == (4, 3)
    assert (journal.count(), journal.count("get"), journal.count(path_prefix="/links")) == (4, 3, 3)
    assert [entry.method for entry in journal.writes] == ["POST"]
    journal.clear()
    assert (len(journal), journal.entries, journal.counters()["requests"]) == (0, [], 0)


def test_the_journal_knows_how_many_requests_were_in_flight() -> None:
    """Requests that overlap are counted as such."""
    together = threading.Barrier(6)

    def answer(_: JournalEntry) -> None:
        together.wait(30)

    with Emulator(on_request=answer) as omise:

        def ask(_: int) -> int:
            return Client(omise).send("GET", "/account", timeout=60).status_code

        with ThreadPoolExecutor(6) as pool:
            assert list(pool.map(ask, range(6))) == [200] * 6
        assert omise.journal.max_in_flight == 6
        assert max(entry.in_flight for entry in omise.journal.entries) == 6


def test_one_client_is_never_more_than_one_request_in_flight(omise: Emulator) -> None:
    """Requests of one client in a row never count as overlapping."""
    api = Client(omise)
    for _ in range(100):
        api.get("/account")
    assert (omise.journal.max_in_flight, omise.journal.connections) == (1, 1)


def test_a_full_journal_forgets_old_entries_and_keeps_counting() -> None:
    """Memory is bounded, and the counts stay exact."""
    journal = Journal(kept=3)
    for n in range(10):
        journal.record(
            time=0.0, method="GET", path=f"/{n}", query="", account=None, live=None,
            sub_merchant=None, status=200, fault=None, committed=False, connection=1,
            in_flight=1, user_agent=None, omise_version=None, seconds=0.0,
        )  # fmt: skip
    assert [entry.path for entry in journal.entries] == ["/7", "/8", "/9"]
    assert (len(journal), journal.counters()["statuses"]) == (10, {"200": 10})


def test_a_caller_can_watch_requests_as_they_come() -> None:
    """`on_request` sees each entry."""
    seen: list[JournalEntry] = []
    with Emulator(on_request=seen.append) as omise:
        Client(omise).post(**LINK)
        assert [entry.path for entry in seen] == ["/links"]


def test_nothing_else_of_the_package_is_loaded_with_it() -> None:
    """Importing the emulator loads neither Pulumi nor an HTTP client."""
    program = (
        "import sys; from pulumi_omise_links.emulator import Emulator; "
        "print([m for m in sys.modules if m.startswith(('pulumi', 'requests', 'click'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = done.stdout
    assert "'pulumi'" not in loaded
    assert "requests" not in loaded
    assert all(
        module in ("pulumi_omise_links", "pulumi_omise_links.emulator")
        or module.startswith("pulumi_omise_links.emulator.")
        for module in (word.strip("[]' \n") for word in loaded.split(","))
    )


def test_a_broken_request_line_does_no_harm(omise: Emulator) -> None:
    """A broken request is answered, and the next one works."""
    assert b"Error code: 400" in raw(omise, b"nonsense\r\n\r\n")
    assert raw(omise, b"GET /links HTTP/1.1\r\nContent-Length: x\r\n\r\n").startswith(
        b"HTTP/1.1 411"
    )
    assert Client(omise).get("/account").status_code == 200


def document_rows(heading: str) -> list[list[str]]:
    """The cells of the table under this heading of docs/emulator.md, without its head."""
    text = (Path(__file__).parents[2] / "docs" / "emulator.md").read_text(encoding="utf-8")
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines[1:]]


def test_the_document_lists_every_switch_with_its_values_and_default_first() -> None:
    """The table of switches is complete, and names each default first."""
    rows = {row[0].strip("`"): row[1] for row in document_rows("Switches")}
    switches = vars(Behaviour())
    assert set(rows) == set(switches)
    for name, default in switches.items():
        if isinstance(default, str):
            shown = f"`{default}`"
        elif isinstance(default, float):
            shown = f"{default:g}"
        else:
            shown = str(default).lower()
        assert rows[name].startswith(shown), name


def test_the_document_lists_every_kind_of_fault_as_the_code_has_it() -> None:
    """The table of faults has the code's descriptions, fields and when a request is carried out."""
    rows = document_rows("Faults")
    assert [row[0].strip("`") for row in rows] == list(KINDS)
    for row, kind in zip(rows, KINDS.values(), strict=True):
        assert row[1] == kind.carried_out.replace("_", " ")
        assert row[2] == kind.description
        assert re.findall("`([a-z_]+)`", "".join(row[3:])) == list(kind.fields)


def test_the_document_names_every_endpoint_that_is_missing_or_there() -> None:
    """What is not imitated is listed by name, and so is every route that is."""
    text = (Path(__file__).parents[2] / "docs" / "emulator.md").read_text(encoding="utf-8")
    for name in NOT_IMITATED:
        assert f"`{name}`" in text, name
    for pattern, action in ROUTES.items():
        if isinstance(action, Endpoint) and pattern != "PATCH /account":
            assert f"`{pattern}`" in text, pattern
