"""Which versions of its dependencies the package works with."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from pulumi_omise_links import Link
from pulumi_omise_links.errors import SettingsError

ROOT = Path(__file__).parents[1]


def _floors() -> dict[str, str]:
    """The lowest version of each run-time dependency, from pyproject.toml."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    listed = text.partition("\ndependencies = [")[2].partition("\n]")[0]
    requirements = [Requirement(line) for line in re.findall(r'^  "([^"]+)",', listed, re.M)]
    return {
        requirement.name: specifier.version
        for requirement in requirements
        for specifier in requirement.specifier
        if specifier.operator == ">="
    }


def test_the_lowest_versions_are_tested() -> None:
    """`make lowest` installs the lowest version that pyproject.toml allows of each dependency."""
    lines = (ROOT / "tests" / "lowest.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if not line.startswith("#"))

    assert pinned.keys() == _floors().keys()
    for name, floor in _floors().items():
        assert f"{pinned[name]}.".startswith(f"{floor}."), name


def test_a_look_up_with_an_old_sdk_is_refused_by_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`Link.get` names the version of Pulumi's SDK that it needs, and what works without it."""
    monkeypatch.setattr("importlib.metadata.version", lambda _: "3.267.1")

    with pytest.raises(SettingsError, match=r"3\.268 or newer; pulumi 3\.267\.1 is.*get_link"):
        Link.get("a", "link_test_1")
