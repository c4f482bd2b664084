"""The engine's side of the native plugin: what it asks, and what it is answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from protocol.engine_side import NO_PROXY, SECRET
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

TYPE = "omise:index:Link"
PROVIDER_URN = "urn:pulumi:dev::shop::pulumi:providers:omise::default"


def urn(name: str = "spring") -> str:
    return f"urn:pulumi:dev::shop::{TYPE}::{name}"


class NativePlugin:
    """One process of the native plugin, spoken to as the engine does."""

    def __init__(self, port: int, end: Callable[[], None]) -> None:
        self._end = end
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=NO_PROXY)
        self.stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self.stub.Handshake(provider_pb2.ProviderHandshakeRequest())

    def close(self) -> None:
        self._channel.close()
        self._end()

    def schema(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(
            self.stub.GetSchema(provider_pb2.GetSchemaRequest()).schema
        )
        return read

    def check_config(
        self, settings: dict[str, Any], provider: str = PROVIDER_URN
    ) -> tuple[dict[str, Any], list[str]]:
        """The settings to remember, and what is wrong with them."""
        request = provider_pb2.CheckRequest(urn=provider, news=struct(settings))
        answer = self.stub.CheckConfig(request)
        return plain(answer.inputs), [failure.reason for failure in answer.failures]

    def configure(self, settings: dict[str, Any]) -> None:
        answer = self.stub.Configure(provider_pb2.ConfigureRequest(args=struct(settings)))
        assert answer.supportsPreview
        assert not answer.acceptSecrets

    def check(
        self,
        news: dict[str, Any],
        olds: dict[str, Any] | None = None,
        name: str = "spring",
    ) -> tuple[dict[str, Any], list[str]]:
        """The checked inputs, and what is wrong with them."""
        request = provider_pb2.CheckRequest(
            urn=urn(name), olds=struct(olds or {}), news=struct(news)
        )
        answer = self.stub.Check(request)
        assert not any(failure.property for failure in answer.failures)
        return plain(answer.inputs), [failure.reason for failure in answer.failures]

    def diff(
        self, id_: str, olds: dict[str, Any], news: dict[str, Any], name: str = "spring"
    ) -> provider_pb2.DiffResponse:
        request = provider_pb2.DiffRequest(
            id=id_, urn=urn(name), olds=struct(olds), news=struct(news)
        )
        answer: provider_pb2.DiffResponse = self.stub.Diff(request)
        return answer

    def create(
        self, inputs: dict[str, Any], *, preview: bool = False
    ) -> tuple[str, dict[str, Any]]:
        request = provider_pb2.CreateRequest(urn=urn(), properties=struct(inputs), preview=preview)
        answer = self.stub.Create(request)
        return answer.id, plain(answer.properties)

    def refresh(
        self, id_: str, state: dict[str, Any], inputs: dict[str, Any]
    ) -> tuple[str, dict[str, Any], dict[str, Any]]:
        return self._read(id=id_, properties=struct(state), inputs=struct(inputs))

    def look_up(self, id_: str) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """As for a resource that is only read: no state, and inputs that may be empty."""
        return self._read(id=id_, properties=struct({}), inputs=struct({}))

    def import_(self, id_: str, name: str = "spring") -> tuple[str, dict[str, Any], dict[str, Any]]:
        return self._read(name, id=id_)

    def _read(
        self, name: str = "spring", **request: Any
    ) -> tuple[str, dict[str, Any], dict[str, Any]]:
        answer = self.stub.Read(provider_pb2.ReadRequest(urn=urn(name), **request))
        return answer.id, plain(answer.properties), plain(answer.inputs)

    def update(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
        request = provider_pb2.UpdateRequest(
            id=id_, urn=urn(), olds=struct(olds), news=struct(news)
        )
        return plain(self.stub.Update(request).properties)

    def delete(self, id_: str, state: dict[str, Any]) -> None:
        self.stub.Delete(provider_pb2.DeleteRequest(id=id_, urn=urn(), properties=struct(state)))

    def call(self, token: str, arguments: dict[str, Any]) -> dict[str, Any]:
        request = provider_pb2.InvokeRequest(tok=token, args=struct(arguments))
        return plain(getattr(self.stub.Invoke(request), "return"))

    def cancel(self, limit: float = 30) -> None:
        # grpc may leave a call unanswered that comes in the moment in which the plugin stops.
        self.stub.Cancel(empty_pb2.Empty(), timeout=limit)


def secret(value: object) -> dict[str, object]:
    return {**SECRET, "value": value}


def struct(values: dict[str, Any]) -> struct_pb2.Struct:
    made = struct_pb2.Struct()
    made.update(values)
    return made


def plain(values: struct_pb2.Struct) -> dict[str, Any]:
    read: dict[str, Any] = json_format.MessageToDict(values)
    return read


StartNative = Callable[..., NativePlugin]
