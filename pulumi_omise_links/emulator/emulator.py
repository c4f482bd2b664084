"""The emulator as one object: start it, use it over HTTP, and look at it from Python."""

from __future__ import annotations

import time
from types import TracebackType

from .backend import Backend
from .dispatcher import Dispatcher
from .server import Server


class Emulator(Backend):
    """An emulator of Omise for tests and for trying things out. No money moves.

    ::

        with Emulator() as omise:
            requests.get(f"{omise.url}/links", auth=(omise.key("th"), ""))

    ``journal`` is its `Journal`. Every method may be called from any thread.

    :param host: where it listens.
    :param port: likewise; 0 takes a free one, and keeps it over `stop` and `start`.
    :param database: a path for data that outlive the process; ``":memory:"`` for data of this
        object.
    :param accounts: who can sign in; four countries by default (`DEFAULT_ACCOUNTS`).
    :param behaviour: switches for what is not known of Omise.
    :param latency: seconds that every API request takes at least.
    :param clock: gives Unix seconds; the computer's clock by default.
    :param seed: makes faults with a rate repeatable.
    :param on_request: called with each journal entry, from the thread that answers.
    :param allowed_hosts: names that requests may give in ``Host``, beside addresses, ``localhost``
        and ``host``.
    """

    _server: Server | None = None

    @property
    def running(self) -> bool:
        """Whether it answers."""
        return self._server is not None

    def start(self) -> Emulator:
        """Answer from now on.

        :raises OSError: the port is taken.
        :raises sqlite3.Error: the file of the database cannot be used.
        """
        if self._server is None:
            self.store.open()
            server = Server(self._host, self._port, Dispatcher(self))
            self._port = server.port
            server.start()
            self._server = server
        return self

    def stop(self) -> None:
        """End all connections and close port and file. Nothing happens when it is stopped.

        In memory the data stay as long as this object, so that `start` ends an outage.
        """
        server, self._server = self._server, None
        if server is not None:
            server.stop()
            self.store.close()

    def serve_forever(self) -> None:
        """Run until `stop` is called or the waiting is interrupted; then it is stopped.

        For a program of its own: a signal handler that raises (KeyboardInterrupt, SystemExit) or
        calls `stop` ends it cleanly.
        """
        try:
            self.start()
            # Not an Event: a signal handler that calls `stop` must never wait for this very thread.
            while self.running:
                time.sleep(0.05)
        finally:
            self.stop()

    def __enter__(self) -> Emulator:
        """Start it."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop it."""
        self.stop()
