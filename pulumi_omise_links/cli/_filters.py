"""Options that say which links of an account a command is about, as one ``Filters``."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, TypeVar

import click

from ..inventory.filters import Filters

T = TypeVar("T")


def filter_options(command: Callable[..., T]) -> Callable[..., T]:
    """Add ``--title`` and the other filters to a command, which gets them as ``filters``."""

    @functools.wraps(command)
    def with_filters(
        *args: Any,
        title: str | None,
        currency: str | None,
        min_amount: int | None,
        max_amount: int | None,
        created_since: str | None,
        created_before: str | None,
        used: bool | None,
        multiple: bool | None,
        **options: Any,
    ) -> T:
        if created_since and created_before and created_since >= created_before:
            raise click.UsageError("--created-since must be earlier than --created-before.")
        if min_amount is not None and max_amount is not None and min_amount > max_amount:
            raise click.UsageError("--min-amount must not be greater than --max-amount.")
        filters = Filters(
            title=title,
            currency=currency,
            min_amount=min_amount,
            max_amount=max_amount,
            since=created_since,
            before=created_before,
            used=used,
            multiple=multiple,
        )
        return command(*args, filters=filters, **options)

    time: dict[str, Any] = {"metavar": "TIME", "callback": _time}
    for option in reversed(
        (
            click.option(
                "--title", metavar="PATTERN", help="The whole title; *, ? and […] in either case."
            ),
            click.option("--currency", metavar="CODE", callback=_currency, help="Such as THB."),
            click.option(
                "--min-amount", type=int, metavar="N", help="At least so much, in smallest units."
            ),
            click.option("--max-amount", type=int, metavar="N", help="At most so much."),
            click.option("--created-since", help="2026-01-31, or with a time; UTC.", **time),
            click.option("--created-before", help="Likewise; that moment is left out.", **time),
            click.option("--used/--unused", default=None, help="Used up by a payment, or not."),
            click.option("--multiple/--single", default=None, help="Payable more than once."),
        )
    ):
        with_filters = option(with_filters)
    return with_filters


def _time(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    """Write a date or a time as Omise does; it is in UTC if it does not say otherwise."""
    if text is None:
        return None
    try:
        # Python 3.10 does not know Z.
        time = datetime.fromisoformat(re.sub("[zZ]$", "+00:00", text.strip()))
        time = time if time.tzinfo else time.replace(tzinfo=timezone.utc)
        utc = time.astimezone(timezone.utc).replace(microsecond=0, tzinfo=None)
        return f"{utc.isoformat()}Z"
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"{text!r} is not a date or a time such as 2026-01-31 or 2026-01-31T09:00:00+07:00."
        ) from None


def _currency(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    if text is not None and not re.fullmatch("[A-Za-z]{3}", text):
        raise click.BadParameter(f"{text!r} is not a three-letter code such as THB.")
    return text
