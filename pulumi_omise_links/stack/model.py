"""A stack as the commands see it: what its program declares, and what its state holds.

A link of either type, that of Python programs and that of the native plugin, becomes the same
objects; only what writes a record for Pulumi asks for the type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..inputs import INPUT_NAMES
from ..omise.models import LinkInputs, Scope
from ..settings import CONFIG_KEYS, NAMESPACE
from ..state_format import (
    ADOPT,
    LINK_TYPES,
    NATIVE_PACKAGE,
    NATIVE_TYPE_TOKEN,
    PROVIDER_PACKAGE,
)

PROVIDER_TYPES_PREFIX = "pulumi:providers:"
PROVIDER_TYPE = f"{PROVIDER_TYPES_PREFIX}{PROVIDER_PACKAGE}"
NATIVE_PROVIDER_TYPE = f"{PROVIDER_TYPES_PREFIX}{NATIVE_PACKAGE}"
PROVIDER_TYPES = frozenset({PROVIDER_TYPE, NATIVE_PROVIDER_TYPE})
"""The types of the providers of links."""
# How Pulumi marks a value in JSON that is not known before `pulumi up`
# (sdk/go/common/resource/plugin/rpc.go).
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWN_SCOPE = Scope(None)


def name_of(urn: str) -> str:
    """Return the name that the program gave to the resource of this URN."""
    return urn.split("::", 3)[-1]


def stack_of(urn: str) -> str:
    """Return project and stack of the resource of this URN, such as ``shop/prod``."""
    stack, _, project = urn.removeprefix("urn:pulumi:").partition("::")
    return f"{project.partition('::')[0]}/{stack}"


def type_of(urn: str) -> str:
    """Return the type of the resource of this URN; of what is no URN, an empty text."""
    return "".join(urn.split("::", 3)[2:3]).rpartition("$")[2]


@dataclass(frozen=True, kw_only=True)
class PulumiResource:
    """A resource as the program declares it, and what the next ``pulumi up`` would do to it.

    ``step`` is Pulumi's word: ``same``, ``create``, ``replace``, ``read``, …. ``encrypted_inputs``
    are the inputs as an import file takes them; in ``inputs`` those named in ``secret_inputs`` are
    missing until ``Project.with_secrets``. ``current_id`` is what the stack manages under this URN,
    aliases followed. ``import_id`` is the link that Pulumi's option ``import`` names. ``plugin`` is
    which native plugin the program asks for, as an import file says it; empty for any.
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
    import_id: str | None = None
    plugin: Mapping[str, str] = field(default_factory=dict)
    changed: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name in the program."""
        return name_of(self.urn)

    @property
    def is_link(self) -> bool:
        """Whether it is a link that the program would manage, not one it only looks up."""
        return self.type in LINK_TYPES and self.step != "read"

    @property
    def is_native(self) -> bool:
        """Whether it is a link of the native plugin, which Pulumi can import by its id."""
        return self.type == NATIVE_TYPE_TOKEN

    @property
    def adopts(self) -> bool:
        """Whether the program says which existing link it is: by ``adopt``, or by ``import``."""
        return ADOPT in self.encrypted_inputs or self.import_id is not None

    @property
    def adopted_id(self) -> str | None:
        """The id of that link; None where it is a secret or not known yet."""
        adopted = self.inputs.get(ADOPT, self.import_id)
        return adopted if isinstance(adopted, str) and adopted != UNKNOWN else None

    @property
    def settings(self) -> dict[str, Any]:
        """Of a provider of links: its settings that are no secrets, by their names in a config."""
        prefix = "" if self.type == NATIVE_PROVIDER_TYPE else f"{NAMESPACE}:"
        given = {name: self.inputs.get(f"{prefix}{name}") for name in CONFIG_KEYS}
        return {
            name: str(value).lower() if isinstance(value, bool) else value
            for name, value in given.items()
        }


@dataclass(frozen=True)
class Preview:
    """What the program declares, by URN, parents first.

    ``removed`` are the links that it no longer declares: URN by id; ``removed_others`` the URNs of
    other resources. ``held`` are the links as the state has them, by id; their secret inputs are
    missing. ``refused`` are the URNs of protected links that the program changes or no longer
    declares, so that Pulumi refuses all of it. ``complete`` is false if what does not change was
    left out.
    """

    resources: Mapping[str, PulumiResource]
    removed: Mapping[str, str] = field(default_factory=dict)
    removed_others: tuple[str, ...] = ()
    held: Mapping[str, ManagedLink] = field(default_factory=dict, repr=False)
    refused: frozenset[str] = frozenset()
    complete: bool = True

    def links(self) -> Iterator[PulumiResource]:
        """Yield the links."""
        return (resource for resource in self.resources.values() if resource.is_link)


@dataclass(frozen=True, kw_only=True, slots=True)
class ManagedLink:
    """A link in a state, small, as the stacks of a backend may hold very many.

    ``pending_delete``: the next update deletes it, after a replacement that has failed. ``whole``
    are the inputs, the currency in upper case; None if one is a secret or missing, and then
    ``partial`` are the others. ``stored_otherwise``: Omise has stored a text of the link otherwise
    than the state spells it, and how is a secret. ``created_at`` and ``payment_uri`` are empty if
    the state does not say; ``used`` is what the last update or refresh saw.
    """

    urn: str
    id: str
    pending_delete: bool = False
    protect: bool = False
    retain_on_delete: bool = False
    provider_urn: str = ""
    scope: Scope = _UNKNOWN_SCOPE
    whole: LinkInputs | None = field(default=None, repr=False)
    partial: Mapping[str, Any] = field(default_factory=dict, repr=False)
    stored_otherwise: bool = False
    created_at: str = ""
    used: bool = False
    payment_uri: str = ""

    @property
    def name(self) -> str:
        """The name in the program."""
        return name_of(self.urn)

    @property
    def inputs(self) -> Mapping[str, Any]:
        """The inputs that are no secrets."""
        whole = self.whole
        return {name: getattr(whole, name) for name in INPUT_NAMES} if whole else self.partial


@dataclass(frozen=True, kw_only=True)
class StackState:
    """The part of a stack's state that concerns links, and what a destroy does to the rest.

    ``pending`` are creates of links that a killed run left, ``deleting`` the URNs of links that it
    was deleting, ``unfinished`` those of all links with a pending operation of any kind, an import
    among them. ``looked_up`` are the ids of links that the program reads and does not manage.
    ``providers`` are the explicit ones, by URN; ``root`` is the URN of the stack; ``written`` is
    when the state was written, ``begun`` when the oldest resource in it was made.
    ``others`` are the types, by URN, of the resources that a destroy deletes and that are no links;
    ``protected`` are the URNs of all that is protected. ``uncertain`` are the URNs of what a killed
    run was importing, or was creating and that is no link: it may exist, and is not in the state.
    """

    links: tuple[ManagedLink, ...] = ()
    urns: frozenset[str] = frozenset()
    pending: tuple[PulumiResource, ...] = ()
    deleting: frozenset[str] = frozenset()
    unfinished: frozenset[str] = frozenset()
    looked_up: frozenset[str] = frozenset()
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
