"""States in S3-compatible stores: what docs/gitops.md says of rights, locks and many stacks."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import Project, Run
from recipes.s3 import BUCKET, DEPLOYER, READER, Store, moto, versitygw

from pulumi_omise_links.emulator import Emulator, JournalEntry
from pulumi_omise_links.state_format import TYPE_TOKEN

pytestmark = pytest.mark.recipes

MANIFEST = (
    "version: 1\ndefaults: {currency: THB, description: D}\n"
    "links:\n  a: {title: A, amount: 5000}\n  b: {title: B, amount: 9000}\n"
)
READS = {"GetObject", "HeadObject", "ListObjectsV2"}


class Hold:
    """Holds back one answer of Omise, once it is asked to, until it is let go."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.held = threading.Event()
        self.let_go = threading.Event()

    def __call__(self, _: JournalEntry) -> None:
        if self.asked.is_set() and not self.held.is_set():
            self.held.set()
            self.let_go.wait(600)


@pytest.fixture
def hold() -> Hold:
    return Hold()


@pytest.fixture
def omise(hold: Hold) -> Iterator[Emulator]:
    with Emulator(on_request=hold) as emulator:
        yield emulator


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Store]:
    with versitygw(tmp_path / "s3") as store:
        yield store


@pytest.fixture
def project(tmp_path: Path, engine: Path, omise: Emulator, server: Store) -> Project:
    """A project whose stack `dev` is in the bucket of versitygw and has two links."""
    return make(tmp_path, engine, omise, server)


def make(tmp_path: Path, engine: Path, omise: Emulator, store: Store) -> Project:
    key = {"OMISE_API_URL": omise.url, "OMISE_SECRET_KEY": omise.key("th")}
    project = Project(tmp_path / "project", engine, {**key, **store.credentials(DEPLOYER)})
    (project.folder / "links.yaml").write_text(MANIFEST)
    project.program("declare_links('links.yaml')")
    project.up().ok()
    return project


def test_a_reader_sees_everything_and_writes_nothing(
    project: Project, omise: Emulator, server: Store
) -> None:
    """With the rights for pull requests, previews, reports, drift and plans work without a lock;
    what writes is refused before Omise is asked for anything, and the error says whose refusal it
    is."""
    reader = server.credentials(READER)
    omise.journal.clear()

    project.preview(env={**reader, "OMISE_SECRET_KEY": ""}).ok()
    report = ("report", "--preview", "--html", "page.html")
    project.cli(*report, **{**reader, "OMISE_SECRET_KEY": ""}).ok().says("2 links stay")
    project.pulumi("stack", "ls", "--all", env=reader).ok().says("dev")
    project.cli("drift", "--backend", **reader).ok().says("2 managed. No drift.")
    project.cli("plan", "links.yaml", **reader).ok()
    project.cli("sweep", "--all", **reader).ok().says("1 stack of the backend read.")
    project.cli("doctor", **reader).ok()

    asked = server.log(READER)
    assert {operation for operation, _, _ in asked} == READS
    assert {status for _, _, status in asked} == {200, 404}
    assert not [key for _, key, _ in asked if key.startswith(".pulumi/locks")]

    project.up(env=reader).failed().says("AccessDenied")
    refused: Run = project.cli("teardown", "--stack", "dev", "--yes", **reader)
    assert refused.code == 1
    refused.says("The backend refuses this to the credentials of this run: docs/gitops.md")
    assert omise.journal.writes == []


def test_an_earlier_state_cannot_be_destroyed(
    project: Project, omise: Emulator, server: Store
) -> None:
    """The rights for deployments do for everything up to the end of a stack, and the bucket keeps
    each version of its state: they do not reach that."""
    state = ".pulumi/stacks/shop/dev.json"
    project.cli("teardown", "--stack", "dev", "--yes").ok().says("Nothing of it can be paid.")
    assert omise.links(deleted=False) == []
    project.pulumi("stack", "ls", "--all").ok()
    listed = json.loads(server.aws(f"aws s3api list-object-versions --bucket {BUCKET}"))
    versions = [version["VersionId"] for version in listed["Versions"] if version["Key"] == state]
    assert len(versions) > 2
    assert 403 not in {status for _, _, status in server.log(DEPLOYER)}

    for version in (versions[0], versions[-1]):
        delete = f"aws s3api delete-object --bucket {BUCKET} --key {state} --version-id {version}"
        assert "AccessDenied" in server.aws(delete, user=DEPLOYER, check=False)


def test_two_runs_at_once(project: Project, omise: Emulator, hold: Hold) -> None:
    """The second one ends at once, changes nothing, and says who holds the lock; what only reads
    goes on."""
    manifest = project.folder / "links.yaml"
    manifest.write_text(manifest.read_text().replace("5000", "5500"))
    hold.asked.set()
    patient = {"OMISE_TIMEOUT": "600"}
    up = ("pulumi", "up", "--yes", "--skip-preview", "--non-interactive")
    first = project.start(*up, env=patient)
    try:
        assert hold.held.wait(120)
        before = len(omise.journal.writes)

        project.up().failed().says("currently locked by 1 lock", "created by", f"pid {first.pid}")
        teardown = project.cli("teardown", "--stack", "dev", "--yes")
        assert teardown.code == 1
        teardown.says("The stack is locked by another run.", f"Process {first.pid} of this machine")
        project.cli("drift", "--backend").ok().says("2 managed. No drift.")
        project.preview().ok()
        assert len(omise.journal.writes) == before
    finally:
        hold.let_go.set()
        out, _ = first.communicate(timeout=240)
    assert first.returncode == 0, out
    assert sorted(link["amount"] for link in omise.links(deleted=False)) == [5500, 9000]


def test_drift_over_thirty_stacks(
    project: Project, omise: Emulator, server: Store, tmp_path: Path
) -> None:
    """One run compares all stacks of the bucket with the account, and finds the one link that is in
    none of them and the one that is gone."""
    stacks = tmp_path / "stacks"
    server.aws(f"aws s3 sync --quiet s3://{BUCKET}/.pulumi/stacks {stacks}")
    template = (stacks / "shop/dev.json").read_text()
    links = {
        resource["id"]: resource["inputs"]
        for resource in json.loads(template)["checkpoint"]["latest"]["resources"]
        if resource["type"] == TYPE_TOKEN
    }
    for number in range(2, 31):
        text = template.replace("shop-dev", f"shop-s{number}").replace("::dev", f"::s{number}")
        text = text.replace(":dev::", f":s{number}::").replace("/dev", f"/s{number}")
        for link, inputs in links.items():
            wanted = {name: inputs[name] for name in ("title", "description", "multiple")}
            (new,) = omise.seed(amount=int(inputs["amount"]), **wanted)
            text = text.replace(link, new)
        (stacks / f"shop/s{number}.json").write_text(text)
    server.aws(f"aws s3 sync --quiet {stacks} s3://{BUCKET}/.pulumi/stacks")
    (stray,) = omise.seed(title="By hand", amount=7000)
    omise.mutate(new, deleted=True)

    listed = project.pulumi("stack", "ls", "--all", "--json").ok()
    assert len(json.loads(listed.stdout)) == 30
    drift = project.cli_json("drift", "--backend")
    assert drift["summary"]["complete"] is True
    assert len(drift["managed"]) == 59
    assert [link["id"] for link in drift["unmanaged"]] == [stray]
    assert [(link["id"], link["stack"]) for link in drift["missing"]] == [
        (new, "organization/shop/s30")
    ]


def test_another_store(tmp_path: Path, engine: Path, omise: Emulator) -> None:
    """moto returns no checksums and asks for no rights; a stack lives there from its first update
    to its end."""
    with moto(tmp_path / "moto") as store:
        project = make(tmp_path, engine, omise, store)

        project.unchanged()
        project.cli("drift", "--backend", "--expect-no-changes").ok().says("2 managed. No drift.")
        project.cli("doctor").ok()
        project.cli("teardown", "--stack", "dev", "--yes").ok().says("Nothing of it can be paid.")
    assert omise.links(deleted=False) == []
