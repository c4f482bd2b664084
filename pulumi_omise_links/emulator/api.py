"""What Omise answers: routes, keys, versions, what it refuses and in which words."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from . import ids, representations
from .accounts import Access, KeyRing
from .behaviour import Behaviour
from .messages import Answer, RefusalError, Request
from .parameters import checked, read_parameters
from .records import AccountSide, ChargeRecord, LinkRecord, Window
from .store import Store

# Endpoints that Omise has and this emulator does not imitate; docs/emulator.md lists them.
NOT_IMITATED = frozenset(
    [
        *("balance", "capability", "cards", "chains", "charges", "customers", "dependents"),
        *("disputes", "documents", "events", "forex", "linked_accounts", "occurrences"),
        *("receipts", "recipients", "refunds", "schedules", "search", "sources", "tokens"),
        *("transactions", "transfers"),
    ]
)
_MOST = 100  # DOC api-pagination: the greatest page
_FOREVER = 2**62


class Api:
    """The API over one store. Safe for many threads.

    ``base`` gives the address that payment pages of new links get.
    """

    def __init__(
        self,
        store: Store,
        keys: KeyRing,
        behaviour: Callable[[], Behaviour],
        base: Callable[[], str],
    ) -> None:
        self._store = store
        self._keys = keys
        self._behaviour = behaviour
        self._base = base

    def access(self, request: Request) -> Access | None:
        """What the request's key opens."""
        return self._keys.open(request.key)

    def answer(self, request: Request) -> Answer:
        """Carry a request out."""
        try:
            return self._answer(request)
        except RefusalError as refusal:
            return refusal.answer

    def _answer(self, request: Request) -> Answer:
        parts = request.path.strip("/").split("/")  # REC: a slash at the end is accepted (PHP)
        if parts[0] in NOT_IMITATED:
            return _not_imitated(request)
        access = self.access(request)
        if access is None or not access.secret:
            raise RefusalError("authentication_failure", "authentication failed")
        action = _ACTIONS.get((request.method, *parts[:1], *parts[2:], len(parts)))
        if action is None:
            if parts == ["account"]:
                return _not_imitated(request)
            raise RefusalError("not_found", f"{request.method} {request.path} was not found")
        return action(
            Call(
                request,
                access,
                identity=parts[1] if len(parts) > 1 else "",
                behaviour=self._behaviour(),
                store=self._store,
                base=self._base(),
            )
        )


def _not_imitated(request: Request) -> Answer:
    message = (
        f"the local Omise does not imitate {request.method} {request.path}; "
        "docs/emulator.md of pulumi-omise-links lists what it imitates"
    )
    return Answer(501, representations.text(representations.error("not_imitated", message)))


class Call:
    """One authenticated request while it is carried out."""

    def __init__(
        self,
        request: Request,
        access: Access,
        *,
        identity: str,
        behaviour: Behaviour,
        store: Store,
        base: str,
    ) -> None:
        self._request = request
        self._identity = identity
        self._account = access.account
        self._live = access.live
        self._behaviour = behaviour
        self._store = store
        self._base = base
        self._now = store.now()
        self._version = self._effective_version()
        self._shapes = representations.Representations(self._version, self._now, self._embedded)
        sub_merchant = request.headers.get("sub_merchant_id", "")
        if sub_merchant and not re.fullmatch(r"team_[0-9A-Za-z_]+", sub_merchant):
            raise RefusalError("bad_request", "sub_merchant_id is invalid")  # GUESS
        self._pool = AccountSide(self._account.id, self._live, sub_merchant)

    def _effective_version(self) -> str:
        wanted = self._request.headers.get("omise-version")
        if wanted in representations.VERSIONS:
            return wanted
        if wanted is not None and self._behaviour.unknown_version == "bad_request":
            raise RefusalError("bad_request", f"API version {wanted} is not supported")
        return self._account.version(self._live)

    def _embedded(self, link: LinkRecord, window: Window) -> tuple[list[ChargeRecord], int]:
        newest_first = self._behaviour.charges_order == "newest_first"
        return self._store.charges(link, replace(window, newest_first=newest_first))

    def _done(self, value: dict[str, Any], committed: bool = False) -> Answer:
        return Answer(200, representations.text(value), self._version, committed)

    def create(self) -> Answer:
        """POST /links. REC: 200, not 201."""
        given = read_parameters(self._request)
        row = checked(given, self._account, self._behaviour)
        row |= {"base": self._base, "page": self._behaviour.payment_uri}
        link = self._store.add(self._pool, [row])[0]
        return self._done(self._shapes.link(link), committed=True)

    def retrieve(self) -> Answer:
        """GET /links/{id}."""
        link = self._find()
        if link.deleted_at is not None and self._behaviour.get_deleted == "not_found":
            raise self._no_link()
        return self._done(self._shapes.link(link))

    def destroy(self) -> Answer:
        """DELETE /links/{id}."""
        with self._store.lock:
            link = self._find()
            gone = link.deleted_at is not None
            if gone and self._behaviour.delete_deleted == "not_found":
                raise self._no_link()
            if (gone and self._behaviour.delete_deleted == "failed_deletion") or (
                not gone and self._is_paid(link) and self._behaviour.delete_used != "deleted"
            ):
                raise RefusalError("failed_deletion", f"link {self._identity} could not be deleted")
            return self._done(self._shapes.deleted(self._store.delete(link)), not gone)

    def list(self) -> Answer:
        """GET /links."""
        window = self._window()
        deleted = self._behaviour.list_includes_deleted
        links, total = self._store.links(self._pool, window, deleted=deleted)
        self._check_offset(window, total)
        charged = self._store.charged(links)
        quiet = representations.Representations(
            self._version, self._now, lambda link, window: ([], 0)
        )
        data = [(self._shapes if each.id in charged else quiet).link(each) for each in links]
        return self._done(representations.listing(data, total, "/links", window))

    def charges(self) -> Answer:
        """GET /links/{id}/charges."""
        link = self._find()
        window = self._window()
        found, total = self._store.charges(link, window)
        self._check_offset(window, total)
        data = [self._shapes.charge(each, link) for each in found]
        return self._done(representations.listing(data, total, f"/links/{link.id}/charges", window))

    def account(self) -> Answer:
        """GET /account."""
        if self._behaviour.account_readable == "not_found":
            raise RefusalError("not_found", "account was not found")
        sub_merchant = self._pool.sub_merchant
        of_sub_merchant = self._behaviour.account_of_sub_merchant if sub_merchant else "same"
        if "forbidden" in (self._behaviour.account_readable, of_sub_merchant):
            raise RefusalError("not_authorized", "you are not authorized to read this account")
        account = self._account
        if of_sub_merchant == "sub_merchant":
            # Each sub-merchant gets an id of its own that is always the same.
            number = int.from_bytes(sub_merchant.encode(), "big") % 36**8
            suffix = account.id[-19:-8] + ids.encode(number)[-8:]
            account = replace(account, id=f"account_{suffix}", team=sub_merchant)
        return self._done(self._shapes.account(account, self._live))

    def _find(self) -> LinkRecord:
        link = self._store.link(self._identity, self._pool)
        if link is None:
            raise self._no_link()
        return link

    def _no_link(self) -> RefusalError:
        return RefusalError("not_found", f"link {self._identity} was not found")

    def _is_paid(self, link: LinkRecord) -> bool:
        return link.used or bool(self._store.charged([link]))

    def _check_offset(self, window: Window, total: int) -> None:
        if self._behaviour.offset_past_end == "bad_request" and 0 < total <= window.offset:
            raise RefusalError("bad_request", "offset is past the end")

    def _window(self) -> Window:
        """DOC api-pagination: from, to, offset, limit, order, each with its default."""
        given = read_parameters(self._request)
        exclusive = self._behaviour.range_ends == "exclusive"
        start = self._read(given, "from", parse_moment, 0)
        end = self._read(given, "to", parse_moment, int(self._now))
        limit = self._read(given, "limit", _positive, 20)
        if limit > _MOST:
            if self._behaviour.limit_above_100 == "bad_request":
                raise RefusalError("bad_request", f"limit must be less than or equal to {_MOST}")
            limit = _MOST
        order = self._read(given, "order", _order, "chronological")
        return Window(
            start=start,
            end=end,
            offset=self._read(given, "offset", _natural, 0),
            limit=limit,
            newest_first=order == "reverse_chronological",
            without_start=exclusive and bool(given.get("from")),
            without_end=exclusive and bool(given.get("to")),
        )

    def _read(
        self, given: Mapping[str, Any], name: str, reader: Callable[[Any], Any], default: Any
    ) -> Any:
        value = given.get(name)
        if value in (None, ""):
            return default
        try:
            return reader(value)
        except (ValueError, OverflowError):
            if self._behaviour.bad_paging == "default":
                return default
            raise RefusalError("bad_request", f"{name} is invalid") from None


_ACTIONS: dict[tuple[str | int, ...], Callable[[Call], Answer]] = {
    # Method, parts of the path but the id, number of parts.
    ("POST", "links", 1): Call.create,
    ("GET", "links", 1): Call.list,
    ("GET", "links", 2): Call.retrieve,
    ("DELETE", "links", 2): Call.destroy,
    ("GET", "links", "charges", 3): Call.charges,
    ("GET", "account", 1): Call.account,
}


def parse_moment(value: object) -> int:
    """Unix seconds of a date or a date and time (ISO 8601). ValueError for anything else."""
    at = datetime.datetime.fromisoformat(str(value).strip().upper().replace("Z", "+00:00"))
    if at.tzinfo is None:
        at = at.replace(tzinfo=datetime.timezone.utc)
    return int(at.astimezone(datetime.timezone.utc).timestamp())


def _natural(value: object) -> int:
    number = int(str(value))
    if number < 0:
        raise ValueError
    return min(number, _FOREVER)


def _positive(value: object) -> int:
    number = _natural(value)
    if number < 1:
        raise ValueError
    return number


def _order(value: object) -> str:
    if value not in ("chronological", "reverse_chronological"):
        raise ValueError
    return str(value)
