"""A drift as what a command ends with. Nothing is printed here."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import ExitCode
from ..omise.models import LinkInputs
from ..output import Column, Result, Row, Tone
from ..safe_text import SECRET, escape, format_amount, format_input, pluralize
from .chosen_stacks import ChosenStacks
from .drift import DRIFT, Drift, DriftFacts, Finding, Kind, Owner, describe_line

_COLUMNS = (
    Column("kind"),
    Column("stack", narrow="fold", foreign=True),
    Column("name", narrow="fold", foreign=True),
    Column("link", foreign=True),
    Column("amount", narrow="optional"),
    Column("title", narrow="optional", foreign=True),
    Column("found", narrow="fold"),
)
# What is in order is counted, and what is another account's business.
_COUNTED = (Kind.MANAGED, Kind.ELSEWHERE)
_TONES: dict[Kind, Tone] = {
    **dict.fromkeys(DRIFT, "problem"),
    Kind.USED: "new",
    Kind.ACCEPTED: "done",
}
_OPERATIONS = {
    "create": "its create is pending",
    "delete": "its delete is pending",
    "replace": "it is replaced, and still to be deleted",
}


def make_result(
    drift: Drift,
    facts: DriftFacts,
    chosen: ChosenStacks,
    *,
    expect_no_changes: bool = False,
    allow_unread: bool = False,
) -> Result:
    """Return the findings: those that need somebody as rows, all of them for programs."""
    shown = [
        finding
        for kind in Kind
        if kind not in _COUNTED
        for finding in sorted(drift.findings[kind], key=lambda finding: finding.owners)
    ]
    exit_code = ExitCode.DONE
    if not drift.complete and not allow_unread:
        exit_code = ExitCode.ERROR
    elif expect_no_changes and drift.changes:
        exit_code = ExitCode.CHANGES
    several = len({_project(name) for name in chosen.names}) > 1
    return Result(
        command="drift",
        summary={
            **{kind.value: len(drift.findings[kind]) for kind in Kind},
            "complete": drift.complete,
        },
        columns=_COLUMNS,
        rows=[_row(finding, _Names(several), facts) for finding in shown],
        notes=_notes(drift, facts, chosen),
        ending=_ending(drift),
        details=_make_details(drift, facts, chosen),
        exit_code=exit_code,
    )


def _make_details(drift: Drift, facts: DriftFacts, chosen: ChosenStacks) -> dict[str, object]:
    states = facts.stacks.states
    return {
        **{kind.value: drift.findings[kind] for kind in Kind},
        "stacks": [
            {
                "name": name,
                "links": len(states[name].links) if name in states else None,
                "read": name in states,
            }
            for name in chosen.names
        ],
        "unknown": list(drift.unknowns),
        "filtered": drift.filtered,
        "newer": drift.newer,
        "no_longer_there": [
            {"id": line.id, **describe_line(line), "file": line.place.file} for line in drift.left
        ],
    }


class _Names:
    """How stacks are named in rows: with their project where there are several."""

    def __init__(self, with_project: bool) -> None:
        self._parts = 2 if with_project else 1

    def stack(self, full_name: str) -> str:
        return escape("/".join(full_name.split("/")[-self._parts :]))

    def owner(self, owner: Owner) -> str:
        return f"{self.stack(owner.stack)}/{escape(owner.name)}"


def _project(full_name: str) -> str:
    return full_name.rpartition("/")[0]


def _row(finding: Finding, names: _Names, facts: DriftFacts) -> Row:
    inputs = finding.inputs
    return Row(
        cells=(
            finding.kind.value,
            names.stack(finding.stack) if finding.stack else "",
            escape(finding.name or ""),
            finding.id or "",
            format_amount(inputs["amount"], inputs["currency"])
            if {"amount", "currency"} <= inputs.keys()
            else SECRET,
            f'"{escape(inputs["title"], longest=40)}"' if "title" in inputs else SECRET,
            _found(finding, names),
        ),
        reasons=_reasons(finding, names, facts),
        tone=_TONES[finding.kind],
    )


def _found(finding: Finding, names: _Names) -> str:
    kind = finding.was or finding.kind
    said = _FOUND[kind](finding, names)
    if finding.kind is Kind.ACCEPTED:
        return f"{kind.value}: {said}"
    return said


def _say_missing(finding: Finding, _names: _Names) -> str:
    deleted_at = finding.link.deleted_at if finding.link else None
    if deleted_at:
        return f"deleted {_minute(deleted_at)}"
    return "deleted" if finding.link else "unknown at Omise"


def _say_twin(finding: Finding, names: _Names) -> str:
    original, link = finding.original, finding.link
    if original is None or link is None:
        return ""
    if original.id is None:
        return f"like the pending create of {names.owner(original.owner)}: a lost answer?"
    apart = original.seconds
    if apart is not None and abs(apart) <= _SECONDS_OF_A_RETRY:
        when = f"made {abs(apart):.0f} s {'after' if apart >= 0 else 'before'} it: a lost answer?"
    else:
        when = f"made {_day(link.created_at)}"
    return f"like {names.owner(original.owner)}, {when}"


# What is made again after a lost answer is made within minutes.
_SECONDS_OF_A_RETRY = 600.0


def _say_unmanaged(finding: Finding, _names: _Names) -> str:
    link = finding.link
    if link is None:
        return ""
    payments = link.payments
    return f"made {_day(link.created_at)}, {payments.describe(_day(payments.last_at or ''))}"


def _say_used(finding: Finding, _names: _Names) -> str:
    link = finding.link
    paid_at = link and (link.used_at or link.paid_at)
    return f"paid {_minute(paid_at)}" if paid_at else "paid"


_FOUND: dict[Kind, Callable[[Finding, _Names], str]] = {
    Kind.MISSING: _say_missing,
    Kind.DIFFERS: lambda finding, _names: f"differs in {', '.join(finding.differs)}",
    Kind.DOUBLED: lambda finding, names: f"also {', '.join(map(names.owner, finding.others))}",
    Kind.TWIN: _say_twin,
    Kind.UNMANAGED: _say_unmanaged,
    Kind.PENDING: lambda finding, _names: _OPERATIONS[finding.operation or "create"],
    Kind.USED: _say_used,
}


def _reasons(finding: Finding, names: _Names, facts: DriftFacts) -> list[str]:
    reasons = []
    if Kind.DIFFERS in {finding.kind, finding.was} and finding.link:
        reasons += [_compare(name, finding, finding.link.inputs) for name in finding.differs]
    if finding.kind in {Kind.UNMANAGED, Kind.TWIN} and (unread := facts.stacks.unread):
        which = ", ".join(map(names.stack, unread))
        reasons.append(f"Or it is of {which}, which could not be read.")
    if finding.kind is Kind.PENDING:
        reasons.append(
            "The next `pulumi up` deletes it."
            if finding.operation == "replace"
            else "If no run is under way: `omise-links recover`."
        )
    if line := finding.accepted:
        until = f" until {line.until}" if line.until else ""
        over = ", which is over" if finding.run_out else ""
        reasons.append(f"Accepted{until}{over}: {escape(line.reason, longest=300)}")
    return reasons


def _compare(name: str, finding: Finding, there: LinkInputs) -> str:
    """Say both values of an input; it is no secret, or it would not have been compared."""
    if name == "amount" and "currency" not in finding.inputs:
        return f"amount: {there.amount} at Omise, {finding.inputs[name]} in the state."
    held = LinkInputs(**{**vars(there), **finding.inputs})
    return f"{name}: {format_input(there, name)} at Omise, {format_input(held, name)} in the state."


def _notes(drift: Drift, facts: DriftFacts, chosen: ChosenStacks) -> list[str]:
    alive = sum(not link.deleted for link in facts.account.links.values())
    held = sum(len(state.links) for state in facts.stacks.states.values())
    notes = [
        f"Compared {pluralize(held, 'link')} of {chosen.title} with {pluralize(alive, 'link')} of"
        " the account that are not deleted."
    ]
    if not chosen.whole_backend and (drift.findings[Kind.UNMANAGED] or drift.findings[Kind.TWIN]):
        notes.append(
            "Links of other stacks are shown as unmanaged here, as those were not read; --backend"
            " reads all stacks."
        )
    if elsewhere := len(drift.findings[Kind.ELSEWHERE]):
        are = "is" if elsewhere == 1 else "are"
        notes.append(
            f"{pluralize(elsewhere, 'link')} of these stacks {are} of another account, mode or"
            " sub-merchant than the key, and not compared."
        )
    if drift.newer:
        were = "was" if drift.newer == 1 else "were"
        notes.append(f"{pluralize(drift.newer, 'link')} {were} made meanwhile, and not compared.")
    if drift.filtered:
        are = "is" if drift.filtered == 1 else "are"
        notes.append(
            f"{pluralize(drift.filtered, 'more unmanaged link')} {are} not shown, by the title that"
            " was asked for."
        )
    notes += [
        f"{line.place} accepts {line.id}, which is not in this account any more: take the line out."
        for line in drift.left
    ]
    return [*notes, *drift.unknowns]


def _ending(drift: Drift) -> str:
    counted = [
        f"{len(drift.findings[kind]):,} {kind.value}"
        for kind in Kind
        if drift.findings[kind] or kind is Kind.MANAGED
    ]
    ending = f"{', '.join(counted)}."
    if not drift.complete:
        ending += " Not everything could be read, so this is not all."
    elif not drift.changes:
        ending += " No drift."
    return ending


def _minute(time: str) -> str:
    """Return ``2026-11-20T09:14:30Z`` as ``2026-11-20 09:14 UTC``."""
    return f"{time[:10]} {time[11:16]} UTC"


def _day(time: str) -> str:
    return time[:10]
