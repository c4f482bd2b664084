"""The local Omise as one object: start it, use it over HTTP, and look at it from Python."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any

from . import control, payment_page
from .accounts import DEFAULT_ACCOUNTS, Access, Account, KeyRing
from .api import Api
from .behaviour import Behaviour
from .faults import Fault, FaultBook, RateLimiter
from .journal import Journal, JournalEntry
from .messages import Request
from .pipeline import Pipeline
from .records import AccountSide, LinkRecord
from .server import Server
from .store import Store

# What `mutate` can change; the names are those of the API.
_STORED = ("amount", "currency", "title", "description", "multiple", "payment_uri")
_TYPES = {"amount": int, "multiple": bool, "used": bool, "deleted": bool}
_TIMES = {"used": "used_at", "deleted": "deleted_at"}


class Emulator:
    """A local Omise for tests and for trying things out. No money moves.

    ```python
    with Emulator() as omise:
        requests.get(f"{omise.url}/links", auth=(omise.key("th"), ""))
    ```

    host, port: where it listens; port 0 takes a free one, and keeps it over `stop` and `start`.
    database: a path for data that outlive the process; ":memory:" for data of this object.
    accounts: who can sign in; four countries by default (`DEFAULT_ACCOUNTS`).
    behaviour: switches for what is not known of Omise.
    latency: seconds that every API request takes at least.
    clock: gives unix seconds; the computer's clock by default.
    seed: makes faults with a rate repeatable.
    on_request: called with each journal entry, from the thread that answers.

    Every method may be called from any thread.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        database: str | os.PathLike[str] = ":memory:",
        accounts: Iterable[Account] = DEFAULT_ACCOUNTS,
        behaviour: Behaviour | None = None,
        latency: float = 0.0,
        clock: Callable[[], float] = time.time,
        seed: int = 0,
        on_request: Callable[[JournalEntry], None] | None = None,
    ) -> None:
        self.accounts = tuple(accounts)
        self.journal = Journal()
        self._host = host
        self._port = port
        self._first_behaviour = self._behaviour = behaviour or Behaviour()
        self._keys = KeyRing(self.accounts)
        self._faults = FaultBook(seed)
        self._limiter = RateLimiter()
        self._store = Store(os.fspath(database), lambda: clock() + self._behaviour.clock_skew)
        api = Api(self._store, self._keys, lambda: self._behaviour, lambda: self.url)
        self._pipeline = Pipeline(
            api=api,
            journal=self.journal,
            faults=self._faults,
            limiter=self._limiter,
            behaviour=lambda: self._behaviour,
            now=self._store.now,
        )
        self._pipeline.latency = latency
        self._pipeline.on_request = on_request
        self._pipeline.shift = self._shift
        self._server: Server | None = None

    # -- running

    @property
    def url(self) -> str:
        """Where the API answers, such as "http://127.0.0.1:34567". RuntimeError before `start`."""
        if not self._port:
            raise RuntimeError("the local Omise has no address before it is started")
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    @property
    def running(self) -> bool:
        """Whether it answers."""
        return self._server is not None

    def start(self) -> Emulator:
        """Answer from now on. OSError when the port is taken, sqlite3.Error for a bad database."""
        if self._server is None:
            self._store.open()
            server = Server(self._host, self._port, self._pipeline, self._other)
            self._port = server.port
            server.start()
            self._server = server
        return self

    def stop(self) -> None:
        """End all connections and let go of port and file. Nothing happens when it is stopped.

        In memory the data stay until this object goes, so that `start` ends an outage.
        """
        server, self._server = self._server, None
        if server is not None:
            server.stop()
            self._store.close()

    def serve_forever(self) -> None:
        """Run until `stop` is called or the waiting is interrupted; then it is stopped.

        For a program of its own: a signal handler that raises (KeyboardInterrupt, SystemExit) or
        calls `stop` ends it cleanly.
        """
        try:
            self.start()
            # Not an Event: a signal handler that calls `stop` must never wait for this very thread.
            while self.running:
                time.sleep(0.05)
        finally:
            self.stop()

    def __enter__(self) -> Emulator:
        """Start it."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop it."""
        self.stop()

    # -- accounts and keys

    def account(self, name: str) -> Account:
        """The account with this name or id. LookupError when there is none."""
        for each in self.accounts:
            if name in (each.name, each.id):
                return each
        names = ", ".join(each.name for each in self.accounts)
        raise LookupError(f"there is no such account; there are {names}")

    def key(self, account: str = "th", *, live: bool = False, public: bool = False) -> str:
        """A key of that account, as it was at the start."""
        found = self.account(account)
        if public:
            return found.live_public_key if live else found.public_key
        return found.live_secret_key if live else found.secret_key

    def add_key(self, key: str, account: str = "th", *, live: bool = False) -> None:
        """Let one more secret key in, as after rolling a key (DOC: the old one works on)."""
        self._keys.add(key, Access(self.account(account), live))

    def revoke(self, key: str) -> None:
        """Refuse this key from now on. LookupError when it opened nothing."""
        if not self._keys.revoke(key):
            raise LookupError("this key opens no account")

    # -- what people do

    def seed(
        self,
        count: int = 1,
        *,
        account: str = "th",
        live: bool = False,
        sub_merchant: str = "",
        title: str = "Link {n}",
        description: str = "A seeded link",
        amount: int = 100_000,
        currency: str | None = None,
        multiple: bool = False,
        seconds_apart: float = 0.0,
    ) -> list[str]:
        """Make many links without the API, the last of them now; their ids, oldest first.

        ``{n}`` in title and description becomes 1, 2, 3…; the currency is the account's own if not
        given. Nothing is checked, so that links can be made that the API would refuse.
        """
        found = self.account(account)
        _check_types(
            {"amount": amount, "title": title, "description": description, "multiple": multiple}
        )
        now = self._store.now()
        rows = (
            {
                "amount": amount,
                "currency": (currency or found.currency).upper(),
                "title": title.replace("{n}", str(n)),
                "description": description.replace("{n}", str(n)),
                "multiple": multiple,
                "at": now - (count - n) * seconds_apart,
                "page": self._behaviour.payment_uri,
                "base": self.url,
            }
            for n in range(1, count + 1)
        )
        return [
            each.id for each in self._store.add(AccountSide(found.id, live, sub_merchant), rows)
        ]

    def pay(self, identity: str, *, paid: bool = True) -> str:
        """Pay a link as a customer; the id of the charge. ``paid=False``: the payment fails.

        LookupError when there is no such link, ValueError when it is used up or deleted.
        """
        with self._store.lock:
            link = self._find(identity)
            state = payment_page.state_of(link)
            if state != "payable":
                raise ValueError(f"{identity} is {state} and cannot be paid")
            return self._store.charge(link, paid).id

    def delete(self, identity: str) -> None:
        """Delete a link as a person in Omise's dashboard. LookupError when there is none."""
        self._store.delete(self._find(identity))

    def erase(self, identity: str) -> None:
        """Take a link away without a trace. LookupError when there is none."""
        if not self._store.erase(identity):
            raise LookupError(f"no link {identity}")

    def mutate(self, identity: str, **attributes: Any) -> dict[str, Any]:
        """Change stored attributes of a link, which the API cannot; the link as it is then.

        Attributes: amount, currency, title, description, multiple, payment_uri, used, deleted
        (true or false). LookupError when there is no such link, ValueError for other attributes.
        """
        unknown = sorted(set(attributes) - {*_STORED, *_TIMES})
        if unknown:
            raise ValueError(f"cannot change {', '.join(unknown)} of a link")
        _check_types(attributes)
        link = self._find(identity)
        columns = {each: attributes[each] for each in _STORED if each in attributes}
        for name, column in _TIMES.items():
            if name in attributes:
                kept = getattr(link, column) or int(self._store.now())
                columns[column] = kept if attributes[name] else None
        return self._shown(self._store.update(identity, **columns) or link)

    # -- looking

    def link(self, identity: str) -> dict[str, Any]:
        """One link as `links` shows it. LookupError when there is none."""
        return self._shown(self._find(identity))

    def links(
        self, account: str | None = None, *, live: bool | None = None, deleted: bool | None = None
    ) -> list[dict[str, Any]]:
        """The links that are stored, oldest first, as plain data; times are unix seconds.

        ``deleted=False`` for those that live. None means both, or all accounts.
        """
        names = None if account is None else [self.account(account).id]
        return [self._shown(each) for each in self._store.every_link(names, live, deleted)]

    def _find(self, identity: str) -> LinkRecord:
        link = self._store.link(identity)
        if link is None:
            raise LookupError(f"no link {identity}")
        return link

    def _shown(self, link: LinkRecord) -> dict[str, Any]:
        shown = dataclasses.asdict(link)
        del shown["pool"], shown["page"]
        return shown | {
            "account": next(
                (each.name for each in self.accounts if each.id == link.pool.account),
                link.pool.account,
            ),
            "live": link.pool.live,
            "sub_merchant": link.pool.sub_merchant,
            "created_at": link.created_at,
            "used": link.used,
            "deleted": link.deleted_at is not None,
        }

    # -- making trouble

    @property
    def behaviour(self) -> Behaviour:
        """The switches as they are now; assign another `Behaviour` to set all of them."""
        return self._behaviour

    @behaviour.setter
    def behaviour(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._limiter.clear()

    def switch(self, **switches: Any) -> None:
        """Set some switches of `Behaviour`. ValueError for an unknown switch or value."""
        self.behaviour = self._behaviour.changed(switches)

    @property
    def latency(self) -> float:
        """Seconds that every API request takes at least."""
        return self._pipeline.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._pipeline.latency = seconds

    def fault(self, kind: str, **fields: Any) -> None:
        """Add a fault: `Fault` has the kinds and fields. ValueError for what makes no sense."""
        self._faults.add(Fault.read({"kind": kind, **fields}))

    @property
    def faults(self) -> list[dict[str, Any]]:
        """The faults that wait."""
        return self._faults.waiting()

    def clear_faults(self) -> None:
        """Drop all faults and start the dice again."""
        self._faults.clear()

    def reset(
        self,
        *,
        data: bool = True,
        faults: bool = True,
        journal: bool = True,
        behaviour: bool = False,
    ) -> None:
        """Begin again: forget links and charges, faults, the journal; switches as at the start.

        Latency stays, and so do accounts and keys.
        """
        if data:
            self._store.clear()
        if faults:
            self.clear_faults()
            self._limiter.clear()
        if journal:
            self.journal.clear()
        if behaviour:
            self.behaviour = self._first_behaviour

    def _shift(self, access: Access | None, request: Request, fault: Fault) -> None:
        """Links come or go behind the back of who reads a list."""
        if access is None:
            return
        sub_merchant = request.headers.get("sub_merchant_id", "")
        if fault.kind == "links_appear":
            self.seed(
                fault.count,
                account=access.account.id,
                live=access.live,
                sub_merchant=sub_merchant,
                title="Appeared {n}",
            )
            return
        for each in self._store.oldest(
            AccountSide(access.account.id, access.live, sub_merchant), fault.count
        ):
            self._store.erase(each.id)

    # -- what is no API request

    def _other(self, request: Request) -> tuple[int, dict[str, str], bytes] | None:
        first, *rest = request.path.strip("/").split("/")
        if first == "_emulator":
            return control.answer(self, request, rest)
        if first == "pay":
            return self._page(request.method, rest)
        return None

    def _page(self, method: str, rest: list[str]) -> tuple[int, dict[str, str], bytes]:
        link = self._store.link_of_page(rest[0]) if rest else None
        if link is None:
            page = payment_page.missing()
        elif rest[1:] == ["complete"]:
            page = payment_page.complete(link)
        elif method == "POST":
            try:
                self.pay(link.id)
            except ValueError:
                page = payment_page.payment(self._find(link.id))
            else:
                return 303, {"Location": f"/pay/{link.page}/complete"}, b""
        else:
            page = payment_page.payment(link)
        return page.status, payment_page.HEADERS, page.body


def _check_types(attributes: Mapping[str, Any]) -> None:
    for name, value in attributes.items():
        kind = _TYPES.get(name, str)
        if type(value) is not kind:
            raise ValueError(f"{name} must be of type {kind.__name__}")
