"""Moments: ISO 8601 dates and times as Omise's clients write them, and as Omise does."""

from __future__ import annotations

import datetime
import functools
import re

# datetime.fromisoformat of Python 3.10 knows neither nine digits of fraction (Go), nor "+0700"
# (Ruby), nor the basic form without hyphens.
_MOMENT = re.compile(
    r"(?P<year>\d{4})(?P<hyphen>-?)(?P<month>\d\d)(?P=hyphen)(?P<day>\d\d)"
    r"(?:[T ](?P<hour>\d\d)(?P<colon>:?)(?P<minute>\d\d)"
    r"(?:(?P=colon)(?P<second>\d\d)(?:[.,]\d+)?)?"
    r" ?(?P<zone>Z|UTC|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)
_PARTS = ("year", "month", "day", "hour", "minute", "second")


def read_moment(value: object) -> int:
    """Return the Unix seconds of a date or of a date and time, without the fraction of a second.

    A date is its first second, a time without a zone is UTC (REC 2017). Raises ValueError for
    anything else, OverflowError for a moment before year 1 or after year 9999.
    """
    match = _MOMENT.fullmatch(str(value).strip().upper())
    if match is None:
        raise ValueError("not a date and time of ISO 8601")
    year, month, day, hour, minute, second = (int(match[part] or 0) for part in _PARTS)
    zone = _read_zone(match["zone"] or "Z")
    at = datetime.datetime(year, month, day, hour, minute, second, tzinfo=zone)
    return int(at.astimezone(datetime.timezone.utc).timestamp())


def _read_zone(text: str) -> datetime.timezone:
    if not text.startswith(("+", "-")):
        return datetime.timezone.utc
    digits = text[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if minutes > 59:
        raise ValueError("an offset has at most 59 minutes")
    offset = datetime.timedelta(hours=hours, minutes=minutes)
    return datetime.timezone(offset if text[0] == "+" else -offset)


@functools.lru_cache(4096)
def moment(seconds: float | None) -> str | None:
    """Write a moment as in REC: ``YYYY-MM-DDThh:mm:ssZ``."""
    if seconds is None:
        return None
    at = datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")
