"""Bytes of HTTP replies: status line, headers, body, and how they are delivered."""

from __future__ import annotations

import email.utils
import http
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from . import representations
from .messages import Answer

JSON = "application/json; charset=utf-8"
HTML = "text/html"
_ERRORS = {  # DOC api-errors has the codes; GUESS: no document has the messages
    429: ("too_many_requests", "too many requests, please try again later"),
    500: ("internal_error", "an internal error occurred"),
    503: ("service_unavailable", "the service is unavailable"),
}


@dataclass(frozen=True, kw_only=True)
class Reply:
    """Bytes for a client, and how the connection goes on."""

    status: int | None
    """None: nothing is sent."""
    head: bytes = b""
    body: bytes = b""
    padding: int = 0
    """So many spaces follow the body."""
    pause: float = 0.0
    """Seconds between two bytes of the body; 0: all at once."""
    hold: float = 0.0
    """Seconds to wait for the client to leave before anything else is done."""
    close: bool = False


def has_body(status: int) -> bool:
    """Tell whether HTTP allows a body with this status."""
    return status >= 200 and status not in (204, 304)


def status_phrase(status: int) -> str:
    """Return the words of a status line."""
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def write_head(status: int, headers: Mapping[str, str], *, keep_alive: bool) -> bytes:
    """Return a status line and headers, up to the empty line."""
    lines = [f"HTTP/1.1 {status} {status_phrase(status)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"Connection: {'keep-alive' if keep_alive else 'close'}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class ReplyWriter:
    """Writes the replies to one API request.

    now: Unix seconds, for ``Date``. began: monotonic seconds of its arrival, for ``X-Runtime``.
    """

    def __init__(self, now: float, began: float) -> None:
        self._now = now
        self._began = began

    def write(
        self,
        answer: Answer,
        *,
        content_type: str = JSON,
        headers: Mapping[str, str] | None = None,
        padding: int = 0,
        pause: float = 0.0,
        close: bool = False,
        announce_close: bool = True,
    ) -> Reply:
        """Write an answer. REC: these headers; version, HSTS and Vary only without an error."""
        status, body = answer.status, answer.body
        fields = {
            "Cache-Control": "no-cache, no-store",
            "Content-Type": content_type,
            "Date": email.utils.formatdate(self._now, usegmt=True),
            "Server": "nginx",
            "Status": f"{status} {status_phrase(status)}",
            "X-Request-Id": str(uuid.uuid4()),
            "X-Runtime": f"{time.monotonic() - self._began:.6f}",
        }
        if has_body(status):
            fields["Content-Length"] = str(len(body) + padding)
        else:
            # What follows cannot be told from the next answer by every client.
            body, padding, close = b"", 0, True
        if answer.version is not None:
            fields["Omise-Version"] = answer.version
            fields["Strict-Transport-Security"] = "max-age=31536000; includeSubdomains; preload"
            fields["Vary"] = "Accept-Encoding"
        fields.update(headers or {})
        return Reply(
            status=status,
            head=write_head(status, fields, keep_alive=not (close and announce_close)),
            body=body,
            padding=padding,
            pause=pause,
            close=close,
        )

    def write_page(
        self,
        status: int,
        *,
        headers: Mapping[str, str] | None = None,
        padding: int = 0,
        pause: float = 0.0,
    ) -> Reply:
        """Write a page as nginx in front of the API would send it."""
        title = f"{status} {status_phrase(status)}"
        body = (
            f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
            f"<center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n"
            "</html>\r\n"
        )
        return self.write(
            Answer(status=status, body=body.encode()),
            content_type=HTML,
            headers=headers,
            padding=padding,
            pause=pause,
        )

    def write_error(self, status: int, *, html: bool, retry_after: int | None) -> Reply:
        """Write an error of the whole service, as Omise's object or as a proxy's page."""
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        if html:
            return self.write_page(status, headers=headers)
        body = representations.text(representations.error(*_ERRORS[status]))
        return self.write(Answer(status=status, body=body), headers=headers)
