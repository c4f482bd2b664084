"""docs/command-line.md names every command, every exit code, and every key of the JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from json_docs import DOCS, SECTIONS, undocumented
from sweep_setup import Account

from pulumi_omise_links.cli import COMMANDS, run
from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.errors import ExitCode

MANIFEST = """\
version: 1
links:
  tea: {title: Tea, description: D, amount: 5000, currency: THB}
  cake: {title: Cake, description: D, amount: 5000, currency: THB}
"""


def test_every_command_and_every_exit_code_has_its_place() -> None:
    """And no more: what is gone is not promised."""
    assert {*SECTIONS} - {"Errors"} == {*COMMANDS}
    codes = re.findall(r"^\| (\d+) \|", DOCS, re.MULTILINE)
    assert [int(code) for code in codes] == sorted(ExitCode)


@pytest.mark.parametrize(
    "args",
    [
        ["validate", "bad.yaml"],
        ["schema"],
        ["discover"],
        ["match", "links.yaml"],
        ["generate", "links.yaml"],
        ["report", "links.yaml"],
        ["doctor"],
    ],
    ids=" ".join,
)
def test_every_key_is_documented(
    tmp_path: Path,
    omise: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    args: list[str],
) -> None:
    """Those of the envelope once, those of a command in its section; nested ones too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMISE_API_URL", omise.url)
    monkeypatch.setenv("OMISE_SECRET_KEY", omise.key("th"))
    Path("links.yaml").write_text(MANIFEST)
    Path("bad.yaml").write_text(MANIFEST.replace("5000", "0100"))
    omise.seed(title="Tea", description="D", amount=5000)
    omise.seed(title="Cake", description="D", amount=5500)
    omise.seed(title="Bell \x07", amount=5000)

    run([*args, "--json"])

    assert undocumented(json.loads(capsys.readouterr().out)) == set()


def test_every_key_of_sweep_is_documented(account: Account) -> None:
    """It needs stacks beside an account."""
    account.seed(2)
    account.seed(age=0)

    assert undocumented(account.delete("--all")) == set()
