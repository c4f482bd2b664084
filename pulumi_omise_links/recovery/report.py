"""A recovery as what a command ends with. Nothing is printed here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..errors import ExitCode
from ..omise.create_records import CreateRecord
from ..omise.models import OmiseLink
from ..output import Column, Result, Row, Tone
from ..safe_text import escape, pluralize
from ..stack.model import name_of
from .decide import Action, Decision
from .facts import RecoveryFacts

_COLUMNS = (
    Column("action"),
    Column("name", narrow="fold", foreign=True),
    Column("link", foreign=True),
)
_TONES: dict[Action, Tone] = {
    Action.ADOPT: "ready",
    Action.CLEAR: "new",
    Action.LEAVE: "problem",
}


def make_result(facts: RecoveryFacts, decisions: Sequence[Decision]) -> Result:
    """Return what is to be done about each open create and pending delete."""
    deleting = sorted(facts.state.deleting)
    unexplained = [(record, links) for record, links in facts.leftovers if links]
    counts = Counter(decision.action for decision in decisions)
    left = counts[Action.LEAVE] + len(unexplained)
    return Result(
        command="recover",
        summary={
            "adopt": counts[Action.ADOPT],
            "clear": counts[Action.CLEAR],
            "leave": left,
            "refresh": len(deleting),
        },
        columns=_COLUMNS,
        rows=[
            *(Row(cells=("refresh", escape(name_of(urn)), "")) for urn in deleting),
            *(_make_row(decision) for decision in decisions),
            *(_make_unexplained_row(record, links) for record, links in unexplained),
        ],
        notes=list(map(_escape_sentence, facts.problems)),
        details={
            "done": False,
            "creates": [
                {
                    "name": decision.name,
                    "urn": decision.urn,
                    "action": decision.action.value,
                    "id": decision.link.id if decision.link else None,
                    "pending": decision.create.pending,
                    "replaces": decision.replaces,
                    "candidates": _describe(decision.candidates),
                    "reasons": list(decision.reasons),
                }
                for decision in decisions
            ],
            "unexplained": [
                {
                    "began": record.began,
                    "process": record.process,
                    "folder": record.folder,
                    "candidates": _describe(links),
                }
                for record, links in unexplained
            ],
            "deletes": deleting,
        },
        ending=_make_ending(counts, left, len(deleting)),
        exit_code=ExitCode.ERROR if left or facts.problems else ExitCode.DONE,
    )


def _escape_sentence(text: str) -> str:
    """Return a sentence of ours, with a path in it, safe to print."""
    return escape(text, longest=1000)


def _make_ending(counts: Counter[Action], left: int, deleting: int) -> str:
    if not (counts or left or deleting):
        return "No create or delete of a link is pending. Nothing was done."
    adopted = pluralize(counts[Action.ADOPT], "link")
    text = f"{adopted} taken into the stack, {counts[Action.CLEAR]} cleared"
    if deleting:
        text += f", {pluralize(deleting, 'interrupted delete')} refreshed"
    if not left:
        return f"{text}. `pulumi up` makes what is missing."
    return (
        f"{text}, {left} left alone: decide about them before `pulumi up`, which would make their"
        " links again."
    )


def _make_row(decision: Decision) -> Row:
    reasons = []
    if decision.replaces:
        reasons.append(f"It replaces {decision.replaces}, which the next `pulumi up` deletes.")
    reasons += decision.reasons
    if not decision.link and decision.candidates:
        reasons += ["Links that fit:", *map(_show_candidate, decision.candidates)]
    link_id = decision.link.id if decision.link else ""
    return Row(
        cells=(decision.action.value, escape(decision.name), link_id),
        reasons=reasons,
        tone=_TONES[decision.action],
    )


def _make_unexplained_row(record: CreateRecord, links: Sequence[OmiseLink]) -> Row:
    ended = "has lost the answer to it" if record.given_up else "was cut off"
    return Row(
        cells=("leave", f"a create begun at {record.began or 'an unknown time'}", ""),
        reasons=[
            _escape_sentence(
                f"Process {record.process} in {record.folder} {ended}, and the program here does"
                " not declare its link now. If another stack of this project does, run this for"
                " that stack; otherwise delete the link at Omise, or adopt or import it, and run"
                " this again."
            ),
            "Links that fit:",
            *map(_show_candidate, links),
        ],
        tone="problem",
    )


def _show_candidate(link: OmiseLink) -> str:
    """Show what tells links of equal inputs apart."""
    return f"  {link.id}  made {link.created_at}  {link.payment_uri}"


def _describe(links: Sequence[OmiseLink]) -> list[dict[str, str]]:
    return [
        {"id": link.id, "created_at": link.created_at, "payment_uri": link.payment_uri}
        for link in links
    ]
