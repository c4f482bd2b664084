"""Stacks of the real engine compared with the account, while one is locked."""

from __future__ import annotations

import json
from typing import Any

import pytest
from harness import Project

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.state_format import TYPE_TOKEN

pytestmark = pytest.mark.engine

START = """
def link(name, opts=None, **more):
    usual = dict(amount=150_000, currency="thb", title=name, description="d", multiple=True)
    return Link(name, **{**usual, **more}, opts=opts)
"""
PROGRAM = (
    START
    + """
jp = Provider("jp", secret_key_env="JP_KEY")
link("yen", currency="jpy", opts=pulumi.ResourceOptions(provider=jp))
link("once", multiple=False)
for name in ("kept", "gone", "odd", "both"):
    link(name)
"""
)
COPY = START + 'link("both", adopt="BOTH")\nlink("hush", title=pulumi.Output.secret("Hush hush"))\n'
OTHER_PASSPHRASE = {"PULUMI_CONFIG_PASSPHRASE": "another one"}


def snapshot(project: Project) -> dict[str, bytes]:
    """Every file of the backend."""
    files = (file for file in project.backend.rglob("*") if file.is_file())
    return {str(file): file.read_bytes() for file in files}


def test_every_kind_is_found_and_nothing_is_written(project: Project, omise: Emulator) -> None:
    """Over two stacks, one of them locked and with a killed run's create, the other with a
    passphrase that nobody gives; a secret title is shown nowhere. Before, all is in order."""
    project.env["JP_KEY"] = omise.key("jp")
    project.program(PROGRAM)
    project.up().ok()
    ids = project.ids()
    project.cli("drift", "--expect-no-changes").ok().says("5 managed, 1 elsewhere. No drift.")

    project.program(COPY.replace("BOTH", ids["both"]))
    project.pulumi("stack", "init", "copy", env=OTHER_PASSPHRASE).ok()
    project.up(env=OTHER_PASSPHRASE).ok()
    project.pulumi("stack", "select", "dev").ok()
    omise.delete(ids["gone"])
    omise.pay(ids["once"])
    seeded: dict[str, Any] = {"amount": 150_000, "description": "d", "multiple": True}
    twin, secret_twin = (omise.seed(1, title=title, **seeded)[0] for title in ("kept", "Hush hush"))
    (lost,) = omise.seed(1, title="T", description="d", amount=5_000)
    (stray,) = omise.seed(1, title="Stray")
    state = json.loads(project.state_text())
    for resource in state["checkpoint"]["latest"]["resources"]:
        if resource["type"] == TYPE_TOKEN and resource["id"] == ids["odd"]:
            resource["outputs"]["amount"] = 149_900
    project.state_file.write_text(json.dumps(state))
    project.add_pending_create("new")
    project.lock()
    (project.folder / "accepted.yaml").write_text(
        f"version: 1\naccepted:\n  - {{id: {stray}, reason: Made by hand}}\n"
    )
    before = snapshot(project)
    omise.journal.clear()
    args = ("drift", "--backend", "--accepted", "accepted.yaml", "--expect-no-changes")

    found = project.cli(*args, "--json", PULUMI_CONFIG_PASSPHRASE="wrong")
    shown = project.cli(*args, PULUMI_CONFIG_PASSPHRASE="wrong")

    assert (found.code, shown.code) == (7, 7), shown.out
    assert {entry.method for entry in omise.journal.entries} == {"GET"}
    assert omise.journal.count("GET", "/links") == 2
    assert snapshot(project) == before
    drift = json.loads(found.stdout)
    assert drift["summary"] == {
        "managed": 2,
        "missing": 1,
        "differs": 1,
        "doubled": 1,
        "twin": 3,
        "unmanaged": 0,
        "pending": 1,
        "used": 1,
        "accepted": 1,
        "elsewhere": 1,
        "complete": True,
    }
    names = {
        kind: [link["name"] for link in drift[kind]] for kind in ("missing", "differs", "used")
    }
    assert names == {"missing": ["gone"], "differs": ["odd"], "used": ["once"]}
    assert [link["id"] for link in drift["twin"]] == [twin, secret_twin, lost]
    assert [link["of"]["name"] for link in drift["twin"]] == ["kept", "hush", "new"]
    assert sorted(owner["stack"] for owner in drift["doubled"][0]["owners"]) == [
        "organization/shop/copy",
        "organization/shop/dev",
    ]
    assert "Hush" not in found.out + shown.out
    shown.says(
        "amount: 150000 (THB 1,500.00) at Omise, 149900 (THB 1,499.00) in the state.",
        "like the pending create of dev/new: a lost answer?",
        "unmanaged: made ",
        "Accepted: Made by hand",
    )
