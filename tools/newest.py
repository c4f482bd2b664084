"""Write down the newest versions that the development uses, so that no test fails by itself.

    python tools/newest.py   # or: make newest, which installs them, too

The files tests/newest.txt and tests/newest-docs.txt say which version of each package is installed
for tests, linters and the documentation site, on each Python. So a release of somebody else changes
nothing before someone has run this, seen what it changes, and committed it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import distributions
import third_party
from distributions import NEWEST
from pythons import SUPPORTED

ROOT = Path(__file__).parents[1]
NEWEST_DOCS = ROOT / "tests" / "newest-docs.txt"
OLDEST_FOR_DOCS = "3.11"  # Sphinx needs it
HEADER = "# The versions that are tested. `make newest` writes this file.\n"


def resolve(extras: Sequence[str], python: str, *more: str | Path) -> str:
    """Return the newest versions for the package with these extras, from this Python on.

    :raises third_party.ToolError: they cannot be found.
    """
    command: list[str | Path] = [third_party.uv() / "uv", "pip", "compile", "--quiet"]
    command += ["--universal", "--no-header", "--no-annotate", "--no-emit-index-url"]
    command += ["--no-emit-find-links", "--python-version", python, *more]
    command += [word for extra in extras for word in ("--extra", extra)]
    done = subprocess.run(
        [*command, ROOT / "pyproject.toml"],
        env=distributions.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise third_party.ToolError(f"No versions could be found: {done.stderr.strip()}")
    return done.stdout


def main(arguments: Sequence[str] | None = None) -> int:
    """Write both files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.parse_args(arguments)
    try:
        tests = resolve(("dev", "report"), SUPPORTED[0])
        NEWEST.write_text(HEADER + tests, encoding="utf-8")
        docs = resolve(("dev", "report", "docs"), OLDEST_FOR_DOCS, "--constraints", NEWEST)
    except (third_party.ToolError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    known = {*tests.splitlines()}
    names = {line.partition("==")[0] for line in known}
    # What the other file has, it has for more Pythons.
    new = [line for line in docs.splitlines() if line.partition("==")[0] not in names]
    NEWEST_DOCS.write_text("\n".join([HEADER.strip(), *new, ""]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
