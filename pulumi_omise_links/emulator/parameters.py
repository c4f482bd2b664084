"""Parameters of a request, and the inputs of a new link with the rules for them."""

from __future__ import annotations

import dataclasses
import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from .accounts import Account
from .behaviour import Behaviour
from .messages import RefusalError, Request, read_json_object
from .records import LinkInputs

_FORM = "application/x-www-form-urlencoded"
# DOC currency-and-amount: least and greatest charge in the account's own currency.
_LIMITS = {
    "JP": (100, 6_000_000),
    "MY": (100, 10_000_000),
    "SG": (100, 2_000_000),
    "TH": (2_000, 15_000_000),
}
_GREATEST_LINK_TH = 100_000_000  # omise-php 2017: "less than or equal to 1000000.0", in baht
_GREATEST_NUMBER = 2**63 - 1
_INPUTS = tuple(field.name for field in dataclasses.fields(LinkInputs))
_STORED_TEXT: dict[str, Callable[[str], str]] = {
    "unchanged": lambda text: text,
    "trimmed": str.strip,
    "squished": lambda text: " ".join(text.split()),
    "composed": lambda text: unicodedata.normalize("NFC", text),
}
_REQUIRED = ("amount", "currency", "title", "description")


def read_parameters(request: Request) -> dict[str, Any]:
    """Return the parameters of query and body. Raises `RefusalError` for an unreadable body.

    SDK: PHP and Ruby send forms, the others JSON; Go and Python send JSON bodies even with GET.
    """
    found: dict[str, Any] = dict(parse_qsl(request.query, keep_blank_values=True))
    if not request.body.strip():
        return found
    kind = request.headers.get("content-type", _FORM).partition(";")[0].strip().lower()
    try:
        if kind == "application/json":
            return found | read_json_object(request.body)
        if kind == _FORM:
            form = parse_qsl(request.body.decode(), keep_blank_values=True, errors="strict")
            return found | dict(form)
    except ValueError:
        raise RefusalError("bad_request", "the body of the request could not be parsed") from None
    raise RefusalError("bad_request", "the content type of the request is not supported")


def read_link_inputs(
    given: Mapping[str, Any], account: Account, behaviour: Behaviour
) -> LinkInputs:
    """Return the inputs of a new link as they are stored, or raise a `RefusalError`.

    INF: all problems of a request come joined in one sentence, as Rails words them.
    """
    if behaviour.unknown_parameters == "bad_request":
        unknown = sorted(set(given) - set(_INPUTS))
        if unknown:
            raise RefusalError("bad_request", f"unknown parameter: {', '.join(unknown)}")
    missing = [name for name in _REQUIRED if _text(given.get(name)).strip() == ""]
    if behaviour.empty_description == "accept" and "description" in missing:
        missing.remove("description")
    problems = [f"{name} can't be blank" for name in missing]
    currency = _text(given.get("currency"))
    supported = currency.upper() in account.supported_currencies
    if "currency" not in missing and not supported:
        problems.append("currency is currently not supported")  # REC for charges
    if "amount" not in missing:
        limits = limits_of(account, currency, behaviour) if supported else (1, _GREATEST_NUMBER)
        problems += _amount_problems(given["amount"], currency.lower(), limits)
    for name, longest in (
        ("title", behaviour.max_title),
        ("description", behaviour.max_description),
    ):
        if longest is not None and len(_text(given.get(name))) > longest:
            problems.append(f"{name} is too long (maximum is {longest} characters)")
    multiple = _truth(given.get("multiple"))
    if multiple is None:
        problems.append("multiple is not included in the list")
    if problems or multiple is None:
        code = behaviour.missing_parameter if missing else "invalid_link"
        raise RefusalError(code, sentence(problems))
    keep = _STORED_TEXT[behaviour.stored_text]
    return LinkInputs(
        amount=int(_text(given["amount"])),
        currency=currency.upper(),
        title=keep(_text(given["title"])),
        description=keep(_text(given.get("description"))),
        multiple=multiple,
    )


def limits_of(account: Account, currency: str, behaviour: Behaviour) -> tuple[int, int]:
    """Return the least and the greatest amount of a link of this account, in the smallest unit."""
    if behaviour.amount_limits == "off" or currency.upper() != account.currency:
        return 1, _GREATEST_NUMBER
    least, greatest = _LIMITS.get(account.country, (1, _GREATEST_NUMBER))
    if behaviour.amount_limits == "link" and account.country == "TH":
        greatest = _GREATEST_LINK_TH
    return least, greatest


def _amount_problems(value: Any, currency: str, limits: tuple[int, int]) -> list[str]:
    written = "" if isinstance(value, bool) else _text(value).strip()
    if not re.fullmatch(r"[+-]?[0-9]{1,40}", written):
        if re.fullmatch(r"[+-]?[0-9]*\.?[0-9]+([eE][+-]?[0-9]+)?", written):
            return ["amount must be an integer"]  # as quoted in omise-woocommerce issue 55
        return ["amount is not a number"]  # REC for sources
    number = int(written)
    least, greatest = limits
    if number < least:  # REC for charges
        return [f"amount must be greater than or equal to {least} ({currency} subunits)"]
    if number > greatest:  # omise-php 2017: in main units, with one decimal place at least
        units = greatest / (1 if currency == "jpy" else 100)
        return [f"amount must be less than or equal to {units}"]
    return []


def sentence(problems: list[str]) -> str:
    """Join as Rails' ``to_sentence`` does: "a", "a and b", "a, b, and c"."""
    if len(problems) < 3:
        return " and ".join(problems)
    return f"{', '.join(problems[:-1])}, and {problems[-1]}"


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _truth(value: object) -> bool | None:
    """SDK: PHP's form encoder turns true into 1 and false into 0."""
    if value is None or value == "":
        return False
    return {"true": True, "1": True, "false": False, "0": False}.get(_text(value).lower())
