"""``omise-links import``: the plan, a yes, the import, and its verification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import click

from ..adoption.apply import (
    find_unprotected,
    import_links,
    require_permission,
    write_stack_into_manifests,
)
from ..adoption.gather import preview_with_secrets
from ..adoption.import_plan import Action, ImportFacts, ImportPlan, PlannedEntry, find_changes
from ..errors import ExitCode, OmiseLinksError
from ..inventory.accounts import Accounts
from ..manifest.text import line_for_stack
from ..output import Result
from ..safe_text import escape, escape_path, name_some, pluralize
from ..stack.model import Preview
from ..stack.project import Project
from ._asking import ask, require_yes
from ._omise import connected
from ._options import manifest_files, project_options, yes_option
from ._plans import load_entries, make_plan, plan_details, plan_result, without_notes_on_stacks
from ._progress import progress
from ._results import returns_result, say, show_to_person


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

    A manifest that does not say for which stacks its ids are first gets a line `stacks: [NAME]`, so
    that `declare_links` protects the links in this stack, and no other stack of the program adopts
    them. If it cannot be written, nothing is imported.
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
        notes: list[str] = []
        if done:
            require_permission(accounts, plan, facts)
            if not yes:
                ask(_question(project, plan))
            written = write_stack_into_manifests(
                plan, project.stack, amount_limits=settings.amount_limits
            )
            notes = [_note_on_manifest(file, project.stack) for file in written]
            plan = replace(plan, notes=without_notes_on_stacks(plan, project.stack))
            try:
                if written:
                    # `declare_links` protects the links now, and so must the import.
                    with progress("Previewing with the new line in the manifest"):
                        facts = replace(facts, preview=preview_with_secrets(project, entries))
                preview = _import(project, plan, facts)
            except OmiseLinksError:
                if written:
                    say("\n".join([*notes, _IF_GIVEN_UP]))
                raise
            changed = find_changes(plan, preview)
            unprotected = find_unprotected(plan, preview)
        else:
            changed = find_changes(plan, facts.preview, (Action.MANAGED,))
            unprotected = {}
    kept = _kept(plan, done)
    verification = {
        "unchanged": len(kept) - len(changed),
        "changed": [{"name": name, "problem": problem} for name, problem in changed.items()],
        "unprotected": list(unprotected),
    }
    return plan_result(
        "import",
        plan,
        accounts.stats,
        notes=[
            *_endings(plan, changed, done=done, refused=refused),
            *notes,
            *_notes_on_protection(unprotected),
        ],
        details={**plan_details(plan), "done": done, "verification": verification},
        ending="",
        exit_code=ExitCode.ERROR if refused or changed else ExitCode.DONE,
    )


def _import(project: Project, plan: ImportPlan, facts: ImportFacts) -> Preview:
    """Import, and return a preview of what comes after it."""
    links = pluralize(len(plan.of(Action.IMPORT)), "link")
    with progress(f"Importing {links} into the stack"):
        import_links(project, plan, facts)
    with progress("Previewing again"):
        return project.preview()


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


_IF_GIVEN_UP = (
    "Run the import again when what follows is put right. If you give it up, take that line out: in"
    " another stack, `pulumi up` would make new links."
)


def _note_on_manifest(file: str, stack: str) -> str:
    return (
        f"{escape_path(file)} says `{line_for_stack(stack)}` now:"
        " `declare_links` protects its links in this stack, and leaves its ids out in any other"
        " stack of this program."
    )


def _notes_on_protection(unprotected: Mapping[str, bool]) -> list[str]:
    """Say which links `pulumi destroy` would delete.

    :param unprotected: by name, each with whether the next ``pulumi up`` protects the link.
    """
    later = [name for name, protects in unprotected.items() if protects]
    never = [name for name, protects in unprotected.items() if not protects]
    notes = []
    if later:
        notes.append(
            f"Protected from the next `pulumi up` on, so run it now: {name_some(later)}. The stack"
            f" had managed {'it' if len(later) == 1 else 'them'} before."
        )
    if never:
        notes.append(
            f"Not protected: {name_some(never)}. `pulumi destroy` deletes"
            f" {'it' if len(never) == 1 else 'them'}. To prevent that, set Pulumi's option protect"
            " in the program. `declare_links` sets it for a manifest that names its stack."
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
