"""The rate limiter: a token bucket for each account."""

from __future__ import annotations

import threading
import time


class RateLimiter:
    """DOC api-rate-limiting: short bursts, then a baseline. Safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def allows(self, account: str, per_second: float, burst: int) -> bool:
        """Tell whether one more request of this account is within the limit."""
        now = time.monotonic()
        with self._lock:
            tokens, then = self._buckets.get(account, (float(burst), now))
            tokens = min(float(burst), tokens + (now - then) * per_second)
            allowed = tokens >= 1
            self._buckets[account] = (tokens - allowed, now)
            return allowed

    def clear(self) -> None:
        """Fill all buckets."""
        with self._lock:
            self._buckets.clear()
