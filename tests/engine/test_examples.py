"""The examples do what their READMEs say, command by command."""

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

EXAMPLES = Path(__file__).parents[2] / "examples"
# Nobody can be asked in a test.
ASKS = re.compile(
    r"^(pulumi (?:up|refresh)(?: --stack \S+)?|omise-links (?:import links\.yaml|teardown .*))$",
    re.M,
)


def follow(example: str, project: Project) -> str:
    """Run the commands of an example's README in their order; return all that they print."""
    for file in project.folder.glob("Pulumi*.yaml"):
        file.unlink()
    shutil.copytree(EXAMPLES / example, project.folder, dirs_exist_ok=True)
    commands = re.findall(r"^\$ (.*)$", (EXAMPLES / example / "README.md").read_text(), re.M)
    return run(ASKS.sub(r"\1 --yes", "\n".join(commands)), project)


def undo(example: str, project: Project) -> None:
    """Run the line that undoes everything; no state may be left, and no file of the stack."""
    readme = (EXAMPLES / example / "README.md").read_text()
    (line,) = re.findall(r"undoes everything:\n\n```sh\n(.*)\n```", readme)
    backend = "export PULUMI_BACKEND_URL=file://$PWD/state PULUMI_CONFIG_PASSPHRASE=example"
    # The copy is in no repository.
    run(f"{backend}\n{line.replace('git checkout links.yaml', 'true')}", project)
    assert not (project.folder / "state").exists()
    assert not [*project.folder.glob("Pulumi.*.yaml")]


def run(script: str, project: Project) -> str:
    """Run a script in the folder of the project; return all that it prints."""
    bin_folder = Path(sys.executable).parent
    done = subprocess.run(
        ["bash", "-ec", script],
        cwd=project.folder,
        env={**project.env, "PATH": f"{bin_folder}{os.pathsep}{project.env['PATH']}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_every_example_is_followed() -> None:
    """No example is left out of these tests."""
    tested = {
        "01-first-link",
        "02-campaign",
        "03-adopt-existing-links",
        "04-review-environments",
    }
    assert {example.name for example in EXAMPLES.iterdir() if example.is_dir()} == tested


def test_one_link(project: Project, omise: Emulator) -> None:
    """01 makes one link and prints the address of its payment page."""
    out = follow("01-first-link", project)

    (link,) = omise.links()
    assert out.rstrip().endswith(link["payment_uri"])
    undo("01-first-link", project)
    assert omise.links(deleted=False) == []


def test_a_campaign(project: Project, omise: Emulator) -> None:
    """02 makes three links; a changed price replaces the two that follow it, and says why."""
    out = follow("02-campaign", project)

    assert "~ amount     : 150000 => 160000" in out
    assert "+-2 to replace" in out
    assert sorted(link["amount"] for link in omise.links(deleted=False)) == [50000, 160000, 576000]
    undo("02-campaign", project)
    assert omise.links(deleted=False) == []


def test_existing_links(project: Project, omise: Emulator) -> None:
    """03 adopts the posters' links without a write; then `pulumi up` makes the fourth alone."""
    out = follow("03-adopt-existing-links", project)
    backend = f"file://{project.folder / 'state'}"
    env = {"PULUMI_BACKEND_URL": backend, "PULUMI_CONFIG_PASSPHRASE": "example"}
    project.up(env=env).ok()

    assert "3 to import, 0 managed already, 1 to create, 0 blocked." in out
    assert "run `omise-links match links.yaml`" in out, "a plan does not look for the fourth"
    assert "no change to any of the 3 links" in out
    assert [link["title"] for link in omise.links()][3:] == ["Autumn concert"]
    assert len(omise.journal.writes) == 1
    undo("03-adopt-existing-links", project)
    assert omise.links(deleted=False) == []


def test_review_environments(project: Project, omise: Emulator) -> None:
    """04 makes two environments with marked links, and tears both down; nothing can be paid."""
    out = follow("04-review-environments", project)

    marks = {link["title"].rpartition(" · ")[2] for link in omise.links()}
    assert marks == {"pr-41", "pr-42"}
    assert omise.links(deleted=False) == []
    assert out.count("2 links deleted and read back, stack removed. Nothing of it can be paid") == 2
    assert "pr-41: there is no such stack" in out
    assert "pr-42 was left out: its last update was at" in out
    undo("04-review-environments", project)
