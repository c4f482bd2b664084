"""What the ``pulumi`` command prints as JSON: previews, update plans, exported states.

``__provider``, which is a pickle, is compared and copied as text and never loaded.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import ProjectError
from ..inputs import INPUT_NAMES
from ..omise.models import Scope
from ..state_format import AS_STORED, SECRET_MARK, TYPE_TOKEN, scope_of

PROVIDER_TYPE = "pulumi:providers:pulumi-python"
_PROVIDER_TYPES = "pulumi:providers:"
_ROOT_TYPE = "pulumi:pulumi:Stack"
# How Pulumi marks a value in JSON that is not known before `pulumi up`
# (sdk/go/common/resource/plugin/rpc.go).
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWN_SCOPE = Scope(None)


def name_of(urn: str) -> str:
    """Return the name that the program gave to the resource of this URN."""
    return urn.split("::", 3)[-1]


def is_secret(value: object) -> bool:
    """Whether a property, as Pulumi writes it to JSON, is a secret."""
    return isinstance(value, Mapping) and SECRET_MARK.items() <= value.items()


@dataclass(frozen=True, kw_only=True)
class PulumiResource:
    """A resource as the program declares it, and what the next ``pulumi up`` would do to it.

    ``step`` is Pulumi's word: ``same``, ``create``, ``replace``, ``read``, …. ``encrypted_inputs``
    are the inputs as an import file takes them; in ``inputs`` those named in ``secret_inputs`` are
    missing until ``Project.with_secrets``. ``current_id`` is what the stack manages under this URN,
    aliases followed.
    """

    urn: str
    type: str
    step: str
    parent_urn: str = ""
    provider_urn: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    encrypted_inputs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    secret_inputs: frozenset[str] = frozenset()
    secret_outputs: frozenset[str] = frozenset()
    custom: bool = True
    protect: bool = False
    retain_on_delete: bool = False
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
    """What the program declares, by URN, parents first.

    ``removed`` are the links that it no longer declares: URN by id.
    """

    resources: Mapping[str, PulumiResource]
    removed: Mapping[str, str] = field(default_factory=dict)

    def links(self) -> Iterator[PulumiResource]:
        """Yield the links."""
        return (resource for resource in self.resources.values() if resource.is_link)


@dataclass(frozen=True, kw_only=True, slots=True)
class ManagedLink:
    """A link in a state, small, as the stacks of a backend may hold very many.

    ``pending_delete``: the next update deletes it, after a replacement that has failed. ``inputs``
    are those that are no secrets, as the state spells them. ``stored_otherwise``: Omise stores a
    text of the link otherwise, and only an opened state tells how. ``created_at`` is empty if the
    state does not say; ``used`` is what the last update or refresh saw.
    """

    urn: str
    id: str
    pending_delete: bool = False
    protect: bool = False
    retain_on_delete: bool = False
    provider_urn: str = ""
    scope: Scope = _UNKNOWN_SCOPE
    inputs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    stored_otherwise: bool = False
    created_at: str = ""
    used: bool = False

    @property
    def name(self) -> str:
        """The name in the program."""
        return name_of(self.urn)


@dataclass(frozen=True, kw_only=True)
class StackState:
    """The part of a stack's state that concerns links, and what a destroy does to the rest.

    ``pending`` are creates of links that a killed run left, ``deleting`` the URNs of links that it
    was deleting; ``providers`` are the explicit ones, by URN; ``root`` is the URN of the stack;
    ``written`` is when the state was written, ``begun`` when the oldest resource in it was made.
    ``others`` are the types, by URN, of the resources that a destroy deletes and that are no links;
    ``protected`` are the URNs of all that is protected. ``uncertain`` are the URNs of what a killed
    run was importing, or was creating and that is no link: it may exist, and is not in the state.
    """

    links: tuple[ManagedLink, ...] = ()
    urns: frozenset[str] = frozenset()
    pending: tuple[PulumiResource, ...] = ()
    deleting: frozenset[str] = frozenset()
    providers: Mapping[str, PulumiResource] = field(default_factory=dict)
    root: str = ""
    written: str = ""
    begun: str = ""
    others: Mapping[str, str] = field(default_factory=dict)
    protected: tuple[str, ...] = ()
    uncertain: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is in it, but for the stack itself, and no create is pending."""
        left = (self.links, self.others, self.pending, self.uncertain)
        return self.urns <= {self.root} and not any(left)

    def link(self, urn: str) -> ManagedLink | None:
        """Return the link that the stack manages under this URN."""
        return next(
            (link for link in self.links if link.urn == urn and not link.pending_delete), None
        )


def read_preview(digest: Any, update_plan: Any) -> Preview:
    """Read ``preview --json --show-sames`` and the update plan that it has saved.

    :raises ProjectError: they are not what Pulumi writes.
    """
    try:
        return _read_preview(digest, update_plan)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _unexpected("pulumi preview --json", error) from None


def read_state(export: Any) -> StackState:
    """Read ``stack export``.

    :raises ProjectError: it is not what Pulumi writes.
    """
    try:
        return _read_state(export)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _unexpected("pulumi stack export", error) from None


def with_secret_values(preview: Preview, update_plan: Any) -> Preview:
    """Return the preview with the secret inputs that an update plan of ``--show-secrets`` holds.

    :raises ProjectError: the update plan is not what Pulumi writes.
    """
    opened = {}
    try:
        for urn, resource in preview.resources.items():
            if resource.secret_inputs:
                planned = _planned_inputs(
                    update_plan, urn, resource.type, resource.encrypted_inputs
                )
                opened[urn] = replace(resource, inputs={**resource.inputs, **_plain(planned)})
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _unexpected("pulumi preview --save-plan", error) from None
    return Preview({**preview.resources, **opened}, preview.removed)


def _unexpected(command: str, error: Exception) -> ProjectError:
    # The kind of the error alone: its text may hold a value out of the state.
    return ProjectError(
        f"`{command}` has printed JSON that this version cannot read ({type(error).__name__}). Is"
        " `pulumi` on the PATH newer than this package, or a script of your own?"
    )


def _read_preview(digest: Any, update_plan: Any) -> Preview:
    resources: dict[str, PulumiResource] = {}
    removed: dict[str, str] = {}
    for step in digest.get("steps") or ():
        new, old, urn = step.get("newState"), step.get("oldState") or {}, step["urn"]
        if new is None:
            if step["op"] == "delete" and old.get("type") == TYPE_TOKEN and old.get("id"):
                removed[old["id"]] = urn
            continue
        if urn in resources and resources[urn].step != "same":
            continue  # a replacement is three steps
        shown = new.get("inputs") or {}
        # The preview only says that an input is a secret; the update plan has it encrypted.
        encrypted = _planned_inputs(update_plan, urn, new["type"], shown) or shown
        secrets = frozenset(
            name for name, value in encrypted.items() if is_secret(value) or value == "[secret]"
        )
        resources[urn] = PulumiResource(
            urn=urn,
            type=new["type"],
            step=step["op"],
            parent_urn=new.get("parent") or "",
            provider_urn=_provider_urn(new),
            inputs={name: value for name, value in shown.items() if name not in secrets},
            encrypted_inputs=encrypted,
            secret_inputs=secrets,
            secret_outputs=frozenset(new.get("additionalSecretOutputs") or ()),
            custom=bool(new.get("custom")),
            protect=bool(new.get("protect")),
            retain_on_delete=bool(new.get("retainOnDelete")),
            current_id=old.get("id") if not old.get("external") else None,
            changed=tuple(step.get("replaceReasons") or step.get("diffReasons") or ()),
        )
    return Preview(resources, removed)


def _planned_inputs(
    update_plan: Any, urn: str, type_: str, shown: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the inputs of a resource in an update plan; those of a provider in any case."""
    planned = (update_plan.get("resourcePlans") or {}).get(urn) or {}
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


def _read_state(export: Any) -> StackState:
    deployment = export.get("deployment") or {}
    resources = deployment.get("resources") or []
    return StackState(
        links=tuple(
            _managed_link(resource)
            for resource in resources
            if resource["type"] == TYPE_TOKEN
            and resource.get("id")
            and not resource.get("external")
        ),
        urns=frozenset(resource["urn"] for resource in resources if not resource.get("delete")),
        pending=tuple(map(_resource_from_state, _pending(deployment, "creating"))),
        deleting=frozenset(resource["urn"] for resource in _pending(deployment, "deleting")),
        providers={
            resource["urn"]: _resource_from_state(resource)
            for resource in resources
            if resource["type"] == PROVIDER_TYPE and not resource.get("delete")
        },
        root=next(
            (resource["urn"] for resource in resources if resource["type"] == _ROOT_TYPE), ""
        ),
        written=(deployment.get("manifest") or {}).get("time") or "",
        begun=min(
            (resource["created"] for resource in resources if resource.get("created")), default=""
        ),
        others={
            resource["urn"]: resource["type"]
            for resource in resources
            if resource.get("custom")
            and not resource.get("external")
            and resource["type"] != TYPE_TOKEN
            and not resource["type"].startswith(_PROVIDER_TYPES)
        },
        protected=tuple(resource["urn"] for resource in resources if resource.get("protect")),
        uncertain=tuple(
            pending["resource"]["urn"]
            for pending in deployment.get("pending_operations") or ()
            if pending["type"] == "importing"
            or (pending["type"] == "creating" and pending["resource"]["type"] != TYPE_TOKEN)
        ),
    )


def _managed_link(resource: Any) -> ManagedLink:
    outputs = resource.get("outputs") or {}
    texts = {name: value for name, value in outputs.items() if isinstance(value, str)}
    return ManagedLink(
        urn=resource["urn"],
        id=resource["id"],
        pending_delete=bool(resource.get("delete")),
        protect=bool(resource.get("protect")),
        retain_on_delete=bool(resource.get("retainOnDelete")),
        provider_urn=sys.intern(_provider_urn(resource)),
        scope=scope_of(texts),
        inputs={
            name: outputs[name]
            for name in INPUT_NAMES
            if name in outputs and not is_secret(outputs[name])
        },
        stored_otherwise=AS_STORED in outputs,
        created_at=texts.get("created_at", ""),
        used=outputs.get("used") is True,
    )


def _pending(deployment: Any, operation: str) -> Iterator[Any]:
    """Yield the links to which this was being done when a run was killed."""
    for pending in deployment.get("pending_operations") or ():
        if pending["type"] == operation and pending["resource"]["type"] == TYPE_TOKEN:
            yield pending["resource"]


def _resource_from_state(resource: Any) -> PulumiResource:
    """Read a resource of a state as if a program declared it."""
    inputs = resource.get("inputs") or {}
    return PulumiResource(
        urn=resource["urn"],
        type=resource["type"],
        step="create",
        parent_urn=resource.get("parent") or "",
        provider_urn=_provider_urn(resource),
        inputs={name: value for name, value in _plain(inputs).items() if not is_secret(value)},
        encrypted_inputs=inputs,
        secret_inputs=frozenset(name for name, value in inputs.items() if is_secret(value)),
        secret_outputs=frozenset(resource.get("additionalSecretOutputs") or ()),
        protect=bool(resource.get("protect")),
        retain_on_delete=bool(resource.get("retainOnDelete")),
    )


def _provider_urn(resource: Any) -> str:
    """Return the URN out of a reference, which is a URN and an id."""
    return (resource.get("provider") or "").rpartition("::")[0]
