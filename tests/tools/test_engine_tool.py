"""What one can rely on when `tools/engine.py` finds or gets a Pulumi engine.

No network and no real build: `pulumi` and `go` are small scripts, and the way to the download
leads to a closed port.
"""

from __future__ import annotations

import importlib
import io
import os
import select
import shlex
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest

TOOLS = Path(__file__).parents[2] / "tools"
PARTS = (
    "pulumi",
    "pulumi-language-python",
    "pulumi-language-python-exec",
    "pulumi-resource-pulumi-python",
)
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the fakes are shell scripts")


def script(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    # A new file: a shell that still runs the old one reads on in that, line by line.
    file.unlink(missing_ok=True)
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


def pulumi(folder: Path, version: str, *, host: bool = True) -> Path:
    """Put a fake Pulumi of this version into a folder."""
    for part in PARTS if host else PARTS[:1]:
        script(folder / part, f"echo v{version}")
    return folder


def until(file: Path) -> str:
    """Shell that goes on as soon as this file is there, or after some half a minute."""
    there = f"[ -e {shlex.quote(str(file))} ]"
    return f"n=0; until {there} || [ $n = 600 ]; do n=$((n + 1)); /bin/sleep 0.05; done"


class Machine:
    """A computer of its own: PATH, cache, temporary folder and no network."""

    def __init__(self, home: Path) -> None:
        self.path = home / "path"
        self.cache = home / "cache" / "engine"
        self.temporary = home / "temporary"
        self.go_calls = home / "go-calls"
        self.sdk = home / "sdk"
        for folder in (self.path, self.temporary):
            folder.mkdir()
        script(self.sdk / "python" / "cmd" / PARTS[2], "").chmod(0o444)
        script(self.sdk / "python" / "dist" / PARTS[3], "").chmod(0o444)
        self.environment = {
            "PATH": str(self.path),
            "HOME": str(home),
            "TMPDIR": str(self.temporary),
            "OMISE_LINKS_ENGINE_CACHE": str(self.cache),
            "https_proxy": "http://127.0.0.1:9",
        }

    def go(self, *, version: str = "go1.26.6", first: str = "", builds: str = "3.276.0") -> None:
        """Put a fake Go on PATH, whose build runs `first` and makes a pulumi that `builds`."""
        made = shlex.quote(f"#!/bin/sh\necho v{builds}")
        script(
            self.path / "go",
            f"""echo "$GOTOOLCHAIN $GOPROXY $*" >> {shlex.quote(str(self.go_calls))}
            case "$1" in
                env) echo {version} ;;
                list) echo {shlex.quote(str(self.sdk))} ;;
                build)
                    {first}
                    while [ "$1" != -o ]; do shift; done
                    echo {made} > "$2"pulumi
                    case "$(/bin/cat go.mod)" in
                        *pulumi-yaml*) echo {made} > "$2"pulumi-language-yaml ;;
                    esac
                    echo {made} > "$2"pulumi-language-python ;;
            esac""",
        )

    def start(self, *command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *(command or (str(TOOLS / "engine.py"),))],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *command: str) -> tuple[int, str, str]:
        """Run the tool and return exit code, standard output and standard error."""
        process = self.start(*command)
        output, errors = process.communicate(timeout=60)
        assert "Traceback" not in errors
        return process.returncode, output.strip(), errors

    def calls(self, name: str = "") -> list[str]:
        lines = self.go_calls.read_text().splitlines() if self.go_calls.exists() else []
        return [line for line in lines if name in line]

    def wait_for_build(self, process: subprocess.Popen[str]) -> None:
        while not self.calls(" build "):
            assert process.poll() is None
            time.sleep(0.01)

    def left(self) -> list[str]:
        """List what lies in cache and temporary folder, apart from the empty lock file."""
        files = [*self.cache.glob("*"), *self.temporary.glob("*")]
        return sorted(file.name for file in files if file.suffix != ".lock")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def cached(machine: Machine) -> Path:
    """Build an engine with the fake Go, and forget how."""
    machine.go()
    code, output, errors = machine.run()
    assert code == 0, errors
    machine.go_calls.unlink()
    return Path(output)


def test_a_good_pulumi_on_path_is_taken(machine: Machine) -> None:
    """A new enough Pulumi on PATH is taken without a word, without Go and without a cache."""
    pulumi(machine.path, "3.254.0")
    machine.go()
    assert machine.run() == (0, str(machine.path), "")
    assert machine.calls() == []
    assert not machine.cache.exists()


def test_pulumi_cli_goes_before_path(machine: Machine, tmp_path: Path) -> None:
    """The folder in PULUMI_CLI is looked at before PATH."""
    pulumi(machine.path, "3.254.0")
    machine.environment["PULUMI_CLI"] = str(pulumi(tmp_path / "mine", "3.300.1"))
    assert machine.run() == (0, str(tmp_path / "mine"), "")


def test_path_goes_before_the_cache(machine: Machine) -> None:
    """A good Pulumi on PATH is taken even when the cache has one."""
    cached(machine)
    pulumi(machine.path, "3.260.0")
    assert machine.run() == (0, str(machine.path), "")


@pytest.mark.parametrize("version", ["3.253.9", "2.300.0"])
def test_a_pulumi_too_old_is_passed_over(machine: Machine, version: str) -> None:
    """A Pulumi too old on PATH is named with its version in one sentence and not used."""
    engine = cached(machine)
    pulumi(machine.path, version)
    code, output, errors = machine.run()
    assert (code, output) == (0, str(engine))
    assert errors == (
        f"{machine.path}/pulumi is Pulumi {version}, and 3.254.0 or later is needed;"
        " looking further.\n"
    )


def test_a_pulumi_without_python_is_passed_over(machine: Machine) -> None:
    """A Pulumi that cannot run Python programs is not used, and the sentence says why."""
    engine = cached(machine)
    pulumi(machine.path, "3.260.0", host=False)
    code, output, errors = machine.run()
    assert (code, output) == (0, str(engine))
    assert errors.endswith("pulumi comes without pulumi-language-python; looking further.\n")


def test_a_pulumi_that_does_not_run_is_passed_over(machine: Machine) -> None:
    """A Pulumi that fails to start is passed over in one sentence."""
    engine = cached(machine)
    pulumi(machine.path, "3.260.0")
    script(machine.path / "pulumi", "exit 1")
    code, output, errors = machine.run()
    assert (code, output) == (0, str(engine))
    assert errors.endswith("pulumi does not run; looking further.\n")


def test_a_cached_engine_is_there_at_once(machine: Machine) -> None:
    """A second run answers at once, silently and without Go."""
    engine = cached(machine)
    assert machine.run() == (0, str(engine), "")
    assert machine.calls() == []


def test_the_oldest_supported_engine_is_that_very_version(machine: Machine) -> None:
    """With --oldest it is got whatever else is there; without, nothing changes."""
    newest = cached(machine)
    pulumi(machine.path, "3.300.0")
    tool = str(TOOLS / "engine.py"), "--oldest"
    machine.go(builds="3.254.0")
    code, oldest, errors = machine.run(*tool)
    assert code == 0, errors
    assert "pulumi-v3.254.0-" in errors
    assert {Path(oldest).name, newest.name} == {*machine.left()}
    assert Path(oldest).name.startswith("3.254.0-")
    machine.go_calls.unlink()
    assert machine.run(*tool) == (0, oldest, "")
    assert machine.calls() == []
    assert machine.run() == (0, str(machine.path), "")


def test_a_wrong_pulumi_cli_is_named(machine: Machine, tmp_path: Path) -> None:
    """A folder in PULUMI_CLI that has no pulumi is passed over in one sentence."""
    pulumi(machine.path, "3.254.0")
    machine.environment["PULUMI_CLI"] = str(tmp_path / "mine")
    code, output, errors = machine.run()
    assert (code, output) == (0, str(machine.path))
    assert errors == f"PULUMI_CLI is {tmp_path}/mine, where no pulumi is; looking further.\n"


@pytest.mark.parametrize("damage", ["lost", "cut off", "of another version"])
def test_a_damaged_cache_is_made_anew(machine: Machine, damage: str) -> None:
    """An engine in the cache that has lost a file, does not run or is another one is replaced."""
    engine = cached(machine)
    if damage == "lost":
        (engine / "pulumi-language-python").unlink()
    else:
        script(engine / "pulumi", "exit 1" if damage == "cut off" else "echo v3.275.0")
    code, output, _ = machine.run()
    assert (code, output) == (0, str(engine))
    assert len(machine.calls(" build ")) == 2
    assert {file.name for file in engine.iterdir()} == set(PARTS)


def test_find_gets_nothing(machine: Machine) -> None:
    """`find()` returns what is there or None, and never downloads or builds."""
    machine.environment["PYTHONPATH"] = str(TOOLS)
    ask = ("-c", "import engine; print(engine.find())")
    machine.go()
    assert machine.run(*ask) == (0, "None", "")
    assert machine.calls() == []
    engine = cached(machine)
    assert machine.run(*ask) == (0, str(engine), "")


def test_a_build_says_what_it_does(machine: Machine) -> None:
    """With neither Pulumi nor network it builds two modules, and only the folder is output."""
    machine.go()
    machine.environment["GOPROXY"] = "https://proxy.example"
    code, output, errors = machine.run()
    assert code == 0
    assert Path(output).parent == machine.cache
    assert {file.name for file in Path(output).iterdir()} == set(PARTS)
    assert all(os.access(file, os.X_OK) for file in Path(output).iterdir())
    assert "The download failed" in errors
    assert "minutes on 2 cores" in errors
    assert len(machine.calls(" build ")) == 2
    # The Go that is there is used as it is, with the user's settings.
    assert machine.calls("local https://proxy.example ") == machine.calls()
    assert machine.left() == [Path(output).name]


def test_two_at_once_build_once(machine: Machine, tmp_path: Path) -> None:
    """Of two runs at once one builds, the other says that it waits, and both get the engine."""
    go_on = tmp_path / "go-on"
    machine.go(first=until(go_on))
    first = machine.start()
    machine.wait_for_build(first)
    second = machine.start()
    assert second.stderr is not None
    assert "waiting for it" in second.stderr.readline()
    go_on.touch()
    (one, _), (two, _) = first.communicate(timeout=60), second.communicate(timeout=60)
    assert one == two != ""
    assert len(machine.calls(" build ")) == 2  # the two modules, once


@pytest.mark.parametrize("builds", ["3.275.0", "", "3.276.0; exit 1"])
def test_a_broken_engine_is_not_kept(machine: Machine, builds: str) -> None:
    """An engine that does not run or reports another version never gets into the cache."""
    machine.go(builds=builds)
    code, output, errors = machine.run()
    assert (code, output) == (1, "")
    assert "not a working Pulumi 3.276.0" in errors
    assert machine.left() == []
    machine.go()
    assert machine.run()[0] == 0


def test_a_failed_build_shows_why(machine: Machine) -> None:
    """A failed build shows the last lines of the compiler and where the full log is."""
    lines = "\n".join(f"echo line {number}" for number in range(40))
    machine.go(first=f"{lines}\nexit 2")
    code, output, errors = machine.run()
    assert (code, output) == (1, "")
    assert "line 39\n`go build` failed" in errors
    assert "line 20\n" not in errors
    [log] = machine.cache.glob("*.log")
    assert str(log) in errors
    assert "line 0\n" in log.read_text()
    assert machine.left() == [log.name]


@pytest.mark.parametrize("version", [None, "go1.25.11", "go1.26.5"])
def test_without_a_go_it_says_what_to_install(machine: Machine, version: str | None) -> None:
    """Without Go, or with one too old, one sentence says what to install and the exit code is 1."""
    if version:
        machine.go(version=version)
    code, output, errors = machine.run()
    assert (code, output) == (1, "")
    last = errors.splitlines()[-1]
    assert "install Go 1.26.6 or later, or Pulumi from https://www.pulumi.com/" in last
    assert version is None or version in last
    assert machine.left() == []


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_build_leaves_nothing(
    machine: Machine, tmp_path: Path, ending: signal.Signals
) -> None:
    """After Ctrl-C no file, no compiler and no traceback is left, and the next run works."""
    alive = tmp_path / "alive"  # open as long as one process of the build lives
    os.mkfifo(alive)
    machine.go(first=f"exec 9> {shlex.quote(str(alive))}; echo begun >&9; /bin/sleep 600; exit 1")
    process = machine.start()
    with alive.open() as builders:
        assert builders.readline() == "begun\n"
        process.send_signal(ending)
        output, errors = process.communicate(timeout=60)
        ended, _, _ = select.select([builders], [], [], 60)
        assert ended
        assert builders.read() == ""
    assert process.returncode == 130
    assert output == ""
    assert errors.endswith("Stopped; nothing half-made is left.\n")
    assert "Traceback" not in errors
    assert machine.left() == []
    machine.go()
    assert machine.run()[0] == 0


def test_what_a_killed_run_left_is_swept_up(machine: Machine, tmp_path: Path) -> None:
    """The next run removes what a killed one left, and its lock does not stay."""
    go_on = tmp_path / "go-on"
    machine.go(first=f"{until(go_on)}; exit 1")
    process = machine.start()
    machine.wait_for_build(process)
    process.kill()
    process.communicate()
    go_on.touch()  # its Go outlives it
    [part] = machine.left()[:1]
    assert ".part-" in part
    machine.go()
    code, output, _ = machine.run()
    assert code == 0
    assert [file.name for file in machine.cache.iterdir() if file.is_dir()] == [Path(output).name]


def test_a_download_cannot_leave_its_folder(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a downloaded archive just the four files are kept, wherever their names point to."""
    monkeypatch.syspath_prepend(TOOLS)
    for name, value in machine.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PULUMI_CLI", raising=False)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name in ("pulumi/pulumi", "../../" + PARTS[1], "/tmp/" + PARTS[2], PARTS[3], "../evil"):
            content = b"#!/bin/sh\necho v3.276.0\n"
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    packed.seek(0)
    asked: list[str] = []

    def urlopen(url: str, **_: Any) -> io.BytesIO:
        asked.append(url)
        return packed

    monkeypatch.setattr("urllib.request.urlopen", urlopen)
    folder: Path = importlib.import_module("engine").find_or_get()
    assert {file.name for file in folder.iterdir()} == set(PARTS)
    assert machine.left() == [folder.name]
    assert list(machine.cache.parent.iterdir()) == [machine.cache]
    assert asked[0].startswith("https://get.pulumi.com/releases/sdk/pulumi-v3.276.0-")


def test_the_host_of_yaml_programs(machine: Machine) -> None:
    """It is taken from beside the engine if it is there, and built once if it is not."""
    tool = str(TOOLS / "language_hosts.py"), "yaml"
    pulumi(machine.path, "3.276.0")
    code, _, errors = machine.run(*tool)
    assert code == 1
    assert "There is no Go to build Pulumi with" in errors

    machine.go()
    code, folder, _ = machine.run(*tool)
    assert code == 0
    assert Path(folder, "pulumi-language-yaml").exists()
    assert machine.run(*tool)[1] == folder
    assert len(machine.calls(" build ")) == 1

    script(machine.path / "pulumi-language-yaml", "")
    assert machine.run(*tool)[1] == str(machine.path)
