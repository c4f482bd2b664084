"""``omise-links sweep`` with real stacks: what any of them manages stays, and a lost state is
cleaned up by its mark."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from harness import Project, writes

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.engine

PROGRAM = """
stack = pulumi.get_stack()
title = "Sale" if stack == "dev" else f"Sale · {stack}"
for n in range(2):
    Link(f"n{n}", amount=150_000, currency="thb", title=title, description=f"Hall {n}")
"""
SWEEP = ("sweep", "--all", "--min-age", "10m")


def alive(omise: Emulator) -> set[str]:
    return {link["id"] for link in omise.links(deleted=False)}


def test_only_what_no_stack_manages_goes(project: Project, omise: Emulator) -> None:
    """A stack that is not selected keeps its links; a pending create, a state that cannot be read
    and a link without the id of its account stop all. Twins of managed links go like any others."""
    project.program(PROGRAM)
    project.pulumi("stack", "init", "other").ok()
    project.up().ok()
    project.pulumi("stack", "select", "dev").ok()
    project.up().ok()
    twin, old, young = omise.seed(
        3, title="Sale", description="Hall 1", amount=150_000, seconds_apart=1200
    )
    managed = alive(omise) - {twin, old, young}
    assert len(managed) == 4
    writes(omise)

    planned = project.cli_json(*SWEEP)
    assert [link["id"] for link in planned["delete"]] == [twin, old]
    assert planned["summary"]["managed"] == 4

    other = project.backend / ".pulumi/stacks/shop/other.json"
    whole = other.read_text()
    project.cli(*SWEEP, "--stack", "other").ok()
    for broken, said in (
        (whole[:300], "unexpected end of JSON input"),
        (whole.replace('"account_id"', '"account"'), "without the id of its account"),
        (_with_pending_create(whole), "operations on links that are not finished"),
    ):
        other.write_text(broken)
        refused = project.cli(*SWEEP, "--yes", "--account", omise.account("th").id)
        assert refused.code == 1
        refused.says(said)
    other.write_text(whole.replace('"account_id"', '"account"'))
    project.refresh("--stack", "other").ok()
    assert writes(omise) == []

    sweep = (*SWEEP, "--checksum", planned["checksum"], "--yes", "--record", "gone.yaml")
    project.cli(*sweep, "--account", omise.account("th").email).ok().says(
        "2 links deleted and read back."
    )

    assert alive(omise) == managed | {young}
    project.unchanged()
    project.unchanged(env={"PULUMI_STACK": "other"})


def _with_pending_create(state: str) -> str:
    """Return a state with a create that a killed run has left."""
    data = json.loads(state)
    latest = data["checkpoint"]["latest"]
    link = next(resource for resource in latest["resources"] if resource["urn"].endswith("::n0"))
    resource = {name: value for name, value in link.items() if name not in {"id", "outputs"}}
    pending = {**resource, "urn": resource["urn"].replace("::n0", "::n7")}
    latest["pending_operations"] = [{"resource": pending, "type": "creating"}]
    return json.dumps(data)


def test_a_lost_state_is_cleaned_up_by_its_mark(tmp_path: Path, engine: Path) -> None:
    """The state file of the stack pr-42 is gone, and it was the selected stack: its links are
    found by the end of their titles, and those of pr-4 and of another stack stay."""
    late = [-3600.0]
    with Emulator(clock=lambda: time.time() + late[0]) as omise:
        project = Project(
            tmp_path / "1",
            engine,
            {"OMISE_API_URL": omise.url, "OMISE_SECRET_KEY": omise.key("th")},
        )
        project.program(PROGRAM)
        project.up().ok()
        (neighbour,) = omise.seed(title="Sale · pr-4")
        before = alive(omise)
        project.pulumi("stack", "init", "pr-42").ok()
        project.up().ok()
        for file in (project.backend / ".pulumi/stacks/shop").glob("pr-42.json*"):
            file.unlink()
        late[0] = 0.0

        sweep = ("sweep", "--mark", "pr-42", "--min-age", "10m")
        assert project.cli_json(*sweep)["summary"]["delete"] == 2
        run = project.cli(*sweep, "--yes", "--account", omise.account("th").id)
        run.ok().says("2 links deleted and read back.")

        assert alive(omise) == before
        assert neighbour in before
        project.pulumi("stack", "select", "dev").ok()
        project.unchanged()
