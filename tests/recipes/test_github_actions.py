"""The recipe for GitHub Actions does what its guide says, job by job.

Each test is a story with a pull request or an environment of its own, in one repository.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from recipes.forge import Forge
from recipes.github import CUT_OFF, WORKFLOWS, Environment, GitHub, JobRun, steps
from recipes.recorder import commands_in, commands_of_guide
from recipes.runner import Machine

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.recipes

# Of `prod`, and of the environments of pull requests.
PASSPHRASE = "correct horse battery"
OF_REVIEWS = "staple and correct"


@pytest.fixture(scope="module")
def omise() -> Iterator[Emulator]:
    """One account: `prod` is in its live mode, environments of pull requests in its test mode."""
    with Emulator() as emulator:
        yield emulator


@pytest.fixture(scope="module")
def variables(place: Path) -> dict[str, str]:
    """What a person exports who works on the stacks of production by hand."""
    return backend(place, "production")


@pytest.fixture(scope="module")
def of_reviews(place: Path) -> dict[str, str]:
    """What a person exports who works on the environments of pull requests by hand."""
    return backend(place, "reviews")


def backend(place: Path, name: str) -> dict[str, str]:
    folder = place / name
    folder.mkdir()
    return {"PULUMI_BACKEND_URL": f"file://{folder}"}


@pytest.fixture(scope="module")
def shop(
    place: Path,
    engine: Path,
    runner: Machine,
    forge: Forge,
    omise: Emulator,
    variables: dict[str, str],
    of_reviews: dict[str, str],
) -> GitHub:
    """The repository, with the stack `prod` deployed from `main`."""
    passphrase = {"PULUMI_CONFIG_PASSPHRASE": PASSPHRASE}
    live = {"OMISE_SECRET_KEY": omise.key("th", live=True)}
    test = {"OMISE_SECRET_KEY": omise.key("th")}
    made = GitHub(
        place / "github",
        engine=engine,
        machine=runner,
        forge=forge,
        omise_url=omise.url,
        environments={
            "omise-preview": Environment(passphrase, variables),
            "omise-test": Environment({**test, "PULUMI_CONFIG_PASSPHRASE": OF_REVIEWS}, of_reviews),
            "omise-live": Environment({**live, **passphrase}, variables),
            "omise-live-nightly": Environment(live, variables),
        },
    )
    for command in commands_of_guide("### From an empty repository"):
        made.shell(command, {**variables, **passphrase})
    made.commit("The stack of production")
    made.run("links-deploy", "up", "push", made.push()).ok()
    return made


@pytest.fixture(autouse=True)
def _no_secret_is_shown(shop: GitHub, forge: Forge, omise: Emulator) -> Iterator[None]:
    """No comment, issue, artifact or summary has a key or the passphrase; act masks its logs."""
    yield
    texts = [str(forge.comments), str(forge.issues), *(run.summary for run in shop.done)]
    texts += [file.read_text() for file in shop.artifacts.rglob("*") if file.is_file()]
    for secret in (PASSPHRASE, OF_REVIEWS, omise.key("th"), omise.key("th", live=True)):
        assert not [text for text in texts if secret in text]


def titles(omise: Emulator, *, live: bool, ending: str = "") -> list[str]:
    """The titles of the links that can be paid, in one mode, with this ending."""
    links = omise.links(deleted=False)
    found = (link["title"] for link in links if link["live"] is live)
    return sorted(title for title in found if title.endswith(ending))


def preview(shop: GitHub, event: dict[str, Any]) -> JobRun:
    """The preview of production, the links in the test account, and the comment on both."""
    return shop.run("links-pull-request", "comment", "pull_request", event)


def teardown(shop: GitHub, event: dict[str, Any]) -> JobRun:
    return shop.run("links-teardown", "teardown", "pull_request_target", event)


def change(shop: GitHub, branch: str, **amounts: int) -> None:
    """Start a branch from `main`, and change the amounts of links."""
    shop.git("checkout", "--quiet", "-B", branch, "origin/main")
    reprice(shop, **amounts)


def reprice(shop: GitHub, **amounts: int) -> None:
    file = shop.work / "links.yaml"
    manifest = yaml.safe_load(file.read_text())
    for name, amount in amounts.items():
        manifest["links"][name]["amount"] = amount
    file.write_text(yaml.safe_dump(manifest))
    shop.commit(f"Prices: {amounts}")


def test_a_merge_deploys(shop: GitHub, omise: Emulator) -> None:
    """What `main` declares is in the live account; a merge without a change writes nothing."""
    assert titles(omise, live=True) == ["Spring concert", "Spring concert, a table"]
    assert "2 links are new" in shop.done[0].summary

    omise.journal.clear()
    run = shop.run("links-deploy", "up", "push", shop.push()).ok()

    assert run.steps.keys() >= {"What is about to change", "Up"}
    assert CUT_OFF not in run.steps
    assert "2 links stay" in run.summary
    assert omise.journal.writes == []


def test_the_life_of_a_pull_request(
    shop: GitHub, forge: Forge, omise: Emulator, place: Path
) -> None:
    """Opened, pushed to, pushed to without a change, closed, closed once more: one comment, kept up
    to date; links in the test account that follow; and in the end none of them can be paid."""
    forge.quote(42, "<!-- omise-links report shop-links/prod -->\nI quote this.")
    forge.quote(42, "A long talk", times=120)
    change(shop, "cheaper", ticket=45000)
    (shop.work / ".github/forge.js").write_text("throw new Error('code of the pull request')\n")
    shop.commit("Code that runs beside the token, if it is run")
    omise.journal.clear()

    opened = preview(shop, shop.pull_request(42, "opened")).ok()

    assert not [entry for entry in omise.journal.entries if entry.live]
    (comment,) = forge.of_pull_request(42)
    assert comment.startswith("<!-- omise-links report shop-links/prod -->\n")
    assert "1 address dies, 1 link stays." in comment
    assert f"/shop/links/actions/runs/{len(shop.done)}/artifacts/7" in comment
    assert "1 address dies, 1 link stays." in opened.summary
    page = (shop.artifacts / "payment-links.html").read_text()
    review = [link for link in omise.links() if link["title"].endswith(" · pr-42")]
    assert sorted(link["amount"] for link in review) == [45000, 180000]
    assert all(link["payment_uri"] in page for link in review)
    assert page.count('role="img"') == 2

    reprice(shop, ticket=40000, table=150000)
    preview(shop, shop.pull_request(42, "synchronize")).ok()

    (renewed,) = forge.of_pull_request(42)
    assert "2 addresses die." in renewed
    assert titles(omise, live=False, ending="pr-42") == [
        "Spring concert · pr-42",
        "Spring concert, a table · pr-42",
    ]
    assert [method.partition(" ")[0] for method in forge.writes] == ["POST", "PATCH"]

    assert (stacks(place) / "pr-42.json").exists()
    teardown(shop, shop.pull_request(42, "closed")).ok()

    assert titles(omise, live=False, ending="pr-42") == []
    assert titles(omise, live=True) == ["Spring concert", "Spring concert, a table"]
    assert not (stacks(place) / "pr-42.json").exists()
    _, gone = forge.of_pull_request(42)
    assert "2 links deleted and read back, stack removed. Nothing of it can be paid." in gone

    again = teardown(shop, shop.pull_request(42, "closed")).ok()

    assert "there is no such stack" in again.summary
    assert len(forge.of_pull_request(42)) == 2
    assert forge.refused == []


def test_a_fork_is_validated_only(shop: GitHub, forge: Forge, omise: Emulator) -> None:
    """A pull request from a fork gets no secrets: no request to Omise, no stack, no comment; but
    what is wrong with its manifest is said."""
    change(shop, "fork", ticket=45000)
    omise.journal.clear()
    event = shop.pull_request(43, "opened", fork=True)

    assert preview(shop, event).ok().steps == {}
    shop.run("links-pull-request", "validate", "pull_request", event).ok()
    reprice(shop, ticket=-1)
    event = shop.pull_request(43, "synchronize", fork=True)
    bad = shop.run("links-pull-request", "validate", "pull_request", event)
    assert teardown(shop, shop.pull_request(43, "closed", fork=True)).ok().steps == {}

    assert bad.code != 0
    assert "links.ticket.amount" in bad.log
    assert len(omise.journal) == 0
    assert forge.of_pull_request(43) == []


def test_a_branch_that_is_gone_and_a_conflict(shop: GitHub, omise: Emulator) -> None:
    """The teardown needs neither the branch of the pull request nor that it can be merged."""
    change(shop, "gone", ticket=45000)
    preview(shop, shop.pull_request(44, "opened")).ok()
    assert len(titles(omise, live=False, ending="pr-44")) == 2
    event = shop.pull_request(44, "closed", conflicts=True)
    for ref in ("head", "merge"):
        shop.git("push", "--quiet", "origin", f":refs/pull/44/{ref}")

    teardown(shop, event).ok()

    assert titles(omise, live=False, ending="pr-44") == []


def test_links_that_cannot_be_made(shop: GitHub, forge: Forge, omise: Emulator) -> None:
    """If Omise refuses a link of a pull request, the comment is there all the same, the stack is
    put in order, and the next push makes the links; a teardown that fails says what can be paid."""
    change(shop, "refused", ticket=45000)
    omise.switch(max_title=20)
    failed = preview(shop, shop.pull_request(45, "opened"))
    omise.switch(max_title=255)

    assert failed.code != 0
    assert failed.steps[CUT_OFF] == "success", failed.log
    (comment,) = forge.of_pull_request(45)
    assert "1 address dies" in comment
    assert comment.rstrip().endswith("pr-45 failed.")

    reprice(shop, ticket=44000)
    preview(shop, shop.pull_request(45, "synchronize")).ok()
    assert len(titles(omise, live=False, ending="pr-45")) == 2

    omise.fault("refused_deletion", method="DELETE", times=99)
    stuck = teardown(shop, shop.pull_request(45, "closed"))
    omise.clear_faults()
    assert stuck.code != 0
    _, said = forge.of_pull_request(45)
    assert "can be paid" in said
    teardown(shop, shop.pull_request(45, "closed")).ok()
    assert titles(omise, live=False, ending="pr-45") == []


def test_every_night(shop: GitHub, forge: Forge, omise: Emulator) -> None:
    """Drift of production is one issue, opened, renewed and closed by itself; if nothing could be
    compared, the issue says that and stays."""

    def drift() -> JobRun:
        return shop.run("links-nightly", "drift", "schedule", shop.scheduled())

    drift().ok()
    assert forge.issues == []

    omise.seed(1, live=True, title="By hand")
    assert drift().code != 0
    (issue,) = forge.issues
    assert issue["title"] == "Payment links: drift"
    assert "By hand" in issue["body"]
    assert "By hand" in shop.done[-1].summary

    omise.seed(1, live=True, title="And another")
    drift()
    (issue,) = forge.issues
    assert "And another" in issue["body"]

    by_hand = [link["id"] for link in omise.links() if link["title"] in ("By hand", "And another")]
    omise.revoke(omise.key("th", live=True))
    drift()
    omise.add_key(omise.key("th", live=True), live=True)
    assert "could not be compared" in issue["body"]
    assert issue["state"] == "open"

    for identity in by_hand:
        omise.delete(identity)
    drift().ok()
    assert issue["state"] == "closed"
    assert len(forge.issues) == 1


def test_what_is_left_over(
    shop: GitHub, forge: Forge, omise: Emulator, place: Path, of_reviews: dict[str, str]
) -> None:
    """An environment that nobody has updated for a week goes in the night; if that fails, an issue
    is opened; marked links that no stack knows are shown, and a person deletes them with what the
    summary says."""
    change(shop, "forgotten", ticket=45000)
    preview(shop, shop.pull_request(51, "opened")).ok()
    age(stacks(place) / "pr-51.json")
    older, _ = omise.seed(2, title="Left {n} · pr-9", seconds_apart=100_000)

    def leftovers() -> JobRun:
        return shop.run("links-nightly", "leftovers", "schedule", shop.scheduled())

    omise.fault("refused_deletion", method="DELETE", times=99)
    assert leftovers().code != 0
    omise.clear_faults()
    issue = forge.issues[-1]
    assert (issue["title"], issue["state"]) == ("Payment links: leftovers", "open")

    age(stacks(place) / "pr-51.json")
    run = leftovers().ok()

    assert titles(omise, live=False, ending="pr-51") == []
    assert titles(omise, live=False, ending="pr-9") == ["Left 1 · pr-9", "Left 2 · pr-9"]
    assert older in run.summary
    (checksum,) = re.findall(r"[0-9a-f]{64}", run.summary)
    (command,) = commands_of_guide("### Every night")
    for value in (checksum, omise.account("th").email):
        command = command.replace("…", value, 1)
    shop.shell(command, {**of_reviews, "OMISE_SECRET_KEY": omise.key("th")})
    assert titles(omise, live=False, ending="pr-9") == ["Left 2 · pr-9"]


def stacks(place: Path) -> Path:
    """The folder with the states of pull requests."""
    return place / "reviews/.pulumi/stacks/shop-links"


def age(state: Path) -> None:
    """Let the last update of a stack be eight days old."""
    content = json.loads(state.read_text())
    manifest = content["checkpoint"]["latest"]["manifest"]
    then = datetime.fromisoformat(manifest["time"][:19]) - timedelta(days=8)
    manifest["time"] = f"{then.isoformat()}Z"
    state.write_text(json.dumps(content))


def test_every_command_was_run(shop: GitHub) -> None:
    """The workflows and their guide have no command of ours or of Pulumi that these tests did not
    run. (What they do after a job was cancelled is the matter of test_cancelled_jobs.py.)"""
    wanted = {
        command
        for workflow in WORKFLOWS.glob("*.yml")
        for step in steps(workflow)
        if step.get("name") != CUT_OFF
        for command in commands_in(step.get("run", ""))
    }
    assert len(wanted) > 5
    after_a_cancelled_job = commands_of_guide("### A job was cancelled")
    wanted |= {*commands_of_guide("## GitHub Actions")} - {*after_a_cancelled_job}
    assert shop.recorder.not_run(wanted) == []
