"""Who holds the lock of a stack, as far as this machine can tell."""

from __future__ import annotations

import os
import platform
import re
import sys

from ..errors import StackLockedError

# Backends that are a folder or a bucket say so (pkg/backend/diy/lock.go of pulumi/pulumi 3.259).
_HOLDER = re.compile(r"created by \S+@(?P<host>\S+) \(pid (?P<process>\d+)\)")


def lock_advice(locked: StackLockedError) -> str:
    """Return what to do about a lock, in a sentence."""
    if process := running_holder(locked):
        return f"Process {process} of this machine holds the lock and still runs: wait for its end."
    if _holders_here(locked):
        return "The process that took the lock has ended: run this again with --unlock."
    return (
        "Whether the run that took the lock has ended cannot be seen from here. If it has, run this"
        " again with --unlock."
    )


def running_holder(locked: StackLockedError) -> int | None:
    """Return a process of this machine that holds the lock and still runs; None if none is seen."""
    return next(filter(_is_running, _holders_here(locked)), None)


def _holders_here(locked: StackLockedError) -> list[int]:
    here = platform.node()
    return [
        int(holder["process"]) for holder in _HOLDER.finditer(str(locked)) if holder["host"] == here
    ]


def _is_running(process: int) -> bool:
    if sys.platform == "win32":
        return True  # it cannot be asked without a signal
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # it is another user's
    return True
