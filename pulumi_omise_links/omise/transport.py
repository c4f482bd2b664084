"""The only place that opens a connection: one request in, one JSON answer or one error out."""

from __future__ import annotations

import email.utils
import json
import platform
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
)

from .._version import __version__
from ..errors import (
    ApiError,
    AuthenticationError,
    NotFoundError,
    OmiseUnavailableError,
    RateLimitedError,
)
from ..settings import Settings
from .deadline import DeadlineAdapter
from .pacing import MAX_IN_FLIGHT, Pacer
from .retry import Attempt, Result, delay_before_next, read_retry_after

API_VERSION = "2019-05-29"
_CONNECT_TIMEOUT = 5.0
# A page of 100 links with 20 charges each is some 3 MB; more is not an answer of this API.
_LARGEST_ANSWER = 32 * 1024 * 1024
_LONGEST_SAYING = 400
# Line ends, control characters, and marks that turn the direction of text around.
_NOT_SHOWN = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"


@dataclass
class RequestStats:
    """What talking to Omise has cost so far."""

    requests: int = 0
    retries: int = 0
    writes: int = 0


class Transport:
    """Sends requests to Omise: key, version, time-outs, retries, pace. Safe for many threads."""

    def __init__(self, settings: Settings, may_write: Callable[[], bool]) -> None:
        self._settings = settings
        self._still_wanted = may_write
        self._pacer = Pacer()
        self._cost = RequestStats()
        self._lock = threading.Lock()
        # How far Omise's clock is ahead of the monotonic one, at least; None before any answer.
        self._server_ahead: float | None = None
        self._session = requests.Session()
        # Neither a proxy nor ~/.netrc has any business between us and a local Omise.
        self._session.trust_env = not settings.on_loopback
        adapter = DeadlineAdapter(pool_maxsize=MAX_IN_FLIGHT)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    @property
    def stats(self) -> RequestStats:
        """A copy of what has been spent so far."""
        with self._lock:
            return RequestStats(self._cost.requests, self._cost.retries, self._cost.writes)

    def server_time(self) -> float | None:
        """Return the server's time in Unix seconds, at most a second early; None if unknown."""
        with self._lock:
            ahead = self._server_ahead
        return None if ahead is None else time.monotonic() + ahead

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def request(
        self,
        method: str,
        path: str,
        operation: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """Send a request and return the JSON object of the answer.

        :param operation: completes "Could not …" and "Omise refused to …" in errors.
        :raises ApiError: Omise said no.
        :raises AuthenticationError: there is no key, or it was not accepted.
        :raises OmiseUnavailableError: no usable answer came, for as often as repeating is safe.
        """
        self._settings.key()
        started = time.monotonic()
        number = 0
        while True:
            number += 1
            with self._pacer.slot() as left_at:
                if method != "GET" and not self._still_wanted():
                    raise OmiseUnavailableError(
                        operation, "Pulumi has ended meanwhile.", sent=False
                    )
                self._count(method, again=number > 1)
                try:
                    response = self._send(method, path, operation, params=params, body=body)
                    return self._judge(*response, operation)
                except _RetryableError as failure:
                    problem = failure
            if problem.result is Result.LIMITED:
                self._pacer.slow_down(left_at, problem.retry_after)
            attempt = Attempt(
                method, problem.result, number, time.monotonic() - started, problem.retry_after
            )
            delay = delay_before_next(attempt)
            if delay is None:
                raise problem.error from None
            time.sleep(delay)

    def _count(self, method: str, *, again: bool) -> None:
        with self._lock:
            self._cost.requests += 1
            self._cost.retries += again
            self._cost.writes += method != "GET"

    def _send(
        self,
        method: str,
        path: str,
        operation: str,
        *,
        params: Mapping[str, str | int] | None,
        body: Mapping[str, Any] | None,
    ) -> tuple[requests.Response, bytes]:
        """Make one attempt; return the answer, read to its end and closed."""
        headers = {
            "Accept": "application/json",
            "Omise-Version": API_VERSION,
            "User-Agent": (
                f"pulumi-omise-links/{__version__} Python/{platform.python_version()}"
                f" OmiseAPI/{API_VERSION}"
            ),
        }
        if self._settings.sub_merchant_id:
            headers["SUB_MERCHANT_ID"] = self._settings.sub_merchant_id
        timeout = self._settings.timeout
        try:
            response = self._session.request(
                method,
                self._settings.api_url + path,
                params=params,
                json=body,
                headers=headers,
                auth=(self._settings.key().reveal(), ""),
                timeout=(min(_CONNECT_TIMEOUT, timeout), timeout),
                allow_redirects=False,
                stream=True,
            )
        except requests.RequestException as error:
            raise self._no_answer(operation, error) from None
        with response:
            try:
                return response, _read(response, time.monotonic() + timeout)
            except (HTTPError, OSError) as error:
                raise self._no_answer(operation, error) from None

    def _no_answer(self, operation: str, error: Exception) -> _RetryableError:
        where = self._settings.api_url
        cause = _cause(error)
        # Only what is known to come before the request left counts as unsent.
        if isinstance(error, requests.exceptions.SSLError) and _UNTRUSTED in str(error):
            why, sent = f"the TLS certificate of {where} is not trusted.", False
        elif isinstance(cause, ProxyError) and _no_tunnel(cause.original_error):
            why, sent = f"the proxy on the way to {where} cannot be used.", False
        elif isinstance(cause, NameResolutionError):
            why, sent = f"the host of {where} is unknown; is the network up?", False
        elif isinstance(cause, NewConnectionError):
            why, sent = f"{where} refuses the connection; is it up, and the URL right?", False
        elif isinstance(cause, ConnectTimeoutError):
            why, sent = f"{where} cannot be reached (no connection in time).", False
        elif isinstance(error, (requests.Timeout, TimeoutError, ReadTimeoutError)):
            why, sent = f"{where} did not answer within {self._settings.timeout:g} s.", True
        else:
            why, sent = f"the connection to {where} broke before the answer was complete.", True
        result = Result.LOST if sent else Result.UNSENT
        return _RetryableError(result, OmiseUnavailableError(operation, why, sent=sent))

    def _judge(self, response: requests.Response, content: bytes, operation: str) -> Any:
        """Turn an answer into its JSON object, or into the one error that fits."""
        status = response.status_code
        self._take_time(response.headers.get("Date"))
        if status != 429:
            self._pacer.speed_up()
        data = _parse(content)
        request_id = self._said(response.headers.get("X-Request-Id") or "")
        if 200 <= status < 300:
            if data is not None:
                return data
            kind = self._said(response.headers.get("Content-Type") or "no content type")
            raise _RetryableError(
                Result.LOST,
                OmiseUnavailableError(
                    operation,
                    f"the answer was not the JSON of Omise ({status}, {kind.split(';')[0]},"
                    f" {len(content)}"
                    " bytes); is a proxy or a login page in between?",
                    sent=True,
                ),
            )
        said = data or {}
        code = self._said(said.get("code") or "no code")
        message = self._said(said.get("message") or f"no reason given, HTTP status {status}")
        if status == 401:
            raise AuthenticationError(self._refused_key(message, request_id))
        # Other codes of a 404 (service_not_found) say nothing about the link.
        gone = status == 404 and said.get("object") == "error" and code == "not_found"
        kind_of = NotFoundError if gone else RateLimitedError if status == 429 else ApiError
        error = kind_of(operation, status=status, code=code, message=message, request_id=request_id)
        if status == 429:
            retry_after = read_retry_after(response.headers.get("Retry-After"))
            raise _RetryableError(Result.LIMITED, error, retry_after)
        if status >= 500:
            why = f"Omise has a fault of its own: {message} ({status} {code})."
            raise _RetryableError(
                Result.FAULTY,
                OmiseUnavailableError(operation, why, sent=True),
                read_retry_after(response.headers.get("Retry-After")),
            )
        if status == 404 and said.get("object") != "error":
            # Not Omise's own 404: a proxy's, or the wrong URL. It must never read as "gone".
            where = self._settings.api_url
            raise OmiseUnavailableError(
                operation, f"{where} answered 404 without Omise's JSON.", sent=True
            )
        raise error

    def _said(self, text: object) -> str:
        """Return what the server said fit for an error: one short line, without the key."""
        line = _NOT_SHOWN.sub(" ", self._settings.key().redact(str(text))).strip()
        return line if len(line) <= _LONGEST_SAYING else line[:_LONGEST_SAYING] + "…"

    def _refused_key(self, message: str, request_id: str) -> str:
        key = self._settings.key()
        text = (
            f"Omise does not accept the key in {key.source}: {message} (401"
            f" from {self._settings.api_url}"
            + (f", request {request_id}" if request_id else "")
            + ")."
        )
        if key.source == "omise:secretKey":
            text += (
                " `pulumi refresh` and `pulumi destroy` use the key that the last `pulumi up` left"
                " in the state: after a rotation, set the new key and run them with --run-program,"
                " or name a variable that holds the key with omise:secretKeyEnv."
            )
        return text

    def _take_time(self, date: str | None) -> None:
        try:
            stamp = email.utils.parsedate_to_datetime(date or "").timestamp()
        except (OverflowError, TypeError, ValueError):
            return
        if not 1e9 < stamp < 1e10:
            return  # no time of Omise's: neither before 2001 nor after 2286
        with self._lock:
            self._server_ahead = stamp - time.monotonic()


class _RetryableError(Exception):
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


def _read(response: requests.Response, deadline: float) -> bytes:
    """Read the body within a bound in seconds and bytes; a slow drip must not hang the caller."""
    content = bytearray()
    # read1 returns what has come; `iter_content` would wait for a full chunk, however long.
    while chunk := response.raw.read1(65_536, decode_content=True):
        content += chunk
        if len(content) > _LARGEST_ANSWER:
            raise OSError("the answer is too large")
        if time.monotonic() > deadline:
            raise TimeoutError("the answer took too long")
    return bytes(content)


def _parse(content: bytes) -> dict[str, Any] | None:
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _no_tunnel(error: Exception) -> bool:
    """Tell whether a proxy failed before it forwarded anything; an error of one does not say so.

    urllib3 also blames the proxy for a connection that ends after the request has gone through.
    """
    return isinstance(error, (NewConnectionError, ConnectTimeoutError)) or (
        isinstance(error, OSError) and str(error).startswith("Tunnel connection failed")
    )


def _cause(error: BaseException) -> object:
    """Return the urllib3 error at the root of a requests error."""
    inner = error.args[0] if error.args else None
    return getattr(inner, "reason", inner)
