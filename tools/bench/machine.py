"""What the figures were measured on, without anything that names the machine."""

from __future__ import annotations

import datetime
import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path


def describe(engine: Path) -> dict[str, str]:
    """Processor, memory, versions, commit, and what else the machine does."""
    cli = subprocess.check_output([engine / "pulumi", "version"], text=True).strip()
    return {
        "processor": f"{os.cpu_count()} × {_processor()}",
        "memory": _memory(),
        "system": f"{platform.system()} {platform.machine()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "Pulumi CLI": cli.removeprefix("v"),
        "Pulumi SDK": version("pulumi"),
        "commit": _commit(),
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "load before": f"{os.getloadavg()[0]:.1f}",
    }


def _commit() -> str:
    """Return the commit that is measured; the figures themselves may differ from it."""
    git = ["git", "-C", str(Path(__file__).resolve().parent)]
    commit = subprocess.check_output([*git, "rev-parse", "--short", "HEAD"], text=True).strip()
    code = [":/pulumi_omise_links", ":/tools/bench", ":(exclude,top)tools/bench/figures.json"]
    changed = subprocess.check_output(
        [*git, "status", "--porcelain", "-uno", "--", *code], text=True
    )
    return f"{commit} with changes" if changed else commit


def _processor() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", _read("/proc/cpuinfo"), re.MULTILINE)
    return found[1].strip() if found else platform.processor() or platform.machine()


def _memory() -> str:
    found = re.search(r"^MemTotal:\s*(\d+) kB", _read("/proc/meminfo"), re.MULTILINE)
    return f"{int(found[1]) / 1024**2:.0f} GiB" if found else "n/a"


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
