"""Links with the mark of a stack that is gone, looked for with `--mark`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fake_pulumi import FakePulumi

from pulumi_omise_links.cli import run
from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.state_format import TYPE_TOKEN

TEARDOWN = ["teardown", "--stack", "pr-1", "--mark", "pr-1", "--yes"]
OTHER = "organization/shop/other"


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, omise: Emulator) -> FakePulumi:
    """A backend without the stack pr-1."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMISE_API_URL", omise.url)
    monkeypatch.setenv("OMISE_SECRET_KEY", omise.key("th"))
    return FakePulumi(tmp_path, monkeypatch)


def answer(pulumi: FakePulumi, state: object = "") -> None:
    """There is one stack, with this state."""
    gone = "stack --show-name --fully-qualify-stack-names --stack pr-1"
    pulumi.answer(
        {
            gone: "error: no stack named 'pr-1' found",
            "stack ls": [{"name": OTHER}],
            "stack export": state,
        }
    )


def test_only_what_can_be_paid_and_no_stack_manages_is_named(
    pulumi: FakePulumi, omise: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not links of another stack, deleted or used ones, nor those with another mark."""
    lost, managed, deleted, used = omise.seed(4, title="Spring · pr-1")
    omise.seed(title="Spring · pr-11")
    omise.delete(deleted)
    omise.pay(used)
    link = {"urn": "urn:a", "type": TYPE_TOKEN, "id": managed}
    answer(pulumi, {"version": 3, "deployment": {"resources": [link]}})

    assert run(TEARDOWN) == 1
    said = capsys.readouterr().out
    assert "pr-1: there is no such stack." in said
    assert "In no stack, with the mark pr-1, and can be paid: 1 link.\n" in said
    assert next(line for line in said.splitlines() if "made 2" in line).split()[0] == lost

    omise.delete(lost)
    assert run(TEARDOWN) == 0
    said = capsys.readouterr().out
    account = omise.account("th").id
    assert f"No link with the mark pr-1 can be paid outside of a stack, in {account}.\n" in said
    assert "Nothing was done." in said


def test_a_stack_that_cannot_be_read_is_told(
    pulumi: FakePulumi, omise: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may manage the link that is named."""
    (lost,) = omise.seed(title="Spring · pr-1")
    answer(pulumi, "error: unexpected end of JSON input")

    assert run([*TEARDOWN, "--json"]) == 1
    printed = json.loads(capsys.readouterr().out)
    assert [link["id"] for link in printed["marked"]] == [lost]
    assert printed["summary"]["payable"] == 1
    assert run(TEARDOWN) == 1
    assert f"{OTHER} could not be read" in capsys.readouterr().out


def test_an_account_that_cannot_be_listed_is_not_known(
    pulumi: FakePulumi, omise: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the list, nothing is proved."""
    omise.revoke(omise.key("th"))
    answer(pulumi)

    assert run(TEARDOWN) == 1
    assert "Links with this mark cannot be listed: Omise does not" in capsys.readouterr().out
