"""The wheel in projects whose environment is made by pip, uv or Poetry.

What a toolchain of Pulumi.yaml is for a program: which environment runs it, and which one runs the
plugin of dynamic resources.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import distributions
import pytest
import third_party
from distributions import Distributions
from packages.installed import PROGRAM, SYSTEM, RunningEmulator, lives, project, python
from pip._internal.models.index import PyPI
from recipes.runner import must

pytestmark = pytest.mark.packages

# In the middle of what is supported; the other test has each.
VERSION = "3.12"
PULUMI_YAML = """\
name: shop
runtime:
  name: python
  options: {{{options}}}
"""
PYPROJECT = """\
[project]
name = "shop"
version = "1"
requires-python = ">=3.12,<3.13"
dependencies = ["pulumi-omise-links @ {wheel}"]

[tool.poetry]
package-mode = false

# Poetry's own way to the index needs more of it than the mirrors of companies have.
[[tool.poetry.source]]
name = "index"
url = "{index}"
priority = "primary"
"""
INDEX = os.environ.get("PIP_INDEX_URL", PyPI.simple_url)


def host_for(engine: Path, folder: Path, virtualenv: Path) -> list[Path]:
    """Return what goes before the engine on PATH so that programs run in this environment.

    The language host that can be built from Go modules is older than toolchains. It gets the
    environment by an option, as engines of its time gave it. Newer ones find it themselves, and
    need nothing.
    """
    host = engine / "pulumi-language-python"
    said = subprocess.run([host, "-help"], capture_output=True, text=True, check=False).stderr
    if "\n  -virtualenv" not in said or "[obsolete]" in said:
        return []
    folder.mkdir()
    script = f'#!/bin/sh\nexec {shlex.quote(str(host))} -virtualenv="{virtualenv}" "$@"\n'
    (folder / host.name).write_text(script)
    (folder / host.name).chmod(0o755)
    return [folder]


@pytest.mark.parametrize("toolchain", ["pip", "uv", "poetry"])
def test_it_works_with_each_toolchain(
    toolchain: str, tmp_path: Path, engine: Path, built: Distributions, emulator: RunningEmulator
) -> None:
    """In the environment that pip, uv or Poetry has made of the project, where Pulumi.yaml names
    the toolchain; no Python on PATH has the package."""
    virtualenv = tmp_path / "project" / ("venv" if toolchain == "pip" else ".venv")
    host = host_for(engine, tmp_path / "host", virtualenv)
    tools = {"pip": [], "uv": [third_party.uv()], "poetry": [third_party.poetry()]}[toolchain]
    quick_pip = Path(__file__).parents[1] / "quick_pip"
    # uv puts no pip into an environment. A host of today asks uv for the packages, the old one pip.
    env = {"PYTHONPATH": str(quick_pip)} if host and toolchain == "uv" else {}
    env["POETRY_VIRTUALENVS_IN_PROJECT"] = "true"
    shop = project(tmp_path, engine, emulator, *host, *tools, **env)
    options = f"toolchain: {toolchain}" + (", virtualenv: venv" if toolchain == "pip" else "")
    (shop.folder / "Pulumi.yaml").write_text(PULUMI_YAML.format(options=options))
    (shop.folder / "requirements.txt").write_text(f"{built.wheel}\n")
    (shop.folder / "pyproject.toml").write_text(
        PYPROJECT.format(wheel=built.wheel.as_uri(), index=INDEX)
    )
    shop.program(PROGRAM)
    make: dict[str, list[list[str | Path]]] = {
        "pip": [
            [python(VERSION), "-m", "venv", "venv"],
            ["venv/bin/pip", "install", "--quiet", "-r", "requirements.txt"],
        ],
        "uv": [["uv", "sync", "--quiet", "--python", python(VERSION)]],
        "poetry": [["poetry", "env", "use", python(VERSION)], ["poetry", "install"]],
    }
    path = os.pathsep.join([*map(str, tools), SYSTEM])
    for command in make[toolchain]:
        must(command, cwd=shop.folder, env={**distributions.environment(), **env, "PATH": path})

    lives(shop, emulator, "Coffee", "Tea")
