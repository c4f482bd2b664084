"""What a type checker says in a user's editor: each wrong use is an error, and no right one is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import third_party

pytestmark = pytest.mark.clients

PROGRAM = Path(__file__).parents[1] / "typing_api.py"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The program in a folder of its own, so that the package is found as it is installed."""
    return Path(shutil.copy(PROGRAM, tmp_path))


def marked_lines(text: str) -> set[int]:
    """The lines of wrong uses."""
    lines = enumerate(text.splitlines(), start=1)
    return {number for number, line in lines if "# type: ignore[" in line}


def test_mypy_finds_each_wrong_use_and_nothing_else(program: Path) -> None:
    """An amount as text or `float`, a currency or an input misspelt, an `Output` of another type:
    mypy refuses each.
    """
    wrong = marked_lines(program.read_text())
    program.write_text(re.sub(r"  # type: ignore\[.*", "", program.read_text()))
    command = (sys.executable, "-m", "mypy", "--strict", "--no-error-summary", program.name)
    done = subprocess.run(
        command, cwd=program.parent, capture_output=True, text=True, timeout=300, check=False
    )
    found = re.findall(r"^typing_api\.py:(\d+): error: ", done.stdout, re.MULTILINE)
    assert {int(line) for line in found} == wrong, done.stdout + done.stderr


def test_pyright_finds_each_wrong_use_and_nothing_else(program: Path) -> None:
    """Pyright, which Visual Studio Code uses, refuses the same, and is content in strict mode."""
    config = {
        "include": [program.name],
        "typeCheckingMode": "strict",
        "enableTypeIgnoreComments": False,
    }
    (program.parent / "pyrightconfig.json").write_text(json.dumps(config))
    command = (
        *(third_party.node() / "node", third_party.pyright() / "pyright"),
        *("--project", program.parent, "--pythonpath", sys.executable, "--outputjson"),
    )
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    said = json.loads(done.stdout)
    lines = {found["range"]["start"]["line"] + 1 for found in said["generalDiagnostics"]}
    assert lines == marked_lines(program.read_text()), done.stdout
    assert said["summary"]["filesAnalyzed"] == 1
