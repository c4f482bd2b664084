"""Fixtures for the tests of the plugin's protocol: plugins, and the Omise they talk to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from protocol.engine_side import Plugin, PluginStarter, Start, start_as_the_engine_does

from pulumi_omise_links.emulator import Emulator


@pytest.fixture
def start(plugin_starter: PluginStarter, omise: Emulator) -> Iterator[Start]:
    """Start plugins that talk to the emulator unless told otherwise."""
    started: list[Plugin] = []

    def make(**environ: str) -> Plugin:
        usual = {"OMISE_API_URL": omise.url, "OMISE_SECRET_KEY": omise.key("th")}
        started.append(plugin_starter.start(**{**usual, **environ}))
        return started[-1]

    yield make
    for plugin in started:
        plugin.close()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Plugin, Emulator]]:
    """One plugin and one Omise for the tests that leave nothing behind in them."""
    with Emulator() as omise:
        plugin = start_as_the_engine_does(
            tmp_path_factory.mktemp("program"),
            OMISE_API_URL=omise.url,
            OMISE_SECRET_KEY=omise.key("th"),
        )
        yield plugin, omise
        plugin.close()


@pytest.fixture
def plugin(shared: tuple[Plugin, Emulator]) -> Plugin:
    shared[1].reset()
    return shared[0]


@pytest.fixture
def there(shared: tuple[Plugin, Emulator]) -> Emulator:
    return shared[1]
