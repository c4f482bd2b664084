"""`omise-links report` on a real stack: what a preview costs, said before anything is done."""

from __future__ import annotations

import json

import pytest
from gfm import Page
from harness import Project, writes

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.engine

HELPER = """
def link(name, title="Old", **opts):
    Link(name, amount=5000, currency="THB", title=title, description="d", multiple=True,
         opts=pulumi.ResourceOptions(**opts))
"""


def fates(project: Project, *args: str) -> dict[str, tuple[str, str]]:
    """What a report says of each link: the change, and what becomes of its address."""
    links = project.cli_json("report", *args)["links"]
    return {link["name"]: (link["change"], link["fate"]) for link in links}


def test_a_report_of_a_preview_and_of_the_stack(project: Project, omise: Emulator) -> None:
    """Replace, delete, create, retain and protect are told as Pulumi would do them, also without a
    key; what was paid and what was deleted at Omise is told with one. Nothing is written."""
    project.program(
        HELPER + 'link("plain"); link("gone"); link("safe", protect=True); link("stay")\n'
        'link("kept", retain_on_delete=True); link("closed")\n'
    )
    project.up().ok()
    ids = project.ids()
    for _ in range(2):
        omise.pay(ids["plain"])
    omise.delete(ids["closed"])
    before = project.state_text()
    project.program(
        HELPER + 'link("plain", "New", retain_on_delete=True); link("safe", protect=True)\n'
        'link("stay"); link("closed"); link("fresh", pulumi.Output.secret("Hush-hush"))\n'
    )

    run = project.cli("report", "--preview", "--markdown", "out.md", "--expect-no-changes")

    assert run.code == 7
    text = (project.folder / "out.md").read_text()
    assert text.startswith("<!-- omise-links report shop/dev -->\n")
    assert "2 addresses die, 1 other link is replaced or deleted, 1 link is new" in text
    assert "dies; paid twice, last on" in text
    assert "is new in this change, which is too late for this address" in text
    assert "stays payable, unmanaged" in text
    assert "Not from this change" in text
    assert {"a", "img"}.isdisjoint(Page(text).tags)
    assert "Hush-hush" not in text + run.out + project.cli("report", "--preview", "--json").stdout

    # A pipeline without a key: the file that Pulumi writes, and the command that runs it.
    keyless = {"OMISE_SECRET_KEY": ""}
    preview = project.pulumi("preview", "--json", "--show-sames", env=keyless).ok()
    (project.folder / "preview.json").write_text(preview.stdout)
    asked = omise.journal.count()
    without = project.cli("report", "--preview-file", "preview.json", "--json", **keyless).ok()
    assert omise.journal.count() == asked
    found = {link["name"]: link for link in json.loads(without.stdout)["links"]}
    assert {name: (link["change"], link["fate"]) for name, link in found.items()} == {
        "plain": ("replace", "dies"),
        "gone": ("delete", "dies"),
        "kept": ("delete", "retained"),
        "fresh": ("create", "comes"),
        "safe": ("same", "stays"),
        "stay": ("same", "stays"),
        "closed": ("same", "stays"),
    }
    assert found["gone"]["address"] == omise.link(ids["gone"])["payment_uri"]
    assert found["plain"]["paid"] is None
    assert found["fresh"]["title"] is None
    project.cli("report", "--preview", **keyless).ok().says("There is no Omise key here")

    # Pulumi refuses this preview, and says so with an error.
    project.program(HELPER + 'link("plain"); link("safe", "New", protect=True); link("stay")\n')
    refused = fates(project, "--preview")
    assert refused["safe"] == ("blocked", "refused")
    assert refused["gone"] == ("delete", "dies")
    adopt = (
        f"Link('a', amount=5000, currency='THB', title='t', description='d', adopt='{ids['gone']}')"
    )
    project.program(adopt)
    project.cli("report", "--preview").failed().says("cannot be adopted", "differ from what")
    project.program("raise ValueError('boom')\n")
    project.cli("report", "--preview").failed().says("Pulumi failed, and says", "boom")

    # The stack as it is.
    listing = project.cli("report", "--format", "markdown").ok().stdout
    assert "6 links: 5 payable, 1 deleted. Test mode." in listing
    assert omise.link(ids["stay"])["payment_uri"].removeprefix("https://") in listing
    assert [link["state"] for link in project.cli_json("report", "--stack", "d*")["links"]].count(
        "payable"
    ) == 5
    assert project.state_text() == before
    assert {*writes(omise)} == {"POST /links"}
