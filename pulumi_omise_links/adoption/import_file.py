"""An import plan as the file that ``pulumi import --file`` takes.

The format is Pulumi's (pkg/cmd/pulumi/operations/import.go). Inputs are those of the preview,
character for character, so that the next preview finds nothing to change; secrets among them are
encrypted by the stack's own secrets provider. Outputs are what a create would have left. Of a link
of the native plugin the id is enough, as the plugin reads the rest, with two exceptions
(``_is_read_by_plugin``).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import ProjectError
from ..inventory.accounts import AccountSnapshot
from ..manifest.text import NewEntry
from ..omise.models import OmiseLink, Scope
from ..safe_text import escape
from ..stack.dependencies import explicit_provider, is_default_provider, missing_dependencies
from ..stack.model import PROVIDER_TYPES, PulumiResource, name_of
from ..state_format import NATIVE_TYPE_TOKEN, PROVIDER_KEY, SECRET_MARK, outputs_from, to_native
from .import_plan import Action, ImportFacts, ImportPlan

ResourceSpecs = Sequence[tuple[PulumiResource, dict[str, Any]]]
"""Resources, each with what an import file says of it beside its name."""


@dataclass(frozen=True)
class ImportFile:
    """What one ``pulumi import`` takes; ``protect`` is its ``--protect``, which holds for all."""

    content: dict[str, Any]
    protect: bool


def make_import_file(plan: ImportPlan, facts: ImportFacts) -> dict[str, Any]:
    """Return all imports of a plan as one file, for people who run Pulumi themselves.

    :raises ProjectError: they do not fit into one file.
    """
    specs = _make_specs(plan, facts)
    new = {resource.urn for resource, _ in specs}
    for resource, _ in specs:
        if resource.type in PROVIDER_TYPES and resource.parent_urn in new:
            raise ProjectError(
                f"One import file cannot hold provider {escape(resource.name)} together with its"
                f" parent {escape(name_of(resource.parent_urn))}, as Pulumi would create the"
                " provider first. `omise-links import` takes two files for them; or run"
                " `pulumi up` for the parent first."
            )
    return make_file_content(specs)


def make_import_files(plan: ImportPlan, facts: ImportFacts) -> list[ImportFile]:
    """Return the imports of a plan as one file for each run of ``pulumi import`` it takes.

    Parents come before children. Two things need a file of their own:

    - protected links: ``--protect`` holds for a whole run, and a link that the program protects
      must never be in the state without that;
    - a provider whose parent is new: Pulumi creates the providers of a file before everything else,
      and a state in which a resource stands before its parent is invalid.
    """
    waiting = _make_specs(plan, facts)
    files = []
    while waiting:
        protect = waiting[0][0].protect
        before = {resource.urn for resource, _ in waiting}
        left = set(before)
        batch = []
        for resource, spec in waiting:
            needed = {resource.parent_urn, resource.provider_urn}
            absent = before if resource.type in PROVIDER_TYPES else left
            if resource.protect == protect and not needed & absent:
                batch.append((resource, spec))
                left.discard(resource.urn)
        files.append(ImportFile(make_file_content(batch), protect))
        waiting = [(resource, spec) for resource, spec in waiting if resource.urn in left]
    return files


def make_file_of_new(entries: Iterable[NewEntry]) -> dict[str, Any]:
    """Return existing links as a file from which Pulumi makes resources of the native plugin."""
    return {
        "resources": [
            {"type": NATIVE_TYPE_TOKEN, "name": entry.name, "id": entry.id} for entry in entries
        ]
    }


def make_link_spec(
    resource: PulumiResource,
    link: OmiseLink,
    scope: Scope,
    values: Mapping[str, Any],
    existing: Collection[str],
) -> dict[str, Any]:
    """Return what an import file says of a link beside its name.

    :param values: its inputs without encryption.
    :param existing: the URNs of what is in the stack.
    """
    # An explicit provider says itself which plugin it is.
    plugin = resource.plugin if is_default_provider(resource.provider_urn) else {}
    spec: dict[str, Any] = {"id": link.id, **plugin}
    if _is_read_by_plugin(resource, existing):
        return spec
    outputs = outputs_from(link, scope, values)
    if resource.is_native:
        outputs = to_native(outputs)
    else:
        outputs[PROVIDER_KEY] = resource.encrypted_inputs[PROVIDER_KEY]
    for name in resource.secret_outputs & outputs.keys():
        outputs[name] = {**SECRET_MARK, "plaintext": json.dumps(outputs[name])}
    # What the inputs encrypt is the same in the outputs.
    for name in resource.secret_inputs & outputs.keys():
        outputs[name] = resource.encrypted_inputs[name]
    return {**spec, "inputs": dict(resource.encrypted_inputs), "outputs": outputs}


def _is_read_by_plugin(resource: PulumiResource, existing: Collection[str]) -> bool:
    """Whether Pulumi may let the native plugin read a link.

    It would keep in plain text what the program has made secret. And a provider that is in the
    stack already would read with the settings in the state, whose key may be older than the one
    that the link was compared with.
    """
    secret = resource.secret_inputs or resource.secret_outputs
    return resource.is_native and not secret and resource.provider_urn not in existing


def make_file_content(specs: ResourceSpecs) -> dict[str, Any]:
    """Return specs as one file, with a name for each resource that is used once in the file."""
    here = [resource.urn for resource, _ in specs]
    elsewhere = [
        urn
        for resource, _ in specs
        for urn in (resource.parent_urn, resource.provider_urn)
        if urn and urn not in here and not is_default_provider(urn) and not _is_root(urn)
    ]
    names = _unique_names([*here, *dict.fromkeys(elsewhere)])
    resources = []
    for resource, spec in specs:
        entry = {"type": resource.type, "name": names[resource.urn]}
        if entry["name"] != resource.name:
            entry["logicalName"] = resource.name
        for key, urn in (("parent", resource.parent_urn), ("provider", resource.provider_urn)):
            if urn in names:
                entry[key] = names[urn]
        resources.append({**entry, **spec})
    return {"nameTable": {names[urn]: urn for urn in elsewhere}, "resources": resources}


def _make_specs(
    plan: ImportPlan, facts: ImportFacts
) -> list[tuple[PulumiResource, dict[str, Any]]]:
    """Return what is to be imported and what it depends on, parents first."""
    specs: dict[str, tuple[PulumiResource, dict[str, Any]]] = {}
    links = {planned.urn: planned for planned in plan.of(Action.IMPORT) if planned.urn}
    for urn, resource in facts.preview.resources.items():
        if urn not in links:
            continue
        for dependency in missing_dependencies(urn, facts.preview, facts.state.urns):
            if dependency.urn not in links:
                specs.setdefault(dependency.urn, (dependency, _make_dependency_spec(dependency)))
        link = links[urn].link
        account = facts.accounts[explicit_provider(resource.provider_urn)]
        if link is None or not isinstance(account, AccountSnapshot):
            raise TypeError(f"{urn} was planned without its link")
        spec = make_link_spec(resource, link, account.scope, resource.inputs, facts.state.urns)
        specs[urn] = (resource, spec)
    return list(specs.values())


def _make_dependency_spec(resource: PulumiResource) -> dict[str, Any]:
    inputs = resource.encrypted_inputs
    spec: dict[str, Any] = {"inputs": dict(inputs)} if inputs else {}
    return spec if resource.type in PROVIDER_TYPES else {**spec, "component": True}


def _is_root(urn: str) -> bool:
    return "pulumi:pulumi:Stack::" in urn


def _unique_names(urns: Collection[str]) -> dict[str, str]:
    taken: dict[str, str] = {}
    for urn in urns:
        name, number = name_of(urn), 1
        while name in taken:
            number += 1
            name = f"{name_of(urn)}-{number}"
        taken[name] = urn
    return {urn: name for name, urn in taken.items()}
