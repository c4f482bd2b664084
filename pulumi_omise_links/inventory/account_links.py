"""Reads all links of one account, and keeps little of each: an account may hold very many."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from ..omise.client import OmiseClient
from ..omise.models import LinkInputs, OmiseLink, UnreadableLink
from ..stack.model import ManagedLink
from .payments import Payments


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountLink:
    """What is kept of a link. Times are ``YYYY-MM-DDThh:mm:ssZ``.

    ``charges_total`` counts failed charges too. ``paid`` counts those that were paid, out of the
    charges that Omise embeds, which are at most 20; ``all_charges_seen`` tells whether those are
    all. ``paid_at`` is when the latest of the paid ones was made.
    """

    id: str
    inputs: LinkInputs
    created_at: str
    deleted: bool = False
    deleted_at: str | None = None
    used: bool = False
    used_at: str | None = None
    charges_total: int = 0
    paid: int = 0
    paid_at: str | None = None
    all_charges_seen: bool = True
    merchant_uid: str | None = None

    @classmethod
    def of(cls, link: OmiseLink, held: ManagedLink | None = None) -> AccountLink:
        """Keep of a link what matters here.

        :param held: the link in a state, if one has it: what is equal in both is kept once.
        """
        paid = [charge for charge in link.charges if charge.paid]
        inputs = replace(link.inputs, currency=sys.intern(link.currency))
        link_id, created_at = link.id, link.created_at
        if held is not None:
            link_id = held.id
            inputs = held.whole if held.whole == inputs else inputs
            created_at = held.created_at if held.created_at == created_at else created_at
        return cls(
            id=link_id,
            inputs=inputs,
            created_at=created_at,
            deleted=link.deleted,
            deleted_at=link.deleted_at,
            used=link.used,
            used_at=link.used_at,
            charges_total=link.charges_total,
            paid=len(paid),
            paid_at=max((charge.created_at for charge in paid), default=None),
            all_charges_seen=link.charges_shown and link.charges_total <= len(link.charges),
            merchant_uid=sys.intern(link.merchant_uid) if link.merchant_uid else None,
        )

    @property
    def payments(self) -> Payments:
        """How often the link was paid; a used one was, whatever charges Omise shows."""
        if self.used and not self.paid:
            return Payments(1, exact=not self.inputs.multiple, last_at=self.used_at)
        return Payments(self.paid, exact=self.all_charges_seen, last_at=self.paid_at)


@dataclass(frozen=True)
class AccountLinks:
    """All links of one account in the mode of its key, by id, oldest first, deleted ones included.

    ``unreadable`` are those that exist and of which Omise's answer cannot be read.
    """

    links: Mapping[str, AccountLink] = field(default_factory=dict)
    unreadable: Sequence[UnreadableLink] = ()


def read_account_links(
    client: OmiseClient,
    *,
    held: Mapping[str, ManagedLink] | None = None,
    on_page: Callable[[int, int], object] = lambda _read, _total: None,
) -> AccountLinks:
    """Read all links; one request per 100 links.

    :param held: links that are in memory already, by id; what is equal is kept once.
    :param on_page: called after each page, with how many links have been read and are there.
    :raises OmiseLinksError: Omise could not be asked, or refused the key.
    """
    links: dict[str, AccountLink] = {}
    unreadable: list[UnreadableLink] = []
    for page, total in client.iter_pages(skipped=unreadable):
        for link in page:
            kept = AccountLink.of(link, (held or {}).get(link.id))
            links[kept.id] = kept
        read = len(links) + len(unreadable)
        on_page(read, max(read, total))
    return AccountLinks(links, unreadable)


def fits_title(title: str, pattern: str) -> bool:
    """Whether a pattern with ``*``, ``?`` and ``[…]`` fits a whole title, in either case."""
    return fnmatchcase(_caseless(title), _caseless(pattern))


def _caseless(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()
