"""Fixtures for the tests of the native plugin: plugins, and the Omise they talk to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from native.native_plugin import NativePlugin, StartNative
from protocol.engine_side import PluginStarter

from pulumi_omise_links.emulator import Emulator

MODULE = "pulumi_omise_links.native.server"


@pytest.fixture
def start(plugin_starter: PluginStarter, omise: Emulator) -> Iterator[StartNative]:
    """Start plugins that talk to the emulator unless told otherwise; they are not configured."""
    started: list[NativePlugin] = []

    def make(**environ: str) -> NativePlugin:
        usual = {"OMISE_API_URL": omise.url, "OMISE_SECRET_KEY": omise.key("th")}
        started.append(NativePlugin(*plugin_starter.start_module(MODULE, {**usual, **environ})))
        return started[-1]

    yield make
    for plugin in started:
        plugin.close()


@pytest.fixture
def plugin(start: StartNative) -> NativePlugin:
    """A plugin that is configured with nothing but its environment."""
    started = start()
    started.configure({})
    return started
