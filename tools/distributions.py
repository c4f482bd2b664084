"""Build wheel and sdist.

    python tools/distributions.py          # into dist/
    python tools/distributions.py FOLDER

The wheel is built out of the sdist, so the sdist has all that it needs. A release names its
repository by OMISE_LINKS_REPOSITORY (hatch_build.py).
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import third_party

ROOT = Path(__file__).parents[1]
NEWEST = ROOT / "tests" / "newest.txt"  # tools/newest.py writes it
# With another version of the build backend, the bytes of a wheel differ.
OPTIONS = ("--build-constraints", NEWEST)


@dataclass(frozen=True)
class Distributions:
    """What is published of one version."""

    wheel: Path
    sdist: Path


def build(folder: Path, env: Mapping[str, str] | None = None) -> Distributions:
    """Build both into a folder.

    :param env: variables beside those that are there.
    :raises third_party.ToolError: they cannot be built.
    """
    # Not --quiet, which hides what the build says when it fails.
    command: list[str | Path] = [third_party.uv() / "uv", "build", *OPTIONS]
    command += ["--out-dir", folder.absolute()]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**environment(), **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        # Of a traceback, only what was raised.
        raised = re.findall(r"^(?:\w+\.)*\w*Error: (.+)$", done.stdout, re.MULTILINE)
        raise third_party.ToolError(f"The build failed: {(raised or [done.stdout.strip()])[-1]}")
    return find(folder)


def find(folder: Path) -> Distributions:
    """Return those in a folder.

    :raises third_party.ToolError: there is not one of each.
    """
    wheels, sdists = sorted(folder.glob("*.whl")), sorted(folder.glob("*.tar.gz"))
    if len(wheels) != 1 or len(sdists) != 1:
        raise third_party.ToolError(f"{folder} does not hold one wheel and one sdist.")
    return Distributions(wheels[0].absolute(), sdists[0].absolute())


def environment() -> dict[str, str]:
    """Return the environment, in which uv finds packages where pip does."""
    env = dict(os.environ)
    for name, of_pip in (("UV_DEFAULT_INDEX", "PIP_INDEX_URL"), ("SSL_CERT_FILE", "PIP_CERT")):
        if of_pip in env:
            env.setdefault(name, env[of_pip])
    return env


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, and print the two paths."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "dist")
    try:
        made = build(parser.parse_args(arguments).folder)
    except (third_party.ToolError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(made.wheel, made.sdist, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
