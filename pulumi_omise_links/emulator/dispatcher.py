"""Which part of the emulator answers a request: the API, the control plane or a page."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping

from .api import Endpoint
from .backend import Backend
from .control import ControlAction, write_json
from .html_page import PageAction
from .messages import Request
from .payment_page import write_missing
from .pipeline import Client, Pipeline
from .replies import Reply, write_head
from .routes import ROUTES
from .routing import split_path

_JSON = {"Content-Type": "application/json; charset=utf-8"}


class Dispatcher:
    """Answers every request. Safe for many threads."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._pipeline = Pipeline(backend)

    @property
    def keep_alive(self) -> float | None:
        """Seconds after which an idle connection is closed, None for never."""
        return self._backend.behaviour.keep_alive

    def answer(self, request: Request, client: Client) -> Reply:
        """Return the reply to a request."""
        host = request.headers.get("host", "")
        if not _is_allowed_host(host, self._backend.allowed_hosts):
            # A web page whose name was made to point here (DNS rebinding) must not get in.
            return write_complaint(
                403, f"the host {host} is not allowed; start the emulator with --allow-host NAME"
            )
        match = ROUTES.find(request.method, request.path)
        action = match.action if match else None
        parameters = match.parameters if match else {}
        first = next(iter(split_path(request.path)), "")
        if isinstance(action, PageAction) and (first or "authorization" not in request.headers):
            page = action.answer(self._backend, parameters, request)
            return _write(page.status, page.headers, page.body)
        if isinstance(action, ControlAction) or first == "_emulator":
            return self._control(action, parameters, request)
        if first in ("pay", "_links"):
            page = write_missing()
            return _write(page.status, page.headers, page.body)
        endpoint = action if isinstance(action, Endpoint) else None
        return self._pipeline.handle(request, endpoint, parameters.get("id", ""), client)

    def _control(self, action: object, parameters: Mapping[str, str], request: Request) -> Reply:
        if "origin" in request.headers or request.headers.get("sec-fetch-site", "none") != "none":
            status, value = 403, {"error": "the control plane does not answer pages in a browser"}
        elif isinstance(action, ControlAction):
            status, value = action.answer(self._backend, parameters, request)
        else:
            status, value = 404, {"error": "no such action; GET /_emulator lists them"}
        return _write(status, _JSON, write_json(value))


def write_complaint(status: int, message: str) -> Reply:
    """Return an error of the emulator itself, which no one can take for one of Omise's."""
    return _write(status, _JSON, write_json({"error": message}), close=True)


def _write(status: int, headers: Mapping[str, str], body: bytes, *, close: bool = False) -> Reply:
    fields = {**headers, "Content-Length": str(len(body))}
    head = write_head(status, fields, keep_alive=not close)
    return Reply(status=status, head=head, body=body, close=close)


def _is_allowed_host(host: str, allowed: Iterable[str]) -> bool:
    name = host.strip().lower()
    if not name:
        return True  # not a browser
    found = re.fullmatch(r"(?:\[(?P<address>[^]]*)\]|(?P<name>[^:]*))(?::[0-9]*)?", name)
    if found is None:
        return False
    try:
        ipaddress.ip_address(found["address"] or found["name"] or "")
    except ValueError:
        name = (found["name"] or "").rstrip(".")
        return name == "localhost" or name.endswith(".localhost") or name in allowed
    return True
