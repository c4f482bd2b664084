"""What Omise accepts for a link: one table of inputs, and the checks that need no network.

The resource (at preview time) and the manifest both ask here, so they never disagree.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Input:
    """One input of a link, named as the API names it (https://docs.omise.co/links-api)."""

    name: str
    type: type
    description: str
    default: object = None

    @property
    def required(self) -> bool:
        """An input without a default must be given."""
        return self.default is None


INPUTS = (
    Input(
        "amount",
        int,
        "What the payer pays, in the smallest unit of the currency: satang, sen, cents; whole yen.",
    ),
    Input("currency", str, "Three-letter ISO 4217 code, in either case: THB, JPY, SGD, MYR, …"),
    Input("title", str, "What the payment page shows as its heading."),
    Input("description", str, "What the payment page says below the title."),
    Input(
        "multiple",
        bool,
        "Whether the link can be paid more than once; without it the first payment uses it up.",
        default=False,
    ),
)
INPUT_NAMES = tuple(each.name for each in INPUTS)

OMISE_ATTRIBUTES = (
    "charges",
    "created",
    "created_at",
    "deleted",
    "deleted_at",
    "id",
    "livemode",
    "location",
    "merchant_name",
    "merchant_uid",
    "object",
    "payment_uri",
    "used",
    "used_at",
)
"""Attributes that Omise sets; none of them can be an input."""

# https://docs.omise.co/multi-currency
CURRENCIES = (
    *("AUD", "CAD", "CHF", "CNY", "DKK", "EUR", "GBP"),
    *("HKD", "IDR", "JPY", "MYR", "SGD", "THB", "USD"),
)


@dataclass(frozen=True)
class Limits:
    """Least and greatest charge of a country's accounts, in the smallest unit."""

    country: str
    least: int
    greatest: int


LIMITS_SOURCE = "https://docs.omise.co/currency-and-amount"
# Limits of a charge in the account's own currency; limits of a link are not documented. Other
# currencies are measured after conversion, which nobody can do here.
LIMITS = {
    "JPY": Limits("Japan", 100, 6_000_000),
    "MYR": Limits("Malaysia", 100, 10_000_000),
    "SGD": Limits("Singapore", 100, 2_000_000),
    "THB": Limits("Thailand", 2_000, 15_000_000),
}

# Pulumi and JSON carry numbers as doubles: a greater whole number would not arrive as it was sent.
GREATEST_NUMBER = 2**53 - 1
# Omise documents no length. This bound keeps a pasted file out of requests, state and posters.
LONGEST_TEXT_BYTES = 16_384
# https://docs.omise.co/links-api
LINK_ID = re.compile(r"link(_test)?_[0-9a-z]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_WORDS: Mapping[type, str] = {int: "a whole number", str: "text", bool: "true or false"}


def is_live(link_id: str) -> bool:
    """Whether real money moves through the link with this id: only ``link_test_…`` moves none."""
    return not link_id.startswith("link_test_")


def mode(live: bool) -> str:
    """Return the word for a mode of Omise: ``live`` or ``test``."""
    return "live" if live else "test"


def other_mode(link_id: str, key_is_live: bool, key_source: str) -> str | None:
    """Return a sentence if the link is not of the key's mode, so that the key cannot see it."""
    live = is_live(link_id)
    if live == key_is_live:
        return None
    return (
        f"Link {link_id} is a {mode(live)} link, but the key in {key_source} is a"
        f" {mode(key_is_live)} key."
    )


@dataclass(frozen=True)
class Fault:
    """One thing wrong with one input; ``problem`` completes the sentence "<input> …"."""

    name: str
    problem: str


@dataclass(frozen=True)
class Checked:
    """The inputs as they should be sent, and everything wrong with them."""

    inputs: dict[str, object]
    faults: list[Fault] = field(default_factory=list)


def check_inputs(
    given: Mapping[str, object],
    *,
    later: Collection[str] = (),
    also_known: Collection[str] = (),
    amount_limits: bool = True,
    supported_currencies: Collection[str] | None = None,
) -> Checked:
    """Check the inputs of one link, and report all faults at once.

    :param given: inputs by name; ``None`` counts as not given.
    :param later: names whose values are not known yet (outputs of other resources at preview).
    :param also_known: further names that may stand beside the inputs (``adopt``, ``id``).
    :param amount_limits: whether to check the documented limits of a charge.
    :param supported_currencies: the account's own list, upper case; without it the documented one.
    """
    faults = [
        Fault(name, _unknown_input(name, [*INPUT_NAMES, *also_known]))
        for name in given
        if name not in INPUT_NAMES and name not in also_known
    ]
    inputs: dict[str, object] = {}
    for each in INPUTS:
        value = given.get(each.name)
        if each.name in later:
            continue
        if value is None and not each.required:
            inputs[each.name] = each.default
        elif value is None:
            faults.append(Fault(each.name, f"is missing. {each.description}"))
        elif problem := _TYPE_CHECKS[each.type](value):
            faults.append(Fault(each.name, problem))
        else:
            # Numbers reach a provider as doubles: 1500.0 is 1500.
            inputs[each.name] = int(value) if isinstance(value, float) else value

    currency, amount = inputs.get("currency"), inputs.get("amount")
    code = currency if isinstance(currency, str) else None
    # Some letters beyond ASCII become A to Z in upper case ("\u0131dr"), and Omise refuses them.
    code = code.upper() if code and code.isascii() else code
    if code and (problem := _currency_problem(code, supported_currencies)):
        faults.append(Fault("currency", problem))
    limits = LIMITS.get(code or "") if amount_limits else None
    if isinstance(amount, int) and (problem := _amount_problem(amount, limits, code)):
        faults.append(Fault("amount", problem))
    return Checked(inputs, faults)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` for a near miss, or nothing."""
    close = _nearest(word.lower(), known)
    return f" (did you mean {close!r}?)" if close else ""


def _nearest(word: str, known: Iterable[str]) -> str | None:
    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)), None)


def _unknown_input(name: str, known: list[str]) -> str:
    if name in OMISE_ATTRIBUTES:
        return "is set by Omise and cannot be an input"
    hint = did_you_mean(name, known)
    return f"is not an input of a link{hint or '; the inputs are ' + ', '.join(known)}"


def _whole_number_problem(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return f"must be a whole number, not {_kind(value)}"
    if isinstance(value, float) and (math.isnan(value) or math.isinf(value)):
        return "must be a whole number"
    if value != int(value):
        return "must be a whole number: it counts the smallest unit (15.00 baht are 1500)"
    if abs(value) > GREATEST_NUMBER:
        return f"is too large: the greatest number that arrives unchanged is {GREATEST_NUMBER}"
    return None


def _text_problem(value: object) -> str | None:
    if not isinstance(value, str):
        return f"must be text, not {_kind(value)}"
    if not value.strip():
        return "must not be blank"
    if _CONTROL.search(value):
        return "must not hold control characters (only line breaks and tabs)"
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        return "must be valid Unicode (it holds half of a surrogate pair)"
    if size > LONGEST_TEXT_BYTES:
        return f"is too long: {size:,} bytes of UTF-8, at most {LONGEST_TEXT_BYTES:,}"
    return None


def _flag_problem(value: object) -> str | None:
    return None if isinstance(value, bool) else f"must be true or false, not {_kind(value)}"


_TYPE_CHECKS = {int: _whole_number_problem, str: _text_problem, bool: _flag_problem}


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, (list, tuple)) else f"a {type(value).__name__}"


def _currency_problem(code: str, supported: Collection[str] | None) -> str | None:
    if not re.fullmatch(r"[A-Z]{3}", code):
        return "must be a three-letter code such as THB"
    if supported is not None:
        if code not in supported:
            known = ", ".join(sorted(supported))
            return f"is not supported by this Omise account, which takes {known}"
    elif code not in CURRENCIES:
        close = _nearest(code, CURRENCIES)
        hint = f"did you mean {close!r}?" if close else f"it takes {', '.join(CURRENCIES)}"
        return f"is not one that Omise documents ({hint})"
    return None


def _amount_problem(amount: int, limits: Limits | None, currency: str | None) -> str | None:
    if amount <= 0:
        return "must be greater than zero"
    if limits is None:
        return None
    if amount < limits.least:
        bound = f"less than {limits.least}, the least"
    elif amount > limits.greatest:
        bound = f"more than {limits.greatest}, the greatest"
    else:
        return None
    return (
        f"is {bound} charge in {currency} that Omise documents for {limits.country}"
        f" ({LIMITS_SOURCE}); if your account has limits of its own, set omise:amountLimits to off"
    )
