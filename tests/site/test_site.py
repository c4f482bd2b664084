"""The documentation site as its reader meets it: every page, every name of the API, every search.

`make docs` builds it before these tests.
"""

from __future__ import annotations

import inspect
import re
import zlib
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from pages import DESK, PHONE, Scheme, open_tab
from playwright.sync_api import Browser

import pulumi_omise_links
from pulumi_omise_links import emulator, errors
from pulumi_omise_links.errors import OmiseLinksError

pytestmark = pytest.mark.docs

SITE = Path(__file__).parents[2] / "site"
METHODS = (property, staticmethod, classmethod)
MISSING_PICTURES = "[...document.images].filter(one => !one.naturalWidth).map(one => one.src)"


@pytest.fixture(scope="module")
def pages() -> list[Path]:
    """The files of all pages."""
    found = sorted(SITE.rglob("*.html"))
    if not found:
        pytest.fail("There is no site yet. `make docs` builds it.", pytrace=False)
    return found


def is_ours(address: str) -> bool:
    """Whether it is a file of the site, or stands in the page itself."""
    return address.startswith((f"{SITE.as_uri()}/", "data:"))


def public_names() -> set[str]:
    """Full names of all that a program may import, and of the public members of each class."""
    found: dict[str, object] = {}
    for module in (pulumi_omise_links, emulator):
        found |= {f"{module.__name__}.{name}": getattr(module, name) for name in module.__all__}
    for name, error in vars(errors).items():
        if inspect.isclass(error) and issubclass(error, OmiseLinksError):
            found[f"{errors.__name__}.{name}"] = error
    return {*found} | {
        f"{name}.{member}"
        for name, value in found.items()
        # The base of all errors has two names; its members are listed with the other errors.
        if inspect.isclass(value) and name != "pulumi_omise_links.OmiseLinksError"
        for base in value.__mro__
        # What another public class hands down has its entry there.
        if base is value or base not in found.values()
        if base.__module__.startswith(pulumi_omise_links.__name__)
        for member, what in vars(base).items()
        if not member.startswith("_") and (inspect.isfunction(what) or isinstance(what, METHODS))
        if member not in getattr(base, "__dataclass_fields__", {})
    }


def test_every_public_name_is_in_the_reference(pages: list[Path]) -> None:
    """A name that can be imported, and each method, property and field of it, has its entry."""
    # Sphinx's list of all entries: four lines about itself, then a compressed line for each.
    packed = (SITE / "objects.inv").read_bytes().split(b"\n", 4)[4]
    listed = re.findall(r"^(\S+) py:", zlib.decompress(packed).decode(), re.MULTILINE)

    assert sorted(public_names() - {*listed}) == []


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_every_page_can_be_read(browser: Browser, pages: list[Path], width: int) -> None:
    """From a file, without the web: no picture is missing, and nothing is too wide."""
    with open_tab(browser, width) as tab:
        for page in pages:
            tab.page.goto(page.as_uri())
            assert tab.page.evaluate(MISSING_PICTURES) == [], page
            assert tab.page.evaluate("document.documentElement.scrollWidth") <= width, page
            assert tab.messages == [], page

        assert [address for address in tab.requests if not is_ours(address)] == []


@pytest.mark.parametrize("page", ["index", "docs/guides/campaign", "docs/api/errors"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_have_contrast(browser: Browser, page: str, scheme: Scheme) -> None:
    """Text, links, code and tables can be read in the light and in the dark."""
    with open_tab(browser, DESK, scheme) as tab:
        tab.page.goto((SITE / f"{page}.html").as_uri())
        # Of the rules of axe-core, the one that more than the theme decides.
        options = {"runOnly": ["color-contrast"], "preload": False}
        results = Axe().run(tab.page, options=options)

    assert results.violations_count == 0, results.generate_report()


def test_the_search_finds_a_word(browser: Browser, pages: list[Path]) -> None:
    """It works from a file, too."""
    with open_tab(browser, DESK) as tab:
        tab.page.goto((SITE / "index.html").as_uri())
        tab.page.get_by_placeholder("Search").fill("allowLive")
        tab.page.keyboard.press("Enter")
        tab.page.locator("#search-results li a").first.wait_for()

        assert [address for address in tab.requests if not is_ours(address)] == []
