"""What all commands have in common: how they say what is wrong, and what they end with."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_omise_links.cli import run

OPEN = "version: 1\nlinks:\n  a: {title: T, description: D, amount: 5000, currency: THB}\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("args", [["discover"], ["match", "links.yaml"]])
def test_without_a_project_nobody_is_sent_to_its_config(
    capsys: pytest.CaptureFixture[str], args: list[str]
) -> None:
    """Without --cwd no stack's config is read: a key would not be found there."""
    Path("links.yaml").write_text(OPEN)

    assert run(args) == 3

    assert capsys.readouterr() == (
        "",
        "omise-links: No Omise secret key: the environment variable OMISE_SECRET_KEY is not set."
        " Set it, or name a Pulumi project whose config holds the key: --cwd DIR.\n",
    )
