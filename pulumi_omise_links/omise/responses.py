"""Reads an HTTP response: returns the JSON object that was asked for, or raises the right error.

Only Omise's own error object is a refusal. Firewalls, proxies and login pages answer with any
status, also in place of the answer to a request that Omise has carried out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..errors import (
    ApiError,
    AuthenticationError,
    NotFoundError,
    OmiseUnavailableError,
    RateLimitedError,
)
from ..settings import SecretKey, Settings
from .retry import Result, read_retry_after

_LONGEST_TEXT = 400
# Line ends, control characters, and marks that turn the direction of text around.
_NOT_SHOWN = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


class FailedAttemptError(Exception):
    """An attempt that may be worth another; ``error`` is what to raise if it is not."""

    def __init__(
        self,
        result: Result,
        error: OmiseUnavailableError | ApiError,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(str(error))
        self.result = result
        self.error = error
        self.retry_after = retry_after


class LimitedByPageError(OmiseUnavailableError):
    """A create was answered with 429, but not by Omise: probably refused, and no proof of it."""


@dataclass(frozen=True)
class Response:
    """A response that was read to its end. ``headers`` are looked up in any case."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @cached_property
    def json(self) -> dict[str, Any] | None:
        """The JSON object of the body; None if it is anything else."""
        try:
            data = json.loads(self.content)
        except (ValueError, RecursionError):
            return None
        return data if isinstance(data, dict) else None

    @property
    def is_error_object(self) -> bool:
        """Whether the body is Omise's error object, with a code."""
        data = self.json or {}
        code = data.get("code")
        return data.get("object") == "error" and isinstance(code, str) and code != ""

    @property
    def is_from_omise(self) -> bool:
        """Whether Omise has answered, and nothing in between."""
        success = 200 <= self.status < 300
        return self.is_error_object or (
            success and isinstance((self.json or {}).get("object"), str)
        )


def read_response(
    response: Response, *, method: str, operation: str, settings: Settings
) -> dict[str, Any]:
    """Return the JSON object of a successful response.

    :raises FailedAttemptError: no usable answer, or one that may be another next time.
    :raises ApiError: Omise refused.
    :raises AuthenticationError: Omise does not accept the key.
    """
    key = settings.key()
    status, data = response.status, response.json or {}
    if 200 <= status < 300 and response.json is not None:
        return response.json
    retry_after = read_retry_after(response.headers.get("Retry-After"))
    request_id = clean(response.headers.get("X-Request-Id") or "", key)
    code = clean(data.get("code") or "no code", key)
    message = clean(data.get("message") or f"no reason given, HTTP status {status}", key)
    if status >= 500:
        why = f"Omise returned a server error: {message} ({status} {code})."
        unavailable = OmiseUnavailableError(operation, why, sent=True)
        raise FailedAttemptError(Result.SERVER_ERROR, unavailable, retry_after)
    kind_of: type[ApiError] = ApiError
    if status == 429:
        kind_of = RateLimitedError
    elif status == 404 and code == "not_found":
        # Other codes of a 404 (service_not_found) say nothing about the link.
        kind_of = NotFoundError
    refusal = kind_of(operation, status=status, code=code, message=message, request_id=request_id)
    if response.is_error_object and 400 <= status < 500:
        if status == 401:
            raise AuthenticationError(_explain_401(message, request_id, settings))
        if status == 429:
            raise FailedAttemptError(Result.LIMITED, refusal, retry_after)
        raise refusal
    kind = clean(response.headers.get("Content-Type") or "no content type", key).split(";")[0]
    why = (
        f"the answer was not the JSON of Omise ({status}, {kind}, {len(response.content)} bytes);"
        " is a proxy or a login page in between?"
    )
    if status == 429:
        limited = LimitedByPageError(operation, why, sent=True) if method == "POST" else refusal
        raise FailedAttemptError(Result.LIMITED_BY_PAGE, limited, retry_after)
    raise FailedAttemptError(Result.LOST, OmiseUnavailableError(operation, why, sent=True))


def clean(text: object, key: SecretKey) -> str:
    """Return what a server sent, fit for an error: one short line, without the key."""
    line = _NOT_SHOWN.sub(" ", key.redact(str(text))).strip()
    return line if len(line) <= _LONGEST_TEXT else line[:_LONGEST_TEXT] + "…"


def _explain_401(message: str, request_id: str, settings: Settings) -> str:
    source = settings.key().source
    text = (
        f"Omise does not accept the key in {source}: {message} (401 from {settings.api_url}"
        + (f", request {request_id}" if request_id else "")
        + ")."
    )
    if source == "omise:secretKey":
        text += (
            " `pulumi refresh` and `pulumi destroy` use the key that the last `pulumi up` left"
            " in the state: after a rotation, set the new key and run them with --run-program. If"
            " the program declares no link with this key any more, `pulumi up` uses the old key as"
            " well: put one of the links back for one `pulumi up`, which stores the new key."
        )
    return text
