"""What a link depends on in a stack: its parents and its provider.

``pulumi import`` can create components of the program and explicit providers, and nothing else.
"""

from __future__ import annotations

from collections.abc import Collection

from ..state_format import names_default_provider
from .model import PROVIDER_TYPES, Preview, PulumiResource, name_of, type_of


def is_default_provider(urn: str) -> bool:
    """Whether this is a provider of links that name none."""
    return type_of(urn) in PROVIDER_TYPES and names_default_provider(name_of(urn))


def explicit_provider(urn: str) -> str:
    """Return the URN of an explicit provider; empty for the default one."""
    return "" if is_default_provider(urn) else urn


def missing_dependencies(
    urn: str, preview: Preview, existing: Collection[str]
) -> list[PulumiResource]:
    """Return the parents and providers of a resource that are not in the stack, outermost first.

    :param existing: the URNs of what is in the stack.
    """
    found: dict[str, PulumiResource] = {}

    def add(dependency: str) -> None:
        resource = preview.resources.get(dependency)
        if resource is None or dependency in found or resource.step != "create":
            return
        if is_default_provider(dependency) or "pulumi:Stack" in resource.type:
            return
        add_dependencies_of(resource)
        if dependency not in existing:
            found[dependency] = resource

    def add_dependencies_of(resource: PulumiResource) -> None:
        add(resource.parent_urn)
        add(resource.provider_urn)

    add_dependencies_of(preview.resources[urn])
    return list(found.values())
