"""States of released versions under the build at hand; tools/release_state.py makes them."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
import release_state
from harness import Project, writes

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.engine

PROGRAMS = sorted(
    str(project.parent.relative_to(release_state.RELEASES))
    for project in release_state.RELEASES.glob("*/*/Pulumi.yaml")
)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_state_of_a_release_lives_on(
    program: str, tmp_path: Path, engine: Path, yaml_host: Path
) -> None:
    """What a released version made is previewed without changes, refreshed and destroyed: links of
    Python, YAML and manifests, secrets, texts that Omise spells otherwise, paid, adopted and
    looked-up links, other accounts and sub-merchants.
    """
    folder = release_state.RELEASES / program
    links = json.loads((folder / release_state.LINKS).read_text(encoding="utf-8"))
    clock = release_state.Moment()
    with Emulator(clock=clock) as omise:
        now = release_state.restore(links, omise, clock)
        project = Project(tmp_path, engine, release_state.environment(omise))
        project.env["PATH"] += f"{os.pathsep}{yaml_host}"
        shutil.copytree(folder, project.folder, dirs_exist_ok=True)
        for source, target in {
            folder / release_state.CONFIG: project.folder / release_state.CONFIG,
            folder / release_state.STATE: project.state_file,
        }.items():
            text = source.read_text(encoding="utf-8")
            target.write_text(release_state.translate(text, now), encoding="utf-8")
        ids = project.ids()
        managed = {
            link["id"] for link in project.links().values() if not link.get("external", False)
        }
        (looked_up,) = {*ids.values()} - managed
        assert omise.link(looked_up)["title"] == "Of somebody else"

        project.unchanged()
        project.refresh("--expect-no-changes").ok()
        assert project.ids() == ids
        assert writes(omise) == []

        project.destroy().ok()
        assert {link["id"] for link in omise.links(deleted=True)} == managed
        assert project.links() == {}
