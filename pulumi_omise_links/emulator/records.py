"""Stored links and charges, who owns them, and which part of a list is asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass

from . import ids
from .link_inputs import LinkInputs


@dataclass(frozen=True)
class AccountSide:
    """Owner of a link: account (its name), mode and sub-merchant ("" for the account itself)."""

    account: str
    live: bool
    sub_merchant: str = ""


@dataclass(frozen=True, kw_only=True)
class LinkRecord(LinkInputs):
    """A stored link; its fields are the columns of the database. Times are Unix seconds."""

    id: str
    account: str
    """The account's name."""
    live: bool
    sub_merchant: str
    page: str
    """How the payment address ends."""
    payment_uri: str
    used_at: int | None = None
    deleted_at: int | None = None

    @property
    def side(self) -> AccountSide:
        """Who owns it."""
        return AccountSide(self.account, self.live, self.sub_merchant)

    @property
    def created_at(self) -> int:
        """REC: the creation time is the id's time, in whole seconds."""
        return ids.milliseconds(self.id) // 1000

    @property
    def used(self) -> bool:
        """Whether a payment used it up; see `Store.charge`."""
        return self.used_at is not None

    @property
    def state(self) -> str:
        """One of "payable", "used", "deleted"."""
        if self.deleted_at is not None:
            return "deleted"
        return "used" if self.used else "payable"


@dataclass(frozen=True, kw_only=True)
class ChargeRecord:
    """A stored payment of a link; its fields are the columns of the database."""

    id: str
    link: str
    amount: int
    currency: str
    description: str
    return_uri: str
    paid: bool

    @property
    def created_at(self) -> int:
        """As of a link: the id's time."""
        return ids.milliseconds(self.id) // 1000


@dataclass(frozen=True, kw_only=True)
class Window:
    """Which part of a list: seconds (with or without the ends), order, offset and limit."""

    start: int
    end: int
    offset: int
    limit: int
    newest_first: bool
    without_start: bool = False
    without_end: bool = False
    visible_until: float = math.inf
    """Nothing that happened after this moment (Unix seconds) is shown."""

    @property
    def bounds(self) -> tuple[str, str]:
        """The first and the last id suffix that belong to these seconds."""
        first = min(max((self.start + self.without_start) * 1000, 0), ids.GREATEST_MS)
        last = (self.end - self.without_end) * 1000 + 999
        last = int(min(max(last, -1), ids.GREATEST_MS - 1, self.visible_until * 1000))
        return ids.encode(first << 55), ids.encode(((last + 1) << 55) - 1 if last >= 0 else 0)

    @property
    def order(self) -> str:
        """The SQL word."""
        return "DESC" if self.newest_first else "ASC"
