"""The process of the plugin: serves the protocol at a port, until the engine ends it."""

from __future__ import annotations

import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from ..engine import Engine
from .servicer import LinkServicer

# More than the requests that Omise is sent at once (``omise.pacing``): what waits there must not
# keep checks and comparisons waiting, which send none.
_THREADS = 20
_SECONDS_FOR_ANSWERS = 600.0
_SECONDS_BETWEEN_LOOKS = 0.5
_LARGEST_MESSAGE = 400 << 20  # bytes, as in Pulumi's own SDKs


def main() -> None:
    """Serve, as Pulumi's engine expects it: the port is the first line of standard output."""
    engine = Engine()
    if engine.port is None and sys.stdout.isatty():
        print(_NOT_FOR_PEOPLE, file=sys.stderr)  # noqa: T201  (this is a program)
        raise SystemExit(2)
    server = grpc.server(
        ThreadPoolExecutor(max_workers=_THREADS),
        options=[
            ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
            ("grpc.max_send_message_length", _LARGEST_MESSAGE),
            ("grpc.so_reuseport", 0),  # no other process may be given what is meant for this one
        ],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(LinkServicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    try:
        # The engine ends a plugin by SIGINT, which whatever a shell runs in the background ignores.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        server.start()
        engine.end_process_with_it()
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()
        # A signal that comes just before a wait without end begins, or to another thread, would
        # not end that wait.
        never = Event()
        while not never.wait(_SECONDS_BETWEEN_LOOKS):
            pass
    except KeyboardInterrupt:
        # Another signal would end a write that is under way before it has learnt what it did.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # No call begins any more. One that is under way is answered, should this process alone have
        # been given the signal. The interpreter then waits for the threads.
        server.stop(_SECONDS_FOR_ANSWERS).wait()


_NOT_FOR_PEOPLE = (
    "pulumi-resource-omise is a plugin: Pulumi starts it. To let Pulumi find it, run `pulumi plugin"
    ' install resource omise VERSION --file "$(which pulumi-resource-omise)"`.'
)

if __name__ == "__main__":
    main()
