"""A job of the recipe that is cancelled at any moment leaves nothing that its own last step and the
next job do not put right."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi_project import descendants, kill
from recipes.github import CUT_OFF, EXAMPLE, WORKFLOWS, steps
from recipes.recorder import Recorder, commands_in, commands_of_guide
from recipes.runner import Machine, clean_environment

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.state_format import TYPE_TOKEN

pytestmark = pytest.mark.recipes

GUIDE = "### A job was cancelled"
# What GitHub's runner does to a job that is cancelled: the first process of the step gets SIGINT,
# after so many seconds SIGTERM, and after so many more everything it has started is killed.
TO_SIGTERM, TO_KILL = 7.5, 2.5
LINKS = [f"seat-{number}" for number in range(8)]
# Seconds that Omise takes for a link: a moment, or longer than a cancelled job has.
QUICK, SLOW = 0.5, 14.0
# `recover` waits at least 90 s by default, for answers that take longer than any here.
SETTLE = ("omise-links recover", "omise-links recover --settle 16")


class Runner:
    """A machine that runs steps of a workflow, as GitHub does: each is a script of its own."""

    def __init__(self, folder: Path, engine: Path, machine: Machine, recorder: Recorder) -> None:
        self.folder = folder
        shutil.copytree(EXAMPLE, folder)
        manifest = yaml.safe_load((folder / "links.yaml").read_text())
        link = {"description": "A seat", "amount": 50000}
        manifest["links"] = {name: {"title": name, **link} for name in LINKS}
        (folder / "links.yaml").write_text(yaml.safe_dump(manifest))
        home = folder.parent / f"{folder.name}-home"
        home.mkdir()
        base = clean_environment(home)
        wrapped = [recorder.wrap(machine.python / "omise-links"), recorder.wrap(engine / "pulumi")]
        path = ":".join(map(str, [*wrapped, machine.python, engine, base["PATH"]]))
        self.env = {**base, "PATH": path, "PULUMI_SKIP_UPDATE_CHECK": "true"}

    def start(self, script: str, env: Mapping[str, str]) -> subprocess.Popen[str]:
        """Start a step."""
        file = self.folder / "step.sh"
        file.write_text(script)
        with (self.folder / "log").open("a") as log:
            return subprocess.Popen(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", file],
                cwd=self.folder,
                env={**self.env, **env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )

    def note(self, text: str) -> None:
        """Write a line of ours among what the steps print."""
        with (self.folder / "log").open("a") as log:
            log.write(f"--- {text}\n")

    def run(self, script: str, env: Mapping[str, str]) -> str:
        """Run a step that has to succeed; return all that this machine has printed."""
        code = self.start(script, env).wait(timeout=300)
        log = (self.folder / "log").read_text()
        assert code == 0, log
        return log


def cancel(step: subprocess.Popen[str]) -> str:
    """Do to a step what the runner does; return what has ended it."""
    family = descendants(step.pid)
    step.send_signal(signal.SIGINT)
    try:
        step.wait(timeout=TO_SIGTERM)
    except subprocess.TimeoutExpired:
        step.send_signal(signal.SIGTERM)
    else:
        return "SIGINT"
    try:
        step.wait(timeout=TO_KILL)
    except subprocess.TimeoutExpired:
        family += descendants(step.pid)
        step.kill()
        kill(family)
        step.wait()
        return "SIGKILL"
    kill(process for process in family if process.is_running())
    return "SIGTERM"


@pytest.fixture(scope="module")
def recorder(place: Path) -> Recorder:
    return Recorder(place / "recorder")


@pytest.fixture
def omise() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


def script_of(workflow: str, **wanted: str) -> str:
    """The script of a step of a workflow, by its id or its name."""
    (script,) = (
        step["run"]
        for step in steps(WORKFLOWS / f"{workflow}.yml")
        if wanted.items() <= step.items()
    )
    return str(script)


@pytest.mark.parametrize("trial", range(10))
def test_a_cancelled_job(
    trial: int, place: Path, engine: Path, runner: Machine, recorder: Recorder, omise: Emulator
) -> None:
    """Cancelled at a random moment, in every third trial while Omise takes longer than the runner
    waits: after the job's own last step and the next job, account and state are as declared."""
    dice = random.Random(trial)
    workflow = ("links-deploy", "links-pull-request")[trial % 2]
    stack = ("prod", "pr-7")[trial % 2]
    slow = trial % 3 == 2
    backend = place / f"backend-{trial}"
    backend.mkdir()
    env = {
        "STACK": stack,
        "PULUMI_BACKEND_URL": f"file://{backend}",
        "PULUMI_CONFIG_PASSPHRASE": "correct horse",
        "OMISE_API_URL": omise.url,
        "OMISE_SECRET_KEY": omise.key("th", live=stack == "prod"),
    }
    up = script_of(workflow, id="up")
    put_right = script_of(workflow, name=CUT_OFF).replace(*SETTLE)
    machine = Runner(place / f"job-{trial}", engine, runner, recorder)
    if stack == "prod":
        machine.run("pulumi stack init prod", env)

    before = dice.randrange(len(LINKS))
    omise.fault("slow", method="POST", path="/links", times=before or 1, seconds=QUICK)
    omise.fault("slow", method="POST", path="/links", times=99, seconds=SLOW if slow else QUICK)
    step = machine.start(up, env)
    until = time.monotonic() + 120
    while omise.journal.count("POST") < before and step.poll() is None:
        assert time.monotonic() < until, "no link was made"
        time.sleep(0.02)
    # Before the first link a run takes some seconds; between links it takes moments.
    time.sleep(dice.uniform(0, 0.6 if before else 6))
    ended_by = cancel(step)
    machine.note(f"{stack}: after {before} links, ended by {ended_by}: {step.returncode}")
    machine.run(put_right, {**env, "OUTCOME": "cancelled"})
    omise.clear_faults()

    following = Runner(place / f"next-job-{trial}", engine, runner, recorder)
    log = following.run(up, env)

    ending = " · pr-7" if stack == "pr-7" else ""
    links = omise.links(deleted=False)
    assert sorted(link["title"] for link in links) == [f"{name}{ending}" for name in LINKS], log
    state = following.run(f"pulumi stack export --stack {stack} > state.json", env)
    state = json.loads((following.folder / "state.json").read_text())
    assert ids(state) == {link["id"] for link in links}
    assert not state["deployment"].get("pending_operations")


def ids(state: dict[str, Any]) -> set[str]:
    resources = state["deployment"]["resources"]
    return {resource["id"] for resource in resources if resource["type"] == TYPE_TOKEN}


def test_every_command_after_a_cancelled_job_was_run(recorder: Recorder) -> None:
    """The steps that put a stack in order, and the guide, have no command that no trial ran."""
    wanted = {
        command
        for workflow in WORKFLOWS.glob("*.yml")
        for step in steps(workflow)
        if step.get("name") == CUT_OFF
        for command in commands_in(step["run"])
    }
    by_hand = commands_of_guide(GUIDE)
    assert (len(wanted), len(by_hand)) == (4, 2)
    assert recorder.not_run([*wanted, *by_hand]) == []
