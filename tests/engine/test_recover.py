"""After kill -9 in the middle of creates: the account ends up holding what the program declares."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest
from harness import Project

from pulumi_omise_links.emulator import Emulator

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


def killed_up(project: Project, omise: Emulator, posts: int) -> None:
    """Run `pulumi up`, kill it with -9 when so many creates are answered and more are under way,
    and release the lock."""
    before = len(omise.journal.writes)
    under_way = 0
    child = subprocess.Popen(
        ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive"],
        cwd=project.folder,
        env=project.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    # A request that is still there at the next look is one that the local Omise takes its time for.
    while (
        len(omise.journal.writes) - before < posts
        or under_way < 2
        or "creating" not in project.state_text()
    ) and time.monotonic() < deadline:
        time.sleep(0.05)
        under_way = under_way + 1 if omise.journal.counters()["in_flight"] else 0
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    project.pulumi("cancel", "--yes").ok()


def test_a_killed_up_leaves_neither_doubles_nor_orphans(project: Project, omise: Emulator) -> None:
    """Links that the killed run made are adopted, what it did not make is forgotten, an older link
    like it is not taken, and `pulumi up` then makes exactly what is missing."""
    project.env["JP_KEY"] = omise.key("jp")
    project.program(PROGRAM)
    (older,) = omise.seed(
        title="Spring sale",
        description="Hall 0",
        amount=150_000,
        multiple=True,
    )
    time.sleep(7)  # further back than the clocks of two machines may be apart
    omise.latency = 0.4

    killed_up(project, omise, posts=3)

    assert "creating" in project.state_text()
    project.cli("recover").failed().says("say --yes")
    writes = len(omise.journal.writes)
    result = project.cli_json("recover", "--yes", "--settle", "6")
    assert len(omise.journal.writes) == writes  # nor does what the killed run left behind write
    assert result["done"] is True
    assert result["summary"]["leave"] == 0
    assert result["summary"]["adopt"] >= 3
    assert result["cost"]["writes"] == 0
    adopted = {each["id"] for each in result["pending"] if each["action"] == "adopt"}
    assert older not in adopted
    assert adopted <= set(project.ids().values())
    assert "creating" not in project.state_text()
    again = project.cli("recover", "--yes").ok()
    again.says("No create or delete of a link is pending. Nothing was done.")

    omise.latency = 0.0
    project.up().ok()
    project.unchanged()
    ids = set(project.ids().values())
    assert len(ids) == 13
    assert {each["id"] for each in omise.links(deleted=False)} == ids | {older}


def test_what_cannot_be_told_is_shown_and_left_alone(project: Project, omise: Emulator) -> None:
    """Two links fit one create: nothing is done about it until a person says which it is."""
    project.program(
        "Link('spring', amount=5_000, currency='THB', title='Spring', description='d')\n"
    )
    omise.fault("slow", method="POST", path="/links", seconds=5.0)
    killed_up(project, omise, posts=0)
    time.sleep(5)
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


def test_a_killed_replacement_takes_its_place(project: Project, omise: Emulator) -> None:
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
    time.sleep(7)  # longer than the clocks of two machines may be apart
    project.program(program.format(6_000))
    omise.fault("slow", method="POST", path="/links", seconds=3.0, times=2)
    killed_up(project, omise, posts=0)
    time.sleep(3)

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
