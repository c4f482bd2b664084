"""After kill -9 in the middle of creates: the account ends up holding what the program declares."""

from __future__ import annotations

import signal

import pytest
from harness import Project
from killed_up import HeldAnswers, killed_up, records

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.engine

PROGRAM = """
jp = Provider("jp", secret_key_env="JP_KEY")
for n in range(10):
    Link(f"n{n}", amount=150_000 + n * 100, currency="thb", title="Spring sale",
         description=pulumi.Output.secret(f"Hall {n}"), multiple=True)
for name in ("twin-a", "twin-b"):
    Link(name, amount=5_000, currency="THB", title="Twin", description="d",
         opts=pulumi.ResourceOptions(protect=True))
Link("yen", amount=5_000, currency="JPY", title="Yen", description="d",
     opts=pulumi.ResourceOptions(provider=jp))
"""


THREE = """
for n in range(3):
    Link(f"n{n}", amount=150_000 + n * 100, currency="thb", title="Spring sale",
         description=pulumi.Output.secret(f"Hall {n}"), multiple=True)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["kill", "term"])
def test_a_plugin_that_dies_alone_leaves_neither_doubles_nor_orphans(
    project: Project, omise: Emulator, answers: HeldAnswers, how: signal.Signals
) -> None:
    """Pulumi forgets such creates; the records of the plugin stop the next `pulumi up`, name the
    remedy, and `recover` takes the links that Omise had made."""
    project.program(THREE)
    th = omise.account("th").id
    answers.hold_after({})
    said = killed_up(project, answers, pending=3, held={th: 3}, victims="plugin", how=how)

    assert "error reading from server: EOF" in said
    assert '"creating"' not in project.state_text()
    assert len(records(project)) == 3
    for record in records(project):
        assert record.stat().st_mode & 0o777 == 0o600
        assert "Hall" not in record.read_text()
    made = {link["id"] for link in omise.links(deleted=False)}
    assert len(made) == 3
    omise.journal.clear()
    project.up().failed().says("begun at", "Run `omise-links recover` there")
    assert not omise.journal.writes

    result = project.cli_json("recover", "--yes", "--settle", "1")

    assert result["summary"]["adopt"] == 3
    assert {create["pending"] for create in result["creates"]} == {False}
    assert set(project.ids().values()) == made
    assert not omise.journal.writes
    assert "Hall" not in project.state_text()
    assert records(project) == []
    project.unchanged()
    project.up().ok()
    assert {link["id"] for link in omise.links(deleted=False)} == made
    project.cli("recover", "--yes").ok().says("Nothing was done.")


def test_a_create_that_omise_never_carried_out_is_made_after_recover(
    project: Project, omise: Emulator, answers: HeldAnswers
) -> None:
    """The record of the dead plugin is dropped once no answer can come any more."""
    project.program(
        "Link('spring', amount=5_000, currency='THB', title='Spring', description='d')\n"
    )
    answers.hold_after({})
    killed_up(project, answers, pending=1, held={omise.account("th").id: 1}, victims="plugin")
    (made,) = (link["id"] for link in omise.links(deleted=False))
    omise.delete(made)  # the same as never made, for who looks now

    run = project.cli("recover", "--yes", "--settle", "1").ok()

    run.says("clear  spring", "Waiting 1 s", "`pulumi up` makes what is missing")
    assert records(project) == []
    project.up().ok()
    assert len(omise.links(deleted=False)) == 1
    assert records(project) == []


def test_all_processes_of_an_up_are_killed(
    project: Project, omise: Emulator, answers: HeldAnswers
) -> None:
    """State and records tell of the same creates: each link is taken once."""
    project.program(THREE)
    answers.hold_after({})
    killed_up(project, answers, pending=3, held={omise.account("th").id: 3}, victims="all")

    project.cli("recover", "--yes", "--settle", "1").ok().says("3 links taken into the stack")

    assert records(project) == []
    project.unchanged()
    assert len(omise.links(deleted=False)) == 3


def test_on_another_machine_the_candidates_are_named(
    project: Project, omise: Emulator, answers: HeldAnswers
) -> None:
    """Neither state nor records tell of the create: an equal link that nobody manages is shown, and
    taken only if a person says so."""
    project.program(
        "Link('spring', amount=5_000, currency='THB', title='Spring', description='d')\n"
    )
    answers.hold_after({})
    killed_up(project, answers, pending=1, held={omise.account("th").id: 1}, victims="plugin")
    for record in records(project):
        record.unlink()
    (made,) = (link["id"] for link in omise.links(deleted=False))

    run = project.cli("recover", "--yes", "--settle", "1")

    assert run.code == 1
    run.says("leave  spring", "on another machine", made, "--adopt NAME=ID")
    assert project.ids() == {}
    project.cli("recover", "--yes", "--adopt", f"spring={made}").ok()
    assert project.ids() == {"spring": made}
    project.unchanged()
    again = project.cli("recover", "--yes", "--adopt", f"spring={made}")
    assert again.code == 2
    again.says(f"spring is managed already, as {made}")


def test_a_killed_up_leaves_neither_doubles_nor_orphans(
    project: Project, omise: Emulator, answers: HeldAnswers
) -> None:
    """Links that the killed run made are adopted, what it did not make is forgotten, an older link
    like it is not taken, and `pulumi up` then makes exactly what is missing."""
    project.env["JP_KEY"] = omise.key("jp")
    project.program(PROGRAM)
    omise.switch(clock_skew=-60)  # further back than the clocks of two machines may be apart
    (older,) = omise.seed(account="jp", title="Yen", description="d", amount=5_000)
    omise.switch(clock_skew=0)
    th, jp = (omise.account(account).id for account in ("th", "jp"))
    answers.hold_after({th: 3})

    # Of the plugin's four threads, one may wait for the other twin.
    killed_up(project, answers, pending=4, held={th: 3, jp: 1})

    assert "creating" in project.state_text()
    project.cli("recover").failed().says("use --yes")
    writes = len(omise.journal.writes)
    result = project.cli_json("recover", "--yes", "--settle", "3")
    assert len(omise.journal.writes) == writes  # nor does what the killed run left behind write
    assert result["done"] is True
    assert result["summary"]["leave"] == 0
    assert result["summary"]["adopt"] >= 4
    assert result["stats"]["writes"] == 0
    adopted = {create["id"] for create in result["creates"] if create["action"] == "adopt"}
    assert project.ids()["yen"] in adopted
    assert older not in adopted
    assert adopted <= set(project.ids().values())
    assert "creating" not in project.state_text()
    again = project.cli("recover", "--yes").ok()
    again.says("No create or delete of a link is pending. Nothing was done.")

    project.up().ok()
    project.unchanged()
    ids = set(project.ids().values())
    assert len(ids) == 13
    assert {link["id"] for link in omise.links(deleted=False)} == ids | {older}


def test_what_cannot_be_told_is_shown_and_left_alone(
    project: Project, omise: Emulator, answers: HeldAnswers
) -> None:
    """Two links fit one create: nothing is done about it until a person says which it is."""
    project.program(
        "Link('spring', amount=5_000, currency='THB', title='Spring', description='d')\n"
    )
    answers.hold_after({})
    killed_up(project, answers, pending=1, held={omise.account("th").id: 1}, victims="all")
    (twin,) = omise.seed(title="Spring", description="d", amount=5_000)

    run = project.cli("recover", "--yes", "--settle", "3")

    assert run.code == 1
    run.says("leave  spring", "More links fit than creates are open", twin)
    assert "creating" in project.state_text()
    (right,) = (link["id"] for link in omise.links() if link["id"] != twin)
    project.cli("recover", "--yes", "--adopt", f"spring={right}").ok()
    assert project.ids() == {"spring": right}
    assert "creating" not in project.state_text()
    project.unchanged()


def test_a_killed_replacement_takes_its_place(
    project: Project, omise: Emulator, answers: HeldAnswers
) -> None:
    """The link that the killed run made becomes the one under its name; the one it replaces is gone
    after the next `pulumi up`, which makes no third."""
    program = (
        "for name in ('spring', 'autumn'):\n"
        "    Link(name, amount={}, currency='thb', title=pulumi.Output.secret(name),"
        " description='d')\n"
    )
    project.program(program.format(5_000))
    project.up().ok()
    before = project.ids()
    omise.switch(clock_skew=7)  # as much later as the clocks of two machines are never apart
    project.program(program.format(6_000))
    answers.hold_after({})
    killed_up(project, answers, pending=2, held={omise.account("th").id: 2})

    run = project.cli("recover", "--yes", "--settle", "3").ok()

    for old in before.values():
        run.says(f"It replaces {old}, which the next `pulumi up` deletes.")
    after = project.ids()
    leaving = {after.pop(f"replaced-{name}") for name in before}
    assert leaving == set(before.values())
    assert set(after) == set(before)
    assert not set(after.values()) & set(before.values())
    assert '"autumn"' not in project.state_text(), "a secret is in the open"
    assert "creating" not in project.state_text()
    omise.journal.clear()
    project.up().ok()
    assert {request.method for request in omise.journal.writes} == {"DELETE"}
    assert {link["id"] for link in omise.links(deleted=False)} == set(after.values())
    assert project.ids() == after
    project.unchanged()
    project.refresh("--expect-no-changes").ok()


def test_the_program_alone_is_killed(
    project: Project, omise: Emulator, answers: HeldAnswers
) -> None:
    """Pulumi finishes the creates that it has begun and saves them: nothing is open."""
    project.program(THREE)
    answers.hold_after({})
    killed_up(project, answers, pending=3, held={omise.account("th").id: 3}, victims="program")

    project.cli("recover", "--yes", "--settle", "1").ok()

    project.up().ok()
    project.unchanged()
    assert len(omise.links(deleted=False)) == 3
    assert records(project) == []
