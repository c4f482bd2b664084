"""Looking at a page as a person, a phone's camera and a screen reader do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Literal

import pypdfium2
import zxingcpp
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page

PHONE, DESK = 390, 1280
Scheme = Literal["light", "dark"]


@dataclass(frozen=True)
class Tab:
    """A page of a browser, and what it did beside showing itself."""

    page: Page
    requests: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    """What the browser's console says: a violation of the page's own policy, for example."""

    def check(self) -> None:
        """No rule of axe-core is violated, and nothing is wider than the screen."""
        results = Axe().run(self.page)
        assert results.violations_count == 0, results.generate_report()
        width = self.page.viewport_size or {"width": 0}
        assert self.page.evaluate("document.documentElement.scrollWidth") <= width["width"]
        assert self.messages == []


@contextmanager
def open_tab(browser: Browser, width: int = PHONE, scheme: Scheme = "light") -> Iterator[Tab]:
    """A tab of a browser that knows nothing from before."""
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, device_scale_factor=2
    )
    context.set_default_timeout(120_000)
    page = context.new_page()
    tab = Tab(page)
    page.on("request", lambda request: tab.requests.append(request.url))
    page.on("console", lambda message: tab.messages.append(message.text))
    page.on("pageerror", lambda error: tab.messages.append(str(error)))
    page.on("dialog", lambda dialog: tab.messages.append(dialog.message))
    yield tab
    context.close()


def scan(image: Image.Image) -> list[str]:
    """The texts of the QR codes in a picture; only dark ones on light ground count."""
    formats = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    found = zxingcpp.read_barcodes(image, formats, try_invert=False)
    return sorted(code.text for code in found)


def scan_picture(png: bytes) -> list[str]:
    """The texts of the QR codes in a picture."""
    return scan(Image.open(BytesIO(png)).convert("L"))


def scan_paper(pdf: bytes) -> list[list[str]]:
    """The texts of the QR codes, page by page, at 200 dots an inch."""
    document = pypdfium2.PdfDocument(pdf)
    return [scan(page.render(scale=200 / 72).to_pil().convert("L")) for page in document]


def read_paper(pdf: bytes) -> list[str]:
    """The words on each page."""
    return [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(pdf)]
