"""The recipes, and the workflows of this repository, pass the tools that check such files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import third_party
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
OWN = sorted((ROOT / ".github/workflows").glob("*.yml"))


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
        passes(third_party.linters(), "check-jsonschema", "--builtin-schema", schema, *FILES, *OWN)


def test_workflows_are_safe() -> None:
    """zizmor finds nothing, as strict as it can be; two findings are allowed, each with its reason
    beside it: the event of the teardown, and how a release calls the tests."""
    passes(third_party.linters(), "zizmor", "--offline", "--persona=auditor", *FILES, *OWN)
    allowed = [
        line
        for file in (*FILES, *OWN)
        for line in file.read_text().splitlines()
        if "zizmor:" in line
    ]
    assert allowed == [
        "  pull_request_target: # zizmor: ignore[dangerous-triggers]",
        "    uses: ./.github/workflows/tests.yml # zizmor: ignore[self-repository]",
    ]


def test_workflows_are_right() -> None:
    """actionlint finds no unknown context, wrong type or unreachable output."""
    passes(third_party.actionlint(), "actionlint", *FILES, *OWN)


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


def test_unreviewed_code_runs_beside_no_right_to_write() -> None:
    """For a pull request, a job that may write to GitHub runs no script of the repository and
    checks out the base branch; production and the test account are environments of two jobs."""
    jobs = yaml.safe_load((WORKFLOWS / "links-pull-request.yml").read_text())["jobs"]
    writing = [job for job in jobs.values() if "write" in job["permissions"].values()]
    assert len(writing) == 1
    for job in writing:
        assert "environment" not in job
        assert not [step for step in job["steps"] if "run" in step]
        (checkout,) = (step for step in job["steps"] if "actions/checkout@" in step["uses"])
        assert checkout["with"]["ref"] == "${{ github.event.pull_request.base.sha }}"
    environments = {name: job.get("environment") for name, job in jobs.items()}
    assert environments == {
        "preview": "omise-preview",
        "review": "omise-test",
        "comment": None,
        "validate": None,
    }


def test_yaml_is_tidy() -> None:
    """All YAML of the recipes reads the same way."""
    folders = [*(ROOT / "examples").glob("0[678]-*"), ROOT / "tests/recipes/standins"]
    folders += [ROOT / ".github"]
    assert len(folders) == 5
    passes(third_party.linters(), "yamllint", "--strict", "-d", YAMLLINT, *folders)


def test_the_pipeline_is_what_gitlab_takes() -> None:
    """It keeps to GitLab's schema, after what GitLab itself does to the file."""
    schema = ("--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci")
    file = ROOT / "examples/07-gitlab-ci/.gitlab-ci.yml"
    passes(third_party.linters(), "check-jsonschema", *schema, file)


def test_environments_of_gitlab_are_written_one_job_at_a_time() -> None:
    """Each job that starts or stops an environment holds a group of its name, so those of one stack
    take turns; those that run `pulumi up` put their stack in order afterwards; what a fork's merge
    request runs names no environment, so it has no key."""
    file = ROOT / "examples/07-gitlab-ci/.gitlab-ci.yml"
    jobs = yaml.safe_load(file.read_text())
    writing = {
        name: job
        for name, job in jobs.items()
        if isinstance(job, dict)
        and "environment" in job
        and job["environment"].get("action") != "access"
    }

    assert {*writing} == {"review", "teardown", "deploy"}
    for job in writing.values():
        assert job["resource_group"] == job["environment"]["name"]
    assert jobs["deploy"]["extends"] == ".puts-its-stack-in-order"
    assert ".puts-its-stack-in-order" in jobs["review"]["extends"]
    assert jobs["review"]["environment"]["on_stop"] == "teardown"
    assert "environment" not in jobs["validate"]
