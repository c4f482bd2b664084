"""Fixtures for programs in other languages: an emulator that holds answers back, and projects."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from harness import Project
from languages import projects
from languages.gate import Gate

from pulumi_omise_links.emulator import Emulator


@pytest.fixture
def omise(_stopping: Callable[[Emulator], None]) -> Iterator[Emulator]:
    """An emulator that holds back the answers to creates until ten requests are in flight."""
    gate = Gate()
    emulator = Emulator(on_request=gate).start()
    gate.watch(emulator)
    yield emulator
    _stopping(emulator)


@pytest.fixture
def program(project: Project) -> Callable[[str], Project]:
    """Make the project that of the program in a language."""

    def make(language: str) -> Project:
        projects.fill(project, language)
        return project

    return make
