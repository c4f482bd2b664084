"""A key that is put where it does not belong shows up in no text."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import pytest
from raw_server import raw_server, response

from pulumi_omise_links.cli import run
from pulumi_omise_links.emulator import Emulator

KEYS = ["skey_test_5xuy4w91xqz7d1w9u0t", "skey_5xuy4w91xqz7d1w9u0t"]
GOOD = "version: 1\nlinks:\n  a: {title: T, description: D, amount: 5000, currency: THB}\n"
# Where a key may end up by a slip, with KEY for the key. Environment, then command line.
VARIABLES = [
    {"OMISE_SECRET_KEY": "KEY KEY"},
    {"OMISE_SECRET_KEY": "pKEY"},
    {"OMISE_SECRET_KEY": "KEY\n; export X=1"},
    {"OMISE_API_URL": "KEY"},
    {"OMISE_API_URL": "https://KEY@127.0.0.1/"},
    {"OMISE_API_URL": "http://KEY.example"},
    {"OMISE_ALLOW_LIVE": "KEY"},
    {"OMISE_AMOUNT_LIMITS": "KEY"},
    {"OMISE_SUB_MERCHANT_ID": "KEY"},
    {"OMISE_TIMEOUT": "KEY"},
]
ARGUMENTS = [
    ["KEY"],
    ["match", "KEY"],
    ["validate", "KEY"],
    ["generate", "KEY"],
    ["match", "links.yaml", "--key-env", "KEY"],
    ["match", "links.yaml", "--stack", "KEY"],
    ["match", "links.yaml", "--cwd", "KEY"],
    ["match", "links.yaml", "--format", "KEY"],
    ["match", "links.yaml", "--KEY"],
    ["discover", "--key-env", "KEY"],
    ["discover", "-o", "KEY/links.yaml"],
    ["discover", "--currency", "KEY"],
    ["discover", "--created-since", "KEY"],
    ["discover", "--min-amount", "KEY"],
    ["discover", "KEY"],
    ["plan", "links.yaml", "--stack", "KEY"],
    ["plan", "links.yaml", "--cwd", "KEY"],
    ["plan", "links.yaml", "--import-file", "KEY/x"],
    ["import", "KEY", "--yes"],
    ["recover", "--yes", "--adopt", "KEY"],
    ["recover", "--yes", "--settle", "KEY"],
    ["recover", "--yes", "--stack", "KEY"],
    ["drift", "KEY"],
    ["drift", "--stack", "KEY"],
    ["drift", "--cwd", "KEY"],
    ["drift", "--key-env", "KEY"],
    ["drift", "--mark", "KEY", "--title", "KEY"],
    ["drift", "--accepted", "KEY"],
    ["drift", "--write-accepted", "KEY", "--reason", "KEY"],
    ["drift", "--until", "KEY"],
    ["doctor", "KEY"],
    ["doctor", "--cwd", "KEY"],
    ["doctor", "--config-file", "KEY"],
    ["emulator", "--switch", "KEY"],
    ["emulator", "--port", "KEY"],
]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("links.yaml").write_text(GOOD)


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return "".join(capsys.readouterr())


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("variable", VARIABLES, ids=str)
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_in_the_environment(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    variable: dict[str, str],
    options: list[str],
) -> None:
    """Whatever setting it was taken for."""
    monkeypatch.setenv("OMISE_SECRET_KEY", key)
    for name, text in variable.items():
        monkeypatch.setenv(name, text.replace("KEY", key))

    assert run(["match", "links.yaml", *options]) in {1, 2, 3}

    assert key not in said(capsys)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("arguments", ARGUMENTS, ids=" ".join)
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_on_the_command_line(
    omise: Emulator,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    arguments: list[str],
    options: list[str],
) -> None:
    """In place of a name, a file, a number, an option or a command."""
    if arguments[0] == "validate" and options:
        pytest.skip("its result names the file for programs, which may need the name as it is")
    monkeypatch.setenv("OMISE_API_URL", omise.url)
    monkeypatch.setenv("OMISE_SECRET_KEY", omise.key("th"))
    given = [argument.replace("KEY", key) for argument in arguments]

    assert run([*given, *options]) != 0

    assert key not in said(capsys)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("options", [[], ["--json"]])
@pytest.mark.parametrize("status", ["400 Bad Request", "401 Unauthorized", "404 Not Found"])
@pytest.mark.parametrize("encoded", [False, True])
def test_in_what_a_server_answers(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    options: list[str],
    status: str,
    encoded: bool,
) -> None:
    """A server that echoes the key, plain or as the header had it."""
    echo = base64.b64encode(f"{key}:".encode()).decode() if encoded else key
    body: dict[str, Any] = {
        "object": "error",
        "code": echo,
        "message": f"no {echo} here",
        "location": echo,
    }
    monkeypatch.setenv("OMISE_SECRET_KEY", key)
    with raw_server(response(body, status)) as server:
        monkeypatch.setenv("OMISE_API_URL", server.url)
        assert run(["discover", *options]) != 0

    assert echo not in said(capsys)


def test_in_a_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug shows its lines, and no key that an exception may hold."""

    def fail(*_: object, **__: object) -> None:
        raise KeyError(KEYS[0])

    monkeypatch.setattr(os, "environ", {**os.environ})
    monkeypatch.setattr("pulumi_omise_links.cli.match.load", fail)

    assert run(["match", "links.yaml", "--json"]) == 255

    text = said(capsys)
    assert "KeyError" in text
    assert KEYS[0] not in text
