"""Which links of an account a command is about, by what Omise says of each."""

from __future__ import annotations

from dataclasses import dataclass

from ..omise.models import OmiseLink
from .account_links import AccountLink, fits_title


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which links are wanted; None wants all.

    ``title`` is a pattern with ``*``, ``?`` and ``[…]`` for the whole title, in either case.
    Amounts are in the smallest unit; times are ``YYYY-MM-DDThh:mm:ssZ``, ``before`` excluded.
    """

    title: str | None = None
    currency: str | None = None
    min_amount: int | None = None
    max_amount: int | None = None
    since: str | None = None
    before: str | None = None
    used: bool | None = None
    multiple: bool | None = None

    def fit(self, link: OmiseLink | AccountLink) -> bool:
        """Whether a link is wanted."""
        inputs = link.inputs
        return (
            (self.title is None or fits_title(inputs.title, self.title))
            and (self.currency is None or inputs.currency == self.currency.upper())
            and (self.min_amount is None or inputs.amount >= self.min_amount)
            and (self.max_amount is None or inputs.amount <= self.max_amount)
            and (self.since is None or link.created_at >= self.since)
            and (self.before is None or link.created_at < self.before)
            and (self.used is None or link.used is self.used)
            and (self.multiple is None or inputs.multiple is self.multiple)
        )
