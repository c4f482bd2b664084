"""The comparison of a recipe's commands with those that were run can be relied on."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from recipes.recorder import Recorder, commands_in

pytestmark = pytest.mark.recipes

SCRIPT = """\
cp Pulumi.review.yaml "Pulumi.$STACK.yaml"  # pulumi is only spoken of
if [ "$OUTCOME" = cancelled ]; then pulumi cancel --yes --stack "$STACK"; fi
omise-links drift --backend \\
  --format markdown | tee drift.md >> "$SUMMARY"
KEY=1 exec omise-links teardown --stack 'pr-*' --idle 7d > gone.md || code=$?
"""


def test_commands_are_found_wherever_they_stand() -> None:
    """After `then`, `exec` and a variable, over two lines, before a pipe; nothing else is taken."""
    assert [*commands_in(SCRIPT)] == [
        'pulumi cancel --yes --stack "$STACK"',
        "omise-links drift --backend --format markdown",
        "omise-links teardown --stack 'pr-*' --idle 7d",
    ]


def test_what_was_not_run_is_named(tmp_path: Path) -> None:
    """A variable stands for one word; one other option, and a command counts as not run. What
    `omise-links` starts by itself is not a command of the recipe."""
    for name, script in (("omise-links", "pulumi stack ls"), ("pulumi", "true")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    recorder = Recorder(tmp_path / "recorder")
    path = [recorder.wrap(tmp_path / name) for name in ("omise-links", "pulumi")]
    environment = {"PATH": ":".join([*map(str, path), "/usr/bin", "/bin"])}

    subprocess.run(
        ["bash", "-c", "omise-links teardown --stack 'pr-*'; pulumi cancel --stack pr-7 --yes"],
        env=environment,
        check=True,
    )

    assert recorder.commands() == [
        ["omise-links", "teardown", "--stack", "pr-*"],
        ["pulumi", "cancel", "--stack", "pr-7", "--yes"],
    ]
    wanted = ["omise-links teardown --stack 'pr-*'", 'pulumi cancel --stack "$STACK"']
    assert recorder.not_run(wanted) == []
    other = ["omise-links teardown --stack 'pr-*' --live", "pulumi stack ls", "pulumi cancel"]
    assert recorder.not_run([*wanted, *other]) == other
