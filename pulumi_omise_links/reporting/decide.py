"""Decides what a reader must know of each link and of each change. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import timezone, tzinfo
from typing import Any

from ..inputs import INPUT_NAMES, INPUTS, is_live
from ..inventory.account_links import AccountLink
from ..manifest.entries import Entry
from ..omise.times import normalize_time
from ..safe_text import SECRET, escape, name_some, pluralize
from ..stack.model import UNKNOWN, ManagedLink, Preview, PulumiResource, name_of, stack_of, type_of
from .facts import AccountFacts, ReportFacts, short_name
from .model import (
    LATER,
    Change,
    Difference,
    Fate,
    Inputs,
    LinkChange,
    OtherResource,
    Report,
    ReportedLink,
    Status,
)

# Whatever else Pulumi may plan leaves the link at Omise as it is.
_STEPS = {
    "same": Change.SAME,
    "create": Change.CREATE,
    "import": Change.ADOPT,
    "delete": Change.DELETE,
    "replace": Change.REPLACE,
    "create-replacement": Change.REPLACE,
    "delete-replaced": Change.REPLACE,
    "import-replacement": Change.REPLACE,
}
_ORDER = list(Change)
_TOO_LATE = (
    "retain_on_delete is new in this change, which is too late for this address: Pulumi goes by"
    " what the last `pulumi up` has stored."
)
_LEFT_OVER = "It was left by a replacement that did not come to its end."
_NEVER_REPLACED = (
    "The program adopts this very link, so `pulumi up` refuses to replace it, should an input that"
    " is not known yet turn out to be another one."
)


def decide(facts: ReportFacts, *, zone: tzinfo = timezone.utc) -> Report:
    """Return the report.

    :param zone: the time zone of those who read it.
    """
    links = [*_links_of_preview(facts), *_links_of_stacks(facts), *_links_of_manifests(facts)]
    account = facts.account
    ids = [link.id for link in links if link.id]
    live = account.live if account else None
    return Report(
        subject=facts.subject,
        links=sorted(links, key=_place),
        is_preview=facts.preview is not None,
        same_is_known=facts.preview is None or facts.preview.complete,
        others=tuple(_others(facts.preview)) if facts.preview else (),
        unknowns=tuple(_unknowns(facts, links)),
        live=any(map(is_live, ids)) if ids else live,
        account=account.scope.account_id if account else None,
        made_at=facts.made_at,
        commit=facts.commit,
        zone=zone,
    )


def _place(link: ReportedLink) -> tuple[object, ...]:
    """Return what a report is sorted by: dangerous changes first, links that were paid often first.

    Of those without a change, the deleted ones come first.
    """
    changes = link.kind is not Change.SAME
    paid = link.payments.count if link.payments and changes else 0
    return (
        not (link.dies or link.kind is Change.BLOCKED),
        _ORDER.index(link.kind),
        link.status is not Status.DELETED,
        -paid,
        link.source,
        link.name,
    )


# -- the links of a preview


def _links_of_preview(facts: ReportFacts) -> Iterator[ReportedLink]:
    preview = facts.preview
    if preview is None:
        return
    taken = _taken_links(preview)
    for resource in preview.links():
        held = preview.held.get(resource.current_id or "")
        if held is None:
            yield _planned_link(resource, facts.account)
        else:
            change = _change_of(resource, held, preview, taken, facts.account)
            yield _held_link(held, stack_of(resource.urn), facts.account, change)
    for link_id in preview.removed:
        held = preview.held[link_id]
        fate = _fate_of(held, preview, taken, facts.account)
        notes = (_LEFT_OVER,) if held.pending_delete else ()
        change = LinkChange(step=Change.DELETE, fate=fate, notes=notes)
        yield _held_link(held, stack_of(held.urn), facts.account, change)


def _taken_links(preview: Preview) -> set[str]:
    """Return the ids of links that a resource of the program is or becomes.

    The plugin does not delete a link that another resource of the run is.
    """
    taken = set()
    for resource in preview.links():
        if resource.adopted_id:
            taken.add(resource.adopted_id)
        if resource.current_id and _STEPS.get(resource.step) is not Change.REPLACE:
            taken.add(resource.current_id)
    return taken


def _change_of(
    resource: PulumiResource,
    held: ManagedLink,
    preview: Preview,
    taken: Collection[str],
    account: AccountFacts | None,
) -> LinkChange:
    step = _STEPS.get(resource.step, Change.UPDATE)
    if step is Change.REPLACE and resource.adopted_id == held.id:
        # The plugin lets this through only while the new value is not known.
        return LinkChange(step=Change.UPDATE, fate=Fate.STAYS, notes=(_NEVER_REPLACED,))
    if step is not Change.REPLACE:
        return LinkChange(step=step, fate=Fate.STAYS)
    fate = _fate_of(held, preview, taken, account)
    old, new = _inputs_of_state(held), _inputs_of_program(resource)
    late = resource.retain_on_delete and fate is Fate.DIES
    return LinkChange(
        step=step,
        fate=fate,
        differences=tuple(
            Difference(name, old.show(name), new.show(name))
            for name in INPUT_NAMES
            if name in resource.changed
        ),
        notes=(_TOO_LATE,) if late else (),
    )


def _fate_of(
    held: ManagedLink, preview: Preview, taken: Collection[str], account: AccountFacts | None
) -> Fate:
    """Return what becomes of the address of a link that Pulumi would delete."""
    status = _status_of(held, account)
    if held.urn in preview.refused:
        return Fate.REFUSED
    if held.id in taken:
        return Fate.TAKEN
    if status is Status.DELETED:
        return Fate.GONE
    if status is Status.USED:
        return Fate.SPENT
    return Fate.RETAINED if held.retain_on_delete else Fate.DIES


def _planned_link(resource: PulumiResource, account: AccountFacts | None) -> ReportedLink:
    """Return a link that the stack does not have yet: a new one, or one that is adopted."""
    adopted = resource.adopted_id
    options: dict[str, Any] = {
        "name": resource.name,
        "source": stack_of(resource.urn),
        "inputs": _inputs_of_program(resource),
        "protect": resource.protect,
        "retain_on_delete": resource.retain_on_delete,
    }
    if resource.adopts:
        change = LinkChange(step=Change.ADOPT, fate=Fate.STAYS)
        # Which link it is may be a secret, or not known yet.
        if adopted is None:
            return ReportedLink(**options, status=Status.UNCHECKED, change=change)
        return ReportedLink(**options, **_seen(adopted, account), id=adopted, change=change)
    change = LinkChange(step=Change.CREATE, fate=Fate.COMES)
    return ReportedLink(**options, status=Status.PLANNED, change=change)


def _others(preview: Preview) -> Iterator[OtherResource]:
    for resource in preview.resources.values():
        if not resource.is_link and resource.step not in {"same", "read"}:
            yield OtherResource(name=resource.name, type=resource.type, step=resource.step)
    for urn in preview.removed_others:
        yield OtherResource(name=name_of(urn), type=type_of(urn), step="delete")


# -- the links of stacks and manifests


def _links_of_stacks(facts: ReportFacts) -> Iterator[ReportedLink]:
    for stack, state in facts.stacks.states.items():
        for held in state.links:
            yield _held_link(held, short_name(stack), facts.account)


def _links_of_manifests(facts: ReportFacts) -> Iterator[ReportedLink]:
    for entry in facts.entries:
        there = _link_of_entry(entry, facts.account)
        # A link cannot change, so what Omise says is what is paid.
        inputs = Inputs(known=vars(there.inputs if there else entry.inputs))
        seen = _seen(entry.id, facts.account) if entry.id else {"status": Status.UNCHECKED}
        yield ReportedLink(
            name=entry.name, source=entry.place.file, id=entry.id, inputs=inputs, **seen
        )


def _link_of_entry(entry: Entry, account: AccountFacts | None) -> AccountLink | None:
    return account.links.get(entry.id or "") if account else None


def _held_link(
    held: ManagedLink,
    source: str,
    account: AccountFacts | None,
    change: LinkChange | None = None,
) -> ReportedLink:
    seen = _seen(held.id, account)
    return ReportedLink(
        **{
            **seen,
            "status": _status_of(held, account),
            "address": held.payment_uri or seen.get("address"),
            "created_at": normalize_time(held.created_at) or seen.get("created_at"),
        },
        name=held.name,
        source=source,
        id=held.id,
        inputs=_inputs_of_state(held),
        protect=held.protect,
        retain_on_delete=held.retain_on_delete,
        change=change,
    )


def _status_of(held: ManagedLink, account: AccountFacts | None) -> Status:
    status: Status = _seen(held.id, account)["status"]
    # What was used up stays so; no key is needed to know it.
    spent = held.used and held.inputs.get("multiple") is False
    return Status.USED if status is Status.UNCHECKED and spent else status


def _seen(link_id: str, account: AccountFacts | None) -> dict[str, Any]:
    """Return what Omise says of a link, as fields of ``ReportedLink``."""
    if account and link_id in account.gone:
        return {"status": Status.DELETED}
    link = account.links.get(link_id) if account else None
    if account is None or link is None:
        return {"status": Status.UNCHECKED}
    spent = link.used and not link.inputs.multiple
    status = Status.DELETED if link.deleted else Status.USED if spent else Status.PAYABLE
    return {
        "status": status,
        "address": account.addresses.get(link_id) or None,
        "created_at": link.created_at,
        "used_at": link.used_at,
        "deleted_at": link.deleted_at,
        "payments": link.payments,
    }


def _inputs_of_state(held: ManagedLink) -> Inputs:
    hidden = {name: SECRET for name in INPUT_NAMES if name not in held.inputs}
    return Inputs(known=held.inputs, hidden=hidden)


def _inputs_of_program(resource: PulumiResource) -> Inputs:
    known: dict[str, object] = {}
    hidden: dict[str, str] = {}
    given: Mapping[str, object] = resource.inputs
    for known_input in INPUTS:
        name = known_input.name
        value = given.get(name, known_input.default)
        if name in resource.secret_inputs:
            hidden[name] = SECRET
        elif value is None or value == UNKNOWN:
            hidden[name] = LATER
        else:
            # Numbers may arrive as doubles.
            known[name] = int(value) if isinstance(value, float) else value
    return Inputs(known=known, hidden=hidden)


# -- what is not known


def _unknowns(facts: ReportFacts, links: list[ReportedLink]) -> Iterator[str]:
    yield from facts.stacks.unknowns()
    with_id = [link for link in links if link.id]
    if facts.account is None and with_id:
        yield (
            "There is no Omise key here, so it is not known how often these links were paid, and"
            " whether one of them was deleted at Omise."
        )
    if facts.account:
        yield from _undecided(facts.account)
    for entry in facts.entries:
        there = _link_of_entry(entry, facts.account)
        if there and (differing := entry.inputs.describe_differences(there.inputs)):
            yield (
                f"{escape(entry.name)} ({entry.place}): the link at Omise differs from the manifest"
                f" in {', '.join(differing)}; shown is what the link is."
            )
    if facts.preview and not facts.preview.complete:
        yield (
            "The preview leaves out what does not change, so it is not known whether one of those"
            " links was deleted at Omise; `pulumi preview --json --show-sames` has them."
        )
    if without := sum(link.id is None and link.change is None for link in links):
        have = "entry has" if without == 1 else "entries have"
        yield (
            f"{without:,} {have} no id, so the address is not known here. With --stack in place of"
            " the manifest, the links are those that the stack manages."
        )


def _undecided(account: AccountFacts) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for link_id, reason in sorted(account.undecided.items()):
        reasons.setdefault(reason, []).append(link_id)
    for reason, ids in reasons.items():
        yield (
            f"Of {pluralize(len(ids), 'link')} nothing more is known here:"
            f" {escape(reason, longest=300)} ({name_some(ids)})."
        )
