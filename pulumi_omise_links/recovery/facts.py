"""What a recovery is decided on: the state, the program, the accounts, and the create records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..omise.create_records import CreateRecord
from ..omise.models import LinkInputs, OmiseLink, Scope
from ..stack.dependencies import explicit_provider
from ..stack.model import PulumiResource, StackState
from ..state_format import inputs_of

# What the preview calls the steps that make a link (pkg/resource/deploy/step.go).
REPLACING = frozenset({"replace", "create-replacement", "delete-replaced"})


@dataclass(frozen=True, kw_only=True)
class OpenCreate:
    """A create of which it is not known whether it made a link.

    ``pending``: the state says that it was begun. ``records``: this machine has records of creates
    of equal inputs that were cut off. With neither, the program wants the link and an equal one
    exists, which a run on another machine may have made. ``not_before`` is the time before which it
    was not begun, in Unix seconds; None if nothing proves one.
    """

    resource: PulumiResource
    pending: bool = False
    records: tuple[CreateRecord, ...] = ()
    not_before: float | None = None

    @property
    def name(self) -> str:
        """The name in the program."""
        return self.resource.name

    @property
    def urn(self) -> str:
        """The URN in the stack."""
        return self.resource.urn

    @property
    def inputs(self) -> LinkInputs:
        """The inputs, to be compared with those of links."""
        return inputs_of(self.resource.inputs).folded()

    @property
    def provider(self) -> str:
        """The URN of its explicit provider; empty for the stack's own account."""
        return explicit_provider(self.resource.provider_urn)


@dataclass(frozen=True, kw_only=True)
class RecoveryFacts:
    """What was gathered.

    Links, scopes and problems are by the URN of the explicit provider, empty for the stack's own
    account; programs and providers are by their own. ``links`` are unmanaged and fit an open
    create. ``unusable`` says why an account cannot be read, ``unproved`` why it may be another one
    than that of the stack's links. ``rivals`` are creates that other stacks have pending, by stack;
    ``unread`` says which other stacks may manage a link without our knowing. ``leftovers`` are
    records of this project that fit no create of the program, with the unmanaged links that fit
    them; ``busy`` are records of processes still at work. ``longest_timeout`` is in seconds.
    """

    state: StackState
    creates: tuple[OpenCreate, ...] = ()
    links: Mapping[str, Sequence[OmiseLink]] = field(default_factory=dict)
    scopes: Mapping[str, Scope] = field(default_factory=dict)
    program: Mapping[str, PulumiResource] = field(default_factory=dict)
    providers: Mapping[str, PulumiResource] = field(default_factory=dict)
    unusable: Mapping[str, str] = field(default_factory=dict)
    unproved: Mapping[str, str] = field(default_factory=dict)
    rivals: Mapping[str, Sequence[PulumiResource]] = field(default_factory=dict)
    unread: str = ""
    leftovers: tuple[tuple[CreateRecord, tuple[OmiseLink, ...]], ...] = ()
    busy: tuple[CreateRecord, ...] = ()
    problems: tuple[str, ...] = ()
    longest_timeout: float = 0.0

    @property
    def mark(self) -> tuple[object, ...]:
        """What changes while somebody is still at work."""
        return (
            self.state.written,
            frozenset(link.id for links in self.links.values() for link in links),
            frozenset(record.path for record in self.busy),
            frozenset((create.urn, len(create.records)) for create in self.creates),
            frozenset(record.path for record, _ in self.leftovers),
        )
