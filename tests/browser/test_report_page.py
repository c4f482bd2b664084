"""The page of a report in a real browser: on a phone, on a desk, in the dark, on paper."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from odd_texts import ODD_TEXTS
from pages import (
    DESK,
    PHONE,
    Scheme,
    Tab,
    open_tab,
    read_paper,
    scan_paper,
    scan_picture,
)
from playwright.sync_api import Browser
from sample_report import ARABIC, CONCERT, PREVIEW, STATES, make_large_report, make_link

from pulumi_omise_links.reporting.html import write_html
from pulumi_omise_links.reporting.model import Report
from pulumi_omise_links.reporting.qr import is_scannable, write_codes

pytestmark = pytest.mark.browser

SCREENS: list[tuple[int, Scheme]] = [
    (PHONE, "light"),
    (PHONE, "dark"),
    (DESK, "light"),
    (DESK, "dark"),
]
HOSTILE = (
    "<script>document.title = 'hit'</script>",
    "<img src=x onerror=alert(1)>",
    "\"'><svg onload=alert(1)>",
    "</style></title></bdi><h1>hit",
    "<!-- ",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt; &amp; &#0;",
    "javascript:alert(1)",
    "\\3c style\\3e",
)

# The names of all elements, each with those of its attributes.
ELEMENTS = """() => [...document.querySelectorAll('*')].map(one =>
    [one.tagName, ...one.getAttributeNames()].join(' ')).sort()"""


def show(tab: Tab, report: Report, folder: Path, title: str = "") -> str:
    """Open the page of a report; return its address."""
    file = folder / "report.html"
    file.write_text(write_html(report, title=title), encoding="utf-8")
    tab.page.goto(file.as_uri())
    return file.as_uri()


def live_addresses(report: Report) -> list[str]:
    return sorted(link.address or "" for link in report.links if is_scannable(link))


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
@pytest.mark.parametrize("report", [STATES, PREVIEW], ids=["states", "preview"])
def test_a_page_works_on_every_screen(
    browser: Browser, tmp_path: Path, report: Report, width: int, scheme: Scheme
) -> None:
    """A camera reads from each code the address beside it; nothing is too wide or requested."""
    with open_tab(browser, width, scheme) as tab:
        address = show(tab, report, tmp_path)
        read = []
        for code in tab.page.locator(".code").all():
            (text,) = scan_picture(code.screenshot())
            assert code.locator("xpath=..").locator(".address").inner_text() == text
            read.append(text)

        assert sorted(read) == live_addresses(report)
        assert tab.page.locator("svg").count() == len(read)
        assert tab.requests == [address]
        tab.check()


@pytest.mark.parametrize(
    "report", [STATES, PREVIEW, make_large_report(14)], ids=["states", "preview", "many"]
)
def test_a_page_can_be_printed(browser: Browser, tmp_path: Path, report: Report) -> None:
    """Each code is whole on one sheet of A4, each card too, and each sheet has heading and date."""
    with open_tab(browser, DESK, "dark") as tab:
        show(tab, report, tmp_path, "Spring (2027)")
        paper = tab.page.pdf(prefer_css_page_size=True, print_background=True)
    read = [text for sheet in scan_paper(paper) for text in sheet]
    sheets = read_paper(paper)

    assert sorted(read) == live_addresses(report)
    for number, sheet in enumerate(sheets, 1):
        for text in ("Spring (2027)", "27 November 2026, 09:10", f"{number} / {len(sheets)}"):
            assert text in sheet
    for link in report.links:
        # Its name begins a card, and "Can be paid" is near the end of one.
        card = rf"\b{re.escape(link.name[:20])}.*?Can be paid"
        assert any(re.search(card, sheet, re.S) for sheet in sheets), link.name


def test_hostile_texts_are_only_text(browser: Browser, tmp_path: Path) -> None:
    """Whatever a name, title, description or heading holds is shown, and is nothing else."""
    # A text of invisible characters alone has nothing to show.
    odd = [text for text in ODD_TEXTS if len(text) < 200 and text.strip("\u2028\u00a0\ufeff")]
    texts = [*HOSTILE, *odd]
    links = [make_link(text, text, text, source=text) for text in texts]
    harmless = [make_link("a", "b", "c", source=str(number)) for number in range(len(texts))]
    with open_tab(browser) as tab:
        show(tab, replace(STATES, links=harmless, subject="d"), tmp_path, "e")
        elements = tab.page.evaluate(ELEMENTS)
        show(tab, replace(STATES, links=links, subject=HOSTILE[0]), tmp_path, HOSTILE[3])
        titles = tab.page.locator("h3 bdi").evaluate_all("all => all.map(one => one.textContent)")

        # A browser has one kind of line end, and cannot show NUL.
        same = {"\r\n": "\n", "\r": "\n", "\0": "\ufffd"}
        wanted = [re.sub("\r\n|\r|\0", lambda found: same[found[0]], text) for text in texts]
        assert sorted(titles) == sorted(wanted)
        assert tab.page.evaluate(ELEMENTS) == elements
        assert tab.page.title() == f"{HOSTILE[3]} · Payment links"
        tab.check()


def test_an_address_that_is_no_web_address_cannot_be_opened(
    browser: Browser, tmp_path: Path
) -> None:
    """An address such as `javascript:…` is shown as text, without a link and without a code."""
    links = [
        replace(CONCERT, name=address, address=address)
        for address in ("javascript:alert(1)", "data:text/html,x", "//evil.example", "ftp://a/b")
    ]
    with open_tab(browser) as tab:
        show(tab, replace(STATES, links=links), tmp_path)

        assert tab.page.locator(".address a").count() == 0
        assert tab.page.locator(".code").count() == 0
        assert tab.page.locator(".address").count() == len(links)


def test_a_title_from_right_to_left_keeps_its_order(browser: Browser, tmp_path: Path) -> None:
    """An Arabic title runs from right to left, and what stands around it does not."""
    with open_tab(browser, DESK) as tab:
        show(tab, replace(STATES, links=[ARABIC]), tmp_path)
        direction = "one => getComputedStyle(one).direction"

        assert tab.page.locator("h3 bdi").evaluate(direction) == "rtl"
        assert tab.page.locator("h3").evaluate(direction) == "ltr"
        assert tab.page.locator(".description bdi").evaluate(direction) == "rtl"


def test_an_index_leads_to_each_card(browser: Browser, tmp_path: Path) -> None:
    """A page of many links begins with an index; the keyboard alone gets to a card and its link."""
    with open_tab(browser) as tab:
        show(tab, make_large_report(13), tmp_path)
        entries = tab.page.locator(".index a")
        assert entries.all_inner_texts() == [f"link-{number:05}" for number in range(13)]
        entries.nth(12).focus()
        tab.page.keyboard.press("Enter")
        tab.page.keyboard.press("Tab")

        focused = tab.page.evaluate("document.activeElement.textContent")
        assert focused == f"https://link.omise.co/{12:019}"


def test_files_of_codes_can_be_scanned(browser: Browser, tmp_path: Path) -> None:
    """Each file for designers has the address of the link that it is named after."""
    files = write_codes(STATES.links, tmp_path / "codes")
    read = {}
    with open_tab(browser, DESK) as tab:
        for file in files:
            tab.page.goto(file.as_uri())
            (read[file.stem],) = scan_picture(tab.page.screenshot())

    assert read == {link.name: link.address for link in STATES.links if is_scannable(link)}
