"""HTML pages for a browser: the frame, the headers, and which forms are accepted.

Everything that comes from a link is escaped, and the headers let nothing run or load.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from .backend import Backend
from .messages import Request

_STYLE = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # With "no-referrer" a browser would send "Origin: null" with the page's own forms.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Content-Type": "text/html; charset=utf-8",
}


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page with its status and headers."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: dict(_HEADERS))


@dataclass(frozen=True)
class PageAction:
    """A page or the target of a form, as an entry of the route table.

    ``act`` gets the backend and the values of the path's ``{name}`` parts.
    """

    act: Callable[..., Page]

    def answer(self, backend: Backend, path: Mapping[str, str], request: Request) -> Page:
        """Return the page. A form of another site is refused: it could pay or delete."""
        if request.method == "POST" and not is_same_origin(request):
            inner = '<h1>Refused</h1>\n<p class="said">The form is of another site.</p>\n'
            return write_page(403, "Refused", inner)
        return self.act(backend, *path.values())


def is_same_origin(request: Request) -> bool:
    """Tell whether a request comes from the emulator's own page, or from no browser at all."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    if origin is None:
        return True
    try:
        # The host alone: a proxy in front may have ended TLS.
        return urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower() != ""
    except ValueError:
        return False


def redirect(path: str) -> Page:
    """Return the answer to a form that worked: the browser reads this path next."""
    return Page(status=303, body=b"", headers={"Location": path})


def write_page(
    status: int, title: str, inner: str, *, layout: Literal["payment", "list"] = "payment"
) -> Page:
    """Return a page. ``title`` is plain text, ``inner`` is HTML."""
    body = (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<main class="{layout}">\n{inner}</main>\n'
        "<footer>This is the emulator of Omise: no money moves.</footer>\n</body>\n</html>\n"
    )
    return Page(status=status, body=body.encode())


def write_foreign(text: str) -> str:
    """Return text of a link as HTML: of unknown language, with a direction of its own."""
    return f'<bdi lang="">{escape(text)}</bdi>'


def format_money(amount: int, currency: str) -> str:
    """Write an amount for people: "THB 1,500.00", "JPY 900" (DOC: JPY alone has no decimals)."""
    if currency.upper() == "JPY":
        return f"JPY {amount:,}"
    sign = "-" if amount < 0 else ""
    whole, cents = divmod(abs(amount), 100)
    return f"{currency.upper()} {sign}{whole:,}.{cents:02d}"


def write_moment(seconds: int) -> str:
    """Return Unix seconds as HTML: "27 November 2026, 09:10 UTC"."""
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    text = f"{moment.day} {moment:%B %Y, %H:%M} UTC"
    return f'<time datetime="{moment:%Y-%m-%dT%H:%M:%SZ}">{text}</time>'
