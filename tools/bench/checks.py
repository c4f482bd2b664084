"""What the package promises about its speed and size, and whether it was kept."""

from __future__ import annotations

from dataclasses import dataclass

from .results import Results
from .run import EMPTY, OURS, REALISTIC, SMALLEST

LATENCY = 0.1
MANY, SOME = 1000, 200
_THREADS = 4  # of a dynamic provider: so many calls at once
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
    many, some = f"{MANY:,} links", f"{SOME} links"
    slow = f"{LATENCY * 1000:.0f} ms"
    return [
        Check(
            f"{many}, {slow}: refresh, calls", "", 30, _ours(results, LATENCY, "refresh", "calls")
        ),
        Check(
            f"{many}, {slow}: refresh, 1.3 × empty + the pages' own time",
            "s",
            _sum(
                _times(1.3, _empty(results, "refresh")),
                _ours(results, LATENCY, "refresh", "page_seconds"),
            ),
            _ours(results, LATENCY, "refresh"),
        ),
        *(
            Check(
                f"{many}, {latency * 1000:.0f} ms: up, 0.75 × empty + the calls' own time",
                "s",
                _sum(
                    _times(0.75, _empty(results, "up")),
                    _times(1 / _THREADS, _ours(results, latency, "up", "call_seconds")),
                ),
                _ours(results, latency, "up"),
            )
            for latency in (0.0, LATENCY)
        ),
        Check(
            f"{many}: preview without changes, over empty",
            "×",
            1.1,
            results.ratio(OURS, EMPTY, MANY, None, UNCHANGED),
        ),
        Check(
            f"{many}, {slow}: preview without changes, calls",
            "",
            1,
            _ours(results, LATENCY, UNCHANGED, "calls"),
        ),
        _faster(results, REALISTIC, "up", LATENCY, 2),
        _faster(results, SMALLEST, "up", LATENCY, 1.5),
        _faster(results, REALISTIC, UNCHANGED, None, 1.5),
        _faster(results, REALISTIC, "first preview", LATENCY, 1.5),
        Check(
            f"{some}, {slow}: state, smaller than by hand, realistic",
            "×",
            6,
            _over(_record(results, REALISTIC), _record(results, OURS)),
            least=True,
        ),
        Check(f"{some}, {slow}: record of a link, bytes", "", 1300, _record(results, OURS)),
    ]


def _faster(
    results: Results, contender: str, operation: str, latency: float | None, least: float
) -> Check:
    what = "preview without changes" if operation == UNCHANGED else operation
    wait = "" if latency is None else f", {latency * 1000:.0f} ms"
    ratio = results.ratio(contender, OURS, SOME, latency, operation)
    text = f"{SOME} links{wait}: {what}, faster than by hand, {contender}"
    return Check(text, "×", least, ratio, least=True)


def _ours(
    results: Results, latency: float, operation: str, figure: str = "seconds"
) -> float | None:
    return results.value(OURS, MANY, latency, operation, figure)


def _empty(results: Results, operation: str) -> float | None:
    return results.value(EMPTY, MANY, 0.0, operation)


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
