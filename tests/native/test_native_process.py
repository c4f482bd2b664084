"""The process of the native plugin, and the schema that it gives."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc
import make_schema
import psutil
import pytest
from google.protobuf.struct_pb2 import Struct
from killed_up import HeldAnswers
from native.native_plugin import NativePlugin, StartNative
from polling import wait_until
from protocol.engine_side import SPRING
from pulumi.runtime.proto import provider_pb2

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.inputs import INPUT_NAMES, INPUTS
from pulumi_omise_links.link_provider import LinkProvider
from pulumi_omise_links.native.servicer import LinkServicer
from pulumi_omise_links.settings import CONFIG_KEYS

SCRIPT = Path(sys.executable).with_name("pulumi-resource-omise")


def start_script(address: str, **options: Any) -> subprocess.Popen[str]:
    """Start the plugin as the engine at this address does, and wait until it serves."""
    process = subprocess.Popen([SCRIPT, address], stdout=subprocess.PIPE, text=True, **options)
    assert process.stdout is not None
    with process.stdout as port:
        assert port.readline().strip().isdecimal()
    return process


def test_the_schema_is_the_committed_one(start: StartNative) -> None:
    """What the plugin tells is what SDKs were made from; it follows from the tables of the code."""
    schema = start().schema()
    committed = json.loads((make_schema.FOLDER / "omise.pulumi.json").read_text())
    link = schema["resources"]["omise:index:Link"]

    assert schema == committed
    assert set(link["inputProperties"]) == {*INPUT_NAMES}
    assert set(link["requiredInputs"]) == {known.name for known in INPUTS if known.required}
    assert link["aliases"] == [{"type": "pulumi-python:dynamic/omise:Link"}]
    assert set(schema["config"]["variables"]) == {*CONFIG_KEYS}
    assert "default" not in json.dumps(schema["config"])
    assert schema["provider"]["inputProperties"]["secretKey"]["secret"]


def test_names_that_are_in_states_for_good(start: StartNative) -> None:
    """Type, inputs and outputs of a link: whoever changes them breaks the states of users."""
    link = start().schema()["resources"]["omise:index:Link"]

    assert list(link["properties"]) == [
        *("title", "description", "amount", "currency", "multiple"),
        *("paymentUri", "createdAt", "used", "usedAt", "merchantName", "merchantUid"),
    ]


def test_the_plugin_ends_when_it_is_told_to() -> None:
    """The engine's signal ends it, also where a shell has it ignored."""
    with socket.create_server(("127.0.0.1", 0)) as engine:  # without one, it ends by itself
        process = start_script(
            f"127.0.0.1:{engine.getsockname()[1]}",
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        )
        process.send_signal(signal.SIGINT)

        assert process.wait(30) == 0


def test_a_create_is_answered_before_the_end(tmp_path: Path) -> None:
    """A signal for the plugin alone, even twice, ends no create that is under way: its answer
    comes, nothing is printed, and the process ends."""
    answers = HeldAnswers()
    answers.hold_after({})
    with (
        Emulator(on_request=answers) as omise,
        socket.create_server(("127.0.0.1", 0)) as engine,
        ThreadPoolExecutor() as threads,
        ExitStack() as at_end,
    ):
        at_end.callback(answers.release)
        address = {"OMISE_API_URL": omise.url, "OMISE_SECRET_KEY": omise.key("th")}
        process = subprocess.Popen(
            [SCRIPT, f"127.0.0.1:{engine.getsockname()[1]}"],
            env=os.environ | address | {"PULUMI_HOME": str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        at_end.callback(process.kill)
        assert process.stdout is not None
        plugin = NativePlugin(int(process.stdout.readline()), process.kill)
        account = omise.account("th").id
        # With this setting there is nothing to advise: this engine would answer no message.
        plugin.configure({"accountId": account})
        created = threads.submit(plugin.create, SPRING)
        wait_until(lambda: answers.holds({account: 1}))

        def refuses_calls() -> bool:
            try:
                plugin.cancel(1)
            except grpc.RpcError:
                return True
            return False

        process.send_signal(signal.SIGINT)
        wait_until(refuses_calls)
        process.send_signal(signal.SIGINT)
        answers.release()
        link_id, _ = created.result(60)
        _, errors = process.communicate(timeout=60)
        plugin.close()

        assert [link["id"] for link in omise.links()] == [link_id]
    assert (process.returncode, errors) == (0, "")


def test_the_plugin_ends_with_its_engine() -> None:
    """A killed engine leaves no process with a key behind."""
    with socket.create_server(("127.0.0.1", 0)) as engine:
        process = start_script(f"127.0.0.1:{engine.getsockname()[1]}")
        assert psutil.Process(process.pid).is_running()
    assert process.wait(60) == 1


def test_a_person_who_starts_it_is_told_what_to_do() -> None:
    """On a terminal it says how Pulumi finds it, instead of waiting for an engine."""
    main, other = os.openpty()
    done = subprocess.run([SCRIPT], stdout=other, stderr=subprocess.PIPE, text=True, check=False)
    os.close(main)
    os.close(other)

    assert done.returncode == 2
    assert done.stderr.startswith("pulumi-resource-omise is a plugin")
    assert "pulumi plugin install resource omise" in done.stderr


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw is shown whole, and the engine gets an answer."""

    class Context:
        def abort(self, code: grpc.StatusCode, text: str) -> None:
            raise RuntimeError(f"{code.name}: {text}")

    monkeypatch.setattr(LinkProvider, "create", lambda *_: SPRING["no such key"])
    request = provider_pb2.CreateRequest(properties=Struct())
    with pytest.raises(RuntimeError, match=r"(?s)UNKNOWN: Traceback .*KeyError: 'no such key'"):
        LinkServicer().Create(request, Context())


def test_cancel_is_answered(plugin: NativePlugin) -> None:
    """After Ctrl-C the engine lets what is under way finish; the plugin goes on answering."""
    plugin.cancel()

    assert plugin.check({})[1] != []
