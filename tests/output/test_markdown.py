"""Any result as Markdown: what GitHub's own parser makes of it, and how long it may be."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from gfm import HOSTILE, Page
from hypothesis import given
from hypothesis import strategies as st
from results import ID, make_result

from pulumi_omise_links.output import Column, Result, Row, Section
from pulumi_omise_links.output.markdown import LEAST_CHARACTERS, code_span, prose, write_markdown
from pulumi_omise_links.safe_text import escape

TABLE = "| a | b |\n|--|--|\n| {} | z |"
BREAKS = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
OURS = {"h3", "p", "table", "thead", "tbody", "tr", "th", "td", "strong", "br", "code"}


@given(HOSTILE)
def test_a_code_span_holds_any_text(text: str) -> None:
    """It comes back as it was, but for line breaks, in a line and in a table."""
    expected = [BREAKS.sub(" ", text)] if text else []

    line, table = Page(f"a {code_span(text)} z"), Page(TABLE.format(code_span(text, in_table=True)))

    assert (line.code, line.tags) == (expected, {"p", *["code"] * len(expected)})
    assert table.code == expected
    assert table.tags <= OURS
    assert "z" in table.plain


@given(HOSTILE)
def test_a_sentence_with_any_text_in_it_says_the_same_and_links_to_nothing(text: str) -> None:
    """No tag, link, mention, list or emphasis comes out of a title in one of our sentences."""
    for sentence in (text, f'Link {text} is gone: `{text}` was "{text}".'):
        line = Page(prose(sentence))
        table = Page(TABLE.format(prose(sentence, in_table=True)))

        assert line.tags <= {"p", "code"}
        assert table.tags <= OURS
        assert line.linked == table.linked == []


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("The next `pulumi up` deletes it.", "The next `pulumi up` deletes it."),
        ('title: "Old" → "New price!"', 'title: "Old" → "New price!"'),
        ('title: "a <b>" → "@me"', "title: `a <b>` → `@me`"),
        ("paid 12 times, last on 2 November 2026", "paid 12 times, last on 2 November 2026"),
        ("deleted 2026-11-20 09:14 UTC", "deleted 2026-11-20 09:14 UTC"),
        ("amount: THB 1,500.00 → JPY 900", "amount: THB 1,500.00 → JPY 900"),
        ("Stack acme/shop/prod (test_1), too.", "Stack `acme/shop/prod` (`test_1`), too."),
        ("``", "`` ` `` `` ` ``"),
        ("1. first", "`1`. first"),
        ("for commit 3f2a1bc", "for commit `3f2a1bc`"),
        ("the www. of it", "the `www`. of it"),
    ],
)
def test_our_own_words_stay_words(text: str, markdown: str) -> None:
    """A sentence is read as a sentence; what may mean something to Markdown is code."""
    assert prose(text) == markdown


def test_what_is_most_important_stands_first() -> None:
    """A marker by which a comment is found again, the ending, an alert, rows, sections, notes."""
    result = replace(
        make_result(),
        title="Payment links",
        subject="shop/prod",
        alert="Look here.",
        sections=[
            Section(
                heading="9 links stay", columns=[Column("a")], rows=[Row(cells=["b"])], folded=True
            ),
            Section(heading="Apart", columns=[Column("a")], rows=[Row(cells=["b"])]),
        ],
    )

    assert write_markdown(result) == (
        "<!-- omise-links plan shop/prod -->\n\n"
        "### Payment links: `shop/prod`\n\n"
        "1 to import, 1 blocked.\n\n"
        "> [!CAUTION]\n> Look here.\n\n"
        "| action | name | link | amount | title |  |\n"
        "| -- | -- | -- | -- | -- | -- |\n"
        f"| import | spring-sale | `{ID}` | THB 1,500.00 | Spring sale |  |\n"
        "| **blocked** | tea |  | THB 50.00 | Tea | Nobody knows this link.<br>It is paid. |\n\n"
        "**Apart**\n\n| a |\n| -- |\n| b |\n\n"
        "- A note.\n"
        "- Account `account_1` (TH, test mode), read with the key in KEY.\n\n"
        "<details>\n<summary>9 links stay</summary>\n\n| a |\n| -- |\n| b |\n\n</details>"
    )


@given(st.lists(HOSTILE, max_size=6), HOSTILE)
def test_no_result_lets_foreign_text_out(names: list[str], subject: str) -> None:
    """Whatever links, stacks and files are called, the page has our tags and our marker alone."""
    rows = [
        Row(cells=("delete", escape(name), escape(name)), reasons=[f'It is "{escape(name)}".'])
        for name in names
    ]
    result = Result(
        command="drift",
        subject=escape(subject),
        columns=[Column("kind"), Column("name", foreign=True), Column("title")],
        rows=rows,
        notes=[escape(name) for name in names],
        ending="Done.",
        document="\n".join(names) or None,
    )

    page = Page(write_markdown(result))

    assert page.tags <= OURS | {"ul", "li", "pre"}
    assert page.linked == []
    assert len(page.comments) == 1
    assert page.comments[0].startswith(" omise-links drift")


@pytest.mark.parametrize("limit", [LEAST_CHARACTERS, 32_768, 64_000])
@pytest.mark.parametrize("title", ["Spring", "😀" * 40, "ข" * 80, "`|" * 40])
def test_a_long_result_is_cut_from_its_end_and_says_so(limit: int, title: str) -> None:
    """It fits in UTF-16 units and in bytes, and of each kind it is known how many are left out."""
    kinds = [*["replace"] * 1_000, *["delete"] * 1_000, *["create"] * 500]
    row = {"reasons": [f'title: "{title}" → "{title}"'], "tone": "problem"}
    columns = [Column("change"), Column("title", foreign=True)]
    result = Result(
        command="report",
        columns=columns,
        rows=[Row(cells=(kind, title), **row) for kind in kinds],  # type: ignore[arg-type]
        sections=[
            Section(
                heading="4,500 links stay",
                columns=columns,
                rows=[Row(cells=("payable", title))] * 4_500,
                folded=True,
            )
        ],
        notes=[f'It is "{title}".'] * 2_000,
        ending="Much.",
    )

    text = write_markdown(result, max_chars=limit)

    assert len(text.encode("utf-16-le")) // 2 <= limit
    assert len(text.encode()) <= 250_000
    shown = len(re.findall(r"^\| \*\*", text, re.M))
    left = re.search(r"^and ([\d,]+) more: (.*)\.$", text, re.M)
    assert shown
    assert left
    counted = {
        kind: int(number.replace(",", ""))
        for number, kind in re.findall(r"(\d[\d,]*) (\w+)", left[2])
    }
    assert int(left[1].replace(",", "")) == 2_500 - shown == sum(counted.values())
    assert counted["create"] == 500
    assert text.endswith("</details>")
    folded = 4_500 - text.count("\n| payable |")
    assert f"and {folded:,} more: {folded:,} payable." in text
    # What is not known is not left out for the sake of rows.
    assert text.count("\n- It is ") > 1
    assert re.search(r"^and [\d,]+ more notes\.$", text, re.M)


def test_a_document_is_whole_or_left_out() -> None:
    """A program that `generate` prints stands in a fence of its own."""
    result = Result(command="generate", document="a = 1\n````\n", ending="1 link.")

    assert write_markdown(result) == (
        "<!-- omise-links generate -->\n\n### omise-links generate\n\n1 link.\n\n"
        "`````\na = 1\n````\n`````"
    )
    long = Result(command="generate", document="x" * 70_000, ending="1 link.")
    assert write_markdown(long).endswith("The file is too long to be shown here.")


def test_a_key_in_a_title_is_hidden() -> None:
    """Should somebody have put one where it does not belong."""
    assert "skey_test_[hidden]" in write_markdown(make_result(title="skey_test_5xabcdefg"))
