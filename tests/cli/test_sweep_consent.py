"""``omise-links sweep``: who may delete, and that what was reviewed is what is done."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import pytest
from sweep_setup import DAY, Account, Terminal, make_state

from pulumi_omise_links.cli import run


def test_a_pipeline_names_the_account(account: Account) -> None:
    """Without a terminal nobody can be asked, so --yes alone is refused before anything is read."""
    account.seed(2)

    assert "--account" in account.refusal("--all", "--yes", code=2)
    assert account.omise.journal.entries == []
    assert account.delete("--all")["summary"]["deleted"] == 2
    assert account.alive() == []


@pytest.mark.parametrize("yes", [[], ["--yes"]])
def test_the_account_must_be_the_one_of_the_key(account: Account, yes: list[str]) -> None:
    """Not one that looks like it, not its mode at the side, not empty."""
    account.seed()
    japan = account.omise.account("jp")
    near = [account.id[:-1], account.id.upper(), f"{account.id} ", account.live_id, ""]

    for other in (japan.id, japan.email, account.email.upper(), *near):
        result = account.run("--all", *yes, "--account", other, code=1)
        assert result["error"]["type"] == "WrongAccountError"
    assert account.omise.journal.count("GET", "/links") == 0
    assert account.omise.journal.writes == []


def test_the_email_of_the_account_will_do(account: Account) -> None:
    """As `GET /account` shows it."""
    account.seed()
    account.run("--all", "--yes", "--account", account.email)

    assert account.alive() == []


def test_the_account_of_the_settings_must_be_the_one_of_the_key(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """omise:accountId says whose links a stack has: with a key of another account, no plan."""
    account.seed()
    monkeypatch.setenv("OMISE_ACCOUNT_ID", account.omise.account("jp").id)
    assert account.run("--all", code=1)["error"]["type"] == "WrongAccountError"
    monkeypatch.setenv("OMISE_ACCOUNT_ID", account.id)
    assert account.run("--all")["summary"]["delete"] == 1


def test_a_person_types_the_account(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, after the plan was shown; another one is refused, and so is the end of the input."""
    (link,) = account.seed()
    for typed, code in (("account_1", 1), ("yes", 1)):
        monkeypatch.setattr(sys, "stdin", Terminal(typed))
        assert account.run("--all", "--yes", code=code)["error"]["type"] == "WrongAccountError"
    monkeypatch.setattr(sys, "stdin", Terminal("", meanwhile=_interrupt))
    assert account.run("--all", "--yes", code=8)["error"]["type"] == "Cancelled"
    assert account.alive() == [link]
    assert account.omise.journal.writes == []

    monkeypatch.setattr(sys, "stdin", Terminal(f" {account.email} "))
    account.run("--all", "--yes")
    assert account.alive() == []


def test_a_person_sees_the_plan_before_the_question(
    account: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its rows are printed once."""
    (link,) = account.seed()
    monkeypatch.setattr(sys, "stdin", Terminal(account.id))

    assert run(["sweep", "--all", "--yes"]) == 0

    out, err = capsys.readouterr()
    assert out.count(f"delete  {link}") == 1
    assert out.endswith("1 link deleted and read back.\n")
    assert "To delete 1 link, type the id or the e-mail of the account:" in err


def _interrupt() -> None:
    raise KeyboardInterrupt


def test_what_changes_while_a_person_types_stops_all(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stack takes one of the links, or somebody pays it: nothing is done, and it ends with 7."""
    first, second = account.seed(2)

    def take() -> None:
        account.stacks.add_stack("organization/shop/dev", make_state(first))

    for meanwhile in (take, lambda: account.omise.pay(second)):
        monkeypatch.setattr(sys, "stdin", Terminal(account.id, meanwhile))
        result = account.run("--all", "--yes", code=7)
        assert result["done"] is False
    assert account.alive() == [first, second]
    assert account.omise.journal.writes == []


def test_links_that_grow_old_while_a_person_types_stay(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ages count to the time of the plan that was shown."""
    (old,), (young,) = account.seed(), account.seed(age=1000.0)

    def wait() -> None:
        account.now += 3 * DAY

    monkeypatch.setattr(sys, "stdin", Terminal(account.id, wait))
    assert account.run("--all", "--yes")["summary"]["deleted"] == 1
    assert account.alive() == [young]
    assert old != young


@pytest.mark.parametrize("given", [*itertools.product([False, True], repeat=3)], ids=str)
def test_a_live_key_needs_three_consents(
    account: Account, monkeypatch: pytest.MonkeyPatch, given: tuple[bool, bool, bool]
) -> None:
    """omise:allowLive, --live and --checksum: one less, and nothing is read. A plan needs none."""
    account.seed(3, live=True)
    monkeypatch.setenv("OMISE_SECRET_KEY", account.omise.key("th", live=True))
    checksum = account.run("--all")["checksum"]
    allowed, live, summed = given
    monkeypatch.setenv("OMISE_ALLOW_LIVE", str(allowed))
    options = ["--live"] * live + ["--checksum", checksum] * summed
    account.omise.journal.clear()

    code = 0 if all(given) else 1 if live and summed else 2
    result = account.run(
        "--all", "--yes", "--account", account.live_id, "--force", *options, code=code
    )

    if not all(given):
        message = result["error"]["message"]
        assert ("--live" in message) is not live
        assert ("--checksum SUM" in message) is not summed
        assert account.omise.journal.entries == []
    assert len(account.alive(live=True)) == (0 if all(given) else 3)


def test_a_live_option_with_a_test_key_changes_nothing(account: Account) -> None:
    """A pipeline may give it in both modes."""
    account.seed()
    account.delete("--all", "--live")

    assert account.alive() == []


def test_the_checksum_holds_the_plan(account: Account) -> None:
    """One link more or one less, and it ends with 7; --force does not override that."""
    links = account.seed(3)
    checksum = account.run("--all")["checksum"]
    (more,) = account.seed()

    for args in (
        [],
        ["--yes", "--account", account.id],
        ["--yes", "--account", account.id, "--force"],
    ):
        result = account.run("--all", "--checksum", checksum, *args, code=7)
        assert (result["summary"]["delete"], result["summary"]["deleted"]) == (4, 0)
        assert result["checksum"] != checksum
    account.omise.delete(more)
    account.omise.pay(links[0])
    account.delete("--all", "--checksum", checksum, code=7)
    assert account.omise.journal.writes == []

    again = account.run("--all")["checksum"]
    assert account.delete("--all", "--checksum", again)["summary"]["deleted"] == 2
    assert account.alive() == links[:1]


@pytest.mark.parametrize("wrong", ["", "9f2c", "0" * 63, "g" * 64, "A" * 64])
def test_a_checksum_is_given_whole(account: Account, wrong: str) -> None:
    """A part of one could be that of another plan."""
    account.seed()

    account.run("--all", "--checksum", wrong, code=2)
    assert account.omise.journal.entries == []


def test_a_checksum_does_not_lift_a_limit(account: Account) -> None:
    """And a plan that differs is told before a limit that is exceeded."""
    account.seed(12)
    checksum = account.run("--all", code=1)["checksum"]

    account.delete("--all", "--checksum", checksum, code=1)
    account.delete("--all", "--checksum", "0" * 64, code=7)
    assert len(account.alive()) == 12


def test_a_link_that_is_paid_just_before_its_turn(account: Account) -> None:
    """It is read again at its turn: it stays, the others go, and it ends with 7."""
    first, second = account.seed(2)
    account.omise.fault(
        "changed_answer", method="GET", path=f"/links/{second}", changes={"used": True}
    )

    result = account.delete("--all", code=7)

    assert {link["id"]: link["fate"] for link in result["delete"]} == {
        first: "deleted",
        second: "changed",
    }
    assert result["delete"][1]["reason"] == "It was used up by a payment."
    assert account.alive() == [second]


def test_settings_of_a_stack(
    account: Account, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its config has the key and the consent; --key-env takes another key. A stack that is named
    and does not exist is an error, so is a config file of none; that none is selected is not."""
    (link,) = account.seed()
    monkeypatch.delenv("OMISE_SECRET_KEY")
    monkeypatch.setenv("TH_KEY", account.omise.key("th"))
    assert account.run("--all", code=3)["error"]["type"] == "AuthenticationError"
    assert account.going("--all", "--key-env", "TH_KEY") == [link]
    account.run("--all", "--stack", "nix", code=6)
    config = tmp_path / "Pulumi.prod.yaml"
    config.write_text("config: {}\n")
    account.run("--all", "--config-file", str(config), "--key-env", "TH_KEY", code=6)

    account.stacks.answer("stack --show-name", "organization/shop/dev")
    account.stacks.answer("config --json", {"omise:secretKeyEnv": {"value": "TH_KEY"}})
    assert account.going("--all") == [link]


def test_outside_of_a_project_nothing_is_read(account: Account) -> None:
    """The backend there could be another one without a stack: every link would be unmanaged."""
    account.seed()
    account.stacks.answer("stack --show-name", "error: no Pulumi.yaml project file found")

    assert "--cwd" in account.refusal("--all", code=1)
    assert account.omise.journal.entries == []
    assert "there is no folder" in account.refusal("--all", "--cwd", "nowhere", code=2)
    assert not Path("nowhere").exists()


def test_a_backend_without_a_stack_needs_the_checksum(account: Account) -> None:
    """It may be another backend than the one that is meant, and then no link looks managed."""
    (link,) = account.seed()
    account.stacks.answer("stack ls", [])

    assert "it may not be the backend that is meant" in account.refusal(
        "--all", "--yes", "--account", account.id, code=2
    )
    assert account.alive() == [link]
    account.delete("--all", "--checksum", account.run("--all")["checksum"])
    assert account.alive() == []
