"""What docs/manifest.md says is true: tables are those of the code, examples come out so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pulumi_omise_links.cli import run
from pulumi_omise_links.errors import ProblemCode
from pulumi_omise_links.manifest.reading import load

DOC = (Path(__file__).parents[2] / "docs" / "manifest.md").read_text(encoding="utf-8")


def rows(heading: str) -> dict[str, str]:
    """The rows of the table with this heading, by their first cell."""
    table = DOC.split(f"| {heading} | |\n|---|---|\n", 1)[1].split("\n\n", 1)[0]
    cells = [line.strip("| ").split(" | ", 1) for line in table.splitlines()]
    return {first.strip("`"): second for first, second in cells}


def test_the_table_of_codes_has_every_code() -> None:
    """In the order of the code, none missing, none invented."""
    assert list(rows("code")) == [code.value for code in ProblemCode]


def test_the_manifests_are_manifests(tmp_path: Path) -> None:
    """Each that is shown as YAML can be used as it is."""
    shown = re.findall(r"```yaml\n(.*?)```", DOC, re.DOTALL)
    assert len(shown) == 2
    for number, text in enumerate(shown):
        file = tmp_path / f"{number}.yaml"
        file.write_text(text, encoding="utf-8")
        assert load(file).entries


def test_the_output_of_validate_comes_out_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sentences, places and codes are those of the example."""
    monkeypatch.chdir(tmp_path)
    Path("bad.yaml").write_text(
        "version: 1\nlinks:\n  tea: {title: no, amount: 0123, curency: THB,"
        " description: Two cups}\n"
    )

    assert run(["validate", "bad.yaml"]) == 2

    assert f"$ omise-links validate bad.yaml\n{capsys.readouterr().out}```" in DOC
