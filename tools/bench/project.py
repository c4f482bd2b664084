"""A Pulumi project of one contender, driven by the real engine."""

from __future__ import annotations

import resource
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi_project import CommandError, PulumiProject, end

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

    def must(self, what: str) -> Done:
        """Return self, or end with what the engine said."""
        if self.code:
            raise CommandError(f"{what} failed:\n{self.output[-4000:]}")
        return self


class Project(PulumiProject):
    """A project of one contender, whose commands are measured."""

    def __init__(
        self, folder: Path, pulumi: Path, contender: str, links: int, env: dict[str, str]
    ) -> None:
        """Write the contender's program, which declares so many links."""
        more = {
            "PYTHONPATH": str(TOOLS),  # for the empty provider
            "BENCH_LINKS": str(links),
        }
        super().__init__(folder, pulumi, {**more, **env})
        self.make()
        shutil.copyfile(PROGRAMS / f"{contender}.py", self.folder / "__main__.py")
        self._log = folder / "output"

    def measure(self, *arguments: str) -> Done:
        """Run one command, with its time and the memory of the plugin it starts."""
        with self._log.open("w+", encoding="utf-8") as log:
            began, cpu = time.perf_counter(), _cpu_seconds()
            child = self.start(
                "pulumi", *arguments, "--non-interactive", stdout=log, stderr=subprocess.STDOUT
            )
            memory = PeakMemory(child.pid)
            try:
                code = child.wait(1800)
            except BaseException:
                end(child)
                raise
            seconds = time.perf_counter() - began
            cpu = _cpu_seconds() - cpu
            peak = memory.stop()
            log.seek(0)
            return Done(code, log.read(), seconds, cpu, peak)

    def resources(self) -> list[dict[str, Any]]:
        """The resources of the program in the state, as the engine stores them."""
        stored = self.deployment().get("resources", [])
        return [resource for resource in stored if not resource["type"].startswith("pulumi:")]


def _cpu_seconds() -> float:
    """Processor time of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
