"""Faults: the table of their kinds, and one fault with the requests it strikes."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase, translate
from typing import Annotated, Any, Literal, Protocol

from . import representations
from .messages import Answer, RefusalError
from .replies import HTML, Reply, ReplyWriter
from .type_check import Between, check_types

_Seconds = Annotated[float, Between(0.001, 86_400)]
_Count = Annotated[int, Between(1, 100_000)]
_Many = Annotated[int, Between(0, 1_000_000_000)]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault and which requests it strikes.

    With ``rate`` (0 to 1) it strikes that share of the matching requests, for ever unless
    ``times`` bounds it. Without, it strikes the next ``times`` of them (once by default), after
    letting ``skip`` pass. ``path`` is a shell pattern (``/links``, ``/links/*``); a slash at the
    end of a request's path does not count. The other fields belong to some kinds only: see `KINDS`.

    :raises ValueError: what makes no sense.
    """

    kind: str
    method: str | None = None
    path: str | None = None
    times: Annotated[int, Between(1, 1_000_000_000)] | None = None
    skip: _Many = 0
    rate: Annotated[float, Between(0, 1)] | None = None
    commit: bool | None = None
    """Whether the request is carried out all the same."""
    seconds: _Seconds | None = None
    retry_after: _Many | None = None
    """The ``Retry-After`` header, in seconds."""
    html: bool | None = None
    """A proxy's page instead of an error object."""
    count: _Count | None = None
    size: Annotated[int, Between(1, 2**40)] | None = None
    """Bytes."""
    status: Annotated[int, Between(100, 599)] | None = None
    location: str | None = None
    """The ``Location`` header."""
    changes: Mapping[str, Any] | None = None
    """Attributes that take the place of the answer's own."""

    def __post_init__(self) -> None:
        """Refuse a fault that could not do what it says, and fill in the defaults of its kind."""
        check_types(self)
        if self.kind not in KINDS:
            raise ValueError(f"no such kind of fault: {self.kind}; there are {', '.join(KINDS)}")
        defaults = KINDS[self.kind].fields
        for name in _OF_SOME_KINDS:
            if name not in defaults and getattr(self, name) is not None:
                taken = f"it takes {', '.join(defaults)}" if defaults else "it takes none"
                raise ValueError(f"a fault of kind {self.kind} takes no {name}; {taken}")
            if name in defaults and getattr(self, name) is None:
                object.__setattr__(self, name, defaults[name])
        if "changes" in defaults and not self.changes:
            raise ValueError(f"a fault of kind {self.kind} needs changes")
        if self.location and not (self.location.isascii() and self.location.isprintable()):
            raise ValueError("location must be one line of printable ASCII")
        try:
            re.compile(translate(self.path or ""))
        except re.error:
            raise ValueError("path is not a shell pattern") from None

    def matches(self, method: str, path: str) -> bool:
        """Tell whether this fault is meant for such a request."""
        return (self.method is None or self.method.upper() == method) and (
            self.path is None or fnmatchcase(path.rstrip("/"), self.path)
        )

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Fault:
        """Make a fault of plain data.

        :raises ValueError: a fault has no such field.
        """
        known = [field.name for field in dataclasses.fields(cls)]
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise ValueError(f"a fault has no {', '.join(unknown)}; it has {', '.join(known)}")
        if "kind" not in given:
            raise ValueError(f"kind is missing; there are {', '.join(KINDS)}")
        kind = given["kind"]
        # "429" is easily written as a number.
        return cls(**{**given, "kind": str(kind) if type(kind) is int else kind})


class Surroundings(Protocol):
    """What a fault may do just before its request is carried out."""

    def wait(self, seconds: float) -> object:
        """Wait, but not longer than the emulator runs."""

    def add_links(self, count: int) -> None:
        """Add links to the account that asks."""

    def erase_oldest_links(self, count: int) -> None:
        """Erase the oldest links of the account that asks."""


@dataclass(frozen=True)
class Struck:
    """A request that a fault has struck. ``answer`` is None when it was not carried out."""

    fault: Fault
    answer: Answer | None
    writer: ReplyWriter

    @property
    def carried_out(self) -> Answer:
        """The answer, for kinds that are always carried out."""
        assert self.answer is not None  # noqa: S101  (the pipeline's promise)
        return self.answer


def _do_nothing(_: Fault, __: Surroundings) -> None:
    """Leave the surroundings as they are."""


def _wait_first(fault: Fault, surroundings: Surroundings) -> None:
    surroundings.wait(fault.seconds or 0.0)


@dataclass(frozen=True, kw_only=True)
class FaultKind:
    """What a kind of fault does. A new kind is one entry of `KINDS`."""

    description: str
    carried_out: Literal["never", "always", "by_choice"]
    """``by_choice``: `Fault.commit` decides."""
    reply: Callable[[Struck], Reply]
    takes: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `Fault` that this kind reads, each with its default."""
    before: Callable[[Fault, Surroundings], None] = _do_nothing
    """What happens just before the request is carried out."""

    @property
    def fields(self) -> dict[str, Any]:
        """The fields it takes and their defaults, with ``commit`` where there is a choice."""
        choice = {"commit": False} if self.carried_out == "by_choice" else {}
        return {**self.takes, **choice}

    def carries_out(self, fault: Fault) -> bool:
        """Tell whether the request of this fault is carried out."""
        return self.carried_out == "always" or bool(fault.commit)


def _reply_nothing(struck: Struck) -> Reply:
    return Reply(status=None, close=True, hold=struck.fault.seconds or 0.0)


def _reply_rightly(struck: Struck) -> Reply:
    return struck.writer.write(struck.carried_out)


def _reply_half(struck: Struck) -> Reply:
    reply = struck.writer.write(struck.carried_out, close=True)
    return dataclasses.replace(reply, body=reply.body[: len(reply.body) // 2])


def _reply_error(status: int, *, html: bool = False) -> Callable[[Struck], Reply]:
    def reply(struck: Struck) -> Reply:
        fault = struck.fault
        page = html or bool(fault.html)
        return struck.writer.write_error(status, html=page, retry_after=fault.retry_after)

    return reply


def _reply_page(struck: Struck) -> Reply:
    fault = struck.fault
    headers = {} if fault.location is None else {"Location": fault.location}
    if fault.retry_after is not None:
        headers["Retry-After"] = str(fault.retry_after)
    return struck.writer.write_page(
        fault.status or 200, headers=headers, padding=fault.size or 0, pause=fault.seconds or 0.0
    )


def _reply_empty(struck: Struck) -> Reply:
    return struck.writer.write(dataclasses.replace(struck.carried_out, body=b""))


def _reply_changed(struck: Struck) -> Reply:
    answer = struck.carried_out
    shown = {**json.loads(answer.body), **(struck.fault.changes or {})}
    return struck.writer.write(dataclasses.replace(answer, body=representations.text(shown)))


def _reply_changed_items(struck: Struck) -> Reply:
    answer, fault = struck.carried_out, struck.fault
    shown = json.loads(answer.body)
    for item in shown.get("data", [])[: fault.count]:
        item.update(fault.changes or {})
    return struck.writer.write(dataclasses.replace(answer, body=representations.text(shown)))


KINDS: dict[str, FaultKind] = {
    "lost_before": FaultKind(
        description="the connection ends without an answer",
        carried_out="never",
        reply=_reply_nothing,
    ),
    "lost_after": FaultKind(
        description="the connection ends without an answer",
        carried_out="always",
        reply=_reply_nothing,
    ),
    "timeout": FaultKind(
        description="no answer for `seconds` or until the client leaves, then the connection ends",
        carried_out="by_choice",
        takes={"seconds": 60.0},
        reply=_reply_nothing,
    ),
    "half_body": FaultKind(
        description="all headers and half of the body, then the connection ends",
        carried_out="always",
        reply=_reply_half,
    ),
    "slow": FaultKind(
        description="a right answer, carried out and sent after `seconds`",
        carried_out="always",
        takes={"seconds": 1.0},
        before=_wait_first,
        reply=_reply_rightly,
    ),
    "drip": FaultKind(
        description="a right answer whose body comes byte by byte, `seconds` apart",
        carried_out="always",
        takes={"seconds": 1.0},
        reply=lambda struck: struck.writer.write(
            struck.carried_out, pause=struck.fault.seconds or 0.0
        ),
    ),
    "closed_connection": FaultKind(
        description="a right answer that promises to keep the connection, which is closed then",
        carried_out="always",
        reply=lambda struck: struck.writer.write(
            struck.carried_out, close=True, announce_close=False
        ),
    ),
    "429": FaultKind(
        description="429 with an error object, or a proxy's page with `html`",
        carried_out="never",
        takes={"html": False, "retry_after": None},
        reply=_reply_error(429),
    ),
    "500": FaultKind(
        description="500 with an error object, or a proxy's page with `html`",
        carried_out="by_choice",
        takes={"html": False, "retry_after": None},
        reply=_reply_error(500),
    ),
    "502": FaultKind(
        description="502 with a proxy's page",
        carried_out="by_choice",
        takes={"retry_after": None},
        reply=_reply_error(502, html=True),
    ),
    "503": FaultKind(
        description="503 with an error object, or a proxy's page with `html`",
        carried_out="by_choice",
        takes={"html": False, "retry_after": None},
        reply=_reply_error(503),
    ),
    "page": FaultKind(
        description="a proxy's page with any `status`; with `location`, `retry_after`, `size` bytes"
        " of white space, or byte by byte `seconds` apart",
        carried_out="by_choice",
        takes={
            "status": 403,
            "location": None,
            "retry_after": None,
            "size": None,
            "seconds": None,
        },
        reply=_reply_page,
    ),
    "not_json": FaultKind(
        description="200 with a page instead of JSON",
        carried_out="always",
        reply=lambda struck: struck.writer.write_page(200),
    ),
    "wrong_content_type": FaultKind(
        description="a right answer that says it is text/html",
        carried_out="always",
        reply=lambda struck: struck.writer.write(struck.carried_out, content_type=HTML),
    ),
    "empty": FaultKind(
        description="the status of a right answer without its body",
        carried_out="always",
        reply=_reply_empty,
    ),
    "huge": FaultKind(
        description="a right answer, followed by `size` bytes of white space",
        carried_out="always",
        takes={"size": 64 * 1024 * 1024},
        reply=lambda struck: struck.writer.write(
            struck.carried_out, padding=struck.fault.size or 0
        ),
    ),
    "changed_answer": FaultKind(
        description="a right answer in which `changes` take the place of its own attributes",
        carried_out="always",
        takes={"changes": None},
        reply=_reply_changed,
    ),
    "changed_items": FaultKind(
        description="a list in which `changes` take the place of attributes of the first `count`"
        " items",
        carried_out="always",
        takes={"changes": None, "count": 1},
        reply=_reply_changed_items,
    ),
    "refused_deletion": FaultKind(
        description="422 `failed_deletion`",
        carried_out="never",
        reply=lambda struck: struck.writer.write(failed_deletion().answer),
    ),
    "links_appear": FaultKind(
        description="`count` new links just before a right answer: a list that shifts while read",
        carried_out="always",
        takes={"count": 1},
        before=lambda fault, surroundings: surroundings.add_links(fault.count or 0),
        reply=_reply_rightly,
    ),
    "links_vanish": FaultKind(
        description="the `count` oldest links are erased just before a right answer",
        carried_out="always",
        takes={"count": 1},
        before=lambda fault, surroundings: surroundings.erase_oldest_links(fault.count or 0),
        reply=_reply_rightly,
    ),
}
"""What each kind of fault does."""

_OF_SOME_KINDS = (
    "commit",
    "seconds",
    "retry_after",
    "html",
    "count",
    "size",
    "status",
    "location",
    "changes",
)


def failed_deletion() -> RefusalError:
    """Return Omise's refusal of a DELETE. INF: the text, as that of other failed actions."""
    return RefusalError("failed_deletion", "deletion failed")
