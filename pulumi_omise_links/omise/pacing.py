"""Slows down all threads of a client after a 429 to one of them, and speeds them up again.

Omise publishes no limit; it advises at most ten parallel workers and evenly spread requests
(https://docs.omise.co/api-rate-limiting). So there is no fixed rate: the pace starts free, a 429
doubles the gap between requests, each other answer shrinks it again.

A doubling needs time to show: the next one waits for as many answers as can be under way. Otherwise
refusals that do not depend on the pace, such as those of a limit that others share, would drive the
gap to its greatest value and keep it there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar

MAX_IN_FLIGHT = 10


class Pacer:
    """Decides when a request may be sent. Shared by all threads of a client."""

    # Ten workers are ten workers, however many clients a process has.
    _in_flight: ClassVar[threading.BoundedSemaphore] = threading.BoundedSemaphore(MAX_IN_FLIGHT)

    _LEAST_GAP, _GREATEST_GAP, _RECOVERY = 0.05, 2.0, 0.9

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gap = 0.0
        self._next = 0.0
        self._answers_to_wait_for = 0

    @contextmanager
    def slot(self, wait: Callable[[float], object] = time.sleep) -> Iterator[None]:
        """Wait for a turn, then hold one of the ten places.

        :param wait: waits for so many seconds, or less if the turn is wanted no more.
        """
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._gap
        if turn > now:
            wait(turn - now)
        with self._in_flight:
            yield

    def slow_down(self, retry_after: float | None) -> None:
        """Take note of a 429."""
        with self._lock:
            now = time.monotonic()
            if retry_after:
                self._next = max(self._next, now + min(retry_after, 60.0))
            self._answers_to_wait_for -= 1
            if self._answers_to_wait_for >= 0:
                return
            self._answers_to_wait_for = MAX_IN_FLIGHT
            self._gap = min(self._GREATEST_GAP, max(self._LEAST_GAP, self._gap * 2))
            self._next = max(self._next, now + self._gap)

    def speed_up(self) -> None:
        """Take note of an answer that was no 429."""
        with self._lock:
            self._answers_to_wait_for -= 1
            self._gap = self._gap * self._RECOVERY if self._gap > 0.005 else 0.0
