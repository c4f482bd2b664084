"""A `pulumi` that prints what a test says, first on the PATH."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

# Answers by the words of the command; the longest that fits is printed. A text that begins with
# "error:" is printed as an error.
_SCRIPT = """\
#!{python}
import json, os, sys
answers = json.load(open({answers!r}))
words = " ".join(sys.argv[1:])
answer = answers[max((key for key in answers if words.startswith(key)), key=len)]
with open({log!r}, "a") as log:
    log.write(json.dumps([words, os.environ.get("PULUMI_OPTION_CONFIG_FILE")]) + "\\n")
if isinstance(answer, str) and answer.startswith("error:"):
    print(answer, file=sys.stderr)
    sys.exit(1)
print(answer if isinstance(answer, str) else json.dumps(answer, indent=4))
"""


class FakePulumi:
    """``log`` has a line for each command: its words, and the config file."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.log = folder / "log"
        self.script = folder / "bin/pulumi"
        self._answers = folder / "answers.json"
        self.script.parent.mkdir()
        self.script.write_text(
            _SCRIPT.format(python=sys.executable, answers=str(self._answers), log=str(self.log))
        )
        self.script.chmod(0o755)
        path = f"{self.script.parent}{os.pathsep}{os.environ['PATH']}"
        monkeypatch.setenv("PATH", path)

    def answer(self, answers: Mapping[str, Any]) -> None:
        """Print these from now on, besides the version, the name of the stack and its config."""
        usual = {
            "version": "v3.259.0",
            "stack --show-name": "organization/shop/dev",
            "config --json": {},
        }
        self._answers.write_text(json.dumps({**usual, **answers}))

    def calls(self) -> list[str]:
        """The words of each command so far."""
        return [json.loads(line)[0] for line in self.log.read_text().splitlines()]


def listed(*names: str, selected: str | None = None, resources: int = 3) -> list[dict[str, Any]]:
    """What ``stack ls`` says of the stacks with these full names."""
    return [
        {"name": name, "current": name == selected, "resourceCount": resources} for name in names
    ]


def exported(resources: Iterable[Mapping[str, Any]], **more: Any) -> dict[str, Any]:
    """What ``stack export`` says of a stack with these resources."""
    return {"version": 3, "deployment": {"resources": [*resources], **more}}
