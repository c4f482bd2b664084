"""The example of adopting links does what its README says, command by command."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from harness import Project

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.engine

EXAMPLE = Path(__file__).parents[2] / "examples" / "03-adopt-existing-links"


def test_the_readme_can_be_followed(project: Project, omise: Emulator) -> None:
    """All its commands work in their order; the posters' links are adopted, one link is made."""
    (project.folder / "Pulumi.dev.yaml").unlink()  # of a stack with another passphrase
    shutil.copytree(EXAMPLE, project.folder, dirs_exist_ok=True)
    commands = re.findall(r"^\$ (.*)$", (EXAMPLE / "README.md").read_text(), re.M)
    # Nobody can be asked here, and the backend of the test is logged into already.
    script = "\n".join(
        each.replace("links import links.yaml", "links import links.yaml --yes")
        for each in commands
        if not each.startswith("pulumi login")
    )
    env = {**project.env, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{project.env['PATH']}"}

    run = subprocess.run(
        ["bash", "-ec", script + "\npulumi up --yes --skip-preview\n"],
        cwd=project.folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        check=False,
    )

    assert run.returncode == 0, run.stdout
    assert "3 to import, 0 managed already, 1 to create, 0 blocked." in run.stdout
    assert "no change to any of the 3 links" in run.stdout
    assert re.search(r"\+ 1 (to create|created)", run.stdout)
    assert [each["title"] for each in omise.links()][3:] == ["Autumn concert"]
    assert len(omise.journal.writes) == 1
