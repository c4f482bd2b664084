"""A plugin and its engine: what the user is told, and how a plugin ends whose engine has gone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent import futures
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc
from raw_server import raw_server

from pulumi_omise_links.engine import Engine


class Diagnostics(engine_pb2_grpc.EngineServicer):
    """An engine that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[int, str]] = []

    def Log(self, request: Any, context: Any) -> Any:  # noqa: N802  (the name of the protocol)
        self.told.append((request.severity, request.message))
        return empty_pb2.Empty()


@pytest.fixture
def diagnostics() -> Iterator[tuple[Diagnostics, str]]:
    server = grpc.server(futures.ThreadPoolExecutor(2))
    engine = Diagnostics()
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield engine, f"127.0.0.1:{port}"
    server.stop(0)


def test_each_fact_is_told_once(
    diagnostics: tuple[Diagnostics, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message reaches the engine with its severity, once, whatever proxy the environment has."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    engine, address = diagnostics
    plugin = Engine(["pulumi.dynamic", address])
    for _ in range(3):
        plugin.tell("An existing link is adopted.")
        plugin.tell("No key was found.", warning=True)
        plugin.tell(f"The account is {_}.", about="account")

    assert engine.told == [
        (engine_pb2.INFO, "An existing link is adopted."),
        (engine_pb2.WARNING, "No key was found."),
        (engine_pb2.INFO, "The account is 0."),
    ]


@pytest.mark.parametrize("arguments", [["pulumi.dynamic"], ["pulumi.dynamic", "no-engine"]])
def test_without_an_engine_nothing_is_told_or_concluded(arguments: list[str]) -> None:
    """A plugin that was started otherwise works as well, and does not end itself."""
    engine = Engine(arguments)
    engine.end_process_with_it()
    engine.tell("Nobody hears this.")

    assert engine.is_running()
    assert "engine-watch" not in {thread.name for thread in threading.enumerate()}


def test_a_plugin_notices_that_its_engine_is_gone() -> None:
    """Only a refused connection says that the engine has gone; then no further write is sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        engine = Engine(["pulumi.dynamic", f"{host}:{port}"])
        assert engine.is_running()
    assert not engine.is_running()
    engine.tell("A message that cannot be shown is no error.")


ENDS_WITH_ITS_ENGINE = """
import sys, time
from pulumi_omise_links.engine import Engine
engine = Engine()
engine.end_process_with_it()
with engine.writing():
    print("begun", flush=True)
    sys.stdin.readline()
    print("written", flush=True)
time.sleep(60)
"""


def test_a_process_ends_with_its_engine_but_not_within_a_write() -> None:
    """Once the engine has gone, the process ends by itself, after the write that is under way."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        process = subprocess.Popen(
            [sys.executable, "-c", ENDS_WITH_ITS_ENGINE, f"{host}:{port}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            listener.close()
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(2)
            process.stdin.write("\n")
            process.stdin.flush()
            assert process.stdout.readline() == "written\n"
            assert process.wait(10) == 1


CREATES_A_LINK = """
from pulumi.dynamic import Config, ConfigureRequest
from pulumi_omise_links.link_provider import LinkProvider
provider = LinkProvider()
provider.configure(ConfigureRequest(Config({}, "shop")))
inputs = {"amount": 5000, "currency": "THB", "title": "T", "description": "d"}
provider.create({**inputs, "multiple": False})
"""


def test_what_is_only_read_does_not_hold_up_the_end() -> None:
    """Omise hangs before anything is sent to it: the process ends with its engine, at once."""
    asked = threading.Event()

    def hang(_connection: socket.socket, _line: str) -> bool:
        asked.set()
        return not threading.Event().wait(60)

    with raw_server(hang) as omise, socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        settings = {"OMISE_API_URL": omise.url, "OMISE_SECRET_KEY": "skey_test_x"}
        process = subprocess.Popen(
            [sys.executable, "-c", CREATES_A_LINK, f"{host}:{port}"],
            env={**os.environ, **settings, "OMISE_TIMEOUT": "60"},
        )
        with process:
            assert asked.wait(60)
            listener.close()
            assert process.wait(30) == 1
        assert omise.requests == ["GET /account"]
