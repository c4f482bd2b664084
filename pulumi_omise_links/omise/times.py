"""Times as Omise and Pulumi write them, and as this package compares them.

Omise writes UTC and whole seconds, until 2017 with ``+00:00`` in place of ``Z`` (recorded); Pulumi
writes nanoseconds and any zone.
"""

from __future__ import annotations

import re
import sys
import time
from datetime import datetime, timezone

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:?\d\d)")
LAG_SECONDS = 60.0
"""For so many seconds, Omise may answer from a copy of its database that is behind; seldom more."""
_FORM = "%Y-%m-%dT%H:%M:%SZ"


def clock() -> float:
    """Return seconds that go on while the computer sleeps, unlike those of ``time.monotonic``.

    Where the system has no such clock (macOS, Windows), they stop.
    """
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


def format_time(seconds: float) -> str:
    """Return a Unix time as ``YYYY-MM-DDThh:mm:ssZ``: the whole second that it is in."""
    return datetime.fromtimestamp(int(seconds), timezone.utc).strftime(_FORM)


def normalize_time(text: str) -> str | None:
    """Return a time as ``YYYY-MM-DDThh:mm:ssZ``, without fractions; None if it is no time."""
    moment = _parse_time(text)
    return None if moment is None else moment.strftime(_FORM)


def read_time(text: str) -> float | None:
    """Return a time in Unix seconds, without fractions; None if it is no time."""
    moment = _parse_time(text)
    return None if moment is None else moment.timestamp()


def _parse_time(text: str) -> datetime | None:
    parts = _TIME.fullmatch(text)
    if parts is None:
        return None
    offset = "+0000" if parts[3] == "Z" else parts[3].replace(":", "")
    try:
        moment = datetime.strptime(parts[1] + offset, "%Y-%m-%dT%H:%M:%S%z")
        return moment.astimezone(timezone.utc)
    except (OverflowError, ValueError):
        return None
