"""The documentation site as its reader meets it: every page, every name of the API, every search.

`make docs` builds it before these tests.
"""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from pages import DESK, PHONE, Scheme, open_tab
from playwright.sync_api import Browser
from sphinx.util.inventory import InventoryFile

import pulumi_omise_links
from pulumi_omise_links import emulator, errors
from pulumi_omise_links.errors import OmiseLinksError

pytestmark = pytest.mark.docs

SITE = Path(__file__).parents[2] / "site"


@pytest.fixture(scope="module")
def pages() -> list[Path]:
    """The files of all pages."""
    found = sorted(SITE.rglob("*.html"))
    if not found:
        pytest.fail("There is no site yet. `make docs` builds it.", pytrace=False)
    return found


def public_names() -> set[str]:
    """Full names of all that a program may import, and of the public members of each class."""
    found = {}
    for module in (pulumi_omise_links, emulator):
        found |= {f"{module.__name__}.{name}": getattr(module, name) for name in module.__all__}
    for name, error in vars(errors).items():
        if inspect.isclass(error) and issubclass(error, OmiseLinksError):
            found[f"{errors.__name__}.{name}"] = error
    members = {
        f"{name}.{member}"
        for name, value in found.items()
        if inspect.isclass(value) and value.__module__.startswith(pulumi_omise_links.__name__)
        for base in value.__mro__
        if base.__module__.startswith(pulumi_omise_links.__name__)
        for member in vars(base)
        if not member.startswith("_")
    }
    return {*found} | members


def test_every_public_name_is_in_the_reference(pages: list[Path]) -> None:
    """A name that can be imported, and each method, property and field of it, has its entry."""
    with (SITE / "objects.inv").open("rb") as file:
        inventory = InventoryFile.load(file, "", lambda base, path: path)
    listed = {name for kind, names in inventory.items() if kind[:3] == "py:" for name in names}

    assert sorted(public_names() - listed) == []


@pytest.mark.parametrize(
    ("width", "scheme"), [(PHONE, "dark"), (DESK, "light"), (DESK, "dark")], ids=str
)
def test_every_page_can_be_read(
    browser: Browser, pages: list[Path], width: int, scheme: Scheme
) -> None:
    """From a file, without the web: nothing is missing, too wide, or without contrast."""
    with open_tab(browser, width, scheme) as tab:
        for page in pages:
            tab.page.goto(page.as_uri())
            tab.check()
        asked = {address for address in tab.requests if not address.startswith(SITE.as_uri())}

    assert asked == set()


def test_the_search_finds_a_word(browser: Browser, pages: list[Path]) -> None:
    """It works from a file, too."""
    with open_tab(browser, DESK) as tab:
        tab.page.goto((SITE / "index.html").as_uri())
        tab.page.get_by_role("searchbox").or_(tab.page.get_by_placeholder("Search")).first.fill(
            "allowLive"
        )
        tab.page.keyboard.press("Enter")
        tab.page.locator("#search-results li a").first.wait_for()

        assert all(request.startswith(SITE.as_uri()) for request in tab.requests)
