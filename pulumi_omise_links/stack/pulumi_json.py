"""What the ``pulumi`` command answers, read: previews, update plans, exported states.

``__provider``, which is a pickle, is compared and copied as text and never loaded.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..state_format import TYPE_TOKEN

PROVIDER_TYPE = "pulumi:providers:pulumi-python"
# How Pulumi marks a secret, and a value that is not known before `pulumi up`, in JSON
# (sdk/go/common/resource/sig, sdk/go/common/resource/plugin/rpc.go).
SECRET_MARK = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def name_of(urn: str) -> str:
    """Return the name the program gave to the resource of this URN."""
    return urn.split("::", 3)[-1]


def is_secret(value: object) -> bool:
    """Whether a property, as Pulumi writes it to JSON, is a secret."""
    return isinstance(value, Mapping) and SECRET_MARK.items() <= value.items()


@dataclass(frozen=True)
class PulumiResource:
    """A resource as the program declares it, and what the next ``pulumi up`` would do to it.

    ``step`` is Pulumi's word: ``same``, ``create``, ``replace``, ``read``, …. ``sealed`` are the
    inputs as an import file takes them, secrets encrypted; in ``inputs`` those of ``secrets`` are
    missing until ``Project.unseal``. ``provider`` is a URN. ``current_id`` is what the stack
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
    retain: bool = False
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

    resources: Mapping[str, PulumiResource]
    dropped: Mapping[str, str] = field(default_factory=dict)

    def links(self) -> Iterator[PulumiResource]:
        """Yield the links."""
        return (each for each in self.resources.values() if each.is_link)


@dataclass(frozen=True)
class ManagedLink:
    """A link in a state. ``leaving``: the next update deletes it, after a failed replacement.

    ``provider`` is a URN; ``texts`` are those outputs that are texts and no secrets.
    """

    urn: str
    id: str
    leaving: bool = False
    provider: str = ""
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class StackState:
    """What a stack holds that matters here.

    ``pending`` are creates of links that a killed run left, ``deleting`` the links that it was
    deleting; ``providers`` are the explicit ones; ``written`` is when the state was, ``begun`` when
    the oldest resource in it was made.
    """

    links: tuple[ManagedLink, ...]
    urns: frozenset[str]
    pending: tuple[PulumiResource, ...] = ()
    deleting: frozenset[str] = frozenset()
    providers: Mapping[str, PulumiResource] = field(default_factory=dict)
    root: str = ""
    written: str = ""
    begun: str = ""

    def link(self, urn: str) -> ManagedLink | None:
        """Return what the stack manages under this URN."""
        return next((each for each in self.links if each.urn == urn and not each.leaving), None)


@dataclass(frozen=True)
class OtherStacks:
    """What the other stacks of a backend hold: which manages a link, and what is pending in which.

    ``unread`` are stacks that could not be asked.
    """

    managed: Mapping[str, str] = field(default_factory=dict)
    pending: Mapping[str, tuple[PulumiResource, ...]] = field(default_factory=dict)
    unread: tuple[str, ...] = ()


def read_preview(digest: Any, plan: Any) -> Preview:
    """Read ``preview --json --show-sames`` and the update plan that it has saved."""
    resources: dict[str, PulumiResource] = {}
    dropped: dict[str, str] = {}
    for step in digest.get("steps") or ():
        new, old, urn = step.get("newState"), step.get("oldState") or {}, step["urn"]
        if new is None:
            if step["op"] == "delete" and old.get("type") == TYPE_TOKEN and old.get("id"):
                dropped[old["id"]] = urn
            continue
        if urn in resources and resources[urn].step != "same":
            continue  # a replacement is three steps
        shown = new.get("inputs") or {}
        # The preview only says that an input is a secret; the plan has it encrypted.
        sealed = _planned(plan, urn, new["type"], shown) or shown
        secrets = frozenset(k for k, v in sealed.items() if is_secret(v) or v == "[secret]")
        resources[urn] = PulumiResource(
            urn=urn,
            type=new["type"],
            step=step["op"],
            parent=new.get("parent") or "",
            provider=_provider_of(new),
            inputs={k: v for k, v in shown.items() if k not in secrets},
            sealed=sealed,
            secrets=secrets,
            secret_outputs=frozenset(new.get("additionalSecretOutputs") or ()),
            custom=bool(new.get("custom")),
            protect=bool(new.get("protect")),
            retain=bool(new.get("retainOnDelete")),
            current_id=old.get("id") if not old.get("external") else None,
            changed=tuple(step.get("replaceReasons") or step.get("diffReasons") or ()),
        )
    return Preview(resources, dropped)


def unsealed(preview: Preview, plan: Any) -> Preview:
    """Return the same with the secret inputs that a plan of ``--show-secrets`` has in the open."""
    opened = {}
    for urn, each in preview.resources.items():
        if each.secrets:
            values = _plain(_planned(plan, each.urn, each.type, each.sealed))
            opened[urn] = replace(each, inputs={**each.inputs, **values})
    return Preview({**preview.resources, **opened}, preview.dropped)


def _planned(plan: Any, urn: str, type_: str, shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of a resource out of an update plan; those of a provider in any case."""
    planned = (plan.get("resourcePlans") or {}).get(urn) or {}
    state = planned.get("state") or {}
    if type_ == PROVIDER_TYPE:
        return dict(state)
    # Of a resource that the stack has already, the difference has only what changes.
    diff = (planned.get("goal") or {}).get("inputDiff") or {}
    known = {**shown, **state, **(diff.get("updates") or {}), **(diff.get("adds") or {})}
    return {name: known[name] for name in shown}


def _plain(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: json.loads(value["plaintext"]) if is_secret(value) and "plaintext" in value else value
        for name, value in properties.items()
    }


def read_state(export: Any) -> StackState:
    """Read ``stack export``."""
    deployment = export.get("deployment") or {}
    resources = deployment.get("resources") or []
    roots = [each["urn"] for each in resources if each["type"] == "pulumi:pulumi:Stack"]
    return StackState(
        links=tuple(
            ManagedLink(
                each["urn"],
                each["id"],
                leaving=bool(each.get("delete")),
                provider=_provider_of(each),
                texts={k: v for k, v in (each.get("outputs") or {}).items() if isinstance(v, str)},
            )
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


def _held(resource: Any) -> PulumiResource:
    """Read a resource of a state as if a program declared it."""
    inputs = resource.get("inputs") or {}
    return PulumiResource(
        urn=resource["urn"],
        type=resource["type"],
        step="create",
        parent=resource.get("parent") or "",
        provider=_provider_of(resource),
        inputs={name: value for name, value in _plain(inputs).items() if not is_secret(value)},
        sealed=inputs,
        secrets=frozenset(name for name, value in inputs.items() if is_secret(value)),
        secret_outputs=frozenset(resource.get("additionalSecretOutputs") or ()),
        protect=bool(resource.get("protect")),
    )


def _provider_of(resource: Any) -> str:
    """Return the URN out of a reference, which is a URN and an id."""
    return (resource.get("provider") or "").rpartition("::")[0]
