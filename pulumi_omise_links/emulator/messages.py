"""What comes in and what goes out: a request, an answer, a refusal."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field

from . import representations

_STATUS = {  # DOC errors-api lists the codes by status
    "bad_request": 400,
    "invalid_link": 400,
    "authentication_failure": 401,
    "not_authorized": 403,
    "not_found": 404,
    "failed_deletion": 422,
}


@dataclass(frozen=True)
class Request:
    """One API request. Header names are in lower case; ``path`` is without the query."""

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


@dataclass(frozen=True)
class Answer:
    """What goes back. ``version`` is the effective ``Omise-Version``, None on an error."""

    status: int
    body: bytes
    version: str | None = None
    committed: bool = False


class RefusalError(Exception):
    """Omise's error: its code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def answer(self) -> Answer:
        """The error as it is sent."""
        return Answer(
            _STATUS[self.code], representations.text(representations.error(self.code, self.message))
        )
