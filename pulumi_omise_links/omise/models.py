"""What Omise answers, typed. Reads the current shape (2019-05-29) and the older ones.

An attribute that decides nothing never makes an answer unreadable: if it is missing or of another
type than documented, it reads as absent. What decides: the id, inputs, address and time of
creation of a link, whether it is deleted or used, and the amount of a charge.

The shapes are those of https://docs.omise.co/links-api and of recorded answers: older versions say
``created`` for ``created_at``, write the currency in lower case, and know no ``used_at``,
``deleted`` and ``deleted_at``.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from ..inputs import LINK_ID, TEXT_INPUTS, is_live
from ..text_differences import describe_difference, fold_appearance
from .times import normalize_time

T = TypeVar("T")


class UnreadableError(ValueError):
    """An answer is not the object it should be; the text says which key is wrong."""


@dataclass(frozen=True, kw_only=True)
class LinkInputs:
    """The inputs of a link. ``amount`` is in the smallest unit of ``currency``."""

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
        texts: dict[str, Any] = {name: fold_appearance(getattr(self, name)) for name in TEXT_INPUTS}
        return replace(self.folded(), **texts)

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


@dataclass(frozen=True, kw_only=True)
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
        answer = _object(data, "charge")
        paid = _optional(answer, "paid", bool)
        return cls(
            id=_get(answer, "id", str),
            amount=_get(answer, "amount", int),
            currency=_get(answer, "currency", str).upper(),
            status=_optional(answer, "status", str) or "",
            paid=_optional(answer, "status", str) == "successful" if paid is None else paid,
            created_at=_time(answer, "created_at") or _time(answer, "created") or "",
            raw=answer,
        )


@dataclass(frozen=True, kw_only=True)
class OmiseLink:
    """A link as Omise has it.

    Times are ``YYYY-MM-DDThh:mm:ssZ``. ``created_at`` and ``payment_uri`` are empty only if the
    answer to a create had none. ``amount`` is in the smallest unit of ``currency``, which is
    upper case. ``merchant_name`` and ``merchant_uid`` are None on accounts without sub-merchants.
    ``charges`` holds at most the 20 that Omise embeds; ``charges_total`` counts all. If the answer
    has no list of charges, ``charges_shown`` is false, and nothing is known of them.
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
    charges_shown: bool = True
    object: str = "link"

    @property
    def location(self) -> str:
        """The path of the link in the API."""
        return f"/links/{self.id}"

    @property
    def inputs(self) -> LinkInputs:
        """What the link was made from."""
        return LinkInputs(
            amount=self.amount,
            currency=self.currency,
            title=self.title,
            description=self.description,
            multiple=self.multiple,
        )

    def other_merchant(self, asked: str | None) -> str | None:
        """Return the sub-merchant that the link is of, if it is another one than was asked for.

        What ``merchant_uid`` holds is not documented, so an id of another kind is no contradiction.
        """
        merchant = self.merchant_uid or ""
        return merchant if asked and merchant and not may_be_of(merchant, asked) else None

    @classmethod
    def from_json(cls, data: Any, *, asked: LinkInputs | None = None) -> OmiseLink:
        """Read a link.

        :param asked: what a create has asked for. The answer to a create is that link, whatever
            else stands in it, so inputs that cannot be read are those that were asked for.
        :raises UnreadableError: ``data`` is not a link, or what decides cannot be read.
        """
        answer = _with_whole_amount(_object(data, "link"))
        link_id = _get(answer, "id", str)
        if not LINK_ID.fullmatch(link_id):
            raise UnreadableError("id is not the id of a link")
        if asked is not None:
            answer = _complete(answer, asked)
        created_at = _time(answer, "created_at") or _time(answer, "created")
        if created_at is None and asked is None:
            raise UnreadableError("created_at is missing or no time")
        livemode = _optional(answer, "livemode", bool)
        charges = _optional(answer, "charges", dict) or {}
        listed = _optional(charges, "data", list)
        total = _optional(charges, "total", int)
        embedded = []
        for charge in listed or ():
            with suppress(UnreadableError):
                embedded.append(OmiseCharge.from_json(charge))
        return cls(
            id=link_id,
            livemode=is_live(link_id) if livemode is None else livemode,
            amount=_get(answer, "amount", int),
            currency=_get(answer, "currency", str).upper(),
            title=_get(answer, "title", str),
            description=_get(answer, "description", str),
            multiple=_get(answer, "multiple", bool),
            used=_flag(answer, "used"),
            payment_uri=_get(answer, "payment_uri", str),
            created_at=created_at or "",
            used_at=_time(answer, "used_at"),
            deleted=_flag(answer, "deleted"),
            deleted_at=_time(answer, "deleted_at"),
            merchant_name=_optional(answer, "merchant_name", str),
            merchant_uid=_optional(answer, "merchant_uid", str),
            charges=tuple(embedded),
            charges_total=max(len(listed or ()), total or 0),
            charges_shown=listed is not None,
        )


def may_be_of(merchant_uid: str | None, sub_merchant: str) -> bool:
    """Whether a link with this ``merchant_uid`` may be one of a sub-merchant.

    Links of a platform's own account name no merchant.
    """
    merchant = merchant_uid or ""
    return bool(merchant) and (not merchant.startswith("team_") or merchant == sub_merchant)


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


@dataclass(frozen=True, kw_only=True)
class OmiseAccount:
    """The account a key belongs to (https://docs.omise.co/account-api).

    ``api_version`` is its default, for requests that name no version.
    """

    id: str
    livemode: bool
    country: str | None
    currency: str | None
    supported_currencies: tuple[str, ...]
    api_version: str | None = None
    email: str | None = None

    @classmethod
    def from_json(cls, data: object) -> OmiseAccount:
        """:raises UnreadableError: ``data`` is not an account."""
        answer = _object(data, "account")
        supported = _optional(answer, "supported_currencies", list) or []
        return cls(
            id=_get(answer, "id", str),
            livemode=_optional(answer, "livemode", bool) or False,
            country=_optional(answer, "country", str),
            currency=(_optional(answer, "currency", str) or "").upper() or None,
            supported_currencies=tuple(
                currency.upper() for currency in supported if isinstance(currency, str)
            ),
            api_version=_optional(answer, "api_version", str),
            email=_optional(answer, "email", str) or None,
        )


@dataclass(frozen=True)
class Scope:
    """The scope of a link: its account, None if that is not known, and the sub-merchant if any."""

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
        answer = _object(data, "list")
        return cls(tuple(_get(answer, "data", list)), _get(answer, "total", int))


def _object(data: object, kind: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping) or data.get("object") != kind:
        raise UnreadableError(f"not a {kind} object")
    return data


def _with_whole_amount(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return ``answer`` with an amount such as ``150000.0`` as an integer.

    What stands between may write JSON anew, and some programs have doubles only.
    """
    amount = answer.get("amount")
    if isinstance(amount, float) and amount.is_integer():
        return {**answer, "amount": int(amount)}
    return answer


def _complete(answer: Mapping[str, Any], asked: LinkInputs) -> dict[str, Any]:
    """Return ``answer`` with the inputs asked for in place of those that cannot be read."""
    complete = dict(answer)
    for input_ in fields(asked):
        value = getattr(asked, input_.name)
        if not _is(complete.get(input_.name), type(value)):
            complete[input_.name] = value
    for name in ("deleted", "used"):
        complete[name] = _optional(answer, name, bool)
    complete["payment_uri"] = _optional(answer, "payment_uri", str) or ""
    return complete


def _is(value: object, kind: type[T]) -> bool:
    # bool is an int in Python, and no amount.
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))


def _get(answer: Mapping[str, Any], name: str, kind: type[T]) -> T:
    value = answer.get(name)
    if not isinstance(value, kind) or not _is(value, kind):
        raise UnreadableError(f"{name} is missing or not {kind.__name__}")
    return value


def _optional(answer: Mapping[str, Any], name: str, kind: type[T]) -> T | None:
    """Return an attribute that decides nothing; None if it is absent or of another type."""
    value = answer.get(name)
    return value if isinstance(value, kind) and _is(value, kind) else None


def _flag(answer: Mapping[str, Any], name: str) -> bool:
    """Return a flag that decides: false if it is absent.

    :raises UnreadableError: it is there and no flag.
    """
    return False if answer.get(name) is None else _get(answer, name, bool)


def _time(answer: Mapping[str, Any], name: str) -> str | None:
    """Return a time as ``YYYY-MM-DDThh:mm:ssZ``; None if it is none."""
    return normalize_time(_optional(answer, name, str) or "")
