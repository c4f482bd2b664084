"""How long it takes until a program or a command has started: `python -m bench.importtime`.

Each figure is the median of many fresh processes, measured by pyperf.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import pyperf
from pulumi_project import repository

# Link needs pulumi.dynamic, which is Pulumi's too.
_IMPORT_PULUMI = "import pulumi, pulumi.dynamic"
_IMPORT_LINK = "from pulumi_omise_links import Link"
_MANIFEST = """\
version: 1
links:
  spring-sale:
    amount: 150000
    currency: THB
    title: Spring sale
    description: Two tickets
"""
_TARGETS = {
    "`Link`, beyond Pulumi's imports": 50.0,
    "`omise-links --help`": 300.0,
    "`omise-links validate`": 300.0,
}


def main() -> int:
    """Measure and print; 1 if a target was missed."""
    parser = argparse.ArgumentParser(prog="importtime", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        figures = _figures(Path(folder), rounds)
    missed = False
    for name, milliseconds in figures.items():
        target = _TARGETS.get(name)
        verdict = "" if target is None else "met" if milliseconds < target else "NOT MET"
        missed |= verdict == "NOT MET"
        aim = "" if target is None else f"< {target:.0f} ms"
        print(f"{name} | {aim} | {milliseconds:.0f} ms | {verdict}")
    return missed


def _figures(folder: Path, rounds: int) -> dict[str, float]:
    manifest = folder / "links.yaml"
    manifest.write_text(_MANIFEST)
    python = sys.executable
    links = str(Path(python).parent / "omise-links")

    def measure(*command: str, processes: int = rounds) -> float:
        return _median_milliseconds(folder / "result.json", command, processes)

    # They take turns: what the machine does besides would be taken for a difference.
    turns = [
        [
            measure(python, "-c", program, processes=1)
            for program in (_IMPORT_PULUMI, f"{_IMPORT_PULUMI}; {_IMPORT_LINK}")
        ]
        for _ in range(rounds)
    ]
    return {
        "an empty Python, for comparison": measure(python, "-c", "pass"),
        "Pulumi's own imports": median(pulumi for pulumi, _ in turns),
        "`Link`, beyond Pulumi's imports": median(both - pulumi for pulumi, both in turns),
        "`omise-links --help`": measure(links, "--help"),
        "`omise-links validate`": measure(links, "validate", str(manifest)),
    }


def _median_milliseconds(result: Path, command: tuple[str, ...], processes: int) -> float:
    # The warm-up writes bytecode and fills the file cache.
    options = (f"--processes={processes}", "--values=1", "--loops=1", "--warmups=1", "--quiet")
    result.unlink(missing_ok=True)
    subprocess.run(
        [sys.executable, "-m", "pyperf", "command", *options, "-o", str(result), "--", *command],
        env={**os.environ, "PYTHONPATH": str(repository()), "NO_COLOR": "1"},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    seconds: float = pyperf.Benchmark.load(str(result)).median()
    return seconds * 1000


if __name__ == "__main__":
    sys.exit(main())
