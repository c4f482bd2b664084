"""The recipes pass the tools that check such files."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
    folders = [*(ROOT / "examples").glob("0[678]-*"), ROOT / "tests/recipes/standins"]
    assert len(folders) == 4
    passes(recipe_tools.linters(), "yamllint", "--strict", "-d", YAMLLINT, *folders)


def test_the_pipeline_is_what_gitlab_takes() -> None:
    """It keeps to GitLab's schema, after what GitLab itself does to the file."""
    schema = ("--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci")
    file = ROOT / "examples/07-gitlab-ci/.gitlab-ci.yml"
    passes(recipe_tools.linters(), "check-jsonschema", *schema, file)


def test_a_job_of_gitlab_that_can_write_is_guarded() -> None:
    """Whatever names an environment with a key and writes holds the stack's group, and no job that
    a fork's merge request has names an environment."""
    file = ROOT / "examples/07-gitlab-ci/.gitlab-ci.yml"
    jobs = {
        name: job
        for name, job in yaml.safe_load(file.read_text()).items()
        if isinstance(job, dict) and "script" in job
    }
    writing = {
        name: job
        for name, job in jobs.items()
        if job.get("environment", {}).get("action", "start") in ("start", "stop")
        and "environment" in job
    }

    assert {*writing} == {"review", "teardown", "deploy"}
    assert all(job["resource_group"] == _group(job) for job in writing.values())
    assert "environment" not in jobs["validate"]
    assert jobs["review"]["environment"]["on_stop"] == "teardown"


def _group(job: Mapping[str, Any]) -> str:
    return str(job["environment"]["name"])
