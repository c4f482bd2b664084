"""After kill -9 in the middle of creates: the account ends up holding what the program declares."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pulumi_project
import pytest
from harness import Project
from pulumi_project import descendants, kill, running

from pulumi_omise_links.emulator import Emulator, JournalEntry

pytestmark = pytest.mark.engine

PROGRAM = """
jp = Provider("jp", secret_key_env="JP_KEY")
for n in range(10):
    Link(f"n{n}", amount=150_000 + n * 100, currency="thb", title="Spring sale",
         description=pulumi.Output.secret(f"Hall {n}"), multiple=True)
for name in ("twin-a", "twin-b"):
    Link(name, amount=5_000, currency="THB", title="Twin", description="d",
         opts=pulumi.ResourceOptions(protect=True))
Link("yen", amount=5_000, currency="JPY", title="Yen", description="d",
     opts=pulumi.ResourceOptions(provider=jp))
"""


class HeldAnswers:
    """Holds back answers to creates, whose links are made by then, until they are released."""

    def __init__(self) -> None:
        self._released = threading.Event()
        self._lock = threading.Lock()
        self._answered: Counter[str | None] | None = None
        self._held: Counter[str | None] = Counter()

    def hold_after(self, answered: Mapping[str | None, int]) -> None:
        """Answer so many more creates of these accounts, and no others."""
        self._answered = Counter(answered)

    def release(self) -> None:
        self._released.set()

    def holds(self, least: Mapping[str | None, int]) -> bool:
        """Whether at least so many answers are held back, by account."""
        with self._lock:
            return self._held >= Counter(least)

    def __call__(self, entry: JournalEntry) -> None:
        if entry.method != "POST" or self._answered is None:
            return
        with self._lock:
            if self._answered[entry.account] > 0:
                self._answered[entry.account] -= 1
                return
            self._held[entry.account] += 1
        self._released.wait()


_left_behind: list[psutil.Process] = []


@pytest.fixture(autouse=True)
def _end_what_was_left_behind() -> Iterator[None]:
    yield
    kill(_left_behind)
    _left_behind.clear()


@pytest.fixture
def answers() -> Iterator[HeldAnswers]:
    answers = HeldAnswers()
    yield answers
    answers.release()


@pytest.fixture
def omise(answers: HeldAnswers) -> Iterator[Emulator]:
    with Emulator(on_request=answers) as emulator:
        yield emulator
        answers.release()


def killed_up(
    project: Project,
    answers: HeldAnswers,
    *,
    pending: int,
    held: Mapping[str | None, int],
    victims: str = "pulumi",
    how: signal.Signals = signal.SIGKILL,
) -> str:
    """Run `pulumi up`, and kill it once so many creates are pending in its state and so many
    answers to creates are held back; let these go, and release the lock.

    ``victims`` are `pulumi`, its `plugin`, its `program`, or `all` of its processes. Returns what
    it said, if it ended by itself.
    """
    child = subprocess.Popen(
        # All creates are begun at once, however few processors there are.
        ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--parallel=32"],
        cwd=project.folder,
        env=project.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    said = ""
    try:
        deadline = time.monotonic() + 120
        while not answers.holds(held) or project.state_text().count('"creating"') < pending:
            assert child.poll() is None, "it ended before it was killed"
            assert time.monotonic() < deadline, "the moment to kill it did not come"
            time.sleep(0.02)
        family = descendants(child.pid)
        _left_behind.extend(family)
        if victims == "plugin":
            plugins = running(pulumi_project.PLUGIN, family)
            assert plugins
            for plugin in plugins:
                plugin.send_signal(how)
            said = child.communicate(timeout=120)[0]
        elif victims == "program":
            kill(running(pulumi_project.PROGRAM, family))
            answers.release()
            said = child.communicate(timeout=120)[0]
        else:
            child.kill()
            kill(family if victims == "all" else ())
    finally:
        child.kill()
        child.wait()
        if child.stdout:
            child.stdout.close()
        answers.release()
    project.unlock()
    return said


def records(project: Project) -> list[Path]:
    """The records of creates under way that are on this machine."""
    return sorted(Path(project.env["PULUMI_HOME"]).glob("omise-links/creates/*"))


THREE = """
for n in range(3):
    Link(f"n{n}", amount=150_000 + n * 100, currency="thb", title="Spring sale",
         description=pulumi.Output.secret(f"Hall {n}"), multiple=True)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["kill", "term"])
def test_a_plugin_that_dies_alone_leaves_neither_doubles_nor_orphans(
    project: Project, omise: Emulator, answers: HeldAnswers, how: signal.Signals
) -> None:
    """Pulumi forgets such creates; the records of the plugin stop the next `pulumi up`, name the
    remedy, and `recover` takes the links that Omise had made."""
    project.program(THREE)
    th = omise.account("th").id
    answers.hold_after({})
    said = killed_up(project, answers, pending=3, held={th: 3}, victims="plugin", how=how)

    assert "error reading from server: EOF" in said
    assert '"creating"' not in project.state_text()
    assert len(records(project)) == 3
    for record in records(project):
        assert record.stat().st_mode & 0o777 == 0o600
        assert "Hall" not in record.read_text()
    made = {link["id"] for link in omise.links(deleted=False)}
    assert len(made) == 3
    omise.journal.clear()
    project.up().failed().says("begun at", "Run `omise-links recover` there")
    assert not omise.journal.writes

    result = project.cli_json("recover", "--yes", "--settle", "1")

    assert result["summary"]["adopt"] == 3
    assert {create["pending"] for create in result["creates"]} == {False}
    assert set(project.ids().values()) == made
    assert not omise.journal.writes
    assert "Hall" not in project.state_text()
    assert records(project) == []
    project.unchanged()
    project.up().ok()
    assert {link["id"] for link in omise.links(deleted=False)} == made
    project.cli("recover", "--yes").ok().says("Nothing was done.")


def test_a_create_that_omise_never_carried_out_is_made_after_recover(
    project: Project, omise: Emulator, answers: HeldAnswers
) -> None:
    """The record of the dead plugin is dropped once no answer can come any more."""
    project.program(
        "Link('spring', amount=5_000, currency='THB', title='Spring', description='d')\n"
    )
    answers.hold_after({})
    killed_up(project, answers, pending=1, held={omise.account("th").id: 1}, victims="plugin")
    (made,) = (link["id"] for link in omise.links(deleted=False))
    omise.delete(made)  # the same as never made, for who looks now

    run = project.cli("recover", "--yes", "--settle", "1").ok()

    run.says("clear  spring", "Waiting 1 s", "`pulumi up` makes what is missing")
    assert records(project) == []
    project.up().ok()
    assert len(omise.links(deleted=False)) == 1
    assert records(project) == []


def test_all_processes_of_an_up_are_killed(
    project: Project, omise: Emulator, answers: HeldAnswers
) -> None:
    """State and records tell of the same creates: each link is taken once."""
    project.program(THREE)
    answers.hold_after({})
    killed_up(project, answers, pending=3, held={omise.account("th").id: 3}, victims="all")

    project.cli("recover", "--yes", "--settle", "1").ok().says("3 links taken into the stack")

    assert records(project) == []
    project.unchanged()
    assert len(omise.links(deleted=False)) == 3


def test_on_another_machine_the_candidates_are_named(
    project: Project, omise: Emulator, answers: HeldAnswers
) -> None:
    """Neither state nor records tell of the create: an equal link that nobody manages is shown, and
    taken only if a person says so."""
    project.program(
        "Link('spring', amount=5_000, currency='THB', title='Spring', description='d')\n"
    )
    answers.hold_after({})
    killed_up(project, answers, pending=1, held={omise.account("th").id: 1}, victims="plugin")
    for record in records(project):
        record.unlink()
    (made,) = (link["id"] for link in omise.links(deleted=False))

    run = project.cli("recover", "--yes", "--settle", "1")

    assert run.code == 1
    run.says("leave  spring", "on another machine", made, "--adopt NAME=ID")
    assert project.ids() == {}
    project.cli("recover", "--yes", "--adopt", f"spring={made}").ok()
    assert project.ids() == {"spring": made}
    project.unchanged()
    again = project.cli("recover", "--yes", "--adopt", f"spring={made}")
    assert again.code == 2
    again.says(f"spring is managed already, as {made}")


def test_a_killed_up_leaves_neither_doubles_nor_orphans(
    project: Project, omise: Emulator, answers: HeldAnswers
) -> None:
    """Links that the killed run made are adopted, what it did not make is forgotten, an older link
    like it is not taken, and `pulumi up` then makes exactly what is missing."""
    project.env["JP_KEY"] = omise.key("jp")
    project.program(PROGRAM)
    omise.switch(clock_skew=-60)  # further back than the clocks of two machines may be apart
    (older,) = omise.seed(account="jp", title="Yen", description="d", amount=5_000)
    omise.switch(clock_skew=0)
    th, jp = (omise.account(account).id for account in ("th", "jp"))
    answers.hold_after({th: 3})

    # Of the plugin's four threads, one may wait for the other twin.
    killed_up(project, answers, pending=4, held={th: 3, jp: 1})

    assert "creating" in project.state_text()
    project.cli("recover").failed().says("use --yes")
    writes = len(omise.journal.writes)
    result = project.cli_json("recover", "--yes", "--settle", "3")
    assert len(omise.journal.writes) == writes  # nor does what the killed run left behind write
    assert result["done"] is True
    assert result["summary"]["leave"] == 0
    assert result["summary"]["adopt"] >= 4
    assert result["stats"]["writes"] == 0
    adopted = {create["id"] for create in result["creates"] if create["action"] == "adopt"}
    assert project.ids()["yen"] in adopted
    assert older not in adopted
    assert adopted <= set(project.ids().values())
    assert "creating" not in project.state_text()
    again = project.cli("recover", "--yes").ok()
    again.says("No create or delete of a link is pending. Nothing was done.")

    project.up().ok()
    project.unchanged()
    ids = set(project.ids().values())
    assert len(ids) == 13
    assert {link["id"] for link in omise.links(deleted=False)} == ids | {older}


def test_what_cannot_be_told_is_shown_and_left_alone(
    project: Project, omise: Emulator, answers: HeldAnswers
) -> None:
    """Two links fit one create: nothing is done about it until a person says which it is."""
    project.program(
        "Link('spring', amount=5_000, currency='THB', title='Spring', description='d')\n"
    )
    answers.hold_after({})
    killed_up(project, answers, pending=1, held={omise.account("th").id: 1}, victims="all")
    (twin,) = omise.seed(title="Spring", description="d", amount=5_000)

    run = project.cli("recover", "--yes", "--settle", "3")

    assert run.code == 1
    run.says("leave  spring", "More links fit than creates are open", twin)
    assert "creating" in project.state_text()
    (right,) = (link["id"] for link in omise.links() if link["id"] != twin)
    project.cli("recover", "--yes", "--adopt", f"spring={right}").ok()
    assert project.ids() == {"spring": right}
    assert "creating" not in project.state_text()
    project.unchanged()


def test_a_killed_replacement_takes_its_place(
    project: Project, omise: Emulator, answers: HeldAnswers
) -> None:
    """The link that the killed run made becomes the one under its name; the one it replaces is gone
    after the next `pulumi up`, which makes no third."""
    program = (
        "for name in ('spring', 'autumn'):\n"
        "    Link(name, amount={}, currency='thb', title=pulumi.Output.secret(name),"
        " description='d')\n"
    )
    project.program(program.format(5_000))
    project.up().ok()
    before = project.ids()
    omise.switch(clock_skew=7)  # as much later as the clocks of two machines are never apart
    project.program(program.format(6_000))
    answers.hold_after({})
    killed_up(project, answers, pending=2, held={omise.account("th").id: 2})

    run = project.cli("recover", "--yes", "--settle", "3").ok()

    for old in before.values():
        run.says(f"It replaces {old}, which the next `pulumi up` deletes.")
    after = project.ids()
    leaving = {after.pop(f"replaced-{name}") for name in before}
    assert leaving == set(before.values())
    assert set(after) == set(before)
    assert not set(after.values()) & set(before.values())
    assert '"autumn"' not in project.state_text(), "a secret is in the open"
    assert "creating" not in project.state_text()
    omise.journal.clear()
    project.up().ok()
    assert {request.method for request in omise.journal.writes} == {"DELETE"}
    assert {link["id"] for link in omise.links(deleted=False)} == set(after.values())
    assert project.ids() == after
    project.unchanged()
    project.refresh("--expect-no-changes").ok()


def test_the_program_alone_is_killed(
    project: Project, omise: Emulator, answers: HeldAnswers
) -> None:
    """Pulumi finishes the creates that it has begun and saves them: nothing is open."""
    project.program(THREE)
    answers.hold_after({})
    killed_up(project, answers, pending=3, held={omise.account("th").id: 3}, victims="program")

    project.cli("recover", "--yes", "--settle", "1").ok()

    project.up().ok()
    project.unchanged()
    assert len(omise.links(deleted=False)) == 3
    assert records(project) == []


SPRING = "Link('spring', amount=5_000, currency='THB', title='Spring', description='d'{})\n"


def test_a_stack_that_cannot_be_read_does_not_stop_recover(
    project: Project, omise: Emulator, answers: HeldAnswers
) -> None:
    """What only a person can vouch for is left, and the reason names both ways out, which work."""
    project.program(SPRING.format("") + SPRING.format("").replace("pring", "ummer"))
    answers.hold_after({})
    killed_up(project, answers, pending=2, held={omise.account("th").id: 2})
    broken = project.backend / ".pulumi/stacks/other/dev.json"
    broken.parent.mkdir()
    broken.write_text('{"version": 3, "checkpoint": {"stack": "organization/other/dev", "lat')

    run = project.cli("recover", "--yes", "--settle", "1")

    assert run.code == 1
    run.says("leave", "say --adopt NAME=ID or --only-this-stack")
    assert project.ids() == {}
    ids = {link["title"]: link["id"] for link in omise.links(deleted=False)}
    run = project.cli("recover", "--yes", "--settle", "1", "--adopt", f"spring={ids['Spring']}")
    assert run.code == 1
    assert project.ids() == {"spring": ids["Spring"]}
    project.cli("recover", "--yes", "--settle", "1", "--only-this-stack").ok()
    assert set(project.ids().values()) == set(ids.values())
    assert '"creating"' not in project.state_text()


def test_a_rotated_key_of_an_explicit_provider_is_taken_from_the_program(
    project: Project, omise: Emulator, answers: HeldAnswers
) -> None:
    """The state has the old key; the new one is in the program, and links are found with it, also
    while the program declares the provider alone, as the error says; the stack's own key, which is
    of another account here, never takes its place."""
    provider = (
        "import os\nth = Provider('th', secret_key=pulumi.Output.secret(os.environ['TH_KEY']))\n"
    )
    link = SPRING.format(", opts=pulumi.ResourceOptions(provider=th)")
    project.program(provider + link)
    project.env["OMISE_SECRET_KEY"] = omise.key("jp")
    project.env["TH_KEY"] = omise.key("th")
    answers.hold_after({})
    killed_up(project, answers, pending=1, held={omise.account("th").id: 1})
    omise.revoke(project.env["TH_KEY"])
    project.env["TH_KEY"] = "skey_test_emulator_rotated"
    omise.add_key(project.env["TH_KEY"], "th")
    (made,) = (link["id"] for link in omise.links(deleted=False))
    recover = ("recover", "--yes", "--settle", "1")

    project.program("")
    project.cli(*recover).failed().says("declare it again with a valid key")
    project.program(provider)
    project.cli(*recover).failed().says("leave  spring", made, "no longer declares such a link")
    project.program(provider + link)
    project.cli(*recover).ok().says("adopt", "spring")
    assert project.ids() == {"spring": made}


def test_a_key_of_which_nothing_is_known_clears_nothing(
    project: Project, omise: Emulator, answers: HeldAnswers
) -> None:
    """A restricted key of another account sees no link; that proves nothing about the creates."""
    project.program(SPRING.format(""))
    answers.hold_after({})
    killed_up(project, answers, pending=1, held={omise.account("th").id: 1}, victims="all")
    for record in records(project):
        record.unlink()
    omise.switch(account_readable="forbidden")

    run = project.cli("recover", "--yes", "--settle", "1", OMISE_SECRET_KEY=omise.key("jp"))

    assert run.code == 1
    run.says("may not read GET /account", "--clear NAME")
    assert '"creating"' in project.state_text()


def test_a_restricted_key_of_another_account_drops_no_record_and_says_so(
    project: Project, omise: Emulator, answers: HeldAnswers
) -> None:
    """A key that shows none of the stack's links proves nothing about creates that the plugin
    alone remembers; one that shows them tells the account, which the state then has."""
    project.program(SPRING.format(""))
    project.up().ok()
    both = SPRING.format("") + SPRING.format("").replace("pring", "ummer")
    project.program(both)
    answers.hold_after({})
    killed_up(project, answers, pending=1, held={omise.account("th").id: 1}, victims="plugin")
    omise.switch(account_readable="forbidden")
    project.program(SPRING.format(""))

    run = project.cli("recover", "--yes", "--settle", "1", OMISE_SECRET_KEY=omise.key("jp"))

    assert run.code == 1
    run.says("shows none of the links that the stack manages")
    assert len(records(project)) == 1

    project.program(both)
    for record in records(project):
        record.unlink()  # as on another machine
    run = project.cli("recover", "--yes", "--settle", "1", OMISE_SECRET_KEY=omise.key("jp"))
    assert run.code == 1
    run.says("shows none of the links that the stack manages")

    (made,) = (link["id"] for link in omise.links(deleted=False) if link["title"] == "Summer")
    project.cli("recover", "--yes", "--adopt", f"summer={made}").ok()
    assert project.ids()["summer"] == made
    assert project.state_text().count('"account_id":"account_test_') == 2


@pytest.mark.parametrize("variable", ["CLEAR_PENDING_CREATES", "IMPORT_PENDING_CREATES"])
def test_what_is_left_stays_pending_whatever_the_environment_says(
    project: Project, omise: Emulator, answers: HeldAnswers, variable: str
) -> None:
    """An option of Pulumi that is set for a whole pipeline clears no create behind our back."""
    project.program(SPRING.format("") + SPRING.format("").replace("pring", "ummer"))
    answers.hold_after({})
    killed_up(project, answers, pending=2, held={omise.account("th").id: 2}, victims="all")
    omise.seed(title="Spring", description="d", amount=5_000)

    run = project.cli("recover", "--yes", "--settle", "1", **{f"PULUMI_OPTION_{variable}": "true"})

    assert run.code == 1
    run.says("1 link taken into the stack, 0 cleared, 1 left alone")
    assert list(project.ids()) == ["summer"]
    assert '"creating"' in project.state_text()
