"""The recipes pass the tools that check such files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import recipe_tools
import yaml
from recipes.github import WORKFLOWS
from recipes.runner import ROOT

pytestmark = pytest.mark.recipes

YAMLLINT = """
extends: default
rules:
  braces: {max-spaces-inside: 0}
  comments: {min-spaces-from-content: 1}
  document-start: disable
  line-length: {max: 110}
  truthy: {check-keys: false}
"""
FILES = sorted(WORKFLOWS.glob("*.yml"))


def passes(folder: Path, *command: str | Path) -> None:
    """Run a linter, and fail with what it says."""
    done = subprocess.run(
        [folder / command[0], *command[1:]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_workflows_are_what_github_takes() -> None:
    """They keep to GitHub's schema, and each job has a timeout. zizmor and actionlint only warn
    about a file that they cannot read, so this comes first."""
    for schema in ("vendor.github-workflows", "github-workflows-require-timeout"):
        passes(recipe_tools.linters(), "check-jsonschema", "--builtin-schema", schema, *FILES)


def test_workflows_are_safe() -> None:
    """zizmor finds nothing, as strict as it can be; one finding is allowed, with its reason beside
    it: the event of the teardown."""
    passes(recipe_tools.linters(), "zizmor", "--offline", "--persona=auditor", *FILES)
    allowed = [
        line for file in FILES for line in file.read_text().splitlines() if "zizmor:" in line
    ]
    assert allowed == ["  pull_request_target: # zizmor: ignore[dangerous-triggers]"]


def test_workflows_are_right() -> None:
    """actionlint finds no unknown context, wrong type or unreachable output."""
    passes(recipe_tools.actionlint(), "actionlint", *FILES)


def test_secrets_stay_where_they_are_needed() -> None:
    """A secret is in the environment of a step with a script, never in that of a job or an action,
    and its job names the environment of GitHub that it is from. No job uses a cache."""
    for file in FILES:
        document = yaml.safe_load(file.read_text())
        for job in document["jobs"].values():
            outside = [document.get("env"), job.get("env")]
            outside += [step for step in job["steps"] if "uses" in step]
            assert "secrets." not in str(outside)
            assert "environment" in job or "secrets." not in str(job)
            assert not [step for step in job["steps"] if "cache" in step.get("with", {})]


def test_yaml_is_tidy() -> None:
    """All YAML of the recipes reads the same way."""
    folders = [ROOT / "examples/06-github-actions", ROOT / "tests/recipes/standins"]
    passes(recipe_tools.linters(), "yamllint", "--strict", "-d", YAMLLINT, *folders)
