"""The examples in TypeScript and Go do what their READMEs say, command by command."""

from __future__ import annotations

import os

import make_sdk
import pytest
from example_runs import follow, undo
from harness import Project
from languages.projects import provide

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.languages

ENGINE_CACHE = "OMISE_LINKS_ENGINE_CACHE"  # the generator of SDKs is there, too


@pytest.mark.parametrize(("example", "language"), [("10-typescript", "nodejs"), ("11-go", "go")])
def test_a_campaign(example: str, language: str, project: Project, omise: Emulator) -> None:
    """It makes three links and prints their addresses; a changed price replaces the two that follow
    it, and says why."""
    provide(project, language)
    (project.folder.parents[1] / "tools").symlink_to(make_sdk.TOOLS)
    project.env |= {name: value for name, value in os.environ.items() if name == ENGINE_CACHE}
    # What npm has in its cache already is not fetched again.
    project.env["npm_config_prefer_offline"] = "true"
    out = follow(example, project)

    assert sorted(link["amount"] for link in omise.links()) == [50_000, 150_000, 540_000]
    assert all(link["payment_uri"] in out for link in omise.links())
    assert "~ amount: 150000 => 160000" in out
    assert "+-2 to replace" in out
    undo(example, project)
    assert omise.links(deleted=False) == []
