"""The wheel works where it is installed."""

from __future__ import annotations

from pathlib import Path

import pytest
import pythons
from distributions import Distributions
from packages.installed import MANIFEST, PROGRAM, RunningEmulator, environment, lives, project
from recipes.runner import ROOT, must

pytestmark = pytest.mark.packages

YAML = """
resources:
  coffee:
    type: omise:index:Link
    properties: {amount: 12000, currency: THB, title: Coffee, description: One cup}
"""


@pytest.mark.parametrize("version", pythons.SUPPORTED)
def test_it_works_on_each_python(
    version: str, tmp_path: Path, engine: Path, built: Distributions, emulator: RunningEmulator
) -> None:
    """In a clean environment with the versions of tests/newest.txt, a program and a manifest make
    links, which stay as they are and go with the stack."""
    commands = environment(tmp_path / "venv", version, built.wheel)
    shop = project(tmp_path, engine, emulator, commands, PULUMI_PYTHON_CMD=f"{commands}/python")
    shop.program(PROGRAM)

    lives(shop, emulator, "Coffee", "Tea")


def test_pulumi_finds_the_native_plugin(
    tmp_path: Path, engine: Path, yaml_host: Path, built: Distributions, emulator: RunningEmulator
) -> None:
    """A program in YAML needs nothing but the package's commands on PATH."""
    commands = environment(tmp_path / "venv", pythons.SUPPORTED[-1], built.wheel)
    shop = project(tmp_path, engine, emulator, commands, yaml_host)
    shop.yaml(YAML)

    lives(shop, emulator, "Coffee")


@pytest.mark.parametrize("version", [pythons.SUPPORTED[0], pythons.SUPPORTED[-1]])
def test_the_list_of_dependencies_is_whole(
    version: str, tmp_path: Path, built: Distributions
) -> None:
    """docs/dependencies.md has every package that an installation brings, and each has a licence
    that is allowed."""
    commands = environment(tmp_path / "venv", version, f"{built.wheel}[report]")

    must([commands / "python", ROOT / "tools" / "dependencies.py", "--check"])


def test_a_page_needs_the_extra(tmp_path: Path, built: Distributions) -> None:
    """Without the extra, one sentence says what to install; with it, the page is made."""
    (tmp_path / "links.yaml").write_text(MANIFEST)
    report = ("report", "links.yaml", "--html", "page.html")
    plain = environment(tmp_path / "plain", pythons.SUPPORTED[0], built.wheel)
    refused = f"{plain}/omise-links {' '.join(report)} 2>&1; echo $?"
    assert must(["sh", "-c", refused], cwd=tmp_path) == (
        "omise-links: The Python package segno is missing, which pages and QR codes need: install"
        " it with `pip install 'pulumi-omise-links[report]'`. Nothing was written.\n1\n"
    )

    extra = environment(tmp_path / "extra", pythons.SUPPORTED[0], f"{built.wheel}[report]")
    must([extra / "omise-links", *report], cwd=tmp_path)
    assert "Tea" in (tmp_path / "page.html").read_text(encoding="utf-8")
