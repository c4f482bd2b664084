"""Measure, and write the figures into docs/performance.md and docs/performance.svg.

Contenders take turns with each command (A, B, C, A, B, C…), so that whatever else the machine does
hits all of them, and ratios are medians over the rounds. Run it where nothing else is to be done.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path

import engine

from . import chart, machine, report
from .checks import all_checks
from .results import MOST_ROUNDS, Results
from .run import FLOOR, HAND, OURS, Case, run_round

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
    for check in checks:
        print(" | ".join(check.cells()))
    return any(check.verdict == "NOT MET" for check in checks)


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
    parser.add_argument(
        "--rounds",
        type=int,
        default=3,
        help=f"with more than {MOST_ROUNDS} links, up and destroy are run once, the rest so often",
    )
    parser.add_argument("--quick", action="store_true", help="see that it works; writes no docs")
    parser.add_argument("--render", action="store_true", help="measure nothing: write docs again")
    options = parser.parse_args()
    if options.quick:
        options.links, options.latencies, options.growth, options.rounds = [10], [30], [], 1
    return options


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",") if number]


def _measure(options: argparse.Namespace) -> Results:
    folder = engine.find_or_get()
    results = Results(
        machine=machine.describe(folder),
        links=options.links,
        latencies=[latency / 1000 for latency in options.latencies],
        rounds=options.rounds,
        runs=[],
    )
    raw = QUICK_RAW if options.quick else RAW
    raw.parent.mkdir(parents=True, exist_ok=True)
    further = [links for links in options.growth if links not in results.links]
    for links in [*results.links, *further]:
        cases = _cases(links, results.latencies if links in results.links else [])
        few = links <= MOST_ROUNDS
        for number in range(results.rounds if few else 1):
            print(f"-- {links:,} links, round {number + 1}", file=sys.stderr, flush=True)
            results.runs.extend(run_round(cases, folder, 1 if few else results.rounds))
            raw.write_text(json.dumps(asdict(results), indent=1))
    return results


def _cases(links: int, latencies: list[float]) -> list[Case]:
    """All contenders, taking turns; without latencies the two that the growth is fitted for."""
    if not latencies:
        return [Case(FLOOR, links, 0.0), Case(OURS, links, 0.0)]
    calling = [Case(name, links, latency) for latency in latencies for name in (OURS, HAND)]
    return [Case(FLOOR, links, 0.0), *calling]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
