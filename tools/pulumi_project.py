"""The one driver of a Pulumi project for tests, demo, benchmark, chaos and kill runs.

A project has a folder, a stack `dev` on a file backend, and a PULUMI_HOME of its own, so nothing of
the user's own Pulumi is used. Everything stays in that folder.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import engine
import psutil

STACK = "dev"
NO_QUESTIONS = ("--yes", "--skip-preview", "--suppress-progress", "--non-interactive")
PLUGIN = "pulumi.dynamic"
NATIVE_PLUGIN = "pulumi-resource-omise"
PROGRAM = "pulumi-language-python-exec"


class CommandError(Exception):
    """A command that had to succeed failed; the text is what it printed."""


@dataclass(frozen=True)
class Run:
    """What one command did, and what it printed."""

    code: int
    stdout: str
    stderr: str

    @property
    def out(self) -> str:
        """All that it printed."""
        return self.stdout + self.stderr

    def must(self, what: str) -> Run:
        """Return self.

        :raises CommandError: the command failed.
        """
        if self.code:
            raise CommandError(f"{what} failed:\n{self.out}")
        return self


class PulumiProject:
    """A program, its stack, and the environment Pulumi needs."""

    def __init__(
        self, folder: Path, pulumi: Path, env: Mapping[str, str], *, name: str = "shop"
    ) -> None:
        """:param folder: holds the project, the backend and PULUMI_HOME; made if it is missing."""
        self.name = name
        self.folder = folder / "project"
        self.backend = folder / "backend"
        self.env = {
            **engine.environment(pulumi, folder),
            "PULUMI_STACK": STACK,
            "NO_COLOR": "1",
            **env,
        }

    def make(self, program: Path | None = None, *, secrets_provider: str = "default") -> None:
        """Write the project, and make its stack.

        :param program: an example's folder to copy; without it an empty project is made.
        :param secrets_provider: as for `pulumi stack init`; the default is a passphrase.
        :raises CommandError: Pulumi could not make the stack.
        """
        if program is None:
            self.folder.mkdir(parents=True)
            (self.folder / "Pulumi.yaml").write_text(f"name: {self.name}\nruntime: python\n")
        else:
            shutil.copytree(program, self.folder)
        secrets = f"--secrets-provider={secrets_provider}"
        self.run("pulumi", "stack", "init", STACK, secrets, "--non-interactive").must("stack init")

    def start(
        self, *command: str, env: Mapping[str, str] | None = None, **options: Any
    ) -> subprocess.Popen[str]:
        """Start a command in the project's folder.

        It has a session of its own: Pulumi ends its plugins only if it alone gets one Ctrl-C.
        """
        streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env={**self.env, **(env or {})},
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            start_new_session=True,
            **{**streams, **options},
        )

    def run(
        self,
        *command: str,
        env: Mapping[str, str] | None = None,
        limit: float = 1800,
        **options: Any,
    ) -> Run:
        """Run a command and wait for it; it does not outlive us.

        :param limit: seconds it may take.
        """
        child = self.start(*command, env=env, **options)
        try:
            stdout, stderr = child.communicate(timeout=limit)
        except BaseException:
            end(child)
            raise
        return Run(child.returncode, stdout or "", stderr or "")

    def deployment(self) -> dict[str, Any]:
        """Return the state as the engine exports it.

        :raises CommandError: Pulumi could not export it.
        """
        exported = self.run("pulumi", "stack", "export", "--non-interactive").must("stack export")
        deployment: dict[str, Any] = json.loads(exported.stdout).get("deployment") or {}
        return deployment


def descendants(pid: int) -> list[psutil.Process]:
    """Return the processes that ``pid`` has started, and those that they have."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def running(module: str, processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Return those that run this Python module or script, such as ``PLUGIN`` or ``PROGRAM``."""
    found = []
    for process in processes:
        try:
            command = process.cmdline()
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
        if "python" in Path(command[0] if command else "").name and any(
            Path(word).name == module for word in command
        ):
            found.append(process)
    return found


def kill(processes: Iterable[psutil.Process]) -> None:
    """End processes with SIGKILL; those that have ended already are left alone."""
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


def end(child: subprocess.Popen[str]) -> None:
    """End a command of ours with everything that it has started; SIGINT first."""
    family = descendants(child.pid)
    child.send_signal(signal.SIGINT)
    try:
        child.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
    kill(family)


def delete_empty_side_files(backend: Path) -> int:
    """Delete what a file backend was writing when it was killed; return how many files.

    Beside each state it keeps a file of HTTP headers, which nothing needs, and rewrites it in
    place. If a kill leaves it empty, Pulumi cannot read the state.
    """
    empty = [file for file in backend.glob(".pulumi/stacks/*/*.attrs") if not file.stat().st_size]
    for file in empty:
        file.unlink()
    return len(empty)


_PRINTING = threading.Lock()


def say(text: str) -> None:
    """Print a line at once, whole, from any thread."""
    with _PRINTING:
        print(text, flush=True)


def repository() -> Path:
    """Return the folder of this checkout."""
    return Path(os.path.realpath(__file__)).parent.parent
