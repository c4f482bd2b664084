"""The emulator's pages in a real browser: a payer on a phone, and a person without a dashboard."""

from __future__ import annotations

import pytest
from pages import DESK, PHONE, Scheme, Tab, open_tab
from playwright.sync_api import Browser, Response

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.browser


def open_page(tab: Tab, address: str) -> int:
    """Open a page of the emulator and check how it is made; return the HTTP status."""
    response = tab.page.goto(address)
    assert isinstance(response, Response)
    # Chromium's console repeats each status that is an error.
    tab.messages[:] = [text for text in tab.messages if "the server responded with" not in text]
    tab.check()
    return response.status


@pytest.mark.parametrize(
    ("width", "scheme"), [(PHONE, "light"), (PHONE, "dark"), (DESK, "light"), (DESK, "dark")]
)
def test_a_payer_pays_once(browser: Browser, omise: Emulator, width: int, scheme: Scheme) -> None:
    """One button pays; the receipt names the charge; the link is closed then and says why."""
    (link,) = omise.seed(title="Spring sale", description="Two tickets", amount=150_000)
    address = omise.link(link)["payment_uri"]
    with open_tab(browser, width, scheme) as tab:
        assert open_page(tab, address) == 200
        assert tab.page.get_by_role("heading").all_inner_texts() == ["Spring sale"]
        (button,) = tab.page.get_by_role("button").all()
        assert button.inner_text() == "Pay THB 1,500.00"
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44, "too low for a finger"
        assert box["y"] + box["height"] < 800, "not on the first screen"
        button.press("Enter")

        tab.page.wait_for_url(f"{address}/complete")
        assert tab.page.get_by_role("heading").all_inner_texts() == ["Payment received"]
        tab.check()
        tab.page.reload()
        assert omise.link(link)["used"] is True

        assert open_page(tab, address) == 410
        assert tab.page.get_by_role("heading").all_inner_texts() == ["This link was already paid"]
        assert "nothing was charged now" in tab.page.inner_text("main")
        assert tab.page.get_by_role("button").count() == 0
        assert all(request.startswith(omise.url) for request in tab.requests)
        assert not [request for request in tab.requests if "/pay/" not in request]
    assert len(omise.journal) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_other_page_is_accessible(browser: Browser, omise: Emulator, scheme: Scheme) -> None:
    """The page of links, of a deleted link, of no link, and of one in another script."""
    (gone,) = omise.seed(title="Gone")
    (thai,) = omise.seed(title="เทศกาลดนตรี 🎶", description="ตั๋วสองใบ", multiple=True)
    (used,) = omise.seed(title="W" * 255, description="word " * 300, live=True)
    omise.delete(gone)
    omise.pay(used)
    with open_tab(browser, PHONE, scheme) as tab:
        assert open_page(tab, omise.link(gone)["payment_uri"]) == 410
        assert open_page(tab, omise.link(thai)["payment_uri"]) == 200
        assert open_page(tab, omise.link(used)["payment_uri"]) == 410
        assert open_page(tab, f"{omise.link(used)['payment_uri']}/complete") == 200
        assert open_page(tab, f"{omise.url}/pay/NONE") == 404
        assert open_page(tab, omise.url) == 200
        tab.page.get_by_role("button", name="Pay เทศกาลดนตรี 🎶").click()
        tab.page.set_viewport_size({"width": DESK, "height": 800})
        assert open_page(tab, omise.url) == 200
