"""States of released versions under the build at hand; tools/release_state.py makes them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import release_state
from harness import Project, writes

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.engine

RELEASES = sorted(folder.name for folder in release_state.RELEASES.iterdir())


@pytest.mark.parametrize("version", RELEASES)
def test_a_state_of_a_release_lives_on(version: str, tmp_path: Path, engine: Path) -> None:
    """What a released version made is previewed without changes, refreshed and destroyed: links of
    programs and manifests, secrets, texts that Omise spells otherwise, paid, adopted and looked-up
    links, other accounts and sub-merchants.
    """
    folder = release_state.RELEASES / version
    links = json.loads((folder / release_state.LINKS).read_text(encoding="utf-8"))
    clock = release_state.Moment()
    with Emulator(clock=clock) as omise:
        now = release_state.restore(links, omise, clock)
        project = Project(tmp_path, engine, release_state.environment(omise))
        shutil.copytree(folder, project.folder, dirs_exist_ok=True)
        for source, target in {
            folder / release_state.CONFIG: project.folder / release_state.CONFIG,
            folder / release_state.STATE: project.state_file,
        }.items():
            text = source.read_text(encoding="utf-8")
            target.write_text(release_state.translate(text, now), encoding="utf-8")
        ids = project.ids()
        assert {*ids.values()} == {link["id"] for link in omise.links()}

        project.unchanged()
        project.refresh("--expect-no-changes").ok()
        assert project.ids() == ids
        assert writes(omise) == []

        project.destroy().ok()
        kept = [link["title"] for link in omise.links(deleted=False)]
        assert kept == ["Of somebody else"]
        assert project.links() == {}
