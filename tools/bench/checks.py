"""What the package promises about its speed and size, and whether it was kept."""

from __future__ import annotations

from dataclasses import dataclass

from .results import Results
from .run import FLOOR, HAND, OURS

LATENCY = 0.1
MANY, SOME = 1000, 200
_THREADS = 4  # of a dynamic provider
UNCHANGED = "preview, no changes"


@dataclass(frozen=True)
class Check:
    """A promise, and what was measured; None if it was not."""

    what: str
    unit: str
    target: float | None
    measured: float | None
    least: bool = False
    """Whether the target is to be reached at least, not at most."""

    @property
    def verdict(self) -> str:
        """Whether it was kept."""
        if self.target is None or self.measured is None:
            return "not measured"
        kept = self.measured >= self.target if self.least else self.measured <= self.target
        return "met" if kept else "NOT MET"

    def cells(self) -> list[str]:
        """Promise, target, measured, verdict."""
        sign = "≥" if self.least else "≤"
        target, measured = (_shown(value, self.unit) for value in (self.target, self.measured))
        return [self.what, f"{sign} {target}", measured, self.verdict]


def all_checks(results: Results) -> list[Check]:
    """All promises, in the order of the text.

    A preview without changes makes one call, so its ratios are of the runs with any latency.
    """
    many = f"{MANY:,} links, 100 ms"
    some = f"{SOME} links, 100 ms"
    calls = _ours(results, "refresh", "calls")
    return [
        Check(f"{many}: refresh, calls", "", 30, calls),
        Check(
            f"{many}: refresh, 1.3 × floor + the pages' own time",
            "s",
            _sum(
                _times(1.3, _floor(results, "refresh")), _ours(results, "refresh", "page_seconds")
            ),
            _ours(results, "refresh"),
        ),
        Check(
            f"{many}: up, 1.15 × (N × latency / {_THREADS} + floor)",
            "s",
            _times(1.15, _sum(MANY * LATENCY / _THREADS, _floor(results, "up"))),
            _ours(results, "up"),
        ),
        Check(
            f"{MANY:,} links: preview without changes, over the floor",
            "×",
            1.1,
            results.ratio(OURS, FLOOR, MANY, None, UNCHANGED),
        ),
        Check(f"{many}: preview without changes, calls", "", 1, _ours(results, UNCHANGED, "calls")),
        Check(
            f"{some}: up, faster than by hand",
            "×",
            2,
            results.ratio(HAND, OURS, SOME, LATENCY, "up"),
            least=True,
        ),
        Check(
            f"{SOME} links: preview without changes, faster than by hand",
            "×",
            1.5,
            results.ratio(HAND, OURS, SOME, None, UNCHANGED),
            least=True,
        ),
        Check(
            f"{some}: first preview, faster than by hand",
            "×",
            1.5,
            results.ratio(HAND, OURS, SOME, LATENCY, "first preview"),
            least=True,
        ),
        Check(
            f"{some}: state, smaller than by hand",
            "×",
            6,
            _over(_record(results, HAND), _record(results, OURS)),
            least=True,
        ),
        Check(
            f"{some}: inputs and outputs of a link, bytes",
            "",
            800,
            results.state(OURS, SOME, LATENCY, "inputs_outputs"),
        ),
    ]


def _ours(results: Results, operation: str, figure: str = "seconds") -> float | None:
    return results.value(OURS, MANY, LATENCY, operation, figure)


def _floor(results: Results, operation: str) -> float | None:
    return results.value(FLOOR, MANY, LATENCY, operation)


def _record(results: Results, contender: str) -> float | None:
    return results.state(contender, SOME, LATENCY, "record")


def _times(factor: float, value: float | None) -> float | None:
    return None if value is None else factor * value


def _sum(*values: float | None) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _over(above: float | None, below: float | None) -> float | None:
    return above / below if above and below else None


def _shown(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    if not unit:
        return f"{value:.0f}"
    return f"{value:.1f} s" if unit == "s" else f"{value:.2f} ×"
