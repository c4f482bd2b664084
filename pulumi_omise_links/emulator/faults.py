"""Faults on purpose: by script ("the next two POST /links") or by rate, and the rate limiter."""

from __future__ import annotations

import dataclasses
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

KINDS = {
    "lost_before": "the connection ends before the request is carried out; no answer",
    "lost_after": "the request is carried out, then the connection ends; no answer",
    "half_body": "carried out; all headers and half of the body, then the connection ends",
    "timeout": "no answer for `seconds` or until the client leaves, then the connection ends",
    "slow": "carried out after `seconds`",
    "429": "refused with 429, with `retry_after` if given",
    "500": "500 internal_error",
    "502": "502 of a proxy, always HTML",
    "503": "503 with an error object",
    "wrong_content_type": "carried out; the answer says it is text/html",
    "not_json": "carried out; 200 with a page instead of JSON",
    "empty": "carried out; 200 without a body",
    "huge": "carried out; the answer is followed by `size` bytes of white space",
    "redirect": "302 to `location`, not carried out",
    "refused_deletion": "422 failed_deletion, not carried out",
    "links_appear": "`count` new links just before the request is carried out",
    "links_vanish": "the `count` oldest links are erased just before the request is carried out",
}
"""What each kind of fault does."""

_COMMIT_BY_CHOICE = ("timeout", "500", "502", "503")
_POSITIVE = ("seconds", "size", "count", "times")


@dataclass(frozen=True)
class Fault:
    """One fault and which requests it strikes. Raises ValueError for what makes no sense.

    With ``rate`` (0 to 1) it strikes that share of the matching requests, for ever unless
    ``times`` bounds it. Without, it strikes the next ``times`` of them (once by default), after
    letting ``skip`` pass. ``path`` is a shell pattern ("/links", "/links/*"); a slash at the end
    of a request's path does not count.
    """

    kind: str
    method: str | None = None
    path: str | None = None
    times: int | None = None
    skip: int = 0
    rate: float | None = None
    commit: bool = False
    """For timeout, 500, 502 and 503: whether the request is carried out all the same."""
    seconds: float | None = None
    """For slow (default 1) and timeout (default 60)."""
    retry_after: int | None = None
    """For 429 and 503: the ``Retry-After`` header, in seconds."""
    html: bool = False
    """For 429, 500 and 503: a proxy's page instead of an error object."""
    count: int = 1
    size: int = 64 * 1024 * 1024
    location: str = "https://elsewhere.example/links"

    def __post_init__(self) -> None:
        """Refuse a fault that could not do what it says."""
        for each in dataclasses.fields(self):
            value = getattr(self, each.name)
            if not isinstance(value, _TYPES[each.name]) or (
                isinstance(value, bool) and bool not in _TYPES[each.name]
            ):
                raise ValueError(f"{each.name} cannot be {value!r}")
        if self.kind not in KINDS:
            raise ValueError(f"no such kind of fault: {self.kind}; there are {', '.join(KINDS)}")
        if self.rate is not None and not 0 <= self.rate <= 1:
            raise ValueError("rate must lie between 0 and 1")
        if self.commit and self.kind not in _COMMIT_BY_CHOICE:
            raise ValueError(f"commit is for {', '.join(_COMMIT_BY_CHOICE)}; {self.kind} has none")
        if self.skip < 0:
            raise ValueError("skip must not be below 0")
        for name in _POSITIVE:
            if getattr(self, name) is not None and getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0")
        if "\r" in self.location or "\n" in self.location:
            raise ValueError("location must be one line")

    def matches(self, method: str, path: str) -> bool:
        """Whether a request is one that this fault strikes."""
        return (self.method is None or self.method.upper() == method) and (
            self.path is None or fnmatchcase(path.rstrip("/"), self.path)
        )

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Fault:
        """A fault from plain data. ValueError for a name it does not have."""
        known = {each.name for each in dataclasses.fields(cls)}
        unknown = sorted(set(given) - known)
        if unknown:
            raise ValueError(f"a fault has no {', '.join(unknown)}; it has {', '.join(_TYPES)}")
        if "kind" not in given:
            raise ValueError(f"kind is missing; there are {', '.join(KINDS)}")
        # "429" is easily written as a number.
        return cls(**{**given, "kind": str(given["kind"])})


_NONE = type(None)
_TYPES: dict[str, tuple[type, ...]] = {
    "kind": (str,),
    "method": (str, _NONE),
    "path": (str, _NONE),
    "times": (int, _NONE),
    "skip": (int,),
    "rate": (int, float, _NONE),
    "commit": (bool,),
    "seconds": (int, float, _NONE),
    "retry_after": (int, _NONE),
    "html": (bool,),
    "count": (int,),
    "size": (int,),
    "location": (str,),
}


class FaultBook:
    """The faults that wait. Scripted ones come first, in the order they were added; among those
    with a rate, the first whose dice falls. ``seed`` makes the dice repeatable.
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
        """One more fault."""
        times = fault.times if fault.times or fault.rate is not None else 1
        with self._lock:
            self._waiting.append(_Waiting(fault, times, fault.skip))

    def strike(self, method: str, path: str) -> Fault | None:
        """The fault for this request, used up by being asked."""
        with self._lock:
            for scripted in (True, False):
                for each in self._waiting:
                    if (each.fault.rate is None) is scripted and self._falls(each, method, path):
                        if each.left is not None:
                            each.left -= 1
                            if not each.left:
                                self._waiting.remove(each)
                        return each.fault
            return None

    def _falls(self, waiting: _Waiting, method: str, path: str) -> bool:
        if not waiting.fault.matches(method, path):
            return False
        if waiting.skip:
            waiting.skip -= 1
            return False
        return waiting.fault.rate is None or self._dice.random() < waiting.fault.rate

    def waiting(self) -> list[dict[str, Any]]:
        """The faults that wait, as plain data; ``left`` is None for those that stay."""
        with self._lock:
            return [dataclasses.asdict(each.fault) | {"left": each.left} for each in self._waiting]


@dataclass
class _Waiting:
    fault: Fault
    left: int | None
    skip: int


class RateLimiter:
    """A token bucket for each account (DOC api-rate-limiting: short bursts, then a baseline)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def allows(self, who: str, per_second: float, burst: int) -> bool:
        """Whether one more request of this account is within the limit."""
        now = time.monotonic()
        with self._lock:
            tokens, then = self._buckets.get(who, (float(burst), now))
            tokens = min(float(burst), tokens + (now - then) * per_second)
            allowed = tokens >= 1
            self._buckets[who] = (tokens - allowed, now)
            return allowed

    def clear(self) -> None:
        """Fill all buckets."""
        with self._lock:
            self._buckets.clear()
