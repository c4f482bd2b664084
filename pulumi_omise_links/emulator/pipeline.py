"""The way in for an API request: limiter, faults, the API itself, the journal; then the answer."""

from __future__ import annotations

import dataclasses
import email.utils
import http
import re
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from . import representations
from .accounts import Access
from .api import Api
from .behaviour import Behaviour
from .faults import Fault, FaultBook, RateLimiter
from .journal import Journal, JournalEntry
from .messages import Answer, Request

_JSON = "application/json; charset=utf-8"
_HTML = "text/html"
_KEY = re.compile(r"([sp]key_)\w+")
_CARRIED_OUT = frozenset(
    [
        *("lost_after", "half_body", "slow", "wrong_content_type", "not_json", "empty", "huge"),
        *("links_appear", "links_vanish"),
    ]
)


@dataclass(frozen=True)
class Reply:
    """Bytes for a client. ``status`` None: nothing is sent. ``padding``: so many spaces follow."""

    status: int | None
    head: bytes = b""
    body: bytes = b""
    padding: int = 0
    close: bool = False


def hidden(text: str) -> str:
    """The same without keys, should a client have put one where none belongs."""
    return _KEY.sub(r"\1***", text)


NOTHING = Reply(None, close=True)


def phrase(status: int) -> str:
    """The words of a status line."""
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def head(status: int, headers: Mapping[str, str], close: bool) -> bytes:
    """A status line and headers, up to the empty line."""
    lines = [f"HTTP/1.1 {status} {phrase(status)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"Connection: {'close' if close else 'keep-alive'}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class Pipeline:
    """Takes API requests. Safe for many threads."""

    def __init__(
        self,
        *,
        api: Api,
        journal: Journal,
        faults: FaultBook,
        limiter: RateLimiter,
        behaviour: Callable[[], Behaviour],
        now: Callable[[], float],
    ) -> None:
        self.latency = 0.0
        self.on_request: Callable[[JournalEntry], None] | None = None
        self.shift: Callable[[Access | None, Request, Fault], None] = lambda *_: None
        self._api = api
        self._journal = journal
        self._faults = faults
        self._limiter = limiter
        self._behaviour = behaviour
        self._now = now

    def enter(
        self,
        request: Request,
        connection: int,
        wait: Callable[[float], object],
        hold: Callable[[float], None],
    ) -> Reply:
        """What to send for this request; it stands in the journal before this returns.

        ``wait`` sleeps (and wakes when the emulator stops); ``hold`` waits for the client to leave.
        """
        arrived, began = time.time(), time.monotonic()
        in_flight = self._journal.arrive()
        try:
            access = self._api.access(request)
            if self.latency:
                wait(self.latency)
            fault, struck, reply, committed = self._decide(request, access, began, wait)
            entry = self._journal.record(
                time=arrived,
                method=request.method,
                path=hidden(request.path),
                query=hidden(request.query),
                account=access and access.account.id,
                live=access and access.live,
                sub_merchant=self._header(request, "sub_merchant_id"),
                status=reply.status,
                fault=struck,
                committed=committed,
                connection=connection,
                in_flight=in_flight,
                user_agent=self._header(request, "user-agent"),
                omise_version=self._header(request, "omise-version"),
                seconds=time.monotonic() - began,
            )
            if self.on_request is not None:
                self.on_request(entry)
            if fault is not None and fault.kind == "timeout":
                hold(60.0 if fault.seconds is None else fault.seconds)
            return reply
        finally:
            # Before the answer goes out: the client may send its next request at once.
            self._journal.leave()

    @staticmethod
    def _header(request: Request, name: str) -> str | None:
        value = request.headers.get(name)
        return value and hidden(value)

    def _decide(
        self,
        request: Request,
        access: Access | None,
        began: float,
        wait: Callable[[float], object],
    ) -> tuple[Fault | None, str | None, Reply, bool]:
        behaviour = self._behaviour()
        who = access.account.id if access else ""
        rate = behaviour.requests_per_second
        if rate is not None and not self._limiter.allows(who, rate, behaviour.burst):
            html = behaviour.limited_body == "html"
            reply = self._refusal(429, began, html=html, retry_after=behaviour.retry_after)
            return None, "rate_limit", reply, False
        fault = self._faults.strike(request.method, request.path)
        if fault is None:
            answer = self._api.answer(request)
            return None, None, self._reply(answer, began), answer.committed
        if fault.kind == "slow":
            wait(1.0 if fault.seconds is None else fault.seconds)
        if fault.kind in ("links_appear", "links_vanish"):
            self.shift(access, request, fault)
        carried_out = None
        if fault.commit or fault.kind in _CARRIED_OUT:
            carried_out = self._api.answer(request)
        committed = carried_out is not None and carried_out.committed
        return fault, fault.kind, self._faulty(fault, carried_out, began), committed

    def _faulty(self, fault: Fault, answer: Answer | None, began: float) -> Reply:
        if fault.kind in ("lost_before", "lost_after", "timeout"):
            return NOTHING
        if fault.kind.isdecimal():
            html = fault.html or fault.kind == "502"
            return self._refusal(int(fault.kind), began, html=html, retry_after=fault.retry_after)
        if fault.kind == "not_json":
            return self._page(200, began)
        if fault.kind == "redirect":
            return self._page(302, began, {"Location": fault.location})
        if answer is None:
            error = representations.error("failed_deletion", "link could not be deleted")
            return self._reply(Answer(422, representations.text(error)), began)
        if fault.kind == "empty":
            answer = dataclasses.replace(answer, body=b"")
        reply = self._reply(
            answer,
            began,
            content_type="text/html" if fault.kind == "wrong_content_type" else _JSON,
            padding=fault.size if fault.kind == "huge" else 0,
            close=fault.kind == "half_body",
        )
        half = len(reply.body) // 2 if fault.kind == "half_body" else None
        return dataclasses.replace(reply, body=reply.body[:half])

    def _refusal(self, status: int, began: float, *, html: bool, retry_after: int | None) -> Reply:
        extra = {} if retry_after is None else {"Retry-After": str(retry_after)}
        if html:
            return self._page(status, began, extra)
        # The codes are DOC; no document has the messages.
        code, message = {
            429: ("too_many_requests", "too many requests, please try again later"),
            500: ("internal_error", "an internal error occurred"),
            503: ("service_unavailable", "the service is unavailable"),
        }[status]
        body = representations.text(representations.error(code, message))
        return self._reply(Answer(status, body), began, extra=extra)

    def _page(self, status: int, began: float, extra: Mapping[str, str] | None = None) -> Reply:
        """A page as nginx in front of the API would send it."""
        title = f"{status} {phrase(status)}"
        body = (
            f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
            f"<center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n"
            "</html>\r\n"
        )
        answer = Answer(status, body.encode())
        return self._reply(answer, began, content_type=_HTML, extra=extra)

    def _reply(
        self,
        answer: Answer,
        began: float,
        *,
        content_type: str = _JSON,
        extra: Mapping[str, str] | None = None,
        padding: int = 0,
        close: bool = False,
    ) -> Reply:
        """REC: these headers; the version, HSTS and Vary only where there is no error."""
        status = answer.status
        headers = {
            "Cache-Control": "no-cache, no-store",
            "Content-Type": content_type,
            "Date": email.utils.formatdate(self._now(), usegmt=True),
            "Server": "nginx",
            "Status": f"{status} {phrase(status)}",
            "X-Request-Id": str(uuid.uuid4()),
            "X-Runtime": f"{time.monotonic() - began:.6f}",
            "Content-Length": str(len(answer.body) + padding),
        }
        if answer.version is not None:
            headers["Omise-Version"] = answer.version
            headers["Strict-Transport-Security"] = "max-age=31536000; includeSubdomains; preload"
            headers["Vary"] = "Accept-Encoding"
        headers.update(extra or {})
        return Reply(status, head(status, headers, close), answer.body, padding, close)
