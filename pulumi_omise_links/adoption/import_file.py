"""A plan as the file that ``pulumi import --file`` takes.

The format is Pulumi's (pkg/cmd/pulumi/operations/import.go). Inputs are those of the preview,
letter for letter, so that the next preview finds nothing to change; secrets among them are
encrypted by the stack's own secrets provider. Outputs are what a create would have left.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..inventory.accounts import AccountSnapshot
from ..omise.models import OmiseLink, Scope
from ..stack.dependencies import foundations, is_default, own_provider
from ..stack.pulumi_json import PROVIDER_TYPE, SECRET_MARK, PulumiResource, name_of
from ..state_format import PROVIDER_KEY, outputs_from
from .plan import Action, Facts, Plan


@dataclass(frozen=True)
class ImportFile:
    """What one ``pulumi import`` takes; ``protect`` is its ``--protect``, which holds for all."""

    content: dict[str, Any]
    protect: bool


def import_file(plan: Plan, facts: Facts) -> dict[str, Any]:
    """Return all imports of a plan as one file, for people who run Pulumi themselves."""
    return content(_specs(plan, facts))


def import_files(plan: Plan, facts: Facts) -> list[ImportFile]:
    """Return the imports of a plan as one file for each run of ``pulumi import`` it takes.

    ``--protect`` holds for a whole run, and a link that the program protects must never be in the
    state without that: so protected ones come in a file of their own. Parents come before children.
    """
    waiting = _specs(plan, facts)
    files = []
    while waiting:
        protect = waiting[0][0].protect
        left = {resource.urn for resource, _ in waiting}
        batch = []
        for resource, spec in waiting:
            if resource.protect == protect and not {resource.parent, resource.provider} & left:
                batch.append((resource, spec))
                left.discard(resource.urn)
        files.append(ImportFile(content(batch), protect))
        waiting = [each for each in waiting if each[0].urn in left]
    return files


def link_spec(
    resource: PulumiResource, link: OmiseLink, scope: Scope, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Return how an import file names a link; ``values`` are its inputs without encryption."""
    outputs = outputs_from(link, scope, values)
    for name in resource.secret_outputs & outputs.keys():
        outputs[name] = {**SECRET_MARK, "plaintext": json.dumps(outputs[name])}
    # What the inputs encrypt is the same in the outputs.
    for name in resource.secrets & outputs.keys():
        outputs[name] = resource.sealed[name]
    outputs[PROVIDER_KEY] = resource.sealed[PROVIDER_KEY]
    return {"id": link.id, "inputs": dict(resource.sealed), "outputs": outputs}


Specs = Sequence[tuple[PulumiResource, dict[str, Any]]]


def _specs(plan: Plan, facts: Facts) -> list[tuple[PulumiResource, dict[str, Any]]]:
    """Return what is to be imported and what that stands on, parents first."""
    specs: dict[str, tuple[PulumiResource, dict[str, Any]]] = {}
    links = {each.urn: each for each in plan.of(Action.IMPORT) if each.urn}
    for urn in facts.preview.resources:
        if urn not in links:
            continue
        for each in foundations(urn, facts.preview, facts.state.urns):
            if each.urn not in links:
                specs.setdefault(each.urn, (each, _foundation(each)))
        one, link = facts.preview.resources[urn], links[urn].link
        account = facts.accounts[own_provider(one.provider)]
        if link is None or not isinstance(account, AccountSnapshot):
            raise TypeError(f"{urn} was planned without its link")
        specs[urn] = (one, link_spec(one, link, account.scope, one.inputs))
    return list(specs.values())


def _foundation(resource: PulumiResource) -> dict[str, Any]:
    spec: dict[str, Any] = {"inputs": dict(resource.sealed)} if resource.sealed else {}
    return spec if resource.type == PROVIDER_TYPE else {**spec, "component": True}


def content(specs: Specs) -> dict[str, Any]:
    """Put specs together as one file, with a name for each that is used once in the file."""
    here = [resource.urn for resource, _ in specs]
    there = [
        urn
        for resource, _ in specs
        for urn in (resource.parent, resource.provider)
        if urn and urn not in here and not is_default(urn) and "pulumi:pulumi:Stack::" not in urn
    ]
    names = _unique_names([*here, *dict.fromkeys(there)])
    resources = []
    for resource, spec in specs:
        entry = {"type": resource.type, "name": names[resource.urn]}
        if entry["name"] != resource.name:
            entry["logicalName"] = resource.name
        for key, urn in (("parent", resource.parent), ("provider", resource.provider)):
            if urn in names:
                entry[key] = names[urn]
        resources.append({**entry, **spec})
    table = {names[urn]: urn for urn in there}
    return {"nameTable": table, "resources": resources}


def _unique_names(urns: Collection[str]) -> dict[str, str]:
    taken: dict[str, str] = {}
    for urn in urns:
        name, number = name_of(urn), 1
        while name in taken:
            number += 1
            name = f"{name_of(urn)}-{number}"
        taken[name] = urn
    return {urn: name for name, urn in taken.items()}
