"""Measure, and write the figures into docs/performance.md and docs/performance.svg.

Contenders take turns (A, B, C, A, B, C…), so that whatever else the machine does hits all of them,
and ratios are medians over the rounds. Run it on a machine with nothing else to do.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path

import engine

from . import chart, machine, report
from .checks import all_checks
from .results import Results
from .run import FLOOR, HAND, OURS, Case, run

ROOT = Path(__file__).resolve().parent.parent.parent
RAW = ROOT / "build" / "bench.json"
QUICK_RAW = ROOT / "build" / "bench-quick.json"


def main() -> int:
    """Measure and write; 1 if a promise was not kept."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    engine.heed_interrupts()
    options = _options()
    results = Results(**json.loads(RAW.read_text())) if options.render else _measure(options)
    if options.quick:
        print(report.render(results))
    else:
        report.write(results, ROOT / "docs" / "performance.md")
        (ROOT / "docs" / "performance.svg").write_text(chart.render(results))
    checks = all_checks(results)
    for each in checks:
        print(" | ".join(each.cells()))
    return any(each.verdict == "NOT MET" for each in checks)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--links", type=_numbers, default=[10, 200, 1000], metavar="N,N,…")
    parser.add_argument(
        "--latencies", type=_numbers, default=[0, 30, 100], metavar="MS,MS,…", help="milliseconds"
    )
    parser.add_argument(
        "--growth",
        type=_numbers,
        default=[500],
        metavar="N,N,…",
        help="further numbers of links, only without latency and by hand not at all, for the fit",
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="see that it works; writes no docs")
    parser.add_argument("--render", action="store_true", help="measure nothing: write docs again")
    options = parser.parse_args()
    if options.quick:
        options.links, options.latencies, options.growth, options.rounds = [10], [30], [], 1
    return options


def _numbers(text: str) -> list[int]:
    return [int(each) for each in text.split(",") if each]


def _measure(options: argparse.Namespace) -> Results:
    folder = engine.find_or_get()
    results = Results(
        machine=machine.describe(folder),
        links=options.links,
        latencies=[each / 1000 for each in options.latencies],
        rounds=options.rounds,
        runs=[],
    )
    raw = QUICK_RAW if options.quick else RAW
    raw.parent.mkdir(parents=True, exist_ok=True)
    cases = _cases(results, options.growth)
    for number, case in enumerate(cases, start=1):
        began = time.monotonic()
        died = results.error(case.contender, case.links)
        # Who cannot do so many links cannot do them in another round either.
        measured = {**asdict(case), "operations": {}, "state": None, "error": died}
        results.runs.append(measured if died else run(case, folder))
        raw.write_text(json.dumps(asdict(results), indent=1))
        what = results.runs[-1]["error"] or f"{time.monotonic() - began:.0f} s"
        print(f"{number}/{len(cases)}  {case}: {what}", file=sys.stderr, flush=True)
    return results


def _cases(results: Results, growth: list[int]) -> list[Case]:
    """All runs in their order: contenders next to each other, rounds one after another."""
    cases = []
    for links in results.links:
        turn = [Case(FLOOR, links, 0.0)]
        for latency in results.latencies:
            turn += [Case(OURS, links, latency), Case(HAND, links, latency)]
        cases += turn * results.rounds
    for links in growth:
        cases += [Case(FLOOR, links, 0.0), Case(OURS, links, 0.0)]
    return cases


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
