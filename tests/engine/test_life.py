"""The life of links through the real engine: up, change, drift, refresh, destroy."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import pytest
from harness import Project, writes

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.engine

ATTRIBUTES = (
    *("id", "object", "livemode", "location", "amount", "currency", "title", "description"),
    *("multiple", "payment_uri", "created_at", "used", "used_at", "deleted", "deleted_at"),
    *("merchant_name", "merchant_uid"),
)
# Wrapped in a list, because the engine leaves out outputs that are None.
SPRING = f"""
spring = Link("spring", amount=150_000, currency="thb", title="Spring sale",
              description="Two tickets", multiple=True)
for name in {ATTRIBUTES}:
    pulumi.export(name, getattr(spring, name).apply(lambda value: [value]))
pulumi.export("type of amount", spring.amount.apply(lambda value: type(value).__name__))
"""


def test_a_declared_link_lives_and_dies(project: Project, omise: Emulator) -> None:
    """up makes the link with one POST, every attribute is an output, nothing drifts, destroy
    deletes it."""
    project.program(SPRING)

    project.preview(env={"OMISE_SECRET_KEY": ""}).ok().says("+ 2 to create")  # needs no key
    assert omise.journal.entries == []
    project.up().ok()

    assert writes(omise) == ["POST /links"]
    (link,) = omise.links(deleted=False)
    outputs = project.outputs()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", outputs["created_at"][0])
    assert {name: outputs[name] for name in ATTRIBUTES if name != "created_at"} == {
        "id": [link["id"]],
        "object": ["link"],
        "livemode": [False],
        "location": [f"/links/{link['id']}"],
        "amount": [150_000],
        "currency": ["thb"],
        "title": ["Spring sale"],
        "description": ["Two tickets"],
        "multiple": [True],
        "payment_uri": [link["payment_uri"]],
        "used": [False],
        "used_at": [None],
        "deleted": [False],
        "deleted_at": [None],
        "merchant_name": [None],
        "merchant_uid": [None],
    }
    assert (link["amount"], link["currency"]) == (150_000, "THB")
    # A whole number everywhere: in the program, in the outputs, in the state.
    assert outputs["type of amount"] == "int"
    assert '"amount":150000,' in project.state_text()
    record = project.links()["spring"]
    assert record["outputs"]["account_id"] == omise.account("th").id
    sizes = {part: len(json.dumps(record[part], separators=(",", ":"))) for part in record}
    assert sizes["inputs"] + sizes["outputs"] < 600, "a link has grown in the state"
    assert len(json.dumps(record, separators=(",", ":"))) < 1300
    assert "stackTrace" not in record

    project.unchanged(env={"OMISE_SECRET_KEY": ""})
    assert omise.journal.entries == []
    project.unchanged()
    # A preview without changes asks whose key it is, and nothing else.
    assert [f"{entry.method} {entry.path}" for entry in omise.journal.entries] == ["GET /account"]
    before = project.known()
    # All that Pulumi can log, and still no key: the harness looks for one in every output.
    project.refresh("--expect-no-changes", "-v=9", "--logtostderr", "--logflow").ok()
    assert writes(omise) == []
    assert project.known() == before

    project.destroy("-v=9", "--logtostderr", "--logflow").ok()
    assert writes(omise) == [f"DELETE /links/{link['id']}"]
    assert omise.links(deleted=False) == []
    assert project.links() == {}


def test_the_preview_names_the_input_that_changed(project: Project, omise: Emulator) -> None:
    """Each changed input is a replacement that names just that input; a currency in other letters
    of the same code is no change."""
    changes: dict[str, tuple[Any, Any]] = {
        "amount": (150_000, 160_000),
        "currency": ("THB", "USD"),
        "title": ("Spring sale", "Summer sale"),
        "description": ("Two tickets", "Three tickets"),
        "multiple": (False, True),
    }
    first = {name: old for name, (old, _) in changes.items()}
    declare = "for name, inputs in {}.items():\n    Link(name, **inputs)\n"
    project.program(declare.format(dict.fromkeys((*changes, "letters"), first)))
    project.up().ok()
    omise.journal.clear()

    second = {name: {**first, name: new} for name, (_, new) in changes.items()}
    project.program(declare.format({**second, "letters": {**first, "currency": "thb"}}))
    plan = project.plan()
    shown = project.preview().ok().says("+-5 to replace", "2 unchanged")

    assert writes(omise) == []
    assert set(plan) == set(changes)
    for name in changes:
        assert plan[name]["op"] == "replace"
        assert plan[name]["replaceReasons"] == [name]
    assert re.search(r"~ amount\s*: 150000 => 160000", shown.out)
    assert re.search(r'~ title\s*: "Spring sale" => "Summer sale"', shown.out)
    assert re.search(r"~ multiple\s*: false => true", shown.out)


def test_a_link_deleted_elsewhere_is_made_again(project: Project, omise: Emulator) -> None:
    """refresh drops links that are gone, whether Omise shows them as deleted or answers 404, and
    the next up makes just those again; destroy takes links that are gone already, and names
    Omise's reason for one that it will not delete."""
    project.program(
        "for name in ('shown', 'unknown', 'paid'):\n"
        "    Link(name, amount=5000, currency='THB', title=name, description='Behind the back')\n"
    )
    project.up().ok()
    first = project.ids()
    omise.delete(first["shown"])
    omise.erase(first["unknown"])
    omise.journal.clear()

    project.refresh().ok().says("- 2 deleted", "2 unchanged")
    assert writes(omise) == []
    assert project.ids() == {"paid": first["paid"]}
    project.up().ok().says("+ 2 created")
    assert writes(omise) == ["POST /links", "POST /links"]
    second = project.ids()
    assert second["paid"] == first["paid"]
    assert {stored["id"] for stored in omise.links(deleted=False)} == set(second.values())

    omise.switch(delete_deleted="failed_deletion", delete_used="failed_deletion")
    omise.delete(second["shown"])
    omise.erase(second["unknown"])
    omise.pay(second["paid"])
    refused = project.destroy("--continue-on-error").failed()
    refused.says(f"Omise refused to delete link {second['paid']}", "422 failed_deletion")
    assert project.ids() == {"paid": second["paid"]}
    assert [link["id"] for link in omise.links(deleted=False)] == [second["paid"]]


def test_refresh_shows_what_changed_elsewhere(project: Project, omise: Emulator) -> None:
    """A payment is noted and is no drift; an attribute that differs is drift, shows, and the next
    preview says what it would take to get back."""
    project.program(
        "for name in ('paid', 'altered'):\n"
        "    link = Link(name, amount=5000, currency='THB', title='Old', description='d')\n"
        "    pulumi.export(name, link.used)\n"
    )
    project.up().ok()
    ids = project.ids()
    omise.pay(ids["paid"])
    project.refresh("--expect-no-changes").ok()
    used = project.links()["paid"]["outputs"]
    assert used["used"] is True
    assert used["used_at"].startswith("20")
    project.unchanged().says("paid   : false => true")
    omise.mutate(ids["altered"], title="New", amount=6000)

    shown = project.refresh("--diff").ok().says("~ 1 updated")

    assert re.search(r'~ title\s*: "Old" => "New"', shown.out)
    assert re.search(r"~ amount\s*: 5000 => 6000", shown.out)
    altered = project.links()["altered"]
    assert altered["outputs"]["amount"] == altered["inputs"]["amount"] == 6000
    plan = project.plan()
    assert set(plan) == {"altered"}
    assert plan["altered"]["op"] == "replace"
    assert sorted(plan["altered"]["replaceReasons"]) == ["amount", "title"]


def test_a_program_may_declare_more_links_than_python_may_call_deep(project: Project) -> None:
    """The number of links in a program is not bounded by Python's recursion limit."""
    assert sys.getrecursionlimit() <= 1050
    project.program(
        "for n in range(1050):\n"
        "    Link(f'link-{n}', amount=5000, currency='THB', title=f'{n}', description='Many')\n"
    )

    run = project.pulumi("preview", "--suppress-progress", "--suppress-outputs").ok()

    run.says("+ 1051 to create")
    assert "RecursionError" not in run.out
