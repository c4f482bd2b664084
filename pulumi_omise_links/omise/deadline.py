"""A bound on the whole wait for an answer's head.

The time-out of requests bounds each wait for bytes, so a head that trickles in, or one
``100 Continue`` after the other, would hold a call for ever; and a plugin that hangs holds
``pulumi``. The body has a bound of its own, where it is read.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection


class _Watched(HTTPConnection):
    def getresponse(self) -> Any:
        # Later than the usual time-out, which says better what happened.
        watchdog = threading.Timer((self.timeout or 0) + 1, _cut, [self.sock])
        watchdog.daemon = True
        watchdog.start()
        try:
            return super().getresponse()
        finally:
            watchdog.cancel()


class _WatchedTLS(_Watched, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _PoolTLS(HTTPSConnectionPool):
    ConnectionCls = _WatchedTLS


class DeadlineAdapter(HTTPAdapter):
    """The transport adapter of requests, with connections that are cut when time is up."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _watch(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        return _watch(super().proxy_manager_for(*args, **kwargs))


def _watch(manager: PoolManager) -> PoolManager:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _PoolTLS}
    return manager


def _cut(sock: socket.socket) -> None:
    # Below TLS: its own shutdown would pull the session from under the thread that reads.
    with suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
