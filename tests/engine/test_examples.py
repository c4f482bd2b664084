"""The examples do what their READMEs say, command by command."""

from __future__ import annotations

import json
import re

import pytest
import requests
from example_runs import EXAMPLES, follow, run, undo
from harness import Project
from pages import open_tab, scan_picture
from playwright.sync_api import Browser

from pulumi_omise_links import get_link
from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.settings import Settings

pytestmark = pytest.mark.engine


def test_every_example_is_followed() -> None:
    """No example is left out of these tests."""
    tested = {
        "01-first-link",
        "02-campaign",
        "03-adopt-existing-links",
        "04-review-environments",
        "05-campaign-page",
        "06-github-actions",  # in tests/recipes
        "09-yaml",
        "10-typescript",  # these in tests/languages
        "11-go",
    }
    # `make recipes` runs those.
    recipes = {"06-github-actions", "07-gitlab-ci", "08-kubernetes-operator"}
    assert {example.name for example in EXAMPLES.iterdir() if example.is_dir()} == tested | recipes


@pytest.mark.usefixtures("real_pip")
def test_one_link(project: Project, omise: Emulator) -> None:
    """01 makes one link and prints the address of its payment page."""
    out = follow("01-first-link", project)

    (link,) = omise.links()
    assert out.rstrip().endswith(link["payment_uri"])
    undo("01-first-link", project)
    assert omise.links(deleted=False) == []


def test_a_campaign(project: Project, omise: Emulator) -> None:
    """02 makes three links; a changed price replaces the two that follow it, and says why."""
    out = follow("02-campaign", project)

    assert "~ amount     : 150000 => 160000" in out
    assert "+-2 to replace" in out
    assert sorted(link["amount"] for link in omise.links(deleted=False)) == [50000, 160000, 576000]
    undo("02-campaign", project)
    assert omise.links(deleted=False) == []


def test_existing_links(project: Project, omise: Emulator) -> None:
    """03 adopts the posters' links without a write; then `pulumi up` makes the fourth alone."""
    out = follow("03-adopt-existing-links", project)
    backend = f"file://{project.folder / 'state'}"
    env = {"PULUMI_BACKEND_URL": backend, "PULUMI_CONFIG_PASSPHRASE": "example"}
    project.destroy(env=env).failed().says("cannot be deleted", "protect")
    assert omise.journal.writes == [], "links are protected from the first moment"
    project.up(env=env).ok()

    assert "3 to import, 0 managed already, 1 to create, 0 blocked." in out
    assert "run `omise-links match links.yaml`" in out, "a plan does not look for the fourth"
    assert "no change to any of the 3 links" in out
    assert "`declare_links` protects its links in this stack" in out
    assert [link["title"] for link in omise.links()][3:] == ["Autumn concert"]
    assert len(omise.journal.writes) == 1
    undo("03-adopt-existing-links", project)
    assert omise.links(deleted=False) == []


def test_review_environments(project: Project, omise: Emulator) -> None:
    """04 makes two environments with marked links, and tears both down; nothing can be paid."""
    out = follow("04-review-environments", project)

    marks = {link["title"].rpartition(" · ")[2] for link in omise.links()}
    assert marks == {"pr-41", "pr-42"}
    assert omise.links(deleted=False) == []
    assert out.count("2 links deleted and read back, stack removed. Nothing of it can be paid") == 2
    assert "pr-41: there is no such stack" in out
    assert "pr-42 was left out: its last update was at" in out
    undo("04-review-environments", project)


@pytest.mark.browser
def test_a_page_of_a_campaign(project: Project, omise: Emulator, browser: Browser) -> None:
    """05 makes a page with a code for each link; a payer pays the table from there, once, and then
    the page, the state and Omise say so."""
    follow("05-campaign-page", project)
    page, codes = project.folder / "campaign.html", project.folder / "codes"
    assert len([*codes.iterdir()]) == len(omise.links()) == 6
    with open_tab(browser) as tab:
        tab.page.goto(page.as_uri())
        scanned = [scan_picture(code.screenshot()) for code in tab.page.locator(".code").all()]
        assert sorted(scanned) == sorted([link["payment_uri"]] for link in omise.links())
        tab.check()

        card = tab.page.locator(".card", has_text="table-by-the-stage")
        address = card.locator("a").inner_text()
        card.locator("a").click()
        tab.page.get_by_role("button", name="Pay THB 4,500.00").click()
        assert tab.page.get_by_role("heading").inner_text() == "Payment received"
        reference = tab.page.locator("dd code").inner_text()
        tab.page.goto(address)
        assert tab.page.get_by_role("heading").inner_text() == "This link was already paid"
        assert requests.post(address, timeout=10).status_code == 410

        backend = "export PULUMI_BACKEND_URL=file://$PWD/state PULUMI_CONFIG_PASSPHRASE=example\n"
        readme = (EXAMPLES / "05-campaign-page/README.md").read_text()
        (report,) = re.findall(r"^\$ (omise-links report .*)$", readme, re.M)
        run(f"{backend}pulumi refresh --yes\n{report}", project)
        tab.page.goto(page.as_uri())
        text = card.inner_text()

    (table,) = (link for link in omise.links() if link["used"])
    assert "Used" in text
    assert "It was for one payment and cannot be paid again." in text
    assert not (codes / "table-by-the-stage.svg").exists()
    state = json.loads(run(f"{backend}pulumi stack export", project))
    outputs = {
        resource["urn"].rpartition("::")[2]: resource.get("outputs", {})
        for resource in state["deployment"]["resources"]
    }
    assert outputs["table-by-the-stage"]["used"] is True
    settings = Settings.resolve({"apiUrl": omise.url}, {"OMISE_SECRET_KEY": omise.key("th")})
    assert [charge.id for charge in get_link(table["id"], settings=settings).charges] == [reference]
    undo("05-campaign-page", project)
    assert omise.links(deleted=False) == []
    assert not page.exists()
    assert not codes.exists()


def test_pulumi_yaml(yaml_project: Project, omise: Emulator) -> None:
    """09 makes two links without any Python, and imports a third one."""
    out = follow("09-yaml", yaml_project)

    poster, *_ = [link for link in omise.links() if link["title"] == "Poster"]
    assert {link["title"] for link in omise.links()} == {
        *("Spring concert", "Backstage tour", "Poster")
    }
    assert all(link["payment_uri"] in out for link in omise.links() if link != poster)
    assert "title: Poster" in out
    assert len(omise.journal.writes) == 3
    undo("09-yaml", yaml_project)
    assert omise.links(deleted=False) == []
