"""Projects with a program in another language: SDK, host, and the tools of the language."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import language_hosts
import make_sdk
import pytest
import third_party
from engine import EngineError
from example_runs import EXAMPLES
from harness import Project

PROGRAMS = Path(__file__).parent / "programs"
SDK = "sdks/omise"  # where `pulumi package add` puts it


def fill(project: Project, language: str) -> None:
    """Copy the program of a language into a project, with the SDK and what both need."""
    shutil.copytree(PROGRAMS / language, project.folder, dirs_exist_ok=True)
    provide(project, language)
    make_sdk.make_sdk(language, project.folder / SDK)
    if language == "nodejs":
        _install_node_modules(project)
    elif language == "go":
        for file in ("go.mod", "go.sum"):
            shutil.copy(EXAMPLES / "11-go" / file, project.folder)
        # The first time takes minutes, and a command of Pulumi's is not given as many here.
        run(project, "go", "build", "-o", os.devnull, ".")
    else:
        _install_python_package(project)


def provide(project: Project, language: str) -> None:
    """Put the host and the tools of a language on the project's PATH; what is missing is got.

    The test fails with one sentence if that is not possible.
    """
    try:
        make_sdk.find_or_get_generator()
        folders = _tools(project, language)
        if language != "python":  # that host is a part of the engine
            folders.append(language_hosts.find_or_get(language))
    except (EngineError, third_party.ToolError) as error:
        missing = f"Programs in {language} cannot be run here. {error}"
        raise pytest.fail.Exception(missing, pytrace=False) from None
    project.env["PATH"] = os.pathsep.join([*map(str, folders), project.env["PATH"]])


def _tools(project: Project, language: str) -> list[Path]:
    if language == "nodejs":
        node = third_party.node().resolve()
        # npm of the wheel is in its library; what stands beside node does not find that.
        return [third_party.pulumi_for_node() / ".bin", _npm(project, node), node]
    if language == "go":
        if not shutil.which("go"):
            raise EngineError("There is no Go: install Go 1.26.6 or later.")
        # So the packages that the engine was built of need not be compiled again.
        project.env["CGO_ENABLED"] = "0"
    return []


def _npm(project: Project, node: Path) -> Path:
    script = node.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    folder = project.folder.parent / "npm"
    folder.mkdir()
    (folder / "npm").write_text(f'#!/bin/sh\nexec "{node}/node" "{script}" "$@"\n')
    (folder / "npm").chmod(0o755)
    return folder


def _install_node_modules(project: Project) -> None:
    """Give the project its modules, as npm does, but without copies."""
    kept = third_party.pulumi_for_node()
    modules = project.folder / "node_modules"
    modules.mkdir()
    for name in ("@pulumi", "@types", "typescript"):
        (modules / name).symlink_to(kept / name)
    run(project, "node", "scripts/postinstall.js", folder=SDK)  # compiles it
    (modules / "pulumi-omise").symlink_to(project.folder / SDK)


def _install_python_package(project: Project) -> None:
    """Install the SDK for the project alone; what it needs is installed beside pytest."""
    packages = project.folder / "packages"
    options = ("--quiet", "--disable-pip-version-check", "--no-deps", "--target", str(packages))
    env = {"PYTHONPATH": ""}
    run(project, sys.executable, "-m", "pip", "install", *options, f"./{SDK}", env=env)
    project.env["PYTHONPATH"] += f"{os.pathsep}{packages}"


def run(
    project: Project, *command: str, folder: str = ".", env: Mapping[str, str] | None = None
) -> str:
    """Run a command of a language in the project; return what it prints, or fail with that."""
    done = subprocess.run(
        command,
        cwd=project.folder / folder,
        env={**project.env, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
