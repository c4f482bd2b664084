"""The example for the Pulumi Kubernetes Operator: its objects, and what its workspaces do.

No cluster runs it. The objects are checked against the fields that the operator documents; the
workspace is imitated: a user who is not root and can write to nothing but one folder.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import third_party
import yaml
from harness import Run
from recipes.recorder import Recorder
from recipes.runner import ROOT, Machine, clean_environment, must

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.recipes

EXAMPLE = ROOT / "examples/08-kubernetes-operator"
SCHEMA = json.loads((Path(__file__).parent / "operator_stack.schema.json").read_text())
NOBODY = 65534


def stack(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((EXAMPLE / f"stack-{name}.yaml").read_text())
    return found


class Workspace:
    """What a pod of the operator has: an image that cannot be written to, and a folder."""

    def __init__(
        self, folder: Path, *, engine: Path, machine: Machine, env: Mapping[str, str]
    ) -> None:
        self.folder = folder
        self.recorder = Recorder(folder / "recorder")
        path = (
            self.recorder.wrap(machine.python / "omise-links"),
            self.recorder.wrap(engine / "pulumi"),
            machine.python,
            engine,
            os.environ["PATH"],
        )
        self.env = {**clean_environment(folder), "PATH": os.pathsep.join(map(str, path)), **env}
        # The tests' own files may be where only root looks, so this user may read all of them.
        rights = ("--inh-caps=-all,+dac_read_search", "--ambient-caps=+dac_read_search")
        user = (f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
        self._as_user: tuple[str, ...] = ()
        if os.geteuid() == 0:
            self._as_user = ("setpriv", *user, *rights, "--")
            for place in (folder, *folder.rglob("*")):
                os.chown(place, NOBODY, NOBODY)

    def enter(self, name: str, source: Path | None = None) -> Path:
        """A folder for a workspace: empty, or with a source."""
        place = self.folder / name
        place.mkdir()
        if source:
            shutil.copytree(source, place, dirs_exist_ok=True)
        if self._as_user:
            for file in (place, *place.rglob("*")):
                os.chown(file, NOBODY, NOBODY)
        return place

    def run(self, place: Path, *command: str, env: Mapping[str, str] | None = None) -> Run:
        done = subprocess.run(
            [*self._as_user, *command],
            cwd=place,
            env={**self.env, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user can reach, as that of the tests may not be."""
    with tempfile.TemporaryDirectory(prefix="operator-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.mark.parametrize("name", ["prod", "review"])
def test_the_stacks_have_documented_fields(name: str) -> None:
    """Each field of a Stack is one that the operator documents, with a value of its type."""
    jsonschema.validate(stack(name), SCHEMA)


@pytest.mark.parametrize(
    ("place", "field", "value"),
    [
        (("spec",), "destroyOnFinalise", True),
        (("spec",), "destroyOnFinalize", "true"),
        (("spec", "workspaceTemplate", "spec"), "skipinstall", True),
        (("spec", "envRefs", "OMISE_SECRET_KEY"), "type", "Literal"),
        (("spec",), "commit", "3f2a1bc"),
    ],
)
def test_a_slip_is_noticed(place: Sequence[str], field: str, value: object) -> None:
    """A misspelt field, a text for a switch, a reference without its other half, two revisions."""
    wrong = copy.deepcopy(stack("review"))
    part = wrong
    for step in place:
        part = part[step]
    part[field] = value

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, SCHEMA)


def test_what_the_end_of_an_object_ends() -> None:
    """Only that of a review environment ends its links; neither has a key in its text, and the
    Secrets of one are out of the reach of the other."""
    assert stack("review")["spec"]["destroyOnFinalize"] is True
    assert stack("prod")["spec"]["destroyOnFinalize"] is False
    assert stack("review")["metadata"]["namespace"] != stack("prod")["metadata"]["namespace"]
    for name in ("prod", "review"):
        spec = stack(name)["spec"]
        assert spec["envRefs"]["OMISE_SECRET_KEY"]["type"] == "Secret"
        assert spec["workspaceTemplate"]["spec"]["skipInstall"] is True
    project = yaml.safe_load((EXAMPLE / "links/Pulumi.yaml").read_text())
    assert project["runtime"] == "python", "a virtual environment is not there at the end"


@pytest.mark.parametrize("name", ["nightly.yaml", "workspace.yaml"])
def test_the_objects_of_kubernetes_itself(name: str) -> None:
    """Kubernetes knows their fields."""
    validate = third_party.kubernetes_validate() / "kubernetes-validate"
    assert "passed for resource" in must([validate, "--strict", EXAMPLE / name])


def test_a_review_environment_whose_source_is_gone(
    folder: Path, engine: Path, runner: Machine, omise: Emulator
) -> None:
    """Its stack is destroyed from a folder with a bare Pulumi.yaml, by a user who is not root and
    cannot write to the interpreter; the nightly job of the same image sees it before and after."""
    spec = stack("review")["spec"]
    project = yaml.safe_load((EXAMPLE / "links/Pulumi.yaml").read_text())
    (folder / "state").mkdir()
    given = {
        "OMISE_SECRET_KEY": omise.key("th"),
        "PULUMI_CONFIG_PASSPHRASE": "correct horse",
        "AWS_ACCESS_KEY_ID": "",
        "AWS_SECRET_ACCESS_KEY": "",
        "AWS_REGION": "",
    }
    assert {*given} == {*spec["envRefs"]}
    workspace = Workspace(
        folder,
        engine=engine,
        machine=runner,
        env={
            **given,
            "PULUMI_BACKEND_URL": f"file://{folder}/state",
            "OMISE_API_URL": omise.url,
            # The home folder of the image's user; that of this user is not there.
            "PULUMI_HOME": str(folder / "home"),
        },
    )
    writable = f"import os; print(os.access({str(runner.python.parent)!r}, os.W_OK), os.geteuid())"
    if os.geteuid() == 0:
        told = workspace.run(folder, "python3", "-c", writable).ok().stdout.split()
        assert told == ["False", str(NOBODY)]

    def begin(place: Path) -> None:
        workspace.run(place, "pulumi", "stack", "select", "--create", spec["stack"]).ok()
        for name, value in spec["config"].items():
            workspace.run(place, "pulumi", "config", "set", name, value).ok()

    first = workspace.enter("first", EXAMPLE / "links")
    begin(first)
    workspace.run(first, "pulumi", "up", "--yes", "--skip-preview").ok()
    assert [link["title"].rpartition(" · ")[2] for link in omise.links()] == ["mr-42", "mr-42"]

    accepted, cron = yaml.safe_load_all((EXAMPLE / "nightly.yaml").read_text())
    (container,) = cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    env = {variable["name"]: variable.get("value") for variable in container["env"]}
    assert "PULUMI_CONFIG_PASSPHRASE" not in env
    nightly = workspace.enter("nightly")
    pod = cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    (folder_of_findings,) = (
        mounted[volume["name"]]
        for volume in pod["volumes"]
        if volume.get("configMap") == {"name": accepted["metadata"]["name"]}
    )
    for name, text in accepted["data"].items():
        (nightly / name).write_text(text)
    command = [word.replace(folder_of_findings, str(nightly)) for word in container["command"]]
    night = {
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_HOME": env["PULUMI_HOME"].replace(container["workingDir"], str(nightly)),
    }
    seen = workspace.run(nightly, *command, env=night).ok()
    seen.says("2 managed. No drift.")

    last = workspace.enter("last")
    bare = {"name": project["name"], "runtime": project["runtime"]}
    (last / "Pulumi.yaml").write_text(yaml.safe_dump(bare))
    begin(last)
    workspace.run(last, "pulumi", "destroy", "--yes", "--skip-preview").ok()
    assert omise.links(deleted=False) == []

    (by_hand,) = omise.seed(title="By hand")
    assert workspace.run(nightly, *command, env=night).code == 7
    line = {"id": by_hand, "reason": "Made by hand, and meant to be"}
    (nightly / "links.accepted.yaml").write_text(yaml.safe_dump({"version": 1, "accepted": [line]}))
    workspace.run(nightly, *command, env=night).ok()
