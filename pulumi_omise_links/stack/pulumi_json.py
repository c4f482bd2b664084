"""Reads what the ``pulumi`` command prints as JSON: previews, update plans, exported states.

``__provider``, which is a pickle, is compared and copied as text and never loaded.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Any

from ..errors import ProjectError
from ..inputs import INPUT_NAMES, INPUTS
from ..omise.models import LinkInputs, Scope
from ..state_format import AS_STORED, LINK_TYPES, SECRET_MARK, from_native, scope_of
from .model import (
    PROVIDER_TYPES,
    PROVIDER_TYPES_PREFIX,
    ManagedLink,
    Preview,
    PulumiResource,
    StackState,
    type_of,
)

_ROOT_TYPE = "pulumi:pulumi:Stack"
SHOWN_SECRET = "[secret]"  # noqa: S105  (what a preview shows in place of one)
_NO_INPUTS: Mapping[str, Any] = MappingProxyType({})
# The engine's words about a change of a protected resource (pkg/resource/deploy of pulumi/pulumi).
_PROTECTED = re.compile(r"marked for protection|because it is protected")
# What it adds to the reasons.
_NO_REASON = re.compile(r"(?:error: )?preview failed\.?\s*$")


def is_secret(value: object) -> bool:
    """Whether a property, as Pulumi writes it to JSON, is a secret."""
    return isinstance(value, Mapping) and SECRET_MARK.items() <= value.items()


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
    return replace(preview, resources={**preview.resources, **opened})


def _unexpected(command: str, error: Exception) -> ProjectError:
    # The kind of the error alone: its text may hold a value out of the state.
    return ProjectError(
        f"`{command}` has printed JSON that this version cannot read ({type(error).__name__}). Is"
        " `pulumi` on the PATH newer than this package, or a script of your own?"
    )


def _read_preview(digest: Any, update_plan: Any) -> Preview:
    resources: dict[str, PulumiResource] = {}
    removed: dict[str, str] = {}
    removed_others: list[str] = []
    held: dict[str, ManagedLink] = {}
    steps = digest.get("steps") or ()
    _require_texts(steps)
    _require_texts(
        step[part] for part in ("newState", "oldState") for step in steps if step.get(part)
    )
    for step in steps:
        new, old, urn = step.get("newState"), step.get("oldState") or {}, step["urn"]
        is_held = old.get("type") in LINK_TYPES and old.get("id") and not old.get("external")
        if is_held:
            held[old["id"]] = _held_link(old)
        if new is None:
            if step["op"] == "delete" and is_held:
                removed[old["id"]] = urn
            elif step["op"] == "delete":
                removed_others.append(urn)
            continue
        if urn in resources and resources[urn].step != "same":
            continue  # a replacement is three steps
        shown = new.get("inputs") or {}
        # The preview only says that an input is a secret; the update plan has it encrypted.
        encrypted = _planned_inputs(update_plan, urn, new["type"], shown) or shown
        secrets = frozenset(
            name for name, value in encrypted.items() if is_secret(value) or value == SHOWN_SECRET
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
            import_id=new.get("importID"),
            plugin=_plugin(_planned(update_plan, _provider_urn(new)).get("state") or {}),
            changed=tuple(step.get("replaceReasons") or step.get("diffReasons") or ()),
        )
    same = sum(resource.step == "same" for resource in resources.values())
    return Preview(
        resources,
        removed,
        removed_others=tuple(removed_others),
        held=held,
        refused=_refused_changes(digest),
        complete=same >= (digest.get("changeSummary") or {}).get("same", 0),
    )


def _held_link(old: Any) -> ManagedLink:
    link = _managed_link(old)
    shown = {name: value for name, value in link.inputs.items() if value != SHOWN_SECRET}
    return link if len(shown) == len(link.inputs) else replace(link, whole=None, partial=shown)


def _errors(digest: Any) -> list[tuple[str, str]]:
    """Return the errors of a preview: the URN, which may be empty, and the message."""
    return [
        (str(diagnostic.get("urn") or ""), str(diagnostic.get("message")))
        for diagnostic in digest.get("diagnostics") or ()
        if diagnostic.get("severity") == "error"
    ]


def _refused_changes(digest: Any) -> frozenset[str]:
    """Return the URNs of those links of which a preview says that they are protected."""
    return frozenset(
        urn
        for urn, message in _errors(digest)
        if type_of(urn) in LINK_TYPES and _PROTECTED.search(message)
    )


def has_failed(digest: Any) -> bool:
    """Whether a preview has failed."""
    return bool(_errors(digest))


def failed_only_by_protection(digest: Any) -> bool:
    """Whether a preview has failed, and for no other reason than that links are protected."""
    refused = _refused_changes(digest)
    return bool(refused) and all(
        urn in refused or (not urn and _NO_REASON.match(message))
        for urn, message in _errors(digest)
    )


def _require_texts(resources: Any) -> None:
    """:raises TypeError: what names a resource is no text."""
    for resource in resources:
        if not all(isinstance(resource.get(name, ""), str) for name in ("urn", "type", "id")):
            raise TypeError("a name that is no text")


def _planned_inputs(
    update_plan: Any, urn: str, type_: str, shown: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the inputs of a resource in an update plan; those of a provider in any case."""
    planned = _planned(update_plan, urn)
    state = planned.get("state") or {}
    if type_ in PROVIDER_TYPES:
        return dict(state)
    # Of a resource that the stack has already, the difference has only what changes.
    diff = (planned.get("goal") or {}).get("inputDiff") or {}
    known = {**shown, **state, **(diff.get("updates") or {}), **(diff.get("adds") or {})}
    return {name: known[name] for name in shown}


def _planned(update_plan: Any, urn: str) -> dict[str, Any]:
    planned: dict[str, Any] = (update_plan.get("resourcePlans") or {}).get(urn) or {}
    return planned


def _plugin(provider: Mapping[str, Any]) -> dict[str, str]:
    """Return which plugin a provider asks for, by the keys of an import file."""
    internal = provider.get("__internal") or {}
    asked = {
        "version": provider.get("version"),
        "pluginDownloadUrl": internal.get("pluginDownloadURL"),
    }
    return {key: value for key, value in asked.items() if isinstance(value, str)}


def _plain(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: json.loads(value["plaintext"]) if is_secret(value) and "plaintext" in value else value
        for name, value in properties.items()
    }


def _read_state(export: Any) -> StackState:
    # Without that key it is no export, and not one of an empty stack.
    deployment = export["deployment"] or {}
    resources = deployment.get("resources") or []
    _require_texts(resources)
    plugins = {
        resource["urn"]: _plugin(resource.get("inputs") or {})
        for resource in resources
        if resource["type"] in PROVIDER_TYPES
    }
    return StackState(
        links=tuple(
            _managed_link(resource)
            for resource in resources
            if resource["type"] in LINK_TYPES
            and resource.get("id")
            and not resource.get("external")
        ),
        urns=frozenset(resource["urn"] for resource in resources if not resource.get("delete")),
        pending=tuple(
            replace(create, plugin=plugins.get(create.provider_urn, {}))
            for create in map(_resource_from_state, _pending(deployment, "creating"))
        ),
        deleting=frozenset(resource["urn"] for resource in _pending(deployment, "deleting")),
        unfinished=frozenset(resource["urn"] for resource in _pending(deployment)),
        looked_up=frozenset(
            resource["id"]
            for resource in resources
            if resource["type"] in LINK_TYPES and resource.get("id") and resource.get("external")
        ),
        providers={
            resource["urn"]: _resource_from_state(resource)
            for resource in resources
            if resource["type"] in PROVIDER_TYPES and not resource.get("delete")
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
            and resource["type"] not in LINK_TYPES
            and not resource["type"].startswith(PROVIDER_TYPES_PREFIX)
        },
        protected=tuple(resource["urn"] for resource in resources if resource.get("protect")),
        uncertain=tuple(
            pending["resource"]["urn"]
            for pending in deployment.get("pending_operations") or ()
            if pending["type"] == "importing"
            or (pending["type"] == "creating" and pending["resource"]["type"] not in LINK_TYPES)
        ),
    )


def _managed_link(resource: Any) -> ManagedLink:
    outputs = from_native(resource.get("outputs") or {})
    texts = {name: value for name, value in outputs.items() if isinstance(value, str)}
    inputs = _readable_inputs(resource.get("inputs") or {}, outputs)
    whole = LinkInputs(**inputs) if len(inputs) == len(INPUT_NAMES) else None
    return ManagedLink(
        urn=resource["urn"],
        id=resource["id"],
        pending_delete=bool(resource.get("delete")),
        protect=bool(resource.get("protect")),
        retain_on_delete=bool(resource.get("retainOnDelete")),
        provider_urn=sys.intern(_provider_urn(resource)),
        scope=_kept_once(scope_of(texts)),
        whole=whole,
        partial=_NO_INPUTS if whole else inputs,
        stored_otherwise=AS_STORED in outputs,
        created_at=texts.get("created_at", ""),
        used=outputs.get("used") is True,
        payment_uri=texts.get("payment_uri", ""),
    )


@cache
def _kept_once(scope: Scope) -> Scope:
    """Return the same object for equal scopes: very many links are of few."""
    return scope


def _readable_inputs(inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> dict[str, Any]:
    readable = {
        one.name: outputs[one.name]
        for one in INPUTS
        # A secret is no value of its type. bool is an int in Python, and no amount.
        if type(outputs.get(one.name)) is one.type and not is_secret(inputs.get(one.name))
    }
    if "currency" in readable:
        readable["currency"] = sys.intern(readable["currency"].upper())
    return readable


def _pending(deployment: Any, operation: str | None = None) -> Iterator[Any]:
    """Yield the links to which this was being done when a run was killed; None is anything."""
    for pending in deployment.get("pending_operations") or ():
        if operation in {None, pending["type"]} and pending["resource"]["type"] in LINK_TYPES:
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
        import_id=resource.get("importID"),
    )


def _provider_urn(resource: Any) -> str:
    """Return the URN out of a reference, which is a URN and an id."""
    return (resource.get("provider") or "").rpartition("::")[0]
