"""Fixtures of the recipes: a machine of a pipeline, a forge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from recipes.forge import Forge, running_forge
from recipes.runner import Machine, machine


@pytest.fixture(scope="session")
def runner(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Machine:
    """The Python of the jobs; all processes of a test run share it."""
    base = tmp_path_factory.getbasetemp()
    return machine(base if worker_id == "master" else base.parent)


@pytest.fixture(scope="module")
def forge() -> Iterator[Forge]:
    with running_forge() as made:
        yield made


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a module's own."""
    return tmp_path_factory.mktemp("recipes")
