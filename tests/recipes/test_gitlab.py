"""The pipelines of examples/07-gitlab-ci, run by gitlab-ci-local: what each leaves behind."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from recipes.gitlab import EXAMPLE, IN_ORDER, PUSH, SCHEDULE, GitLab, head, merge_request
from recipes.recorder import commands_in, commands_of_guide
from recipes.runner import Machine

from pulumi_omise_links.emulator import Emulator, JournalEntry

pytestmark = pytest.mark.recipes

# Of `prod`, and of the environments of merge requests.
PASSPHRASE = "correct horse"
OF_REVIEWS = "battery staple"


class Moment:
    """Comes when Omise has made two links, and holds both answers back until it is over."""

    def __init__(self) -> None:
        self.awaited = False
        self.come = threading.Event()
        self.over = threading.Event()
        self._made = itertools.count(1)

    def __call__(self, entry: JournalEntry) -> None:
        if self.awaited and entry.method == "POST":
            if next(self._made) == 2:
                self.come.set()
            self.over.wait(60)


@pytest.fixture
def moment() -> Moment:
    return Moment()


@pytest.fixture
def omise(moment: Moment) -> Iterator[Emulator]:
    with Emulator(on_request=moment) as emulator:
        yield emulator


@pytest.fixture
def production(tmp_path: Path) -> dict[str, str]:
    """What a person exports who works on the stacks of production by hand."""
    (tmp_path / "production").mkdir()
    return {
        "PULUMI_BACKEND_URL": f"file://{tmp_path}/production",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
    }


@pytest.fixture
def reviews(tmp_path: Path) -> dict[str, str]:
    """The same for the environments of merge requests."""
    (tmp_path / "reviews").mkdir()
    return {
        "PULUMI_BACKEND_URL": f"file://{tmp_path}/reviews",
        "PULUMI_CONFIG_PASSPHRASE": OF_REVIEWS,
    }


@pytest.fixture
def shop(
    tmp_path: Path,
    engine: Path,
    runner: Machine,
    omise: Emulator,
    production: dict[str, str],
    reviews: dict[str, str],
) -> GitLab:
    """A project whose variables are as the guide says; `prod` is made, and pushed to main."""
    scopes = {
        "links/prod": {**production, "OMISE_SECRET_KEY": omise.key("th", live=True)},
        "links/preview": production,
        "links/review/*": {**reviews, "OMISE_SECRET_KEY": omise.key("th")},
    }
    names = {name for variables in scopes.values() for name in variables}
    scoped = {
        name: {scope: given[name] for scope, given in scopes.items() if name in given}
        for name in names
    }
    made = GitLab(
        tmp_path / "gitlab",
        engine=engine,
        machine=runner,
        variables={**scoped, "OMISE_API_URL": omise.url},
    )
    made.shell("pulumi stack init prod", production)
    made.commit("main")
    return made


def commands_of(pipeline: Path) -> list[str]:
    """The commands of `omise-links` and `pulumi` in all jobs of a pipeline."""
    jobs = [job for job in yaml.safe_load(pipeline.read_text()).values() if isinstance(job, dict)]
    lines = [line for job in jobs for line in job.get("script", []) + job.get("after_script", [])]
    return [command for line in lines for command in commands_in(line)]


def after_a_cut() -> list[str]:
    """Those that run after a job that writes and did not succeed."""
    order = yaml.safe_load((EXAMPLE / ".gitlab-ci.yml").read_text())[IN_ORDER]
    return [command for line in order["after_script"] for command in commands_in(line)]


def titles(omise: Emulator, *, live: bool) -> dict[str, int]:
    """Title and amount of each link that can be paid."""
    return {link["title"]: link["amount"] for link in omise.links(live=live, deleted=False)}


def test_each_event_has_its_jobs(shop: GitLab) -> None:
    """A fork's merge request is validated and no more, and no event has a job of another one."""
    own = {"validate": "on_success", "preview": "on_success", "review": "on_success"}

    assert shop.jobs("main", merge_request(42)) == {**own, "teardown": "manual"}
    assert shop.jobs("main", merge_request(42, fork=True)) == {"validate": "on_success"}
    assert [*shop.jobs("main", PUSH)] == ["deploy"]
    assert [*shop.jobs("main", SCHEDULE)] == ["drift", "idle", "leftovers"]


def test_a_merge_request_from_its_first_push_to_the_night_after(
    shop: GitLab, omise: Emulator, tmp_path: Path
) -> None:
    """It sees without a key what it would do to production, has links of its own in the test
    account until it is merged, and production changes then and not before."""
    shop.pipeline("main", PUSH).ok()
    links = shop.work / "links.yaml"
    (ticket,) = (link for link in omise.links() if link["title"] == "Spring concert")
    assert titles(omise, live=True) == {"Spring concert": 50000, "Spring concert, a table": 180000}
    omise.journal.clear()

    links.write_text(links.read_text().replace("50000", "55000"))
    shop.commit("change", head(42))
    first = shop.pipeline(head(42), merge_request(42)).ok()

    assert all(request.live is False for request in omise.journal.entries)
    plan = first.report("preview", "plan.json")
    assert json.loads(plan.read_text()) == {"create": 1, "update": 0, "delete": 1}
    page = first.artifact("preview", "preview.html").read_text()
    assert "THB 550.00" in page
    assert ticket["payment_uri"] in page
    assert titles(omise, live=False) == {
        "Spring concert · mr-42": 55000,
        "Spring concert, a table · mr-42": 180000,
    }
    assert "Spring concert · mr-42" in first.artifact("review", "payment-links.html").read_text()

    # Another push: a fresh checkout, whose copy of the config lacks what the first run has written.
    links.write_text(links.read_text().replace("55000", "56000"))
    shop.commit("change", head(42))
    shop.pipeline(head(42), merge_request(42)).ok()
    assert titles(omise, live=False)["Spring concert · mr-42"] == 56000
    assert titles(omise, live=True)["Spring concert"] == 50000

    # Merged: the branch is gone when GitLab starts the teardown.
    shop.git("branch", "--delete", "--force", "change", at=shop.origin)
    gone = shop.pipeline(head(42), merge_request(42), "teardown").ok()
    gone.run.says("2 links deleted and read back, stack removed. Nothing of it can be paid.")
    assert titles(omise, live=False) == {}
    assert not (tmp_path / "reviews/.pulumi/stacks/shop-links/mr-42.json").exists()

    shop.git("push", "--quiet", "origin", "HEAD:main", at=shop.work)
    shop.pipeline("main", PUSH).ok()
    assert titles(omise, live=True)["Spring concert"] == 56000
    omise.journal.clear()

    night = shop.pipeline("main", SCHEDULE).ok()
    night.run.says("2 managed. No drift.", "No stack fits mr-*.", "There is nothing to delete.")
    assert omise.journal.writes == []
    in_jobs = {*commands_of(EXAMPLE / ".gitlab-ci.yml")} - {*after_a_cut()}
    assert len(in_jobs) == 9
    assert shop.recorder.not_run([*in_jobs, *commands_of_guide("## GitLab CI")]) == []
    for file in shop.folder.rglob("*"):
        if file.is_file() and file.name != "variables.yml":
            assert b"skey_" not in file.read_bytes(), f"a key lies in {file}"


@pytest.mark.parametrize("job", ["deploy", "review"])
def test_a_cancelled_job_makes_no_link_twice(
    shop: GitLab,
    omise: Emulator,
    moment: Moment,
    production: dict[str, str],
    reviews: dict[str, str],
    job: str,
) -> None:
    """Cancelled when Omise has made links and Pulumi does not know it, `after_script` takes the
    lock away and the links into the state; the next run of the job makes none again."""
    live = job == "deploy"
    ref, event = ("main", PUSH) if live else (head(42), merge_request(42))
    if not live:
        shop.commit(ref)
    moment.awaited = True
    env = {
        **(production if live else reviews),
        "OMISE_API_URL": omise.url,
        "OMISE_SECRET_KEY": omise.key("th", live=live),
    }

    after = shop.cancelled(ref, job, env, moment.come)
    moment.over.set()
    moment.awaited = False

    after.ok().says("has been canceled", "2 links taken into the stack")
    assert len(after_a_cut()) == 2
    assert shop.recorder.not_run(after_a_cut()) == []
    shop.pipeline(ref, event, job).ok()
    ending = "" if live else " · mr-42"
    assert sorted(link["title"] for link in omise.links(live=live)) == [
        f"Spring concert{ending}",
        f"Spring concert, a table{ending}",
    ]
    if live:
        shop.pipeline("main", SCHEDULE, "drift").ok().run.says("2 managed. No drift.")
