"""What was measured, and medians of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

from .run import FLOOR

# An `up` or `destroy` of more links takes minutes, which evens out what else the machine does.
MOST_ROUNDS = 200
Run = dict[str, Any]
"""A record of ``run.run_round``."""


@dataclass(frozen=True)
class Results:
    """All runs of a benchmark, and on what they were made."""

    machine: dict[str, str]
    links: list[int]
    """The numbers of links that were measured with every latency."""
    latencies: list[float]
    """In seconds."""
    rounds: int
    runs: list[Run]

    def find(self, contender: str, links: int, latency: float) -> list[Run]:
        """The runs of one case, in the order of the rounds."""
        wanted = (contender, links, 0.0 if contender == FLOOR else latency)
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
