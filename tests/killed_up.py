"""A `pulumi up` that is killed while the answers to its creates are held back."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import psutil
import pulumi_project
from harness import Project
from pulumi_project import descendants, kill, running

from pulumi_omise_links.emulator import JournalEntry


class HeldAnswers:
    """Holds back answers to creates, whose links are made by then, until they are released."""

    def __init__(self) -> None:
        self._released = threading.Event()
        self._lock = threading.Lock()
        self._answered: Counter[str | None] | None = None
        self._held: Counter[str | None] = Counter()
        self.left_behind: list[psutil.Process] = []
        """What the killed runs have started; it may still be at work."""

    def hold_after(self, answered: Mapping[str | None, int]) -> None:
        """Answer so many more creates of these accounts, and no others."""
        self._answered = Counter(answered)

    def release(self) -> None:
        self._released.set()

    def holds(self, least: Mapping[str | None, int]) -> bool:
        """Whether at least so many answers are held back, by account."""
        with self._lock:
            return self._held >= Counter(least)

    def __call__(self, entry: JournalEntry) -> None:
        if entry.method != "POST" or self._answered is None:
            return
        with self._lock:
            if self._answered[entry.account] > 0:
                self._answered[entry.account] -= 1
                return
            self._held[entry.account] += 1
        self._released.wait()


def killed_up(
    project: Project,
    answers: HeldAnswers,
    *,
    pending: int,
    held: Mapping[str | None, int],
    victims: str = "pulumi",
    how: signal.Signals = signal.SIGKILL,
) -> str:
    """Run `pulumi up`, and kill it once so many creates are pending in its state and so many
    answers to creates are held back; let these go, and release the lock.

    ``victims`` are `pulumi`, its `plugin`, its `program`, or `all` of its processes. Returns what
    it said, if it ended by itself.
    """
    child = subprocess.Popen(
        # All creates are begun at once, however few processors there are.
        ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--parallel=32"],
        cwd=project.folder,
        env=project.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    said = ""
    try:
        deadline = time.monotonic() + 120
        while not answers.holds(held) or project.state_text().count('"creating"') < pending:
            assert child.poll() is None, "it ended before it was killed"
            assert time.monotonic() < deadline, "the moment to kill it did not come"
            time.sleep(0.02)
        family = descendants(child.pid)
        answers.left_behind.extend(family)
        if victims == "plugin":
            plugins = running(pulumi_project.PLUGIN, family)
            assert plugins
            for plugin in plugins:
                plugin.send_signal(how)
            said = child.communicate(timeout=120)[0]
        elif victims == "program":
            kill(running(pulumi_project.PROGRAM, family))
            answers.release()
            said = child.communicate(timeout=120)[0]
        else:
            child.kill()
            kill(family if victims == "all" else ())
    finally:
        child.kill()
        child.wait()
        if child.stdout:
            child.stdout.close()
        answers.release()
    project.unlock()
    return said


def records(project: Project) -> list[Path]:
    """The records of creates under way that are on this machine."""
    return sorted(Path(project.env["PULUMI_HOME"]).glob("omise-links/creates/*"))
