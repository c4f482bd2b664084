"""What ``plan`` and ``import`` share: reading manifests, making a plan, showing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..adoption.apply import files_without_stacks
from ..adoption.gather import gather_facts
from ..adoption.import_plan import Action, ImportFacts, ImportPlan, PlannedEntry, make_import_plan
from ..errors import ManifestError, ProblemCode
from ..inventory.accounts import Accounts, AccountSnapshot
from ..manifest.entries import Entry, entries_for_stack
from ..manifest.reading import check
from ..manifest.text import line_for_stack
from ..omise.transport import RequestStats
from ..output import Account, Result, Row, Tone, link_columns
from ..safe_text import SECRET, escape, escape_path, format_amount
from ..settings import Settings
from ..stack.project import Project
from ._progress import progress

_COLUMNS = link_columns("action")
_TONES: dict[Action, Tone] = {
    Action.IMPORT: "ready",
    Action.MANAGED: "done",
    Action.CREATE: "new",
    Action.BLOCKED: "problem",
}
_WORDS = {
    Action.IMPORT: "to import",
    Action.MANAGED: "managed already",
    Action.CREATE: "to create",
    Action.BLOCKED: "blocked",
}


def load_entries(files: Sequence[str], settings: Settings, stack: str) -> list[Entry]:
    """Read the manifests as they are in a stack: without the ids that are for other stacks.

    An id that several entries claim is no problem here: a plan blocks those entries and no others.

    :raises ManifestError: with all other problems of all files.
    """
    checked = check(files, amount_limits=settings.amount_limits)
    problems = [
        problem
        for file in checked
        for problem in file.problems
        if problem.code is not ProblemCode.DUPLICATE_ID
    ]
    if problems:
        raise ManifestError(problems)
    return entries_for_stack([entry for file in checked for entry in file.entries], stack)


def make_plan(
    project: Project, accounts: Accounts, entries: Sequence[Entry], only_this_stack: bool
) -> tuple[ImportPlan, ImportFacts]:
    """Gather the facts and decide."""
    with progress("Previewing, and reading the account"):
        facts = gather_facts(project, entries, accounts, other_stacks=not only_this_stack)
    plan = make_import_plan(entries, facts)
    notes = (*plan.notes, *_notes_on_stacks(plan, project.stack), *_notes_on_creates(plan, project))
    return replace(plan, notes=notes), facts


def _notes_on_stacks(plan: ImportPlan, stack: str) -> list[str]:
    """Warn where every stack of the program would adopt the same links."""
    return [
        f"{escape_path(file)} has no `{line_for_stack(stack)}` (import adds it): another stack of"
        " this program would adopt the same links, and its `pulumi destroy` would delete them."
        for file in files_without_stacks(plan)
    ]


def without_notes_on_stacks(plan: ImportPlan, stack: str) -> tuple[str, ...]:
    """Return what stays true of a plan once its manifests name the stack."""
    done = _notes_on_stacks(plan, stack)
    return tuple(note for note in plan.notes if note not in done)


def _notes_on_creates(plan: ImportPlan, project: Project) -> list[str]:
    """Say how to find out whether what ``pulumi up`` would make exists already.

    A plan reads the links that have an id and no others, so it cannot tell. Entries whose ids are
    for other stacks are to have links of their own here.
    """
    files = dict.fromkeys(
        escape(planned.entry.place.file, longest=1000)
        for planned in plan.of(Action.CREATE)
        if planned.entry.is_of(project.stack)
    )
    if not files:
        return []
    return [
        "`pulumi up` makes a new link for each entry to create. To see whether the account has one"
        f" like it already, run `omise-links match {' '.join(files)}`."
    ]


def plan_result(command: str, plan: ImportPlan, stats: RequestStats, **changes: Any) -> Result:
    """Return a plan as a result; ``changes`` are fields of it to set otherwise."""
    fields: dict[str, Any] = {
        "summary": plan.summary,
        "accounts": [_account(snapshot) for snapshot in plan.accounts],
        "columns": _COLUMNS,
        "rows": [_row(plan, planned) for planned in plan.entries],
        "notes": plan.notes,
        "ending": _count(plan),
        "details": plan_details(plan),
        "stats": stats,
    }
    return Result(command=command, **{**fields, **changes})


def plan_details(plan: ImportPlan) -> dict[str, object]:
    """Return a plan for programs."""
    links = [
        {
            "name": planned.name,
            "action": planned.action.value,
            "id": planned.id,
            "urn": planned.urn,
            "reasons": list(planned.reasons),
        }
        for planned in plan.entries
    ]
    return {"links": links, "notes": list(plan.notes)}


def _account(snapshot: AccountSnapshot) -> Account:
    account_id = snapshot.scope.account_id
    return Account(
        id=escape(account_id) if account_id else None,
        country=escape(snapshot.country) if snapshot.country else None,
        live=snapshot.live,
        sub_merchant=snapshot.scope.sub_merchant_id,
        key_source=snapshot.key_source,
    )


def _count(plan: ImportPlan) -> str:
    return ", ".join(f"{len(plan.of(action)):,} {_WORDS[action]}" for action in Action) + "."


def _row(plan: ImportPlan, planned: PlannedEntry) -> Row:
    """Show an entry; what is a secret in the program stays one."""
    secrets = plan.secrets.get(planned.name, frozenset())
    inputs = planned.link.inputs if planned.link else planned.entry.inputs
    return Row(
        cells=(
            planned.action.value,
            escape(planned.name),
            planned.id or "",
            SECRET
            if {"amount", "currency"} & secrets
            else format_amount(inputs.amount, inputs.currency),
            SECRET if "title" in secrets else escape(inputs.title, longest=40),
        ),
        reasons=planned.reasons,
        tone=_TONES[planned.action],
    )
