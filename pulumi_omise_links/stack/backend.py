"""A Pulumi backend: its stacks, and how ``pulumi`` is run in a project's folder."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ..errors import ArgumentError, ProjectError
from ..safe_text import escape
from ..settings import PLANNING
from .environment import pulumi_environment
from .location import BackendLocation
from .model import StackState
from .pulumi_cli import PulumiRun, run_pulumi
from .pulumi_json import read_state
from .stdout_json import parse_json

OLDEST = (3, 254)  # the first whose import file takes inputs and outputs (pulumi/pulumi#23984)
_VERSION = re.compile(r"^v?(\d+)\.(\d+)\.(\d+)", re.M)


@dataclass(frozen=True, kw_only=True)
class StackSummary:
    """A stack as ``pulumi stack ls`` lists it.

    ``name`` is the full name, such as ``organization/shop/prod``. ``last_update`` is None for a
    stack that was never updated; ``resources`` is None where the backend does not count them.
    """

    name: str
    selected: bool
    last_update: datetime | None
    resources: int | None

    @property
    def short_name(self) -> str:
        """The name without organization and project."""
        return self.name.rpartition("/")[2]


class Backend:
    """The backend that ``pulumi`` uses in a folder.

    Every method may raise ``ProjectError``, with what Pulumi said.
    """

    def __init__(
        self, folder: str | os.PathLike[str] = ".", *, config_file: str | None = None
    ) -> None:
        """Find Pulumi, and the folder.

        :param config_file: the file with the config of the stack that ``run`` is about.
        :raises ArgumentError: there is no such folder.
        :raises ProjectError: no ``pulumi``, or one that is too old.
        """
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise ArgumentError(
                f"There is no folder {escape(str(self.folder.resolve()), longest=500)}: name the"
                " folder of the Pulumi project with --cwd."
            )
        self._config_file = config_file
        # One state at a time: a state takes several times its size while it is read, and threads
        # read no faster.
        self._reading = threading.Lock()
        self.version = self._require_version()

    def location(self) -> BackendLocation:
        """Return where the backend is, which shows that it can be read."""
        run = self.run("whoami", "--json")
        user = parse_json(run.stdout, dict, "whoami --json", secret=True)
        return BackendLocation(str(user.get("url") or ""), self.folder)

    def stacks(self, *, project_only: bool = False) -> list[StackSummary]:
        """Return the stacks, in the order of their names. No secret is opened.

        :param project_only: whether to leave out those of other projects.
        """
        everywhere = () if project_only else ("--all",)
        flags = ("--json", "--fully-qualify-stack-names", *everywhere)
        listed = parse_json(self.run("stack", "ls", *flags).stdout, list, "stack ls")
        stacks = [
            StackSummary(
                name=str(stack.get("name") or ""),
                selected=bool(stack.get("current")),
                last_update=_time(stack.get("lastUpdate")),
                resources=stack.get("resourceCount"),
            )
            for stack in listed
        ]
        if not all(stack.name for stack in stacks):
            raise ProjectError("`pulumi stack ls` has printed a stack without a name.")
        return sorted(stacks, key=lambda stack: stack.name)

    def state_of(self, stack: str, *, show_secrets: bool = False) -> StackState:
        """Return what a stack manages and what is pending, also while another run holds its lock.

        :param stack: its full name.
        :param show_secrets: whether to open secrets, for comparing; they stay in memory. Without
            them, a stack whose passphrase we do not have can be read as well.
        """
        secrets = ["--show-secrets"] if show_secrets else []
        run = self.run("stack", "export", *secrets, "--stack", stack)
        with self._reading:
            return read_state(parse_json(run.stdout, dict, "stack export", secret=show_secrets))

    def run(
        self,
        *args: str,
        planning: bool = False,
        variables: Mapping[str, str] | None = None,
        **options: Any,
    ) -> PulumiRun:
        """Run ``pulumi`` in the folder, with the environment that this package needs.

        :param planning: whether the plugin leaves to the caller what it would refuse in a preview.
        :param variables: what the environment has beside that.
        :param options: as for ``run_pulumi``.
        """
        env = pulumi_environment(os.environ, config_file=self._config_file) | dict(variables or {})
        if planning:
            env[PLANNING] = "true"
        return run_pulumi(args, self.folder, environ=env, **options)

    def _require_version(self) -> tuple[int, int, int]:
        if not shutil.which("pulumi"):
            raise ProjectError(
                "There is no `pulumi` on the PATH. Install it"
                " (https://www.pulumi.com/docs/iac/download-install/) and try again."
            )
        text = self.run("version").stdout.decode("utf-8", "replace").strip()
        found = _VERSION.search(text)
        version = (int(found[1]), int(found[2]), int(found[3])) if found else (0, 0, 0)
        if version < OLDEST:
            needed = ".".join(map(str, OLDEST))
            raise ProjectError(
                f"Pulumi {needed} or newer is needed, and `pulumi` on the PATH is"
                f" {escape(text) or 'without a version'}: older ones cannot import these links."
            )
        return version


def _time(text: object) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
