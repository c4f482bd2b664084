"""A result, or the reason why there is none, as JSON for programs: one envelope for all commands.

Keys may be added in later versions, none is removed or changes its meaning.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from typing import Protocol

from .result import Account, Failure, Result

FORMAT_VERSION = "1.0"
_TOKENS_PER_PIECE = 10_000


def write_json(result: Result) -> str:
    """Return the summary and the details of a result. Rows, notes and ending are for people."""
    return "".join(write_json_in_pieces(result))


def write_json_in_pieces(result: Result) -> Iterator[str]:
    """Yield what ``write_json`` returns, in pieces: a result may hold very many links."""
    envelope: dict[str, object] = {
        "format_version": FORMAT_VERSION,
        "command": result.command,
        "summary": result.summary,
    }
    if result.accounts:
        envelope["accounts"] = [_account(account) for account in result.accounts]
    envelope |= result.details
    if result.stats is not None:
        envelope["stats"] = vars(result.stats)
    return _dump(envelope)


def write_failure(failure: Failure) -> str:
    """Return what ``--json`` prints on standard output in place of a result."""
    envelope = {
        "format_version": FORMAT_VERSION,
        "command": failure.command,
        "error": {
            "type": failure.type,
            "message": failure.message,
            "exit_code": int(failure.exit_code),
            **failure.details,
        },
    }
    return "".join(_dump(envelope))


def _account(account: Account) -> dict[str, object]:
    return {
        "id": account.id,
        "country": account.country,
        "mode": account.mode,
        "sub_merchant": account.sub_merchant,
    }


class ForJson(Protocol):
    """What ``details`` of a result may hold beside plain values: made plain one by one."""

    def for_json(self) -> object:
        """Return it as plain values."""


def _dump(envelope: object) -> Iterator[str]:
    """Yield JSON that is as readable as can be; what could harm a terminal is escaped."""
    encoder = json.JSONEncoder(ensure_ascii=False, indent=2, default=_make_plain)
    tokens = encoder.iterencode(envelope)
    while piece := "".join(itertools.islice(tokens, _TOKENS_PER_PIECE)):
        yield re.sub(r"[^\n\x20-\x7e]", _escape_in_json, piece)


def _make_plain(value: ForJson) -> object:
    return value.for_json()


def _escape_in_json(found: re.Match[str]) -> str:
    character = found.group()
    return character if character.isprintable() else json.dumps(character)[1:-1]
