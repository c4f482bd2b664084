"""A plugin outlives a killed engine: it must notice, as nobody would hear of what it writes."""

from __future__ import annotations

import socket
import sys

import pytest

from pulumi_omise_links.link_provider import _engine_is_there


def test_a_plugin_notices_that_its_engine_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine gives its address as the last argument; without one, nothing is concluded."""
    with socket.create_server(("127.0.0.1", 0)) as engine:
        host, port = engine.getsockname()
        monkeypatch.setattr(sys, "argv", ["pulumi.dynamic", f"{host}:{port}"])
        assert _engine_is_there()
    assert not _engine_is_there()
    monkeypatch.setattr(sys, "argv", ["pulumi.dynamic"])
    assert _engine_is_there()
