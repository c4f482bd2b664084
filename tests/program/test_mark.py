"""What one can rely on about the mark: the end of a title that says which stack made a link."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pulumi
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pulumi_omise_links import marked
from pulumi_omise_links.errors import ArgumentError
from pulumi_omise_links.mark import LONGEST_MARK, add_mark, has_mark, mark_problem

MARKS = st.text(min_size=1, max_size=LONGEST_MARK).filter(lambda text: mark_problem(text) is None)


class Stack(str, Enum):
    REVIEW = "pr-17"


class Title(Enum):
    SPRING = "Spring"


@given(title=st.text(), mark=MARKS)
def test_a_marked_title_has_its_mark(title: str, mark: str) -> None:
    """The title stands before it, unchanged, and the same mark is never added twice."""
    with_mark = add_mark(title, mark)

    assert with_mark.startswith(title)
    assert has_mark(with_mark, mark)
    assert add_mark(with_mark, mark) == with_mark


@given(title=st.text(), mark=MARKS, other=MARKS)
def test_a_title_has_one_mark_at_most(title: str, mark: str, other: str) -> None:
    """Whoever looks for the links of one stack finds none of another."""
    assume(mark != other)

    assert not has_mark(add_mark(title, mark), other)


@given(name=st.from_regex(r"[A-Za-z0-9_.-]{1,100}", fullmatch=True))
def test_every_name_of_a_stack_can_be_a_mark(name: str) -> None:
    """`mark=pulumi.get_stack()` works for each of them."""
    assert mark_problem(name) is None


@pytest.mark.parametrize("mark", ["PR-17", "pr-1", "r-17", "pr-17 ", "-17"])
def test_spelling_counts(mark: str) -> None:
    """A part of a mark, or the same in capitals, is another mark."""
    assert not has_mark("Spring · pr-17", mark)


@pytest.mark.parametrize(
    ("mark", "problem"),
    [
        ("", "must not be blank"),
        (" \n", "must not be blank"),
        (" pr-17", "must have no space at its start or end"),
        ("pr-17\n", "must have no space at its start or end"),
        ("pr\n17", "must not hold control characters, line breaks or invisible characters"),
        ("pr\t17", "must not hold control characters"),
        ("pr\u200b17", "invisible characters"),
        ("pr\ud80017", "invisible characters"),
        ("shop · pr-17", "must not hold '·', which stands between a title and its mark"),
        ("x" * 101, "is too long: 101 characters, at most 100"),
        (17, "must be text, not int"),
        (None, "must be text, not NoneType"),
    ],
)
def test_what_cannot_be_a_mark_is_refused_with_the_reason(mark: Any, problem: str) -> None:
    """In one sentence, before anything is declared."""
    with pytest.raises(ArgumentError) as refused:
        marked("Spring", mark)

    assert str(refused.value).startswith("marked: mark ")
    assert problem in str(refused.value)


def test_a_mark_that_is_not_known_yet_is_refused() -> None:
    """An ``Output`` has no value while the program runs."""
    with pytest.raises(ArgumentError) as refused:
        marked("Spring", pulumi.Output.from_input("pr-17"))  # type: ignore[arg-type]

    assert str(refused.value) == (
        "marked: mark must be text that is known when the program runs, such as"
        " pulumi.get_stack(), not an Output."
    )


def test_a_title_of_any_kind_gets_the_mark() -> None:
    """Text of an Enum counts by its value, as for other inputs."""
    assert marked("Spring", "pr-17") == "Spring · pr-17"
    assert marked("Spring", Stack.REVIEW) == "Spring · pr-17"
    assert marked(Title.SPRING, "pr-17") == "Spring · pr-17"  # type: ignore[arg-type]


@pytest.mark.parametrize("secret", [True, False])
def test_an_output_gets_the_mark_and_stays_secret(secret: bool) -> None:
    """The title of another resource can be marked, and a secret one is no less secret."""
    wrap = pulumi.Output.secret if secret else pulumi.Output.from_input
    seen: list[object] = []

    async def look() -> None:
        title: Any = marked(wrap("Spring"), "pr-17")
        seen.extend([await title.future(), await title.is_secret()])

    until_done: Any = pulumi.runtime.test
    until_done(look)()

    assert seen == ["Spring · pr-17", secret]


@pytest.mark.parametrize("title", [None, "", "  ", 5])
def test_what_can_be_no_title_is_left_to_the_link(title: Any) -> None:
    """The link refuses it with its own name; a mark does not hide that a title is blank."""
    assert marked(title, "pr-17") == title
