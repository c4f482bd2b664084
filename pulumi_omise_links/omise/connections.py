"""Connections with one time budget for a whole attempt, which also tell what happened on them.

The time-out of urllib3 bounds each wait for bytes. An answer that trickles in, a proxy that answers
CONNECT one byte a second, or one ``100 Continue`` after the other would hold a call for ever, and a
plugin that hangs holds ``pulumi``. So a timer cuts the connections of an attempt when its time is
up, whatever they are waiting for.

Whether a request was sent is noted where it is sent. No error of urllib3 tells it reliably.
"""

from __future__ import annotations

import os
import re
import socket
import threading
from contextlib import suppress
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from .times import clock

# Servers, proxies and firewalls drop idle connections, some without notice. The answer to a create
# on such a connection would be lost, so after this many seconds, those in which the computer sleeps
# included, a new one is opened.
_IDLE_SECONDS = 1.0
_current = threading.local()


class ProxyRefusedError(OSError):
    """A proxy answered CONNECT with another status than 200."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the proxy answered CONNECT with {status}")
        self.status = status


class AttemptWatch:
    """Watches one attempt of one thread: bounds its time, and notes how far it came.

    ``request_sent`` is true as soon as the first byte of the request may have left.
    ``connect_error`` is why no connection was made, before urllib3 and requests wrap it.
    """

    def __init__(self, seconds: float) -> None:
        self.request_sent = False
        self.connect_error: Exception | None = None
        self.expired = False
        self._seconds = seconds
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._done = threading.Event()

    def __enter__(self) -> AttemptWatch:
        _current.watch = self
        threading.Thread(target=self._cut_in_time, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        _current.watch = None
        self._done.set()
        with self._lock:
            for sock in self._sockets:
                sock.close()
            self._sockets.clear()

    def add(self, connected: Any) -> None:
        """Cut this socket, too, when time is up.

        :raises TimeoutError: time is up already.
        """
        # A second descriptor: TLS takes the first one out of its socket object.
        duplicate = socket.socket(fileno=os.dup(connected.fileno()))
        with self._lock:
            self._sockets.append(duplicate)
        self.refuse_if_expired()

    def refuse_if_expired(self) -> None:
        """:raises TimeoutError: time is up."""
        if self.expired:
            raise TimeoutError("the attempt has taken too long")

    def _cut_in_time(self) -> None:
        if self._done.wait(self._seconds):
            return
        # Repeated, as a socket that is still connecting cannot be cut yet.
        while True:
            with self._lock:
                self.expired = True
                for sock in self._sockets:
                    with suppress(OSError):
                        sock.shutdown(socket.SHUT_RDWR)
            if self._done.wait(0.5):
                return


def _watch() -> AttemptWatch:
    watch: AttemptWatch = _current.watch
    return watch


class _Connection(HTTPConnection):
    idle_since = 0.0

    def connect(self) -> None:
        watch = _watch()
        try:
            super().connect()
        except Exception as error:
            watch.connect_error = error
            raise

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        _watch().add(sock)
        return sock

    def _tunnel(self) -> None:
        try:
            super()._tunnel()
        except OSError as error:
            # http.client has no type for it, and no attribute.
            refused = re.match(r"Tunnel connection failed: (\d{3})", str(error))
            if refused is None:
                raise
            raise ProxyRefusedError(int(refused[1])) from None

    def request(self, *args: Any, **kwargs: Any) -> None:
        watch = _watch()
        if self.is_closed:
            self.connect()
        else:
            watch.add(self.sock)
        watch.request_sent = True
        super().request(*args, **kwargs)

    def getresponse(self) -> Any:
        response = super().getresponse()
        if response.status < 200:
            # The final answer may follow. The next request on this connection would get it.
            self.close()
        return response


class _ConnectionTLS(_Connection, HTTPSConnection):
    pass


class _SocksConnectionTLS(_ConnectionTLS):
    """Opens a connection through a SOCKS proxy, as urllib3 does, with a socket to watch."""

    def __init__(self, _socks_options: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        self._socks_options = _socks_options
        super().__init__(*args, **kwargs)

    def _new_conn(self) -> socket.socket:
        import socks  # type: ignore[import-untyped]  # noqa: PLC0415  (optional: route.py has checked that it is there)

        options = self._socks_options
        proxy = options["proxy_host"], int(options["proxy_port"] or 1080)
        failure: OSError = OSError("the host of the proxy has no address")
        for family, kind, protocol, _, _ in socket.getaddrinfo(*proxy, 0, socket.SOCK_STREAM):
            sock: socket.socket = socks.socksocket(family, kind, protocol)
            try:
                sock.set_proxy(  # type: ignore[attr-defined]
                    options["socks_version"],
                    *proxy,
                    rdns=options["rdns"],
                    username=options["username"],
                    password=options["password"],
                )
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.settimeout(self.timeout)
                _watch().add(sock)
                sock.connect((self.host, self.port))
            except OSError as error:
                sock.close()
                failure = error
            except Exception:
                sock.close()
                raise
            else:
                return sock
        raise failure


class _PoolMixin:
    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)  # type: ignore[misc]
        if clock() - connection.idle_since > _IDLE_SECONDS:
            connection.close()
        return connection

    def _put_conn(self, connection: Any) -> None:
        if connection is not None:
            connection.idle_since = clock()
        super()._put_conn(connection)  # type: ignore[misc]


class _Pool(_PoolMixin, HTTPConnectionPool):
    ConnectionCls = _Connection


class _PoolTLS(_PoolMixin, HTTPSConnectionPool):
    ConnectionCls = _ConnectionTLS


class _SocksPoolTLS(_PoolMixin, HTTPSConnectionPool):
    ConnectionCls = _SocksConnectionTLS


class WatchedAdapter(HTTPAdapter):
    """The transport adapter of requests, on connections that report to an ``AttemptWatch``."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _use_watched_pools(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        return _use_watched_pools(manager, socks=proxy.lower().startswith("socks"))


def _use_watched_pools(manager: PoolManager, *, socks: bool = False) -> PoolManager:
    # Plain http is for this machine only, where no proxy is used.
    tls = _SocksPoolTLS if socks else _PoolTLS
    manager.pool_classes_by_scheme = {"http": _Pool, "https": tls}
    return manager
