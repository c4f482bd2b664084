"""The Pulumi project beside us: what its program declares, what its stack manages, what is pending.

Everything goes through the ``pulumi`` command, so that every backend, lock and secrets provider
works as it does for the user. What may be secret travels through pipes, never over a command line
and never into a file: ``preview --save-plan`` and ``import --file`` are given ``/dev/fd`` paths.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ..errors import ProjectError
from ..output.terminal import show
from ..settings import CONFIG_KEYS, NAMESPACE, PLANNING, Settings, refuse_misspelt
from .pulumi_cli import Done, run
from .pulumi_json import OtherStacks, Preview, StackState, read_preview, read_state, unsealed

OLDEST = (3, 254)  # the first whose import file takes inputs and outputs (pulumi/pulumi#23984)
_READERS = 4
_RUNS_A_PAGE = 100


class Project:
    """A Pulumi project and one stack of it.

    Every method may raise ``ProjectError``, with what Pulumi said; ``StackLockedError`` if another
    run holds the stack.
    """

    def __init__(self, folder: str | os.PathLike[str] = ".", stack: str | None = None) -> None:
        """Find the project and the stack; no name means the stack that is selected.

        :raises ProjectError: no ``pulumi``, one that is too old, or no project.
        :raises StackNotFoundError: there is no such stack, or none is selected.
        """
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise ProjectError(f"There is no folder {show(str(folder), longest=500)}.")
        self._stack: list[str] = ["--stack", stack] if stack else []
        self._require_version()
        shown = self._run("stack", "--show-name", "--fully-qualify-stack-names").out
        self.stack = shown.decode().strip()
        self._stack = ["--stack", self.stack]

    # -- reading

    def settings(self) -> Settings:
        """Resolve the settings as the stack's program does: its config, then the environment.

        :raises OmiseLinksError: a setting is wrong.
        """
        config = json.loads(self._run("config", "--json").out or b"{}")
        refuse_misspelt(config)
        given: dict[str, str | None] = {}
        for name in CONFIG_KEYS:
            entry = config.get(f"{NAMESPACE}:{name}")
            if entry is not None:
                given[name] = entry.get("value")
                if given[name] is None:
                    # A secret; asked for by name, so that no other secret of the stack is opened.
                    got = self._run("config", "get", f"{NAMESPACE}:{name}").out
                    given[name] = got.decode().rstrip("\n")
        return Settings.resolve(given)

    def preview(self) -> Preview:
        """Run the program, and return what it declares beside what the stack manages."""
        return read_preview(*self._preview())

    def unseal(self, preview: Preview) -> Preview:
        """Return the same with the plain values of secret inputs, for comparing; in memory only."""
        _, plan = self._preview("--show-secrets")
        return unsealed(preview, plan)

    def state(self) -> StackState:
        """Return what the stack manages and what is pending. No secret is opened."""
        return read_state(json.loads(self._run("stack", "export").out))

    def unsealed_state(self) -> StackState:
        """Return the same with the plain values of secrets, for comparing; in memory only."""
        return read_state(json.loads(self._run("stack", "export", "--show-secrets").out))

    def elsewhere(self) -> OtherStacks:
        """Return what the other stacks of the backend manage and have begun to make.

        No secret is opened: a stack whose passphrase we do not have can be asked as well.
        """
        listed = json.loads(
            self._run(
                "stack", "ls", "--all", "--json", "--fully-qualify-stack-names", stack=False
            ).out
        )
        names = [
            each["name"]
            for each in listed
            if each["name"] != self.stack and each.get("resourceCount") != 0
        ]

        def ask(name: str) -> StackState | None:
            try:
                export = self._run("stack", "export", "--stack", name, stack=False)
                return read_state(json.loads(export.out))
            except ProjectError:
                return None

        with ThreadPoolExecutor(_READERS) as pool:
            states = dict(zip(names, pool.map(ask, names), strict=True))
        known = {name: state for name, state in states.items() if state}
        return OtherStacks(
            managed={link.id: name for name, state in known.items() for link in state.links},
            pending={name: state.pending for name, state in known.items() if state.pending},
            unread=tuple(name for name in names if name not in known),
        )

    def last_success(self) -> str | None:
        """Return when the last update of this stack that went through had ended, or None."""
        for page in itertools.count(1):
            size = ("--page-size", str(_RUNS_A_PAGE), "--page", str(page))
            history = json.loads(self._run("stack", "history", "--json", *size).out or b"[]")
            ends = [
                each.get("endTime") or ""
                for each in history
                if each.get("kind") == "update" and each.get("result") == "succeeded"
            ]
            if ends or len(history) < _RUNS_A_PAGE:
                break
        return max(ends, default=None) or None

    # -- writing to the state

    def adopt(self, resources: Mapping[str, Any], *, protect: bool) -> None:
        """Take the resources of an import file into the stack. Omise is not written to."""
        # The preview has been made and judged; `--generate-code` needs a schema, which a dynamic
        # resource has not; `--protect` is on by default and would show as a change.
        self._run(
            "import",
            *("--file", "/dev/stdin", "--yes", "--skip-preview", "--generate-code=false"),
            f"--protect={'true' if protect else 'false'}",
            *("--message", "omise-links: adopt links"),
            given=json.dumps(resources).encode(),
        )

    def refresh(self, urns: Sequence[str]) -> None:
        """Look at these links in Omise, and drop from the state what is gone."""
        for start in range(0, len(urns), 200):
            targets = [word for urn in urns[start : start + 200] for word in ("--target", urn)]
            self._run("refresh", "--yes", "--skip-preview", *targets)

    def clear_pending(self, urns: Sequence[str], root: str) -> None:
        """Take the pending creates of these URNs out of the state, and touch nothing else."""
        # A pending create that is given an id becomes a pending import, which the engine drops at
        # the next write of the state; the refresh that follows is held to the stack itself.
        for start in range(0, len(urns), 200):
            marks = [
                word
                for urn in urns[start : start + 200]
                for text in (urn, "cleared")
                for word in ("--import-pending-creates", text)
            ]
            self._run("refresh", "--yes", "--skip-preview", "--target", root, *marks)

    def rename(self, urn: str, name: str) -> None:
        """Give what the stack manages under a URN another name, in the state alone."""
        self._run("state", "rename", urn, name, "--yes")

    # -- running pulumi

    def _preview(self, *more: str) -> tuple[Any, Any]:
        # --refresh=false: a project may ask for a refresh first, which is one call a link.
        flags = ("--json", "--show-sames", "--refresh=false", *more)
        done = self._run("preview", *flags, plan=True)
        return json.loads(done.out), json.loads(done.plan)

    def _require_version(self) -> None:
        if not shutil.which("pulumi"):
            raise ProjectError(
                "There is no `pulumi` on the PATH. Install it"
                " (https://www.pulumi.com/docs/iac/download-install/) and try again."
            )
        text = self._run("version", stack=False).out.decode("utf-8", "replace").strip()
        found = re.match(r"v?(\d+)\.(\d+)", text)
        if not found or tuple(map(int, found.groups())) < OLDEST:
            needed = ".".join(map(str, OLDEST))
            raise ProjectError(
                f"Pulumi {needed} or newer is needed, and `pulumi` on the PATH is"
                f" {show(text) or 'without a version'}: older ones cannot import these links."
            )

    def _run(self, *args: str, stack: bool = True, given: bytes = b"", plan: bool = False) -> Done:
        command = [*args, *(self._stack if stack else [])]
        # A preview writes nothing, so a plan may be made with a live key; who imports asks for the
        # permission before.
        planning = {PLANNING: "true"} if args[0] == "preview" else {}
        return run(command, self.folder, given=given, plan=plan, environ=planning)
