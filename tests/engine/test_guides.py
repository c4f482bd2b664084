"""The guides do what they say, command by command."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from console_blocks import run_steps, steps_of
from engine import environment
from harness import KEY

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
GUIDES = sorted((ROOT / "docs/guides").glob("*.md"))
# What a guide has to say itself, as its reader would.
_SAID = ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE")


@pytest.fixture
def place(tmp_path: Path, engine: Path, omise: Emulator) -> tuple[Path, Mapping[str, str]]:
    """An empty folder beside which others can be made, and the terminal of a reader in it."""
    folder = tmp_path / "clone"
    folder.mkdir()
    env = environment(engine, tmp_path / "pulumi")
    return folder, {
        **{name: value for name, value in env.items() if name not in _SAID},
        "NO_COLOR": "1",
        "OMISE_API_URL": omise.url,
        "OMISE_SECRET_KEY": omise.key("th"),
    }


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_a_guide_is_followed(guide: Path, place: tuple[Path, Mapping[str, str]]) -> None:
    """Each command works in the order of the page and prints what the page shows, never a key. What
    cannot be run here says why."""
    steps = steps_of(guide.read_text(encoding="utf-8"))

    printed = run_steps(steps, *place)

    assert not KEY.search(printed)
