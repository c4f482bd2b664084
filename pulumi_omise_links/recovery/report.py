"""A recovery as text and as JSON. Nothing is printed here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from ..omise.models import OmiseLink
from ..omise.transport import RequestStats
from ..output.terminal import count, show, to_json
from ..stack.pulumi_json import name_of
from .decide import Action, Decision
from .gather import RecoveryFacts


def recovery_text(
    facts: RecoveryFacts, decisions: Sequence[Decision], forget: Collection[str] = ()
) -> str:
    """Return what is to be done about each open create and pending delete, and why."""
    lines = [f"Read {scope}." for scope in sorted({*map(str, facts.scopes.values())})]
    lines += facts.problems
    lines += [f"refresh {show(name_of(urn))}" for urn in sorted(facts.state.deleting)]
    lines += [
        f"forget  {show(name_of(link.urn))}  {link.id}  (it stays at Omise, and can be paid)"
        for link in facts.state.links
        if link.id in forget
    ]
    for decision in decisions:
        link_id = f"  {decision.link.id}" if decision.link else ""
        lines.append(f"{decision.action.value:<7} {show(decision.name)}{link_id}")
        if decision.replaces:
            lines.append(
                f"        It replaces {decision.replaces}, which the next `pulumi up` deletes."
            )
        lines += [f"        {reason}" for reason in decision.reasons]
        if not decision.link and decision.candidates:
            lines += ["        Links that fit:", *map(_candidate, decision.candidates)]
    for record, links in facts.leftovers:
        if links:
            lines += [
                f"leave   a create that process {record.process} began at {record.began}",
                f"        It ran in {show(record.folder, longest=500)}, and the program here does"
                " not declare its link now. If another stack of this project does, run this for"
                " that stack; otherwise delete the link at Omise, or declare it with adopt, and"
                " run this again.",
                "        Links that fit:",
                *map(_candidate, links),
            ]
    return "\n".join(lines)


def recovery_json(
    facts: RecoveryFacts,
    decisions: Sequence[Decision],
    forget: Collection[str] = (),
    *,
    stats: RequestStats,
) -> str:
    """Return the same for programs, once it was done."""
    counts = Counter(decision.action for decision in decisions)
    unexplained = [(record, links) for record, links in facts.leftovers if links]
    summary = {action.value: counts[action] for action in Action}
    summary[Action.LEAVE.value] += len(unexplained)
    return to_json(
        "recover",
        {**summary, "refresh": len(facts.state.deleting), "forget": len(forget)},
        done=len(decisions) > counts[Action.LEAVE] or bool(facts.state.deleting or forget),
        creates=[
            {
                "name": decision.name,
                "urn": decision.urn,
                "action": decision.action.value,
                "id": decision.link.id if decision.link else None,
                "pending": decision.create.pending,
                "replaces": decision.replaces,
                "candidates": _links(decision.candidates),
                "reasons": list(decision.reasons),
            }
            for decision in decisions
        ],
        unexplained=[
            {
                "began": record.began,
                "process": record.process,
                "folder": record.folder,
                "candidates": _links(links),
            }
            for record, links in unexplained
        ],
        deletes=sorted(facts.state.deleting),
        forgotten=sorted(forget),
        problems=list(facts.problems),
        cost=vars(stats),
    )


def recovery_ending(
    facts: RecoveryFacts, decisions: Sequence[Decision], forget: Collection[str] = ()
) -> str:
    """Return what was done, in one line."""
    unexplained = sum(bool(links) for _, links in facts.leftovers)
    deleting = len(facts.state.deleting)
    if not (decisions or deleting or forget or unexplained):
        return "No create or delete of a link is pending. Nothing was done."
    counts = Counter(decision.action for decision in decisions)
    adopted, left = counts[Action.ADOPT], counts[Action.LEAVE] + unexplained
    text = f"{count(adopted, 'link')} taken into the stack, {counts[Action.CLEAR]} cleared"
    if deleting:
        text += f", {count(deleting, 'interrupted delete')} refreshed"
    if forget:
        text += f", {count(len(forget), 'link')} taken out of the state"
    if not left:
        return f"{text}. `pulumi up` makes what is missing."
    return (
        f"{text}, {left} left alone: decide about them before `pulumi up`, which would make their"
        " links anew."
    )


def _candidate(link: OmiseLink) -> str:
    """Show what tells links of equal inputs apart."""
    return f"          {link.id}  made {link.created_at}  {link.payment_uri}"


def _links(links: Sequence[OmiseLink]) -> list[dict[str, Any]]:
    return [
        {"id": link.id, "created_at": link.created_at, "payment_uri": link.payment_uri}
        for link in links
    ]
