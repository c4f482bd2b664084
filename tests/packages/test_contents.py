"""What is in wheel and sdist, and what they say of themselves."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import distributions
import pytest
import pythons
import third_party
from distributions import Distributions
from recipes.runner import ROOT, must

from pulumi_omise_links import __version__

pytestmark = pytest.mark.packages

NAME = f"pulumi_omise_links-{__version__}"
# What no program imports; each is needed by something that is installed.
DATA = {
    "py.typed",
    "pulumi-plugin.json",
    "links.schema.json",
    "accepted.schema.json",
    "emulator/page.css",
    "reporting/page.css",
    "reporting/page.html.jinja",
}


def committed(*places: str) -> set[str]:
    """The files of the repository in these places."""
    return set(must(["git", "ls-files", *places], cwd=ROOT).split())


def metadata(wheel: Path) -> Message:
    """What the wheel says of itself."""
    with zipfile.ZipFile(wheel) as archive:
        return Parser().parsestr(archive.read(f"{NAME}.dist-info/METADATA").decode())


def test_the_wheel_holds_the_package_and_nothing_else(built: Distributions) -> None:
    """Every committed file of the package, its licence and its metadata: no test, no tool."""
    with zipfile.ZipFile(built.wheel) as archive:
        names = set(archive.namelist())
    about = {f"{NAME}.dist-info/{name}" for name in ("METADATA", "WHEEL", "RECORD")}
    about |= {f"{NAME}.dist-info/{name}" for name in ("entry_points.txt", "licenses/LICENSE")}
    package = committed("pulumi_omise_links")

    assert names == package | about
    data = {name for name in package if not name.endswith(".py")}
    assert data == {f"pulumi_omise_links/{name}" for name in DATA}


def test_the_sdist_holds_what_the_wheel_is_built_of(built: Distributions) -> None:
    """Beside the package: the schemas for others, the texts that packagers expect, the build."""
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    texts = {"README.md", "CHANGELOG.md", "LICENSE", "PKG-INFO"}

    assert names == (
        committed("pulumi_omise_links", "schema")
        | texts
        | {"pyproject.toml", "hatch_build.py", ".gitignore"}
    )


def test_the_sdist_builds_the_same_wheel(built: Distributions, tmp_path: Path) -> None:
    """Byte for byte what the checkout builds, so both can be read in place of the other."""
    addresses = metadata(built.wheel).get_all("Project-URL", ["Homepage, "])
    env = distributions.environment()
    env["OMISE_LINKS_REPOSITORY"] = addresses[0].partition(", ")[2]
    for source, folder in ((ROOT, "checkout"), (built.sdist, "sdist")):
        options = ("--quiet", "--wheel", *distributions.OPTIONS, "--out-dir", tmp_path / folder)
        must([third_party.uv() / "uv", "build", *options, source], env=env)
        assert (tmp_path / folder / built.wheel.name).read_bytes() == built.wheel.read_bytes()


def test_an_index_takes_them(built: Distributions) -> None:
    """twine finds no mistake in what they say of themselves, and README can be shown."""
    must([third_party.twine() / "twine", "check", "--strict", built.wheel, built.sdist])


def test_the_wheel_says_what_it_needs(built: Distributions) -> None:
    """Its licence, its Pythons, its commands, its extra."""
    said = metadata(built.wheel)
    pythons_named = [
        name.rpartition(" ")[2]
        for name in said.get_all("Classifier", [])
        if name.startswith("Programming Language :: Python :: 3.")
    ]

    assert said["License-Expression"] == "Apache-2.0"
    assert pythons_named == list(pythons.SUPPORTED)
    assert said["Requires-Python"] == f">={pythons.SUPPORTED[0]}"
    assert "report" in said.get_all("Provides-Extra", [])
    with zipfile.ZipFile(built.wheel) as archive:
        commands = archive.read(f"{NAME}.dist-info/entry_points.txt").decode()
    assert "omise-links = " in commands
    assert "pulumi-resource-omise = " in commands


def test_a_release_says_where_its_repository_is(tmp_path: Path) -> None:
    """With the repository named, the package has its addresses, and no link of README is lost."""
    made = distributions.build(
        tmp_path, {"OMISE_LINKS_REPOSITORY": "https://code.example/team/links"}
    )
    said = metadata(made.wheel)
    text = str(said.get_payload())

    addresses = dict(line.split(", ") for line in said.get_all("Project-URL", []))
    assert addresses["Homepage"] == "https://code.example/team/links"
    assert {*addresses} == {"Homepage", "Documentation", "Changelog", "Issues"}
    assert f"](https://code.example/team/links/blob/v{__version__}/docs/adoption.md)" in text
    assert re.findall(r"\]\((?!https:|#)[^)]*\)", text) == []
    assert "<this repository>" not in text


def test_without_a_repository_no_address_is_invented(tmp_path: Path) -> None:
    """A build of a clone has no addresses, and the check before a release refuses it."""
    made = distributions.build(tmp_path, {"OMISE_LINKS_REPOSITORY": ""})
    assert metadata(made.wheel).get_all("Project-URL") is None

    done = subprocess.run(
        [sys.executable, ROOT / "tools/check_release.py", f"v{__version__}", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert f"{made.wheel.name} has no address of its repository" in done.stderr
