"""What was measured, and medians of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from .run import EMPTY

Run = dict[str, Any]
"""A record of ``run.run_round``."""


@dataclass(frozen=True)
class Batch:
    """All runs with one number of links. It is measured anew as a whole."""

    links: int
    latencies: list[float]
    """In seconds. Without any, the runs are for the growth alone, and have no table."""
    rounds: int
    made: dict[str, str]
    """On what, of which commit, and when."""
    runs: list[Run]


@dataclass(frozen=True)
class Results:
    """The newest figures of each number of links."""

    batches: list[Batch]

    @classmethod
    def load(cls, path: Path) -> Results:
        """Read the figures that there are; none if there is no file."""
        if not path.exists():
            return cls([])
        return cls([Batch(**batch) for batch in json.loads(path.read_text())])

    def save(self, path: Path) -> None:
        """Write the figures, one run a line."""
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps([asdict(batch) for batch in self.batches], separators=(",", ":"))
        path.write_text(text.replace('{"contender"', '\n{"contender"') + "\n")

    def renewed(self, batch: Batch) -> Results:
        """Return the results with this batch in place of an older one with as many links."""
        others = [other for other in self.batches if other.links != batch.links]
        return Results(sorted([*others, batch], key=lambda one: one.links))

    @property
    def links(self) -> list[int]:
        """The numbers of links that have a table."""
        return [batch.links for batch in self.batches if batch.latencies]

    @property
    def latencies(self) -> list[float]:
        """All latencies, in seconds."""
        return sorted({latency for batch in self.batches for latency in batch.latencies})

    @property
    def runs(self) -> list[Run]:
        """The runs of all batches."""
        return [run for batch in self.batches for run in batch.runs]

    def find(self, contender: str, links: int, latency: float) -> list[Run]:
        """The runs of one case, in the order of the rounds."""
        wanted = (contender, links, 0.0 if contender == EMPTY else latency)
        return [run for run in self.runs if _case(run) == wanted]

    def value(
        self, contender: str, links: int, latency: float, operation: str, figure: str = "seconds"
    ) -> float | None:
        """The median of a figure; None if it was not measured or the contender cannot do it."""
        return _median(
            run["operations"].get(operation, {}).get(figure)
            for run in self.find(contender, links, latency)
        )

    def state(self, contender: str, links: int, latency: float, part: str) -> float | None:
        """The median of a part of the state, in bytes per link."""
        found = self.find(contender, links, latency)
        return _median(run["state"] and run["state"][part] for run in found)

    def ratio(
        self, over: str, under: str, links: int, latency: float | None, operation: str
    ) -> float | None:
        """The median of the rounds' ratios: each is of two commands run in the same turn.

        Without a latency it is of the rounds of all latencies, for operations that call nothing.
        """
        return _median(
            a["operations"][operation]["seconds"] / b["operations"][operation]["seconds"]
            for one_latency in (self.latencies if latency is None else [latency])
            for a, b in zip(
                self.find(over, links, one_latency),
                self.find(under, links, one_latency),
                strict=False,
            )
            if operation in a["operations"] and operation in b["operations"]
        )

    def error(self, contender: str, links: int) -> str | None:
        """Why a contender cannot do so many links, if so."""
        return next(
            (
                run["error"]
                for run in self.runs
                if (run["contender"], run["links"]) == (contender, links) and run["error"]
            ),
            None,
        )

    def points(self, contender: str, operation: str) -> list[tuple[float, float]]:
        """Links and seconds of all runs without latency."""
        return [
            (run["links"], run["operations"][operation]["seconds"])
            for run in self.runs
            if run["contender"] == contender
            and run["latency"] == 0
            and operation in run["operations"]
        ]


def _case(run: Run) -> tuple[str, int, float]:
    return run["contender"], run["links"], run["latency"]


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
