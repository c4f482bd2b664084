"""What one can rely on about names: readable, safe, and never passed on to another link."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_omise_links.manifest.names import LONGEST, Namer, make_slug
from pulumi_omise_links.manifest.reading import check

# A busy machine is no fault.
RELAXED = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
# Few titles, and ends of ids among them: collisions of every kind.
IDS = st.lists(
    st.text(_DIGITS, min_size=1, max_size=19).map("link_test_{}".format), unique=True, max_size=12
)
TITLES = st.one_of(
    st.sampled_from(["Spring sale", "spring-sale", "", "🌸", "Link a", "ชา", "a", "link"]),
    st.text(max_size=80),
)


@st.composite
def accounts(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Links as (title, id), oldest first."""
    ids = draw(IDS)
    titles = [
        draw(TITLES | st.sampled_from([f"spring sale {link_id[-6:]}" for link_id in ids]))
        for _ in ids
    ]
    return list(zip(titles, ids, strict=True))


def names(links: Sequence[tuple[str, str]], taken: Sequence[str] = ()) -> dict[str, str]:
    """Names by id."""
    namer = Namer(taken)
    return {link_id: namer.name(title, link_id) for title, link_id in links}


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Spring sale", "spring-sale"),
        ("  Spring -- SALE!! ", "spring-sale"),
        ("Mother's day, 50% off", "mothers-day-50-off"),
        ("สงกรานต์ 2026 🌊", "สงกรานต์-2026"),
        ("น้ำส้ม", "น้ำส้ม"),
        ("お正月 セール！", "お正月-セール"),
        ("ＳＡＬＥ　２０２６", "sale-2026"),
        ("Cafe\u0301 au lait", "café-au-lait"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👨\u200d👩\u200d👧 family 1\ufe0f\u20e3", "family-1"),
        ("a::b/c\\d\n../e", "a-b-c-d-e"),
        ("no", "no"),
        ("\u202eevil", "evil"),
        ("x" * 200, "x" * LONGEST),
        ("word " * 40, "-".join(["word"] * 12)),
    ],
)
def test_a_name_is_the_words_of_the_title(title: str, name: str) -> None:
    """Letters, digits and marks of any script stay as they are typed; all else separates."""
    assert names([(title, "link_test_1")]) == {"link_test_1": name}


@pytest.mark.parametrize("title", ["", " ", "🌸🎉", "?!", "\u3164", "\u0301"])
def test_a_title_without_words_is_called_by_its_id(title: str) -> None:
    """The end of the id, which tells links apart better than its start, the time."""
    assert names([(title, "link_test_abcdefghijk")]) == {"link_test_abcdefghijk": "link-fghijk"}


def test_the_oldest_keeps_the_plain_name() -> None:
    """Later ones add the end of their own id, more of it if that is taken as well."""
    assert names(
        [
            ("Sale", "link_test_00000000001111111"),
            ("Sale!", "link_test_00000000002222222"),
            ("Sale 333333", "link_test_00000000009999999"),
            ("SALE", "link_test_00000000003333333"),
        ]
    ) == {
        "link_test_00000000001111111": "sale",
        "link_test_00000000002222222": "sale-222222",
        "link_test_00000000009999999": "sale-333333",
        "link_test_00000000003333333": "sale-0003333333",
    }


@given(accounts(), st.integers(0, 12))
@RELAXED
def test_links_made_later_change_no_name(links: list[tuple[str, str]], earlier: int) -> None:
    """The names of a shorter account are the first names of a longer one."""
    before = names(links[:earlier])

    assert before.items() <= names(links).items()


@given(accounts(), st.lists(st.sampled_from(["spring-sale", "a", "link-a", "ชา"])))
@RELAXED
def test_names_are_unique_and_keep_off_taken_ones(
    links: list[tuple[str, str]], taken: list[str]
) -> None:
    """No name is given twice, nor one that the manifest has already."""
    given_names = list(names(links, taken).values())

    assert len({*given_names, *taken}) == len(given_names) + len(set(taken))


@given(accounts())
@RELAXED
def test_the_same_account_gets_the_same_names(links: list[tuple[str, str]]) -> None:
    """No chance, no clock and no order of a set has a say."""
    assert names(links) == names(links)


@given(TITLES)
@RELAXED
def test_words_are_safe_anywhere(title: str) -> None:
    """In a URN, a file name, a shell, and said twice."""
    words = make_slug(title)

    assert len(words) <= LONGEST
    assert words == unicodedata.normalize("NFC", words) == words.strip("-")
    assert "--" not in words
    assert not set(words) & set(":/\\\"'`$&|;<>*?#{}[]()!~ \n\t.,=%@")
    assert all(unicodedata.category(word)[0] in "LNM" or word in "-\u200c\u200d" for word in words)
    assert make_slug(words) == words


def test_a_cut_leaves_no_letter_without_its_marks() -> None:
    """Thai has no spaces to cut at, and a vowel must not lose its letter."""
    for start in range(6):
        words = make_slug("ก" * start + "กี้" * 100)

        assert LONGEST - 3 < len(words) <= LONGEST
        assert words == "ก" * start + "กี้" * ((len(words) - start) // 3)


def test_every_name_is_one_that_a_manifest_takes(tmp_path: Path) -> None:
    """Thousands of random titles, checked as a manifest's keys."""
    rng = random.Random(7)
    file = tmp_path / "m.yaml"
    namer = Namer()
    found = [
        namer.name("".join(chr(rng.choice(RANGES)) for _ in range(rng.randint(1, 90))), f"link_{n}")
        for n in range(2000)
    ]
    entry = "{title: T, description: D, amount: 5000, currency: THB}"
    lines = [f'  "{name}": {entry}' for name in found]
    file.write_text("\n".join(["version: 1", "links:", *lines]))

    (checked,) = check(file)

    assert checked.problems == ()
    assert [checked_entry.name for checked_entry in checked.entries] == found


RANGES = [
    *range(0x20, 0x7F), *range(0xA0, 0x500), *range(0x590, 0x700), *range(0xE00, 0xE80),
    *range(0x1100, 0x1200), *range(0x2000, 0x2070), *range(0x3000, 0x3200), *range(0xFF00, 0xFFF0),
]  # fmt: skip
