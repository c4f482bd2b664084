"""What one can rely on from ``omise-links validate``."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pulumi_omise_links.cli import run

GOOD = """\
version: 1
defaults: {currency: THB}
links:
  tea: {title: Tea, description: Two cups, amount: 5000}
  cake: {title: Cake, description: A piece, amount: 9000, id: link_test_5x1}
"""
BAD = GOOD.replace("amount: 5000", "amount: 0100").replace("Cake", "no")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [variable for variable in os.environ if variable.startswith("OMISE_")]:
        monkeypatch.delenv(name)
    Path("links.yaml").write_text(GOOD)
    Path("bad.yaml").write_text(BAD)


def test_a_good_file_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Success says how many links there are, and ends with 0."""
    assert run(["validate", "links.yaml"]) == 0
    assert capsys.readouterr() == ("links.yaml: 2 links, no problems\n", "")


def test_problems_are_lines_that_an_editor_can_follow(capsys: pytest.CaptureFixture[str]) -> None:
    """Faults go to standard output, grouped by file; the end is 2."""
    assert run(["validate", "bad.yaml", "none.yaml"]) == 2
    assert capsys.readouterr() == (
        "bad.yaml:4:52: links.tea.amount: must be a whole number without zeros in front: YAML 1.1"
        " reads it as octal [not-a-whole-number]\n"
        "bad.yaml:5:17: links.cake.title: must be text, and YAML can read no as true or false:"
        ' write "no", in quotes [not-text]\n'
        "bad.yaml: 2 links, 2 problems\n"
        f"none.yaml: there is no such file: {Path.cwd()}/none.yaml [no-such-file]\n"
        "none.yaml: 1 problem\n",
        "",
    )


def test_json_has_the_same_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """The envelope of all commands, with places as numbers; the exit code does not change."""

    def result(*files: str) -> tuple[int, Any]:
        code = run(["validate", "--json", *files])
        return code, json.loads(capsys.readouterr().out)

    assert result("links.yaml") == (
        0,
        {
            "format_version": "1.0",
            "command": "validate",
            "summary": {"files": 1, "links": 2, "accepted": 0, "problems": 0},
            "problems": [],
        },
    )
    code, found = result("links.yaml", "bad.yaml", "none.yaml")
    assert code == 2
    assert found["summary"] == {"files": 3, "links": 4, "accepted": 0, "problems": 6}
    assert {
        "file": "bad.yaml",
        "line": 4,
        "column": 52,
        "path": "links.tea.amount",
        "code": "not-a-whole-number",
        "problem": "must be a whole number without zeros in front: YAML 1.1 reads it as octal",
    } in found["problems"]


def test_limits_follow_the_setting(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """OMISE_AMOUNT_LIMITS=off leaves the limits out; nonsense in it is explained."""
    Path("links.yaml").write_text(GOOD.replace("5000", "100"))
    assert run(["validate", "links.yaml"]) == 2
    monkeypatch.setenv("OMISE_AMOUNT_LIMITS", "off")
    assert run(["validate", "links.yaml"]) == 0
    monkeypatch.setenv("OMISE_AMOUNT_LIMITS", "perhaps")
    assert run(["validate", "links.yaml"]) == 2
    assert "OMISE_AMOUNT_LIMITS must be true or false" in capsys.readouterr().err


def test_other_settings_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """A manifest is not wrong because of a key or an address."""
    monkeypatch.setenv("OMISE_SECRET_KEY", "pkey_test_1")
    monkeypatch.setenv("OMISE_API_URL", "ftp://x")
    assert run(["validate", "links.yaml"]) == 0


def test_a_file_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    """Without one it is wrong use."""
    assert run(["validate"]) == 2
    assert "FILE" in capsys.readouterr().err


def test_it_starts_without_pulumi_and_the_network() -> None:
    """A hook on every commit can afford it: nothing heavy is imported."""
    program = (
        "import sys; from pulumi_omise_links.cli import run;"
        " code = run(['validate', 'links.yaml']);"
        " heavy = {'pulumi', 'requests', 'grpc', 'rich'} & set(sys.modules);"
        " sys.exit(str(heavy) if heavy else code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "program",
    [
        "from pulumi_omise_links.cli import run; run(['validate', '--help'])",
        "import pulumi_omise_links.link_provider;"
        " from pulumi_omise_links import Link, Provider, get_link",
    ],
)
def test_who_needs_no_schema_does_not_pay_for_it(program: str) -> None:
    """Neither the help, nor the plugin, nor a program without a manifest imports jsonschema."""
    code = f"import sys; {program}; sys.exit('jsonschema' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (0, b"")


def test_standard_input_is_a_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`-` is standard input; a command that cannot read it says so."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(BAD.encode())))

    assert run(["validate", "-"]) == 2

    out, _ = capsys.readouterr()
    assert out.startswith("-:4:52: links.tea.amount: must be a whole number without zeros")
    monkeypatch.setenv("OMISE_SECRET_KEY", "skey_test_1")
    assert run(["match", "-"]) == 2
    assert "standard input is read by validate and generate alone" in capsys.readouterr().err
