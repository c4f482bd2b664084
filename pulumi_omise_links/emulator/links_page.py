"""The page at ``/``: the links of every account and mode, to open, pay or delete."""

from __future__ import annotations

import contextlib
from html import escape
from itertools import groupby

from .backend import Backend
from .html_page import Page, format_money, redirect, write_foreign, write_page
from .payment_page import write_missing, write_payment
from .records import AccountSide, LinkRecord

_SHOWN = 100


def show(backend: Backend) -> Page:
    """List the links by account, mode and sub-merchant, the newest first."""
    links = sorted(backend.store.every_link(None, None, None), key=_group_key)
    parts = ["<h1>Payment links</h1>\n"]
    for side, group in groupby(links, key=lambda link: link.side):
        parts.append(_write_side(side, list(group)[::-1]))
    if not links:
        text = "There are no links yet. <code>POST /links</code> makes one."
        parts.append(f'<p class="none">{text}</p>\n')
    return write_page(200, "Payment links", "".join(parts), layout="list")


def pay(backend: Backend, identity: str) -> Page:
    """Pay a link and show the list again, or say why it cannot be paid."""
    try:
        backend.pay(identity)
    except LookupError:
        return write_missing()
    except ValueError:
        return write_payment(backend.store.find(identity))
    return redirect("/")


def delete(backend: Backend, identity: str) -> Page:
    """Delete a link, if it still exists, and show the list again."""
    with contextlib.suppress(LookupError):
        backend.delete(identity)
    return redirect("/")


def _group_key(link: LinkRecord) -> tuple[str, bool, str]:
    return (link.account, link.live, link.sub_merchant)


def _write_side(side: AccountSide, links: list[LinkRecord]) -> str:
    sub_merchant = f", sub-merchant {side.sub_merchant}" if side.sub_merchant else ""
    heading = f"{side.account}, {'live' if side.live else 'test'}{sub_merchant}"
    rows = "".join(_write_row(link) for link in links[:_SHOWN])
    more = f'<p class="more">{len(links) - _SHOWN:,} older links are not shown.</p>\n'
    return f"<h2>{escape(heading)}</h2>\n<ul>\n{rows}</ul>\n{more if len(links) > _SHOWN else ''}"


def _write_row(link: LinkRecord) -> str:
    actions = []
    if link.state == "payable":
        actions.append(_write_form(link, "pay", "Pay"))
    if link.state != "deleted":
        actions.append(_write_form(link, "delete", "Delete"))
    return (
        f'<li>\n<p class="what"><a href="/pay/{escape(link.page)}">{write_foreign(link.title)}</a> '
        f'<span class="chip {link.state}">{link.state}</span></p>\n'
        f"<code>{escape(link.id)}</code>\n"
        f'<p class="amount">{escape(format_money(link.amount, link.currency))}</p>\n'
        f'<div class="actions">{"".join(actions)}</div>\n</li>\n'
    )


def _write_form(link: LinkRecord, action: str, label: str) -> str:
    target = f"/_links/{escape(link.id)}/{action}"
    name = escape(f"{label} {link.title}")
    return (
        f'<form method="post" action="{target}">'
        f'<button class="button" type="submit" aria-label="{name}">{label}</button></form>'
    )
