"""The commands of an example's README, run in a copy of the example."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

from console_blocks import Step, run_steps, steps_of
from harness import Project

EXAMPLES = Path(__file__).parents[1] / "examples"


def follow(example: str, project: Project) -> str:
    """Run the commands of an example's README in their order; return all that they print."""
    for file in project.folder.glob("Pulumi*.yaml"):
        file.unlink()
    shutil.copytree(EXAMPLES / example, project.folder, dirs_exist_ok=True)
    return _run_steps(steps_of((EXAMPLES / example / "README.md").read_text()), project)


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
    """Run commands, one a line, in the folder of the project; return all that they print."""
    return _run_steps([Step(*line) for line in enumerate(script.splitlines(), 1)], project)


def _run_steps(steps: list[Step], project: Project) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{project.env['PATH']}"
    return run_steps(steps, project.folder, {**project.env, "PATH": path})
