"""Make the pictures of the documentation: docs/images/*.png.

    python tools/screenshots.py

They show sample data: a report with a link of each kind, and the emulator's payment page. Fonts for
Thai, Japanese, Arabic and emoji must be installed (Debian: fonts-noto-core, fonts-noto-cjk and
fonts-noto-color-emoji); pictures that are made without them have boxes in place of letters.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Literal

import browser
import pypdfium2
from PIL import Image
from playwright.sync_api import Browser, Page
from sample_report import ARABIC, CONCERT, DELETED, JAPANESE, PREVIEW, STATES, THAI, USED

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.reporting.html import write_html
from pulumi_omise_links.reporting.model import Report

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
MOST_BYTES = 150_000
# Enough for flat areas and text.
COLOURS = 256
NOON = 1_793_620_800.0  # 2026-11-02 12:00 UTC
BETWEEN = 24
CAMPAIGN = replace(
    STATES, subject="shop/prod", links=[CONCERT, THAI, JAPANESE, ARABIC, USED, DELETED]
)


def main() -> int:
    """Make all pictures; 1 if one is too large."""
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    IMAGES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        browser.launch(browser.find_or_install()) as chrome,
    ):
        file = Path(folder, "report.html")
        pictures = {
            "report": show_campaign(chrome, file),
            "report-preview": show_preview(chrome, file),
            "report-phone-and-paper": show_phone_and_paper(chrome, file),
            "payment-pages": show_payment_pages(chrome),
        }
    too_large = False
    for name, picture in pictures.items():
        to = IMAGES / f"{name}.png"
        picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(to, optimize=True)
        print(f"{to}: {picture.width} x {picture.height}, {to.stat().st_size:,} bytes")
        too_large |= to.stat().st_size > MOST_BYTES
    return too_large


def show_campaign(chrome: Browser, file: Path) -> Image.Image:
    """Six links on a desk, two of them without a code."""
    return take(open_report(chrome, file, CAMPAIGN, width=1280, height=1200, title="Songkran 2027"))


def show_preview(chrome: Browser, file: Path) -> Image.Image:
    """What a reviewer sees first, in the dark."""
    return take(open_report(chrome, file, PREVIEW, width=1280, height=960, scheme="dark"))


def show_phone_and_paper(chrome: Browser, file: Path) -> Image.Image:
    """The same page on a phone, at two places, and on the first sheet of A4."""
    phone = open_report(chrome, file, CAMPAIGN, width=390, height=844, title="Songkran 2027")
    top = take(phone)
    phone.locator("#link-3").scroll_into_view_if_needed()
    phone.evaluate("document.querySelector('#link-3').scrollIntoView({behavior: 'instant'})")
    pdf = pypdfium2.PdfDocument(phone.pdf(prefer_css_page_size=True, print_background=True))
    sheet = pdf[0].render(scale=844 / pdf[0].get_height()).to_pil()
    return set_side_by_side([top, take(phone), sheet])


def show_payment_pages(chrome: Browser) -> Image.Image:
    """A payer's way: the link, the receipt, the spent link; and a deleted one, in the dark."""
    with Emulator(clock=lambda: NOON) as omise:
        (ticket,) = omise.seed(
            title="Songkran night 🎶",
            description="One ticket with a welcome drink",
            amount=49_000,
        )
        (gone,) = omise.seed(title="คืนสงกรานต์ 🎶", amount=49_000)
        omise.delete(gone)
        page = open_page(chrome, omise.link(ticket)["payment_uri"], width=390, height=640)
        offer = take(page)
        page.get_by_role("button").click()
        receipt = take(page)
        page.goto(omise.link(ticket)["payment_uri"])
        deleted = open_page(
            chrome, omise.link(gone)["payment_uri"], width=390, height=640, scheme="dark"
        )
        return set_side_by_side([offer, receipt, take(page), take(deleted)])


def open_report(
    chrome: Browser,
    file: Path,
    report: Report,
    *,
    width: int,
    height: int,
    scheme: Literal["light", "dark"] = "light",
    title: str = "",
) -> Page:
    """Open the page of a report."""
    file.write_text(write_html(report, title=title), encoding="utf-8")
    return open_page(chrome, file.as_uri(), width=width, height=height, scheme=scheme)


def open_page(
    chrome: Browser,
    address: str,
    *,
    width: int,
    height: int,
    scheme: Literal["light", "dark"] = "light",
) -> Page:
    """Open an address."""
    page = chrome.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.goto(address)
    return page


def take(page: Page) -> Image.Image:
    """Return what is seen of a page."""
    return Image.open(io.BytesIO(page.screenshot()))


def set_side_by_side(images: list[Image.Image]) -> Image.Image:
    """Return one picture of several."""
    width = sum(image.width + BETWEEN for image in images) - BETWEEN
    whole = Image.new("RGB", (width, max(image.height for image in images)), "#8a8d94")
    left = 0
    for image in images:
        whole.paste(image, (left, 0))
        left += image.width + BETWEEN
    return whole


if __name__ == "__main__":
    sys.exit(main())
