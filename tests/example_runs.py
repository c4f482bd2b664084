"""The commands of an example's README, run in a copy of the example."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from harness import Project

EXAMPLES = Path(__file__).parents[1] / "examples"
# Nobody can be asked in a test.
ASKS = re.compile(
    r"^(pulumi (?:up|refresh|import .*)(?: --stack \S+)?"
    r"|omise-links (?:import links\.yaml|teardown .*))$",
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
