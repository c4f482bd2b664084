"""The payment page of a link, and the page after a payment."""

from __future__ import annotations

from html import escape

from .backend import Backend
from .html_page import Page, format_money, redirect, write_foreign, write_moment, write_page
from .records import ChargeRecord, LinkRecord

_ICONS = {
    "paid": '<path d="M17 29l8 8 15-17"/>',
    "used": '<path d="M28 17v13M28 38v.5" stroke-linecap="round"/>',
    "deleted": '<path d="M20 20l16 16M36 20L20 36"/>',
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
        return write_payment(backend.store.find(link.id))
    return redirect(f"/pay/{link.page}/complete")


def show_complete(backend: Backend, page: str) -> Page:
    """Confirm the newest payment. A link that was never paid has its payment page here too."""
    link = backend.store.link_of_page(page)
    if link is None:
        return write_missing()
    charge = backend.store.last_payment(link)
    return write_payment(link) if charge is None else _write_receipt(link, charge)


def write_payment(link: LinkRecord) -> Page:
    """Return the payment page of a link as it is now."""
    money = format_money(link.amount, link.currency)
    currency, _, number = money.partition(" ")
    title = f"{link.title} · {money}"
    if link.used_at is not None and link.state == "used":
        said = (
            f"It was for one payment, which arrived on {write_moment(link.used_at)}. "
            "It cannot be paid again, and nothing was charged now."
        )
        return write_page(410, title, _write_refusal(link, "This link was already paid", said))
    if link.deleted_at is not None:
        said = (
            f"It was deleted on {write_moment(link.deleted_at)} and cannot be paid. "
            "Nothing was charged. Ask the shop for a new link if you still want to pay."
        )
        return write_page(410, title, _write_refusal(link, "This link was deleted", said))
    terms = "Can be paid more than once." if link.multiple else "Can be paid once."
    inner = (
        f"{_write_head(link)}"
        f"<h1>{write_foreign(link.title)}</h1>\n"
        f'<p class="description">{write_foreign(link.description)}</p>\n'
        f'<p class="amount"><span>{escape(currency)}</span> {number}</p>\n'
        f'<p class="terms">{terms}</p>\n'
        f'<form method="post" action="/pay/{escape(link.page)}">'
        f'<button class="button primary" type="submit">Pay {escape(money)}</button></form>\n'
        '<p class="under">No card is asked for: the payment succeeds at once.</p>\n'
    )
    return write_page(200, title, inner)


def write_missing() -> Page:
    """Return the page for an address that belongs to no link."""
    inner = (
        f"{_write_icon('deleted')}<h1>No such link</h1>\n"
        '<p class="said">No payment link has this address. '
        "Compare it with the one that you were given.</p>\n"
    )
    return write_page(404, "No such link", inner)


def _write_receipt(link: LinkRecord, charge: ChargeRecord) -> Page:
    after = '<p class="under">This link is used now and cannot be paid again.</p>\n'
    if link.state == "payable":
        after = f'<a class="button" href="/pay/{escape(link.page)}">Pay once more</a>\n'
    inner = (
        f"{_write_head(link)}{_write_icon('paid')}"
        '<h1>Payment received</h1>\n<p class="said">Thank you.</p>\n'
        f"{_write_facts(link)}"
        f"<dt>Paid</dt><dd>{write_moment(charge.created_at)}</dd>\n"
        f"<dt>Reference</dt><dd><code>{escape(charge.id)}</code></dd>\n</dl>\n{after}"
    )
    return write_page(200, f"Payment received · {link.title}", inner)


def _write_refusal(link: LinkRecord, heading: str, said: str) -> str:
    return (
        f"{_write_head(link)}{_write_icon(link.state)}"
        f'<h1>{heading}</h1>\n<p class="said">{said}</p>\n{_write_facts(link)}</dl>\n'
    )


def _write_facts(link: LinkRecord) -> str:
    """Return the start of a list of facts."""
    return (
        f"<dl>\n<dt>For</dt><dd>{write_foreign(link.title)}</dd>\n"
        f'<dt>Amount</dt><dd class="sum">{escape(format_money(link.amount, link.currency))}</dd>\n'
    )


def _write_head(link: LinkRecord) -> str:
    mode = "live" if link.live else "test"
    return (
        '<p class="head"><span>Omise emulator</span>'
        f'<span class="chip {mode}">{mode.title()} mode</span></p>\n'
    )


def _write_icon(name: str) -> str:
    return (
        f'<svg class="icon {name}" viewBox="0 0 56 56" aria-hidden="true">'
        f'<circle cx="28" cy="28" r="28"/>{_ICONS[name]}</svg>\n'
    )
