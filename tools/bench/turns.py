"""How the small benchmarks begin, whose commands take turns: options, and what they run on."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

import engine

from . import machine


def begin(program: str, description: str | None) -> tuple[Path, argparse.Namespace]:
    """Read ``--links`` and ``--rounds``, print what is measured, return the engine's folder."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    engine.heed_interrupts()
    parser = argparse.ArgumentParser(prog=program, description=description)
    parser.add_argument("--links", type=int, default=500, metavar="N")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    options = parser.parse_args()
    pulumi = engine.find_or_get()
    for name, value in machine.describe(pulumi).items():
        print(f"{name}: {value}", flush=True)
    return pulumi, options
