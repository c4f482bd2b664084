"""The wheel in a clean environment, used from a folder that is not of the checkout."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import distributions
import pytest
import pythons
import requests
import third_party
from distributions import Distributions
from harness import Project
from recipes.runner import must

# Where the system has its commands; a Python there has none of our packages.
SYSTEM = os.pathsep.join(("/usr/local/bin", "/usr/bin", "/bin"))
PROGRAM = """
import sys
import pulumi_omise_links
assert pulumi_omise_links.__file__.startswith(sys.prefix), pulumi_omise_links.__file__
coffee = Link("coffee", amount=12_000, currency="THB", title="Coffee", description="One cup")
declare_links("links.yaml")
pulumi.export("coffee", coffee.payment_uri)
"""
MANIFEST = """\
version: 1
defaults: {currency: THB}
links:
  tea: {title: Tea, description: One pot, amount: 8000}
"""


@dataclass(frozen=True)
class RunningEmulator:
    """Where it answers, and with which key."""

    env: Mapping[str, str]

    def titles(self) -> set[str]:
        """Of the links that can be paid."""
        answer = requests.get(
            f"{self.env['OMISE_API_URL']}/links",
            auth=(self.env["OMISE_SECRET_KEY"], ""),
            timeout=30,
        )
        links: list[dict[str, Any]] = answer.json()["data"]
        return {link["title"] for link in links if not link["deleted"]}


def python(version: str) -> Path:
    """Return an interpreter, or fail with what to do."""
    try:
        return pythons.find_or_get(version)
    except third_party.ToolError as error:
        pytest.fail(str(error), pytrace=False)


def environment(folder: Path, version: str, *requirements: str | Path) -> Path:
    """Make a virtual environment with these requirements, and what they need as in newest.txt.

    :return: the folder of its commands.
    """
    uv, env = third_party.uv() / "uv", distributions.environment()
    # --seed: with pip in it, which Pulumi asks for the packages of a program.
    must([uv, "venv", "--quiet", "--seed", "--python", python(version), folder], env=env)
    install = (uv, "pip", "install", "--quiet", "--only-binary", ":all:", "--python")
    must(
        [*install, folder / "bin" / "python", "--constraints", distributions.NEWEST, *requirements],
        env=env,
    )
    return folder / "bin"


@contextmanager
def running_emulator(built: Distributions, folder: Path) -> Iterator[RunningEmulator]:
    """Install the wheel, and run `omise-links emulator` on a free port."""
    commands = environment(folder / "venv", pythons.SUPPORTED[0], built.wheel)
    process = subprocess.Popen(
        [commands / "omise-links", "emulator", "--port", "0", "--quiet"],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    said = ""
    while "Ctrl-C" not in said:
        line = process.stdout.readline()
        assert line, f"The emulator ended with {process.wait()}.\n{said}"
        said += line
    yield RunningEmulator(dict(re.findall(r"export (\w+)=(\S+)", said)))
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    assert (process.returncode, rest) == (0, "Stopped.\n")


def project(
    folder: Path, engine: Path, emulator: RunningEmulator, *commands: Path, **env: str
) -> Project:
    """Make a Pulumi project that has these folders of commands on PATH, the engine, the system's
    folders, and nothing of the checkout."""
    path = os.pathsep.join([*map(str, (*commands, engine)), SYSTEM])
    made = Project(folder, engine, {**emulator.env, "PATH": path, "PULUMI_PYTHON_CMD": "", **env})
    (made.folder / "links.yaml").write_text(MANIFEST)
    return made


def lives(made: Project, emulator: RunningEmulator, *titles: str) -> None:
    """`pulumi up` makes links with these titles, a preview shows no change, destroy ends them."""
    before = emulator.titles()
    made.up().ok()
    assert emulator.titles() - before == {*titles}
    made.unchanged()
    made.destroy().ok()
    assert emulator.titles() == before
