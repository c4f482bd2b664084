"""The payment page of a link, for a browser. Everything a merchant typed is escaped."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from html import escape

from .records import LinkRecord

_STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem}"
    "p.what{white-space:pre-wrap;overflow-wrap:anywhere}h1{overflow-wrap:anywhere}"
    "p.sum{font-size:1.6rem}p.note{color:#666}button{font:inherit;padding:.5rem 2rem}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    # Nothing may run or load: the page shows text that came from anywhere.
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Type": "text/html; charset=utf-8",
}


@dataclass(frozen=True)
class Page:
    """A page and its status."""

    status: int
    body: bytes


def state_of(link: LinkRecord) -> str:
    """One of "payable", "used", "deleted"."""
    if link.deleted_at is not None:
        return "deleted"
    return "used" if link.used else "payable"


def money(amount: int, currency: str) -> str:
    """An amount for people: "1,500.00 THB", "900 JPY" (DOC: JPY alone has no decimals)."""
    if currency.upper() == "JPY":
        return f"{amount:,} JPY"
    sign = "-" if amount < 0 else ""
    whole, cents = divmod(abs(amount), 100)
    return f"{sign}{whole:,}.{cents:02d} {currency.upper()}"


def payment(link: LinkRecord) -> Page:
    """The page that offers the payment, or says why there can be none."""
    refusals = {
        "deleted": "This link was deleted and cannot be paid.",
        "used": "This link was used already and cannot be paid again.",
    }
    state = state_of(link)
    what = (
        f"<h1>{escape(link.title)}</h1>\n"
        f'<p class="what">{escape(link.description)}</p>\n'
        f'<p class="sum">{escape(money(link.amount, link.currency))}</p>\n'
    )
    if state != "payable":
        return _page(410, link.title, f"{what}<p><strong>{refusals[state]}</strong></p>\n")
    action = f"/pay/{escape(link.page)}"
    form = f'<form method="post" action="{action}"><button type="submit">Pay</button></form>\n'
    return _page(200, link.title, what + form)


def complete(link: LinkRecord) -> Page:
    """Where a payer comes back to after paying."""
    return _page(200, link.title, f"<h1>{escape(link.title)}</h1>\n<p>Thank you.</p>\n")


def missing() -> Page:
    """For an address that belongs to no link."""
    return _page(404, "No such link", "<h1>No such link</h1>\n")


def _page(status: int, title: str, inner: str) -> Page:
    body = (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{escape(title)}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n{inner}"
        '<p class="note">This is the local Omise: no money moves.</p>\n</body>\n</html>\n'
    )
    return Page(status, body.encode())
