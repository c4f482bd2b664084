"""After kill -9 in the middle of creates: the account ends up holding what the program declares."""

from __future__ import annotations

import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping

import psutil
import pytest
from harness import Project
from pulumi_project import descendants, kill

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


class Gate:
    """Holds back Omise's answers to creates, whose links are made by then, until it opens."""

    def __init__(self) -> None:
        self._opened = threading.Event()
        self._lock = threading.Lock()
        self._free: Counter[str | None] | None = None
        self._held: Counter[str | None] = Counter()

    def close(self, free: Mapping[str | None, int]) -> None:
        """Answer so many more creates of these accounts, and no others."""
        self._free = Counter(free)

    def open(self) -> None:
        self._opened.set()

    def holds(self, least: Mapping[str | None, int]) -> bool:
        """Whether at least so many answers are held back, by account."""
        with self._lock:
            return self._held >= Counter(least)

    def __call__(self, entry: JournalEntry) -> None:
        if entry.method != "POST" or self._free is None:
            return
        with self._lock:
            if self._free[entry.account] > 0:
                self._free[entry.account] -= 1
                return
            self._held[entry.account] += 1
        self._opened.wait()


_left_behind: list[psutil.Process] = []


@pytest.fixture(autouse=True)
def _end_what_was_left_behind() -> Iterator[None]:
    yield
    kill(_left_behind)
    _left_behind.clear()


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open()


@pytest.fixture
def omise(gate: Gate) -> Iterator[Emulator]:
    with Emulator(on_request=gate) as emulator:
        yield emulator
        gate.open()


def killed_up(
    project: Project, gate: Gate, *, pending: int, held: Mapping[str | None, int]
) -> None:
    """Run `pulumi up`, kill it with -9 once so many creates are pending in its state and so many
    answers to creates are held back, let these go, and release the lock."""
    child = subprocess.Popen(
        # All creates are begun at once, however few processors there are.
        ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--parallel=32"],
        cwd=project.folder,
        env=project.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 120
        while not gate.holds(held) or project.state_text().count('"creating"') < pending:
            assert child.poll() is None, "it ended before it was killed"
            assert time.monotonic() < deadline, "the moment to kill it did not come"
            time.sleep(0.02)
    finally:
        _left_behind.extend(descendants(child.pid))
        child.kill()
        child.wait()
        gate.open()
    project.unlock()


def test_a_killed_up_leaves_neither_doubles_nor_orphans(
    project: Project, omise: Emulator, gate: Gate
) -> None:
    """Links that the killed run made are adopted, what it did not make is forgotten, an older link
    like it is not taken, and `pulumi up` then makes exactly what is missing."""
    project.env["JP_KEY"] = omise.key("jp")
    project.program(PROGRAM)
    omise.switch(clock_skew=-60)  # further back than the clocks of two machines may be apart
    (older,) = omise.seed(account="jp", title="Yen", description="d", amount=5_000)
    omise.switch(clock_skew=0)
    th, jp = (omise.account(each).id for each in ("th", "jp"))
    gate.close({th: 3})

    # Of the plugin's four threads, one may wait for the other twin.
    killed_up(project, gate, pending=4, held={th: 3, jp: 1})

    assert "creating" in project.state_text()
    project.cli("recover").failed().says("say --yes")
    writes = len(omise.journal.writes)
    result = project.cli_json("recover", "--yes", "--settle", "3")
    assert len(omise.journal.writes) == writes  # nor does what the killed run left behind write
    assert result["done"] is True
    assert result["summary"]["leave"] == 0
    assert result["summary"]["adopt"] >= 4
    assert result["cost"]["writes"] == 0
    adopted = {each["id"] for each in result["pending"] if each["action"] == "adopt"}
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
    assert {each["id"] for each in omise.links(deleted=False)} == ids | {older}


def test_what_cannot_be_told_is_shown_and_left_alone(
    project: Project, omise: Emulator, gate: Gate
) -> None:
    """Two links fit one create: nothing is done about it until a person says which it is."""
    project.program(
        "Link('spring', amount=5_000, currency='THB', title='Spring', description='d')\n"
    )
    gate.close({})
    killed_up(project, gate, pending=1, held={omise.account("th").id: 1})
    (twin,) = omise.seed(title="Spring", description="d", amount=5_000)

    run = project.cli("recover", "--yes", "--settle", "3")

    assert run.code == 1
    run.says("leave   spring", "More links fit than creates are pending", twin)
    assert "creating" in project.state_text()
    (right,) = (each["id"] for each in omise.links() if each["id"] != twin)
    project.cli("recover", "--yes", "--adopt", f"spring={right}").ok()
    assert project.ids() == {"spring": right}
    assert "creating" not in project.state_text()
    project.unchanged()


def test_a_killed_replacement_takes_its_place(
    project: Project, omise: Emulator, gate: Gate
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
    gate.close({})
    killed_up(project, gate, pending=2, held={omise.account("th").id: 2})

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
    assert {each.method for each in omise.journal.writes} == {"DELETE"}
    assert {each["id"] for each in omise.links(deleted=False)} == set(after.values())
    assert project.ids() == after
    project.unchanged()
    project.refresh("--expect-no-changes").ok()
