"""Measure, and write the figures into docs/performance.md and docs/performance.svg.

Contenders take turns with each command (A, B, C, A, B, C…), so that whatever else the machine does
hits all of them, and ratios are medians over the rounds. Run it where nothing else is to be done.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

import engine

from . import chart, machine, report
from .checks import all_checks
from .results import Batch, Results
from .run import BY_HAND, EMPTY, NATIVE, OURS, Case, run_round

ROOT = Path(__file__).resolve().parent.parent.parent
OTHERS = (NATIVE, *BY_HAND)
MOST_BY_HAND = 200  # with some 310 links, Pulumi's SDK fails to pickle a provider once more
FIGURES = Path(__file__).resolve().parent / "figures.json"


def main() -> int:
    """Measure and write; 1 if a promise was not kept."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    engine.heed_interrupts()
    options = _options()
    results = Results([]) if options.quick else Results.load(FIGURES)
    for links in [] if options.render else sorted({*options.links, *options.growth}):
        latencies = options.latencies if links in options.links else []
        results = results.renewed(_measure(links, latencies, options.rounds))
        if not options.quick:
            results.save(FIGURES)
    if options.quick:
        print(report.render(results))
    else:
        report.write(results, ROOT / "docs" / "performance.md")
        (ROOT / "docs" / "performance.svg").write_text(chart.render(results))
    checks = all_checks(results)
    for check in checks:
        print(" | ".join(check.cells()))
    return any(check.verdict == "NOT MET" for check in checks)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument(
        "--links",
        type=_numbers,
        metavar="N,N,…",
        help="measure the tables of these numbers of links alone, and keep the others",
    )
    parser.add_argument(
        "--latencies", type=_numbers, default=[0, 100], metavar="MS,MS,…", help="milliseconds"
    )
    parser.add_argument(
        "--growth",
        type=_numbers,
        metavar="N,N,…",
        help="numbers of links without a table: no latency, nothing by hand, for the fit",
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="see that it works; writes no docs")
    parser.add_argument("--render", action="store_true", help="measure nothing: write docs again")
    options = parser.parse_args()
    if options.links is None and options.growth is None:
        options.links, options.growth = [10, 200, 1000], [500]
    options.links, options.growth = options.links or [], options.growth or []
    if options.quick:
        options.links, options.latencies, options.growth, options.rounds = [10], [30], [], 1
    return options


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",") if number]


def _measure(links: int, latencies: list[int], rounds: int) -> Batch:
    folder = engine.find_or_get()
    seconds = [latency / 1000 for latency in latencies]
    made = machine.describe(folder)
    runs = []
    for number in range(rounds):
        print(f"-- {links:,} links, round {number + 1}", file=sys.stderr, flush=True)
        runs += run_round(_cases(links, seconds), folder)
    return Batch(links, seconds, rounds, made, runs)


def _cases(links: int, latencies: list[float]) -> list[Case]:
    """All contenders, taking turns.

    Without latency there are the two that the growth is fitted for; the others are compared where
    calls take time, and with numbers of links that all of them can do.
    """
    others = OTHERS if links <= MOST_BY_HAND else ()
    cases = [Case(EMPTY, links, 0.0)]
    for latency in latencies or [0.0]:
        cases += [Case(name, links, latency) for name in (OURS, *(others if latency else ()))]
    return cases


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
