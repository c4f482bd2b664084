"""Bad days through the real engine: lost answers, refusals, wrong keys, live money, kills."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import chaos
import kill
import psutil
import pulumi_project
import pytest
from harness import Project, Run
from polling import wait_until

from pulumi_omise_links.emulator import Emulator, JournalEntry

pytestmark = pytest.mark.engine


def declare(project: Project, *names: str, more: str = "", amount: int = 5_000) -> None:
    """Declare links that differ in title only."""
    project.program(
        "".join(
            f"Link({name!r}, amount={amount}, currency='THB', title='Title {name}',"
            f" description='d', multiple=True{more})\n"
            for name in names
        )
    )


def alive(omise: Emulator, account: str = "th") -> dict[str, str]:
    """The links that can be paid, by title."""
    return {link["title"]: link["id"] for link in omise.links(account, deleted=False)}


def sentence(run: Run, *parts: str) -> None:
    """The run failed with a sentence that has these parts in this order, and no traceback."""
    text = " ".join(run.failed().out.split())
    place = 0
    for part in parts:
        assert part in text[place:], run.out
        place = text.index(part, place)


@contextmanager
def same_state(project: Project) -> Iterator[None]:
    """The links in the state are the same after as before."""
    before = project.known()
    assert before
    yield
    assert project.known() == before


# -- creates


def test_lost_answers_to_creates_are_found_again(project: Project, omise: Emulator) -> None:
    """However an answer gets lost, the link is taken from the list: one POST each, none twice."""
    names = "abcdefgh"
    for fault in (
        {"kind": "lost_after"},
        {"kind": "half_body"},
        {"kind": "timeout", "commit": True},
        {"kind": "500", "commit": True},
        {"kind": "502", "commit": True},
        {"kind": "503", "commit": True, "html": True},
        {"kind": "not_json"},
        {"kind": "empty"},
    ):
        omise.fault(method="POST", **fault)
    declare(project, *names)

    project.up(env={"OMISE_TIMEOUT": "2"}).ok()

    assert omise.faults == []
    assert omise.journal.count("POST") == len(names)
    held = {link["outputs"]["title"]: link["id"] for link in project.links().values()}
    assert held == alive(omise)
    assert len(held) == len(names)
    project.unchanged()


def test_a_create_that_cannot_be_judged_names_its_candidates(tmp_path: Path, engine: Path) -> None:
    """Two links could be the lost one: neither is taken, both are named; adopt goes on."""

    def somebody_else(entry: JournalEntry) -> None:
        if entry.method == "POST" and entry.fault:
            omise.seed(1, title="Title a", description="d", amount=5_000, multiple=True)

    with Emulator(on_request=somebody_else) as omise:
        env = {"OMISE_API_URL": omise.url, "OMISE_SECRET_KEY": omise.key("th")}
        project = Project(tmp_path, engine, env)
        declare(project, "a")
        omise.fault("lost_after", method="POST")

        run = project.up()

        mine, other = (link["id"] for link in omise.links(deleted=False))
        sentence(run, "Link (a)", "More than one link could be it", mine, other, "adopt=")
        assert omise.journal.count("POST") == 1
        assert project.links() == {}
        declare(project, "a", more=f", adopt={mine!r}")
        omise.delete(other)
        project.up().ok()
        assert project.links()["a"]["id"] == mine
        assert omise.journal.count("POST") == 1


def test_a_hang_ends_and_says_that_a_link_may_exist(project: Project, omise: Emulator) -> None:
    """A create without an answer and without a link ends in bounded time, and is not repeated."""
    omise.fault("timeout", method="POST", seconds=600)
    declare(project, "a")
    began = time.monotonic()

    run = project.up(env={"OMISE_TIMEOUT": "1"})

    assert time.monotonic() - began < 120  # 1 s each for a handful of calls, and the engine's own
    sentence(run, "Link (a)", "did not answer within 1 s", "Look in the dashboard", "adopt=")
    assert omise.journal.count("POST") == 1
    assert project.links() == {}
    project.up().failed().says("Run `omise-links recover` there")
    assert omise.journal.count("POST") == 1
    project.cli("recover", "--yes", "--settle", "1").ok()
    project.up().ok()
    assert len(alive(omise)) == 1


@pytest.mark.parametrize("skew", [3600, -3600])
def test_clocks_may_disagree(project: Project, omise: Emulator, skew: int) -> None:
    """Time is judged by Omise's clock: an hour more or less here hides no link."""
    omise.switch(clock_skew=skew)
    omise.fault("lost_after", method="POST")
    declare(project, "a")

    project.up().ok()

    assert project.links()["a"]["id"] == alive(omise)["Title a"]
    assert omise.journal.count("POST") == 1


# -- deletes


def test_deletes_are_true(project: Project, omise: Emulator) -> None:
    """A lost answer to a delete is no failure; a refusal is, and keeps the link in the state."""
    declare(project, "lost", "slow", "faulty", "refused")
    project.up().ok()
    paths = {name: f"/links/{link['id']}" for name, link in project.links().items()}
    omise.switch(delete_deleted="not_found")
    omise.fault("lost_after", method="DELETE", path=paths["lost"])
    omise.fault("timeout", method="DELETE", path=paths["slow"], commit=True)
    omise.fault("503", method="DELETE", path=paths["faulty"], times=2)
    # However often it is asked for: on a slow machine, an answer may be too late.
    omise.fault("refused_deletion", method="DELETE", path=paths["refused"], times=20)

    run = project.destroy("--continue-on-error", env={"OMISE_TIMEOUT": "1"})

    sentence(run, "Link (refused)", "Omise refused to delete link", "failed_deletion")
    assert list(project.links()) == ["refused"]
    assert list(alive(omise)) == ["Title refused"]
    omise.clear_faults()
    project.destroy().ok()
    assert alive(omise) == {}
    assert project.links() == {}


# -- many requests


def test_a_storm_of_429_passes(project: Project, omise: Emulator) -> None:
    """All threads slow down together and recover; nothing is made twice."""
    names = [f"l{number}" for number in range(16)]
    omise.fault("429", times=3, html=True)
    omise.fault("429", times=2, retry_after=1)
    omise.switch(requests_per_second=15, burst=4)
    declare(project, *names)

    project.up().ok()

    assert len(alive(omise)) == len(omise.links()) == len(names)
    assert len(project.links()) == len(names)
    assert omise.journal.max_in_flight <= 10


def test_lists_may_shift_while_they_are_read(project: Project, omise: Emulator) -> None:
    """Links that come and go between two pages make a refresh neither lose nor change anything."""
    older = omise.seed(150, seconds_apart=1)
    declare(project, *(f"l{number}" for number in range(12)))
    project.up().ok()
    omise.journal.clear()
    omise.fault("links_appear", method="GET", path="/links", count=3)
    omise.fault("links_vanish", method="GET", path="/links", count=58)

    with same_state(project):
        project.refresh("--expect-no-changes").ok()

    assert omise.faults == []
    assert omise.journal.count("GET", "/links") > 3
    assert len(omise.links(deleted=False)) == len(older) - 58 + 3 + 12


# -- keys


def test_another_key_never_reads_as_gone(project: Project, omise: Emulator) -> None:
    """Another account or mode, a revoked, a public or no key: refused, and nothing changes."""
    declare(project, "a", "b")
    project.up().ok()
    other = {"OMISE_SECRET_KEY": omise.key("sg")}
    theirs = omise.account("sg").id
    omise.add_key("skey_test_rolled")
    omise.revoke("skey_test_rolled")
    omise.journal.clear()
    with same_state(project):
        sentence(project.refresh(env=other), "belongs to account", theirs, "Nothing was changed")
        sentence(project.destroy(env=other), "belongs to account", theirs, "Nothing was changed")
        live = {"OMISE_SECRET_KEY": omise.key("th", live=True)}
        sentence(project.refresh(env=live), "is a test link", "live key")
        revoked = {"OMISE_SECRET_KEY": "skey_test_rolled"}
        sentence(project.destroy(env=revoked), "does not accept the key in", "OMISE_SECRET_KEY")
        public = {"OMISE_SECRET_KEY": omise.key("th", public=True)}
        sentence(project.refresh(env=public), "is a public key")
        sentence(project.refresh(env={"OMISE_SECRET_KEY": ""}), "No Omise secret key")
        # A replacement is made before the old link goes: it must not come to life over there.
        declare(project, "a", "b", amount=6_000)
        sentence(project.up(env=other), "belongs to account", theirs, "Nothing was changed")
    assert not any(request.committed for request in omise.journal.entries)
    assert len(alive(omise)) == 2
    assert omise.links("sg") == []


def test_live_money_needs_a_yes(project: Project, omise: Emulator) -> None:
    """A live key creates, replaces and deletes nothing until it is allowed to; it may read."""
    yes = {"OMISE_ALLOW_LIVE": "true"}
    project.env["OMISE_SECRET_KEY"] = omise.key("th", live=True)
    declare(project, "a")
    sentence(project.preview(), "Refused to create the link", "live key", "omise:allowLive true")
    assert omise.journal.writes == []

    project.up(env=yes).ok()

    with same_state(project):
        project.refresh("--expect-no-changes").ok()
        sentence(project.destroy(), "Refused to delete link", "omise:allowLive true")
        declare(project, "a", amount=6_000)
        sentence(project.preview(), "Refused to", "omise:allowLive true")
        test_key = {"OMISE_SECRET_KEY": omise.key("th")}
        sentence(project.refresh(env=test_key), "is a live link", "test key")
    assert [request.method for request in omise.journal.writes] == ["POST"]
    project.destroy(env=yes).ok()
    assert alive(omise) == {}


# -- short versions of the long runs


def test_chaos_breaks_no_promise(engine: Path, tmp_path: Path) -> None:
    """The run of tools/chaos.py, with few links."""
    tally = chaos.run_chaos(engine, tmp_path, links=12, seed=3, seconds=0.5)

    assert tally.broken == []
    assert tally.struck > 0
    assert (tally.duplicates, tally.unreported_orphans, tally.lost_from_state) == (0, 0, 0)


def test_pipelines_share_a_limit(engine: Path, tmp_path: Path) -> None:
    """Several pipelines at once against one limiter: all succeed, nothing is duplicated."""
    # Even one alone, whose four threads start at once, goes beyond this limit.
    tally = chaos.pipelines(engine, tmp_path, count=3, links=5, limit=2, seed=1)

    assert tally.broken == []
    assert tally.limited > 0


DYNAMIC, NATIVE = False, True


@pytest.mark.parametrize(
    ("operation", "victim", "native"),
    [
        # The other victims of creates and destroys: test_recover.py, test_teardown_killed.py.
        ("create", kill.Victim.PULUMI, DYNAMIC),
        ("change", kill.Victim.ALL, DYNAMIC),
        ("change", kill.Victim.PLUGIN, DYNAMIC),
        ("destroy", kill.Victim.PLUGIN, DYNAMIC),
        ("create", kill.Victim.PULUMI, NATIVE),
        ("create", kill.Victim.PLUGIN, NATIVE),
        ("change", kill.Victim.ALL, NATIVE),
    ],
)
def test_a_kill_is_recovered_from(
    engine: Path, operation: str, victim: kill.Victim, *, native: bool
) -> None:
    """Trials of tools/kill.py at chosen moments, with links of Python programs and of the native
    plugin: the account ends as declared."""
    plan = kill.TrialPlan(
        operation=operation,
        # More than are sent at once (4 of Python programs, 10 of the native plugin): after the
        # first answer, the last writes take as long again.
        links=12 if native else 6,
        victim=victim,
        after=1,
        delay=0.2,
        latency=2.0,
        ending="up",
        native=native,
    )

    outcome = kill.try_once(engine, plan)

    assert outcome.broken == ""
    assert outcome.facts[f"killed: {victim.value}"] == 1


def test_ctrl_c_saves_what_was_made(engine: Path, tmp_path: Path) -> None:
    """One SIGINT: running creates end and are saved, nothing is pending."""
    code, lost, pending = kill.interrupted(engine, tmp_path, links=12)

    assert code != 0
    assert lost == ""
    assert pending == 0


def test_a_plugin_ends_with_its_engine(project: Project, omise: Emulator) -> None:
    """A killed `pulumi` leaves no process with the key behind: its plugin ends within seconds, but
    only after the create that is under way."""
    declare(project, "one")
    omise.fault("slow", method="POST", seconds=6)
    command = ("pulumi", "up", "--yes", "--skip-preview", "--non-interactive")
    engine = project.start(*command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(
        lambda: omise.journal.count("GET", "/account") and omise.journal.counters()["in_flight"]
    )
    plugins = pulumi_project.running(pulumi_project.PLUGIN, pulumi_project.descendants(engine.pid))
    assert plugins
    engine.kill()
    engine.wait()
    time.sleep(2.5)
    assert all(process.is_running() for process in plugins), "the create is not cut off"
    _, alive_still = psutil.wait_procs(plugins, timeout=20)

    assert not alive_still
    assert len(alive(omise)) == 1
