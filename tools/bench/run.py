"""One round: all contenders with one number of links, one operation after the other."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import state_size
from .omise import Omise
from .project import COMMANDS, Done, Project

OURS, NATIVE, EMPTY = "ours", "native", "empty"
SMALLEST, REALISTIC = "smallest", "realistic"
BY_HAND = (SMALLEST, REALISTIC)
_EXPECTED_DEATH = "RecursionError"


@dataclass(frozen=True)
class Case:
    """What is run. The empty provider calls nothing, so its latency is always 0."""

    contender: str
    links: int
    latency: float

    def __str__(self) -> str:
        waits = "" if self.contender == EMPTY else f" at {self.latency * 1000:.0f} ms"
        return f"{self.contender}, {self.links} links{waits}"


def run_round(cases: Sequence[Case], engine: Path) -> list[dict[str, Any]]:
    """Run each operation with all cases, which stand beside each other, before the next operation.

    So a ratio is of commands that ran in the same turn. What was measured comes back as plain data,
    one record a case.

    An operation that fails ends its case, and its error stands in the record: a contender that
    cannot do the work is a finding. An error of ours or of the empty provider is none, and is
    raised.
    """
    failed: set[str] = set()
    with ExitStack() as opened:
        stands = [opened.enter_context(_open(case, engine)) for case in cases]
        for operation in COMMANDS:
            for stand in stands:
                contender = stand.case.contender
                # Who cannot do so many links cannot do them at another latency either.
                if contender not in failed and not stand.run(operation):
                    failed.add(contender)
        return [stand.record for stand in stands]


@dataclass(frozen=True)
class _Stand:
    """A case with an emulator and a stack of its own."""

    case: Case
    omise: Omise
    project: Project
    record: dict[str, Any]

    def run(self, operation: str) -> bool:
        """Run an operation and note in the record what came of it; False: error."""
        self.omise.forget_traffic()
        done = self.project.measure(*COMMANDS[operation])
        record = self.record
        if done.code:
            record["error"] = _error(self.case, operation, done)
        else:
            record["operations"][operation] = {
                "seconds": done.seconds,
                "cpu_seconds": done.cpu_seconds,
                "peak_bytes": done.peak_bytes,
                **asdict(self.omise.traffic()),
            }
            if operation == "up":
                record["state"] = _state(self.case, self.project)
        what = record["error"] or f"{done.seconds:.1f} s"
        print(f"{self.case}: {operation}: {what}", file=sys.stderr, flush=True)
        return record["error"] is None


@contextmanager
def _open(case: Case, engine: Path) -> Iterator[_Stand]:
    with (
        tempfile.TemporaryDirectory(prefix="omise-links-bench-") as folder,
        Omise(case.latency) as omise,
    ):
        env = {"OMISE_API_URL": omise.url, "OMISE_SECRET_KEY": omise.key}
        project = Project(Path(folder), engine, case.contender, case.links, env)
        record = {**asdict(case), "state": None, "error": None, "operations": {}}
        yield _Stand(case, omise, project, record)


def _state(case: Case, project: Project) -> dict[str, float]:
    resources = project.resources()
    if len(resources) != case.links:
        raise RuntimeError(f"{case}: {len(resources)} links in the state")
    return state_size.measure(resources).as_dict()


def _error(case: Case, operation: str, done: Done) -> str:
    named = re.findall(r"^\s*(?:error: )?(\w+(?:Error|Exception))\b", done.output, re.MULTILINE)
    if case.contender in BY_HAND and _EXPECTED_DEATH in done.output:
        return f"{_EXPECTED_DEATH} in {operation}"
    if case.contender in BY_HAND and named:
        return f"{named[-1]} in {operation}"
    raise RuntimeError(f"{case}: {operation} failed:\n{done.output[-4000:]}")
