"""The commands of a Markdown file, and what it says that they print.

- A block ``console`` has commands (``$ command``) and below each those lines of its output that
  matter, in their order; those of a command that makes Pulumi work on several resources at once
  in any order, as the next run prints them in another. ``…`` stands for any text.
- A block after ``<!-- file: NAME -->`` is the content of that file; the paragraph above names it,
  as nobody sees the comment.
- A block after ``<!-- not run: REASON -->`` is left out.
- A command that fails is followed by ``$ echo $?``, which shows its exit code.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt

_COMMENT = re.compile(r"<!-- (file|not run): ?(.*?) ?-->\s*")
_HERE_DOCUMENT = re.compile(r"<<-?\s*(['\"]?)(\w+)\1")
_COMMAND = re.compile(r"^\$ ", re.MULTILINE)
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_DONE = "===== done"
_LAST_CODE = "echo $?"
_WORKS_IN_PARALLEL = re.compile(r"\bpulumi (?:up|preview|refresh|destroy|import)\b")
# Nobody can be asked in a test.
_ASKS = re.compile(
    r"\b(pulumi (?:up|refresh|destroy|import|cancel|stack rm|state (?:unprotect|delete))"
    r"|omise-links (?:import|recover|teardown))\b(?!.* (?:--yes|-y|--help)\b)"
)


@dataclass
class Step:
    """One command of a file, or one file that is to be written."""

    line: int
    """Where it stands in the Markdown file, counted from 1."""
    command: str
    shown: list[str] = field(default_factory=list)
    """What the Markdown file shows of its output."""


def steps_of(text: str) -> list[Step]:
    """Return the steps of a Markdown file in their order.

    Commands that would not be run, and exit codes that nobody would compare, are an AssertionError.
    """
    found: list[Step] = []
    paragraph = ""
    comment: tuple[str, str] = ("", "")
    for token in MarkdownIt().parse(text):
        if token.type == "html_block":
            match = _COMMENT.fullmatch(token.content)
            comment = (match[1], match[2]) if match else ("", "")
            continue
        if token.type in {"fence", "code_block"}:
            first = (token.map or [0])[0] + 2
            kind, value = comment
            if kind == "not run":
                assert value, f"line {first - 1}: no reason why this block is not run"
            elif kind == "file":
                assert f"`{value}`" in paragraph, (
                    f"line {first - 1}: no reader sees the name {value}"
                )
                found.append(Step(first, _write_file(value, token.content)))
            elif token.info == "console":
                found += _read_console(token.content.splitlines(), first)
            else:
                assert not _COMMAND.search(token.content), (
                    f"line {first}: a command that nobody runs; begin the block with ```console"
                )
        paragraph = token.content if token.type == "inline" else paragraph
        if token.type not in {"inline", "paragraph_open", "paragraph_close"}:
            paragraph = ""
        comment = ("", "")
    for step in found:
        if step.command.startswith(_LAST_CODE):
            assert step.command == _LAST_CODE, f"line {step.line}: {_LAST_CODE} stands alone"
            assert len(step.shown) == 1, f"line {step.line}: one line shows the exit code"
            assert step.shown[0].isdecimal(), f"line {step.line}: one line shows the exit code"
    return found


def _write_file(name: str, content: str) -> str:
    path = Path(name)
    folder = f"mkdir -p {shlex.quote(str(path.parent))} && " if path.parent != Path() else ""
    return f"{folder}cat > {shlex.quote(name)} <<'END OF THE FILE'\n{content}END OF THE FILE"


def _read_console(lines: Sequence[str], first: int) -> Iterator[Step]:
    step: Step | None = None
    end = ""
    for number, line in enumerate(lines, first):
        if step and (end or step.command.endswith("\\")):
            step.command += f"\n{line}"
            end = "" if line == end else end
        elif line.startswith("$ "):
            if step:
                yield step
            step = Step(number, line[2:])
        else:
            assert step, f"line {number}: a console block begins with a command"
            step.shown.append(line)
            continue
        if not end and (here := _HERE_DOCUMENT.search(line)) and here[2] != line:
            end = here[2]
    if step:
        yield step


def run_steps(steps: Sequence[Step], folder: Path, env: Mapping[str, str]) -> str:
    """Run the steps in one shell; return all that they print.

    A step that fails, or that does not print what is shown below it, is an AssertionError.
    """
    printed = _run(_script(steps), folder, env)
    parts = re.split(rf"^{_DONE} (\d+)\n", printed, flags=re.MULTILINE)
    outputs, codes = parts[::2], [int(code) for code in parts[1::2]]
    for number, step in enumerate(steps):
        place = f"line {step.line}: $ {step.command}"
        assert number < len(codes), f"{place}\nended the shell:\n{printed}"
        expected = _is_about_code(steps, number)
        assert codes[number] == 0 or expected, f"{place}\nended with {codes[number]}:\n{printed}"
        missing = _first_missing(
            step.shown,
            outputs[number],
            in_order=not _WORKS_IN_PARALLEL.search(step.command),
        )
        assert missing is None, f"{place}\ndid not print: {missing}\nbut:\n{outputs[number]}"
    return "".join(outputs)


def _first_missing(shown: Sequence[str], printed: str, *, in_order: bool) -> str | None:
    """Return the first line that is not printed (``in_order``: after those before it), or None.

    How wide the space between two words is does not count: columns are as wide as their ids.
    """
    rest = [" ".join(_ANSI.sub("", line).split()) for line in printed.splitlines()]
    for line in shown:
        parts = re.split(" *… *", " ".join(line.split()))
        words = ".*".join(map(re.escape, parts))
        if words in {"", ".*"}:
            continue
        found = next((n for n, given in enumerate(rest) if re.fullmatch(words, given)), None)
        if found is None:
            return line
        rest = rest[found + 1 :] if in_order else rest[:found] + rest[found + 1 :]
    return None


def _is_about_code(steps: Sequence[Step], number: int) -> bool:
    """Whether the next step shows the exit code of this one."""
    return number + 1 < len(steps) and steps[number + 1].command == _LAST_CODE


def _script(steps: Sequence[Step]) -> str:
    lines = []
    for number, step in enumerate(steps):
        first, *rest = step.command.split("\n")
        lines += [
            _ASKS.sub(r"\1 --yes", first),
            *rest,
            f"code_of_step=$?; printf '\\n{_DONE} %d\\n' $code_of_step",
        ]
        if _is_about_code(steps, number):
            lines.append("(exit $code_of_step)")
        else:
            lines.append("[ $code_of_step = 0 ] || exit")
    return "\n".join(lines)


def _run(script: str, folder: Path, env: Mapping[str, str]) -> str:
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1200,  # the first program in Go on a machine takes minutes to compile
        check=False,
    )
    return done.stdout
