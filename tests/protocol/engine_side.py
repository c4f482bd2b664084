"""The engine's side of the plugin's protocol: plugins as processes, and what to ask them."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from pulumi_omise_links.state_format import PROVIDER_PICKLE

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
# grpc would ask the proxy of http_proxy for 127.0.0.1, too.
NO_PROXY = [("grpc.enable_http_proxy", 0)]
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
SPRING: dict[str, Any] = {
    "amount": 150_000,
    "currency": "thb",
    "title": "Spring sale",
    "description": "Two tickets",
    "multiple": True,
}
URN = "urn:pulumi:dev::shop::pulumi-python:dynamic/omise:Link::spring"
LINK = "link_test_6344k6rzgco9ul41cap"


# Has everything loaded, and turns each line into a fresh process that runs a plugin: starting
# one from nothing takes seconds. The pauses between retries are short in there.
FORK_PLUGINS = """
import json, os, runpy, sys
import dill, grpc, pulumi, pulumi.dynamic, pulumi.runtime.rpc
import pulumi_omise_links.native.servicer, pulumi_omise_links.omise.bulk
from pulumi_omise_links.omise import creates, retry

retry._FIRST_DELAY = 0.01
creates.LOOK_PAUSES = (0.0, 0.01, 0.03)
for line in sys.stdin:
    order = json.loads(line)
    child = os.fork()
    if not child:
        os.dup2(os.open(order["output"], os.O_WRONLY), 1)
        os.environ.update(order["environ"])
        os.chdir(order["folder"])
        sys.argv = [order["module"], "no-engine"]
        runpy.run_module(order["module"], run_name="__main__")
    print(child, flush=True)
"""


class PluginStarter:
    """Starts plugins quickly."""

    def __init__(self, folder: Path) -> None:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("OMISE_", "PULUMI_"))}
        self._folder = folder
        self._count = itertools.count()
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-c", FORK_PLUGINS],
            env={**clean, "GRPC_ENABLE_FORK_SUPPORT": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def start(self, **environ: str) -> Plugin:
        return Plugin(*self.start_module("pulumi.dynamic", environ))

    def start_module(self, module: str, environ: dict[str, str]) -> tuple[int, Callable[[], None]]:
        """Start a module that is a plugin; return its port, and what ends it."""
        output = self._folder / f"{next(self._count)}.port"
        os.mkfifo(output)
        # A home of its own: a plugin that is killed leaves records of its creates there.
        home = {"PULUMI_HOME": str(output.with_suffix(".home"))}
        order = {
            "module": module,
            "output": str(output),
            "environ": home | environ,
            "folder": str(self._folder),
        }
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(order) + "\n")
        stdin.flush()
        child = int(stdout.readline())
        with output.open() as pipe:
            port = int(pipe.readline())
        return port, lambda: os.kill(child, signal.SIGTERM)

    def close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        self._process.wait()


def start_as_the_engine_does(folder: Path, **environ: str) -> Plugin:
    """A process of its own, from nothing."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OMISE_", "PULUMI_"))}
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "pulumi.dynamic", "no-engine"],
        cwd=folder,
        env={**clean, "PULUMI_HOME": str(folder / "home"), **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    port = int(process.stdout.readline())
    process.stdout.close()

    def end() -> None:
        process.terminate()
        process.wait()

    return Plugin(port, end)


class Plugin:
    """One process of `pulumi.dynamic`, spoken to as the engine does."""

    def __init__(self, port: int, end: Callable[[], None]) -> None:
        self._end = end
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=NO_PROXY)
        self._stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self.configure({})

    def close(self) -> None:
        self._channel.close()
        self._end()

    def configure(self, config: dict[str, Any]) -> None:
        self._stub.Configure(provider_pb2.ConfigureRequest(args=struct(config)))

    def check(
        self, news: dict[str, Any], olds: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], list[str]]:
        """The checked inputs, and what is wrong with them."""
        request = provider_pb2.CheckRequest(urn=URN, olds=struct(olds or {}), news=mine(news))
        answer = self._stub.Check(request, timeout=60)
        inputs = plain(answer.inputs)
        assert inputs.pop("__provider") == PROVIDER_PICKLE
        return inputs, [f"{failure.property}|{failure.reason}" for failure in answer.failures]

    def diff(self, olds: dict[str, Any], news: dict[str, Any], id_: str = LINK) -> list[str]:
        """What would be replaced; nothing if nothing changes."""
        request = provider_pb2.DiffRequest(id=id_, urn=URN, olds=mine(olds), news=mine(news))
        answer = self._stub.Diff(request, timeout=60)
        changes = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_NONE
        assert answer.changes == changes[not answer.replaces]
        return list(answer.replaces)

    def create(self, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        request = provider_pb2.CreateRequest(urn=URN, properties=mine(inputs))
        answer = self._stub.Create(request, timeout=60)
        return answer.id, without_provider(plain(answer.properties))

    def read(
        self, id_: str, outputs: dict[str, Any] | None, inputs: dict[str, Any] | None = None
    ) -> tuple[str, dict[str, Any], dict[str, Any]]:
        request = provider_pb2.ReadRequest(
            id=id_,
            urn=URN,
            properties=None if outputs is None else mine(outputs),
            inputs=None if inputs is None else mine(inputs),
        )
        answer = self._stub.Read(request, timeout=60)
        return (
            answer.id,
            without_provider(plain(answer.properties)),
            without_provider(plain(answer.inputs)),
        )

    def update(self, olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
        request = provider_pb2.UpdateRequest(id=LINK, urn=URN, olds=mine(olds), news=mine(news))
        return without_provider(plain(self._stub.Update(request, timeout=60).properties))

    def delete(self, id_: str, outputs: dict[str, Any]) -> None:
        request = provider_pb2.DeleteRequest(id=id_, urn=URN, properties=mine(outputs))
        self._stub.Delete(request, timeout=60)


def struct(values: dict[str, Any]) -> struct_pb2.Struct:
    made = struct_pb2.Struct()
    made.update(values)
    return made


def mine(values: dict[str, Any]) -> struct_pb2.Struct:
    return struct({**values, "__provider": PROVIDER_PICKLE})


def plain(values: struct_pb2.Struct) -> dict[str, Any]:
    read: dict[str, Any] = json_format.MessageToDict(values)
    return read


def without_provider(values: dict[str, Any]) -> dict[str, Any]:
    assert not values or values["__provider"] == PROVIDER_PICKLE
    return {name: value for name, value in values.items() if name != "__provider"}


@contextlib.contextmanager
def failure() -> Iterator[list[str]]:
    """Expect an error, and give its text: one line of the engine, without a traceback."""
    found: list[str] = []
    with pytest.raises(grpc.RpcError) as caught:
        yield found
    text = str(caught.value.details()).strip()
    assert "Traceback" not in text
    assert "\n" not in text
    assert not re.search(r"emulator_|revoked", text)
    found.append(text)


Start = Callable[..., Plugin]
