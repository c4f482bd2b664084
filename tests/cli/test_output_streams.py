"""Standard output that is full, closed, or not UTF-8: sentences, whole files, right exit codes."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import pytest

from pulumi_omise_links.cli import run
from pulumi_omise_links.emulator import Emulator

THAI = "ตั๋วงานปีใหม่ ☕"
GOOD = f"version: 1\nlinks:\n  a: {{title: {THAI}, description: D, amount: 5000, currency: THB}}\n"
BAD = GOOD.replace(f"{THAI},", f"{THAI}, ชื่อ: x,")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("links.yaml").write_text(GOOD, encoding="utf-8")
    Path("bad.yaml").write_text(BAD, encoding="utf-8")


def omise_links(
    *args: str, env: Mapping[str, str] | None = None, stdout: int | IO[bytes] = subprocess.PIPE
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "pulumi_omise_links", *args],
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_any_encoding_of_a_terminal_will_do(encoding: str) -> None:
    """What it lacks is spelt out; the exit code is that of the command."""
    done = omise_links("validate", "bad.yaml", env={"PYTHONIOENCODING": encoding})

    assert (done.returncode, done.stderr) == (2, b"")
    line = done.stdout.decode(encoding).splitlines()[0]
    assert line.startswith("bad.yaml:3:")
    assert ("ชื่อ" if encoding == "utf-8" else "\\u0e0a") in line


@pytest.mark.parametrize(
    ("encoding", "args"),
    [("ascii", ["--help"]), ("latin-1", ["discover", "--help"]), ("ascii", [])],
)
def test_help_is_readable_in_any_encoding(encoding: str, args: list[str]) -> None:
    """Help has ellipses and arrows."""
    done = omise_links(*args, env={"PYTHONIOENCODING": encoding})

    assert done.returncode == (0 if args else 2)
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("args", [[], ["--json"]])
def test_files_on_standard_output_are_whole(omise: Emulator, args: list[str]) -> None:
    """`discover > list.yaml`: in UTF-8, as a replaced character would be a wrong title."""
    omise.seed(title=THAI)
    environ = {
        "PYTHONIOENCODING": "latin-1",
        "OMISE_API_URL": omise.url,
        "OMISE_SECRET_KEY": omise.key("th"),
    }

    done = omise_links("discover", *args, env=environ)
    program = omise_links("generate", "links.yaml", *args, env=environ)

    assert (done.returncode, program.returncode) == (0, 0)
    assert THAI in done.stdout.decode()
    assert THAI in program.stdout.decode()
    if not args:
        Path("list.yaml").write_bytes(done.stdout)
        assert omise_links("validate", "list.yaml").returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("args", [["validate", "links.yaml"], ["generate", "links.yaml", "--json"]])
def test_a_full_disk_is_one_sentence(args: list[str]) -> None:
    """The result could not be printed, so it is an error."""
    with Path("/dev/full").open("wb") as full:
        done = omise_links(*args, stdout=full)

    assert done.returncode == 1
    assert done.stderr == (
        b"omise-links: Standard output cannot be written: No space left on device.\n"
    )


@pytest.mark.parametrize("args", [["validate", "links.yaml"], ["generate", "links.yaml", "--json"]])
def test_a_closed_pipe_is_no_error_to_talk_about(args: list[str]) -> None:
    """`| head` has seen enough: nothing is said, and the code is the shell's for it."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        done = omise_links(*args, stdout=pipe)

    assert (done.returncode, done.stderr) == (141, b"")


def test_errors_as_json_are_utf_8_too() -> None:
    """Whatever the encoding of the terminal is."""
    done = omise_links("generate", "bad.yaml", "--json", env={"PYTHONIOENCODING": "latin-1"})

    assert done.returncode == 2
    (problem,) = json.loads(done.stdout.decode())["error"]["problems"]
    assert "ชื่อ" in str(problem)
    assert b"\\u0e0a" in done.stderr


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_closed_stream_is_no_traceback(stream: str) -> None:
    """`>&-` and `2>&-`: the exit code still tells."""
    command = f"{sys.executable} -m pulumi_omise_links validate bad.yaml"
    close = ">&-" if stream == "stdout" else "2>&-"
    done = subprocess.run(
        ["sh", "-c", f"{command} {close}"], capture_output=True, check=False, timeout=60
    )

    assert done.returncode == 2
    assert b"Traceback" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("none/list.yaml", "there is no folder"),
        (".", "it is a directory"),
        ("-", "Cannot write to -: name a file."),
        ("locked/list.yaml", "may not write"),
    ],
)
@pytest.mark.parametrize("command", [["discover", "-o"], ["plan", "links.yaml", "--import-file"]])
def test_a_file_that_cannot_be_written_is_told_before_anything_is_asked(
    omise: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
    target: str,
    reason: str,
) -> None:
    """Neither Omise nor Pulumi has been asked."""
    Path("locked").mkdir(mode=0o500)
    if target.startswith("locked") and os.access("locked", os.W_OK):
        pytest.skip("root may write anywhere")

    monkeypatch.setenv("OMISE_API_URL", omise.url)
    monkeypatch.setenv("OMISE_SECRET_KEY", omise.key("th"))

    assert run([*command, target]) in {1, 2}

    err = capsys.readouterr().err
    assert reason in err or "is a directory" in err
    assert err.count("\n") == 1
    assert len(omise.journal) == 0


@pytest.mark.parametrize(
    ("command", "code"), [(["validate"], 0), (["generate"], 0), (["match", "--write"], 2)]
)
def test_standard_input_is_a_manifest_where_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
    code: int,
) -> None:
    """`-` is standard input for what only reads; others say so."""
    monkeypatch.setenv("OMISE_SECRET_KEY", "skey_test_1")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(GOOD.encode())))

    assert run([*command, "-"]) == code

    assert ("standard input" in capsys.readouterr().err) == (code != 0)
