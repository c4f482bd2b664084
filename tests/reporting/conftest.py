"""A folder to work in, and an Omise whose clock stands still."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from previews import PreviewFile

from pulumi_omise_links.emulator import Emulator

NOON = 1_793_620_800.0  # 2026-11-02 12:00 UTC
SNAPSHOTS = Path(__file__).parent / "snapshots"


@pytest.fixture
def omise() -> Iterator[Emulator]:
    with Emulator(clock=lambda: NOON) as emulator:
        yield emulator


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith(("GITHUB_", "CI_")):
            monkeypatch.delenv(name)


@pytest.fixture
def keyed(omise: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of the emulator's Thai account is in the environment."""
    monkeypatch.setenv("OMISE_API_URL", omise.url)
    monkeypatch.setenv("OMISE_SECRET_KEY", omise.key("th"))


@pytest.fixture
def preview(omise: Emulator) -> PreviewFile:
    return PreviewFile(omise)


@pytest.fixture
def matches(preview: PreviewFile) -> Callable[[str, str], None]:
    """Compare a text with a file, but for ids, addresses and the time at which it was made.

    UPDATE_SNAPSHOTS=1 writes the files anew.
    """

    def compare(name: str, text: str) -> None:
        text = preview.name_ids(text)
        text = re.sub(r"Made on [^()]* \(", "Made on <now> (", text)
        text = re.sub(r'"made_at": "[^"]+"', '"made_at": "<now>"', text)
        file = SNAPSHOTS / name
        if os.environ.get("UPDATE_SNAPSHOTS"):
            file.write_text(text, encoding="utf-8")
        assert text == file.read_text(encoding="utf-8")

    return compare
