"""An error with ``--json`` is JSON: for every command, and for every kind of error."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import click
import pytest

from pulumi_omise_links import errors
from pulumi_omise_links.cli import COMMANDS, run
from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.errors import ExitCode

OPEN = "version: 1\nlinks:\n  a: {title: T, description: D, amount: 5000, currency: THB}\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("links.yaml").write_text(OPEN)


def failure(capsys: pytest.CaptureFixture[str], *args: str) -> dict[str, Any]:
    """Run a command that fails: JSON on standard output, its message on standard error."""
    code = run(args)
    out, err = capsys.readouterr()
    printed = json.loads(out)
    assert printed["format_version"] == "1.0"
    error: dict[str, Any] = printed["error"]
    assert {"type", "message", "exit_code"} <= {*error}
    assert error["exit_code"] == code != 0
    assert error["message"] in err
    return {**error, "command": printed["command"]}


def command_of(name: str) -> click.Command:
    module = importlib.import_module(
        f"pulumi_omise_links.cli.{'import_' if name == 'import' else name}"
    )
    command: click.Command = module.command
    return command


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("json_option", [["--json"], ["--format", "json"], ["--format=json"]])
def test_an_unknown_option(
    capsys: pytest.CaptureFixture[str], name: str, json_option: list[str]
) -> None:
    """Even where the command line cannot be understood."""
    error = failure(capsys, name, *json_option, "--nonsense")

    assert (error["type"], error["exit_code"], error["command"]) == ("UsageError", 2, name)


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize(
    ("raised", "kind", "code"),
    [
        (errors.SettingsError("No."), "SettingsError", ExitCode.WRONG_USE),
        (errors.AuthenticationError("No."), "AuthenticationError", ExitCode.AUTHENTICATION),
        (errors.StackNotFoundError("No."), "StackNotFoundError", ExitCode.NO_STACK),
        (OSError(13, "Permission denied", "x"), "OSError", ExitCode.ERROR),
        (KeyboardInterrupt(), "Cancelled", ExitCode.CANCELLED),
        (click.Abort(), "Cancelled", ExitCode.CANCELLED),
        (KeyError("oops"), "KeyError", ExitCode.BUG),
    ],
)
def test_whatever_a_command_raises(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    raised: BaseException,
    kind: str,
    code: ExitCode,
) -> None:
    """Type, message and exit code; a traceback for a bug, and for nothing else."""
    if name == "emulator":
        pytest.skip("it runs until it is stopped, and has no result to print")

    def fail(*_args: object, **_options: object) -> None:
        raise raised

    command = command_of(name)
    assert command.callback is not None
    # The work below the decorator that adds --json and prints.
    monkeypatch.setattr(command, "callback", _with_work(command.callback, fail))
    files = ["links.yaml"] if any(p.name == "files" for p in command.params) else []
    options = (p.opts[0] for p in command.params if p.required and isinstance(p, click.Option))
    needed = [word for option in options for word in (option, "dev")]

    assert run([name, *files, *needed, "--json"]) == code
    out, err = capsys.readouterr()
    printed = json.loads(out)
    assert printed["command"] == name
    assert (printed["error"]["type"], printed["error"]["exit_code"]) == (kind, code)
    assert ("Traceback" in err) == (code is ExitCode.BUG)
    assert "Traceback" not in out
    if code is ExitCode.BUG:
        assert "This is a bug of omise-links" in printed["error"]["message"]


def _with_work(callback: Any, work: Any) -> Any:
    from pulumi_omise_links.cli._results import returns_result  # noqa: PLC0415

    assert callback.__wrapped__, "a command must return a Result"
    return returns_result(work)


def test_an_unknown_command_has_no_name(capsys: pytest.CaptureFixture[str]) -> None:
    """`command` is null then."""
    error = failure(capsys, "mtach", "links.yaml", "--json")

    assert error["command"] is None
    assert 'did you mean "match"' in error["message"].replace("'", '"')


@pytest.mark.parametrize("name", ["validate", "generate", "match", "plan", "import"])
def test_a_file_is_missing_on_the_command_line(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Wrong use."""
    error = failure(capsys, name, "--json")

    assert (error["type"], error["exit_code"]) == ("UsageError", 2)
    assert "FILE" in error["message"]


@pytest.mark.parametrize("args", [["generate"], ["match"]])
def test_problems_of_manifests_have_their_places(
    omise: Emulator,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    args: list[str],
) -> None:
    """File, line, column and path, as numbers and names."""
    monkeypatch.setenv("OMISE_API_URL", omise.url)
    monkeypatch.setenv("OMISE_SECRET_KEY", omise.key("th"))
    Path("links.yaml").write_text(OPEN.replace("5000", "0100"))

    error = failure(capsys, *args, "links.yaml", "none.yaml", "--json")

    assert (error["type"], error["exit_code"]) == ("ManifestError", 2)
    first, second = error["problems"]
    assert (first["file"], first["line"], first["column"]) == ("links.yaml", 3, 41)
    assert first["path"] == "links.a.amount"
    assert second["file"] == "none.yaml"


def test_what_omise_refuses_has_its_code(
    omise: Emulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Status, code and the id of the request, for those who ask Omise's support."""
    monkeypatch.setenv("OMISE_API_URL", omise.url)
    monkeypatch.setenv("OMISE_SECRET_KEY", "skey_test_nobody")

    error = failure(capsys, "discover", "--json")

    assert error["exit_code"] == 3


def test_nobody_can_be_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal and --yes, commands that write do not begin."""
    for args in (["import", "links.yaml"], ["recover"]):
        error = failure(capsys, *args, "--json")

        assert (error["type"], error["exit_code"]) == ("UsageError", 2)
        assert "--yes" in error["message"]


def test_formats_that_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    """--json is short for --format json, and for nothing else."""
    assert run(["validate", "links.yaml", "--json", "--format", "json"]) == 0
    capsys.readouterr()
    assert run(["validate", "links.yaml", "--json", "--format", "text"]) == 2
    assert "exclude each other" in capsys.readouterr().err


def test_a_value_that_looks_like_the_option_asks_for_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`--title --json` is a title."""
    assert run(["discover", "--title", "--json"]) == 3
    assert capsys.readouterr().out == ""
