"""Fixtures for all tests: an emulator, a clean environment, a Pulumi project."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from client_setup import client_for
from fake_pulumi import FakePulumi
from harness import Project
from hypothesis import HealthCheck, settings
from sweep_setup import Account, Stacks
from vault import VAULT_KEY, run_vault

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.omise.client import OmiseClient

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from protocol.engine_side import PluginStarter

# How long an example takes depends on what else the machine does, so no example has a deadline.
settings.register_profile(
    "fast", max_examples=25, deadline=None, suppress_health_check=list(HealthCheck)
)
settings.register_profile("thorough", settings.get_profile("fast"), max_examples=200)
settings.load_profile("fast")

# Pulumi runs some thousand times in these tests. Together these save a third of its processor time:
# what pip lists, without pip; and no garbage collection in a process of a second.
_QUICK = {
    "PYTHONPATH": str(Path(__file__).parent / "quick_pip"),
    "GOGC": "off",
    "GOMEMLIMIT": "500MiB",
}
# Where the real engine, the browser and the tools for the recipes are.
_TOOLS = {"OMISE_LINKS_ENGINE_CACHE", "OMISE_LINKS_BROWSER", "OMISE_LINKS_TOOL_CACHE"}
# What commands go by: settings, what services that run pipelines say of the job, and the terminal.
# Tests run in such jobs, too, also in those of a change from a fork, where `doctor` refuses a live
# key.
_MATTERS = ("OMISE_", "PULUMI_", "GITHUB_", "GITLAB_", "CI", "COLUMNS", "LINES", "NO_COLOR")
_PROXIES = {"http_proxy", "https_proxy", "all_proxy"}


@pytest.fixture(scope="session", autouse=True)
def _heed_interrupts() -> None:
    """In the background of a shell, tests and what they start would have Ctrl-C switched off."""
    import engine as tool

    tool.heed_interrupts()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let each worker begin with tests that take seconds, and end with those that take little, so
    that all end at about the same time. Each is given one stretch of this order."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = [item for item in items if item.get_closest_marker("engine")]
    short = [item for item in items if not item.get_closest_marker("engine")]
    bounds = [len(short) * worker // workers for worker in range(workers + 1)]
    items[:] = [
        item
        for worker in range(workers)
        for item in (*long[worker::workers], *short[bounds[worker] : bounds[worker + 1]])
    ]


@pytest.fixture(autouse=True)
def _clean_environment(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in os.environ:
        if name.startswith(_MATTERS) and name not in _TOOLS:
            monkeypatch.delenv(name)
    # No proxy reaches the emulators of tests. Tests of proxies say themselves who goes without.
    if _PROXIES & {name.lower() for name in os.environ}:
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.setenv(name, "127.0.0.1,localhost")
    # Plugins keep their records of creates there.
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "pulumi-home"))
    if {"engine", "languages"} & {mark.name for mark in request.node.iter_markers()}:
        for name, value in _QUICK.items():
            monkeypatch.setenv(name, value)


@pytest.fixture
def real_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Pulumi's language host run pip itself, as it does for a user."""
    monkeypatch.delenv("PYTHONPATH")


@pytest.fixture(scope="session")
def _stopping() -> Iterator[Callable[[Emulator], None]]:
    """Stop the emulator of a test that has ended while the next test runs: it takes 20 ms."""
    with ThreadPoolExecutor(1) as thread:
        stops = []
        yield lambda emulator: stops.append(thread.submit(emulator.stop))
    for stop in stops:
        stop.result()


@pytest.fixture
def omise(_stopping: Callable[[Emulator], None]) -> Iterator[Emulator]:
    """An emulator of Omise of the test's own, which answers."""
    emulator = Emulator().start()
    yield emulator
    _stopping(emulator)


@pytest.fixture
def client(omise: Emulator) -> Iterator[OmiseClient]:
    with client_for(omise) as made:
        yield made


@pytest.fixture(scope="session")
def plugin_starter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PluginStarter]:
    """Start plugins as the engine does."""
    from protocol.engine_side import PluginStarter

    made = PluginStarter(tmp_path_factory.mktemp("plugin_starter"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def engine() -> Path:
    """The folder with the real `pulumi`."""
    import engine as tool

    found = tool.find()
    if found is None:
        pytest.fail(
            "No Pulumi engine. `make test` gets one; by hand: python tools/engine.py", pytrace=False
        )
    return Path(found)


@pytest.fixture(scope="session")
def yaml_host() -> Path:
    """The folder with what runs Pulumi YAML programs."""
    import language_hosts as tool

    found = tool.find("yaml")
    if found is None:
        pytest.fail(
            "No host of Pulumi YAML. `make test` gets one; by hand: python tools/language_hosts.py",
            pytrace=False,
        )
    return Path(found)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium without a window. It ends with the module: no asyncio loop can run beside it."""
    import browser as tool

    found = tool.find()
    if found is None:
        pytest.fail(
            "No Chromium. `make test` installs one; by hand: python tools/browser.py",
            pytrace=False,
        )
    with tool.launch(found) as started:
        yield started


@pytest.fixture(scope="session")
def vault() -> Iterator[Mapping[str, str]]:
    """A Vault that keeps the keys of stacks; the environment with which Pulumi finds it."""
    with run_vault() as env:
        yield env


@pytest.fixture
def new_project(
    tmp_path: Path, engine: Path, omise: Emulator, vault: Mapping[str, str]
) -> Callable[..., Project]:
    """Make a project that talks to the emulator with the Thai test key."""
    count = 0

    def make(secrets_provider: str = VAULT_KEY) -> Project:
        nonlocal count
        count += 1
        return Project(
            tmp_path / str(count),
            engine,
            {"OMISE_API_URL": omise.url, "OMISE_SECRET_KEY": omise.key("th"), **vault},
            secrets_provider=secrets_provider,
        )

    return make


@pytest.fixture
def project(new_project: Callable[..., Project]) -> Project:
    return new_project()


@pytest.fixture
def yaml_project(project: Project, yaml_host: Path) -> Project:
    """A project for programs in Pulumi YAML; the native plugin is beside this Python."""
    project.env["PATH"] += f"{os.pathsep}{yaml_host}"
    return project


@pytest.fixture
def fake_pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePulumi:
    """A `pulumi` on the PATH that prints what the test says."""
    return FakePulumi(tmp_path, monkeypatch)


@pytest.fixture
def account(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fake_pulumi: FakePulumi,
    capsys: pytest.CaptureFixture[str],
    _stopping: Callable[[Emulator], None],
) -> Iterator[Account]:
    """An account and a backend for `omise-links sweep`, with a clock that the test sets."""
    made = Account(Stacks(fake_pulumi), capsys)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMISE_API_URL", made.omise.start().url)
    monkeypatch.setenv("OMISE_SECRET_KEY", made.omise.key("th"))
    yield made
    _stopping(made.omise)
