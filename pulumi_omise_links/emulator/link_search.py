"""``GET /search`` with the scope ``link``: text, filters and pages.

DOC search-api, search-query-and-filters: the parameters, booleans, ranges, amounts in main units.
SDK (Swift): the filters of links, but for ``currency`` (GUESS). DOC api-errors: the codes of
refusals, without their texts. GUESS: the text is looked for in id, title and description; days are
days of UTC.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from .messages import RefusalError
from .records import LinkRecord
from .times import read_moment

SCOPES = (
    "charge",
    "charge_schedule",
    "customer",
    "dispute",
    "event",
    "fund_account",
    "link",
    "log_entry",
    "receipt",
    "recipient",
    "refund",
    "sub_merchant",
    "transfer",
    "transfer_schedule",
    "transaction",
)
_DAY = 86_400
_GREATEST_PAGE = 100  # GUESS, as for lists
_TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}

Condition = Callable[[LinkRecord], bool]


@dataclass(frozen=True, kw_only=True)
class Found:
    """One page of the links that a search found, and what was asked."""

    links: Sequence[LinkRecord]
    total: int
    page: int
    per_page: int
    order: str
    query: str | None
    filters: Mapping[str, Any]

    @property
    def total_pages(self) -> int:
        """How many pages there are. REC: none for no hit."""
        return math.ceil(self.total / self.per_page)


def search_links(given: Mapping[str, Any], links: Sequence[LinkRecord], now: float) -> Found:
    """Search among links, given oldest first. Raises `RefusalError` for a parameter it cannot read.

    given: the parameters of the request. now: Unix seconds, for "today" and its like.
    """
    order = given.get("order") or "reverse_chronological"  # REC
    if order not in ("chronological", "reverse_chronological"):
        raise RefusalError("bad_request", "order is invalid")
    page = _read_count(given, "page", 1)
    per_page = min(_read_count(given, "per_page", 30), _GREATEST_PAGE)
    query = given.get("query")
    filters = _read_filters(given)
    conditions = [_read_filter(name, value, now) for name, value in filters.items()]
    hits = [
        link
        for link in links
        if _contains(link, query) and all(holds(link) for holds in conditions)
    ]
    if order == "reverse_chronological":
        hits.reverse()
    start = (page - 1) * per_page
    return Found(
        links=hits[start : start + per_page],
        total=len(hits),
        page=page,
        per_page=per_page,
        order=order,
        query=None if query is None else str(query),
        filters=filters,
    )


def _read_count(given: Mapping[str, Any], name: str, default: int) -> int:
    value = given.get(name)
    if value in (None, ""):
        return default
    try:
        number = int(str(value))
    except ValueError:
        number = 0
    if not 1 <= number <= 2**31:
        raise RefusalError(f"invalid_{name}", f"{name} is invalid")
    return number


def _read_filters(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filters, of a JSON object or of ``filters[name]=value``."""
    filters = given.get("filters") or {}
    if not isinstance(filters, dict):
        raise RefusalError("invalid_filter", "filters is invalid")
    nested = {
        name[len("filters[") : -1]: value
        for name, value in given.items()
        if name.startswith("filters[") and name.endswith("]")
    }
    return {**filters, **nested}


def _contains(link: LinkRecord, query: object) -> bool:
    wanted = "" if query is None else str(query).casefold()
    return any(wanted in text.casefold() for text in (link.id, link.title, link.description))


def _read_filter(name: str, value: Any, now: float) -> Condition:
    reader = _FILTERS.get(name)
    if reader is None:
        raise RefusalError("invalid_filter", f"filter {name} is not supported")
    # A JSON body may say true; the text of it is what a form would say.
    text = (str(value).lower() if isinstance(value, bool) else str(value)).strip()
    try:
        return reader(text, now)
    except (ValueError, OverflowError, InvalidOperation):
        raise RefusalError("invalid_filter", f"filter {name} is invalid") from None


def _filter_truth(attribute: str) -> Callable[[str, float], Condition]:
    def read(text: str, _: float) -> Condition:
        if text.lower() not in _TRUTH:
            raise ValueError
        return lambda link: bool(getattr(link, attribute) is _TRUTH[text.lower()])

    return read


def _filter_moment(attribute: str) -> Callable[[str, float], Condition]:
    def read(text: str, now: float) -> Condition:
        first, last = _read_range(text, lambda part: _read_days(part, now))

        def holds(link: LinkRecord) -> bool:
            at = getattr(link, attribute)
            return at is not None and first <= at <= last

        return holds

    return read


def _filter_amount(text: str, _: float) -> Condition:
    def read(part: str) -> tuple[Decimal, Decimal]:
        amount = Decimal(part)
        if not amount.is_finite():
            raise ValueError
        return amount, amount

    least, greatest = _read_range(text, read)

    def holds(link: LinkRecord) -> bool:
        # DOC: in main units; JPY alone has no smaller one.
        amount = Decimal(link.amount) / (1 if link.currency == "JPY" else 100)
        return bool(least <= amount <= greatest)

    return holds


def _filter_currency(text: str, _: float) -> Condition:
    return lambda link: link.currency.upper() == text.upper()


def _read_range(text: str, read: Callable[[str], tuple[Any, Any]]) -> tuple[Any, Any]:
    """Read ``a..b`` or one value; a value may itself cover a range, as a day does."""
    first, dots, last = text.partition("..")
    return read(first)[0], read(last if dots else first)[1]


def _read_days(text: str, now: float) -> tuple[int, int]:
    """Return the first and the last second of a day, of a time or of a word such as "today"."""
    today = datetime.datetime.fromtimestamp(now, datetime.timezone.utc).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    days = datetime.timedelta(days=1)
    week = today - today.weekday() * days
    month = today.replace(day=1)
    before = (month - days).replace(day=1)
    after = (month + 32 * days).replace(day=1)
    words = {
        "today": (today, today + days),
        "yesterday": (today - days, today),
        "this_week": (week, week + 7 * days),
        "last_week": (week - 7 * days, week),
        "this_month": (month, after),
        "last_month": (before, month),
    }
    if text in words:
        start, end = words[text]
        return int(start.timestamp()), int(end.timestamp()) - 1
    first = read_moment(text.replace("/", "-"))
    return first, first + (0 if ":" in text else _DAY - 1)


_FILTERS: dict[str, Callable[[str, float], Condition]] = {
    "amount": _filter_amount,
    "created": _filter_moment("created_at"),
    "currency": _filter_currency,
    "multiple": _filter_truth("multiple"),
    "used": _filter_truth("used"),
    "used_at": _filter_moment("used_at"),
}
FILTERS = tuple(_FILTERS)
"""The names of the filters of links."""
