"""Explains in a sentence why no answer came, and whether another attempt makes sense."""

from __future__ import annotations

import socket
import ssl

import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
)

from ..settings import Settings
from .connections import AttemptWatch, ProxyRefusedError
from .retry import Result
from .route import Route

# Of a proxy's refusals, those that may be another answer a second later.
_PASSING = {408, 425, 429}


def explain_failure(
    error: Exception, watch: AttemptWatch, route: Route, settings: Settings
) -> tuple[str, Result]:
    """Return why the attempt failed, and its result. Never shows the password of a proxy."""
    where = settings.api_url
    if not watch.request_sent:
        return _explain_no_connection(watch.connect_error or error, watch.expired, route, where)
    if watch.expired or isinstance(error, (requests.Timeout, TimeoutError, ReadTimeoutError)):
        return f"{where} did not answer within {settings.timeout:g} s.", Result.LOST
    return f"the connection to {where} broke before the answer was complete.", Result.LOST


def _explain_no_connection(
    cause: Exception, expired: bool, route: Route, where: str
) -> tuple[str, Result]:
    target = f"the proxy {route.proxy_place}" if route.proxy else where
    result = Result.UNSENT
    if isinstance(cause, ProxyRefusedError):
        why = _explain_proxy(cause.status, route, where)
        if cause.status < 500 and cause.status not in _PASSING:
            result = Result.UNUSABLE
    elif isinstance(cause, ssl.SSLCertVerificationError):
        why = (
            f"the TLS certificate of {where} is not trusted ({cause.verify_message.rstrip('.')})."
            " If an authority of your own has signed it, such as that of a company's proxy, set"
            f" {route.ca_variable} to a file in PEM form that has the authority's certificate."
        )
        result = Result.UNUSABLE
    elif isinstance(cause, (NameResolutionError, socket.gaierror)):
        why = f"the host of {target} is unknown; is the network up?"
    # Before time-outs: urllib3 has made a refused connection a kind of them.
    elif isinstance(cause, (NewConnectionError, ConnectionRefusedError)):
        why = f"{target} refuses the connection; is it up, and the URL right?"
    elif expired or isinstance(cause, (ConnectTimeoutError, TimeoutError)):
        why = f"{target} cannot be reached (no connection in time)."
    else:
        attributes = (getattr(cause, name, None) for name in ("msg", "reason", "strerror"))
        reason = next((text for text in attributes if text), type(cause).__name__)
        way = f" through {target}" if route.proxy else ""
        why = f"no connection to {where}{way}: {reason}."
    return why, result


def _explain_proxy(status: int, route: Route, where: str) -> str:
    text = f"the proxy {route.proxy_place} refused to connect to {where} (HTTP status {status})."
    if status == 407:
        text += (
            " It wants a user name and a password that it knows: put them into the variable, as in"
            " http://USER:PASSWORD@proxy.example:3128."
        )
    return text
