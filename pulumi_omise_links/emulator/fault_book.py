"""The faults that wait for requests: by script ("the next two POST /links") or by rate."""

from __future__ import annotations

import dataclasses
import random
import threading
from dataclasses import dataclass
from typing import Any

from .faults import Fault


class FaultBook:
    """Faults that wait. Scripted ones come first, in the order they were added; among those with a
    rate, the first whose dice falls. ``seed`` makes the dice repeatable. Safe for many threads.
    """

    def __init__(self, seed: int) -> None:
        self._lock = threading.Lock()
        self._seed = seed
        self.clear()

    def clear(self) -> None:
        """Drop all faults and start the dice again."""
        with self._lock:
            self._dice = random.Random(self._seed)
            self._waiting: list[_Waiting] = []

    def add(self, fault: Fault) -> None:
        """Add one more fault."""
        times = 1 if fault.times is None and fault.rate is None else fault.times
        with self._lock:
            self._waiting.append(_Waiting(fault, times, fault.skip))

    def strike(self, method: str, path: str) -> Fault | None:
        """Return the fault for this request, and count it as used."""
        with self._lock:
            for scripted in (True, False):
                for waiting in self._waiting:
                    is_scripted = waiting.fault.rate is None
                    if is_scripted is scripted and self._falls(waiting, method, path):
                        if waiting.left is not None:
                            waiting.left -= 1
                            if not waiting.left:
                                self._waiting.remove(waiting)
                        return waiting.fault
            return None

    def _falls(self, waiting: _Waiting, method: str, path: str) -> bool:
        if not waiting.fault.matches(method, path):
            return False
        if waiting.skip:
            waiting.skip -= 1
            return False
        return waiting.fault.rate is None or self._dice.random() < waiting.fault.rate

    def waiting(self) -> list[dict[str, Any]]:
        """Return the faults that wait, as plain data; ``left`` is None for those that stay."""
        with self._lock:
            return [
                dataclasses.asdict(waiting.fault) | {"left": waiting.left}
                for waiting in self._waiting
            ]


@dataclass
class _Waiting:
    fault: Fault
    left: int | None
    skip: int
