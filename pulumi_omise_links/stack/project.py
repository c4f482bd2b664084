"""The Pulumi project beside us: what its program declares, what its stack manages, what is pending.

Everything goes through the ``pulumi`` command, so that every backend, lock and secrets provider
works as it does for the user. What may be secret travels through pipes, never over a command line
and never into a file: ``preview --save-plan`` and ``import --file`` are given ``/dev/fd`` paths.
``__provider``, which is a pickle, is compared and copied as text and never loaded.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import ProjectError
from ..report import show
from ..settings import CONFIG_KEYS, NAMESPACE, PLANNING, Settings
from ..state import TYPE_TOKEN
from .pulumi_cli import Done, run

OLDEST = (3, 254)  # the first whose import file takes inputs and outputs (pulumi/pulumi#23984)
PROVIDER_TYPE = "pulumi:providers:pulumi-python"
# How Pulumi marks a secret, and a value that is not known before `pulumi up`, in JSON
# (sdk/go/common/resource/sig, sdk/go/common/resource/plugin/rpc.go).
SECRET_MARK = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_READERS = 4


def name_of(urn: str) -> str:
    """Return the name the program gave to the resource of this URN."""
    return urn.split("::", 3)[-1]


def is_secret(value: object) -> bool:
    """Whether a property, as Pulumi writes it to JSON, is a secret."""
    return isinstance(value, Mapping) and SECRET_MARK.items() <= value.items()


@dataclass(frozen=True)
class Declared:
    """A resource as the program declares it, and what the next ``pulumi up`` would do to it.

    ``step`` is Pulumi's word: ``same``, ``create``, ``replace``, ``read``, …. ``sealed`` are the
    inputs as an import file takes them, secrets encrypted; in ``inputs`` those of ``secrets`` are
    missing until :meth:`Project.unseal`. ``provider`` is a URN. ``current_id`` is what the stack
    manages under this URN, aliases followed.
    """

    urn: str
    type: str
    step: str
    parent: str = ""
    provider: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    sealed: Mapping[str, Any] = field(default_factory=dict, repr=False)
    secrets: frozenset[str] = frozenset()
    secret_outputs: frozenset[str] = frozenset()
    custom: bool = True
    protect: bool = False
    current_id: str | None = None
    changed: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name in the program."""
        return name_of(self.urn)

    @property
    def is_link(self) -> bool:
        """Whether it is a link that the program would manage, not one it only looks up."""
        return self.type == TYPE_TOKEN and self.step != "read"


@dataclass(frozen=True)
class Preview:
    """What the program declares, by URN, parents first; and the links it no longer declares."""

    resources: Mapping[str, Declared]
    dropped: Mapping[str, str] = field(default_factory=dict)

    def links(self) -> Iterator[Declared]:
        """Yield the links."""
        return (each for each in self.resources.values() if each.is_link)


@dataclass(frozen=True)
class Held:
    """A link in a state. ``leaving``: the next update deletes it, after a failed replacement.

    ``created`` is when it came into the state, empty for one that an old Pulumi wrote.
    """

    urn: str
    id: str
    leaving: bool = False
    created: str = ""


@dataclass(frozen=True)
class StackState:
    """What a stack holds that matters here.

    ``pending`` are creates of links that a killed run left, ``deleting`` the links that it was
    deleting; ``providers`` are the explicit ones; ``written`` is when the state was, ``begun`` when
    the oldest resource in it was made.
    """

    links: tuple[Held, ...]
    urns: frozenset[str]
    pending: tuple[Declared, ...] = ()
    deleting: frozenset[str] = frozenset()
    providers: Mapping[str, Declared] = field(default_factory=dict)
    root: str = ""
    written: str = ""
    begun: str = ""

    def link(self, urn: str) -> Held | None:
        """Return what the stack manages under this URN."""
        return next((each for each in self.links if each.urn == urn and not each.leaving), None)


@dataclass(frozen=True)
class Elsewhere:
    """What the other stacks of a backend hold: which manages a link, and what is pending in which.

    ``unread`` are stacks that could not be asked.
    """

    managed: Mapping[str, str] = field(default_factory=dict)
    pending: Mapping[str, tuple[Declared, ...]] = field(default_factory=dict)
    unread: tuple[str, ...] = ()


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
        return _read_preview(*self._preview())

    def unseal(self, preview: Preview) -> Preview:
        """Return the same with the plain values of secret inputs, for comparing; in memory only."""
        _, plan = self._preview("--show-secrets")
        opened = {}
        for urn, each in preview.resources.items():
            if each.secrets:
                plain = _plain(_inputs_of_plan(plan, each.urn, each.type))
                opened[urn] = replace(each, inputs={**each.inputs, **plain})
        return Preview({**preview.resources, **opened}, preview.dropped)

    def state(self) -> StackState:
        """Return what the stack manages and what is pending. No secret is opened."""
        return _read_state(json.loads(self._run("stack", "export").out))

    def unsealed_state(self) -> StackState:
        """Return the same with the plain values of secrets, for comparing; in memory only."""
        return _read_state(json.loads(self._run("stack", "export", "--show-secrets").out))

    def elsewhere(self) -> Elsewhere:
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
                return _read_state(json.loads(export.out))
            except ProjectError:
                return None

        with ThreadPoolExecutor(_READERS) as pool:
            states = dict(zip(names, pool.map(ask, names), strict=True))
        known = {name: state for name, state in states.items() if state}
        return Elsewhere(
            managed={link.id: name for name, state in known.items() for link in state.links},
            pending={name: state.pending for name, state in known.items() if state.pending},
            unread=tuple(name for name in names if name not in known),
        )

    def last_success(self) -> str | None:
        """Return when the last update of this stack that went through had ended, or None."""
        history = json.loads(self._run("stack", "history", "--json").out or b"[]")
        ends = [
            each.get("endTime") or ""
            for each in history
            if each.get("kind") == "update" and each.get("result") == "succeeded"
        ]
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


# -- what pulumi answers


def _read_preview(digest: Any, plan: Any) -> Preview:
    resources: dict[str, Declared] = {}
    dropped: dict[str, str] = {}
    for step in digest.get("steps") or ():
        new, old, urn = step.get("newState"), step.get("oldState") or {}, step["urn"]
        if new is None:
            if step["op"] == "delete" and old.get("type") == TYPE_TOKEN and old.get("id"):
                dropped[old["id"]] = urn
            continue
        if urn in resources and resources[urn].step != "same":
            continue  # a replacement is three steps
        # The plan tells inputs that change; of others, the preview shows that they are secret.
        sealed = _inputs_of_plan(plan, urn, new["type"]) or new.get("inputs") or {}
        secrets = frozenset(k for k, v in sealed.items() if is_secret(v) or v == "[secret]")
        resources[urn] = Declared(
            urn=urn,
            type=new["type"],
            step=step["op"],
            parent=new.get("parent") or "",
            provider=(new.get("provider") or "").rpartition("::")[0],
            inputs={k: v for k, v in (new.get("inputs") or {}).items() if k not in secrets},
            sealed=sealed,
            secrets=secrets,
            secret_outputs=frozenset(new.get("additionalSecretOutputs") or ()),
            custom=bool(new.get("custom")),
            protect=bool(new.get("protect")),
            current_id=old.get("id") if not old.get("external") else None,
            changed=tuple(step.get("replaceReasons") or step.get("diffReasons") or ()),
        )
    return Preview(resources, dropped)


def _inputs_of_plan(plan: Any, urn: str, type_: str) -> dict[str, Any]:
    """Return the inputs of a resource out of an update plan; those of a provider in any case."""
    planned = (plan.get("resourcePlans") or {}).get(urn) or {}
    if type_ == PROVIDER_TYPE:
        return planned.get("state") or {}
    return ((planned.get("goal") or {}).get("inputDiff") or {}).get("adds") or {}


def _plain(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: json.loads(value["plaintext"]) if is_secret(value) and "plaintext" in value else value
        for name, value in properties.items()
    }


def _read_state(export: Any) -> StackState:
    deployment = export.get("deployment") or {}
    resources = deployment.get("resources") or []
    roots = [each["urn"] for each in resources if each["type"] == "pulumi:pulumi:Stack"]
    return StackState(
        links=tuple(
            Held(each["urn"], each["id"], bool(each.get("delete")), each.get("created") or "")
            for each in resources
            if each["type"] == TYPE_TOKEN and each.get("id") and not each.get("external")
        ),
        urns=frozenset(each["urn"] for each in resources if not each.get("delete")),
        pending=tuple(map(_held, _pending(deployment, "creating"))),
        deleting=frozenset(each["urn"] for each in _pending(deployment, "deleting")),
        providers={
            each["urn"]: _held(each)
            for each in resources
            if each["type"] == PROVIDER_TYPE and not each.get("delete")
        },
        root=roots[0] if roots else "",
        written=(deployment.get("manifest") or {}).get("time") or "",
        begun=min((each["created"] for each in resources if each.get("created")), default=""),
    )


def _pending(deployment: Any, operation: str) -> Iterator[Any]:
    """Yield the links to which this was being done when a run was killed."""
    for each in deployment.get("pending_operations") or ():
        if each["type"] == operation and each["resource"]["type"] == TYPE_TOKEN:
            yield each["resource"]


def _held(resource: Any) -> Declared:
    """Read a resource of a state as if a program declared it."""
    inputs = resource.get("inputs") or {}
    return Declared(
        urn=resource["urn"],
        type=resource["type"],
        step="create",
        parent=resource.get("parent") or "",
        provider=(resource.get("provider") or "").rpartition("::")[0],
        inputs={name: value for name, value in _plain(inputs).items() if not is_secret(value)},
        sealed=inputs,
        secrets=frozenset(name for name, value in inputs.items() if is_secret(value)),
        secret_outputs=frozenset(resource.get("additionalSecretOutputs") or ()),
        protect=bool(resource.get("protect")),
    )
