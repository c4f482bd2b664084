"""What Omise accepts for a link: one table of inputs, and the checks that need no network.

The checks of a resource (at preview), the JSON Schema of the manifest, the writers of manifests and
programs, and the tables of the docs all derive from :data:`INPUTS`.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import ProblemCode

# Pulumi and JSON carry numbers as doubles: a greater whole number would not arrive as it was sent.
GREATEST_NUMBER = 2**53 - 1
# Omise documents no length. This bound keeps a pasted file out of requests, state and posters.
LONGEST_TEXT_BYTES = 16_384
# https://docs.omise.co/links-api
LINK_ID = re.compile(r"link(_test)?_[0-9a-z]+")
CONTROL_CHARACTERS = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
# https://docs.omise.co/multi-currency
CURRENCIES = (
    *("AUD", "CAD", "CHF", "CNY", "DKK", "EUR", "GBP"),
    *("HKD", "IDR", "JPY", "MYR", "SGD", "THB", "USD"),
)

NOT_IN_SMALLEST_UNIT = (
    "must be a whole number: it counts the smallest unit (15.00 baht are 1500, 1500 yen are 1500)"
)
LONE_SURROGATE = (
    "must be valid Unicode: it holds half of a surrogate pair; write the whole character, or both"
    " halves"
)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule for the value of an input.

    ``schema`` is the rule as keywords of JSON Schema, of which the first can fail; empty if a
    schema cannot express it. ``is_broken_by`` is the same rule in Python; it is asked only about
    values that keep the rules before it. ``problem`` completes the sentence "<input> …"; see
    :func:`fill_in` for the fields in it.
    """

    code: ProblemCode
    problem: str
    is_broken_by: Callable[[Any], bool]
    schema: Mapping[str, object] = field(default_factory=dict)


def _is_not_a_number(value: object) -> bool:
    return isinstance(value, bool) or not isinstance(value, (int, float))


def _is_not_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def whole_text(pattern: str) -> str:
    """Return a pattern of JSON Schema that fits a text from its start to its end.

    Without the last part, Python lets a line break follow, and JavaScript does not.
    """
    return f"^(?:{pattern})$(?!\\n)"


_CURRENCY_IN_ANY_CASE = "|".join(
    "".join(f"[{letter}{letter.lower()}]" for letter in code) for code in CURRENCIES
)

_UNKNOWN_CURRENCY = Rule(
    code=ProblemCode.UNKNOWN_CURRENCY,
    problem="is not one that Omise documents ({currencies})",
    # check_inputs applies this rule, as the account's own list replaces the documented one.
    is_broken_by=lambda _: False,
    # An editor offers the codes of the list; both cases are accepted.
    schema={"anyOf": [{"enum": list(CURRENCIES)}, {"pattern": whole_text(_CURRENCY_IN_ANY_CASE)}]},
)
WHOLE_NUMBER = (
    Rule(
        code=ProblemCode.NOT_A_WHOLE_NUMBER,
        problem="must be a whole number, not {kind}",
        is_broken_by=_is_not_a_number,
        schema={"type": "integer"},
    ),
    Rule(
        code=ProblemCode.NOT_A_WHOLE_NUMBER,
        problem="must be a whole number",
        # No other type has such values, and a great integer cannot be turned into a float.
        is_broken_by=lambda value: isinstance(value, float) and not math.isfinite(value),
    ),
    Rule(
        code=ProblemCode.NOT_IN_SMALLEST_UNIT,
        problem=NOT_IN_SMALLEST_UNIT,
        is_broken_by=lambda value: value != int(value),
    ),
    Rule(
        code=ProblemCode.NUMBER_TOO_LARGE,
        problem=f"is too large: the greatest number that arrives unchanged is {GREATEST_NUMBER}",
        is_broken_by=lambda value: abs(value) > GREATEST_NUMBER,
        schema={"maximum": GREATEST_NUMBER},
    ),
)
IS_TEXT = Rule(
    code=ProblemCode.NOT_TEXT,
    problem="must be text, not {kind}",
    is_broken_by=lambda value: not isinstance(value, str),
    schema={"type": "string"},
)
TEXT = (
    IS_TEXT,
    Rule(
        code=ProblemCode.BLANK,
        problem="must not be blank",
        is_broken_by=lambda value: not value.strip(),
        schema={"pattern": r"\S"},
    ),
    Rule(
        code=ProblemCode.CONTROL_CHARACTER,
        problem="must not hold control characters (only line breaks and tabs)",
        is_broken_by=lambda value: re.search(CONTROL_CHARACTERS, value) is not None,
        schema={"not": {"pattern": CONTROL_CHARACTERS}},
    ),
    Rule(
        code=ProblemCode.LONE_SURROGATE,
        problem=LONE_SURROGATE,
        is_broken_by=_is_not_unicode,
    ),
    Rule(
        code=ProblemCode.TEXT_TOO_LONG,
        problem=f"is too long: {{size}} bytes of UTF-8, at most {LONGEST_TEXT_BYTES:,}",
        is_broken_by=lambda value: len(value.encode()) > LONGEST_TEXT_BYTES,
        # A schema counts characters, of which each has one byte or more.
        schema={"maxLength": LONGEST_TEXT_BYTES},
    ),
)
FLAG = (
    Rule(
        code=ProblemCode.NOT_TRUE_OR_FALSE,
        problem="must be true or false, not {kind}",
        is_broken_by=lambda value: not isinstance(value, bool),
        schema={"type": "boolean"},
    ),
)


@dataclass(frozen=True, kw_only=True)
class Input:
    """One input of a link, named as the API names it (https://docs.omise.co/links-api).

    A value must keep all ``rules``; the first that it breaks is reported.
    """

    name: str
    type: type
    description: str
    examples: tuple[object, ...]
    rules: tuple[Rule, ...]
    default: object = None

    @property
    def required(self) -> bool:
        """An input without a default must be given."""
        return self.default is None


# In the order in which people read a link; whatever is written for people keeps it.
INPUTS = (
    Input(
        name="title",
        type=str,
        description="What the payment page shows as its heading.",
        examples=("Spring sale",),
        rules=TEXT,
    ),
    Input(
        name="description",
        type=str,
        description="What the payment page says below the title.",
        examples=("Two tickets",),
        rules=TEXT,
    ),
    Input(
        name="amount",
        type=int,
        description="What the payer pays, in the smallest unit of the currency: satang, sen, cents;"
        " whole yen.",
        examples=(150_000,),
        rules=(
            *WHOLE_NUMBER,
            Rule(
                code=ProblemCode.NOT_POSITIVE,
                problem="must be greater than zero",
                is_broken_by=lambda value: value <= 0,
                schema={"minimum": 1},
            ),
        ),
    ),
    Input(
        name="currency",
        type=str,
        description="Three-letter ISO 4217 code, in either case: THB, JPY, SGD, MYR, …",
        examples=("THB", "JPY"),
        rules=(
            IS_TEXT,
            Rule(
                code=ProblemCode.NOT_A_CURRENCY,
                problem="must be a three-letter code such as THB",
                is_broken_by=lambda value: re.fullmatch("[A-Za-z]{3}", value) is None,
                schema={"pattern": whole_text("[A-Za-z]{3}")},
            ),
            _UNKNOWN_CURRENCY,
        ),
    ),
    Input(
        name="multiple",
        type=bool,
        description="Whether the link can be paid more than once; without it the first payment"
        " uses it up.",
        examples=(True,),
        rules=FLAG,
        default=False,
    ),
)
INPUT_NAMES = tuple(known.name for known in INPUTS)
TEXT_INPUTS = tuple(
    known.name for known in INPUTS if known.type is str and known.name != "currency"
)
"""Texts for people. Omise may store one otherwise than it was sent: trimmed, say."""

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
SET_BY_OMISE = "is set by Omise and cannot be an input"


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
class InputProblem:
    """One thing wrong with one input; ``problem`` completes the sentence "<input> …"."""

    name: str
    problem: str
    code: ProblemCode


@dataclass(frozen=True)
class Checked:
    """The inputs as they should be sent, and everything wrong with them."""

    inputs: dict[str, object]
    problems: list[InputProblem] = field(default_factory=list)


def check_inputs(
    given: Mapping[str, object],
    *,
    later: Collection[str] = (),
    also_known: Collection[str] = (),
    amount_limits: bool = True,
    supported_currencies: Collection[str] | None = None,
) -> Checked:
    """Check the inputs of one link, and report all problems at once.

    :param given: inputs by name; ``None`` counts as not given.
    :param later: names whose values are not known yet (outputs of other resources at preview).
    :param also_known: further names that may stand beside the inputs (``adopt``, ``id``).
    :param amount_limits: whether to check the documented limits of a charge.
    :param supported_currencies: the account's own list, upper case; without it the documented one.
    """
    problems = [
        _unknown_input(name, [*INPUT_NAMES, *also_known])
        for name in given
        if name not in INPUT_NAMES and name not in also_known
    ]
    inputs: dict[str, object] = {}
    for known in INPUTS:
        value = given.get(known.name)
        if known.name in later:
            continue
        if value is None and not known.required:
            inputs[known.name] = known.default
        elif value is None:
            problem = f"is missing. {known.description}"
            problems.append(InputProblem(known.name, problem, ProblemCode.MISSING_KEY))
        elif broken := next((rule for rule in known.rules if rule.is_broken_by(value)), None):
            problems.append(InputProblem(known.name, fill_in(broken.problem, value), broken.code))
        else:
            # Numbers reach a provider as doubles: 1500.0 is 1500.
            inputs[known.name] = int(value) if isinstance(value, float) else value

    currency, amount = inputs.get("currency"), inputs.get("amount")
    code = currency.upper() if isinstance(currency, str) else None
    if code and (found := _currency_problem(code, supported_currencies)):
        problems.append(found)
    limits = LIMITS.get(code or "") if amount_limits else None
    if isinstance(amount, int) and limits and (found := _limits_problem(amount, limits, code)):
        problems.append(found)
    return Checked(inputs, problems)


def fill_in(problem: str, value: object, /, **more: str) -> str:
    """Return the sentence of a rule for a value that breaks it.

    Its fields are ``{kind}`` (what the value is), ``{size}`` (of a text, in bytes of UTF-8),
    ``{currencies}`` (the documented one that was meant, or all), and those in ``more``.
    """
    if "{" not in problem:
        return problem
    fields = {"kind": _kind(value)}
    if isinstance(value, str):
        fields["size"] = f"{len(value.encode(errors='replace')):,}"
        fields["currencies"] = _documented_currencies(value)
    return problem.format_map(fields | more)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` for a near miss, or nothing."""
    close = _nearest(word.lower(), known)
    return f" (did you mean {close!r}?)" if close else ""


def _nearest(word: str, known: Iterable[str]) -> str | None:
    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)), None)


def _unknown_input(name: str, known: list[str]) -> InputProblem:
    if name in OMISE_ATTRIBUTES:
        return InputProblem(name, SET_BY_OMISE, ProblemCode.SET_BY_OMISE)
    hint = did_you_mean(name, known) or f"; the inputs are {', '.join(known)}"
    return InputProblem(name, f"is not an input of a link{hint}", ProblemCode.UNKNOWN_KEY)


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


def _currency_problem(code: str, supported: Collection[str] | None) -> InputProblem | None:
    if supported is None:
        if code in CURRENCIES:
            return None
        problem = fill_in(_UNKNOWN_CURRENCY.problem, code)
        return InputProblem("currency", problem, _UNKNOWN_CURRENCY.code)
    if code in supported:
        return None
    problem = f"is not supported by this Omise account, which takes {', '.join(sorted(supported))}"
    return InputProblem("currency", problem, ProblemCode.UNSUPPORTED_CURRENCY)


def _documented_currencies(code: str) -> str:
    close = _nearest(code.upper(), CURRENCIES)
    return f"did you mean {close!r}?" if close else f"it takes {', '.join(CURRENCIES)}"


def _limits_problem(amount: int, limits: Limits, currency: str | None) -> InputProblem | None:
    if amount < limits.least:
        bound, code = f"less than {limits.least}, the least", ProblemCode.AMOUNT_TOO_SMALL
    elif amount > limits.greatest:
        bound, code = f"more than {limits.greatest}, the greatest", ProblemCode.AMOUNT_TOO_LARGE
    else:
        return None
    problem = (
        f"is {bound} charge in {currency} that Omise documents for {limits.country}"
        f" ({LIMITS_SOURCE}); if your account has limits of its own, set omise:amountLimits to off"
    )
    return InputProblem("amount", problem, code)
