"""Decides whether a call may be repeated, and after how long. One pure function.

urllib3's ``Retry`` cannot decide this for us: mounted on a connection it sleeps on its own, so
threads could not slow down together; it has no bound in seconds; and for a POST it does not tell
"the request was not sent" from "the answer was lost". Its reading of ``Retry-After`` is used.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum

from urllib3.exceptions import InvalidHeader
from urllib3.util.retry import Retry

ATTEMPTS = 5
ERROR_SECONDS = 90.0
LIMIT_SECONDS = 300.0
_FIRST_DELAY, _LONGEST_DELAY = 0.25, 8.0


class Result(Enum):
    """What one attempt came to."""

    UNSENT = "the request never left: refused connection, unknown host"
    UNUSABLE = "the request never left, and a setting of this computer is the reason"
    LOST = "it may have left, and no usable answer came"
    SERVER_ERROR = "the server, or a gateway before it, returned a server error (5xx)"
    LIMITED = "429 of Omise: refused before anything was done"
    LIMITED_BY_PAGE = "429 of something in between: probably refused, and no proof of it"


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One attempt that did not succeed."""

    method: str
    result: Result
    number: int
    elapsed: float
    retry_after: float | None = None


def delay_before_next(attempt: Attempt, jitter: float | None = None) -> float | None:
    """Return the seconds to wait before the next attempt, or None if there must be none.

    A POST is repeated only if Omise cannot have carried it out: there is no idempotency key.
    A 429 costs nothing but time, so it is bounded by seconds alone; other errors by
    ``ATTEMPTS`` too.

    :param jitter: between 0 and 1, for tests; random if not given.
    """
    may_be_done = attempt.result in {Result.LOST, Result.SERVER_ERROR, Result.LIMITED_BY_PAGE}
    if (may_be_done and attempt.method == "POST") or attempt.result is Result.UNUSABLE:
        return None
    limited = attempt.result in {Result.LIMITED, Result.LIMITED_BY_PAGE}
    if attempt.number >= ATTEMPTS and not limited:
        return None
    backoff = min(_LONGEST_DELAY, _FIRST_DELAY * 2 ** min(attempt.number - 1, 16))
    share = random.random() if jitter is None else jitter
    delay = max(attempt.retry_after or 0.0, backoff * (0.5 + share / 2))
    budget = LIMIT_SECONDS if limited else ERROR_SECONDS
    return delay if attempt.elapsed + delay <= budget else None


def read_retry_after(header: str | None) -> float | None:
    """Read ``Retry-After`` (seconds or a date); None if it is absent or senseless."""
    if header is None:
        return None
    try:
        return Retry().parse_retry_after(header)
    except (InvalidHeader, OverflowError, ValueError):
        return None
