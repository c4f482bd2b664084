"""The endpoints of Omise's API: what each answers, what it refuses and in which words."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from . import ids, representations
from .accounts import Access
from .backend import Backend
from .faults import failed_deletion
from .link_search import SCOPES, search_links
from .messages import Answer, RefusalError, Request
from .parameters import read_link_inputs, read_parameters
from .records import AccountSide, ChargeRecord, LinkRecord, Window
from .routing import split_path
from .store import NewLink
from .times import read_moment

# Endpoints that Omise has and this emulator does not imitate; docs/emulator.md lists them.
NOT_IMITATED = frozenset(
    [
        "balance",
        "capability",
        "cards",
        "chains",
        "charges",
        "customers",
        "dependents",
        "disputes",
        "documents",
        "events",
        "forex",
        "linked_accounts",
        "occurrences",
        "receipts",
        "recipients",
        "refunds",
        "schedules",
        "sources",
        "tokens",
        "transactions",
        "transfers",
    ]
)
_GREATEST_LIMIT = 100  # DOC api-pagination: the greatest page
_GREATEST_OFFSET = 2**62


class Api:
    """The API over one backend. Safe for many threads."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def answer(self, request: Request, endpoint: Endpoint | None, identity: str) -> Answer:
        """Carry a request out.

        endpoint: None for a path that Omise does not have. identity: the id in the path, or "".
        """
        try:
            return self._answer(request, endpoint, identity)
        except RefusalError as refusal:
            return refusal.answer

    def _answer(self, request: Request, endpoint: Endpoint | None, identity: str) -> Answer:
        if NOT_IMITATED.intersection(split_path(request.path)[:1]):
            raise not_imitated(request)
        access = self._backend.keys.open(request.key)
        if access is None or not access.secret:
            raise RefusalError("authentication_failure", "authentication failed")
        if endpoint is None:
            raise RefusalError("not_found", f"{request.method} {request.path} was not found")
        return endpoint.action(Call(request, access, identity, self._backend))


def not_imitated(request: Request) -> RefusalError:
    """Return the refusal of what Omise has and the emulator has not."""
    return RefusalError(
        "not_imitated",
        f"the emulator does not imitate {request.method} {request.path}; "
        "docs/emulator.md of pulumi-omise-links lists what it imitates",
    )


class Call:
    """One authenticated request while it is carried out."""

    def __init__(self, request: Request, access: Access, identity: str, backend: Backend) -> None:
        self._request = request
        self._identity = identity
        self._account = access.account
        self._live = access.live
        self._behaviour = backend.behaviour
        self._store = backend.store
        self._backend = backend
        self._now = backend.now()
        lag = self._behaviour.read_lag
        self._visible_until = self._now - lag if lag else math.inf
        self._version = self._effective_version()
        self._representations = representations.Representations(
            self._version, self._now, self._embedded
        )
        self._side = AccountSide(self._account.name, self._live, self._read_sub_merchant())

    def _read_sub_merchant(self) -> str:
        sub_merchant = self._request.headers.get("sub_merchant_id", "")
        if self._behaviour.sub_merchant_header == "ignored":
            return ""
        if sub_merchant and not re.fullmatch(r"team_[0-9A-Za-z_]+", sub_merchant):
            raise RefusalError("bad_request", "sub_merchant_id is invalid")  # GUESS
        return sub_merchant

    def _effective_version(self) -> str:
        wanted = self._request.headers.get("omise-version")
        if wanted in representations.VERSIONS:
            return wanted
        if wanted is not None and self._behaviour.unknown_version == "bad_request":
            raise RefusalError("bad_request", f"API version {wanted} is not supported")
        return self._account.version(self._live)

    def _embedded(self, link: LinkRecord, window: Window) -> tuple[list[ChargeRecord], int]:
        newest_first = self._behaviour.charges_order == "newest_first"
        window = replace(window, newest_first=newest_first, visible_until=self._visible_until)
        return self._store.charges(link, window)

    def _done(self, value: dict[str, Any], committed: bool = False) -> Answer:
        return Answer(
            status=200,
            body=representations.text(value),
            version=self._version,
            committed=committed,
        )

    def create(self) -> Answer:
        """POST /links. REC: 200, not 201."""
        given = read_parameters(self._request)
        inputs = read_link_inputs(given, self._account, self._behaviour)
        new = NewLink(inputs=inputs, hex_page=self._behaviour.payment_uri == "hex")
        (link,) = self._store.add(self._side, [new], self._backend.url)
        return self._done(self._representations.link(link), committed=True)

    def retrieve(self) -> Answer:
        """GET /links/{id}."""
        link = self._find_visible()
        if link.deleted_at is not None and self._behaviour.get_deleted == "not_found":
            raise self._no_link()
        return self._done(self._representations.link(link))

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
                raise failed_deletion()
            return self._done(self._representations.deleted(self._store.delete(link)), not gone)

    def list(self) -> Answer:
        """GET /links."""
        window = self._window()
        deleted = self._behaviour.list_includes_deleted
        links, total = self._store.links(self._side, window, deleted=deleted)
        self._check_offset(window, total)
        shown = [self._as_visible(link) for link in links]
        charged = self._store.charged(links)
        without_charges = representations.Representations(
            self._version, self._now, lambda link, window: ([], 0)
        )
        data = [
            (self._representations if link.id in charged else without_charges).link(link)
            for link in shown
        ]
        return self._done(representations.listing(data, total, "/links", window))

    def charges(self) -> Answer:
        """GET /links/{id}/charges."""
        link = self._find_visible()
        window = self._window()
        found, total = self._store.charges(link, window)
        self._check_offset(window, total)
        data = [self._representations.charge(charge, link) for charge in found]
        return self._done(representations.listing(data, total, f"/links/{link.id}/charges", window))

    def account(self) -> Answer:
        """GET /account."""
        if self._behaviour.account_readable == "not_found":
            raise RefusalError("not_found", "account was not found")
        sub_merchant = self._side.sub_merchant
        of_sub_merchant = self._behaviour.account_of_sub_merchant if sub_merchant else "same"
        if "forbidden" in (self._behaviour.account_readable, of_sub_merchant):
            raise RefusalError("not_authorized", "you are not authorized to read this account")
        account = self._account
        if of_sub_merchant == "sub_merchant":
            # Each sub-merchant gets an id of its own that is always the same.
            number = int.from_bytes(sub_merchant.encode(), "big") % 36**8
            suffix = account.id[-19:-8] + ids.encode(number)[-8:]
            account = replace(
                account,
                id=f"account_test_{suffix}",
                live_id=f"account_{suffix}",
                team=sub_merchant,
            )
        return self._done(self._representations.account(account, self._live))

    def search(self) -> Answer:
        """GET /search, with the scope ``link``."""
        given = read_parameters(self._request)
        scope = given.get("scope")
        if scope not in SCOPES:
            raise RefusalError("invalid_scope", "scope is invalid")
        if scope != "link":
            raise not_imitated(self._request)
        window = Window(
            start=0,
            end=int(self._now),
            offset=0,
            limit=_GREATEST_OFFSET,
            newest_first=False,
            visible_until=self._visible_until,
        )
        links, _ = self._store.links(
            self._side, window, deleted=self._behaviour.list_includes_deleted
        )
        shown = [self._as_visible(link) for link in links]
        return self._done(self._representations.search(search_links(given, shown, self._now)))

    def not_imitated(self) -> Answer:
        """Refuse an endpoint of Omise that the emulator has not."""
        raise not_imitated(self._request)

    def _find(self) -> LinkRecord:
        link = self._store.link(self._identity, self._side)
        if link is None:
            raise self._no_link()
        return link

    def _find_visible(self) -> LinkRecord:
        """Return the link as reads see it, which may lag behind."""
        link = self._find()
        if ids.milliseconds(link.id) > self._visible_until * 1000:
            raise self._no_link()
        return self._as_visible(link)

    def _as_visible(self, link: LinkRecord) -> LinkRecord:
        if not self._behaviour.read_lag:
            return link
        hidden: dict[str, Any] = {
            name: None
            for name in ("used_at", "deleted_at")
            if (getattr(link, name) or 0) > self._visible_until
        }
        return replace(link, **hidden)

    def _no_link(self) -> RefusalError:
        return RefusalError("not_found", f"link {self._identity} was not found")

    def _is_paid(self, link: LinkRecord) -> bool:
        return link.used or bool(self._store.charged([link]))

    def _check_offset(self, window: Window, total: int) -> None:
        if self._behaviour.offset_past_end == "bad_request" and 0 < total <= window.offset:
            raise RefusalError("bad_request", "offset is past the end")

    def _window(self) -> Window:
        """Read from, to, offset, limit and order. DOC api-pagination: their defaults."""
        given = read_parameters(self._request)
        exclusive = self._behaviour.range_ends == "exclusive"
        limit = self._read(given, "limit", _read_positive, 20)
        if limit > _GREATEST_LIMIT:
            if self._behaviour.limit_above_100 == "bad_request":
                raise RefusalError(
                    "bad_request", f"limit must be less than or equal to {_GREATEST_LIMIT}"
                )
            limit = _GREATEST_LIMIT
        order = self._read(given, "order", _read_order, "chronological")
        return Window(
            start=self._read(given, "from", read_moment, 0),
            end=self._read(given, "to", read_moment, int(self._now)),
            offset=self._read(given, "offset", _read_natural, 0),
            limit=limit,
            newest_first=order == "reverse_chronological",
            without_start=exclusive and bool(given.get("from")),
            without_end=exclusive and bool(given.get("to")),
            visible_until=self._visible_until,
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


def _read_natural(value: object) -> int:
    number = int(str(value))
    if number < 0:
        raise ValueError
    return min(number, _GREATEST_OFFSET)


def _read_positive(value: object) -> int:
    number = _read_natural(value)
    if number < 1:
        raise ValueError
    return number


def _read_order(value: object) -> str:
    if value not in ("chronological", "reverse_chronological"):
        raise ValueError
    return str(value)


@dataclass(frozen=True)
class Endpoint:
    """An endpoint of Omise, as an entry of the route table."""

    action: Callable[[Call], Answer]
