"""A machine of a pipeline: a Python with the package installed as a user installs it."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import distributions
import third_party

ROOT = Path(__file__).parents[2]
# Nothing of the environment of the tests gets into a job but these.
PASSED_ON = ("PATH", "LANG", "TMPDIR", "SSL_CERT_FILE", "PIP_CERT", "PIP_INDEX_URL")


@dataclass(frozen=True)
class Machine:
    """The Python of the jobs, and the file that says what is in it."""

    python: Path
    """The folder with its commands."""
    requirements: Path
    wheels: Path


def machine(shared: Path) -> Machine:
    """Make the machine, once for all processes of a test run.

    :param shared: a folder that they share.
    """
    made = Machine(shared / "venv" / "bin", shared / "requirements.txt", shared / "wheels")
    complete = shared / "machine-complete"
    with (shared / "machine.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists():
            pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
            must([*pip, "wheel", "--no-deps", "--wheel-dir", made.wheels, ROOT])
            wanted = ROOT / "examples/06-github-actions/requirements.in"
            uv: list[str | Path] = [third_party.uv() / "uv", "pip", "compile", "--quiet"]
            # As the guide says, but for the wheel that is not published, and for the versions: a
            # new release of somebody else is no matter of this day's change.
            uv += ["--universal", "--generate-hashes", wanted, "-o", made.requirements]
            uv += ["--constraint", distributions.NEWEST]
            must([*uv, "--find-links", made.wheels], env=distributions.environment())
            must([sys.executable, "-m", "venv", shared / "venv"])
            install = ("install", "--require-hashes", "--find-links", made.wheels)
            must([made.python / "python", *pip[1:], *install, "-r", made.requirements])
            complete.touch()
    return made


def must(
    command: Sequence[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> str:
    """Run a command that has to succeed; return what it printed."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


def clean_environment(home: Path) -> dict[str, str]:
    """The environment of a machine that nobody has worked on."""
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    # Without garbage collection, processes of a second need a third less of the processor.
    return {**kept, "HOME": str(home), "GOGC": "off", "GOMEMLIMIT": "500MiB"}
