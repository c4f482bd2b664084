"""The recipes pass the tools that check such files."""

from __future__ import annotations

import pytest
import recipe_tools

pytestmark = pytest.mark.recipes


def test_tools_are_there() -> None:
    assert (recipe_tools.linters() / "zizmor").exists()
