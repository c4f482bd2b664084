"""The Pulumi engine of a plugin process: shows messages to its user, and ends the process with it.

The engine gives its address as the last argument of the plugin. In other processes there is no
engine: no message is shown, and nothing is concluded from that.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

_SECONDS_BETWEEN_CHECKS = 1.0
# One refused connection could be a slip of the network stack, and an end cannot be taken back.
_REFUSALS_BEFORE_THE_END = 2
_TELL_SECONDS = 5.0


class Engine:
    """The engine of this process. Safe for many threads."""

    def __init__(self, arguments: list[str] | None = None) -> None:
        """:param arguments: those of the process, by default ``sys.argv``."""
        host, _, port = (sys.argv if arguments is None else arguments)[-1].rpartition(":")
        self.port = int(port) if host and port.isdecimal() else None
        """The port that the engine listens at: another one for each run. None without an engine."""
        self._host = host
        self._stub: Any = None
        self._told: set[str] = set()
        self._lock = threading.Lock()
        self._writes = 0
        self._no_writes = threading.Condition()
        self._watched = False

    def is_running(self) -> bool:
        """Tell whether the engine still runs; only a refused connection says that it does not."""
        if self.port is None:
            return True
        try:
            socket.create_connection((self._host, self.port), timeout=2).close()
        except ConnectionRefusedError:
            return False
        except OSError:
            return True
        return True

    def tell(self, message: str, *, warning: bool = False, about: str = "") -> None:
        """Show a message among the diagnostics of the run; each fact is told once a process.

        ``pulumi.log`` is not connected to the engine in a plugin.

        :param about: what the fact is; by default the message itself.
        """
        with self._lock:
            if self.port is None or (about or message) in self._told:
                return
            self._told.add(about or message)
            if self._stub is None:
                # A proxy of the environment is not between us and the engine of this machine.
                channel = grpc.insecure_channel(
                    f"{self._host}:{self.port}", options=[("grpc.enable_http_proxy", 0)]
                )
                self._stub = engine_pb2_grpc.EngineStub(channel)
        severity = engine_pb2.WARNING if warning else engine_pb2.INFO
        # A message that cannot be shown must not fail the operation it is about.
        with suppress(grpc.RpcError):
            self._stub.Log(
                engine_pb2.LogRequest(severity=severity, message=message), timeout=_TELL_SECONDS
            )

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep the process running meanwhile: it must learn what a write did."""
        with self._no_writes:
            self._writes += 1
        try:
            yield
        finally:
            with self._no_writes:
                self._writes -= 1
                self._no_writes.notify_all()

    def end_process_with_it(self) -> None:
        """End this process after the engine has ended: it holds a key, and nothing else ends it.

        A killed engine ends no plugin. A write that is under way is finished first; no other one
        begins then, as each asks ``is_running``.
        """
        with self._lock:
            if self.port is None or self._watched:
                return
            self._watched = True
        threading.Thread(target=self._end_with_it, name="engine-watch", daemon=True).start()

    def _end_with_it(self) -> None:
        refused = 0
        while refused < _REFUSALS_BEFORE_THE_END:
            time.sleep(_SECONDS_BETWEEN_CHECKS)
            refused = 0 if self.is_running() else refused + 1
        with self._no_writes:
            self._no_writes.wait_for(lambda: not self._writes)
            # Not `sys.exit`: the main thread waits for calls of the engine for ever.
            os._exit(1)
