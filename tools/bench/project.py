"""A Pulumi project of one contender, driven by the real engine."""

from __future__ import annotations

import json
import resource
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import engine

from .memory import PeakMemory

TOOLS = Path(__file__).resolve().parent.parent
PROGRAMS = Path(__file__).resolve().parent / "programs"

COMMANDS = {
    "first preview": ("preview",),
    "up": ("up", "--yes", "--skip-preview"),
    "preview, no changes": ("preview", "--expect-no-changes"),
    "refresh": ("refresh", "--yes", "--skip-preview"),
    "destroy": ("destroy", "--yes", "--skip-preview"),
}
"""What is measured, in this order."""


@dataclass(frozen=True)
class Done:
    """One command of the engine, done."""

    code: int
    output: str
    seconds: float
    cpu_seconds: float
    """Of the engine and all it started; less sensitive to what else the machine does."""
    peak_bytes: int | None


class Project:
    """A program, a stack on a file backend, and a PULUMI_HOME of its own."""

    def __init__(
        self, folder: Path, pulumi: Path, contender: str, links: int, env: dict[str, str]
    ) -> None:
        self._folder = folder / "project"
        self._folder.mkdir(parents=True)
        self._log = folder / "output"
        self._env = {
            **engine.environment(pulumi, folder),
            "PYTHONPATH": str(TOOLS),  # for the empty provider
            "NO_COLOR": "1",
            "BENCH_LINKS": str(links),
            **env,
        }
        (self._folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
        shutil.copyfile(PROGRAMS / f"{contender}.py", self._folder / "__main__.py")
        done = self.pulumi("stack", "init", "dev")
        if done.code:
            raise RuntimeError(f"pulumi stack init failed:\n{done.output}")

    def pulumi(self, *arguments: str) -> Done:
        """Run one command, with its time and the memory of the plugin it starts."""
        with self._log.open("w+", encoding="utf-8") as log:
            began, cpu = time.perf_counter(), _cpu_seconds()
            process = subprocess.Popen(
                ["pulumi", *arguments, "--non-interactive"],
                cwd=self._folder,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for us alone: asked once and left to it, Pulumi ends its plugins.
                start_new_session=True,
            )
            memory = PeakMemory(process.pid)
            try:
                code = process.wait(1800)
            except BaseException:
                process.send_signal(signal.SIGINT)
                process.wait(60)
                raise
            seconds = time.perf_counter() - began
            cpu = _cpu_seconds() - cpu
            peak = memory.stop()
            log.seek(0)
            return Done(code, log.read(), seconds, cpu, peak)

    def resources(self) -> list[dict[str, Any]]:
        """The resources of the program in the state, as the engine stores them."""
        output = self.pulumi("stack", "export").output
        exported = json.loads(output[output.index("{") :])  # a warning may stand above
        stored = exported["deployment"].get("resources", [])
        return [each for each in stored if not each["type"].startswith("pulumi:")]


def _cpu_seconds() -> float:
    """Processor time of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
