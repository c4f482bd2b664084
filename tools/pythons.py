"""Find the Pythons that the package supports, or get what can be had.

    python tools/pythons.py        # all of them
    python tools/pythons.py 3.14   # only this one

Prints one line for each, its interpreter. It takes the first of these: pyenv's; what is on PATH or
what uv has installed; for 3.14, the Go module that embeds it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import third_party

SUPPORTED = ("3.10", "3.11", "3.12", "3.13", "3.14")


def find(version: str) -> Path | None:
    """Return an interpreter that is there already, or None.

    :param version: two numbers, such as ``3.14``.
    """
    # pyenv's own commands on PATH fail for a version that is not the chosen one.
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv", "versions")
    folders = [str(folder) for folder in sorted(pyenv.glob(f"{version}.*/bin"))]
    path = os.pathsep.join([*folders, os.environ.get("PATH", os.defpath)])
    # No environment that is active: what is in it would be in that of a test, too.
    options = ("--system", "--no-project", "--no-config", "--no-python-downloads")
    found = subprocess.run(
        [third_party.uv() / "uv", "python", "find", *options, version],
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return Path(found.stdout.strip()) if found.returncode == 0 else None


def find_or_get(version: str) -> Path:
    """Return an interpreter, getting it if it is not there.

    :raises third_party.ToolError: it cannot be had.
    """
    found = find(version)
    if found is None and version == "3.14":
        return third_party.embedded_python() / "python3.14"
    if found is None:
        install = f"install it, for example with: uv python install {version}"
        raise third_party.ToolError(f"There is no Python {version}: {install}")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the interpreters."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("version", nargs="*", choices=[[], *SUPPORTED], help="only these")
    missing = False
    for version in parser.parse_args(arguments).version or SUPPORTED:
        try:
            print(find_or_get(version))
        except (third_party.ToolError, OSError) as error:
            print(error, file=sys.stderr)
            missing = True
    return int(missing)


if __name__ == "__main__":
    sys.exit(main())
