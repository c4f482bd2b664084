"""Which commands were run, and which commands a recipe has.

A recipe's commands are those of `omise-links` and `pulumi` in its `run:` and `script:` lines, and
in the shell blocks of a guide. They are compared word by word with what was really started.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMES = ("omise-links", "pulumi")
# One line for each start, its words parted by a character that no word has. What `omise-links`
# itself starts is no command of a recipe.
_WRAPPER = """\
#!/bin/sh
if [ -z "$RECIPE_INSIDE" ]; then
  line=$(printf '%s\\037' {name} "$@")
  printf '%s\\n' "$line" >> {record}
fi
export RECIPE_INSIDE={inside}
exec {command} "$@"
"""
# Nobody can be asked in a test, and no test waits as long as a pipeline can.
_OF_A_TEST = re.compile(r" --(?:yes|settle \d+)(?= |$)")
# Words after which a command begins, and characters that end one.
_BEFORE = {"then", "do", "else", "exec", "if", "!", "&&", "||", "|", ";", "(", "{"}
_PUNCTUATION = set("();<>|&")


@dataclass(frozen=True)
class Recorder:
    """Commands that write down with which words they were started."""

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def record(self) -> Path:
        return self.folder / "record"

    def wrap(self, command: Path) -> Path:
        """Return a folder for PATH with a command of that name that is recorded."""
        folder = self.folder / f"{command.name}-bin"
        folder.mkdir(exist_ok=True)
        wrapper = folder / command.name
        inside = "1" if command.name == "omise-links" else '"$RECIPE_INSIDE"'
        record, real = shlex.quote(str(self.record)), shlex.quote(str(command))
        wrapper.write_text(
            _WRAPPER.format(name=command.name, record=record, command=real, inside=inside)
        )
        wrapper.chmod(0o755)
        return folder

    def commands(self) -> list[list[str]]:
        """What was run until now."""
        if not self.record.exists():
            return []
        lines = self.record.read_text().splitlines()
        return [line.rstrip("\037").split("\037") for line in lines]

    def not_run(self, wanted: Iterable[str]) -> list[str]:
        """Those of the commands that were never started."""
        done = [_OF_A_TEST.sub("", " ".join(words)) for words in self.commands()]
        return [
            command
            for command in wanted
            if not any(re.fullmatch(pattern(command), line) for line in done)
        ]


def pattern(command: str) -> str:
    """A command of a shell as a pattern of what is started: a variable, or `…`, is some word."""
    words = _OF_A_TEST.sub("", " ".join(shlex.split(command)))
    parts = re.split(r"\$\{?\w+\}?|…", words)
    return r"\S+".join(map(re.escape, parts))


def commands_in(script: str) -> Iterator[str]:
    """The commands of `omise-links` and `pulumi` in a shell script."""
    for line in re.sub(r"\\\n", " ", script).splitlines():
        lexer = shlex.shlex(line, posix=False, punctuation_chars=True)
        lexer.whitespace_split = True
        words = [*lexer]
        for at, word in enumerate(words):
            if word in NAMES and (at == 0 or words[at - 1] in _BEFORE or "=" in words[at - 1]):
                taken = []
                for following in words[at:]:
                    if set(following) <= _PUNCTUATION:
                        break
                    taken.append(following)
                yield " ".join(taken)


def scripts_in(document: object) -> Iterator[str]:
    """All scripts of a pipeline's file: `run` of GitHub, `script` and its kin of GitLab."""
    if isinstance(document, Mapping):
        for key, value in document.items():
            if key in ("run", "script", "before_script", "after_script"):
                if isinstance(value, str):
                    yield value
                elif isinstance(value, list):
                    yield from (line for line in value if isinstance(line, str))
            yield from scripts_in(value)
    elif isinstance(document, list):
        for value in document:
            yield from scripts_in(value)


def commands_of_guide(heading: str) -> list[str]:
    """The commands in shell blocks below a heading of the guide; in console blocks, after `$`."""
    guide = (ROOT / "docs/gitops.md").read_text()
    level = heading.partition(" ")[0]
    section = re.split(rf"^#{{1,{len(level)}}} ", guide.split(f"\n{heading}\n", 1)[1], flags=re.M)[
        0
    ]
    found = []
    for kind, block in re.findall(r"^ *```(sh|console)\n(.*?)^ *```$", section, re.M | re.S):
        lines = [line.strip() for line in block.splitlines()]
        if kind == "console":
            lines = [line[2:] for line in lines if line.startswith("$ ")]
        found += [*commands_in("\n".join(lines))]
    return found
