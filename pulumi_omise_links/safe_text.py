"""Text that is safe to print, and readable.

Text from Omise, from files and from Pulumi is foreign: :func:`escape` is the only way it may reach
a terminal.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .omise.models import LinkInputs
    from .omise.transport import RequestStats

SECRET = "[secret]"  # noqa: S105  (what people read in place of a secret input)
# https://docs.omise.co/currency-and-amount: the yen alone has no smaller unit.
_ZERO_DECIMAL = {"JPY"}
_MOST_NAMED = 5  # a sentence that names more of them is not read
# https://docs.omise.co/api-authentication: what follows the prefix is random. The prefix alone is
# no key; messages explain it.
_KEY = re.compile(r"\b([sp]key_(?:test_)?)[0-9A-Za-z]{6,}")
# Scripts of South Asia and the Middle East, and emoji, are misspelt without them.
JOINERS = "\u200c\u200d"


def escape(text: str, *, longest: int = 80) -> str:
    """Return foreign text as one line that does nothing to a terminal.

    Control characters, escape sequences, direction marks and invisible characters are spelt out
    (``\\x1b``, ``\\u202e``); what is longer than ``longest`` characters is cut, with an ellipsis.
    """
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return "".join(
        character
        if character.isprintable() or character in JOINERS
        else character.encode("unicode_escape").decode("ascii")
        for character in cut
    )


def escape_path(path: str) -> str:
    """Return the name of a file as one safe line, whole: it is to be copied."""
    return escape(path, longest=1000)


def hide_keys(text: str) -> str:
    """Return a text without Omise's keys, should somebody have put one where it does not belong."""
    return _KEY.sub(r"\1[hidden]", text)


def format_amount(amount: int, currency: str) -> str:
    """Return an amount in the smallest unit as people write it: ``THB 1,500.00``."""
    code = escape(currency.upper())
    if code in _ZERO_DECIMAL:
        return f"{code} {amount:,}"
    whole, rest = divmod(abs(amount), 100)
    return f"{code} {'-' if amount < 0 else ''}{whole:,}.{rest:02}"


def format_input(inputs: LinkInputs, name: str) -> str:
    """Return one input of a link as people read it: ``150000 (THB 1,500.00)``, ``"Spring"``."""
    value = getattr(inputs, name)
    if name == "amount":
        return f"{value} ({format_amount(value, inputs.currency)})"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{escape(str(value), longest=60)}"'


def pluralize(number: int, noun: str, *, zero: str = "no") -> str:
    """Return ``no problems``, ``1 problem``, ``1,200 entries``."""
    nouns = re.sub("(?<![aeou])y$", "ie", noun) + "s"
    return f"{f'{number:,}' if number else zero} {noun if number == 1 else nouns}"


def name_some(names: Sequence[str]) -> str:
    """Return ``a, b``, and of more than five ``a, b, c, d, e and 7 more``; all escaped."""
    shown = ", ".join(map(escape, names[:_MOST_NAMED]))
    more = len(names) - _MOST_NAMED
    return f"{shown} and {more:,} more" if more > 0 else shown


def format_stats(stats: RequestStats) -> str:
    """Return how often Omise was asked: ``12 requests, 0 retries, 0 writes.``."""
    parts = ((stats.requests, "request"), (stats.retries, "retry"), (stats.writes, "write"))
    return ", ".join(pluralize(number, noun, zero="0") for number, noun in parts) + "."
