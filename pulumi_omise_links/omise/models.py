"""What Omise answers, typed. Reads the current shape (2019-05-29) and the older ones.

The shapes are those of https://docs.omise.co/links-api and of recorded answers: older versions say
``created`` for ``created_at``, write the currency in lower case, and know no ``used_at``,
``deleted`` and ``deleted_at``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from ..inputs import LINK_ID

T = TypeVar("T")


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

    def differences(self, other: LinkInputs) -> list[str]:
        """Name the inputs that differ; the case of the currency makes no difference."""
        ours, theirs = self.folded(), other.folded()
        return [
            each.name
            for each in fields(self)
            if getattr(ours, each.name) != getattr(theirs, each.name)
        ]


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
            status=_get(given, "status", str, default=""),
            paid=_get(given, "paid", bool, default=False),
            created_at=_time(given, "created_at") or _time(given, "created") or "",
            raw=given,
        )


@dataclass(frozen=True)
class OmiseLink:
    """A link as Omise has it.

    Times are ``YYYY-MM-DDThh:mm:ssZ``. ``amount`` is in the smallest unit of ``currency``, which is
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
    def from_json(cls, data: Any) -> OmiseLink:
        """:raises UnreadableError: ``data`` is not a link."""
        given = _object(data, "link")
        charges = given.get("charges")
        embedded = _object(charges, "list") if charges is not None else {}
        created_at = _time(given, "created_at") or _time(given, "created")
        if created_at is None:
            raise UnreadableError("created_at is missing")
        link_id = _get(given, "id", str)
        if not LINK_ID.fullmatch(link_id):
            raise UnreadableError("id is not the id of a link")
        return cls(
            id=link_id,
            livemode=_get(given, "livemode", bool),
            amount=_get(given, "amount", int),
            currency=_get(given, "currency", str).upper(),
            title=_get(given, "title", str),
            description=_get(given, "description", str),
            multiple=_get(given, "multiple", bool),
            used=_get(given, "used", bool),
            payment_uri=_get(given, "payment_uri", str),
            created_at=created_at,
            used_at=_time(given, "used_at"),
            deleted=_get(given, "deleted", bool, default=False),
            deleted_at=_time(given, "deleted_at"),
            merchant_name=_optional(given, "merchant_name", str),
            merchant_uid=_optional(given, "merchant_uid", str),
            charges=tuple(OmiseCharge.from_json(each) for each in _list(embedded, "data")),
            charges_total=_get(embedded, "total", int, default=0),
        )


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
        supported = _list(given, "supported_currencies")
        return cls(
            id=_get(given, "id", str),
            livemode=_get(given, "livemode", bool),
            country=_optional(given, "country", str),
            currency=(_optional(given, "currency", str) or "").upper() or None,
            supported_currencies=tuple(str(each).upper() for each in supported),
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


_MISSING: Any = object()


def _get(given: Mapping[str, Any], name: str, kind: type[T], default: T = _MISSING) -> T:
    value = given.get(name, default)
    # bool is an int in Python, and no amount.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise UnreadableError(f"{name} is missing or not {kind.__name__}")
    return value


def _optional(given: Mapping[str, Any], name: str, kind: type[T]) -> T | None:
    return None if given.get(name) is None else _get(given, name, kind)


def _list(given: Mapping[str, Any], name: str) -> list[object]:
    return _optional(given, name, list) or []


def _time(given: Mapping[str, Any], name: str) -> str | None:
    text = _optional(given, name, str)
    # Until 2017 times ended in +00:00 (recorded).
    return text.replace("+00:00", "Z") if text is not None else None
