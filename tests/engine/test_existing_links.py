"""Links that exist already: looked up with ``Link.get``, taken over with ``adopt``."""

from __future__ import annotations

import pytest
from harness import Project

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.engine

UNKNOWN = "link_test_5zzzzzzzzzzzzzzzzzz"
LIVE = "link_5zzzzzzzzzzzzzzzzzz"


def adopting(name: str, link_id: str, title: str = "Old", more: str = "") -> str:
    """A line of a program that adopts a link as the tests seed it."""
    return (
        f"Link({name!r}, amount=5000, currency='thb', title={title!r}, description='d',"
        f" adopt={link_id!r}{more})\n"
    )


def test_get_looks_a_link_up_and_never_manages_it(project: Project, omise: Emulator) -> None:
    """Link.get gives all attributes of a link at preview already; destroy leaves it alone."""
    (link_id,) = omise.seed(title="Old", description="d", amount=5000)
    project.program(
        f"got = Link.get('got', {link_id!r})\n"
        "pulumi.export('all', [got.title, got.amount, got.multiple, got.payment_uri, got.livemode])"
    )

    project.preview().ok().says('"Old"', "5000")
    project.up().ok()
    assert project.outputs()["all"] == [
        *("Old", 5000, False, omise.link(link_id)["payment_uri"], False)
    ]
    project.refresh("--expect-no-changes").ok()
    project.destroy().ok()

    assert omise.journal.writes == []
    assert omise.link(link_id)["deleted"] is False


def test_get_says_why_a_link_cannot_be_had(project: Project, omise: Emulator) -> None:
    """Link.get of an unknown, deleted or live link, or of no link at all, fails at preview with a
    sentence for each."""
    (deleted,) = omise.seed()
    omise.delete(deleted)
    variable = "environment variable OMISE_SECRET_KEY"

    # One at a time: the engine ends what has not begun when the first one fails.
    for link_id, sentence in {
        UNKNOWN: f"Omise refused to read link {UNKNOWN}",
        deleted: f"Link {deleted} was deleted at ",
        LIVE: f"Link {LIVE} is a live link, but the key in the {variable} is a test key.",
        "chrg_test_5zz": "'chrg_test_5zz' is not the id of a link",
    }.items():
        project.program(f"Link.get('got', {link_id!r})")
        project.preview().failed().says(sentence)


def test_adopt_takes_an_existing_link_without_a_write(project: Project, omise: Emulator) -> None:
    """up with adopt makes and changes nothing at Omise; adding or removing adopt later, and a
    refresh in between, is no change."""
    (link_id,) = omise.seed(title="Old", description="d", amount=5000)
    with_adopt = adopting("old", link_id)
    without = with_adopt.replace(f", adopt={link_id!r}", "")
    project.program(with_adopt)

    project.up().ok()

    adopted = project.links()["old"]
    assert adopted["id"] == link_id
    assert adopted["outputs"]["payment_uri"] == omise.link(link_id)["payment_uri"]
    project.refresh("--expect-no-changes").ok()
    project.unchanged()
    project.program(without)
    project.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes").ok()
    project.program(with_adopt)
    project.unchanged()
    assert omise.journal.writes == []
    assert project.ids() == {"old": link_id}


def test_adopt_refuses_what_is_not_the_declared_link(project: Project, omise: Emulator) -> None:
    """A link that differs (each input is named), is deleted, unknown or of the other mode, and a
    text that is no id, are refused at preview; no link is made in its place."""
    other, deleted = omise.seed(2, title="Old", description="d", amount=5000)
    omise.mutate(other, title="Other", multiple=True)
    omise.delete(deleted)

    for link_id, sentence in (
        (other, f"Link {other} cannot be adopted: its title, multiple differ"),
        (deleted, f"Link {deleted} was deleted at "),
        (UNKNOWN, f"Omise refused to read link {UNKNOWN}"),
        (LIVE, f"Link {LIVE} is a live link"),
        ("chrg_test_5zz", "adopt must be the id of a link"),
    ):
        project.program(adopting("one", link_id))
        project.preview().failed().says(sentence)
        if link_id == other:
            project.up("--continue-on-error").failed().says(sentence)

    assert project.ids() == {}
    assert omise.journal.writes == []


def test_an_adopted_link_outlives_slips_of_the_program(project: Project, omise: Emulator) -> None:
    """While a program adopts a link, nothing of that program kills it: a changed input is refused
    at preview, also with delete_before_replace, and another name for the resource is a move;
    destroy deletes it like any managed link."""
    first, second = omise.seed(2, title="Old", description="d", amount=5000)
    early = ", opts=pulumi.ResourceOptions(delete_before_replace=True)"
    project.program(adopting("one", first) + adopting("two", second, more=early))
    project.up().ok()

    project.program(adopting("one", first) + adopting("two", second, "New", early))
    refusal = f"Link {second} cannot be adopted: its title differ"
    project.preview().failed().says(refusal)
    project.up().failed().says(refusal)
    project.program(adopting("uno", first) + adopting("two", second, more=early))
    project.up().ok()

    assert omise.journal.writes == []
    assert project.ids() == {"uno": first, "two": second}
    project.destroy("--run-program").ok()
    assert omise.links(deleted=False) == []


def test_a_look_up_that_fails_in_a_program_is_a_sentence(project: Project) -> None:
    """get_link of a link that is not there ends the program without a traceback."""
    project.program(f"get_link({UNKNOWN!r})\n")

    run = project.preview().failed()

    run.says(f"Omise refused to read link {UNKNOWN}")
    assert "unhandled exception" not in run.out
