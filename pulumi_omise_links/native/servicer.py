"""Pulumi's provider protocol, one method for each of its calls.

What each call means: https://github.com/pulumi/pulumi/blob/master/proto/pulumi/provider.proto.
Secrets arrive unmarked, but in ``Configure``: the engine marks what comes back under the same name.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf import struct_pb2
from google.protobuf.empty_pb2 import Empty
from pulumi.dynamic import Config, ConfigureRequest
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from .._version import __version__
from ..errors import ArgumentError, LinkConflictError, OmiseLinksError
from ..link_provider import LinkProvider
from ..settings import NAMESPACE, SECRET_KEY, refuse_plain_key
from ..state_format import (
    ADOPT,
    IMPORTED,
    NATIVE_TYPE_TOKEN,
    STORED_OUTPUTS,
    from_native,
    is_link_state,
    to_native,
)
from .answers import answers
from .functions import call
from .provider_settings import (
    as_config,
    check_settings,
    complete_settings,
    refuse_key_in_files,
    with_secret_key_marked,
)
from .schema import make_schema
from .wire import UNKNOWN, from_struct, names_of_secrets, to_struct

Diff = provider_pb2.DiffResponse


class LinkServicer(provider_pb2_grpc.ResourceProviderServicer):
    """The links of one provider of a stack. Safe for many threads."""

    def __init__(self) -> None:
        self._provider = LinkProvider()
        self._lock = threading.Lock()
        # The links that this run imports, by the URN of their resources; and the other way round.
        self._imported: dict[str, str] = {}
        self._importers: dict[str, str] = {}

    # -- the plugin, and its settings

    def Handshake(self, _request: Any, _context: Any) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse()

    def GetPluginInfo(self, _request: Any, _context: Any) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=__version__)

    @answers
    def GetSchema(self, _request: Any, _context: Any) -> provider_pb2.GetSchemaResponse:
        return provider_pb2.GetSchemaResponse(schema=json.dumps(make_schema()))

    @answers
    def CheckConfig(
        self, request: provider_pb2.CheckRequest, _context: Any
    ) -> provider_pb2.CheckResponse:
        settings = complete_settings(from_struct(request.news), request.urn)
        try:
            check_settings(settings)
            refuse_key_in_files(settings.get(SECRET_KEY), request.urn, Path.cwd())
        except OmiseLinksError as error:
            return _failed(request, [str(error)])
        return provider_pb2.CheckResponse(inputs=to_struct(with_secret_key_marked(settings)))

    @answers
    def DiffConfig(
        self, request: provider_pb2.DiffRequest, _context: Any
    ) -> provider_pb2.DiffResponse:
        olds, news = from_struct(request.olds), from_struct(request.news)
        changed = sorted(name for name in {*olds, *news} if olds.get(name) != news.get(name))
        # Never a replacement: with the provider, the engine would replace all its links.
        return Diff(changes=Diff.DIFF_SOME if changed else Diff.DIFF_NONE, diffs=changed)

    @answers
    def Configure(
        self, request: provider_pb2.ConfigureRequest, _context: Any
    ) -> provider_pb2.ConfigureResponse:
        settings = from_struct(request.args)
        if settings.get(SECRET_KEY):
            refuse_plain_key(is_secret=SECRET_KEY in names_of_secrets(request.args))
        self._provider.configure(ConfigureRequest(Config(as_config(settings), NAMESPACE)))
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Cancel(self, _request: Any, _context: Any) -> Empty:
        # What is under way is finished, so that the engine learns of it, and nothing else begins.
        return Empty()

    # -- links

    @answers
    def Check(
        self, request: provider_pb2.CheckRequest, _context: Any
    ) -> provider_pb2.CheckResponse:
        _refuse_other_type(request.urn)
        news = self._declared(request.urn, request.news)
        result = self._provider.check(from_struct(request.olds), news)
        if result.failures:
            return _failed(request, [failure.reason for failure in result.failures])
        return provider_pb2.CheckResponse(inputs=to_struct({**result.inputs, ADOPT: None}))

    @answers
    def Diff(self, request: provider_pb2.DiffRequest, _context: Any) -> provider_pb2.DiffResponse:
        olds = from_native(from_struct(request.olds))
        if IMPORTED in olds:
            self._provider.note_import(request.urn, request.id)
        result = self._provider.diff(request.id, olds, self._declared(request.urn, request.news))
        replaces = result.replaces or []
        update = provider_pb2.PropertyDiff(kind=provider_pb2.PropertyDiff.UPDATE_REPLACE)
        return Diff(
            changes=Diff.DIFF_SOME if result.changes else Diff.DIFF_NONE,
            replaces=replaces,
            diffs=replaces,
            detailedDiff=dict.fromkeys(replaces, update),
            hasDetailedDiff=bool(replaces),
        )

    @answers
    def Create(
        self, request: provider_pb2.CreateRequest, _context: Any
    ) -> provider_pb2.CreateResponse:
        inputs = from_struct(request.properties)
        if request.preview:
            later: dict[str, Any] = dict.fromkeys(STORED_OUTPUTS, UNKNOWN)
            return provider_pb2.CreateResponse(properties=to_struct(to_native(inputs | later)))
        result = self._provider.create(inputs)
        return provider_pb2.CreateResponse(
            id=result.id, properties=to_struct(to_native(result.outs or {}))
        )

    @answers
    def Read(self, request: provider_pb2.ReadRequest, _context: Any) -> provider_pb2.ReadResponse:
        _refuse_other_type(request.urn)
        state = from_native(from_struct(request.properties))
        # A refresh has a state, and a look-up (`Link.get`) has inputs, even if there are none.
        if is_link_state(state) or request.HasField("inputs"):
            result = self._provider.read(request.id, state)
        else:
            result = self._provider.take(request.id)
            self._note_import(request.urn, request.id)
        if not result.id:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=result.id,
            properties=to_struct(to_native(result.outs or {})),
            inputs=to_struct(result.inputs or {}),
        )

    @answers
    def Update(
        self, request: provider_pb2.UpdateRequest, _context: Any
    ) -> provider_pb2.UpdateResponse:
        olds, news = from_native(from_struct(request.olds)), from_struct(request.news)
        result = self._provider.update(request.id, olds, news)
        return provider_pb2.UpdateResponse(properties=to_struct(to_native(result.outs or {})))

    @answers
    def Delete(self, request: provider_pb2.DeleteRequest, _context: Any) -> Empty:
        if not self._provider.leaves_behind(request.urn, request.id):
            self._provider.delete(request.id, from_native(from_struct(request.properties)))
        return Empty()

    # -- look-ups

    @answers
    def Invoke(
        self, request: provider_pb2.InvokeRequest, _context: Any
    ) -> provider_pb2.InvokeResponse:
        found = call(self._provider, request.tok, from_struct(request.args))
        return provider_pb2.InvokeResponse(**{"return": to_struct(found)})

    @answers
    def List(
        self, request: provider_pb2.ListRequest, _context: Any
    ) -> Iterator[provider_pb2.ListResponse]:
        links = [link for link in self._provider.look_up_all(None, None) if not link.deleted]
        results = [
            provider_pb2.ListResponse.Result(id=link.id, name=link.title)
            for link in links[: request.limit if request.limit > 0 else None]
        ]
        return iter([provider_pb2.ListResponse(result=result) for result in results])

    # -- imports

    def _note_import(self, urn: str, link_id: str) -> None:
        with self._lock:
            if self._importers.setdefault(link_id, urn) != urn:
                raise LinkConflictError(
                    f"Two resources would be link {link_id}: only one can be it. Import it once."
                    " The link stays; nothing was changed at Omise."
                )
            self._imported[urn] = link_id
        self._provider.note_import(urn, link_id)

    def _declared(self, urn: str, properties: struct_pb2.Struct) -> dict[str, Any]:
        """Return what the program declares.

        The engine imports a link first, and compares it with the program then. To replace what was
        imported is never meant, so the link counts as one to adopt.
        """
        declared = from_struct(properties)
        if ADOPT in declared:
            raise ArgumentError(
                "adopt is an input of Python's Link only. Here `pulumi import"
                f" {NATIVE_TYPE_TOKEN} NAME ID` takes an existing link into the stack."
            )
        with self._lock:
            imported = self._imported.get(urn)
        return declared if imported is None else {**declared, ADOPT: imported}


def _failed(request: provider_pb2.CheckRequest, problems: list[str]) -> provider_pb2.CheckResponse:
    # No failure names a property: the engine would print its value, even that of a secret.
    failures = [provider_pb2.CheckFailure(reason=problem) for problem in problems]
    return provider_pb2.CheckResponse(inputs=request.news, failures=failures)


def _refuse_other_type(urn: str) -> None:
    # urn:pulumi:stack::project::parent$type::name
    token = urn.split("::")[2].rpartition("$")[2]
    if token != NATIVE_TYPE_TOKEN:
        raise ArgumentError(
            f"This plugin knows {NATIVE_TYPE_TOKEN} alone, and no {token}. Correct the type."
        )
