"""What one can rely on when `tools/third_party.py` gets a tool.

Nothing is built or downloaded: `go` is a small script.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import third_party

TOOL = Path(__file__).parents[2] / "tools/third_party.py"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the fakes are shell scripts")
BUILD = 'mkdir -p "$GOBIN"; touch "$GOBIN/act"'


class Machine:
    """A computer with a `go` that does what the test says, and a cache of its own."""

    def __init__(self, home: Path) -> None:
        self.path = home / "path"
        self.cache = home / "cache"
        self.calls = home / "calls"
        self.path.mkdir()

    def go(self, script: str) -> None:
        (self.path / "go").write_text(f'#!/bin/sh\necho "$*" >> {self.calls}\n{script}\n')
        (self.path / "go").chmod(0o755)

    def start(self) -> subprocess.Popen[str]:
        folders = [str(self.path), "/usr/bin", "/bin"] if self.path.exists() else []
        path = os.pathsep.join(folders)
        return subprocess.Popen(
            [sys.executable, TOOL, "act"],
            env={"PATH": path, "OMISE_LINKS_TOOL_CACHE": str(self.cache)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self) -> tuple[int, str, str]:
        process = self.start()
        output, errors = process.communicate(timeout=60)
        assert "Traceback" not in errors
        return process.returncode, output.strip(), errors


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_tool_is_got_once(machine: Machine) -> None:
    """The first run builds it, the second one finds it; both print its folder alone."""
    machine.go(BUILD)
    code, folder, errors = machine.run()
    assert (code, Path(folder, "act").exists()) == (0, True)
    assert "Getting act" in errors

    assert machine.run() == (0, folder, "")
    (call,) = machine.calls.read_text().splitlines()
    assert "-tags WITHOUT_DOCKER" in call


def test_a_failed_build_is_said_and_done_anew(machine: Machine) -> None:
    """It ends with 1 and the last lines of the build; nothing half-made counts as the tool."""
    machine.go(f"{BUILD}; echo no such module; exit 3")
    code, folder, errors = machine.run()
    assert (code, folder) == (1, "")
    assert "act 0.2.89 cannot be had. `go install" in errors
    assert "no such module" in errors

    machine.go(BUILD)
    assert machine.run()[0] == 0


def test_what_is_missing_is_named(machine: Machine) -> None:
    """Without Go it ends with 1, and says so."""
    machine.path.rmdir()

    code, _, errors = machine.run()

    assert code == 1
    assert "act 0.2.89 cannot be had. go is needed for that, and is not on PATH." in errors


def test_two_runs_at_once_build_once(machine: Machine) -> None:
    """The second one waits for the first and takes what it has made."""
    machine.go(f"while [ ! -e {machine.path}/go-on ]; do sleep 0.05; done\n{BUILD}")
    first, second = machine.start(), machine.start()
    for process in (first, second):
        assert process.stderr is not None
    waiting = [process.stderr.readline() for process in (first, second) if process.stderr]
    assert sorted(line.split()[0] for line in waiting) == ["Another", "Getting"]
    (machine.path / "go-on").touch()

    results = [process.communicate(timeout=60)[0].strip() for process in (first, second)]
    assert results[0] == results[1] != ""
    assert len(machine.calls.read_text().splitlines()) == 1


def test_a_tool_whose_python_has_gone_is_got_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a Python was replaced, an environment made with it works no more."""
    monkeypatch.setenv("OMISE_LINKS_TOOL_CACHE", str(tmp_path))
    made = []

    def create(folder: Path, **_: object) -> None:
        made.append(folder)
        (folder / "bin").mkdir()
        (folder / "bin/python").symlink_to(sys.executable)

    monkeypatch.setattr("venv.create", create)
    monkeypatch.setattr(third_party, "_run", lambda *_: None)
    python = third_party.uv() / "python"
    assert third_party.uv() == python.parent
    assert len(made) == 1
    python.unlink()
    python.symlink_to(tmp_path / "gone")

    assert third_party.uv() == python.parent
    assert python.exists()
    assert len(made) == 2
