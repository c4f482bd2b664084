"""Wheel and sdist of this checkout, and what installs them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import distributions
import pytest
from distributions import Distributions
from packages.installed import RunningEmulator, running_emulator

# The folder of a wheel and an sdist that are to be tested as they are.
BUILT = os.environ.get("OMISE_LINKS_DIST")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Distributions:
    """Wheel and sdist, built once for all processes of a test run."""
    if BUILT:
        return distributions.find(Path(BUILT))
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "dist"
    with Path(f"{folder}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return distributions.find(folder) if folder.exists() else distributions.build(folder)


@pytest.fixture(scope="module")
def emulator(
    built: Distributions, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningEmulator]:
    """The emulator of the wheel, as its command runs it."""
    with running_emulator(built, tmp_path_factory.mktemp("emulator")) as running:
        yield running
