"""The emulator as one object: start it, use it over HTTP, and look at it from Python."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from types import TracebackType

from .accounts import DEFAULT_ACCOUNTS, Account
from .backend import Backend
from .behaviour import Behaviour
from .dispatcher import Dispatcher
from .journal import JournalEntry
from .pipeline import Pipeline
from .server import Server


class Emulator(Backend):
    """An emulator of Omise for tests and for trying things out. No money moves.

    ```python
    with Emulator() as omise:
        requests.get(f"{omise.url}/links", auth=(omise.key("th"), ""))
    ```

    host, port: where it listens; port 0 takes a free one, and keeps it over `stop` and `start`.
    database: a path for data that outlive the process; ":memory:" for data of this object.
    accounts: who can sign in; four countries by default (`DEFAULT_ACCOUNTS`).
    behaviour: switches for what is not known of Omise.
    latency: seconds that every API request takes at least.
    clock: gives unix seconds; the computer's clock by default.
    seed: makes faults with a rate repeatable.
    on_request: called with each journal entry, from the thread that answers.
    allowed_hosts: names that requests may give in ``Host``, besides addresses, localhost and host.

    Every method may be called from any thread.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        database: str | os.PathLike[str] = ":memory:",
        accounts: Iterable[Account] = DEFAULT_ACCOUNTS,
        behaviour: Behaviour | None = None,
        latency: float = 0.0,
        clock: Callable[[], float] = time.time,
        seed: int = 0,
        on_request: Callable[[JournalEntry], None] | None = None,
        allowed_hosts: Iterable[str] = (),
    ) -> None:
        super().__init__(
            host=host,
            port=port,
            database=database,
            accounts=accounts,
            behaviour=behaviour,
            latency=latency,
            clock=clock,
            seed=seed,
        )
        pipeline = Pipeline(self, on_request)
        self._dispatcher = Dispatcher(self, pipeline, [host, *allowed_hosts])
        self._server: Server | None = None

    @property
    def running(self) -> bool:
        """Whether it answers."""
        return self._server is not None

    def start(self) -> Emulator:
        """Answer from now on. OSError when the port is taken, sqlite3.Error for a bad database."""
        if self._server is None:
            self.store.open()
            server = Server(self._host, self._port, self._dispatcher)
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
