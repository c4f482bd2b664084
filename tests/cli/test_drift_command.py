"""What one can rely on from ``omise-links drift``, with a `pulumi` that prints given states."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from fake_pulumi import FakePulumi, exported, listed
from samples import STACK

from pulumi_omise_links.cli import run
from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.inventory import drift_gather
from pulumi_omise_links.inventory.drift import Kind
from pulumi_omise_links.state_format import TYPE_TOKEN

DEV, PR = "organization/shop/dev", "organization/shop/pr-1"
DOCS = Path(__file__).parents[2] / "docs"
INPUTS: dict[str, Any] = {"amount": 5_000, "title": "Tea", "description": "D", "multiple": True}
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, omise: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMISE_API_URL", omise.url)
    monkeypatch.setenv("OMISE_SECRET_KEY", omise.key("th"))


@pytest.fixture
def drift(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command; return its exit code and what it printed."""

    def drift(*args: str) -> tuple[int, str, str]:
        code = run(["drift", *args])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return drift


def state(omise: Emulator, links: Mapping[str, str], **changes: Any) -> dict[str, Any]:
    """The export of a stack that manages these links: ids by name."""
    resources = []
    for name, link_id in links.items():
        known = {one["id"]: one for one in omise.links()}.get(link_id, {})
        inputs = {key: known.get(key, value) for key, value in INPUTS.items()}
        inputs |= {"currency": "thb", **changes.get("inputs", {})}
        outputs = {**inputs, "account_id": omise.account("th").id, **changes.get("outputs", {})}
        urn = f"urn:pulumi:dev::shop::{TYPE_TOKEN}::{name}"
        resource = {"urn": urn, "type": TYPE_TOKEN, "id": link_id, "inputs": inputs}
        resources.append({**resource, "outputs": outputs})
    return exported([{"urn": STACK, "type": "pulumi:pulumi:Stack"}, *resources])


def answers(states: Mapping[str, object], selected: str = DEV) -> dict[str, Any]:
    """What `pulumi` says of these stacks; without a state, a stack cannot be read."""
    broken = "error: unexpected end of JSON input"
    return {
        "stack ls": listed(*states, selected=selected),
        "stack --show-name": selected,
        **{f"stack export --stack {name}": given or broken for name, given in states.items()},
    }


def test_a_stack_that_is_in_order(fake_pulumi: FakePulumi, omise: Emulator, drift: Run) -> None:
    """It ends with 0 and says so; one list call, and no write."""
    (tea,) = omise.seed(1, **INPUTS)
    fake_pulumi.answer(answers({DEV: state(omise, {"tea": tea})}))

    code, out, err = drift("--expect-no-changes")

    assert code == 0
    assert "1 managed. No drift." in out
    assert err == "2 requests, 0 retries, 0 writes.\n"
    assert {entry.method for entry in omise.journal.entries} == {"GET"}


def test_a_config_file_that_would_not_be_read_is_refused(
    fake_pulumi: FakePulumi, omise: Emulator, drift: Run
) -> None:
    """The stacks are of another project: the key of the environment, which would be used then, may
    be of another account than the one in the file."""
    Path("Pulumi.prod.yaml").write_text("config: {}\n")
    ls, other = "stack ls --json --fully-qualify-stack-names", "organization/other/dev"
    stacks = {ls: listed(DEV), f"{ls} --all": listed(other, DEV)}
    fake_pulumi.answer({**answers({other: state(omise, {})}), **stacks})

    code, _, err = drift("--stack", "other/dev", "--config-file", "Pulumi.prod.yaml")

    assert code == 2
    assert "--config-file needs a stack of the project in --cwd." in err
    assert omise.journal.entries == []


def test_drift_ends_with_7_if_none_was_expected(
    fake_pulumi: FakePulumi, omise: Emulator, drift: Run
) -> None:
    """And with 0 if it was only asked what there is."""
    omise.seed(1, **INPUTS)
    fake_pulumi.answer(answers({DEV: state(omise, {})}))

    code, out, _ = drift()
    assert (code, "unmanaged" in out) == (0, True)
    assert drift("--expect-no-changes")[0] == 7


def test_a_stack_that_cannot_be_read_is_never_in_order(
    fake_pulumi: FakePulumi, omise: Emulator, drift: Run
) -> None:
    """It ends with 1, and what looks unmanaged may be of that stack; --allow-unread is for who
    knows."""
    (tea,) = omise.seed(1, **INPUTS)
    fake_pulumi.answer(answers({DEV: state(omise, {"tea": tea}), PR: None}))
    omise.seed(1, title="Other")

    for options in ([], ["--expect-no-changes"]):
        code, out, _ = drift("--backend", *options)
        assert code == 1
        assert f"Stack {PR} could not be read: Pulumi failed" in out
        assert "Or it is of pr-1, which could not be read." in out
        assert "Not everything could be read" in out
        assert "No drift" not in out
    assert drift("--backend", "--expect-no-changes", "--allow-unread")[0] == 7
    found = json.loads(drift("--backend", "--allow-unread", "--json")[1])
    assert found["summary"]["complete"] is False
    assert [stack["read"] for stack in found["stacks"]] == [True, False]


def test_stacks_that_cannot_be_listed_are_an_error(fake_pulumi: FakePulumi, drift: Run) -> None:
    """With what Pulumi says."""
    fake_pulumi.answer({"stack ls": "error: unexpected end of JSON input"})

    code, _, err = drift("--backend", "--expect-no-changes")

    assert code == 1
    assert "unexpected end of JSON input" in err


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["--stack", "prod"], 6, "No stack of this project has the name"),
        (["--stack", "a", "--backend"], 2, "exclude each other"),
        (["--write-accepted", "a.yaml"], 2, "needs --reason TEXT"),
        (["--mark", "a · b"], 2, "--mark must not hold"),
        (["--reason", "R"], 2, "are for --write-accepted FILE"),
        (["--write-accepted", "a.yaml", "--reason", "R", "--until", "2020-01-01"], 2, "is over"),
        (["--write-accepted", "no/a.yaml", "--reason", "R"], 1, "there is no folder"),
        (["--accepted", "none.yaml"], 2, "there is no such file"),
        (["--accepted", "bad.yaml"], 2, "bad.yaml:1:1: accepted: is missing [missing-key]"),
    ],
)
def test_wrong_use_is_told_before_anything_is_asked(
    fake_pulumi: FakePulumi, omise: Emulator, drift: Run, args: list[str], code: int, said: str
) -> None:
    """In one sentence, and with the code of its kind."""
    fake_pulumi.answer(answers({DEV: state(omise, {})}))
    Path("bad.yaml").write_text("version: 1\n")

    ended, _, err = drift(*args)

    assert (ended, said in err) == (code, True), err
    assert len(omise.journal) == 0


def test_the_key_of_another_account_never_reads_as_missing(
    fake_pulumi: FakePulumi, omise: Emulator, drift: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Be it the key of the stack or that of many; nor does it read as in order."""
    (tea,) = omise.seed(1, **INPUTS)
    states = {PR: state(omise, {}), DEV: state(omise, {"tea": tea})}
    fake_pulumi.answer(answers(states))
    monkeypatch.setenv("OMISE_SECRET_KEY", omise.key("jp"))
    for args in ([], ["--backend"], ["--stack", "pr-1", "--stack", "dev"]):
        code, out, err = drift(*args)
        assert (code, out) == (1, "")
        assert f"Link {tea} belongs to" in err
    monkeypatch.setenv("OMISE_SECRET_KEY", omise.key("th", live=True))
    assert "is a test link" in drift()[2]
    monkeypatch.setenv("OMISE_SECRET_KEY", omise.key("th"))
    monkeypatch.setenv("OMISE_ACCOUNT_ID", omise.account("jp").id)
    assert "and omise:accountId says that the links are in" in drift("--stack", "pr-1")[2]


def test_another_account_is_asked_for_with_its_key(
    fake_pulumi: FakePulumi, omise: Emulator, drift: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The links of the stack's own account are elsewhere then."""
    (tea,), (yen,) = omise.seed(1, **INPUTS), omise.seed(1, account="jp", **INPUTS)
    fake_pulumi.answer(answers({DEV: state(omise, {"tea": tea})}))
    monkeypatch.setenv("JP_KEY", omise.key("jp"))

    code, out, _ = drift("--key-env", "JP_KEY", "--json")

    found = json.loads(out)
    assert code == 0
    assert [link["id"] for link in found["elsewhere"]] == [tea]
    assert [link["id"] for link in found["unmanaged"]] == [yen]


@pytest.mark.parametrize("listed_deleted", [True, False])
@pytest.mark.parametrize("shown", ["deleted", "not_found"])
def test_a_missing_link_is_proved_to_be_missing(
    fake_pulumi: FakePulumi, omise: Emulator, drift: Run, listed_deleted: bool, shown: str
) -> None:
    """By the list, or by a read of its own; when it was deleted is said where Omise says it."""
    (tea,) = omise.seed(1, **INPUTS)
    fake_pulumi.answer(answers({DEV: state(omise, {"tea": tea})}))
    omise.delete(tea)
    omise.switch(list_includes_deleted=listed_deleted, get_deleted=shown)

    found = json.loads(drift("--json")[1])

    (missing,) = found["missing"]
    assert (missing["id"], missing["name"]) == (tea, "tea")
    assert bool(missing.get("deleted_at")) == (listed_deleted or shown == "deleted")


def test_a_link_that_the_list_lacks_and_a_read_finds_is_managed(
    fake_pulumi: FakePulumi, omise: Emulator, drift: Run
) -> None:
    """It was made while the list was read, or the list was one page short."""
    (tea,) = omise.seed(1, **INPUTS)
    fake_pulumi.answer(answers({DEV: state(omise, {"tea": tea})}))
    omise.fault("changed_answer", path="/links", changes={"data": [], "total": 0})

    assert "1 managed. No drift." in drift()[1]


def test_what_cannot_be_proved_missing_is_not_known(
    fake_pulumi: FakePulumi, omise: Emulator, drift: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a link whose account the state does not say, or of very many at once."""
    links = {"a": "link_test_5xa", "b": "link_test_5xb"}
    fake_pulumi.answer(answers({DEV: state(omise, links, outputs={"account_id": None})}))

    code, out, _ = drift("--expect-no-changes")

    assert code == 1
    assert "Whether link_test_5xa, link_test_5xb are missing is not known: the account" in out
    fake_pulumi.answer(answers({DEV: state(omise, links)}))
    monkeypatch.setattr(drift_gather, "MOST_SINGLE_READS", 1)
    code, out, _ = drift()
    assert (code, "Whether link_test_5xb is missing is not known: more than 1" in out) == (1, True)
    assert "1 missing." in out


@pytest.mark.parametrize("path", ["/links", "/links/*", "/account"])
def test_a_failure_never_reads_as_missing(
    fake_pulumi: FakePulumi, omise: Emulator, drift: Run, path: str
) -> None:
    """Be it of the list, of the read of one link, or of the account: a firewall's page, say."""
    fake_pulumi.answer(answers({DEV: state(omise, {"tea": "link_test_5x1"})}))
    omise.fault("page", path=path, times=100)

    code, out, _ = drift("--expect-no-changes")

    assert code == 1
    assert "1 missing" not in out


def test_filters_narrow_the_unmanaged_links(
    fake_pulumi: FakePulumi, omise: Emulator, drift: Run
) -> None:
    """By title or by the mark of an environment; a twin is shown in any case."""
    (tea, _twin) = omise.seed(2, **INPUTS)
    fake_pulumi.answer(answers({DEV: state(omise, {"tea": tea})}))
    for title in ("Sale · pr-42", "Sale · pr-4", "Cake"):
        omise.seed(1, title=title)

    def unmanaged(*args: str) -> tuple[list[str], int]:
        found = json.loads(drift("--json", *args)[1])
        assert len(found["twin"]) == 1
        return [link["title"] for link in found["unmanaged"]], found["filtered"]

    assert unmanaged("--mark", "pr-42") == (["Sale · pr-42"], 2)
    assert unmanaged("--title", "sale*") == (["Sale · pr-42", "Sale · pr-4"], 1)
    assert unmanaged("--title", "sale*", "--mark", "pr-4") == (["Sale · pr-4"], 2)
    assert "2 more unmanaged links are not shown" in drift("--mark", "pr-42")[1]


def test_findings_are_accepted_and_stay_visible(
    fake_pulumi: FakePulumi, omise: Emulator, drift: Run
) -> None:
    """Written once, they count no more until their day; what is accepted and gone is said."""
    (tea, _twin, other) = (*omise.seed(2, **INPUTS), *omise.seed(1, title="Other"))
    fake_pulumi.answer(answers({DEV: state(omise, {"tea": tea, "gone": "link_test_5x1"})}))
    assert drift("--expect-no-changes")[0] == 7
    # Not today: midnight may pass during the test.
    last = datetime.now(timezone.utc).date() + timedelta(1)
    write = ["--write-accepted", "a.yaml", "--reason", "Old posters", "--until", f"{last}"]

    code, out, _ = drift("--expect-no-changes", *write)

    assert (code, "3 lines added to a.yaml." in out) == (0, True), out
    code, out, _ = drift("--expect-no-changes", "--accepted", "a.yaml")
    assert (code, "1 managed, 3 accepted. No drift." in out) == (0, True)
    assert out.count(f"Accepted until {last}: Old posters") == 3
    # Nothing is new: the file stays, to the byte.
    before = Path("a.yaml").read_text() + "# mine\n"
    Path("a.yaml").write_text(before)
    assert drift(*write)[0] == 0
    assert Path("a.yaml").read_text() == before

    omise.delete(other)
    Path("a.yaml").write_text(before.replace(f"{last}", f"{last - timedelta(2)}"))
    code, out, _ = drift("--expect-no-changes", "--accepted", "a.yaml")
    assert code == 7
    assert out.count("which is over: Old posters") == 2
    assert f"accepts {other}, which is not in this account any more" in out


def test_nothing_is_accepted_that_may_be_of_an_unread_stack(
    fake_pulumi: FakePulumi, omise: Emulator, drift: Run
) -> None:
    """A file that accepts the links of a stack would hide their loss."""
    omise.seed(1, **INPUTS)
    fake_pulumi.answer(answers({DEV: state(omise, {}), PR: None}))

    code, out, _ = drift("--backend", "--write-accepted", "a.yaml", "--reason", "R")

    assert (code, "Nothing was written to a.yaml." in out) == (1, True)
    assert not Path("a.yaml").exists()


def test_every_key_is_documented(fake_pulumi: FakePulumi, omise: Emulator, drift: Run) -> None:
    """In docs/command-line.md; and each kind in docs/drift.md."""
    tea, _twin, once, _other, gone = omise.seed(5, **INPUTS)
    omise.mutate(_other, title="Other")
    omise.delete(gone)
    links = {"tea": tea, "once": once, "gone": gone}
    fake_pulumi.answer(answers({DEV: state(omise, links), PR: state(omise, {"once": once})}))
    Path("a.yaml").write_text(f"version: 1\naccepted: [{{id: {gone}, reason: R}}]\n")

    found = json.loads(drift("--backend", "--accepted", "a.yaml", "--json")[1])

    section = re.search(
        r"^### drift\n(.*?)^##", (DOCS / "command-line.md").read_text(), re.MULTILINE | re.DOTALL
    )
    assert section
    keys = {*found} - {"format_version", "command", "summary", "accounts", "stats"}
    keys |= {*found["summary"]}
    for value in found.values():
        if isinstance(value, list):
            keys |= {key for item in value if "mode" not in item for key in item}
    assert {key for key in keys if f"`{key}`" not in section[1]} == set()
    assert {*found["summary"]} == {*(kind.value for kind in Kind), "complete"}
    rows = re.findall(r"^\| `(\w+)` \|", (DOCS / "drift.md").read_text(), re.MULTILINE)
    assert rows[: len(Kind)] == [kind.value for kind in Kind]
