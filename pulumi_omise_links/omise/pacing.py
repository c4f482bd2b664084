"""Slowing down together: a 429 to one thread slows all of them, and they recover by themselves.

Omise publishes no limit; it advises at most ten parallel workers and evenly spread requests
(https://docs.omise.co/api-rate-limiting). So there is no fixed rate: the pace starts free, each 429
doubles the gap between requests, each answer shrinks it again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

MAX_IN_FLIGHT = 10


class Pacer:
    """Hands out the moments at which requests may leave. Shared by all threads of a client."""

    # Ten workers are ten workers, however many clients a process has.
    _in_flight: ClassVar[threading.BoundedSemaphore] = threading.BoundedSemaphore(MAX_IN_FLIGHT)

    _LEAST_GAP, _GREATEST_GAP, _RECOVERY = 0.05, 5.0, 0.93

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gap = 0.0
        self._next = 0.0
        self._slowed_at = 0.0

    @contextmanager
    def slot(self) -> Iterator[float]:
        """Wait for a turn, then hold one of the ten places; yields the time of leaving."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._gap
        if turn > now:
            time.sleep(turn - now)
        with self._in_flight:
            yield time.monotonic()

    def slow_down(self, left_at: float, retry_after: float | None) -> None:
        """Take note of a 429 to the request that left at ``left_at``."""
        with self._lock:
            now = time.monotonic()
            if retry_after:
                self._next = max(self._next, now + min(retry_after, 60.0))
            # Requests in flight together are all refused together; that is one warning, not many.
            if left_at < self._slowed_at:
                return
            self._slowed_at = now
            self._gap = min(self._GREATEST_GAP, max(self._LEAST_GAP, self._gap * 2))
            self._next = max(self._next, now + self._gap)

    def speed_up(self) -> None:
        """Take note of an answer that was no 429."""
        with self._lock:
            self._gap = self._gap * self._RECOVERY if self._gap > 0.005 else 0.0
