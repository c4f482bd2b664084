"""One round: all contenders with one number of links, one operation after the other."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import state_size
from .omise import Omise
from .project import COMMANDS, Done, Project

OURS, HAND, FLOOR = "ours", "handwritten", "floor"
_EXPECTED_DEATH = "RecursionError"
_ONCE = {"up", "destroy"}


@dataclass(frozen=True)
class Case:
    """What is run. The floor calls nothing, so its latency is always 0."""

    contender: str
    links: int
    latency: float

    def __str__(self) -> str:
        waits = "" if self.contender == FLOOR else f" at {self.latency * 1000:.0f} ms"
        return f"{self.contender}, {self.links} links{waits}"


def run_round(cases: Sequence[Case], engine: Path, repeats: int) -> list[dict[str, Any]]:
    """Run each operation with all cases, which stand beside each other, before the next operation.

    So a ratio is of commands that ran in the same turn. Previews and refreshes are run ``repeats``
    times; what was measured comes back as plain data, one record a case and repetition.

    An operation that fails ends its case, and its error stands in the record: a contender that
    cannot do the work is a finding. An error of ours or of the floor is none, and is raised.
    """
    with ExitStack() as all_stands:
        stands = [all_stands.enter_context(_Stand(case, engine, repeats)) for case in cases]
        for operation in COMMANDS:
            for number in range(1 if operation in _ONCE else repeats):
                for stand in stands:
                    if not _is_dead(stand.case, stands):
                        stand.run(operation, number)
        return [record for stand in stands for record in stand.records]


class _Stand:
    """A case with a local Omise and a stack of its own."""

    def __init__(self, case: Case, engine: Path, repeats: int) -> None:
        self.case = case
        self.records: list[dict[str, Any]] = [
            {**asdict(case), "operations": {}, "state": None, "error": None} for _ in range(repeats)
        ]
        self._engine = engine

    def __enter__(self) -> _Stand:
        with ExitStack() as opened:
            folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="omise-links-bench-"))
            self._omise = opened.enter_context(Omise(self.case.latency))
            env = {"OMISE_API_URL": self._omise.url, "OMISE_SECRET_KEY": self._omise.key}
            self._project = Project(
                Path(folder), self._engine, self.case.contender, self.case.links, env
            )
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._opened.close()

    def run(self, operation: str, number: int) -> None:
        """Run an operation, and note what was measured in the record of this repetition."""
        self._omise.forget_traffic()
        done = self._project.pulumi(*COMMANDS[operation])
        record = self.records[number]
        if done.code:
            record["error"] = _error(self.case, operation, done)
        else:
            record["operations"][operation] = {
                "seconds": done.seconds,
                "cpu_seconds": done.cpu_seconds,
                "peak_bytes": done.peak_bytes,
                **asdict(self._omise.traffic()),
            }
            if operation == "up":
                record["state"] = _state(self.case, self._project)
        what = record["error"] or f"{done.seconds:.1f} s"
        print(f"{self.case}: {operation}: {what}", file=sys.stderr, flush=True)


def _is_dead(case: Case, stands: Iterable[_Stand]) -> bool:
    """Whether this contender has failed with so many links, at whatever latency."""
    return any(
        record["error"]
        for stand in stands
        if (stand.case.contender, stand.case.links) == (case.contender, case.links)
        for record in stand.records
    )


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
