"""What `recover` cannot prove with the keys and the stacks at hand, it leaves to a person."""

from __future__ import annotations

import pytest
from harness import Project
from killed_up import HeldAnswers, killed_up, records

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.engine


SPRING = "Link('spring', amount=5_000, currency='THB', title='Spring', description='d'{})\n"


def test_a_stack_that_cannot_be_read_does_not_stop_recover(
    project: Project, omise: Emulator, answers: HeldAnswers
) -> None:
    """What only a person can vouch for is left, and the reason names both ways out, which work."""
    project.program(SPRING.format("") + SPRING.format("").replace("pring", "ummer"))
    answers.hold_after({})
    killed_up(project, answers, pending=2, held={omise.account("th").id: 2})
    broken = project.backend / ".pulumi/stacks/other/dev.json"
    broken.parent.mkdir()
    broken.write_text('{"version": 3, "checkpoint": {"stack": "organization/other/dev", "lat')

    run = project.cli("recover", "--yes", "--settle", "1")

    assert run.code == 1
    run.says("leave", "say --adopt NAME=ID or --only-this-stack")
    assert project.ids() == {}
    ids = {link["title"]: link["id"] for link in omise.links(deleted=False)}
    run = project.cli("recover", "--yes", "--settle", "1", "--adopt", f"spring={ids['Spring']}")
    assert run.code == 1
    assert project.ids() == {"spring": ids["Spring"]}
    project.cli("recover", "--yes", "--settle", "1", "--only-this-stack").ok()
    assert set(project.ids().values()) == set(ids.values())
    assert '"creating"' not in project.state_text()


def test_a_rotated_key_of_an_explicit_provider_is_taken_from_the_program(
    project: Project, omise: Emulator, answers: HeldAnswers
) -> None:
    """The state has the old key; the new one is in the program, and links are found with it, also
    while the program declares the provider alone, as the error says; the stack's own key, which is
    of another account here, never takes its place."""
    provider = (
        "import os\nth = Provider('th', secret_key=pulumi.Output.secret(os.environ['TH_KEY']))\n"
    )
    link = SPRING.format(", opts=pulumi.ResourceOptions(provider=th)")
    project.program(provider + link)
    project.env["OMISE_SECRET_KEY"] = omise.key("jp")
    project.env["TH_KEY"] = omise.key("th")
    answers.hold_after({})
    killed_up(project, answers, pending=1, held={omise.account("th").id: 1})
    omise.revoke(project.env["TH_KEY"])
    project.env["TH_KEY"] = "skey_test_emulator_rotated"
    omise.add_key(project.env["TH_KEY"], "th")
    (made,) = (link["id"] for link in omise.links(deleted=False))
    recover = ("recover", "--yes", "--settle", "1")

    project.program("")
    project.cli(*recover).failed().says("declare it again with a valid key")
    project.program(provider)
    project.cli(*recover).failed().says("leave  spring", made, "no longer declares such a link")
    project.program(provider + link)
    project.cli(*recover).ok().says("adopt", "spring")
    assert project.ids() == {"spring": made}


def test_a_key_of_which_nothing_is_known_clears_nothing(
    project: Project, omise: Emulator, answers: HeldAnswers
) -> None:
    """A restricted key of another account sees no link; that proves nothing about the creates."""
    project.program(SPRING.format(""))
    answers.hold_after({})
    killed_up(project, answers, pending=1, held={omise.account("th").id: 1}, victims="all")
    for record in records(project):
        record.unlink()
    omise.switch(account_readable="forbidden")

    run = project.cli("recover", "--yes", "--settle", "1", OMISE_SECRET_KEY=omise.key("jp"))

    assert run.code == 1
    run.says("may not read GET /account", "--clear NAME")
    assert '"creating"' in project.state_text()


def test_a_restricted_key_of_another_account_drops_no_record_and_says_so(
    project: Project, omise: Emulator, answers: HeldAnswers
) -> None:
    """A key that shows none of the stack's links proves nothing about creates that the plugin
    alone remembers; one that shows them tells the account, which the state then has."""
    project.program(SPRING.format(""))
    project.up().ok()
    both = SPRING.format("") + SPRING.format("").replace("pring", "ummer")
    project.program(both)
    answers.hold_after({})
    killed_up(project, answers, pending=1, held={omise.account("th").id: 1}, victims="plugin")
    omise.switch(account_readable="forbidden")
    project.program(SPRING.format(""))

    run = project.cli("recover", "--yes", "--settle", "1", OMISE_SECRET_KEY=omise.key("jp"))

    assert run.code == 1
    run.says("shows none of the links that the stack manages")
    assert len(records(project)) == 1

    project.program(both)
    for record in records(project):
        record.unlink()  # as on another machine
    run = project.cli("recover", "--yes", "--settle", "1", OMISE_SECRET_KEY=omise.key("jp"))
    assert run.code == 1
    run.says("shows none of the links that the stack manages")

    (made,) = (link["id"] for link in omise.links(deleted=False) if link["title"] == "Summer")
    project.cli("recover", "--yes", "--adopt", f"summer={made}").ok()
    assert project.ids()["summer"] == made
    assert project.state_text().count('"account_id":"account_test_') == 2


def test_what_is_left_stays_pending_whatever_the_environment_says(
    project: Project, omise: Emulator, answers: HeldAnswers
) -> None:
    """Options of Pulumi that are set for a whole pipeline clear no create behind our back."""
    options = ("PULUMI_OPTION_CLEAR_PENDING_CREATES", "PULUMI_OPTION_IMPORT_PENDING_CREATES")
    project.program(SPRING.format("") + SPRING.format("").replace("pring", "ummer"))
    answers.hold_after({})
    killed_up(project, answers, pending=2, held={omise.account("th").id: 2}, victims="all")
    omise.seed(title="Spring", description="d", amount=5_000)

    run = project.cli("recover", "--yes", "--settle", "1", **dict.fromkeys(options, "true"))

    assert run.code == 1
    run.says("1 link taken into the stack, 0 cleared, 1 left alone")
    assert list(project.ids()) == ["summer"]
    assert '"creating"' in project.state_text()
