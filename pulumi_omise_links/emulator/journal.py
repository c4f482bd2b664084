"""The journal: one entry for each API request, and exact counts."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

KEPT = 100_000
"""So many of the latest entries are kept; the counters know all of them."""


@dataclass(frozen=True, kw_only=True)
class JournalEntry:
    """One API request. Keys, headers with keys and bodies are never kept."""

    sequence: int
    """1 for the first request since the journal was cleared."""
    time: float
    """When it arrived, in Unix seconds by this computer's clock."""
    method: str
    path: str
    query: str
    """The query string as it was sent; parameters in a body are not kept."""
    account: str | None
    """The account's id in this mode, None when the key opened none."""
    live: bool | None
    sub_merchant: str | None
    status: int | None
    """What was sent to the client; None when it got no answer at all."""
    fault: str | None
    """The kind of the fault that struck, or "rate_limit"."""
    committed: bool
    """Whether the request changed what is stored, whatever the client was told."""
    connection: int
    """Which connection it came over: equal numbers prove keep-alive."""
    in_flight: int
    """How many requests were being carried out when it had arrived, with itself."""
    user_agent: str | None
    omise_version: str | None
    """The request's ``Omise-Version``, None when it named none."""
    seconds: float
    """From its arrival to the answer (or to the decision that there will be none)."""

    def as_dict(self) -> dict[str, Any]:
        """The entry as plain data."""
        return asdict(self)


class Journal:
    """Entries, oldest first, and exact counts. Safe for many threads.

    :param on_request: called with each new entry, from the thread that answers.
    :param kept: how many of the latest entries are kept.
    """

    def __init__(
        self, on_request: Callable[[JournalEntry], None] | None = None, *, kept: int = KEPT
    ) -> None:
        self._on_request = on_request
        self._lock = threading.Lock()
        self._entries: deque[JournalEntry] = deque(maxlen=kept)
        self._in_flight = 0
        self._reset()

    def _reset(self) -> None:
        self._entries.clear()
        self._total = self._writes = self._committed = self._unanswered = 0
        self._max_in_flight = self._in_flight
        self._connections: set[int] = set()
        self._statuses: Counter[int] = Counter()
        self._methods: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()

    def arrive(self) -> int:
        """Count a request that has arrived; how many are being carried out now."""
        with self._lock:
            self._in_flight += 1
            self._max_in_flight = max(self._max_in_flight, self._in_flight)
            return self._in_flight

    def leave(self) -> None:
        """Count a request as done."""
        with self._lock:
            self._in_flight -= 1

    def record(self, **seen: Any) -> None:
        """Keep one entry (all of an `JournalEntry` but its sequence)."""
        with self._lock:
            self._total += 1
            entry = JournalEntry(sequence=self._total, **seen)
            self._entries.append(entry)
            self._connections.add(entry.connection)
            self._methods[entry.method] += 1
            self._writes += entry.method not in ("GET", "HEAD")
            self._committed += entry.committed
            if entry.status is None:
                self._unanswered += 1
            else:
                self._statuses[entry.status] += 1
            if entry.fault is not None:
                self._faults[entry.fault] += 1
        if self._on_request is not None:
            self._on_request(entry)

    def __len__(self) -> int:
        """How many requests there were, also those no longer kept."""
        return self._total

    @property
    def entries(self) -> list[JournalEntry]:
        """The entries kept, oldest first."""
        with self._lock:
            return list(self._entries)

    @property
    def writes(self) -> list[JournalEntry]:
        """The entries kept that asked for a change: every method but GET and HEAD."""
        return [entry for entry in self.entries if entry.method not in ("GET", "HEAD")]

    @property
    def max_in_flight(self) -> int:
        """The most requests that were ever carried out at the same time."""
        return self._max_in_flight

    @property
    def connections(self) -> int:
        """Over how many connections the requests came."""
        return len(self._connections)

    def count(self, method: str | None = None, path_prefix: str | None = None) -> int:
        """How many of the entries kept have this method and a path that starts like this."""
        return sum(
            (method is None or entry.method == method.upper())
            and (path_prefix is None or entry.path.startswith(path_prefix))
            for entry in self.entries
        )

    def counters(self) -> dict[str, Any]:
        """Exact counts since the journal was cleared, however many entries are kept."""
        with self._lock:
            return {
                "requests": self._total,
                "writes": self._writes,
                "committed": self._committed,
                "unanswered": self._unanswered,
                "in_flight": self._in_flight,
                "max_in_flight": self._max_in_flight,
                "connections": len(self._connections),
                "methods": dict(self._methods),
                "statuses": {
                    str(status): number for status, number in sorted(self._statuses.items())
                },
                "faults": dict(self._faults),
            }

    def clear(self) -> None:
        """Forget everything, also the counts."""
        with self._lock:
            self._reset()
