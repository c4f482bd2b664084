"""The page of a report as text: its policy, its order, its cards, and what foreign text does."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from odd_texts import ODD_TEXTS
from sample_report import (
    ARABIC,
    CONCERT,
    DELETED,
    PLANNED,
    PREVIEW,
    STATES,
    USED,
    make_large_report,
    make_link,
)

from pulumi_omise_links.reporting.html import write_html
from pulumi_omise_links.reporting.model import Inputs, Report, ReportedLink, Status
from pulumi_omise_links.safe_text import SECRET


class Reader(HTMLParser):
    """The elements of a page with the names of their attributes, and the titles of its cards."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, ...]] = []
        self.titles: list[str] = []
        self._in_title = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, *(name for name, _ in attrs)))
        if tag == "h3":
            self._in_title = True
            self.titles.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "h3":
            self._in_title = False

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.titles[-1] += data


def show(*links: ReportedLink) -> str:
    """The page of these links."""
    return write_html(replace(STATES, links=links))


HTML = st.sampled_from(["<", ">", "&", '"', "'", "</", "<!--", "]]>", "<script>", "{{", "}}", "`"])
TEXTS = st.lists(HTML | st.sampled_from(ODD_TEXTS) | st.text(max_size=5), max_size=8).map("".join)


@given(title=TEXTS, name=TEXTS, address=TEXTS, heading=TEXTS)
def test_foreign_text_makes_no_element(title: str, name: str, address: str, heading: str) -> None:
    """Whatever texts hold, the page has the same elements and attributes, and the whole title."""
    plain = replace(STATES, links=[make_link("a", "b", "c", address="d")])
    link = make_link(name, title, title, address=f"x{address}", source=name)
    report = replace(STATES, links=[link], subject=name)
    read = Reader(write_html(report, title=f"{heading}x"))

    assert read.elements == Reader(write_html(plain, title="e")).elements
    assert read.titles == [title]


def test_a_page_allows_nothing_but_its_own_style() -> None:
    """The policy in the page has the digest of the one style in it, and forbids the rest."""
    page = write_html(STATES, title='Spring "2027" </style>')
    (style,) = re.findall("<style>(.*)</style>", page, re.DOTALL)
    (policy,) = re.findall('Content-Security-Policy" content="(.*)"', page)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert unescape(policy) == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert not re.search(r"<script|<link|<img|<iframe|url\(|@import| style=| on\w+=", page)


def test_cards_are_sorted_by_name_within_their_stack() -> None:
    """A reader finds a link by its name; the order of the report is that of danger."""
    places = (("shop/b", "x"), ("shop/a", "b"), ("shop/a", "C"), ("shop/a", "a"))
    page = show(*(make_link(name, "t", "d", source=source) for source, name in places))

    assert re.findall('class="name"><code><bdi lang="">(.*?)<', page) == ["a", "b", "C", "x"]
    assert re.findall('id="source-.*?<bdi lang="">(.*?)<', page) == ["shop/a", "shop/b"]


@pytest.mark.parametrize(("count", "indexed"), [(12, False), (13, True)])
def test_an_index_stands_above_more_than_twelve_links(count: int, indexed: bool) -> None:
    """A short page needs none."""
    assert ('<nav class="index"' in write_html(make_large_report(count))) is indexed


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        (USED, "Paid on 2 November 2026. It was for one payment and cannot be paid again."),
        (DELETED, "Deleted on 20 November 2026. Nobody can pay it, and it cannot come back."),
        (PLANNED, "There is no link yet. <code>pulumi up</code> makes it, and its address."),
        (PREVIEW.links[0], "Its address dies with the next <code>pulumi up</code>. Do not print"),
        (replace(CONCERT, address=None), "Its address is not on this page."),
        (replace(CONCERT, address="mailto:a@b.example"), "Its address is not one of a web page."),
    ],
    ids=["used", "deleted", "planned", "dies", "no address", "no web address"],
)
def test_a_link_that_nobody_should_scan_has_a_sentence(link: ReportedLink, sentence: str) -> None:
    """In place of the code, the card says why there is none."""
    page = show(link)

    assert sentence in page
    assert "<svg" not in page


def test_the_code_of_a_link_that_was_not_checked_is_shown() -> None:
    """Without a key nobody knows whether it was paid; the card says so in words."""
    page = show(replace(CONCERT, status=Status.UNCHECKED))

    assert page.count('role="img" aria-label="QR code of spring-concert"') == 1
    assert "Not checked" in page


def test_a_code_is_black_on_white_with_its_quiet_zone() -> None:
    """Four modules of white are around the 29 of a code, in the dark too."""
    (code,) = re.findall("<svg.*?</svg>", show(ARABIC), re.DOTALL)

    assert 'viewBox="0 0 37 37"' in code
    assert code.count('<path fill="#fff" d="M0 0h37v37h-37z"/>') == 1
    assert '<path stroke="#000" d="M4 4.5h7' in code


def test_a_secret_has_a_placeholder() -> None:
    """The card of a link whose inputs are secret is there, with nothing of them."""
    hidden = dict.fromkeys(("title", "description", "amount", "currency", "multiple"), SECRET)
    page = show(replace(CONCERT, inputs=Inputs(hidden=hidden)))

    assert page.count(SECRET) == 4
    assert "Spring concert" not in page


def test_a_preview_says_first_what_dies() -> None:
    """Numbers, warning and changes stand above the cards; a page without a preview has none."""
    page = write_html(PREVIEW)
    order = [
        "<b>2</b> <span>addresses die</span>",
        "What this page cannot say",
        "What the next <code>pulumi up</code> changes",
        "An address that dies cannot come back: posters",
        'amount <del><bdi lang="">THB 1,500.00</bdi></del>',
        "dies; paid 12 times, last on 2 November 2026.",
        "1 other resource changes",
        "Not from this change",
        '<ul class="cards">',
    ]

    places = [page.find(text) for text in order]
    assert -1 not in places
    assert places == sorted(places)
    assert "changes" not in show(CONCERT)


def test_a_report_without_links_says_so() -> None:
    """An empty page is not taken for a broken one."""
    assert "There are no links." in show()
    nothing = Report(subject="shop/dev", links=[], is_preview=True)
    assert "No link changes." in write_html(nothing)


def test_a_thousand_links_make_a_page_of_less_than_three_megabytes() -> None:
    """Each card is small, also one with a long title in another script than ours."""
    few, more = (len(write_html(make_large_report(count)).encode()) for count in (20, 60))

    assert few + (more - few) / 40 * 980 < 3_000_000


@pytest.mark.parametrize("package", ["jinja2", "segno"])
def test_a_missing_package_is_named(package: str) -> None:
    """Without the extra `report`, a sentence says what to install."""
    program = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "from pulumi_omise_links.errors import ReportError\n"
        "try:\n"
        "    import pulumi_omise_links.reporting.html\n"
        "except ReportError as error:\n"
        "    print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.startswith(f"The Python package {package} is missing")
    assert "pip install 'pulumi-omise-links[report]'" in done.stdout
