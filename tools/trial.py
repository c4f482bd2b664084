"""A Pulumi project of links in a folder of its own, for runs that try what bad days do.

Everything stays in that folder and on 127.0.0.1. `Shop` runs the real engine; `compare` puts side
by side what the program declares, what the state holds and what lives in the account.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import engine

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.state_format import TYPE_TOKEN

INPUTS = ("amount", "currency", "title", "description", "multiple")
PROGRAM = """\
import json
import pathlib

from pulumi_omise_links import Link

for name, inputs in json.loads(pathlib.Path("links.json").read_text()).items():
    Link(name, **inputs)
"""
Links = dict[str, dict[str, Any]]

# The engine's list of what went wrong: a resource, then its errors, indented.
_BLAMED = re.compile(
    r"^  \S+ \((?P<name>[^)]+)\):\n(?P<text>(?:    .*\n|\n(?=    ))*)", re.MULTILINE
)


class TrialError(Exception):
    """A command that had to work did not; the text is what it said."""


@dataclass(frozen=True)
class Run:
    """What one command did."""

    command: tuple[str, ...]
    code: int
    text: str

    def blamed(self) -> dict[str, str]:
        """What the engine said of each resource, by the name of the resource."""
        listed = self.text.partition("\nDiagnostics:\n")[2]
        return {each["name"]: each["text"] for each in _BLAMED.finditer(listed)}


@dataclass(frozen=True)
class ManagedLink:
    """One link of a state. ``condemned``: replaced, and still to be deleted."""

    name: str
    id: str
    inputs: dict[str, Any]
    condemned: bool


class Shop:
    """A project, its stack `dev` on a file backend, and the environment Pulumi needs."""

    def __init__(
        self, folder: Path, pulumi: Path, omise: Emulator, *, name: str = "shop", seconds: float = 2
    ) -> None:
        self.name = name
        self.folder = folder / "project"
        self.links: Links = {}
        self.adopt: dict[str, str] = {}
        self.env = {
            **engine.environment(pulumi, folder),
            "PULUMI_STACK": "dev",
            "NO_COLOR": "1",
            "OMISE_API_URL": omise.url,
            "OMISE_SECRET_KEY": omise.key("th"),
            "OMISE_TIMEOUT": f"{seconds:g}",
        }

    def make(self) -> Shop:
        """Write the project and make its stack."""
        self.folder.mkdir(parents=True)
        (self.folder / "Pulumi.yaml").write_text(f"name: {self.name}\nruntime: python\n")
        (self.folder / "__main__.py").write_text(PROGRAM)
        done = self.run("pulumi", "stack", "init", "dev", "--non-interactive")
        if done.code:
            raise TrialError(f"{' '.join(done.command)}: {done.text}")
        return self

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Write down what is declared, and start a command in a session of its own."""
        declared = {
            name: {**inputs, **({"adopt": self.adopt[name]} if name in self.adopt else {})}
            for name, inputs in self.links.items()
        }
        (self.folder / "links.json").write_text(json.dumps(declared))
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )

    def run(self, *command: str, limit: float = 1800) -> Run:
        """Run a command and wait for it; it does not outlive us."""
        child = self.start(*command)
        try:
            text, _ = child.communicate(timeout=limit)
        except BaseException:
            end(child)
            raise
        return Run(command, child.returncode, text)

    def pulumi(self, verb: str, *more: str) -> Run:
        """Run `pulumi up`, `refresh` or `destroy` without asking."""
        flags = ["--yes", "--skip-preview", "--suppress-progress", "--non-interactive"]
        return self.run("pulumi", verb, *flags, *more)

    def deployment(self) -> dict[str, Any]:
        """Return the state as the engine exports it."""
        done = self.run("pulumi", "stack", "export", "--non-interactive")
        if done.code:
            raise TrialError(f"{' '.join(done.command)}: {done.text}")
        deployment: dict[str, Any] = json.loads(done.text).get("deployment") or {}
        return deployment

    def held(self, deployment: Mapping[str, Any] | None = None) -> list[ManagedLink]:
        """Return the links of the state."""
        found = self.deployment() if deployment is None else deployment
        return [
            ManagedLink(
                each["urn"].rsplit("::", 1)[1],
                each["id"],
                {name: each["outputs"].get(name) for name in INPUTS},
                each.get("delete", False),
            )
            for each in found.get("resources") or []
            if each["type"] == TYPE_TOKEN
        ]


@dataclass
class Comparison:
    """Three sets side by side: declared, held by the state, alive in the account."""

    missing: list[str] = field(default_factory=list)
    """Names that are declared, and of which the state or the account has no such link."""
    unheld: list[dict[str, Any]] = field(default_factory=list)
    """Links that live in the account and are in no state."""
    surplus: list[str] = field(default_factory=list)
    """Names of links that the state holds beyond what is declared."""
    twins: list[str] = field(default_factory=list)
    """Titles that more than one living link has."""

    @property
    def equal(self) -> bool:
        """Whether the three sets are one."""
        return not (self.missing or self.unheld or self.surplus or self.twins)

    def __str__(self) -> str:
        parts = (
            ("missing", self.missing),
            ("in no state", [f"{each['id']} {each['title']!r}" for each in self.unheld]),
            ("surplus in the state", self.surplus),
            ("more than one of", self.twins),
        )
        return "; ".join(f"{what}: {', '.join(names)}" for what, names in parts if names) or "equal"


def compare(
    declared: Mapping[str, Mapping[str, Any]],
    held: list[ManagedLink],
    omise: Emulator,
    prefix: str = "",
) -> Comparison:
    """Compare the three sets; of the account, only links whose title starts with ``prefix``."""
    alive = {
        each["id"]: each
        for each in omise.links("th", deleted=False)
        if each["title"].startswith(prefix)
    }
    result = Comparison()
    mine = {each.name: each for each in held if not each.condemned}
    for name, inputs in declared.items():
        link = mine.get(name)
        there = alive.get(link.id) if link else None
        if link is None or there is None or not (same(inputs, link.inputs) and same(inputs, there)):
            result.missing.append(name)
    ids = {each.id for each in held}
    result.unheld = [each for each in alive.values() if each["id"] not in ids]
    result.surplus = [each.name for each in held if each.condemned or each.name not in declared]
    titles = Counter(each["title"] for each in alive.values())
    result.twins = sorted(title for title, count in titles.items() if count > 1)
    return result


def same(declared: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether ``other`` has the inputs that are declared."""
    return all(declared.get(name, False) == other.get(name) for name in INPUTS)


def delete_empty_side_files(backend: Path) -> int:
    """Delete what a file backend was writing when it was killed; return how many files.

    Beside each state it keeps a file of HTTP headers, which nothing needs, and rewrites it in
    place: cut off there, it makes the state itself unreadable to Pulumi.
    """
    empty = [each for each in backend.glob(".pulumi/stacks/*/*.attrs") if each.stat().st_size == 0]
    for each in empty:
        each.unlink()
    return len(empty)


def descendants(pid: int) -> list[int]:
    """Return the processes that ``pid`` has started, and those that they have (Linux)."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            # The name, in brackets, may hold anything.
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
    found, waiting = [], [pid]
    while waiting:
        waiting = [each for parent in waiting for each in children.get(parent, ())]
        found += waiting
    return found


def kill(pids: list[int]) -> None:
    """End processes at once; those that have gone already are left alone."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def end(child: subprocess.Popen[str]) -> None:
    """End a command of ours, politely first, with everything that it has started."""
    family = descendants(child.pid)
    child.send_signal(signal.SIGINT)
    try:
        child.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        kill([child.pid])
        child.communicate()
    kill(family)


_SAYING = threading.Lock()


def say(text: str) -> None:
    """Print a line at once, whole, from any thread."""
    with _SAYING:
        print(text, flush=True)
