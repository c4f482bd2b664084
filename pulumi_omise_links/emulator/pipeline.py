"""The way of an API request: limiter, faults, the API itself, the journal, the reply."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from .accounts import Access
from .api import Api, Endpoint
from .backend import Backend
from .faults import KINDS, Struck
from .messages import Answer, Request
from .replies import Reply, ReplyWriter
from .type_check import hide_keys


class Client(Protocol):
    """The connection that a request came over."""

    number: int

    def wait(self, seconds: float) -> object:
        """Wait, but not longer than the emulator runs."""

    def hold(self, seconds: float) -> None:
        """Wait until the client has left, the time is up or the emulator stops."""


@dataclass(frozen=True, kw_only=True)
class _Decision:
    """What is done with a request. ``fault`` is the name in the journal."""

    reply: Reply
    committed: bool = False
    fault: str | None = None


@dataclass(frozen=True)
class _Surroundings:
    """What a fault may do before its request is carried out; see `faults.Surroundings`."""

    backend: Backend
    access: Access | None
    sub_merchant: str
    wait: Callable[[float], object]

    def add_links(self, count: int) -> None:
        if self.access is not None:
            self.backend.seed(
                count,
                account=self.access.account.name,
                live=self.access.live,
                sub_merchant=self.sub_merchant,
                title="Appeared {n}",
            )

    def erase_oldest_links(self, count: int) -> None:
        if self.access is not None:
            self.backend.erase_oldest(
                count,
                account=self.access.account.name,
                live=self.access.live,
                sub_merchant=self.sub_merchant,
            )


class Pipeline:
    """Handles API requests. Safe for many threads."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._api = Api(backend)

    def handle(
        self, request: Request, endpoint: Endpoint | None, identity: str, client: Client
    ) -> Reply:
        """Carry a request out and return the reply; its journal entry is written by then.

        endpoint: None for a path that Omise does not have. identity: the id in the path, or "".
        """

        def carry_out() -> Answer:
            return self._api.answer(request, endpoint, identity)

        journal = self._backend.journal
        arrived, began = time.time(), time.monotonic()
        in_flight = journal.arrive()
        try:
            access = self._backend.keys.open(request.key)
            if self._backend.latency:
                client.wait(self._backend.latency)
            decision = self._decide(request, carry_out, access, began, client)
            journal.record(
                time=arrived,
                method=request.method,
                path=hide_keys(request.path),
                query=hide_keys(request.query),
                account=access and access.account.id_of(access.live),
                live=access and access.live,
                sub_merchant=_header(request, "sub_merchant_id"),
                status=decision.reply.status,
                fault=decision.fault,
                committed=decision.committed,
                connection=client.number,
                in_flight=in_flight,
                user_agent=_header(request, "user-agent"),
                omise_version=_header(request, "omise-version"),
                seconds=time.monotonic() - began,
            )
            if decision.reply.hold:
                client.hold(decision.reply.hold)
            return decision.reply
        finally:
            # Before the answer goes out: the client may send its next request at once.
            journal.leave()

    def _decide(
        self,
        request: Request,
        carry_out: Callable[[], Answer],
        access: Access | None,
        began: float,
        client: Client,
    ) -> _Decision:
        backend, behaviour = self._backend, self._backend.behaviour
        writer = ReplyWriter(backend.now(), began)
        rate = behaviour.requests_per_second
        account = access.account.name if access else ""
        if rate is not None and not backend.limiter.allows(account, rate, behaviour.burst):
            reply = writer.write_error(
                429, html=behaviour.limited_body == "html", retry_after=behaviour.retry_after
            )
            return _Decision(reply=reply, fault="rate_limit")
        fault = backend.fault_book.strike(request.method, request.path)
        if fault is None:
            answer = carry_out()
            return _Decision(reply=writer.write(answer), committed=answer.committed)
        kind = KINDS[fault.kind]
        sub_merchant = request.headers.get("sub_merchant_id", "")
        kind.before(fault, _Surroundings(backend, access, sub_merchant, client.wait))
        carried_out = carry_out() if kind.carries_out(fault) else None
        return _Decision(
            reply=kind.reply(Struck(fault, carried_out, writer)),
            committed=carried_out is not None and carried_out.committed,
            fault=fault.kind,
        )


def _header(request: Request, name: str) -> str | None:
    value = request.headers.get(name)
    return value and hide_keys(value)
