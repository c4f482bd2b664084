"""How long it takes until a program or a command has started: `python -m bench.importtime`.

Each figure is the median of many fresh processes, which take turns.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

_ROOT = Path(__file__).resolve().parent.parent.parent
_CLOCK = "import time; began = time.perf_counter()"
_TELL = "print((time.perf_counter() - began) * 1000)"
_OURS = "from pulumi_omise_links import Link"
# Link needs pulumi.dynamic, which is Pulumi's too.
_PULUMI = "import pulumi, pulumi.dynamic"
_MANIFEST = """\
version: 1
links:
  spring-sale:
    amount: 150000
    currency: THB
    title: Spring sale
    description: Two tickets
"""

_OWN, _EMPTY, _HELP, _VALIDATE = (
    "`Link`, beyond Pulumi's imports",
    "an empty Python, for comparison",
    "`omise-links --help`",
    "`omise-links validate`",
)
_TARGETS = {_OWN: 50.0, _HELP: 300.0, _VALIDATE: 300.0}


def main() -> int:
    """Measure and print; 1 if a target was missed."""
    parser = argparse.ArgumentParser(prog="importtime", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        manifest = Path(folder, "links.yaml")
        manifest.write_text(_MANIFEST)
        figures = _measure(_contenders(manifest), rounds)
    missed = False
    for name, milliseconds in figures.items():
        target = _TARGETS.get(name)
        verdict = "" if target is None else "met" if milliseconds < target else "NOT MET"
        missed |= verdict == "NOT MET"
        aim = "" if target is None else f"< {target:.0f} ms"
        print(f"{name} | {aim} | {milliseconds:.0f} ms | {verdict}")
    return missed


def _contenders(manifest: Path) -> dict[str, Callable[[], float]]:
    command = [sys.executable, "-m", "pulumi_omise_links"]
    script = Path(sys.executable).parent / "omise-links"
    if script.exists():
        command = [str(script)]
    return {
        "Pulumi's own imports": lambda: _told(f"{_CLOCK}; {_PULUMI}; {_TELL}"),
        _OWN: lambda: _told(f"{_PULUMI}; {_CLOCK}; {_OURS}; {_TELL}"),
        _EMPTY: lambda: _timed([sys.executable, "-c", "pass"]),
        _HELP: lambda: _timed([*command, "--help"]),
        _VALIDATE: lambda: _timed([*command, "validate", str(manifest)]),
    }


def _measure(contenders: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    for each in contenders.values():  # once for nothing: bytecode is written, files are cached
        each()
    measured: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, each in contenders.items():
            measured[name].append(each())
    return {name: median(values) for name, values in measured.items()}


def _told(program: str) -> float:
    """Run a program that prints its own milliseconds."""
    return float(subprocess.check_output([sys.executable, "-c", program], env=_environment()))


def _timed(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=_environment(), stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - began) * 1000


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(_ROOT), "NO_COLOR": "1"}


if __name__ == "__main__":
    sys.exit(main())
