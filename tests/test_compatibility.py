"""What is said to be supported is what is tested, wherever it is said."""

from __future__ import annotations

import re
from pathlib import Path

import engine
import pythons
import yaml

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/compatibility.md").read_text(encoding="utf-8")
TESTS = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8"))["jobs"]
OLDEST, NEWEST = pythons.SUPPORTED[0], pythons.SUPPORTED[-1]


def test_the_pythons_are_the_same_everywhere() -> None:
    """Metadata, workflow and the page name the Pythons that the wheel is installed on."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (several,) = (
        step["with"]["python-version"]
        for step in TESTS["packages"]["steps"]
        if "setup-python" in step.get("uses", "")
    )

    assert re.findall(r"Python :: (3\.\d+)", project) == [*pythons.SUPPORTED]
    assert f'requires-python = ">={OLDEST}"' in project
    assert TESTS["fast"]["strategy"]["matrix"]["python"] == [*pythons.SUPPORTED]
    assert sorted(several.split()) == sorted(pythons.SUPPORTED)
    assert f"| Python | {OLDEST} to {NEWEST} |" in PAGE


def test_the_engines_are_the_same_everywhere() -> None:
    """The page names the oldest and the newest Pulumi that tests run."""
    oldest, newest = engine.dotted(engine.OLDEST), engine.dotted(engine.VERSION)

    assert f"| {oldest} or newer;" in PAGE
    assert f"| {oldest} (`make lowest`) and {newest} (all other tests)" in PAGE


def test_the_lowest_sdk_is_the_same_everywhere() -> None:
    """The page names the SDK that `make lowest` installs."""
    lines = (ROOT / "tests/lowest.txt").read_text(encoding="utf-8").splitlines()
    (lowest,) = (line.partition("==")[2] for line in lines if line.startswith("pulumi=="))

    assert f"| {lowest.removesuffix('.0')} or newer, below 4;" in PAGE
    assert f"| {lowest} (`make lowest`)" in PAGE


def test_the_workflow_runs_what_continuous_integration_runs() -> None:
    """Each target of .ci/run is a job."""
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    targets = set(re.findall(r"^make (\w+)$", script, re.MULTILINE))

    jobs = {*TESTS["make"]["strategy"]["matrix"]["target"], "packages"}
    assert jobs == targets


def test_the_go_that_builds_pulumi_is_the_same_everywhere() -> None:
    """README and the first guide name the Go that is needed, and the workflow installs it."""
    oldest = engine.dotted(engine.OLDEST_GO)
    (installed,) = (
        step["with"]["go-version"]
        for step in TESTS["make"]["steps"]
        if "setup-go" in step.get("uses", "")
    )

    for page in ("README.md", "docs/guides/first-link.md"):
        text = " ".join((ROOT / page).read_text(encoding="utf-8").split())
        assert f"needs Go {oldest} or newer" in text
    assert installed == oldest
