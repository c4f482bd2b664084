"""What the call stack in each record costs: `up` of links with it, without it, and of an empty
provider, which has it.

In ``tools``: ``python -m bench.call_stack [--links 500] [--rounds 3]``. They take turns; no call of
the emulator takes time. Prints a table of Markdown.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from statistics import median

from . import state_size
from .omise import Omise
from .project import COMMANDS, Project
from .report import table
from .run import EMPTY, OURS
from .turns import begin

TRACED = "traced"
_NAMES = {TRACED: "links with the call stack", OURS: "this package", EMPTY: "empty provider"}


def main() -> int:
    """Measure and print."""
    pulumi, options = begin("bench.call_stack", __doc__)
    seconds: dict[str, list[float]] = {name: [] for name in _NAMES}
    cpu: dict[str, list[float]] = {name: [] for name in _NAMES}
    record: dict[str, float] = {}
    for _ in range(options.rounds):
        for name in _NAMES:
            with (
                tempfile.TemporaryDirectory(prefix="omise-links-bench-") as folder,
                Omise(0.0) as omise,
            ):
                key = {"OMISE_API_URL": omise.url, "OMISE_SECRET_KEY": omise.key}
                project = Project(Path(folder), pulumi, name, options.links, key)
                run = project.measure(*COMMANDS["up"]).must("up")
                record[name] = state_size.measure(project.resources()).record
            seconds[name].append(run.seconds)
            cpu[name].append(run.cpu_seconds)
            print(name, run.seconds, run.cpu_seconds, file=sys.stderr, flush=True)
    rows = [
        [
            what,
            f"{record[name]:,.0f}",
            *(f"{median(times[name]):.1f}" for times in (seconds, cpu)),
            *(f"{_ratio(times[name], times[EMPTY]):.2f}" for times in (seconds, cpu)),
        ]
        for name, what in _NAMES.items()
    ]
    head = [f"{options.links:,} links", "record, bytes", "s", "CPU s"]
    print(table([*head, "s, to empty", "CPU s, to empty"], rows))
    return 0


def _ratio(times: list[float], others: list[float]) -> float:
    """Return the median of the ratios of neighbours."""
    return median(time / other for time, other in zip(times, others, strict=True))


if __name__ == "__main__":
    sys.exit(main())
