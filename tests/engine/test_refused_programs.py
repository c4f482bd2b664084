"""A program that is refused: the real language host shows a sentence, and a bug as a bug."""

from __future__ import annotations

import pytest
from harness import Project

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
