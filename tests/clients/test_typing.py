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
from markdown_it import MarkdownIt

pytestmark = pytest.mark.clients

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tests/typing_api.py"


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


def test_mypy_finds_nothing_wrong_in_the_documentation(tmp_path: Path) -> None:
    """Each whole program of README and docs uses names, inputs and arguments that there are."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    written = []
    for page in pages:
        for number, block in enumerate(python_blocks(page.read_text(encoding="utf-8"))):
            # One that imports nothing is a part of a program.
            if re.match(r"import |from ", block):
                file = tmp_path / f"{page.stem.replace('-', '_')}_{number}.py"
                file.write_text(block, encoding="utf-8")
                written.append(file.name)
    command = (
        *(sys.executable, "-m", "mypy", "--check-untyped-defs", "--no-error-summary"),
        # The files of one guide have other names here.
        *("--disable-error-code", "import-not-found", "--disable-error-code", "import-untyped"),
    )
    done = subprocess.run(
        (*command, *written), cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert len(written) > 10
    assert done.stdout == "", done.stdout


def python_blocks(text: str) -> list[str]:
    """The blocks of Python in a Markdown file."""
    return [
        token.content
        for token in MarkdownIt().parse(text)
        if token.type == "fence" and token.info == "python"
    ]
