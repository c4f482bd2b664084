"""One run: one contender, one number of links, one latency, all operations one after the other."""

from __future__ import annotations

import re
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import state_size
from .omise import Omise
from .project import COMMANDS, Done, Project

OURS, HAND, FLOOR = "ours", "handwritten", "floor"
_EXPECTED_DEATH = "RecursionError"


@dataclass(frozen=True)
class Case:
    """What is run. The floor calls nothing, so its latency is always 0."""

    contender: str
    links: int
    latency: float

    def __str__(self) -> str:
        waits = "" if self.contender == FLOOR else f" at {self.latency * 1000:.0f} ms"
        return f"{self.contender}, {self.links} links{waits}"


def run(case: Case, engine: Path) -> dict[str, Any]:
    """Run all operations on a stack of its own; what was measured, as plain data.

    An operation that fails ends the run, and its error stands in the result: a contender that
    cannot do the work is a finding. An error of ours or of the floor is none, and is raised.
    """
    result: dict[str, Any] = {**asdict(case), "operations": {}, "state": None, "error": None}
    with (
        tempfile.TemporaryDirectory(prefix="omise-links-bench-") as name,
        Omise(case.latency) as omise,
    ):
        env = {"OMISE_API_URL": omise.url, "OMISE_SECRET_KEY": omise.key}
        project = Project(Path(name), engine, case.contender, case.links, env)
        for operation, command in COMMANDS.items():
            omise.forget_traffic()
            done = project.pulumi(*command)
            if done.code:
                result["error"] = _error(case, operation, done)
                return result
            result["operations"][operation] = {
                "seconds": done.seconds,
                "cpu_seconds": done.cpu_seconds,
                "peak_bytes": done.peak_bytes,
                **asdict(omise.traffic()),
            }
            if operation == "up":
                result["state"] = _state(case, project)
    return result


def _state(case: Case, project: Project) -> dict[str, float]:
    resources = project.resources()
    if len(resources) != case.links:
        raise RuntimeError(f"{case}: {len(resources)} links in the state")
    return state_size.measure(resources).as_dict()


def _error(case: Case, operation: str, done: Done) -> str:
    named = re.findall(r"^\s*(?:error: )?(\w+(?:Error|Exception))\b", done.output, re.MULTILINE)
    if case.contender == HAND and _EXPECTED_DEATH in done.output:
        return f"{_EXPECTED_DEATH} in {operation}"
    if case.contender == HAND and named:
        return f"{named[-1]} in {operation}"
    raise RuntimeError(f"{case}: {operation} failed:\n{done.output[-4000:]}")
