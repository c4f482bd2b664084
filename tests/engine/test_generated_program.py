"""From an account to a program: discover, generate, and what the engine makes of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from harness import Project

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.engine


def steps(project: Project) -> dict[str, Any]:
    """What a preview would do, by URN."""
    digest = json.loads(project.pulumi("preview", "--json").ok().stdout)
    return {step["urn"]: (step["op"], step["newState"].get("inputs")) for step in digest["steps"]}


def test_the_generated_program_is_the_manifest(project: Project, omise: Emulator) -> None:
    """Its preview is that of declare_links; what a stack manages then is discovered no more."""
    omise.seed(2, title='Say "สวัสดี" 🌸\n::', description="It's\\ a\tday, \u202enot", amount=5000)
    (cake,) = omise.seed(title="Cake", currency="JPY", multiple=True)
    project.cli("discover", "-o", "links.yaml").ok()
    text = project.folder / "links.yaml"
    text.write_text(text.read_text().replace(f"    id: {cake}\n", ""))

    project.program('declare_links("links.yaml")')
    from_manifest = steps(project)
    (project.folder / "__main__.py").write_text(project.cli("generate", "links.yaml").ok().stdout)
    from_program = steps(project)

    assert from_program == from_manifest
    assert sum("omise:Link" in urn for urn in from_program) == 3

    text.write_text(text.read_text().replace("  cake:\n", f"  cake:\n    id: {cake}\n"))
    (project.folder / "__main__.py").write_text(project.cli("generate", "links.yaml").ok().stdout)
    project.up().ok()
    (new,) = omise.seed(title="Cake")
    found = project.cli_json("discover", "--stack", "dev", "--cwd", ".")

    assert found["summary"]["managed"] == 3
    assert [(link["id"], link["name"]) for link in found["links"]] == [(new, f"cake-{new[-6:]}")]
    assert omise.journal.writes == []
