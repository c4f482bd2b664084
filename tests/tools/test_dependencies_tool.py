"""The list of dependencies refuses licences that nobody has decided on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).parents[2] / "tools" / "dependencies.py"


def check(path: Path) -> tuple[int, str]:
    """Run the tool where this folder of packages comes first."""
    done = subprocess.run(
        [sys.executable, TOOL, "--check"],
        env={**os.environ, "PYTHONPATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


def package(folder: Path, name: str, *lines: str) -> None:
    """Put what a package says of itself into a folder."""
    about = folder / f"{name}-1.dist-info"
    about.mkdir()
    text = "\n".join(["Metadata-Version: 2.4", f"Name: {name}", "Version: 1", *lines])
    (about / "METADATA").write_text(text + "\n")


def test_a_licence_that_is_not_allowed_is_refused(tmp_path: Path) -> None:
    """One sentence names the package, its licence and what needs it."""
    package(tmp_path, "urllib3", "License-Expression: GPL-3.0-only")

    assert check(tmp_path) == (
        1,
        "urllib3, which pulumi-omise-links, requests needs, has the licence GPL-3.0-only: decide"
        " whether it may be needed, and say so in tools/dependencies.py.\n",
    )


def test_an_exception_is_for_one_package(tmp_path: Path) -> None:
    """That one package may have a licence, gives it to no other."""
    package(tmp_path, "urllib3", "License-Expression: MPL-2.0")

    assert "urllib3, which" in check(tmp_path)[1]


def test_a_package_without_a_licence_is_refused(tmp_path: Path) -> None:
    """What says nothing is not taken for free."""
    package(tmp_path, "urllib3")

    assert "has the licence unknown" in check(tmp_path)[1]


def test_a_list_that_is_not_that_of_the_installation_is_refused(tmp_path: Path) -> None:
    """If a package needs another one than before, a sentence says what to run."""
    package(tmp_path, "urllib3", "License-Expression: MIT", "Requires-Dist: packaging")

    assert check(tmp_path) == (
        1,
        "dependencies.md is not what is installed: run tools/dependencies.py.\n",
    )
