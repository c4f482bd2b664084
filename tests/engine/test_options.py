"""Pulumi's own resource options, components and outputs, as Pulumi users expect them."""

from __future__ import annotations

import json
import re

import pytest
from harness import Project, writes

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.engine

HELPER = """
def link(name, title="Old", **opts):
    Link(name, amount=5000, currency="THB", title=title, description="d",
         opts=pulumi.ResourceOptions(**opts))
"""


def test_resource_options_do_what_they_say(project: Project, omise: Emulator) -> None:
    """A replacement is made before the old link goes, and after it with delete_before_replace;
    ignore_changes, aliases, retain_on_delete and protect keep links alive."""
    project.program(
        HELPER
        + 'link("plain"); link("early", delete_before_replace=True); link("safe", protect=True)\n'
        'link("kept", retain_on_delete=True); link("ignoring"); link("before")\n'
    )
    project.up().ok()
    ids = project.ids()
    omise.journal.clear()

    project.program(
        HELPER + 'link("plain", "New"); link("early", delete_before_replace=True)\n'
        'link("safe", protect=True); link("ignoring", "New", ignore_changes=["title"])\n'
        'link("after", aliases=[pulumi.Alias(name="before")])\n'
    )
    project.up().ok().says("+-1 replaced", "- 1 deleted")

    assert writes(omise) == ["POST /links", f"DELETE /links/{ids['plain']}"]
    after = project.ids()
    assert after["after"] == ids["before"]
    assert after["ignoring"] == ids["ignoring"]
    assert "kept" not in after
    assert omise.link(ids["kept"])["deleted"] is False

    project.program(
        HELPER + 'link("plain", "New"); link("early", "New", delete_before_replace=True)\n'
        'link("safe", "New", protect=True); link("after")\n'
    )
    project.preview().failed().says("::safe", "protect")
    assert writes(omise) == []
    project.program(
        HELPER + 'link("plain", "New"); link("early", "New", delete_before_replace=True)\n'
        'link("safe", protect=True); link("after")\n'
    )
    project.up().ok().says("+-1 replaced")
    assert writes(omise) == [
        f"DELETE /links/{ids['early']}",
        "POST /links",
        f"DELETE /links/{ids['ignoring']}",
    ]

    project.destroy("--continue-on-error").failed().says("::safe", "protect")
    assert project.ids() == {"safe": ids["safe"]}
    assert omise.link(ids["safe"])["deleted"] is False


def test_secrets_components_and_outputs_of_other_resources(
    project: Project, omise: Emulator
) -> None:
    """Secret inputs stay secret in state, output and faults; a link lives inside a component and
    may be of a subclass, in a small record; an input may be another resource's output, unknown
    at preview."""
    program = """
class Ticket(Link):
    def __init__(self, name):
        super().__init__(name, amount=5000, currency="THB", title="Ticket", description="d")

class Shop(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("my:index:Shop", name)
        inside = LinkArgs(amount=5000, currency="THB", title="Inside", description="d")
        self.link = Link("inside", inside, pulumi.ResourceOptions(parent=self))

shop = Shop("shop")
Ticket("ticket")
secret = Link("secret", amount=pulumi.Output.secret(AMOUNT), currency="THB",
              title=pulumi.Output.secret(TITLE), description="d")
Link("chained", amount=5000, currency="THB", title=shop.link.payment_uri,
     description=pulumi.Output.concat("After ", shop.link.id))
pulumi.export("title", secret.title)
"""
    # As words: the state has ids and fractions of seconds, which hold any digits.
    secrets = re.compile(r"Hush|\b777700\b|\b778800\b|(?<!\w)-7777\b")
    project.program(program.replace("AMOUNT", "777700").replace("TITLE", "'Hush hush'"))
    shown = project.preview().ok()
    assert re.search(r"title\s*: \[unknown\]", shown.out)
    made = project.up("--diff").ok()

    by_title = {link["title"]: link for link in omise.links()}
    assert by_title["Hush hush"]["amount"] == 777_700
    assert by_title[by_title["Inside"]["payment_uri"]]["description"] == (
        f"After {by_title['Inside']['id']}"
    )
    records = project.links()
    assert "my:index:Shop$" in records["inside"]["urn"]
    for name in ("inside", "ticket"):
        assert "stackTrace" not in records[name]
        assert len(json.dumps(records[name], separators=(",", ":"))) < 1300
    assert project.outputs()["title"] == "Hush hush"

    omise.mutate(by_title["Hush hush"]["id"], amount=778_800)
    refreshed = project.refresh("--diff").ok().says("~ 1 updated")
    assert not secrets.search(project.state_text())

    project.program(program.replace("AMOUNT", "-7777").replace("TITLE", "'Hush\\x00'"))
    faulty = project.preview().failed()
    faulty.says("amount must be greater than zero", "title must not hold control characters")
    for run in (shown, made, refreshed, faulty):
        assert not secrets.search(run.out), run.out
