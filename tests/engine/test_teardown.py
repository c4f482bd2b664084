"""`omise-links teardown`: each state that the end of an environment can find a stack in."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from typing import Any

import pytest
from harness import Project, Run, writes

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.engine

FULL = "organization/shop/{}".format
TWO = """
Link("once", amount=5_000, currency="THB", title="T", description="d")
Link("often", amount=5_000, currency="THB", title="O", description="d", multiple=True)
"""


def teardown(project: Project, *stacks: str, **options: Any) -> Run:
    """Run the command for these stacks, with `--yes`; `flags` are further words."""
    named = [word for stack in stacks for word in ("--stack", stack)]
    return project.cli("teardown", *named, "--yes", *options.pop("flags", ()), **options)


def new_stack(project: Project, name: str, program: str = TWO) -> None:
    """Make a stack with the links of a program. Stack `dev` stays the selected one."""
    project.pulumi("stack", "init", name, "--no-select").ok()
    project.program(program)
    project.up("--stack", name).ok()


def stacks(project: Project) -> set[str]:
    """The short names of the stacks of the backend."""
    listed = json.loads(project.pulumi("stack", "ls", "--json").ok().stdout)
    return {stack["name"] for stack in listed}


def payable(omise: Emulator) -> set[str]:
    """The titles of the links that exist, of all accounts."""
    return {link["title"] for link in omise.links(deleted=False)}


def lock(project: Project, stack: str, process: int, host: str = "") -> None:
    """Lock a stack as a run of this process does."""
    file = project.backend / f".pulumi/locks/organization/shop/{stack}/x.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    holder = {
        "pid": process,
        "username": "ci",
        "hostname": host or platform.node(),
        "timestamp": "2026-11-27T10:00:00Z",
    }
    file.write_text(json.dumps(holder))


def test_an_environment_whose_sources_are_gone(project: Project, omise: Emulator) -> None:
    """A bare Pulumi.yaml in an empty folder is enough: links of two accounts and another resource
    are destroyed with the keys of the state, the stack is gone, and the selected stack stays
    selected. Run again, it says that there is no such stack."""
    project.pulumi("stack", "init", "pr-1", "--no-select").ok()
    for words in (("omise:apiUrl", omise.url), ("--secret", "omise:secretKey", omise.key("th"))):
        project.pulumi("config", "set", *words, "--stack", "pr-1").ok()
    project.program(
        TWO
        + f"""
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

class Other(ResourceProvider):
    def create(self, props):
        return CreateResult("other", {{}})

class OtherResource(Resource):
    def __init__(self, name):
        super().__init__(Other(), name, {{}})

OtherResource("other")
jp = Provider("jp", secret_key=pulumi.Output.secret("{omise.key("jp")}"))
Link("yen", amount=500, currency="JPY", title="Yen", description="d",
     opts=pulumi.ResourceOptions(provider=jp))
"""
    )
    project.up("--stack", "pr-1").ok()
    for name in ("OMISE_API_URL", "OMISE_SECRET_KEY"):
        del project.env[name]
    assert payable(omise) == {"T", "O", "Yen"}
    for file in project.folder.iterdir():
        if file.is_file():
            file.unlink()
    (project.folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")

    run = teardown(project, "pr-1").ok()

    run.says("tear down", "3 links, 1 other resource", "1 of pulumi-python:dynamic")
    run.says("pr-1: 3 links deleted and read back, stack removed. Nothing of it can be paid.")
    assert payable(omise) == set()
    assert stacks(project) == {"dev"}
    assert [file.name for file in project.folder.iterdir()] == ["Pulumi.yaml"]
    assert project.pulumi("stack", "--show-name").ok().out.strip() == "dev"

    again = project.cli_json("teardown", "--stack", "pr-1", "--yes")
    assert [(stack["name"], stack["state"]) for stack in again["stacks"]] == [("pr-1", "gone")]
    assert again["summary"] == {"stacks": 1, "deleted": 0, "payable": 0, "unknown": 0}


def test_a_proxy_that_drops_the_sub_merchant_proves_nothing(
    project: Project, omise: Emulator
) -> None:
    """Omise then knows none of the links, although they can be paid: the stack stays, and is torn
    down once the header arrives."""
    project.env["OMISE_SUB_MERCHANT_ID"] = "team_a"
    new_stack(project, "pr-1")
    omise.switch(sub_merchant_header="ignored")

    run = teardown(project, "pr-1")

    assert run.code == 1
    run.says("a proxy on the way may drop the header SUB_MERCHANT_ID", "stack not removed")
    assert payable(omise) == {"T", "O"}
    omise.switch(sub_merchant_header="obeyed")
    teardown(project, "pr-1").ok().says("2 links deleted and read back, stack removed.")
    assert payable(omise) == set()


def test_what_must_stay_refuses_everything(project: Project, omise: Emulator) -> None:
    """Protected and retained links are named, and not even another stack is touched. What the
    refusal advises helps: then the retained link stays at Omise, as a person has decided. A full
    name needs no project in the folder."""
    new_stack(project, "pr-1")
    new_stack(
        project,
        "pr-2",
        TWO.replace(")\n", ", opts=pulumi.ResourceOptions(protect=True))\n", 1)
        + "Link('poster', amount=5_000, currency='THB', title='P', description='d',"
        " opts=pulumi.ResourceOptions(retain_on_delete=True))",
    )
    writes(omise)

    run = teardown(project, "pr-1", "pr-2", flags=["--json"])

    assert run.code == 1
    first, second = json.loads(run.stdout)["stacks"]
    assert (first["state"], first["payable"]) == ("untouched", 2)
    assert (second["state"], second["payable"]) == ("refused", 3)
    protected, retained = second["reasons"]
    assert "once" in protected
    assert "often" not in protected
    assert "poster" in retained
    assert writes(omise) == []
    assert stacks(project) == {"dev", "pr-1", "pr-2"}

    poster = "urn:pulumi:pr-2::shop::pulumi-python:dynamic/omise:Link::poster"
    project.pulumi("state", "unprotect", "--all", "--yes", "--stack", "pr-2").ok()
    project.pulumi("state", "delete", poster, "--yes", "--stack", "pr-2").ok()
    empty = project.folder / "empty"
    empty.mkdir()
    teardown(project, FULL("pr-1"), flags=["--cwd", str(empty)]).ok().says("stack removed")
    teardown(project, "pr-*").ok().says("1 stack torn down.")
    assert payable(omise) == {"P"}
    assert stacks(project) == {"dev"}


def test_live_links_need_three_consents(project: Project, omise: Emulator) -> None:
    """No pattern matches their stack, and its name is not enough: the stack must allow live mode,
    and the command must say it."""
    project.env["OMISE_SECRET_KEY"] = omise.key("th", live=True)
    project.pulumi("stack", "init", "pr-1", "--no-select").ok()
    project.program(TWO)
    project.up("--stack", "pr-1", env={"OMISE_ALLOW_LIVE": "true"}).ok()
    new_stack(project, "pr-2", "")
    project.pulumi("config", "set", "omise:allowLive", "true", "--stack", "pr-2").ok()
    writes(omise)

    run = teardown(project, "pr-*").ok()
    run.says(f"{FULL('pr-1')} was left out: it has live links.", "Nothing was done.")
    run.says(f"{FULL('pr-2')} was left out: it has omise:allowLive.")
    refused = teardown(project, "pr-1")
    assert refused.code == 1
    refused.says("Say --live as well", "OMISE_ALLOW_LIVE=true", "Nothing was touched.")
    assert teardown(project, "pr-1", flags=["--live"]).code == 1
    assert writes(omise) == []

    teardown(project, "pr-1", flags=["--live"], OMISE_ALLOW_LIVE="true").ok()
    assert payable(omise) == set()


def test_a_killed_up_and_its_lock(project: Project, omise: Emulator) -> None:
    """The lock of a dead run is explained and taken away with --unlock only; then the link that the
    killed run has made is deleted with the others. The lock of a run that lives stays."""
    project.program(TWO)
    project.up().ok()
    project.pulumi("stack", "init", "other").ok()
    project.add_pending_create("lost")
    omise.seed(title="T", description="d", amount=5_000)
    (project.folder / "__main__.py").unlink()
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    lock(project, "dev", child.pid)
    writes(omise)

    locked = teardown(project, "dev", flags=["--settle", "0"])
    assert locked.code == 1
    locked.says("created by ci@", "has ended: run this again with --unlock", "can be paid")
    lock(project, "dev", os.getpid())
    living = teardown(project, "dev", flags=["--settle", "0", "--unlock"])
    assert living.code == 1
    living.says(f"Process {os.getpid()} of this machine holds the lock and still runs")
    assert writes(omise) == []

    lock(project, "dev", 1, "runner-1")
    run = teardown(project, "dev", flags=["--settle", "0", "--unlock"]).ok()

    run.says("A killed run has made link lost", "3 links deleted and read back, stack removed")
    assert payable(omise) == set()
    assert stacks(project) == {"other"}


def test_used_links(project: Project, omise: Emulator) -> None:
    """Nobody can pay a used link. If Omise refuses to delete it, --keep-used leaves it there. With
    a key of another account, nothing is done."""
    new_stack(project, "pr-1")
    (once,) = (link["id"] for link in omise.links() if link["title"] == "T")
    omise.pay(once)
    omise.switch(delete_used="failed_deletion")

    writes(omise)
    other = teardown(project, "pr-1", OMISE_SECRET_KEY=omise.key("jp"))
    assert other.code == 1
    other.says("Nothing was changed. Use a key of the link's own account")
    assert writes(omise) == []

    run = teardown(project, "pr-1")
    assert run.code == 1
    run.says("1 of them used up", "deletion failed", "stack not removed", "--keep-used")
    assert payable(omise) == {"T"}
    run = teardown(project, "pr-1", flags=["--keep-used", "--keep-stack"]).ok()
    run.says("1 used link left at Omise, empty stack kept. Nothing of it can be paid.")
    assert stacks(project) == {"dev", "pr-1"}
    assert teardown(project, "pr-1", OMISE_KEEP_LINKS=once).code == 2


def test_a_deletion_that_cannot_be_read_back_is_no_deletion(
    project: Project, omise: Emulator
) -> None:
    """Omise answers the deletions and then nothing more. The links stay in the state as not known,
    and the next run proves that they are gone."""
    new_stack(project, "pr-1")
    ids = {link["id"] for link in omise.links()}
    omise.fault("500", method="GET", path="/links/*", times=1_000)
    once = {"OMISE_TIMEOUT": "1"}

    run = teardown(project, "pr-1", flags=["--json"], **once)

    assert run.code == 1
    (stack,) = json.loads(run.stdout)["stacks"]
    assert (stack["state"], stack["deleted"], stack["unknown"]) == ("failed", 0, 2)
    assert payable(omise) == set()
    assert ids <= {resource.get("id") for resource in resources(project, "pr-1")}

    omise.clear_faults()
    teardown(project, "pr-1").ok().says("2 links deleted and read back, stack removed")


def resources(project: Project, stack: str) -> list[dict[str, Any]]:
    """The resources in the state of a stack."""
    exported = project.pulumi("stack", "export", "--stack", stack).ok().stdout
    found: list[dict[str, Any]] = json.loads(exported)["deployment"].get("resources", [])
    return found
