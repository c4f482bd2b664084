"""What stands in for pip in engine tests."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

QUICK = Path(__file__).parents[1] / "quick_pip"


def listed(**env: str) -> set[tuple[str, ...]]:
    """What `pip list` says, as the language host asks it."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "list", "-v", "--format", "json"],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.JSONDecoder().raw_decode(done.stdout)[0]
    return {
        (one["name"].lower().replace("_", "-").replace(".", "-"), one["version"], one["location"])
        for one in found
    }


def test_it_lists_what_pip_lists() -> None:
    """Pulumi's language host finds the same packages at the same places."""
    assert listed(PYTHONPATH=str(QUICK)) == listed()
