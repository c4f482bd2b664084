"""Texts that look alike and are not equal: the difference is named and shown."""

from __future__ import annotations

import unicodedata
from typing import Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pulumi_omise_links.omise.models import LinkInputs
from pulumi_omise_links.text_differences import (
    describe_difference,
    fold_appearance,
    show_difference,
)

SPACES, INVISIBLE = " \t\n\u00a0\u2003\u3000", "\u00ad\u200b\u200d\u2060\ufe0f\ufeff"
# Letters that can be written in several ways, spaces, and what nobody sees.
TEXTS = st.text(
    st.sampled_from(f"abé\u0301ñ각ไทยกำ①ﬁＡ/\\{SPACES}{INVISIBLE}") | st.characters(codec="utf-8"),
    max_size=80,
)


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ("Cafe\u0301", "Café", "Unicode composition"),
        ("Ball ", "Ball", "spaces or line breaks"),
        ("Tea\u00a0Party", "Tea Party", "spaces or line breaks"),
        ("a\r\nb", "a\nb", "spaces or line breaks"),
        ("Zero\u200bwidth", "Zerowidth", "invisible characters"),
        ("ＡＢ", "AB", "Unicode compatibility forms (such as full-width letters)"),
        (
            "e\u200b\u0301 ",
            "é",
            "invisible characters and Unicode composition and spaces or line breaks",
        ),
        ("Ball", "ball", None),
        ("Ball", "Hall", None),
        ("Ball", "Ball", None),
    ],
)
def test_the_kind_of_a_difference_is_named(first: str, second: str, kind: str | None) -> None:
    """The smallest set of kinds that explains it; None if everybody can see it."""
    assert describe_difference(first, second) == kind
    assert describe_difference(second, first) == kind


@given(
    TEXTS,
    st.sampled_from(["NFC", "NFD"]),
    st.integers(0, 80),
    st.sampled_from(["", *INVISIBLE]),
    st.sampled_from(["", *SPACES]),
)
def test_whatever_cannot_be_seen_is_explained(
    text: str, form: Literal["NFC", "NFD"], position: int, hidden: str, end: str
) -> None:
    """A text composed in another way, with an invisible character and a space at its end, is told
    from the original, and is never called equal to it."""
    base = "".join(character for character in text if character not in INVISIBLE)
    place = min(position, len(base))
    other = unicodedata.normalize(form, base[:place] + hidden + base[place:]) + end

    assert (describe_difference(base, other) is None) == (base == other)


@given(TEXTS, TEXTS)
@example("a ", "a\\u0020")
@example("x" * 100 + "é", "x" * 100 + "e\u0301")
def test_a_difference_is_always_visible(first: str, second: str) -> None:
    """Two texts that differ are shown differently, even where only ASCII can be told apart; and an
    explanation is given exactly if they look the same."""
    one, other = show_difference(first, second)

    assert (one == other) == (first == second)
    explained = describe_difference(first, second) is not None
    assert explained == (first != second and fold_appearance(first) == fold_appearance(second))


def test_differences_of_inputs_are_named_without_values() -> None:
    """An error may name the kind, and never holds a value, which may be a secret."""
    ours = LinkInputs(
        amount=5000, currency="THB", title="Caf\u00e9", description="d", multiple=False
    )
    theirs = LinkInputs(
        amount=9000, currency="thb", title="Cafe\u0301", description="d", multiple=False
    )

    assert ours.describe_differences(theirs) == ["amount", "title (in Unicode composition only)"]
