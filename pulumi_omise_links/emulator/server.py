"""Sockets: one thread a connection, HTTP/1.1 with keep-alive, and an end that leaves nothing."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any, cast
from urllib.parse import unquote

from .messages import Request
from .pipeline import Pipeline, Reply, head

_GREATEST_BODY = 1024 * 1024
_BLOCK = b" " * 65536

Other = Callable[[Request], "tuple[int, dict[str, str], bytes] | None"]
"""Answers what is no API request (control plane, payment pages) with status, headers and body;
None for an API request."""


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Listens from the moment it is made; OSError when the port is taken."""

    daemon_threads = True
    request_queue_size = 128
    # On Windows this option would let two servers share one port.
    allow_reuse_address = os.name == "posix"
    allow_reuse_port = False

    def __init__(self, host: str, port: int, pipeline: Pipeline, other: Other) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.pipeline = pipeline
        self.other = other
        self.stopping = threading.Event()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._open: dict[threading.Thread, socket.socket] = {}
        try:
            super().__init__((host, port), _Handler)
        except OSError as error:
            raise OSError(
                error.errno, f"the local Omise cannot listen on {host}:{port}: {error.strerror}"
            ) from error
        self._thread = threading.Thread(
            target=self.serve_forever, args=(0.02,), name="local-omise", daemon=True
        )

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """End all connections and threads, and let go of the port."""
        self.stopping.set()
        self.shutdown()
        self._thread.join()
        self.server_close()
        with self._lock:
            left = dict(self._open)
        for thread, connection in left.items():
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            if thread is not threading.current_thread():
                thread.join(timeout=5)

    def register(self, connection: socket.socket) -> int:
        """A connection begins; its number."""
        with self._lock:
            self._open[threading.current_thread()] = connection
            if self.stopping.is_set():
                connection.shutdown(socket.SHUT_RDWR)
            return next(self._numbers)

    def forget(self) -> None:
        """The connection of this thread has ended."""
        with self._lock:
            self._open.pop(threading.current_thread(), None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves is no news, and a traceback could show a key."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        self._server = cast(Server, self.server)
        super().setup()
        self._number = self._server.register(self.connection)

    def finish(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().finish()
        self._server.forget()

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            super().handle()

    def log_message(self, *_: object) -> None:
        """Say nothing: who starts the emulator has the journal."""

    def answer(self) -> None:
        request = self._read()
        if request is None:
            return
        try:
            other = self._server.other(request)
            if other is None:
                reply = self._server.pipeline.enter(
                    request, self._number, self._server.stopping.wait, self._hold
                )
            else:
                reply = self._plain(*other)
        except Exception as error:
            # A fault of the emulator itself must not look like one of Omise's.
            reply = self._complaint(500, f"the local Omise failed: {type(error).__name__}")
        self._send(reply)

    do_GET = do_POST = do_DELETE = do_PATCH = do_PUT = do_HEAD = answer  # noqa: N815  (http.server's names)

    def _read(self) -> Request | None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or not length.isdecimal():
            self._send(self._complaint(411, "the local Omise needs a Content-Length"))
            return None
        if int(length) > _GREATEST_BODY:
            self._send(self._complaint(413, "the request is too large for the local Omise"))
            return None
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            return None
        path, _, query = self.path.partition("?")
        return Request(self.command, unquote(path), query, headers, body)

    def _plain(
        self, status: int, headers: dict[str, str], body: bytes, close: bool = False
    ) -> Reply:
        headers = {**headers, "Content-Length": str(len(body))}
        return Reply(status, head(status, headers, close), body, close=close)

    def _complaint(self, status: int, message: str) -> Reply:
        body = json.dumps({"error": message}).encode() + b"\n"
        return self._plain(status, {"Content-Type": "application/json"}, body, close=True)

    def _send(self, reply: Reply) -> None:
        if reply.close or self.headers.get("Connection", "").lower() == "close":
            self.close_connection = True
        body = b"" if self.command == "HEAD" else reply.body
        self.connection.sendall(reply.head + body)
        left = 0 if self.command == "HEAD" else reply.padding
        while left > 0 and not self._server.stopping.is_set():
            self.connection.sendall(_BLOCK[:left])
            left -= len(_BLOCK)

    def _hold(self, seconds: float) -> None:
        """Wait until the client has left, the time is up or the emulator stops."""
        until = time.monotonic() + seconds
        self.connection.settimeout(0.02)
        try:
            while time.monotonic() < until and not self._server.stopping.is_set():
                with contextlib.suppress(TimeoutError, socket.timeout):
                    if not self.connection.recv(1, socket.MSG_PEEK):
                        return
                    self._server.stopping.wait(0.02)
        finally:
            self.connection.settimeout(None)
