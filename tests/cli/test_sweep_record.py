"""``omise-links sweep --record``: nothing that went is lost, and a run that was cut off goes on."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path

import pytest
from sweep_setup import Account

from pulumi_omise_links.cli import run
from pulumi_omise_links.emulator import JournalEntry
from pulumi_omise_links.manifest.reading import load

RECORD = ("--record", "gone.yaml")


def recorded() -> list[str | None]:
    """The ids in the record, as every command reads it."""
    return [entry.id for entry in load("gone.yaml").entries]


def test_the_record_is_a_manifest(account: Account) -> None:
    """In the format of discover, with the ids; a plan alone writes none."""
    first, second = account.seed(2, title="try out", amount=90_000)
    account.seed(title="Poster")
    checksum = account.run("--title", "try*", *RECORD)["checksum"]
    assert not Path("gone.yaml").exists()

    account.delete("--title", "try*", *RECORD)

    assert Path("gone.yaml").read_text() == (
        f"""\
# Links that omise-links sweep has deleted. Checksum of its plan: {checksum}
version: 1
links:
  try-out:
    id: {first}
    title: try out
    description: A seeded link
    amount: 90000  # THB 900.00
    currency: THB

  try-out-{second[-6:]}:
    id: {second}
    title: try out
    description: A seeded link
    amount: 90000  # THB 900.00
    currency: THB
"""
    )
    assert run(["validate", "gone.yaml"]) == 0


def test_a_file_that_exists_is_not_overwritten(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither a manifest of the very links, nor an empty file, nor a folder, nor another record."""
    links = account.seed(2)
    assert run(["discover", "-o", "gone.yaml"]) == 0
    capsys.readouterr()
    Path("folder").mkdir()
    manifest = Path("gone.yaml").read_text()
    head = "# Links that omise-links sweep has deleted. Checksum of its plan: "
    texts = ["", "\xff", manifest, f"{head}9f2c\n{manifest}", f"{head}{'0' * 64}\n{manifest}"]
    for text in texts:
        Path("gone.yaml").write_text(text, encoding="latin-1")
        assert "gone.yaml" in account.refusal(
            "--all", *RECORD, "--yes", "--account", account.id, code=1
        )
        assert Path("gone.yaml").read_text(encoding="latin-1") == text
    for file in ("folder", "nowhere/gone.yaml"):
        account.delete("--all", "--record", file, code=1)
    assert account.alive() == links
    assert account.omise.journal.writes == []


@pytest.mark.parametrize("moment", [1, 2, 3, 4, 5, 9, "unanswered"])
def test_kill_9_in_the_middle_and_run_again(account: Account, moment: int | str) -> None:
    """At whichever request it was killed: the same command goes on, exactly the plan is gone, and
    the record has exactly the plan. The checksum that was reviewed still holds."""
    others = account.seed(7, title="Poster")
    planned = account.seed(3, title="try out")
    sweep = ("--title", "try*", *RECORD, "--checksum", account.run("--title", "try*")["checksum"])
    if moment == "unanswered":  # recorded, and not carried out
        account.omise.fault("500", method="DELETE")
    killed = threading.Event()
    seen = []

    def kill(entry: JournalEntry) -> None:
        if entry.path.startswith("/links/"):
            seen.append(entry)
            if len(seen) == moment or (moment == "unanswered" and entry.method == "DELETE"):
                process.kill()
                process.wait()
                killed.set()

    account.on_request = kill
    process = account.start(*sweep)
    assert killed.wait(60)
    process.communicate()
    account.on_request = lambda _: None
    gone = {*planned} - {*account.alive()}
    assert gone <= {*(recorded() if Path("gone.yaml").exists() else [])}

    result = account.delete(*sweep)

    assert account.alive() == others
    assert recorded() == planned
    assert result["summary"]["deleted_before"] == len(gone)
    assert result["summary"]["deleted"] == 3 - len(gone)
    again = account.delete(*sweep)
    assert (again["summary"]["delete"], again["summary"]["deleted_before"]) == (0, 3)
    assert recorded() == planned


@pytest.mark.parametrize("read", ["deleted", "not_found"])
@pytest.mark.parametrize("listed", [True, False])
def test_what_is_gone_is_known_however_omise_shows_it(
    account: Account, read: str, listed: bool
) -> None:
    """Whether lists and reads show deleted links is not documented."""
    links = account.seed(2)
    sweep = ("--all", *RECORD, "--checksum", account.run("--all")["checksum"])
    account.omise.fault("500", method="DELETE", path=f"/links/{links[1]}", rate=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pulumi_omise_links.omise.retry._FIRST_DELAY", 0.002)
        account.delete(*sweep, code=1)
    assert recorded() == links
    account.omise.clear_faults()
    account.omise.switch(get_deleted=read, list_includes_deleted=listed)

    assert account.delete(*sweep)["summary"]["deleted_before"] == 1
    assert account.alive() == []


def test_a_plan_that_has_changed_is_not_gone_on_with(account: Account) -> None:
    """With the checksum it ends with 7; with the record alone it asks for another file."""
    links = account.seed(3)
    checksum = account.run("--all")["checksum"]
    account.omise.fault("refused_deletion", path=f"/links/{links[2]}")
    account.delete("--all", *RECORD, code=4)
    assert recorded() == links[:2]
    account.seed()

    account.delete("--all", *RECORD, "--checksum", checksum, code=7)
    message = account.refusal("--all", *RECORD, "--yes", "--account", account.id, code=1)
    assert "is the record of another plan" in message
    assert len(account.alive()) == 2
    assert recorded() == links[:2]


def test_without_a_record_the_rest_is_a_plan_of_its_own(account: Account) -> None:
    """What was reviewed is no longer there in whole, so the old checksum does not hold."""
    links = account.seed(2)
    checksum = account.run("--all")["checksum"]
    account.omise.fault("refused_deletion", path=f"/links/{links[1]}")
    account.delete("--all", "--checksum", checksum, code=4)

    account.delete("--all", "--checksum", checksum, code=7)
    account.delete("--all")
    assert account.alive() == []


def test_a_record_of_another_account_is_of_another_plan(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though its links are not there either."""
    account.seed()
    account.delete("--all", *RECORD)
    japan = account.omise.account("jp")
    monkeypatch.setenv("OMISE_SECRET_KEY", account.omise.key("jp"))
    account.seed(account="jp")
    before = Path("gone.yaml").read_bytes()

    account.run("--all", *RECORD, "--yes", "--account", japan.id, code=1)

    assert Path("gone.yaml").read_bytes() == before
    assert account.omise.journal.count("DELETE") == 1


def test_ctrl_c_says_what_is_done_and_what_is_left(account: Account) -> None:
    """It ends with 8, and its result is whole: of each link, what has become of it."""
    first, second, third = account.seed(3)

    def interrupt(entry: JournalEntry) -> None:
        if entry.method == "DELETE" and entry.path.endswith(second):
            process.send_signal(signal.SIGINT)

    account.on_request = interrupt
    process = account.start("--all", *RECORD)
    out, err = process.communicate(timeout=60)

    assert process.returncode == 8
    result = json.loads(out)
    fates = {link["id"]: link["fate"] for link in result["delete"]}
    assert fates == {first: "deleted", second: "deleted", third: "left"}
    assert result["summary"]["deleted"] == 2
    assert "Traceback" not in err
    assert account.alive() == [third]
    assert recorded() == [first, second]


def test_an_outage_says_so_to_a_person(
    account: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is done, what is in doubt, what is left, and how to go on."""
    monkeypatch.setattr("pulumi_omise_links.omise.retry._FIRST_DELAY", 0.002)
    _, second, _ = account.seed(3)
    account.omise.fault("500", path=f"/links/{second}", method="DELETE", rate=1)

    assert run(["sweep", "--all", "--yes", "--account", account.id]) == 1

    last = capsys.readouterr().out.splitlines()[-2:]
    assert last == [
        f"{second} may be deleted: its deletion was sent, and that it is gone is not proved.",
        f"Could not delete link {second}: Omise returned a server error: an internal error"
        " occurred (500 internal_error). 1 link deleted and read back. 2 links left; the same"
        " command goes on.",
    ]
