"""An emulator that can hold back its answers to creates."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from killed_up import HeldAnswers
from pulumi_project import kill

from pulumi_omise_links.emulator import Emulator


@pytest.fixture
def answers() -> Iterator[HeldAnswers]:
    answers = HeldAnswers()
    yield answers
    kill(answers.left_behind)


@pytest.fixture
def omise(answers: HeldAnswers) -> Iterator[Emulator]:
    with Emulator(on_request=answers) as emulator:
        yield emulator
        answers.release()
