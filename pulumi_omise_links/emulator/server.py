"""Sockets: one thread for each connection, HTTP/1.1 with keep-alive, and a complete stop."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import socketserver
import threading
import time
from http.server import BaseHTTPRequestHandler
from typing import Any, cast
from urllib.parse import unquote

from .dispatcher import Dispatcher, write_complaint
from .messages import Request
from .replies import Reply

_GREATEST_BODY = 1024 * 1024
_MOST_DIGITS = 19
_BLOCK = b" " * 65536


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Listens from the moment it is made; OSError when the port is taken."""

    daemon_threads = True
    request_queue_size = 128
    # On Windows this option would let two servers share one port.
    allow_reuse_address = os.name == "posix"
    allow_reuse_port = False

    def __init__(self, host: str, port: int, dispatcher: Dispatcher) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.dispatcher = dispatcher
        self.stopping = threading.Event()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._open: dict[threading.Thread, socket.socket] = {}
        self._workers: list[threading.Thread] = []
        try:
            super().__init__((host, port), _Handler)
        except OSError as error:
            raise OSError(
                error.errno, f"the emulator cannot listen on {host}:{port}: {error.strerror}"
            ) from error
        self._thread = threading.Thread(
            target=self.serve_forever, args=(0.02,), name="omise-emulator", daemon=True
        )

    @property
    def port(self) -> int:
        """Which port it listens on."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """End all connections and threads, and close the port."""
        self.stopping.set()
        self.shutdown()
        self._thread.join()
        self.server_close()
        with self._lock:
            connections, threads = list(self._open.values()), list(self._workers)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(timeout=5)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Handle a connection in a thread of its own, which `stop` waits for until its very end."""
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        with self._lock:
            self._workers = [other for other in self._workers if other.is_alive()]
            self._workers.append(thread)
            thread.start()

    def register(self, connection: socket.socket) -> int:
        """Count a new connection and return its number."""
        with self._lock:
            self._open[threading.current_thread()] = connection
            if self.stopping.is_set():
                connection.shutdown(socket.SHUT_RDWR)
            return next(self._numbers)

    def forget(self) -> None:
        """Drop the connection of this thread, which has ended."""
        with self._lock:
            self._open.pop(threading.current_thread(), None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: clients leave at any time, and a traceback could show a key."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        self._server = cast(Server, self.server)
        super().setup()
        self.number = self._server.register(self.connection)

    def finish(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().finish()
        self._server.forget()

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            super().handle()

    def handle_one_request(self) -> None:
        # http.server closes the connection when this time is up.
        self.connection.settimeout(self._server.dispatcher.keep_alive)
        super().handle_one_request()

    def log_message(self, *_: object) -> None:
        """Print nothing: who starts the emulator has the journal."""

    def answer(self) -> None:
        self.connection.settimeout(None)
        request = self._read()
        if request is None:
            return
        try:
            reply = self._server.dispatcher.answer(request, self)
        except Exception as error:
            # A failure of the emulator itself must not look like one of Omise's.
            reply = write_complaint(500, f"the emulator failed: {type(error).__name__}")
        self._send(reply)

    do_GET = do_POST = do_DELETE = do_PATCH = do_PUT = do_HEAD = answer  # noqa: N815  (http.server's names)

    def _read(self) -> Request | None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or not (length.isascii() and length.isdecimal()):
            self._send(write_complaint(411, "the emulator needs a Content-Length"))
            return None
        # Python refuses to read a number of thousands of digits.
        size = int(length) if len(length) < _MOST_DIGITS else _GREATEST_BODY + 1
        if size > _GREATEST_BODY:
            self._send(write_complaint(413, "the request is too large for the emulator"))
            return None
        body = self.rfile.read(size)
        if len(body) < size:
            self.close_connection = True
            return None
        path, _, query = self.path.partition("?")
        return Request(
            method=self.command, path=unquote(path), query=query, headers=headers, body=body
        )

    def _send(self, reply: Reply) -> None:
        if reply.close or self.headers.get("Connection", "").lower() == "close":
            self.close_connection = True
        body = b"" if self.command == "HEAD" else reply.body
        if reply.pause:
            self._drip(reply.head, body, reply.pause)
        else:
            self.connection.sendall(reply.head + body)
        left = 0 if self.command == "HEAD" else reply.padding
        while left > 0 and not self._server.stopping.is_set():
            self.connection.sendall(_BLOCK[:left])
            left -= len(_BLOCK)

    def _drip(self, head: bytes, body: bytes, pause: float) -> None:
        self.connection.sendall(head)
        for position in range(len(body)):
            if self.wait(pause):
                return
            self.connection.sendall(body[position : position + 1])

    def wait(self, seconds: float) -> bool:
        """Wait; true at once when the emulator stops."""
        return self._server.stopping.wait(seconds)

    def hold(self, seconds: float) -> None:
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
