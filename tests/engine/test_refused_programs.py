"""A program that is refused: the real language host shows a sentence, and a bug as a bug."""

from __future__ import annotations

import pytest
from harness import Project

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.engine

LOOK_UP = "get_link('link_test_5x404')"
SENTENCE = "error: Omise refused to read link link_test_5x404: link link_test_5x404 was not found"


def test_an_error_nobody_catches_is_one_line(project: Project) -> None:
    """Whichever part of the package refuses, and be it in a callback or in a generator, the program
    ends with the message alone."""
    for program, sentence in (
        (LOOK_UP, SENTENCE),
        (f"pulumi.Output.from_input(1).apply(lambda _: {LOOK_UP})", SENTENCE),
        ("declare_links('nope.yaml')", "nope.yaml: there is no such file"),
        ("list(OmiseClient(Settings.resolve({})).iter_links(created_from='x'))", "list links: "),
        ("Settings.resolve({'apiUrl': 'x'})", "error: omise:apiUrl must be a URL"),
    ):
        project.program(program)
        project.preview().failed().says(sentence)


def test_an_error_is_caught_by_its_class(project: Project) -> None:
    """A program may go on without a link that is not there."""
    project.program(
        "from pulumi_omise_links.errors import NotFoundError\n"
        f"try:\n    {LOOK_UP}\n"
        "except NotFoundError as error:\n    pulumi.export('found', error.status)"
    )

    project.up().ok()

    assert project.outputs() == {"found": 404}


def test_a_bug_of_the_program_keeps_its_traceback(project: Project) -> None:
    """Only what the message explains in full loses its traceback."""
    project.program("1 / 0")

    run = project.preview()

    assert run.code != 0
    run.says("Traceback", "ZeroDivisionError")


def test_wrong_inputs_stop_the_program_with_a_sentence(project: Project, omise: Emulator) -> None:
    """What Pulumi would change or choke on is refused at preview, before a callback's value is
    known or after it; nothing is made."""
    rest = "currency='THB', description='d'"
    first = f"a = Link('a', amount=5000, title='t', {rest})\n"
    for program, sentence in (
        (f"Link('b', amount=4900.00, title='t', {rest})", "error: Link 'b': amount is a float."),
        (
            f"{first}Link('b', amount=5000, title=f'Ticket {{a.id}}', {rest})",
            "error: Link 'b': title holds an Output",
        ),
        (
            "from decimal import Decimal\n"
            "price = pulumi.Output.from_input('50').apply(lambda text: Decimal(text) * 100)\n"
            f"Link('b', amount=price, title='t', {rest})",
            "error: Link 'b': amount must be an int, not decimal.Decimal.",
        ),
        (f"{first}get_link(a.id)", "error: get_link needs link_id as text"),
    ):
        project.program(program)
        project.preview().failed().says(sentence)
    assert omise.journal.writes == []


def test_a_key_in_plain_text_is_refused_and_the_remedy_works(
    project: Project, omise: Emulator
) -> None:
    """A stack whose config shows the key makes no link until the key is stored as a secret."""
    project.program("Link('a', amount=5000, currency='THB', title='t', description='d')")
    project.pulumi("config", "set", "--plaintext", "omise:secretKey", omise.key("th")).ok()

    for run in (project.preview(), project.up()):
        run.failed().says(
            "error: omise:secretKey stands in plain text in the stack's config",
            "`pulumi config set --secret omise:secretKey`",
        )
    assert omise.journal.entries == []

    project.config("omise:secretKey", omise.key("th"), secret=True)
    project.up().ok()
    assert len(omise.links()) == 1
