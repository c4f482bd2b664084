"""Decides which open creates have made which link, and which have made none. No I/O.

A create is matched with the links that exist and that no stack manages, by all inputs and by
time. A link is taken only for what the program still declares: what is taken is then what the next
``pulumi up`` leaves alone. A create that belongs to a replacement has a link under its name
already. If the program would replace that link by one with exactly these inputs, the new link takes
its place: the old link gets a name that no program declares, and the next ``pulumi up`` deletes it,
as it would have anyway.

Creates of equal inputs are interchangeable, as nobody has seen the address of either link: as long
as there are not more links than creates, which belongs to which does not matter.

The table of cases is in docs/adoption.md; a test goes through its rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from ..omise.create_records import CreateRecord
from ..omise.models import LinkInputs, OmiseLink
from ..omise.times import read_time
from ..safe_text import escape
from ..stack.dependencies import explicit_provider
from ..stack.model import PulumiResource
from .facts import REPLACING, OpenCreate, RecoveryFacts


class Action(str, Enum):
    """What is to be done about an open create."""

    ADOPT = "adopt"
    """Its link exists: take it into the stack."""
    CLEAR = "clear"
    """It made no link: forget it, the next ``pulumi up`` makes one."""
    LEAVE = "leave"
    """It is not certain; a person has to decide."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """An open create and what is to be done about it.

    ``candidates`` are the links that may be its own. ``replaces`` is the id of the link whose place
    ``link`` takes, and which the next ``pulumi up`` deletes. ``chosen``: a person has decided it.
    """

    create: OpenCreate
    action: Action
    link: OmiseLink | None = None
    reasons: tuple[str, ...] = ()
    candidates: tuple[OmiseLink, ...] = ()
    replaces: str | None = None
    chosen: bool = False

    @property
    def name(self) -> str:
        """The name in the program."""
        return self.create.name

    @property
    def urn(self) -> str:
        """The URN in the stack."""
        return self.create.urn


@dataclass(frozen=True)
class Choices:
    """What a person has decided, by URN: which creates to clear, and which link one has made."""

    clear: frozenset[str] = frozenset()
    adopt: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Open:
    """A create that may take any link that fits, unless there is a reason not to."""

    create: OpenCreate
    reason: str | None


_CHOOSE = "Say which it is with --adopt NAME=ID, or that it made none with --clear NAME."


def decide(facts: RecoveryFacts, choices: Choices | None = None) -> list[Decision]:
    """Decide about each open create, in the order of the facts."""
    choices = choices or Choices()
    equals: dict[tuple[str, LinkInputs], list[OpenCreate]] = defaultdict(list)
    # Of one URN and equal inputs, several killed runs leave several entries.
    for create in {(create.urn, create.inputs): create for create in facts.creates}.values():
        equals[create.provider, create.inputs].append(create)
    decisions = []
    for (provider, inputs), creates in equals.items():
        fits = sorted(
            (link for link in facts.links.get(provider, ()) if link.inputs.folded() == inputs),
            key=lambda link: (link.created_at, link.id),
        )
        decisions += _decide_equals(creates, fits, facts, choices)
    order = {create.urn: number for number, create in enumerate(facts.creates)}
    return sorted(decisions, key=lambda decision: order[decision.urn])


def _decide_equals(
    creates: Sequence[OpenCreate],
    fits: Sequence[OmiseLink],
    facts: RecoveryFacts,
    choices: Choices,
) -> list[Decision]:
    """Decide about creates of equal inputs; ``fits`` are the unmanaged links like them."""
    decided: list[Decision] = []
    open_: list[_Open] = []
    free = list(fits)
    for create in creates:
        claimed = decide_alone(create, free, facts, choices)
        if isinstance(claimed, _Open):
            open_.append(claimed)
            continue
        decided.append(claimed)
        free = [link for link in free if claimed.link is None or link.id != claimed.link.id]
    handed = hand_out_links(open_, free, facts)
    taken = {decision.link.id for decision in handed if decision.link}
    rest = tuple(link for link in free if link.id not in taken)
    return [_name_rest(decision, rest) for decision in decided] + [
        _show_rest(decision, rest) for decision in handed
    ]


def decide_alone(
    create: OpenCreate, free: Sequence[OmiseLink], facts: RecoveryFacts, choices: Choices
) -> Decision | _Open:
    """Decide about a create if no other create matters; else return why it may take no link."""
    recorded = {record.link_id for record in create.records if record.link_id}
    wanted = choices.adopt.get(create.urn)
    chosen = next((link for link in free if link.id == wanted), None)
    if chosen is not None and _occupied(create, facts) is None:
        return _adopt(create, chosen, facts, chosen=True)
    if create.urn in choices.clear:
        return Decision(create=create, action=Action.CLEAR, chosen=True)
    if create.resource.adopts:
        # A create with adopt never makes a link; the next `pulumi up` adopts.
        return Decision(create=create, action=Action.CLEAR)
    if problem := facts.unusable.get(create.provider) or facts.unproved.get(create.provider):
        fits = tuple(free)
        return Decision(create=create, action=Action.LEAVE, reasons=(problem,), candidates=fits)
    reason = next(_reasons_to_leave(create, free, facts), None) if free else None
    named = [link for link in free if link.id in recorded]
    if reason is None and len(named) == 1:
        # Its answer had come, so the record names the very link.
        return _adopt(create, named[0], facts)
    return _Open(create, reason)


def hand_out_links(
    open_: Sequence[_Open], free: Sequence[OmiseLink], facts: RecoveryFacts
) -> list[Decision]:
    """Give the links to the creates that may take one; the other creates of these made none."""
    able = [unclaimed.create for unclaimed in open_ if unclaimed.reason is None]
    in_time = [link for link in free if any(_is_in_time(link, create) for create in able)]
    alike = all(_is_in_time(link, create) for link in in_time for create in able)
    takers, stuck = [], []
    for unclaimed in open_:
        reason = unclaimed.reason or _reason_of_number(unclaimed.create, len(open_), in_time, facts)
        if reason is None and not alike:
            reason = f"Runs that began at different times may have made the links. {_CHOOSE}"
        if reason is None:
            takers.append(unclaimed.create)
        else:
            stuck.append((unclaimed.create, reason))
    links = in_time[: len(takers)]
    decisions = [_adopt(create, link, facts) for create, link in zip(takers, links, strict=False)]
    decisions += [Decision(create=create, action=Action.CLEAR) for create in takers[len(links) :]]
    # If another create of equal inputs has taken the only link, none is left to decide about.
    nothing_left = len(free) == len(links)
    decisions += [
        Decision(create=create, action=Action.CLEAR)
        if nothing_left
        else Decision(create=create, action=Action.LEAVE, reasons=(reason,))
        for create, reason in stuck
    ]
    return decisions


def _reason_of_number(
    create: OpenCreate, creates: int, in_time: Sequence[OmiseLink], facts: RecoveryFacts
) -> str | None:
    """Return why the links cannot be assigned to the creates."""
    if len(in_time) > creates:
        return f"More links fit than creates are open. {_CHOOSE}"
    tried = {other.inputs for other in facts.creates if other.urn == create.urn and other.pending}
    if in_time and len(tried) > 1:
        return f"Several killed runs have tried to make it, with different inputs. {_CHOOSE}"
    return None


def _reasons_to_leave(
    create: OpenCreate, free: Sequence[OmiseLink], facts: RecoveryFacts
) -> Iterator[str]:
    """Yield why none of the links that fit may be taken without a person, the gravest reason first.

    ``--adopt`` overrules all but the first.
    """
    if occupied := _occupied(create, facts):
        yield occupied
    if not create.pending and not create.records:
        yield (
            "A link with the same inputs exists that no stack manages. A run that was cut off on"
            " another machine may have made it for this resource, and `pulumi up` would make"
            f" another one. {_CHOOSE}"
        )
    if create.not_before is None:
        yield (
            "An unmanaged link like it exists, but nothing proves when the killed run began: this"
            " machine has no record of the create, and the stack's history has no successful"
            f" update whose time could be compared with Omise's clock. {_CHOOSE}"
        )
    elif not any(_is_in_time(link, create) for link in free):
        yield (
            "An unmanaged link like it exists, but it was made before the killed run can have"
            f" begun. {_CHOOSE}"
        )
    if not _agrees(facts.program.get(create.urn), create.inputs):
        yield (
            "The program no longer declares such a link under this name. Delete the link at Omise"
            f" and run this again. {_CHOOSE}"
        )
    if facts.unread:
        yield (
            f"{facts.unread} What is there may manage this link. If that is not so, say --adopt"
            " NAME=ID or --only-this-stack."
        )
    for name, rivals in facts.rivals.items():
        if any(_may_agree(rival, create.inputs) for rival in rivals):
            yield (
                f"Stack {escape(name)} has begun to make a link like it as well, and either may"
                " have made this one. Let that run end, or run `omise-links recover` there."
                f" {_CHOOSE}"
            )


def _is_in_time(link: OmiseLink, create: OpenCreate) -> bool:
    made = read_time(link.created_at)
    return create.not_before is not None and made is not None and made >= create.not_before


def _occupied(create: OpenCreate, facts: RecoveryFacts) -> str | None:
    """Return why no link can have the name of this create, if so.

    The stack may manage a link under it. That link is replaced only if the program would replace it
    by exactly the open create: then the next `pulumi up` would delete it in any case.
    """
    managed = facts.state.link(create.urn)
    declared = facts.program.get(create.urn)
    current = managed.id if managed else declared.current_id if declared else None
    if current is None:
        return None
    if any(link.urn == create.urn and link.pending_delete for link in facts.state.links):
        return (
            "The stack has still to delete an earlier link of this name, so this one cannot be"
            " taken: delete it at Omise and run this again, or say --clear NAME to keep it"
            " unmanaged."
        )
    replacing = declared is not None and declared.step in REPLACING
    if managed and replacing and _agrees(declared, create.inputs):
        return None
    return (
        f"The stack manages {current} under this name by now, so this one may be a duplicate:"
        " delete it at Omise and run this again, or say --clear NAME to keep it unmanaged."
    )


def _agrees(declared: PulumiResource | None, wanted: LinkInputs) -> bool:
    """Whether the program declares just these inputs; what is not known yet does not agree."""
    if declared is None or not vars(wanted).keys() <= declared.inputs.keys():
        return False
    return _may_agree(declared, wanted)


def _may_agree(resource: PulumiResource, wanted: LinkInputs) -> bool:
    """Whether no input that can be read rules it out."""
    known = {name: value for name, value in resource.inputs.items() if name in vars(wanted)}
    return replace(wanted, **known).folded() == wanted


def _adopt(
    create: OpenCreate, link: OmiseLink, facts: RecoveryFacts, *, chosen: bool = False
) -> Decision:
    """Adopt a link, if an import can: its parent and provider must be in the stack."""
    below = (create.resource.parent_urn, explicit_provider(create.resource.provider_urn))
    missing = [urn for urn in below if urn and urn not in facts.state.urns]
    if missing:
        reason = f"Its parent or provider is not in the stack: {missing[0]}."
        return Decision(create=create, action=Action.LEAVE, reasons=(reason,), candidates=(link,))
    managed = facts.state.link(create.urn)
    return Decision(
        create=create,
        action=Action.ADOPT,
        link=link,
        candidates=(link,),
        replaces=managed.id if managed else None,
        chosen=chosen,
    )


def _show_rest(decision: Decision, rest: tuple[OmiseLink, ...]) -> Decision:
    """Show with a create that is left alone the links that may be its own."""
    if decision.action is Action.LEAVE and not decision.candidates:
        return replace(decision, candidates=rest)
    return decision


def _name_rest(decision: Decision, rest: tuple[OmiseLink, ...]) -> Decision:
    """Name unmanaged links like it in a decision that was made without the other creates."""
    if not rest or decision.action is Action.LEAVE:
        return decision
    named = ", ".join(link.id for link in rest)
    reason = f"Unmanaged, and like it: {named}. Delete at Omise what nobody needs."
    return replace(decision, reasons=(*decision.reasons, reason))


def removable_records(facts: RecoveryFacts, decisions: Iterable[Decision]) -> list[CreateRecord]:
    """Return the records whose creates this recovery has settled."""
    left = {
        record.path
        for decision in decisions
        if decision.action is Action.LEAVE
        for record in decision.create.records
    }
    records = [record for create in facts.creates for record in create.records]
    records += [record for record, links in facts.leftovers if not links]
    known = {record.path: record for record in records if record.path not in left}
    return list(known.values())


def needs_second_look(facts: RecoveryFacts, decisions: Iterable[Decision]) -> bool:
    """Whether something is to be taken for not made or gone, which a later answer could refute."""
    cleared = any(decision.action is Action.CLEAR and not decision.chosen for decision in decisions)
    dropped = any(not links for _, links in facts.leftovers)
    return bool(cleared or dropped or facts.busy or facts.state.deleting)
