"""The guide to Omise's own clients says what the programs do that are tested."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from parity.run import exchanges

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs"
GUIDE = (DOCS / "guides" / "omise-clients.md").read_text(encoding="utf-8")
EMULATOR = (DOCS / "emulator.md").read_text(encoding="utf-8")
PROGRAMS = {
    "python": "python/client.py",
    "typescript": "node/client.ts",
    "go": "go/main.go",
    "java": "java/Main.java",
}


@pytest.mark.parametrize("language", PROGRAMS)
def test_the_code_of_the_guide_is_that_of_the_program(language: str) -> None:
    """Each line to copy stands in a program that `make clients` runs."""
    (code,) = re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    program = (HERE / PROGRAMS[language]).read_text(encoding="utf-8")
    lines = {line.strip() for line in program.splitlines()}
    assert [line for line in code.splitlines() if line.strip() not in lines] == []


def test_the_guide_names_the_versions_that_are_tested() -> None:
    """The versions in the guide are those that the tools get."""
    tools = (HERE.parents[1] / "tools" / "third_party.py").read_text(encoding="utf-8")
    pinned = (HERE / "go" / "go.mod").read_text(encoding="utf-8") + tools
    named = re.findall(r"^\*\*\w+\*\* \(`([^`]+)` ([\d.]+)", GUIDE, re.MULTILINE)
    assert len(named) == len(PROGRAMS)
    for name, version in named:
        own = re.escape(name.rpartition(":")[2])
        assert re.search(rf"\b{own}\W{{1,4}}v?{re.escape(version)}\b", pinned), name


def test_the_guide_counts_the_requests_of_parity() -> None:
    """What `make parity` is said to send is what it sends."""
    assert f"`make parity` sends {len(exchanges())} requests" in EMULATOR
