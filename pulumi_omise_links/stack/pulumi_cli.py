"""Runs the ``pulumi`` command."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .failures import explain_failure


@dataclass(frozen=True, kw_only=True)
class PulumiRun:
    """The result of one run; ``update_plan`` is the one that it saved, if it was asked to."""

    exit_code: int
    stdout: bytes
    stderr: bytes
    update_plan: bytes = b""


def run_pulumi(
    args: Sequence[str],
    folder: Path,
    *,
    environ: Mapping[str, str],
    stdin: bytes = b"",
    save_update_plan: bool = False,
    may_fail: Callable[[bytes], bool] = lambda _stdout: False,
) -> PulumiRun:
    """Run ``pulumi`` in a folder, without a shell and without questions.

    :param environ: its whole environment.
    :param save_update_plan: whether to catch the update plan that it makes, through a pipe.
    :param may_fail: whether what a failed run has printed is what was wanted all the same.
    :raises ProjectError: it failed; ``StackNotFoundError`` and ``StackLockedError`` if that is why.
    """
    caught: list[bytes] = []
    command = ["pulumi", *args, "--non-interactive", "--color=never"]
    ends: tuple[int, ...] = ()
    if save_update_plan:
        ends = os.pipe()
        command += ["--save-plan", f"/dev/fd/{ends[1]}"]
    child = subprocess.Popen(  # noqa: S603  (a list, never a shell)
        command,
        cwd=folder,
        env=dict(environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=ends[1:],
    )
    catcher = None
    if save_update_plan:
        os.close(ends[1])
        catcher = threading.Thread(target=_read_all, args=(ends[0], caught), daemon=True)
        catcher.start()
    try:
        stdout, stderr = child.communicate(stdin)
    except KeyboardInterrupt:
        # Ctrl-C has reached pulumi too, which finishes what it has begun; it must not be cut off.
        with suppress(KeyboardInterrupt):
            child.communicate()
        raise
    if catcher:
        # A plugin that outlives pulumi may have inherited the pipe; the plan is complete by then.
        catcher.join(10)
    run = PulumiRun(
        exit_code=child.returncode, stdout=stdout, stderr=stderr, update_plan=b"".join(caught)
    )
    if run.exit_code and not may_fail(stdout):
        raise explain_failure(
            args, exit_code=run.exit_code, stdout=stdout, stderr=stderr, folder=folder
        )
    return run


def _read_all(end: int, caught: list[bytes]) -> None:
    with open(end, "rb", buffering=0) as pipe:
        while chunk := pipe.read(1 << 20):
            caught.append(chunk)
