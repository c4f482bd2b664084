"""The payment page of a link, and the page after a payment."""

from __future__ import annotations

from html import escape

from .backend import Backend
from .html_page import Page, format_money, redirect, write_page
from .records import LinkRecord

_REFUSALS = {
    "deleted": "This link was deleted and cannot be paid.",
    "used": "This link was used already and cannot be paid again.",
}


def show(backend: Backend, page: str) -> Page:
    """Offer the payment, or say why it cannot be made."""
    link = backend.store.link_of_page(page)
    return write_missing() if link is None else write_payment(link)


def pay(backend: Backend, page: str) -> Page:
    """Pay, and send the browser to the page after a payment."""
    link = backend.store.link_of_page(page)
    if link is None:
        return write_missing()
    try:
        backend.pay(link.id)
    except ValueError:
        return write_payment(backend.find_link(link.id))
    return redirect(f"/pay/{link.page}/complete")


def show_complete(backend: Backend, page: str) -> Page:
    """Thank the payer."""
    link = backend.store.link_of_page(page)
    if link is None:
        return write_missing()
    return write_page(200, link.title, f"<h1>{escape(link.title)}</h1>\n<p>Thank you.</p>\n")


def write_payment(link: LinkRecord) -> Page:
    """Return the payment page of a link as it is now."""
    what = (
        f"<h1>{escape(link.title)}</h1>\n"
        f'<p class="what">{escape(link.description)}</p>\n'
        f'<p class="sum">{escape(format_money(link.amount, link.currency))}</p>\n'
    )
    if link.state != "payable":
        refusal = f"<p><strong>{_REFUSALS[link.state]}</strong></p>\n"
        return write_page(410, link.title, what + refusal)
    action = f"/pay/{escape(link.page)}"
    form = f'<form method="post" action="{action}"><button type="submit">Pay</button></form>\n'
    return write_page(200, link.title, what + form)


def write_missing() -> Page:
    """Return the page for an address that belongs to no link."""
    return write_page(404, "No such link", "<h1>No such link</h1>\n")
