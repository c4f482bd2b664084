"""A Pulumi project of links, for the runs that inject faults and kill processes.

`compare` puts side by side what the program declares, what the state holds and what exists in the
account.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi_project import NO_QUESTIONS, PulumiProject, Run

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.inputs import INPUT_NAMES
from pulumi_omise_links.state_format import LINK_TYPES

PROGRAM = """\
import json
import pathlib

from pulumi_omise_links import Link

for name, inputs in json.loads(pathlib.Path("links.json").read_text()).items():
    Link(name, **inputs)
"""
# What Pulumi's code generator would make of the plugin's schema, in short.
NATIVE_LINK = """\
import pulumi


class Link(pulumi.CustomResource):
    def __init__(self, name, opts=None, **inputs):
        outputs = ("paymentUri", "createdAt", "used", "usedAt")
        super().__init__("omise:index:Link", name, {**dict.fromkeys(outputs), **inputs}, opts)
"""
Links = dict[str, dict[str, Any]]

# The engine's list of what went wrong: a resource, then its errors, indented.
_DIAGNOSTICS = re.compile(
    r"^  \S+ \((?P<name>[^)]+)\):\n(?P<text>(?:    .*\n|\n(?=    ))*)", re.MULTILINE
)


def diagnostics(run: Run) -> dict[str, str]:
    """Return what the engine printed about each resource, by the name of the resource."""
    listed = run.out.partition("\nDiagnostics:\n")[2]
    return {found["name"]: found["text"] for found in _DIAGNOSTICS.finditer(listed)}


@dataclass(frozen=True, kw_only=True)
class ManagedLink:
    """One link of a state. ``pending_delete``: replaced, and still to be deleted."""

    name: str
    id: str
    inputs: dict[str, Any]
    pending_delete: bool


class LinksProject(PulumiProject):
    """A project whose program declares ``links``, with ``adopt`` for some of them.

    Links of the native plugin know no ``adopt``.
    """

    def __init__(
        self,
        folder: Path,
        pulumi: Path,
        omise: Emulator,
        *,
        name: str = "shop",
        seconds: float = 2,
        native: bool = False,
    ) -> None:
        """Make the project, and its stack.

        :param seconds: how long one answer of Omise may take.
        :param native: whether the links are those of the native plugin.
        """
        env = {
            "OMISE_API_URL": omise.url,
            "OMISE_SECRET_KEY": omise.key("th"),
            "OMISE_TIMEOUT": f"{seconds:g}",
        }
        super().__init__(folder, pulumi, env, name=name)
        self.links: Links = {}
        self.adopt: dict[str, str] = {}
        self.make()
        program = PROGRAM
        if native:
            (self.folder / "native_link.py").write_text(NATIVE_LINK)
            program = PROGRAM.replace("from pulumi_omise_links", "from native_link")
        (self.folder / "__main__.py").write_text(program)

    def start(
        self, *command: str, env: Mapping[str, str] | None = None, **options: Any
    ) -> subprocess.Popen[str]:
        """Write down what is declared, and start a command."""
        declared = {
            name: {**inputs, **({"adopt": self.adopt[name]} if name in self.adopt else {})}
            for name, inputs in self.links.items()
        }
        (self.folder / "links.json").write_text(json.dumps(declared))
        return super().start(*command, env=env, **options)

    def pulumi(self, verb: str, *more: str) -> Run:
        """Run `pulumi up`, `refresh` or `destroy` without questions."""
        return self.run("pulumi", verb, *NO_QUESTIONS, *more)

    def managed(self, deployment: Mapping[str, Any] | None = None) -> list[ManagedLink]:
        """Return the links of the state."""
        found = self.deployment() if deployment is None else deployment
        return [
            ManagedLink(
                name=resource["urn"].rsplit("::", 1)[1],
                id=resource["id"],
                inputs={name: resource["outputs"].get(name) for name in INPUT_NAMES},
                pending_delete=resource.get("delete", False),
            )
            for resource in found.get("resources") or []
            if resource["type"] in LINK_TYPES
        ]


@dataclass
class Comparison:
    """Three sets side by side: declared, in the state, in the account."""

    missing: list[str] = field(default_factory=list)
    """Names that are declared, and of which the state or the account has no such link."""
    unmanaged: list[dict[str, Any]] = field(default_factory=list)
    """Links that exist in the account and are in no state."""
    surplus: list[str] = field(default_factory=list)
    """Names of links that the state holds and the program does not declare."""
    twins: list[str] = field(default_factory=list)
    """Titles that more than one existing link has."""

    @property
    def equal(self) -> bool:
        """Whether the three sets are one."""
        return not (self.missing or self.unmanaged or self.surplus or self.twins)

    def __str__(self) -> str:
        parts = (
            ("missing", self.missing),
            ("in no state", [f"{link['id']} {link['title']!r}" for link in self.unmanaged]),
            ("surplus in the state", self.surplus),
            ("more than one of", self.twins),
        )
        return "; ".join(f"{what}: {', '.join(names)}" for what, names in parts if names) or "equal"


def compare(
    declared: Mapping[str, Mapping[str, Any]],
    managed: list[ManagedLink],
    omise: Emulator,
    prefix: str = "",
) -> Comparison:
    """Compare the three sets; of the account, only links whose title starts with ``prefix``."""
    existing = {
        link["id"]: link
        for link in omise.links("th", deleted=False)
        if link["title"].startswith(prefix)
    }
    result = Comparison()
    current = {link.name: link for link in managed if not link.pending_delete}
    for name, inputs in declared.items():
        link = current.get(name)
        there = existing.get(link.id) if link else None
        if link is None or there is None or not (same(inputs, link.inputs) and same(inputs, there)):
            result.missing.append(name)
    ids = {link.id for link in managed}
    result.unmanaged = [link for link in existing.values() if link["id"] not in ids]
    result.surplus = [
        link.name for link in managed if link.pending_delete or link.name not in declared
    ]
    titles = Counter(link["title"] for link in existing.values())
    result.twins = sorted(title for title, count in titles.items() if count > 1)
    return result


def same(declared: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether ``other`` has the inputs that are declared."""
    return all(declared.get(name, False) == other.get(name) for name in INPUT_NAMES)
