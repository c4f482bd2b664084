"""What a page of 1,000 links costs: seconds and bytes, and seconds until a browser shows it.

In ``tools``: ``python -m bench.pages [--links 1000]``.
Takes half a minute, on this machine alone. It ends with 1 if a promise was not kept.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import browser
from sample_report import make_large_report

from pulumi_omise_links.reporting.html import write_html

MOST_SECONDS = 5
MOST_BYTES = 3_000_000


def main() -> int:
    """Measure and print; 1 if a promise of 1,000 links was not kept."""
    parser = argparse.ArgumentParser(prog="bench.pages", description=__doc__)
    parser.add_argument("--links", type=int, default=1000, metavar="N")
    links = parser.parse_args().links
    report = make_large_report(links)
    began = time.monotonic()
    page = write_html(report).encode()
    made = time.monotonic() - began
    print(f"{links:,} links: made in {made:.1f} s, {len(page):,} bytes")
    with (
        tempfile.TemporaryDirectory() as folder,
        browser.launch(browser.find_or_install()) as chrome,
    ):
        file = Path(folder, "page.html")
        file.write_bytes(page)
        tab = chrome.new_page()
        began = time.monotonic()
        tab.goto(file.as_uri())
        tab.screenshot()
        print(f"shown by a browser after {time.monotonic() - began:.1f} s")
    return links == 1000 and (made > MOST_SECONDS or len(page) > MOST_BYTES)


if __name__ == "__main__":
    sys.exit(main())
