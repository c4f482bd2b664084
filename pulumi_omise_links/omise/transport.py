"""Sends requests to Omise: one request in, one JSON object or one error out.

The only place that opens a connection.
"""

from __future__ import annotations

import email.utils
import platform
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests

from .._version import __version__
from ..errors import OmiseUnavailableError
from ..settings import Settings
from .connections import AttemptWatch, WatchedAdapter
from .failures import explain_failure
from .pacing import MAX_IN_FLIGHT, Pacer
from .responses import FailedAttemptError, Response, clean, read_response
from .retry import Attempt, Result, delay_before_next
from .route import Route, RouteError, find_route
from .times import clock

API_VERSION = "2019-05-29"
_CONNECT_TIMEOUT = 5.0
# Who waits to write asks after so many seconds whether the write is still wanted.
_LONGEST_NAP = 1.0
# A page of 100 links with 20 charges each is some 3 MB; more is not an answer of this API.
_LARGEST_ANSWER = 32 * 1024 * 1024
# A clock that is further than this from the one of this computer (seconds) proves nothing.
_DOUBTFUL_SECONDS = 24 * 3600.0


@dataclass
class RequestStats:
    """How many requests were sent to Omise so far."""

    requests: int = 0
    retries: int = 0
    writes: int = 0


class Transport:
    """Sends requests to Omise: key, version, time-outs, retries, pace. Safe for many threads."""

    def __init__(self, settings: Settings, may_write: Callable[[], bool]) -> None:
        self._settings = settings
        self._may_write = may_write
        self._pacer = Pacer()
        self._stats = RequestStats()
        self._lock = threading.Lock()
        # How far Omise's clock is ahead of ours, at least; None before any answer of Omise's.
        self._server_ahead: float | None = None
        self._clock_is_doubtful = False
        self._route: Route | None = None
        # Without a session of requests: that prepares the next request of a redirect, and reads
        # the whole body for it, even where redirects are not to be followed.
        self._adapter = WatchedAdapter(pool_maxsize=MAX_IN_FLIGHT)

    @property
    def stats(self) -> RequestStats:
        """The numbers of requests so far, as a copy."""
        with self._lock:
            return RequestStats(self._stats.requests, self._stats.retries, self._stats.writes)

    def server_time(self) -> float | None:
        """Return Omise's time in Unix seconds, at most a second early; None if unknown."""
        with self._lock:
            ahead = self._server_ahead
        return None if ahead is None else clock() + ahead

    @property
    def clock_is_doubtful(self) -> bool:
        """Whether ``server_time`` is far from the time of this computer: one of them is wrong."""
        with self._lock:
            return self._clock_is_doubtful

    def close(self) -> None:
        """Close the connections."""
        self._adapter.close()

    def request(
        self,
        method: str,
        path: str,
        operation: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Send a request and return the JSON object of the answer.

        :param operation: completes "Could not …" and "Omise refused to …" in errors.
        :raises ApiError: Omise refused.
        :raises AuthenticationError: there is no key, or it was not accepted.
        :raises OmiseUnavailableError: no usable answer came, for as often as repeating is safe.
        """
        self._settings.key()
        started = time.monotonic()
        number = 0
        while True:
            number += 1
            with self._pacer.slot(lambda seconds: self._wait(method, seconds)):
                if method != "GET" and not self._may_write():
                    raise OmiseUnavailableError(
                        operation, "Pulumi has ended meanwhile.", sent=False
                    )
                self._count(method, again=number > 1)
                try:
                    response = self._send(method, path, operation, params=params, body=body)
                    self._note(response)
                    return read_response(
                        response, method=method, operation=operation, settings=self._settings
                    )
                except FailedAttemptError as failure:
                    problem = failure
            if problem.result in {Result.LIMITED, Result.LIMITED_BY_PAGE}:
                self._pacer.slow_down(problem.retry_after)
            attempt = Attempt(
                method=method,
                result=problem.result,
                number=number,
                elapsed=time.monotonic() - started,
                retry_after=problem.retry_after,
            )
            delay = delay_before_next(attempt)
            if delay is None:
                raise problem.error from None
            self._wait(method, delay)

    def _wait(self, method: str, seconds: float) -> None:
        """Wait before a request. If nobody wants a write any more, it is not waited for.

        A 429 may ask for minutes, and the process is to end before that.
        """
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and (method == "GET" or self._may_write()):
            time.sleep(min(left, _LONGEST_NAP))

    def _count(self, method: str, *, again: bool) -> None:
        with self._lock:
            self._stats.requests += 1
            self._stats.retries += again
            self._stats.writes += method != "GET"

    def _send(
        self,
        method: str,
        path: str,
        operation: str,
        *,
        params: Mapping[str, str | int] | None,
        body: Mapping[str, Any] | None,
    ) -> Response:
        """Make one attempt, within the time-out of the settings from its start to its end.

        :raises FailedAttemptError: whatever else happens than a complete response.
        """
        timeout = self._settings.timeout
        try:
            route = self._find_route()
        except RouteError as error:
            raise FailedAttemptError(
                Result.UNUSABLE, OmiseUnavailableError(operation, f"{error}", sent=False)
            ) from None
        watch = AttemptWatch(timeout)
        try:
            with (
                watch,
                self._adapter.send(
                    self._prepare(method, path, params, body),
                    stream=True,
                    timeout=(min(_CONNECT_TIMEOUT, timeout), timeout),
                    verify=route.ca_bundle,
                    proxies=route.proxies,
                ) as response,
            ):
                content = _read_body(response)
                # The end of a body without a length may be the work of the watch.
                watch.refuse_if_expired()
            return Response(response.status_code, response.headers, content)
        except Exception as error:
            # Whatever it is, the request may have reached Omise: that is for the watch to tell.
            why, result = explain_failure(error, watch, route, self._settings)
            why = clean(why, self._settings.key())
            raise FailedAttemptError(
                result, OmiseUnavailableError(operation, why, sent=watch.request_sent)
            ) from None

    def _find_route(self) -> Route:
        with self._lock:
            if self._route is None:
                self._route = find_route(self._settings)
            return self._route

    def _prepare(
        self,
        method: str,
        path: str,
        params: Mapping[str, str | int] | None,
        body: Mapping[str, Any] | None,
    ) -> requests.PreparedRequest:
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "Omise-Version": API_VERSION,
            "User-Agent": (
                f"pulumi-omise-links/{__version__} Python/{platform.python_version()}"
                f" OmiseAPI/{API_VERSION}"
            ),
        }
        if self._settings.sub_merchant_id:
            headers["SUB_MERCHANT_ID"] = self._settings.sub_merchant_id
        return requests.Request(
            method,
            self._settings.api_url + path,
            params=params,
            json=body,
            headers=headers,
            auth=(self._settings.key().reveal(), ""),
        ).prepare()

    def _note(self, response: Response) -> None:
        """Take note of the server's time, and that requests need not slow down."""
        if response.status != 429:
            self._pacer.speed_up()
        # A page in between has a clock of its own, and a stored answer an old one.
        if not response.is_from_omise or response.headers.get("Age", "0").strip() != "0":
            return
        try:
            date = email.utils.parsedate_to_datetime(response.headers.get("Date") or "")
            stamp = date.timestamp()
        except (OverflowError, TypeError, ValueError):
            return
        if not 1e9 < stamp < 1e10:
            return  # neither before 2001 nor after 2286 is a time of Omise's
        with self._lock:
            # Answers are late, never early: the greatest difference is the best.
            ahead = stamp - clock()
            self._server_ahead = max(ahead, self._server_ahead or ahead)
            self._clock_is_doubtful |= abs(stamp - time.time()) > _DOUBTFUL_SECONDS


def _read_body(response: requests.Response) -> bytes:
    """Read the body up to a bound in bytes; the bound in seconds is that of the whole attempt."""
    content = bytearray()
    # read1 returns what has come; `iter_content` would wait for a full chunk, however long.
    while chunk := response.raw.read1(65_536, decode_content=True):
        content += chunk
        if len(content) > _LARGEST_ANSWER:
            raise OSError("the answer is too large")
    return bytes(content)
