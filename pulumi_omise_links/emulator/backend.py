"""State of the emulator, and what people and tests do to it without the API."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable, Iterable
from typing import Any

from .accounts import DEFAULT_ACCOUNTS, Access, Account, KeyRing
from .behaviour import Behaviour, Seconds
from .fault_book import FaultBook
from .faults import Fault
from .journal import Journal, JournalEntry
from .limiter import RateLimiter
from .link_inputs import INPUT_NAMES, SEEDED, LinkInputs
from .records import AccountSide, LinkRecord
from .store import NewLink, Store
from .type_check import check_values, hints_of

_LOOPBACK = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (no listening here)
# What `mutate` can change, as in the API: stored attributes, and times by true or false.
_STORED = (*INPUT_NAMES, "payment_uri")
_TIMES = {"used": "used_at", "deleted": "deleted_at"}


class Backend:
    """Accounts, keys, links, switches, faults and journal; see `Emulator` for the parameters.

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
        allowed_hosts: Iterable[str] = (),
    ) -> None:
        self.accounts = tuple(accounts)
        self.allowed_hosts = frozenset(name.lower() for name in (host, *allowed_hosts))
        self.journal = Journal(on_request)
        self.keys = KeyRing(self.accounts)
        self.fault_book = FaultBook(seed)
        self.limiter = RateLimiter()
        self.store = Store(os.fspath(database), self.now)
        self.latency = latency
        self._clock = clock
        self._host = host
        self._port = port
        self._first_behaviour = self._behaviour = behaviour or Behaviour()

    @property
    def url(self) -> str:
        """Where the API answers, such as ``http://127.0.0.1:34567``.

        It is a loopback address when the emulator listens on all addresses.

        :raises RuntimeError: it was not started yet.
        """
        if not self._port:
            raise RuntimeError("the emulator has no address before it is started")
        host = _LOOPBACK.get(self._host, self._host)
        return f"http://[{host}]:{self._port}" if ":" in host else f"http://{host}:{self._port}"

    def now(self) -> float:
        """Return Unix seconds by the clock of the emulated Omise."""
        return self._clock() + self._behaviour.clock_skew

    # -- accounts and keys

    def account(self, name: str) -> Account:
        """Return the account with this name or id.

        :raises LookupError: there is none.
        """
        for account in self.accounts:
            if name in (account.name, account.id, account.live_id):
                return account
        names = ", ".join(account.name for account in self.accounts)
        raise LookupError(f"there is no such account; there are {names}")

    def key(self, account: str = "th", *, live: bool = False, public: bool = False) -> str:
        """Return a key of that account, as it was at the start."""
        found = self.account(account)
        if public:
            return found.live_public_key if live else found.public_key
        return found.live_secret_key if live else found.secret_key

    def add_key(self, key: str, account: str = "th", *, live: bool = False) -> None:
        """Accept one more secret key, as after rolling a key (DOC: the old one works on)."""
        self.keys.add(key, Access(self.account(account), live))

    def revoke(self, key: str) -> None:
        """Refuse this key from now on.

        :raises LookupError: it opened nothing.
        """
        if not self.keys.revoke(key):
            raise LookupError("this key opens no account")

    # -- links

    def seed(
        self,
        /,
        count: int = 1,
        *,
        account: str = "th",
        live: bool = False,
        sub_merchant: str = "",
        seconds_apart: float = 0.0,
        **inputs: Any,
    ) -> list[str]:
        """Make many links without the API, the last of them now; return their ids, oldest first.

        Only types are checked, so that links can be made that the API would refuse.

        :param sub_merchant: whose links they are; those of the account itself by default.
        :param seconds_apart: how much later each link was made than the one before it.
        :param inputs: those of `pulumi_omise_links.LinkInputs`; each has a default, the currency
            that of the account. ``{n}`` in a text becomes 1, 2, 3….
        :raises LookupError: there is no such account.
        :raises ValueError: an input does not exist, or is of another type.
        """
        owner = self.account(account)
        _check_names(inputs, INPUT_NAMES)
        shared = {**SEEDED, "currency": owner.currency, **inputs}
        check_values(shared, hints_of(LinkInputs))
        shared["currency"] = shared["currency"].upper()
        hex_page = self._behaviour.payment_uri == "hex"
        now = self.now()

        def new_link(n: int) -> NewLink:
            numbered: dict[str, Any] = {
                name: value.replace("{n}", str(n)) if isinstance(value, str) else value
                for name, value in shared.items()
            }
            return NewLink(
                inputs=LinkInputs(**numbered),
                hex_page=hex_page,
                created_at=now - (count - n) * seconds_apart,
            )

        side = AccountSide(owner.name, live, sub_merchant)
        links = self.store.add(side, map(new_link, range(1, count + 1)), self.url)
        return [link.id for link in links]

    def pay(self, identity: str, *, paid: bool = True) -> str:
        """Pay a link as a customer, and return the id of the charge.

        :param paid: whether the payment succeeds.
        :raises LookupError: there is no such link.
        :raises ValueError: it is used up or deleted.
        """
        with self.store.lock:
            link = self.store.find(identity)
            if link.state != "payable":
                raise ValueError(f"{identity} is {link.state} and cannot be paid")
            return self.store.charge(link, paid).id

    def delete(self, identity: str) -> None:
        """Delete a link as a person in Omise's dashboard.

        :raises LookupError: there is none.
        """
        self.store.delete(self.store.find(identity))

    def erase(self, identity: str) -> None:
        """Remove a link as if it had never been.

        :raises LookupError: there is none.
        """
        if not self.store.erase(identity):
            raise LookupError(f"no link {identity}")

    def erase_oldest(
        self, count: int, *, account: str, live: bool = False, sub_merchant: str = ""
    ) -> None:
        """Remove the oldest links of a side that are not deleted."""
        side = AccountSide(self.account(account).name, live, sub_merchant)
        for link in self.store.oldest(side, count):
            self.store.erase(link.id)

    def mutate(self, identity: str, /, **attributes: Any) -> dict[str, Any]:
        """Change stored attributes of a link, which the API cannot; return the link as it is then.

        :param attributes: those of ``POST /links``, ``payment_uri``, and ``used`` and ``deleted``
            as true or false.
        :raises LookupError: there is no such link.
        :raises ValueError: an attribute does not exist, or is of another type.
        """
        _check_names(attributes, (*_STORED, *_TIMES))
        hints = {**hints_of(LinkRecord), **dict.fromkeys(_TIMES, bool)}
        check_values(attributes, hints)
        link = self.store.find(identity)
        columns = {name: attributes[name] for name in _STORED if name in attributes}
        for name, column in _TIMES.items():
            if name in attributes:
                kept = getattr(link, column) or int(self.now())
                columns[column] = kept if attributes[name] else None
        return _show_link(self.store.update(identity, **columns) or link)

    def link(self, identity: str) -> dict[str, Any]:
        """Return one link as `links` shows it.

        :raises LookupError: there is none.
        """
        return _show_link(self.store.find(identity))

    def links(
        self, account: str | None = None, *, live: bool | None = None, deleted: bool | None = None
    ) -> list[dict[str, Any]]:
        """Return the stored links, oldest first, as plain data; times are Unix seconds.

        :param account: its name or id; all accounts by default.
        :param live: live links or test links; both by default.
        :param deleted: deleted links or those that are not; both by default.
        """
        name = None if account is None else self.account(account).name
        return [_show_link(link) for link in self.store.every_link(name, live, deleted)]

    # -- switches and faults

    @property
    def behaviour(self) -> Behaviour:
        """The switches as they are now; assign another `Behaviour` to set all of them."""
        return self._behaviour

    @behaviour.setter
    def behaviour(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self.limiter.clear()

    def switch(self, /, **switches: Any) -> None:
        """Set some switches of `Behaviour`; the others stay.

        :raises ValueError: there is no such switch, or it has no such value.
        """
        self.behaviour = self._behaviour.changed(switches)

    @property
    def latency(self) -> float:
        """Seconds that every API request takes at least.

        :raises ValueError: it is set to what is no such number.
        """
        return self._latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        check_values({"latency": seconds}, {"latency": Seconds})
        self._latency = seconds

    def fault(self, /, kind: str, **fields: Any) -> None:
        """Add a fault.

        :param kind: one of `KINDS`.
        :param fields: those of `Fault`.
        :raises ValueError: what makes no sense, such as a field that this kind does not have.
        """
        self.fault_book.add(Fault.read({"kind": kind, **fields}))

    @property
    def faults(self) -> list[dict[str, Any]]:
        """The faults that wait."""
        return self.fault_book.waiting()

    def clear_faults(self) -> None:
        """Drop all faults and start the dice again."""
        self.fault_book.clear()

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
            self.store.clear()
        if faults:
            self.clear_faults()
            self.limiter.clear()
        if journal:
            self.journal.clear()
        if behaviour:
            self.behaviour = self._first_behaviour


def _show_link(link: LinkRecord) -> dict[str, Any]:
    shown = dataclasses.asdict(link)
    del shown["page"]
    return shown | {
        "created_at": link.created_at,
        "used": link.used,
        "deleted": link.deleted_at is not None,
    }


def _check_names(attributes: Iterable[str], known: Iterable[str]) -> None:
    unknown = sorted(set(attributes) - set(known))
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}")
