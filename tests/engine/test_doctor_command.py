"""``omise-links doctor`` with the real engine, language host and Python."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import Project, Run, writes

from pulumi_omise_links.emulator import Emulator

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("real_pip")]

MANIFEST = "version: 1\nlinks:\n  a: {title: T, description: D, amount: 5000, currency: THB}\n"


def results(run: Run) -> dict[str, str]:
    return {check["name"]: check["result"] for check in json.loads(run.stdout)["checks"]}


def contents(project: Project) -> dict[Path, bytes]:
    """Every file of the project, its backend and Pulumi's home, but for Pulumi's own logs."""
    return {
        file: file.read_bytes()
        for file in project.files()
        if "logs" not in file.relative_to(project.folder.parent).parts
    }


def test_a_project_is_examined_and_left_as_it_is(
    new_project: Callable[..., Project], omise: Emulator
) -> None:
    """All is well after an `up`; later three things are wrong, and each has its line."""
    project = new_project(secrets_provider="passphrase")
    (project.folder / "links.yaml").write_text(MANIFEST)
    project.program('declare_links("links.yaml")\n')
    project.config("omise:accountId", omise.account("th").id)
    project.up().ok()
    writes(omise)
    before = contents(project)

    run = project.cli("doctor", "--json").ok()

    assert {*results(run).values()} == {"ok"}, run.out
    assert contents(project) == before
    assert writes(omise) == []

    # The stack has no secret, so there is none that could not be opened.
    wrong = {"PULUMI_CONFIG_PASSPHRASE": "another"}
    project.preview(env=wrong).failed().says("incorrect passphrase")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    signed = {"pid": ended.pid, "username": "ann", "hostname": platform.node()}
    lock = project.backend / ".pulumi/locks/organization/shop/dev/1.json"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.write_text(json.dumps({**signed, "timestamp": "2026-11-27T09:00:00Z"}))
    project.up().failed().says("currently locked by 1 lock(s)")
    project.add_pending_create("b")
    bare = project.folder / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)

    run = project.cli("doctor", "--json", **wrong, PULUMI_PYTHON_CMD=str(bare / "bin/python"))

    assert run.code == 1
    found = results(run.failed())
    assert {name for name, result in found.items() if result == "fail"} == {
        *("lock", "pending", "secrets", "program", "plugin")
    }
    assert found["plugin-file"] == "skip"
    run.says("incorrect passphrase", "which has ended", "1 pending create", "-m ensurepip")
    assert writes(omise) == []
