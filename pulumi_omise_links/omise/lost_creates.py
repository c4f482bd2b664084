"""Finds the link of a create whose answer was lost, and never takes the link of another create.

Proof means: made since the create began by the server's own clock, all inputs equal, not
deleted, not the answer to any other create of this process, and the only one of its kind.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from .models import LinkInputs, OmiseLink, UnreadableLink
from .times import LAG_SECONDS


@dataclass(frozen=True, kw_only=True)
class CreateAttempt:
    """When a create began.

    ``since`` is Omise's time in Unix seconds, a little early; None if it is not known.
    ``clock_is_doubtful``: it proves nothing. ``began`` is ``time.monotonic()``.
    """

    since: float | None
    clock_is_doubtful: bool
    began: float


class CreateRegistry:
    """Which links the creates of this process have made, which are under way, which are lost."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made_at: dict[str, float] = {}
        self._busy: dict[LinkInputs, tuple[threading.Lock, int]] = {}
        self._lost: dict[LinkInputs, CreateAttempt] = {}

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
            self._made_at[link_id] = time.monotonic()

    def __contains__(self, link_id: str) -> bool:
        with self._lock:
            return link_id in self._made_at

    def was_made_just_now(self, link_id: str) -> bool:
        """Whether a create of this process has made the link, and it is not deleted since."""
        with self._lock:
            made_at = self._made_at.get(link_id)
        return made_at is not None and time.monotonic() - made_at < LAG_SECONDS

    def note_deleted(self, link_id: str) -> None:
        """Note that a link of this process was deleted, so Omise need not know it."""
        with self._lock:
            if link_id in self._made_at:
                self._made_at[link_id] = float("-inf")

    def note_lost(self, inputs: LinkInputs, attempt: CreateAttempt) -> None:
        """Note a create that may have made a link unknown to its caller; the first one counts."""
        with self._lock:
            self._lost.setdefault(inputs.folded(), attempt)

    def lost(self, inputs: LinkInputs) -> CreateAttempt | None:
        """Return the first lost create of equal inputs."""
        with self._lock:
            return self._lost.get(inputs.folded())


@dataclass
class Candidates:
    """What a look-up found. ``equal`` links could be the one.

    ``similar`` could be it, if Omise has spelt an input in its own way. ``unknown`` cannot be read
    and could be it, too: while there are any, nothing is proved.
    """

    equal: list[str] = field(default_factory=list)
    similar: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    proved: OmiseLink | None = None


def find_created(
    links: Iterable[OmiseLink],
    unreadable: Iterable[UnreadableLink],
    inputs: LinkInputs,
    registry: CreateRegistry,
    start: str,
) -> Candidates:
    """Return those of ``links`` that could be the lost create of ``inputs``.

    :param start: when the create began, as ``created_at`` has it.
    """
    found = Candidates(unknown=[link.id or "a link without an id" for link in unreadable])
    equal: list[OmiseLink] = []
    for link in links:
        if link.deleted or link.id in registry or link.created_at < start:
            continue
        if not inputs.differences(link.inputs):
            equal.append(link)
        elif not inputs.normalized().differences(link.inputs.normalized()):
            found.similar.append(link.id)
    found.equal = [link.id for link in equal]
    if len(equal) == 1 and not found.unknown:
        found.proved = equal[0]
    return found
