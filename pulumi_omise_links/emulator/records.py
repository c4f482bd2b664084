"""What the local Omise knows: links, charges, whose they are, and which part of a list is meant."""

from __future__ import annotations

from dataclasses import dataclass

from . import ids


@dataclass(frozen=True)
class AccountSide:
    """Whose links: one side of one account, or of one of its sub-merchants ("" for none)."""

    account: str
    live: bool
    sub_merchant: str = ""

    @property
    def key(self) -> tuple[str, bool, str]:
        """The pool as values of the database."""
        return (self.account, self.live, self.sub_merchant)


@dataclass(frozen=True)
class LinkRecord:
    """A stored link. Times are unix seconds, `amount` is in the smallest unit."""

    id: str
    pool: AccountSide
    amount: int
    currency: str
    title: str
    description: str
    multiple: bool
    page: str
    payment_uri: str
    used_at: int | None = None
    deleted_at: int | None = None

    @property
    def created_at(self) -> int:
        """REC: the creation time is the id's time, in whole seconds."""
        return ids.milliseconds(self.id) // 1000

    @property
    def used(self) -> bool:
        """Whether it was used up; see `Store.charge`."""
        return self.used_at is not None


@dataclass(frozen=True)
class ChargeRecord:
    """A stored payment of a link."""

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


@dataclass(frozen=True)
class Window:
    """Which part of a list: seconds (with or without the ends), order and place."""

    start: int
    end: int
    offset: int
    limit: int
    newest_first: bool
    without_start: bool = False
    without_end: bool = False

    @property
    def bounds(self) -> tuple[str, str]:
        """The first and the last id suffix that can lie in these seconds."""
        first = min(max((self.start + self.without_start) * 1000, 0), ids.GREATEST_MS)
        last = min(max((self.end - self.without_end) * 1000 + 999, -1), ids.GREATEST_MS - 1)
        return ids.encode(first << 55), ids.encode(((last + 1) << 55) - 1 if last >= 0 else 0)

    @property
    def order(self) -> str:
        """The SQL word."""
        return "DESC" if self.newest_first else "ASC"
