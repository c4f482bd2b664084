"""Teardowns that are killed: run again, they come to the same end."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from harness import Project
from pulumi_project import PLUGIN, delete_empty_side_files, descendants, kill, running

from pulumi_omise_links.emulator import Emulator, JournalEntry
from pulumi_omise_links.state_format import TYPE_TOKEN

pytestmark = pytest.mark.engine

TITLES = ("A", "B")
PROGRAM = "".join(
    f"Link({title!r}, amount=5000, currency='THB', title={title!r}, description='D')\n"
    for title in TITLES
)
STACKS = [f"pr-{number}" for number in range(1, 11)]
VICTIMS = ("all", "pulumi", "plugin")


class Killer:
    """Kills each teardown once: when Omise has carried out the first deletion of its stack."""

    def __init__(self) -> None:
        self.stacks: dict[str, str] = {}
        """The stack by the id of its link."""
        self.children: dict[str, subprocess.Popen[str]] = {}
        self.killed: dict[str, str] = {}
        self.left_behind: list[psutil.Process] = []
        self._lock = threading.Lock()

    def __call__(self, entry: JournalEntry) -> None:
        stack = self.stacks.get(entry.path.rpartition("/")[2])
        if entry.method != "DELETE" or stack is None:
            return
        with self._lock:
            if stack in self.killed:
                return
            victim = self.killed[stack] = VICTIMS[len(self.killed) % len(VICTIMS)]
        child = self.children[stack]
        family = descendants(child.pid)
        self.left_behind += family
        if victim == "all":
            child.kill()
            kill(family)
        elif victim == "pulumi":
            kill(process for process in family if process.name() == "pulumi")
        else:
            kill(running(PLUGIN, family))


@pytest.fixture
def killer() -> Iterator[Killer]:
    killer = Killer()
    yield killer
    for child in killer.children.values():
        child.kill()
        child.wait()
    kill(killer.left_behind)


@pytest.fixture
def omise(killer: Killer) -> Iterator[Emulator]:
    with Emulator(on_request=killer) as emulator:
        yield emulator


def seed(omise: Emulator, title: str) -> list[str]:
    """Make a link that is equal to one of the program."""
    return omise.seed(title=title, description="D", amount=5000)


def copy_stack(project: Project, name: str, ids: list[str]) -> None:
    """Make a stack of the same program, with links of its own: as `pulumi up` in it would."""
    state = json.loads(project.state_text().replace(":dev::", f":{name}::"))
    state["checkpoint"]["stack"] = f"organization/shop/{name}"
    links = (
        resource
        for resource in state["checkpoint"]["latest"]["resources"]
        if resource["type"] == TYPE_TOKEN
    )
    for resource, link_id in zip(links, ids, strict=True):
        resource["id"] = link_id
    project.state_file.with_name(f"{name}.json").write_text(json.dumps(state))


def start(project: Project, stack: str) -> subprocess.Popen[str]:
    return project.start(
        *(sys.executable, "-m", "pulumi_omise_links", "teardown", "--stack", stack),
        *("--yes", "--unlock"),
        stderr=subprocess.STDOUT,
    )


def test_ten_equal_environments_are_torn_down_at_once_and_each_is_killed_once(
    project: Project, omise: Emulator, killer: Killer
) -> None:
    """Their links are equal in all inputs, and so are links that no stack manages. Whichever
    process was killed, the account ends up as it was before the environments."""
    before = seed(omise, "A")
    project.program(PROGRAM)
    project.up().ok()
    before += [*project.ids().values()]
    for stack in STACKS:
        ids = [link_id for title in TITLES for link_id in seed(omise, title)]
        killer.stacks |= dict.fromkeys(ids, stack)
        copy_stack(project, stack, ids)

    killer.children |= {stack: start(project, stack) for stack in STACKS}
    printed = {stack: child.communicate()[0] for stack, child in killer.children.items()}

    assert sorted(killer.killed) == sorted(STACKS), printed
    assert {*killer.killed.values()} == {*VICTIMS}
    assert all(child.returncode for child in killer.children.values()), printed
    left = STACKS
    for _ in range(3):
        psutil.wait_procs(killer.left_behind, timeout=60)
        delete_empty_side_files(project.backend)
        children = {stack: start(project, stack) for stack in left}
        printed = {stack: child.communicate()[0] for stack, child in children.items()}
        left = [stack for stack, child in children.items() if child.returncode]
        if not left:
            break
    assert not left, printed
    assert {link["id"] for link in omise.links(deleted=False)} == {*before}
    assert [file.stem for file in Path(project.state_file.parent).glob("*.json")] == ["dev"]
    project.cli("teardown", "--stack", "pr-*", "--yes").ok().says("No stack fits pr-*.")
