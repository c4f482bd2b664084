"""Compares stacks with an account: what is managed, and what differs from that. No I/O.

Every link of the account that is not deleted, and every link that a state holds, is of exactly one
kind. Where something could not be read, what follows from it is not concluded: it is named.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum
from typing import Any, NamedTuple

from ..inputs import INPUT_NAMES, INPUTS, TEXT_INPUTS, is_live
from ..manifest.entries import AcceptedLink
from ..omise.models import LinkInputs, Scope
from ..omise.times import read_time
from ..safe_text import escape, name_some
from ..stack.model import ManagedLink, PulumiResource, StackState
from .account_links import AccountLink, AccountLinks
from .stacks import StackStates


class Kind(str, Enum):
    """What a link is, seen from the stacks that were read and the account."""

    MANAGED = "managed"
    """In one stack, not deleted, and as the state says."""
    MISSING = "missing"
    """In a stack, and deleted at Omise or unknown there."""
    DIFFERS = "differs"
    """Not deleted, but an input is not what the state says."""
    DOUBLED = "doubled"
    """Two stacks, or two resources of one, manage it: each of them could delete it."""
    TWIN = "twin"
    """In no stack, with the inputs of a managed link or of a pending create."""
    UNMANAGED = "unmanaged"
    """In no stack."""
    PENDING = "pending"
    """A killed run has left its create, its delete, or the delete of what it replaced."""
    USED = "used"
    """A link that can be paid once was paid since the state was written."""
    ACCEPTED = "accepted"
    """A file of accepted findings names it."""
    ELSEWHERE = "elsewhere"
    """In a stack, but of another account, mode or sub-merchant than the key."""


DRIFT = (Kind.MISSING, Kind.DIFFERS, Kind.DOUBLED, Kind.TWIN, Kind.UNMANAGED, Kind.PENDING)
"""The kinds that are changes where none are expected."""
ACCEPTABLE = frozenset(DRIFT) - {Kind.PENDING}


class Owner(NamedTuple):
    """A resource of a stack; ``stack`` is its full name, ``name`` the one in the program."""

    stack: str
    name: str


class Original(NamedTuple):
    """The managed link, or the pending create, that a twin is like.

    ``seconds`` is how much later than the original the twin was made; None if that is not known.
    ``secrets`` names the inputs that a program keeps as secrets.
    """

    owner: Owner
    id: str | None
    seconds: int | None
    secrets: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A link and its kind, small, as there may be very many.

    ``held`` is the link as the state of ``stack`` has it, or ``pending`` the create that is pending
    there; ``link`` is what Omise shows of it. ``others`` are the other owners of a doubled link.
    ``accepted`` is the line that names it, ``was`` the kind that it would have without that line.
    """

    kind: Kind
    stack: str | None = None
    held: ManagedLink | None = None
    pending: PulumiResource | None = None
    link: AccountLink | None = None
    others: tuple[Owner, ...] = ()
    original: Original | None = None
    accepted: AcceptedLink | None = None
    was: Kind | None = None

    @property
    def id(self) -> str | None:
        """The id; None for a pending create."""
        known = self.link or self.held
        return known.id if known else None

    @property
    def name(self) -> str | None:
        """The name in the program; None for a link in no stack."""
        known = self.held or self.pending
        return known.name if known else None

    @property
    def owners(self) -> tuple[Owner, ...]:
        """All resources that manage it; empty for a link in no stack."""
        if self.stack is None or self.name is None:
            return ()
        return (Owner(self.stack, self.name), *self.others)

    @property
    def inputs(self) -> Mapping[str, Any]:
        """The inputs that no program keeps as secrets."""
        if self.held:
            return self.held.inputs
        if self.pending:
            return _inputs_of_pending(self.pending)
        secrets = self.original.secrets if self.original else ()
        shown = self.link.inputs if self.link else None
        return {name: getattr(shown, name) for name in INPUT_NAMES if shown and name not in secrets}

    @property
    def differs(self) -> tuple[str, ...]:
        """The inputs of which the state says something else than Omise."""
        return differing_inputs(self.held, self.link) if self.held and self.link else ()

    @property
    def operation(self) -> str | None:
        """What is pending: ``create``, ``delete``, or ``replace`` after a failed replacement."""
        if self.kind is not Kind.PENDING:
            return None
        if self.held is None:
            return "create"
        return "replace" if self.held.pending_delete else "delete"

    @property
    def run_out(self) -> bool:
        """Whether the line that names it held until an earlier day."""
        return self.accepted is not None and self.kind is not Kind.ACCEPTED

    def for_json(self) -> dict[str, object]:
        """Return it for programs; what is a secret in a program is null."""
        described: dict[str, object] = {"id": self.id, "stack": self.stack, "name": self.name}
        if self.kind in {Kind.MANAGED, Kind.ELSEWHERE}:
            return described
        described |= {name: self.inputs.get(name) for name in ("title", "amount", "currency")}
        if link := self.link:
            described |= {
                "created_at": link.created_at,
                "deleted_at": link.deleted_at,
                "used": link.used,
                "used_at": link.used_at,
                "paid": link.paid,
                "paid_exact": link.all_charges_seen,
                "paid_at": link.paid_at,
            }
        kind = self.was or self.kind
        if kind is Kind.DIFFERS:
            described["differs"] = list(self.differs)
        if kind is Kind.DOUBLED:
            described["owners"] = [owner._asdict() for owner in self.owners]
        if original := self.original:
            described["of"] = {**original.owner._asdict(), "id": original.id}
            described["seconds"] = original.seconds
        if kind is Kind.PENDING:
            described["operation"] = self.operation
        if self.accepted:
            described |= {**describe_line(self.accepted), "run_out": self.run_out}
        if self.was:
            described["kind"] = self.was.value
        return described


def describe_line(line: AcceptedLink) -> dict[str, object]:
    """Return for programs why a finding is accepted, and until when."""
    return {"reason": line.reason, "until": line.until.isoformat() if line.until else None}


@dataclass(frozen=True, kw_only=True)
class DriftFacts:
    """What is compared.

    ``scope`` and ``live`` are those of the key. ``account`` has all links that are listed, and
    those of the states that were read by themselves. ``gone`` are links of states that Omise does
    not know although the key is of their account; ``undecided`` those of which that could not be
    told, and why. ``began`` is Omise's time before the stacks were read: links made later may be of
    a stack that was read before that.
    """

    scope: Scope
    live: bool
    account: AccountLinks
    stacks: StackStates
    gone: frozenset[str] = frozenset()
    undecided: Mapping[str, str] = field(default_factory=dict)
    began: str = ""


@dataclass(frozen=True)
class Drift:
    """The findings of each kind.

    ``unknowns`` are sentences about what could not be read. ``newer`` counts links that were made
    while the stacks were read, ``filtered`` unmanaged ones that were not asked for. ``left`` are
    accepted links that are no longer there.
    """

    findings: Mapping[Kind, Sequence[Finding]]
    unknowns: Sequence[str] = ()
    newer: int = 0
    filtered: int = 0
    left: Sequence[AcceptedLink] = ()

    @property
    def complete(self) -> bool:
        """Whether all was read that the findings depend on."""
        return not self.unknowns

    @property
    def changes(self) -> int:
        """How many findings are changes where none are expected."""
        return sum(len(self.findings[kind]) for kind in DRIFT)


def decide(
    facts: DriftFacts,
    *,
    accepted: Sequence[AcceptedLink] = (),
    today: date = date.min,
    wanted: Callable[[AccountLink], bool] = lambda _link: True,
) -> Drift:
    """Give every link its kind.

    :param accepted: the lines of all files of accepted findings; an id occurs once.
    :param today: decides which of them have run out.
    :param wanted: which unmanaged links to take; twins are taken in any case.
    """
    found = [*_in_stacks(facts)]
    unmanaged = [*_in_no_stack(facts)]
    newer = [link for link in unmanaged if facts.began and link.created_at > facts.began]
    unmanaged = [link for link in unmanaged if not facts.began or link.created_at <= facts.began]
    originals = _originals(found, {link.inputs.folded() for link in unmanaged})
    filtered = 0
    for link in unmanaged:
        finding = _compare_with(link, originals.get(link.inputs.folded(), ()))
        if finding.kind is Kind.UNMANAGED and not wanted(link):
            filtered += 1
        else:
            found.append(finding)
    lines = {line.id: line for line in accepted}
    findings: dict[Kind, list[Finding]] = {kind: [] for kind in Kind}
    for finding in found:
        settled = _accept(finding, lines.get(finding.id or ""), today)
        findings[settled.kind].append(settled)
    named = {finding.id for finding in found} | {link.id for link in (*unmanaged, *newer)}
    return Drift(
        findings,
        unknowns=_unknowns(facts),
        newer=len(newer),
        filtered=filtered,
        left=[line for line in accepted if _is_left(line, facts, named)],
    )


def _in_stacks(facts: DriftFacts) -> Iterator[Finding]:
    """Yield a finding for each link that states hold, and for each pending operation."""
    alive: dict[str, Finding] = {}
    again: dict[str, list[Finding]] = defaultdict(list)
    for stack, state in facts.stacks.states.items():
        for resource in state.pending:
            yield Finding(kind=Kind.PENDING, stack=stack, pending=resource)
        for link in state.links:
            there = facts.account.links.get(link.id)
            kind = _kind_of_held(link, there, state, facts)
            if kind is None:
                continue  # it is among what is not known
            finding = Finding(kind=kind, stack=stack, held=link, link=there)
            if kind is Kind.ELSEWHERE or there is None or there.deleted:
                yield finding
            elif link.id in alive:
                again[link.id].append(finding)
            else:
                alive[link.id] = finding
    for link_id, finding in alive.items():
        if link_id in again:
            others = tuple(owner for other in again[link_id] for owner in other.owners)
            yield replace(finding, kind=Kind.DOUBLED, others=others)
        else:
            yield finding


def _kind_of_held(
    link: ManagedLink, there: AccountLink | None, state: StackState, facts: DriftFacts
) -> Kind | None:
    """Return the kind of a link that one state holds; None if it is not known."""
    if is_elsewhere(link, facts):
        return Kind.ELSEWHERE
    if link.pending_delete or link.urn in state.deleting:
        return Kind.PENDING
    if there is None and link.id not in facts.gone:
        return None
    if there is None or there.deleted:
        return Kind.MISSING
    if differing_inputs(link, there):
        return Kind.DIFFERS
    used = there.used and not link.used and not there.inputs.multiple
    return Kind.USED if used else Kind.MANAGED


def is_elsewhere(link: ManagedLink, facts: DriftFacts) -> bool:
    """Whether a link of a state is known to be none of the account, mode and sub-merchant."""
    known = None not in {link.scope.account_id, facts.scope.account_id}
    return (
        is_live(link.id) != facts.live
        or link.scope.sub_merchant_id != facts.scope.sub_merchant_id
        or (known and link.scope.account_id != facts.scope.account_id)
    )


def differing_inputs(link: ManagedLink, there: AccountLink) -> tuple[str, ...]:
    """Name the inputs of which the state says something else than Omise.

    Secret ones are not compared; nor are texts if Omise has stored one of them otherwise.
    """
    if link.whole == there.inputs:
        return ()
    known = {
        name: value
        for name, value in link.inputs.items()
        if not (link.stored_otherwise and name in TEXT_INPUTS)
    }
    return tuple(replace(there.inputs, **known).differences(there.inputs))


def _in_no_stack(facts: DriftFacts) -> Iterator[AccountLink]:
    """Yield the links that are not deleted and that no state holds, oldest first."""
    held = {link.id for state in facts.stacks.states.values() for link in state.links}
    for link in facts.account.links.values():
        if not link.deleted and link.id not in held:
            yield link


def _originals(
    found: Sequence[Finding], wanted: Collection[LinkInputs]
) -> dict[LinkInputs, list[Finding]]:
    """Return what is managed or pending with any of these inputs, by them."""
    originals: dict[LinkInputs, list[Finding]] = defaultdict(list)
    for finding in found if wanted else ():
        if finding.kind is not Kind.ELSEWHERE:
            # What Omise shows is complete; a state may keep inputs as secrets.
            inputs = finding.link.inputs if finding.link else _whole(finding.inputs)
            if inputs is not None and inputs.folded() in wanted:
                originals[inputs.folded()].append(finding)
    return originals


def _compare_with(link: AccountLink, originals: Sequence[Finding]) -> Finding:
    """Return the finding on a link in no stack."""
    if not originals:
        return Finding(kind=Kind.UNMANAGED, link=link)

    def distance(original: Finding) -> float:
        if original.pending:
            return -1  # its answer may be the one that was lost
        seconds = _seconds_between(original, link)
        return math.inf if seconds is None else abs(seconds)

    nearest = min(originals, key=distance)
    secrets = {name for one in originals for name in INPUT_NAMES if name not in one.inputs}
    original = Original(
        nearest.owners[0], nearest.id, _seconds_between(nearest, link), frozenset(secrets)
    )
    return Finding(kind=Kind.TWIN, link=link, original=original)


def _seconds_between(original: Finding, link: AccountLink) -> int | None:
    before = read_time(original.link.created_at) if original.link else None
    made = read_time(link.created_at)
    return None if made is None or before is None else round(made - before)


def _inputs_of_pending(resource: PulumiResource) -> dict[str, Any]:
    """Return the inputs of a pending create that are no secrets."""
    values = {
        one.name: resource.inputs.get(one.name, one.default)
        for one in INPUTS
        if one.name not in resource.secret_inputs
    }
    return {one.name: values[one.name] for one in INPUTS if type(values.get(one.name)) is one.type}


def _whole(known: Mapping[str, Any]) -> LinkInputs | None:
    """Return the inputs, or None if one is a secret or missing."""
    return LinkInputs(**known) if known.keys() == {*INPUT_NAMES} else None


def _accept(finding: Finding, line: AcceptedLink | None, today: date) -> Finding:
    if line is None or finding.kind not in ACCEPTABLE:
        return finding
    if line.has_run_out(today):
        return replace(finding, accepted=line)
    return replace(finding, kind=Kind.ACCEPTED, accepted=line, was=finding.kind)


def _is_left(line: AcceptedLink, facts: DriftFacts, named: Collection[str | None]) -> bool:
    """Whether an accepted link is no longer there; what another key would show is not known."""
    return (
        line.id not in named
        and line.id not in facts.undecided
        and is_live(line.id) == facts.live
        and not any(link.id == line.id for link in facts.account.unreadable)
    )


def _unknowns(facts: DriftFacts) -> list[str]:
    sentences = [*facts.stacks.unknowns()]
    for link in facts.account.unreadable:
        which = f"link {link.id}" if link.id else "a link without an id"
        sentences.append(f"Omise's answer about {which} cannot be read: {escape(link.problem)}.")
    by_reason: dict[str, list[str]] = defaultdict(list)
    for link_id, reason in facts.undecided.items():
        by_reason[reason].append(link_id)
    for reason, ids in by_reason.items():
        are = "is" if len(ids) == 1 else "are"
        sentences.append(f"Whether {name_some(ids)} {are} missing is not known: {reason}")
    return sentences
