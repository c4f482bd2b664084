"""A `pulumi` that prints what a test says, first on the PATH."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

# A shell starts ten times faster than Python, and doctor runs this eight times. It needs
# nothing but its own words, so that a PATH without other programs will do.
_SCRIPT = """\
#!/bin/sh
file=null
[ -n "${{PULUMI_OPTION_CONFIG_FILE+set}}" ] && file="\\"$PULUMI_OPTION_CONFIG_FILE\\""
printf '["%s", %s]\\n' "$*" "$file" >> {log}
. {answers}
"""


class FakePulumi:
    """``log`` has a line for each command: its words, and the config file."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.log = folder / "log"
        self.script = folder / "bin/pulumi"
        self._answers = folder / "answers.sh"
        self.script.parent.mkdir()
        self.script.write_text(
            _SCRIPT.format(answers=shlex.quote(str(self._answers)), log=shlex.quote(str(self.log)))
        )
        self.script.chmod(0o755)
        path = f"{self.script.parent}{os.pathsep}{os.environ['PATH']}"
        monkeypatch.setenv("PATH", path)

    def answer(self, answers: Mapping[str, Any]) -> None:
        """Print these from now on, besides the version, the name of the stack and its config.

        Each is found by the words of the command; the longest that fits is printed. A text that
        begins with "error:" is printed as an error.
        """
        usual = {
            "version": "v3.259.0",
            "stack --show-name": "organization/shop/dev",
            "config --json": {},
        }
        known = {**usual, **answers}
        cases = [_case(words, known[words]) for words in sorted(known, key=len, reverse=True)]
        unknown = '*) echo "the test has no answer to: $*" >&2; exit 70 ;;'
        self._answers.write_text("\n".join(['case "$*" in', *cases, unknown, "esac", ""]))

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


def _case(words: str, answer: object) -> str:
    text = answer if isinstance(answer, str) else json.dumps(answer, indent=4)
    ending = " >&2; exit 1" if text.startswith("error:") else ""
    return f"{shlex.quote(words)}*) printf '%s\\n' {shlex.quote(text)}{ending} ;;"
