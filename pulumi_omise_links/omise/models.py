"""What Omise answers, typed. Reads the current shape (2019-05-29) and the older ones.

An attribute that decides nothing never makes an answer unreadable: if it is missing or of another
type than documented, it reads as not given. What decides: the id, inputs, address and time of
creation of a link, whether it is deleted or used, and the amount of a charge.

The shapes are those of https://docs.omise.co/links-api and of recorded answers: older versions say
``created`` for ``created_at``, write the currency in lower case, and know no ``used_at``,
``deleted`` and ``deleted_at``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timezone
from typing import Any, TypeVar

from ..inputs import LINK_ID, is_live
from ..text_differences import describe_difference, fold_appearance

T = TypeVar("T")
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:?\d\d)")


class UnreadableError(ValueError):
    """An answer is not the object it should be; the text says which key is wrong."""


@dataclass(frozen=True)
class LinkInputs:
    """The five inputs of a link. ``amount`` is in the smallest unit of ``currency``."""

    amount: int
    currency: str
    title: str
    description: str
    multiple: bool

    def folded(self) -> LinkInputs:
        """Return these with the currency in one case: what makes equal links has equal ones."""
        return replace(self, currency=self.currency.upper())

    def normalized(self) -> LinkInputs:
        """Return these with each text as it looks; no proof that two links are the same one."""
        return replace(
            self,
            currency=self.currency.upper(),
            title=fold_appearance(self.title),
            description=fold_appearance(self.description),
        )

    def differences(self, other: LinkInputs) -> list[str]:
        """Name the inputs that differ; the case of the currency makes no difference."""
        ours, theirs = self.folded(), other.folded()
        return [
            input_.name
            for input_ in fields(self)
            if getattr(ours, input_.name) != getattr(theirs, input_.name)
        ]

    def describe_differences(self, other: LinkInputs) -> list[str]:
        """Name the inputs that differ, and in what, if that is hard to see; without values.

        Such as ``["amount", "title (in spaces or line breaks only)"]``.
        """
        described = []
        for name in self.differences(other):
            ours, theirs = getattr(self, name), getattr(other, name)
            kind = describe_difference(ours, theirs) if isinstance(ours, str) else None
            described.append(f"{name} (in {kind} only)" if kind else name)
        return described


@dataclass(frozen=True)
class OmiseCharge:
    """A charge made through a link. ``amount`` is in the smallest unit of ``currency``.

    ``raw`` is the whole object as Omise sent it, customers' data included: keep it out of logs.
    """

    id: str
    amount: int
    currency: str
    status: str
    paid: bool
    created_at: str
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, data: object) -> OmiseCharge:
        """:raises UnreadableError: ``data`` is not a charge."""
        given = _object(data, "charge")
        return cls(
            id=_get(given, "id", str),
            amount=_get(given, "amount", int),
            currency=_get(given, "currency", str).upper(),
            status=_optional(given, "status", str) or "",
            paid=_optional(given, "paid", bool) or False,
            created_at=_time(given, "created_at") or _time(given, "created") or "",
            raw=given,
        )


@dataclass(frozen=True)
class OmiseLink:
    """A link as Omise has it.

    Times are ``YYYY-MM-DDThh:mm:ssZ``. ``created_at`` and ``payment_uri`` are empty only if the
    answer to a create had none. ``amount`` is in the smallest unit of ``currency``, which is
    upper case. ``merchant_name`` and ``merchant_uid`` are None on accounts without sub-merchants.
    ``charges`` holds at most the 20 that Omise embeds; ``charges_total`` counts all.
    """

    id: str
    livemode: bool
    amount: int
    currency: str
    title: str
    description: str
    multiple: bool
    used: bool
    payment_uri: str
    created_at: str
    used_at: str | None = None
    deleted: bool = False
    deleted_at: str | None = None
    merchant_name: str | None = None
    merchant_uid: str | None = None
    charges: tuple[OmiseCharge, ...] = ()
    charges_total: int = 0
    object: str = "link"

    @property
    def location(self) -> str:
        """The path of the link in the API."""
        return f"/links/{self.id}"

    @property
    def inputs(self) -> LinkInputs:
        """What the link was made from."""
        return LinkInputs(self.amount, self.currency, self.title, self.description, self.multiple)

    @classmethod
    def from_json(cls, data: Any, *, asked: LinkInputs | None = None) -> OmiseLink:
        """Read a link.

        :param asked: what a create has asked for. The answer to a create is that link, whatever
            else stands in it, so inputs that cannot be read are those that were asked for.
        :raises UnreadableError: ``data`` is not a link, or what decides cannot be read.
        """
        given = _object(data, "link")
        link_id = _get(given, "id", str)
        if not LINK_ID.fullmatch(link_id):
            raise UnreadableError("id is not the id of a link")
        if asked is not None:
            given = _complete(given, asked)
        created_at = _time(given, "created_at") or _time(given, "created")
        if created_at is None and asked is None:
            raise UnreadableError("created_at is missing or no time")
        livemode = _optional(given, "livemode", bool)
        charges = _optional(given, "charges", dict) or {}
        listed = _optional(charges, "data", list) or []
        total = _optional(charges, "total", int)
        embedded = []
        for charge in listed:
            with suppress(UnreadableError):
                embedded.append(OmiseCharge.from_json(charge))
        return cls(
            id=link_id,
            livemode=is_live(link_id) if livemode is None else livemode,
            amount=_get(given, "amount", int),
            currency=_get(given, "currency", str).upper(),
            title=_get(given, "title", str),
            description=_get(given, "description", str),
            multiple=_get(given, "multiple", bool),
            used=_flag(given, "used"),
            payment_uri=_get(given, "payment_uri", str),
            created_at=created_at or "",
            used_at=_time(given, "used_at"),
            deleted=_flag(given, "deleted"),
            deleted_at=_time(given, "deleted_at"),
            merchant_name=_optional(given, "merchant_name", str),
            merchant_uid=_optional(given, "merchant_uid", str),
            charges=tuple(embedded),
            charges_total=len(listed) if total is None else total,
        )


@dataclass(frozen=True)
class UnreadableLink:
    """An item of a list of links that cannot be read. ``id`` is None if not even that can be."""

    id: str | None
    problem: str

    @classmethod
    def from_json(cls, data: object, problem: str) -> UnreadableLink:
        """Name what ``OmiseLink.from_json`` has refused."""
        link_id = data.get("id") if isinstance(data, Mapping) else None
        known = isinstance(link_id, str) and LINK_ID.fullmatch(link_id)
        return cls(str(link_id) if known else None, problem)


@dataclass(frozen=True)
class OmiseAccount:
    """The account a key belongs to (https://docs.omise.co/account-api)."""

    id: str
    livemode: bool
    country: str | None
    currency: str | None
    supported_currencies: tuple[str, ...]

    @classmethod
    def from_json(cls, data: object) -> OmiseAccount:
        """:raises UnreadableError: ``data`` is not an account."""
        given = _object(data, "account")
        supported = _optional(given, "supported_currencies", list) or []
        return cls(
            id=_get(given, "id", str),
            livemode=_optional(given, "livemode", bool) or False,
            country=_optional(given, "country", str),
            currency=(_optional(given, "currency", str) or "").upper() or None,
            supported_currencies=tuple(
                currency.upper() for currency in supported if isinstance(currency, str)
            ),
        )


@dataclass(frozen=True)
class Scope:
    """Where a link lives: its account, None if that cannot be told, and the sub-merchant if any."""

    account_id: str | None
    sub_merchant_id: str | None = None

    def __str__(self) -> str:
        merchant = f", sub-merchant {self.sub_merchant_id}" if self.sub_merchant_id else ""
        return f"{self.account_id or 'an account that its key may not name'}{merchant}"


@dataclass(frozen=True)
class Page:
    """One page of a list; ``total`` counts what the whole list holds."""

    data: tuple[object, ...]
    total: int

    @classmethod
    def from_json(cls, data: object) -> Page:
        """:raises UnreadableError: ``data`` is not a list object."""
        given = _object(data, "list")
        return cls(tuple(_get(given, "data", list)), _get(given, "total", int))


def _object(data: object, kind: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping) or data.get("object") != kind:
        raise UnreadableError(f"not a {kind} object")
    return data


def _complete(given: Mapping[str, Any], asked: LinkInputs) -> dict[str, Any]:
    """Return ``given`` with what was asked for in the place of what decides and is unreadable."""
    complete = dict(given)
    for input_ in fields(asked):
        value = getattr(asked, input_.name)
        if not _is(complete.get(input_.name), type(value)):
            complete[input_.name] = value
    for name in ("deleted", "used"):
        complete[name] = _optional(given, name, bool)
    complete["payment_uri"] = _optional(given, "payment_uri", str) or ""
    return complete


def _is(value: object, kind: type[T]) -> bool:
    # bool is an int in Python, and no amount.
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))


def _get(given: Mapping[str, Any], name: str, kind: type[T]) -> T:
    value = given.get(name)
    if not isinstance(value, kind) or not _is(value, kind):
        raise UnreadableError(f"{name} is missing or not {kind.__name__}")
    return value


def _optional(given: Mapping[str, Any], name: str, kind: type[T]) -> T | None:
    """Return what decides nothing; None if it is of another type."""
    value = given.get(name)
    return value if isinstance(value, kind) and _is(value, kind) else None


def _flag(given: Mapping[str, Any], name: str) -> bool:
    """Return a flag that decides: false if it is not given, unreadable if it is no flag."""
    return False if given.get(name) is None else _get(given, name, bool)


def _time(given: Mapping[str, Any], name: str) -> str | None:
    """Return a time as ``YYYY-MM-DDThh:mm:ssZ``; None if it is none."""
    parts = _TIME.fullmatch(_optional(given, name, str) or "")
    if parts is None:
        return None
    # Until 2017 times ended in +00:00 (recorded).
    offset = "+0000" if parts[3] == "Z" else parts[3].replace(":", "")
    try:
        moment = datetime.strptime(parts[1] + offset, "%Y-%m-%dT%H:%M:%S%z")
        return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError):
        return None
