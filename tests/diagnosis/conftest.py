"""The project that tests spoil."""

from __future__ import annotations

from pathlib import Path

import pytest
from diagnosis.place import Place
from fake_pulumi import FakePulumi

from pulumi_omise_links.emulator import Emulator


@pytest.fixture
def place(
    tmp_path: Path,
    omise: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Place:
    made = Place(
        folder=tmp_path,
        pulumi=FakePulumi(tmp_path, monkeypatch),
        omise=omise,
        monkeypatch=monkeypatch,
        capsys=capsys,
    )
    made.make()
    return made
