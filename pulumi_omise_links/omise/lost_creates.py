"""Finding the link of a create whose answer was lost, without ever taking somebody else's.

Proof means: made since the create began by the server's own clock, all five inputs equal, not
deleted, not the answer to any other create of this process, and the only one of its kind.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from .models import LinkInputs, OmiseLink


class CreateRegistry:
    """Which links the creates of this process have made, and which creates are under way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids: set[str] = set()
        self._busy: dict[LinkInputs, tuple[threading.Lock, int]] = {}

    @contextmanager
    def one_at_a_time(self, inputs: LinkInputs) -> Iterator[None]:
        """Let creates of equal inputs wait for each other, or their links could be confused."""
        inputs = inputs.folded()
        with self._lock:
            lock, users = self._busy.get(inputs, (threading.Lock(), 0))
            self._busy[inputs] = (lock, users + 1)
        try:
            with lock:
                yield
        finally:
            with self._lock:
                users = self._busy[inputs][1] - 1
                if users:
                    self._busy[inputs] = (lock, users)
                else:
                    del self._busy[inputs]

    def add(self, link_id: str) -> None:
        """Note that a create of this process has this link."""
        with self._lock:
            self._ids.add(link_id)

    def __contains__(self, link_id: str) -> bool:
        with self._lock:
            return link_id in self._ids


def find_created(
    links: Iterable[OmiseLink], inputs: LinkInputs, claims: CreateRegistry
) -> list[OmiseLink]:
    """Return those of ``links`` that could be the lost create of ``inputs``."""
    return [
        each
        for each in links
        if not each.deleted and each.id not in claims and not inputs.differences(each.inputs)
    ]
