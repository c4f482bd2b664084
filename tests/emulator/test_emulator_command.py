"""`omise-links emulator`: what it prints, and what its log shows."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pulumi_omise_links.cli import run

COMMAND = [sys.executable, "-m", "pulumi_omise_links", "emulator", "--port", "0"]


@contextlib.contextmanager
def started(*options: str, **environment: str) -> Iterator[tuple[str, str, list[str]]]:
    """Run the command: its address, what it printed at the start, and later what it printed."""
    lines: list[str] = []
    with subprocess.Popen(
        [*COMMAND, *options],
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="backslashreplace",
        env={**os.environ, **environment},
    ) as process:
        assert process.stdout is not None
        welcome = ""
        for line in process.stdout:
            welcome += line
            if "Ctrl-C ends it" in line:
                break
        found = re.search(r"export OMISE_API_URL=(\S+)", welcome)
        assert found is not None, welcome
        yield found[1], welcome, lines
        process.terminate()
        lines += process.stdout.read().splitlines()


def ask(url: str, request: bytes) -> bytes:
    """Send bytes, and read until the connection ends."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    with socket.create_connection((host.strip("[]"), int(port)), timeout=10) as connection:
        connection.sendall(request)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def test_all_addresses_are_printed_as_one_that_clients_accept() -> None:
    """With `--host 0.0.0.0` the printed address is a loopback one, and the text says more."""
    with started("--host", "0.0.0.0") as (url, welcome, _):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
        assert "It listens on 0.0.0.0, for other machines too." in welcome
        assert ask(url, b"GET /pay/NONE HTTP/1.1\r\nConnection: close\r\n\r\n")


def test_it_says_whether_links_are_kept(tmp_path: Path) -> None:
    """Without `--database` it says at the start that links are lost; with it, where they are."""
    with started() as (_, welcome, _):
        assert "Links are lost when it stops; --database FILE keeps them." in welcome
        assert "It listens on" not in welcome
    path = tmp_path / "omise.db"
    with started("--database", str(path)) as (_, welcome, _):
        assert f"Links are kept in {path}." in welcome


def test_a_database_of_an_older_version_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong, which file, and what to do; no traceback."""
    path = tmp_path / "old.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE links (id TEXT PRIMARY KEY)")

    assert run(["emulator", "--port", "0", "--database", str(path)]) == 1

    assert capsys.readouterr() == (
        "",
        f"omise-links: Cannot use --database {path}: this version of the emulator did not make it;"
        " name another file, or delete this one.\n",
    )


@pytest.mark.parametrize(
    "switch", ["clock_skew=1e400", "clock_skew=nan", "burst=" + "[" * 20_000, "burst", "colour=red"]
)
def test_a_switch_that_cannot_be_is_wrong_use(
    switch: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An odd value of a switch is a sentence and exit code 2."""
    assert run(["emulator", "--port", "0", "--switch", switch]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert "--switch: " in err
    assert "Traceback" not in err


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_the_log_obeys_no_client(encoding: str) -> None:
    """A path moves no cursor, forges no line and breaks no encoding: it is one line of text."""
    with started(PYTHONIOENCODING=encoding) as (url, _, lines):
        for path in (
            b"/links/%1b%5b2J%0d%0aPOST%20/links%20%20200",
            b"/links/\x1b[31mred",
            b"/%E0%B8%81%E2%80%AE",
            b"/links?\x9b31m",
        ):
            answer = ask(url, b"GET " + path + b" HTTP/1.1\r\nConnection: close\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 401"), answer
    logged = [line for line in lines if line.startswith("GET ")]
    assert len(logged) == 4
    assert not any(line.startswith("POST") for line in lines)
    assert "\\x1b[2J\\r\\nPOST /links  200" in logged[0]
    assert all(character.isprintable() for line in lines for character in line)
    assert ("\u0e01" in logged[2]) is (encoding == "utf-8")
