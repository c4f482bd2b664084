"""The table of a link's inputs: the type of each, how it is read, and what a seeded link has.

What a request may hold, the columns of the database, the answers, `Backend.seed` and
`Backend.mutate` all derive from `LinkInputs`.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from .accounts import Account
from .behaviour import Behaviour

# DOC currency-and-amount: least and greatest charge in the account's own currency.
_LIMITS = {
    "JP": (100, 6_000_000),
    "MY": (100, 10_000_000),
    "SG": (100, 2_000_000),
    "TH": (2_000, 15_000_000),
}
_GREATEST_LINK_TH = 100_000_000  # omise-php 2017: "less than or equal to 1000000.0", in baht
_GREATEST_NUMBER = 2**63 - 1
_STORED_TEXT: dict[str, Callable[[str], str]] = {
    "unchanged": lambda text: text,
    "trimmed": str.strip,
    "squished": lambda text: " ".join(text.split()),
    "composed": lambda text: unicodedata.normalize("NFC", text),
}


class InputError(Exception):
    """A value is refused; the text completes the sentence "<input> …"."""


class BlankError(InputError):
    """A required value is missing or blank."""

    def __init__(self) -> None:
        super().__init__("can't be blank")


@dataclass(frozen=True)
class LinkRequest:
    """What the rules of an input depend on beside its value: all parameters, and who asks."""

    given: Mapping[str, Any]
    account: Account
    behaviour: Behaviour


Reader = Callable[[Any, LinkRequest], object]
"""Returns a value as it is stored. Raises `InputError`."""


def _read_amount(value: Any, request: LinkRequest) -> int:
    text = "" if isinstance(value, bool) else _required(value).strip()
    if not re.fullmatch(r"[+-]?[0-9]{1,40}", text):
        if re.fullmatch(r"[+-]?[0-9]*\.?[0-9]+([eE][+-]?[0-9]+)?", text):
            raise InputError("must be an integer")  # as quoted in omise-woocommerce issue 55
        raise InputError("is not a number")  # REC for sources
    number = int(text)
    currency = _text(request.given.get("currency")).lower()
    least, greatest = _limits(currency, request)
    if number < least:  # REC for charges
        raise InputError(f"must be greater than or equal to {least} ({currency} subunits)")
    if number > greatest:  # omise-php 2017: in main units, with one decimal place at least
        units = greatest / (1 if currency == "jpy" else 100)
        raise InputError(f"must be less than or equal to {units}")
    return number


def _limits(currency: str, request: LinkRequest) -> tuple[int, int]:
    """Return the least and the greatest amount of a link, in the smallest unit."""
    account, switch = request.account, request.behaviour.amount_limits
    if switch == "off" or currency.upper() != account.currency:
        return 1, _GREATEST_NUMBER
    least, greatest = _LIMITS.get(account.country, (1, _GREATEST_NUMBER))
    if switch == "link" and account.country == "TH":
        greatest = _GREATEST_LINK_TH
    return least, greatest


def _read_currency(value: Any, request: LinkRequest) -> str:
    currency = _required(value).upper()
    if currency not in request.account.supported_currencies:
        raise InputError("is currently not supported")  # REC for charges
    return currency


def _read_title(value: Any, request: LinkRequest) -> str:
    return _store(_required(value), request.behaviour.max_title, request)


def _read_description(value: Any, request: LinkRequest) -> str:
    may_be_empty = request.behaviour.empty_description == "accept"
    text = _text(value) if may_be_empty else _required(value)
    return _store(text, request.behaviour.max_description, request)


def _read_multiple(value: Any, _: LinkRequest) -> bool:
    """SDK: PHP's form encoder turns true into 1 and false into 0."""
    words = {"": False, "true": True, "1": True, "false": False, "0": False}
    word = _text(value).lower()
    if word not in words:
        raise InputError("is not included in the list")
    return words[word]


def _required(value: Any) -> str:
    text = _text(value)
    if not text.strip():
        raise BlankError
    return text


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _store(text: str, longest: int | None, request: LinkRequest) -> str:
    """Return a text as Omise stores it. ``longest`` counts characters; None for no limit."""
    if longest is not None and len(text) > longest:
        raise InputError(f"is too long (maximum is {longest} characters)")
    return _STORED_TEXT[request.behaviour.stored_text](text)


def _input(reader: Reader, *, seeded: object = None) -> Mapping[str, object]:
    """Return the entry of an input; without ``seeded``, `Backend.seed` finds its value."""
    return {"reader": reader, "seeded": seeded}


@dataclass(frozen=True, kw_only=True)
class LinkInputs:
    """What ``POST /links`` takes. ``amount`` is in the smallest unit, ``currency`` upper case."""

    amount: int = field(metadata=_input(_read_amount, seeded=100_000))
    currency: str = field(metadata=_input(_read_currency))
    title: str = field(metadata=_input(_read_title, seeded="Link {n}"))
    description: str = field(metadata=_input(_read_description, seeded="A seeded link"))
    multiple: bool = field(metadata=_input(_read_multiple, seeded=False))


READERS: dict[str, Reader] = {known.name: known.metadata["reader"] for known in fields(LinkInputs)}
SEEDED: dict[str, Any] = {known.name: known.metadata["seeded"] for known in fields(LinkInputs)}
INPUT_NAMES = tuple(READERS)
