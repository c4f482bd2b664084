"""What goes wrong: one sentence a fault, no traceback, no key, and nothing done by halves."""

from __future__ import annotations

import pytest
from harness import Project, Run, nobody

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.engine

ONE = "Link('one', amount=5000, currency='THB', title={!r}, description='d')\n"


def test_all_faults_of_a_link_at_once(project: Project, omise: Emulator) -> None:
    """A preview lists every fault of a link, each with the resource and the input, and asks Omise
    for nothing but the account."""
    project.program(
        "Link('spring', amount=pulumi.Output.from_input(15.5), currency='TBH', title=' ',"
        " descripton='x', used=True, multiple='yes')"
    )

    run = project.preview().failed()

    problems = {
        "amount must be a whole number",
        "currency is not supported by this Omise account, which takes AUD, ",
        "title must not be blank",
        "description is missing.",
        "descripton is not an input of a link (did you mean 'description'?)",
        "used is set by Omise and cannot be an input",
        "multiple must be true or false, not text",
    }
    run.says(*(f"Link resource 'spring' has a problem: {problem}" for problem in problems))
    assert run.out.count("has a problem") == len(problems)
    assert {request.path for request in omise.journal.entries} == {"/account"}


def test_settings_that_cannot_work_are_refused(project: Project, omise: Emulator) -> None:
    """A public key, a key that is none and plain http to another machine are refused at preview,
    and a missing key at up, each with its source; Omise is not even asked."""
    project.program(ONE.format("t"))
    variable = "environment variable OMISE_SECRET_KEY"

    for env, sentence in (
        ({"OMISE_SECRET_KEY": "pkey_test_5x"}, f"The key in the {variable} is a public key"),
        ({"OMISE_SECRET_KEY": "hunter2"}, f"The value of the {variable} is not an Omise secret"),
        ({"OMISE_API_URL": "http://omise.example"}, "the key would travel unencrypted. Use https"),
    ):
        refused = project.preview(env=env).failed()
        refused.says("Link resource 'one' has a problem: ", sentence)
        assert "hunter2" not in refused.out
    missing = project.up(env={"OMISE_SECRET_KEY": ""}).failed()
    assert f"No Omise secret key: the {variable} is not set; set it" in _one_line(missing, "one")
    assert omise.journal.entries == []
    assert project.links() == {}


def test_nothing_changes_while_omise_cannot_be_used(project: Project, omise: Emulator) -> None:
    """With a wrong key, another account's key, a dead network or Omise down, each command ends with
    one line; no link is made, deleted or dropped from the state."""
    project.program(ONE.format("Old"))
    project.up().ok()
    before, links = project.known(), omise.links()
    project.program(ONE.format("New"))
    variable = "environment variable OMISE_SECRET_KEY"
    with nobody() as closed:
        for env, sentence, commands in (
            (
                {"OMISE_SECRET_KEY": "skey_test_wrong"},
                f"Omise does not accept the key in the {variable}",
                [project.refresh, project.up],
            ),
            (
                {"OMISE_SECRET_KEY": omise.key("sg")},
                f"but the key in the {variable} is of {omise.account('sg').id}.",
                [project.refresh, project.destroy],
            ),
            (
                {"OMISE_API_URL": closed},
                f"{closed} refuses the connection; is it up, and the URL",
                [project.up, project.destroy],
            ),
            (
                {},
                "Omise returned a server error: ",
                [project.refresh, project.up, project.destroy],
            ),
        ):
            if not env:
                omise.fault("503", rate=1.0)
            for command in commands:
                run = command(env=env).failed()
                assert sentence in _one_line(run, "one"), run.out

    assert project.known() == before
    assert omise.links() == links


def test_another_account_gets_no_link_of_the_stack(project: Project, omise: Emulator) -> None:
    """With another account's key the link that stays is refused, and nothing is made beside it."""
    project.program("one = " + ONE.format("Old"))
    project.up().ok()
    before = project.known()
    project.program(
        "one = " + ONE.format("Old") + "Link('two', amount=5000, currency='THB', title='T',"
        " description='d', opts=pulumi.ResourceOptions(depends_on=[one]))\n"
    )

    run = project.up(env={"OMISE_SECRET_KEY": omise.key("sg")}).failed()

    assert f"is of {omise.account('sg').id}. Nothing was changed." in _one_line(run, "one")
    assert omise.links("sg") == []
    assert project.known() == before


def _one_line(run: Run, name: str) -> str:
    """The one line of an error that the engine prints below a resource's heading."""
    lines = run.out.split("Diagnostics:")[1].splitlines()
    start = lines.index(f"  pulumi-python:dynamic/omise:Link ({name}):")
    block = lines[start + 1 : lines.index("", start)]
    assert len(block) == 1, block
    return block[0]
