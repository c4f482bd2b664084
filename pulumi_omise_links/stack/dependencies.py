"""What a link stands on: its parents and its provider.

An import can make components of the program and explicit providers, and nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..output.terminal import show
from .pulumi_json import PROVIDER_TYPE, UNKNOWN, Preview, PulumiResource


def is_default(urn: str) -> bool:
    """Whether this is the provider that links have without naming one."""
    return urn.endswith(f"::{PROVIDER_TYPE}::default")


def own_provider(urn: str) -> str:
    """Return the URN of an explicit provider; empty for the one that needs no naming."""
    return "" if is_default(urn) else urn


def problem_of(
    urn: str, preview: Preview, there: Iterable[str], coming: Collection[str | None]
) -> str | None:
    """Return why a resource cannot be imported because of its parents or provider, or None."""
    for each in foundations(urn, preview, there):
        name = show(each.name)
        if each.type == PROVIDER_TYPE:
            if UNKNOWN in each.sealed.values():
                return (
                    f"The settings of its provider {name} cannot be told before `pulumi up`: make"
                    " what they come from first."
                )
        elif each.custom and each.urn not in coming:
            return f"Its parent {name} does not exist yet: run `pulumi up` for that first."
        elif not each.custom and each.provider:
            return (
                f"Its parent {name} is a component of another package and not in the stack yet:"
                " run `pulumi up` for that first."
            )
    return None


def foundations(urn: str, preview: Preview, there: Iterable[str]) -> list[PulumiResource]:
    """Return parents and providers that are not in the stack yet, outermost first."""
    found: dict[str, PulumiResource] = {}

    def add(each: str) -> None:
        resource = preview.resources.get(each)
        if resource is None or each in found or resource.step != "create" or is_default(each):
            return
        for below in (resource.parent, resource.provider):
            add(below)
        found[each] = resource

    there = frozenset(there)
    one = preview.resources[urn]
    for below in (one.parent, one.provider):
        add(below)
    return [
        each for each in found.values() if each.urn not in there and "pulumi:Stack" not in each.type
    ]
