"""``omise-links import``: the plan, a yes, the import, and its verification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import click

from ..adoption.apply import (
    import_links,
    require_permission,
    verify_import,
    write_stack_into_manifests,
)
from ..adoption.import_plan import Action, ImportFacts, ImportPlan, PlannedEntry, find_changes
from ..errors import ExitCode
from ..inventory.accounts import Accounts
from ..output import Result
from ..safe_text import escape, escape_path, pluralize
from ..stack.project import Project
from ._asking import ask, require_yes
from ._omise import connected
from ._options import manifest_files, project_options, yes_option
from ._plans import load_entries, make_plan, plan_details, plan_result
from ._progress import progress
from ._results import returns_result, show_to_person


@click.command("import")
@manifest_files
@project_options
@yes_option
@click.option(
    "--all-or-nothing", is_flag=True, help="Do nothing, and end with 1, if any entry is blocked."
)
@returns_result
def command(
    files: tuple[str, ...],
    stack: str | None,
    cwd: str,
    config_file: str | None,
    only_this_stack: bool,
    yes: bool,
    all_or_nothing: bool,
) -> Result:
    """Import existing links into the stack, and verify it.

    It shows the plan and asks. Then it writes the links into the stack's state, never to Omise,
    and verifies it: a preview must show no change to them, or this ends with 1. Blocked entries are
    left alone. Run again, it goes on where it was; it does nothing if there is nothing to do.

    A manifest that does not say for which stacks its ids are gets a line `stacks: [NAME]`, so that
    no other stack of the program adopts the same links, and `declare_links` protects them in this
    one from the first moment.
    """
    require_yes(yes)
    project = Project(cwd, stack, config_file=config_file)
    settings = project.settings()
    entries = load_entries(files, settings, project.stack)
    with connected(Accounts(settings)) as accounts:
        plan, facts = make_plan(project, accounts, entries, only_this_stack)
        show_to_person(plan_result("import", plan, accounts.stats))
        links = plan.of(Action.IMPORT)
        refused = all_or_nothing and bool(plan.of(Action.BLOCKED))
        done = bool(links) and not refused
        if done:
            require_permission(accounts, plan, facts)
            if not yes:
                ask(_question(project, plan))
            written = write_stack_into_manifests(
                plan, project.stack, amount_limits=settings.amount_limits
            )
            if None in written.values():
                # `declare_links` protects the links now, and so must the import.
                with progress("Previewing with the new line in the manifest"):
                    facts = replace(facts, preview=project.preview())
            changed = _import(project, plan, facts)
        else:
            written = {}
            changed = find_changes(plan, facts.preview, (Action.MANAGED,))
    kept = _kept(plan, done)
    problems = [{"name": name, "problem": problem} for name, problem in changed.items()]
    verification = {"unchanged": len(kept) - len(changed), "changed": problems}
    return plan_result(
        "import",
        plan,
        accounts.stats,
        notes=[
            *_endings(plan, changed, done=done, refused=refused),
            *_notes_on_manifests(written, project.stack),
        ],
        details={**plan_details(plan), "done": done, "verification": verification},
        ending="",
        exit_code=ExitCode.ERROR if refused or changed else ExitCode.DONE,
    )


def _import(project: Project, plan: ImportPlan, facts: ImportFacts) -> dict[str, str]:
    """Import, and return what the preview after it would change."""
    links = pluralize(len(plan.of(Action.IMPORT)), "link")
    with progress(f"Importing {links} into the stack"):
        import_links(project, plan, facts)
    with progress("Previewing again"):
        return verify_import(project, plan)


def _question(project: Project, plan: ImportPlan) -> str:
    links = pluralize(len(plan.of(Action.IMPORT)), "link")
    accounts = sorted(
        f"{account.scope} ({'LIVE' if account.live else 'test'})" for account in plan.accounts
    )
    return f"Import {links} of {' and '.join(accounts)} into stack {escape(project.stack)}?"


def _kept(plan: ImportPlan, done: bool) -> list[PlannedEntry]:
    """Return the entries that the stack manages now."""
    return plan.of(Action.MANAGED) + (plan.of(Action.IMPORT) if done else [])


def _endings(plan: ImportPlan, changed: dict[str, str], *, done: bool, refused: bool) -> list[str]:
    blocked = pluralize(len(plan.of(Action.BLOCKED)), "entry")
    if refused:
        return [f"Nothing was done: {blocked} blocked, because of --all-or-nothing."]
    lines = [] if done else ["Nothing to import. Nothing was done."]
    if done:
        lines.append(f"{pluralize(len(plan.of(Action.IMPORT)), 'link')} imported.")
    if kept := _kept(plan, done):
        lines += _verification(len(kept), changed)
    if plan.of(Action.BLOCKED):
        lines.append(
            f"{blocked} left alone. Mind that `pulumi up` fails where the program names such a link"
            " by its id, and makes a new one where it does not."
        )
    return lines


def _notes_on_manifests(written: Mapping[str, str | None], stack: str) -> list[str]:
    """Say for each manifest whether it names the stack of its ids now."""
    line = f"`stacks: [{escape(stack.rpartition('/')[2])}]`"
    notes = []
    for file, problem in written.items():
        shown = escape_path(file)
        notes.append(
            f"{shown} says {line} now: in any other stack of this program its ids are left out."
            " In this one `declare_links` protects its links."
            if problem is None
            else f"{line} at the top of {shown} could not be written, and is to be put there, or"
            f" another stack of this program adopts the same links: {problem}"
        )
    return notes


def _verification(kept: int, changed: dict[str, str]) -> list[str]:
    """Return what the preview after an import showed, in sentences."""
    if not changed:
        links = "the link" if kept == 1 else f"any of the {pluralize(kept, 'link')}"
        return [f"Verified: a preview shows no change to {links}."]
    links = pluralize(len(changed), "link")
    return [
        f"Verification failed: the next `pulumi up` would change {links}:",
        *(f"  {escape(name)}: {problem}" for name, problem in changed.items()),
    ]
