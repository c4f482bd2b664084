"""A Pulumi project and one of its stacks, driven through the ``pulumi`` command.

So every backend, lock and secrets provider works as it does for the user. What may be secret goes
through pipes, never over a command line and never into a file: ``preview --save-plan`` and
``import --file`` are given ``/dev/fd`` paths.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import ArgumentError, ProjectError
from ..safe_text import escape, escape_path
from ..settings import (
    ALLOW_LIVE,
    CONFIG_KEYS,
    KEEP_LINKS,
    NAMESPACE,
    READ_BACK,
    SECRET_KEY,
    Settings,
    refuse_misspelt,
    refuse_plain_key,
)
from .backend import Backend
from .environment import CONFIG_FILE
from .failures import explain_failure
from .model import Preview, StackState
from .project_files import read_project_file, require_project_file, stack_config_file
from .pulumi_cli import PulumiRun
from .pulumi_json import failed_only_by_protection, has_failed, read_preview, with_secret_values
from .stdout_json import parse_json

_RUNS_PER_PAGE = 100
_TARGETS_PER_RUN = 200
# A file backend of the old layout has no organization and no project in its names.
_STACK_NAME = re.compile(r"^(?:[\w.-]+/[\w.-]+/)?[\w.-]+$", re.M)


@dataclass(frozen=True)
class StackHistory:
    """What the runs of a stack tell.

    ``last_successful_update`` is when the last update that went through had ended; None if there
    was none. ``ends_with_failed_destroy``: the last run was a ``pulumi destroy`` that failed.
    """

    last_successful_update: str | None = None
    ends_with_failed_destroy: bool = False


class Project:
    """A Pulumi project and one stack of it.

    Every method may raise ``ProjectError``, with what Pulumi said; ``StackLockedError`` if another
    run holds the stack.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str] = ".",
        stack: str | None = None,
        *,
        config_file: str | None = None,
    ) -> None:
        """Find the project and the stack.

        :param stack: its name; None is the one that is selected.
        :param config_file: the file with the stack's config, if it is not where Pulumi looks; a
            relative path starts from the current folder of the process.
        :raises ArgumentError: there is no such folder, or no such file.
        :raises ProjectError: no ``pulumi``, one that is too old, or no project.
        :raises StackNotFoundError: there is no such stack, or none is selected.
        """
        self._config_file = _absolute_file(config_file)
        self.backend = Backend(folder, config_file=self._config_file)
        self.folder = self.backend.folder
        selected = ["--stack", stack] if stack else []
        run = self.backend.run("stack", "--show-name", "--fully-qualify-stack-names", *selected)
        self.stack = _stack_name(run.stdout)

    @classmethod
    def listed(cls, backend: Backend, stack: str) -> Project:
        """Return a stack that the backend has listed: Pulumi is not asked for it once more.

        :param stack: its full name.
        """
        project = cls.__new__(cls)
        project._config_file = None
        project.backend = backend
        project.folder = backend.folder
        project.stack = stack
        return project

    # -- reading

    def settings(self) -> Settings:
        """Resolve the settings as the stack's program does: its config, then the environment.

        :raises OmiseLinksError: a setting is wrong.
        """
        config = self._config()
        refuse_misspelt(config)
        if isinstance(key := config.get(f"{NAMESPACE}:{SECRET_KEY}"), Mapping):
            refuse_plain_key(is_secret=bool(key.get("secret")))
        values = {name: self._config_value(config, name) for name in CONFIG_KEYS}
        settings = Settings.resolve(values)
        if settings.key_advice and not self._config_file and CONFIG_FILE not in os.environ:
            advice = (
                f"{settings.key_advice} If the config of the stack is in a file where Pulumi does"
                " not look, name it with --config-file or in PULUMI_OPTION_CONFIG_FILE."
            )
            settings = replace(settings, key_advice=advice)
        return settings

    def allow_live(self) -> str | None:
        """Return ``omise:allowLive`` of the stack's config, as it is written there."""
        return self._config_value(self._config(), ALLOW_LIVE)

    def preview(self, *, as_pulumi: bool = False) -> Preview:
        """Run the program, and return what it declares beside what the stack manages.

        :param as_pulumi: whether the plugin refuses what it refuses in `pulumi preview`, such as
            the adoption of a link that differs. Then a preview in which Pulumi refuses to change
            protected links, and nothing else, is no error.
        """
        if as_pulumi:
            return read_preview(*self._preview(planning=False, may_fail=_is_refused))
        return read_preview(*self._preview())

    def with_secrets(self, preview: Preview) -> Preview:
        """Return the preview with the plain values of secret inputs, for comparing; in memory."""
        _, update_plan = self._preview("--show-secrets")
        return with_secret_values(preview, update_plan)

    def state(self, *, show_secrets: bool = False) -> StackState:
        """Return what the stack manages and what is pending.

        :param show_secrets: whether to open secrets, for comparing; they stay in memory.
        """
        return self.backend.state_of(self.stack, show_secrets=show_secrets)

    def require_readable_secrets(self) -> None:
        """Return if the secrets of the config and of the state can be opened; none is returned."""
        config = self._config()
        secret = next((key for key, entry in config.items() if entry.get("secret")), None)
        if secret is not None:
            self._secret_config(secret)
        self.state(show_secrets=True)
        # Where there is no secret yet, no command of Pulumi's opens any; so it is to make one, in a
        # copy of the config, which names the secrets provider.
        try:
            with tempfile.TemporaryDirectory() as folder:
                copy = Path(folder, "Pulumi.copy.yaml")
                with suppress(FileNotFoundError):  # then Pulumi names the provider in the copy
                    shutil.copyfile(self._config_place(), copy)
                options = ("--secret", "--config-file", str(copy))
                self._run("config", "set", *options, "omise-links:doctor", "no secret")
        except OSError as error:
            raise ProjectError(
                "The config of the stack cannot be copied into a temporary folder, to try whether"
                f" a secret can be made: {escape_path(str(error.filename))}: {error.strerror}."
            ) from None

    def _config_place(self) -> Path:
        """Return the file with the config of the stack."""
        named = self._config_file or os.environ.get(CONFIG_FILE)
        if named:
            return self.folder / named
        file = require_project_file(self.folder)
        return stack_config_file(file, read_project_file(file), self.stack)

    def state_for_comparing(self, known: StackState | None = None) -> StackState:
        """Return the state, with secrets opened where a provider or a pending create has some.

        :param known: the state without its secrets, if it was read before.
        """
        state = self.state() if known is None else known
        if any(resource.secret_inputs for resource in (*state.pending, *state.providers.values())):
            return self.state(show_secrets=True)
        return state

    def history(self) -> StackHistory:
        """Return what the runs of this stack tell, back to the last update that went through."""
        newest: Mapping[str, Any] = {}
        ends: list[str] = []
        for page in itertools.count(1):
            size = ("--page-size", str(_RUNS_PER_PAGE), "--page", str(page))
            run = self._run("stack", "history", "--json", *size)
            history = parse_json(run.stdout or b"[]", list, "stack history")
            newest = newest or next(iter(history), {})
            ends = [
                update.get("endTime") or ""
                for update in history
                if update.get("kind") == "update" and update.get("result") == "succeeded"
            ]
            if ends or len(history) < _RUNS_PER_PAGE:
                break
        return StackHistory(
            last_successful_update=max(ends, default=None) or None,
            ends_with_failed_destroy=(
                newest.get("kind") == "destroy" and newest.get("result") != "succeeded"
            ),
        )

    # -- writing to the state

    def import_resources(self, resources: Mapping[str, Any], *, protect: bool) -> None:
        """Import the resources of an import file into the stack. Omise is not written to."""
        # The preview has been made and checked; `--generate-code` needs a schema, which a dynamic
        # resource does not have; `--protect` is on by default and would show as a change.
        self._run(
            "import",
            *("--file", "/dev/stdin", "--yes", "--skip-preview", "--generate-code=false"),
            f"--protect={'true' if protect else 'false'}",
            *("--message", "omise-links: import links"),
            stdin=json.dumps(resources).encode(),
        )

    def refresh(self, urns: Sequence[str]) -> None:
        """Read these links again, and remove from the state those that are gone."""
        for start in range(0, len(urns), _TARGETS_PER_RUN):
            part = urns[start : start + _TARGETS_PER_RUN]
            targets = [word for urn in part for word in ("--target", urn)]
            # With the program, as its settings may be newer than those in the state.
            self._run("refresh", "--yes", "--skip-preview", "--run-program", *targets)

    def clear_pending_creates(self, urns: Sequence[str], root: str) -> None:
        """Remove the pending creates of these URNs from the state, and touch nothing else.

        :param root: the URN of the stack.
        """
        # A pending create that is given an id becomes a pending import, which the engine drops at
        # the next write of the state; the refresh that follows is limited to the stack itself.
        for start in range(0, len(urns), _TARGETS_PER_RUN):
            marks = [
                word
                for urn in urns[start : start + _TARGETS_PER_RUN]
                for text in (urn, "cleared")
                for word in ("--import-pending-creates", text)
            ]
            self._run("refresh", "--yes", "--skip-preview", "--target", root, *marks)

    def rename_resource(self, urn: str, name: str) -> None:
        """Give what the stack manages under a URN another name, in the state alone."""
        self._run("state", "rename", urn, name, "--yes")

    # -- ending a stack

    def destroy(self, *, keep: Sequence[str] = ()) -> None:
        """Delete all resources of the stack, without running its program.

        A link leaves the state only after a read has shown that it is deleted. What fails does not
        keep the rest from being deleted.

        :param keep: ids of links to leave at Omise; they leave the state.
        """
        # --refresh=false: a project may ask for a refresh first, which is one call a link.
        flags = ("--yes", "--skip-preview", "--continue-on-error", "--refresh=false")
        variables = {READ_BACK: "true", **({KEEP_LINKS: ",".join(keep)} if keep else {})}
        message = ("--message", "omise-links: teardown")
        self._run("destroy", *flags, "--suppress-progress", *message, variables=variables)

    def remove(self) -> None:
        """Remove the stack with its history, and its config file from the folder.

        It must be empty. Which stack is selected stays as it is.
        """
        selected = None
        with suppress(ProjectError):  # none is selected, or the folder has no project
            run = self.backend.run("stack", "--show-name", "--fully-qualify-stack-names")
            selected = _stack_name(run.stdout)
        self._run("stack", "rm", "--yes")
        if selected not in {None, self.stack}:
            # Pulumi selects no stack any more, whichever it has removed.
            with suppress(ProjectError):  # another run has removed it
                self.backend.run("stack", "select", "--stack", str(selected))

    def cancel(self) -> None:
        """Take the lock of the stack away, and end the run that holds it where Pulumi can."""
        self._run("cancel", "--yes")

    # -- running pulumi

    def _preview(self, *more: str, **options: Any) -> tuple[Any, Any]:
        # A preview writes nothing, so a plan may be made with a live key; whoever imports asks for
        # the permission before.
        options = {"planning": True, **options}
        # --refresh=false: a project may ask for a refresh first, which is one call a link.
        flags = ("--json", "--show-sames", "--refresh=false", *more)
        run = self._run("preview", *flags, save_update_plan=True, **options)
        secret = "--show-secrets" in more
        return (
            parse_json(run.stdout, dict, "preview --json", secret=secret),
            # A preview that has failed saves no update plan.
            {}
            if run.exit_code
            else parse_json(run.update_plan, dict, "preview --save-plan", secret=True),
        )

    def _config(self) -> dict[str, Any]:
        return parse_json(self._run("config", "--json").stdout or b"{}", dict, "config --json")

    def _config_value(self, config: Mapping[str, Any], name: str) -> str | None:
        entry = config.get(f"{NAMESPACE}:{name}")
        if not isinstance(entry, Mapping):
            return None
        value: str | None = entry.get("value")
        return self._secret_config(f"{NAMESPACE}:{name}") if value is None else value

    def _secret_config(self, key: str) -> str | None:
        """Return one secret of the config; asked for by name, so that no other one is opened."""
        run = self._run("config", "get", key, "--json")
        value = parse_json(run.stdout, dict, "config get --json", secret=True).get("value")
        return value if isinstance(value, str) else None

    def _run(self, *args: str, **options: Any) -> PulumiRun:
        return self.backend.run(*args, "--stack", self.stack, **options)


def read_preview_file(path: str) -> Preview:
    """Read a file with what ``pulumi preview --json`` has printed.

    :raises ProjectError: it cannot be read, is something else, or the preview has failed for
        another reason than that it would change protected links.
    """
    shown = escape(path, longest=500)
    try:
        text = Path(path).read_bytes()
    except OSError as error:
        raise ProjectError(f"{shown} cannot be read: {error.strerror}.") from None
    try:
        digest = parse_json(text, dict, "preview --json", secret=True)
    except ProjectError:
        digest = {}
    if "changeSummary" not in digest:
        raise ProjectError(
            f"{shown} is not what `pulumi preview --json` prints. Make it with `pulumi preview"
            " --json --show-sames > FILE`, without PULUMI_ENABLE_STREAMING_JSON_PREVIEW."
        )
    preview = read_preview(digest, {})
    if has_failed(digest) and not failed_only_by_protection(digest):
        reason = explain_failure(
            ["preview"], exit_code=1, stdout=text, stderr=b"", folder=Path(path).parent
        )
        raise ProjectError(f"{shown} is of a preview that has failed. {reason}")
    return preview


def _is_refused(stdout: bytes) -> bool:
    """Whether a preview has failed only because it would change protected links."""
    try:
        return failed_only_by_protection(parse_json(stdout, dict, "preview --json"))
    except ProjectError:
        return False


def _absolute_file(path: str | None) -> str | None:
    if path is None:
        return None
    file = str(Path(path).resolve())
    if not Path(file).is_file():
        raise ArgumentError(f"There is no config file {escape(file, longest=500)}.")
    return file


def _stack_name(stdout: bytes) -> str:
    """Return the name that ``stack --show-name`` printed, whatever was printed around it."""
    names: list[str] = _STACK_NAME.findall(stdout.decode("utf-8", "replace").replace("\r", ""))
    if not names:
        raise ProjectError("`pulumi stack --show-name` has printed no name of a stack.")
    return next((name for name in names if "/" in name), names[-1])
