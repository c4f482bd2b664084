"""Running the ``pulumi`` command, and saying what it complains about in its own words."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import ProjectError, StackLockedError, StackNotFoundError
from ..output.terminal import show
from ..state_format import TYPE_TOKEN


@dataclass(frozen=True)
class Done:
    """What a run of ``pulumi`` answered; ``plan`` is the update plan it saved, if asked for."""

    code: int
    out: bytes
    err: bytes
    plan: bytes


def run(
    args: Sequence[str],
    folder: Path,
    *,
    given: bytes = b"",
    plan: bool = False,
    environ: Mapping[str, str] | None = None,
) -> Done:
    """Run ``pulumi`` in a folder, without a shell and without questions.

    :param given: what it reads as standard input.
    :param plan: whether to catch the update plan it makes, through a pipe.
    :raises ProjectError: it failed; ``StackNotFoundError`` and ``StackLockedError`` if that is why.
    """
    env = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true", **(environ or {})}
    env.pop("PULUMI_ENABLE_STREAMING_JSON_PREVIEW", None)
    caught: list[bytes] = []
    command = ["pulumi", *args, "--non-interactive", "--color=never"]
    ends: tuple[int, ...] = ()
    if plan:
        ends = os.pipe()
        command += ["--save-plan", f"/dev/fd/{ends[1]}"]
    child = subprocess.Popen(  # noqa: S603  (a list, never a shell)
        command,
        cwd=folder,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=ends[1:],
    )
    catcher = (
        threading.Thread(target=_read_all, args=(ends[0], caught), daemon=True) if plan else None
    )
    if catcher:
        os.close(ends[1])
        catcher.start()
    try:
        out, err = child.communicate(given)
    except KeyboardInterrupt:
        # Ctrl-C has reached pulumi too, which finishes what it has begun; it must not be cut off.
        with suppress(KeyboardInterrupt):
            child.communicate()
        raise
    if catcher:
        # A plugin that outlives pulumi may have inherited the pipe; the plan is complete by then.
        catcher.join(10)
    done = Done(child.returncode, out, err, b"".join(caught))
    if done.code:
        raise _failure(done, folder)
    return done


def _read_all(end: int, caught: list[bytes]) -> None:
    with open(end, "rb", buffering=0) as pipe:
        while chunk := pipe.read(1 << 20):
            caught.append(chunk)


_LOCKED = re.compile(r"currently locked by|another update is (currently )?in progress", re.I)
_NO_STACK = re.compile(r"no stack (named|selected)", re.I)
_NO_PROJECT = re.compile(
    r"no Pulumi\.yaml project file found|using the --stack flag, pass the fully qualified name",
    re.I,
)
# On a file backend, a kill can leave the small file of headers beside a state empty; it is read
# before the state is, and by `stack ls` for all stacks (without the words about the checkpoint).
_EMPTY_SIDE_FILE = re.compile(r"failed to load checkpoint: EOF$|^\s*EOF$", re.M)
_FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+)', re.M)
# What the engine adds to an error that it has told already.
_EMPTY_WORDS = re.compile(r"program exited with non-zero exit code|^\s*(preview|update) failed$")
_MOST_LINES = 40


def _failure(done: Done, folder: Path) -> ProjectError | StackNotFoundError:
    said = _complaints(done, folder)
    text = "\n".join(said)
    where = show(str(folder.resolve()), longest=500)
    if _LOCKED.search(text):
        return StackLockedError(text)
    if done.code == StackNotFoundError.exit_code or _NO_STACK.search(text):
        return StackNotFoundError(text)
    if _NO_PROJECT.search(text):
        return ProjectError(f"There is no Pulumi project in {where}: name its folder with --cwd.")
    told = f"Pulumi failed, and says:\n{text}"
    if _EMPTY_SIDE_FILE.search(text):
        told += (
            "\nIf the backend is a folder, a killed run has left an empty file beside a"
            " state that is whole: delete the empty `.pulumi/stacks/<project>/<stack>.json.attrs`"
            " there, and try again."
        )
    return ProjectError(told)


def _complaints(done: Done, folder: Path) -> list[str]:
    """Return the engine's own error lines, without tracebacks and repetitions."""
    messages: list[str] = []
    with suppress(ValueError, AttributeError):
        messages = [
            _of_link(each) + each["message"]
            for each in json.loads(done.out).get("diagnostics") or ()
            if each.get("severity") == "error"
        ]
    if not messages:
        text = done.err.decode("utf-8", "replace").strip()
        messages = [text or done.out.decode("utf-8", "replace").strip()]
    lines = [line for each in messages for line in _without_traceback(each, folder)]
    telling = [line for line in dict.fromkeys(lines) if not _EMPTY_WORDS.search(line)]
    unique = [show(line, longest=1000) for line in telling or lines]
    return unique[:_MOST_LINES] or [f"nothing (exit code {done.code})"]


def _of_link(diagnostic: Mapping[str, str]) -> str:
    """Name the link that a message is about."""
    urn = diagnostic.get("urn") or ""
    return f"{urn.split('::', 3)[-1]}: " if f"{TYPE_TOKEN}::" in urn else ""


def _without_traceback(message: str, folder: Path) -> list[str]:
    """Return a message as lines; of a traceback, its last line and where in the program it was."""
    lines = [re.sub(r"^\s*error: ", "  ", line).rstrip() for line in message.splitlines()]
    lines = [line if line.startswith(" ") else f"  {line}" for line in lines if line.strip()]
    frames = list(_FRAME.finditer(message))
    if not frames or not lines:
        return lines
    ours = [
        f"{Path(each['file']).name}:{each['line']}"
        for each in frames
        if Path(each["file"]).resolve().is_relative_to(folder.resolve())
        and "site-packages" not in each["file"]
    ]
    return [lines[-1] + (f" ({ours[-1]})" if ours else "")]
