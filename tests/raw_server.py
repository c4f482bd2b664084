"""Servers that break below HTTP, and the answers that they give."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any


def response(
    body: bytes | dict[str, Any] = b"",
    status: str = "200 OK",
    kind: str = "application/json; charset=utf-8",
    **headers: str,
) -> bytes:
    """An HTTP answer; underscores in names of headers stand for hyphens."""
    content = json.dumps(body).encode() if isinstance(body, dict) else body
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(content)}",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def error(code: str, message: str) -> dict[str, Any]:
    return {
        "object": "error",
        "location": f"https://www.omise.co/api-errors#{code.replace('_', '-')}",
        "code": code,
        "message": message,
    }


Conduct = Callable[[socket.socket, str], bool]
"""Answers one request, given its line ("GET /links"); False ends the connection."""


class RawServer:
    """Speaks as little HTTP as a test wants. ``requests`` has the line of each request."""

    def __init__(self, conduct: Conduct) -> None:
        self._conduct = conduct
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests: list[str] = []
        self._open: list[socket.socket] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            while line := read_request(connection):
                self.requests.append(line)
                if not self._conduct(connection, line):
                    return

    def close(self) -> None:
        # Without this, the thread that waits in accept() keeps the port open after close().
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def read_request(connection: socket.socket) -> str:
    """Read one request to its end; its line without the version, "" if there is none."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65_536)
        if not chunk:
            return ""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    lengths = [int(line.split(":")[1]) for line in lines if line.lower().startswith("content-len")]
    missing = sum(lengths) - len(body)
    while missing > 0 and (chunk := connection.recv(missing)):
        missing -= len(chunk)
    return lines[0].rpartition(" ")[0]


@contextlib.contextmanager
def raw_server(*answers: bytes | Conduct) -> Iterator[RawServer]:
    """A server that gives these answers in turn; the last one stays."""
    left = list(answers)
    lock = threading.Lock()

    def conduct(connection: socket.socket, line: str) -> bool:
        with lock:
            answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, bytes):
            connection.sendall(answer)
            return True
        return answer(connection, line)

    server = RawServer(conduct)
    try:
        yield server
    finally:
        server.close()
