"""API requests, answers and refusals, and how a JSON body is read."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from . import representations

_STATUS = {  # DOC errors-api lists the codes by status
    "bad_request": 400,
    "invalid_link": 400,
    "authentication_failure": 401,
    "not_authorized": 403,
    "not_found": 404,
    "failed_deletion": 422,
    "invalid_filter": 422,
    "invalid_page": 422,
    "invalid_per_page": 422,
    "invalid_scope": 422,
    "not_imitated": 501,  # the emulator's own
}
_DEEPEST = 100  # Ruby's JSON refuses deeper nesting by default


@dataclass(frozen=True, kw_only=True)
class Request:
    """One HTTP request. Header names are in lower case; ``path`` is decoded, without the query."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def key(self) -> str:
        """The key (HTTP Basic, user name); "" when there is none that can be read."""
        scheme, _, encoded = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return ""
        try:
            return base64.b64decode(encoded.strip(), validate=True).decode().partition(":")[0]
        except ValueError:
            return ""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The answer of the API. ``version`` is the effective ``Omise-Version``, None on an error."""

    status: int
    body: bytes
    version: str | None = None
    committed: bool = False
    """Whether the request changed what is stored."""


class RefusalError(Exception):
    """Omise's error: its code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def answer(self) -> Answer:
        """The error as it is sent."""
        body = representations.text(representations.error(self.code, self.message))
        return Answer(status=_STATUS[self.code], body=body)


def read_json_object(body: bytes) -> dict[str, Any]:
    """Read a body that must be one JSON object. Raises ValueError for anything else."""
    try:
        read = json.loads(body)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    if not isinstance(read, dict):
        raise ValueError("the body must be a JSON object")  # noqa: TRY004  (not a wrong call)
    # Level by level: a recursive check would itself run out of stack.
    level: list[Any] = [read]
    for _ in range(_DEEPEST):
        containers = [value for value in level if isinstance(value, (dict, list))]
        level = [
            child
            for container in containers
            for child in (container.values() if isinstance(container, dict) else container)
        ]
        if not level:
            break
    else:
        raise ValueError("the JSON is nested too deeply")
    # A lone surrogate can be written in JSON but is no text that could be stored.
    json.dumps(read, ensure_ascii=False).encode()
    return read
