"""A sweep as what a command ends with. Nothing is printed here."""

from __future__ import annotations

from dataclasses import replace

from ..errors import ExitCode
from ..output import Column, Result, Row
from ..safe_text import escape, format_amount, pluralize
from .account_links import AccountLink
from .sweep import KeptLink, SweepPlan
from .sweep_apply import Fate, SweepOutcome
from .sweep_gather import GatheredSweep

_COLUMNS = (
    Column("action"),
    Column("link", foreign=True),
    Column("made"),
    Column("amount", narrow="optional"),
    Column("title", narrow="optional", foreign=True),
)
# Nobody reads more of them; --json has all.
_MOST_KEPT = 20


def report_plan(sweep: GatheredSweep, *, expected: str | None) -> Result:
    """Return what a sweep would do, while nothing is done.

    :param expected: the checksum that the plan is to have, if one was given.
    """
    plan, deleted_before = sweep.plan, sweep.deleted_before
    unmanaged = [link for link in plan.keep if not link.managed]
    result = Result(
        command="sweep",
        summary={
            "delete": len(plan.delete),
            "keep": len(plan.keep),
            "deleted": 0,
            "deleted_before": deleted_before,
            "managed": sum(link.managed for link in plan.keep),
            "outside": plan.outside,
            "alive": plan.alive,
        },
        columns=_COLUMNS,
        rows=[*map(_row, plan.delete), *map(_kept_row, unmanaged[:_MOST_KEPT])],
        notes=_notes(sweep, len(unmanaged) - _MOST_KEPT),
        details={
            "done": False,
            "checksum": plan.checksum,
            "stacks": sweep.stacks,
            "over_limit": list(plan.over_limit),
            "delete": [_describe(link) for link in plan.delete],
            "keep": [vars(link) for link in plan.keep],
            "error": None,
        },
    )
    if expected not in {None, plan.checksum}:
        ending = f"Nothing was deleted: this is not the plan with the checksum {expected}."
        return replace(result, ending=ending, exit_code=ExitCode.CHANGES)
    if plan.over_limit:
        ending = f"Nothing was deleted. {' '.join(plan.over_limit)} --force lifts the limits."
        return replace(result, ending=ending, exit_code=ExitCode.ERROR)
    if not plan.delete:
        before = f" {pluralize(deleted_before, 'link')} had been deleted before."
        return replace(result, ending=f"There is nothing to delete.{before * bool(deleted_before)}")
    return replace(result, ending="Nothing was deleted; --yes deletes.")


def report_outcome(planned: Result, plan: SweepPlan, outcome: SweepOutcome) -> Result:
    """Return what a sweep has done.

    :param planned: what ``report_plan`` has returned.
    """
    error = outcome.error
    return replace(
        planned,
        summary={**planned.summary, "deleted": outcome.count(Fate.DELETED)},
        notes=_notes_on_fates(outcome),
        ending=_ending(outcome),
        details={
            **planned.details,
            "done": True,
            "delete": [
                _describe(link, reason=outcome.reasons.get(link.id), fate=outcome.fates[link.id])
                for link in plan.delete
            ],
            "error": error
            and {
                "type": type(error).__name__,
                "message": str(error),
                "exit_code": int(error.exit_code),
                **error.details(),
            },
        },
        exit_code=outcome.exit_code,
    )


def _row(link: AccountLink) -> Row:
    inputs = link.inputs
    cells = ("delete", link.id, link.created_at, format_amount(inputs.amount, inputs.currency))
    return Row(cells=(*cells, escape(inputs.title)), tone="ready")


def _kept_row(link: KeptLink) -> Row:
    cells = ("keep", escape(link.id), "", "", escape(link.title))
    return Row(cells=cells, reasons=(link.reason,), tone="done")


def _notes(sweep: GatheredSweep, more_kept: int) -> list[str]:
    plan = sweep.plan
    managed = sum(link.managed for link in plan.keep)
    counts = (
        f"{pluralize(len(plan.delete), 'link')} to delete, {len(plan.keep):,} of the scope to keep"
        f" ({managed:,} of them managed), {plan.outside:,} outside of the scope; {plan.alive:,} are"
        " alive in all."
    )
    stacks = f"{pluralize(sweep.stacks, 'stack')} of the backend read."
    if not sweep.stacks:
        stacks = "The backend has no stack, so every link counts as unmanaged."
    more = [f"{more_kept:,} more stay; --json names all of them."] if more_kept > 0 else []
    return [*more, stacks, f"{counts[0].upper()}{counts[1:]}", f"Checksum {plan.checksum}"]


def _describe(
    link: AccountLink, *, reason: str | None = None, fate: Fate = Fate.LEFT
) -> dict[str, object]:
    return {
        "id": link.id,
        "title": link.inputs.title,
        "reason": reason or f"No stack of the backend manages it; made at {link.created_at}.",
        "amount": link.inputs.amount,
        "currency": link.inputs.currency,
        "created_at": link.created_at,
        "fate": fate.value,
    }


_SENTENCES = {
    Fate.GONE: "has been deleted by somebody else meanwhile",
    Fate.CHANGED: "stays",
    Fate.REFUSED: "stays",
    Fate.UNCERTAIN: "may be deleted: its deletion was sent, and that it is gone is not proved",
}


def _notes_on_fates(outcome: SweepOutcome) -> list[str]:
    """Say what has become of each link that was to go and is not deleted, but for those left."""
    return [
        f"{link_id} {_SENTENCES[fate]}: {outcome.reasons[link_id]}"
        if link_id in outcome.reasons
        else f"{link_id} {_SENTENCES[fate]}."
        for link_id, fate in outcome.fates.items()
        if fate in _SENTENCES
    ]


def _ending(outcome: SweepOutcome) -> str:
    done = f"{pluralize(outcome.count(Fate.DELETED), 'link')} deleted and read back."
    done = f"{done[0].upper()}{done[1:]}"
    left = outcome.count(Fate.LEFT, Fate.UNCERTAIN)
    if not left:
        return done
    why = "Ended by Ctrl-C." if outcome.interrupted else str(outcome.error)
    return f"{why} {done} {pluralize(left, 'link')} left; the same command goes on."
