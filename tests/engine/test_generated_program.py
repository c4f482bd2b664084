"""From an account to a program: discover, generate, and what the engine makes of it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from harness import Project

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.engine


def command(project: Project, *args: str) -> str:
    """Run `omise-links` in the project's folder, and return its standard output."""
    done = subprocess.run(
        [sys.executable, "-m", "pulumi_omise_links", *args],
        cwd=project.folder,
        env=project.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def steps(project: Project) -> dict[str, Any]:
    """What a preview would do, by URN."""
    digest = json.loads(project.pulumi("preview", "--json").ok().out)
    return {each["urn"]: (each["op"], each["newState"].get("inputs")) for each in digest["steps"]}


def test_the_generated_program_is_the_manifest(project: Project, omise: Emulator) -> None:
    """Its preview is that of declare_links; what a stack manages then is discovered no more."""
    omise.seed(2, title='Say "สวัสดี" 🌸\n::', description="It's\\ a\tday, \u202enot", amount=5000)
    (cake,) = omise.seed(title="Cake", currency="JPY", multiple=True)
    command(project, "discover", "-o", "links.yaml")
    text = project.folder / "links.yaml"
    text.write_text(text.read_text().replace(f"    id: {cake}\n", ""))

    project.program('declare_links("links.yaml")')
    from_manifest = steps(project)
    (project.folder / "__main__.py").write_text(command(project, "generate", "links.yaml"))
    from_program = steps(project)

    assert from_program == from_manifest
    assert sum("omise:Link" in urn for urn in from_program) == 3

    text.write_text(text.read_text().replace("  cake:\n", f"  cake:\n    id: {cake}\n"))
    (project.folder / "__main__.py").write_text(command(project, "generate", "links.yaml"))
    project.up().ok()
    (new,) = omise.seed(title="Cake")
    found = json.loads(command(project, "discover", "--stack", "dev", "--cwd", ".", "--json"))

    assert found["summary"]["managed"] == 3
    assert [(each["id"], each["name"]) for each in found["links"]] == [(new, f"cake-{new[-6:]}")]
    assert omise.journal.writes == []
