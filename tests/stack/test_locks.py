"""Who holds the lock of a stack, as far as this machine can tell."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from pulumi_omise_links.errors import StackLockedError
from pulumi_omise_links.stack.locks import lock_advice, running_holder

HERE = platform.node()


def locked(*holders: tuple[str, int]) -> StackLockedError:
    """The error, with what Pulumi says of each lock."""
    lines = [
        f"  s3://bucket/.pulumi/locks/x.json: created by ci@{host} (pid {process}) at 2026-11-27"
        for host, process in holders
    ]
    return StackLockedError("\n".join(["the stack is currently locked", *lines]))


@pytest.fixture
def ended() -> int:
    """The id of a process that has ended."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_a_process_that_runs_here_keeps_its_lock(ended: int) -> None:
    """Also where a dead run has left another lock."""
    error = locked((HERE, ended), (HERE, os.getpid()))

    assert running_holder(error) == os.getpid()
    assert "wait for its end" in lock_advice(error)


def test_a_process_that_has_ended_holds_nothing(ended: int) -> None:
    """The advice is to take its lock away."""
    error = locked((HERE, ended))

    assert running_holder(error) is None
    assert lock_advice(error).startswith("The process that took the lock has ended")


@pytest.mark.parametrize("error", [locked(("other-machine", 1)), locked()])
def test_what_runs_elsewhere_cannot_be_seen(error: StackLockedError) -> None:
    """Another machine, or a backend that does not say who holds the lock: a person decides."""
    assert running_holder(error) is None
    assert "cannot be seen from here" in lock_advice(error)
