"""``omise-links import``: the plan, a yes, the import, and its verification."""

from __future__ import annotations

import click

from ..adoption.import_file import import_files
from ..adoption.plan import Action, Facts, Plan, Planned, changed_after
from ..errors import ExitCode
from ..inventory.accounts import Accounts, AccountSnapshot
from ..output import Result
from ..output.terminal import escape, pluralize
from ..stack.dependencies import own_provider
from ..stack.project import Project
from ._asking import ask, require_yes
from ._omise import connected
from ._options import manifest_files, other_stacks_option, project_options, yes_option
from ._plans import load_entries, make_plan, plan_details, plan_result
from ._progress import progress
from ._results import returns_result, show_to_person


@click.command("import")
@manifest_files
@other_stacks_option
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
    only_this_stack: bool,
    yes: bool,
    all_or_nothing: bool,
) -> Result:
    """Take links that exist under management of the stack, without touching them.

    It shows the plan and asks. Then it writes the links into the stack's state, never to Omise,
    and verifies it: a preview must show no change to them, or this ends with 1. Blocked entries are
    left alone. Run again, it goes on where it was; it does nothing if there is nothing to do.
    """
    require_yes(yes)
    project = Project(cwd, stack)
    settings = project.settings()
    entries = load_entries(files, settings)
    with connected(Accounts(settings)) as accounts:
        plan, facts = make_plan(project, accounts, entries, only_this_stack)
        show_to_person(plan_result("import", plan, accounts))
        links = plan.of(Action.IMPORT)
        refused = all_or_nothing and bool(plan.of(Action.BLOCKED))
        done = bool(links) and not refused
        if done:
            _require_permission(accounts, plan, facts)
            if not yes:
                ask(_question(project, plan, facts))
            changed = _import(project, plan, facts)
        else:
            changed = changed_after(plan, facts.preview, (Action.MANAGED,))
    kept = _kept(plan, done)
    problems = [{"name": name, "problem": problem} for name, problem in changed.items()]
    proof = {"unchanged": len(kept) - len(changed), "changed": problems}
    return plan_result(
        "import",
        plan,
        accounts,
        notes=_endings(plan, changed, done=done, refused=refused),
        details={**plan_details(plan), "done": done, "proof": proof},
        ending="",
        exit_code=ExitCode.ERROR if refused or changed else ExitCode.DONE,
    )


def _import(project: Project, plan: Plan, facts: Facts) -> dict[str, str]:
    """Import, and return what the preview after it would change."""
    links = pluralize(len(plan.of(Action.IMPORT)), "link")
    with progress(f"Taking {links} into the stack"):
        for file in import_files(plan, facts):
            project.adopt(file.content, protect=file.protect)
    with progress("Previewing again"):
        return changed_after(plan, project.preview())


def _question(project: Project, plan: Plan, facts: Facts) -> str:
    links = pluralize(len(plan.of(Action.IMPORT)), "link")
    where = {
        f"{account.scope} ({'LIVE' if account.live else 'test'})"
        for account in facts.accounts.values()
        if isinstance(account, AccountSnapshot)
    }
    return f"Take {links} of {' and '.join(sorted(where))} into stack {escape(project.stack)}?"


def _require_permission(accounts: Accounts, plan: Plan, facts: Facts) -> None:
    """:raises LiveModeError: a live key, and nobody has allowed it."""
    declared = facts.preview.resources
    for urn in {declared[link.urn].provider for link in plan.of(Action.IMPORT) if link.urn}:
        accounts.settings(declared.get(own_provider(urn))).require_permission("import links")


def _kept(plan: Plan, done: bool) -> list[Planned]:
    """Return the entries that the stack manages now."""
    return plan.of(Action.MANAGED) + (plan.of(Action.IMPORT) if done else [])


def _endings(plan: Plan, changed: dict[str, str], *, done: bool, refused: bool) -> list[str]:
    blocked = pluralize(len(plan.of(Action.BLOCKED)), "entry")
    if refused:
        return [f"Nothing was done: {blocked} blocked, because of --all-or-nothing."]
    lines = [] if done else ["Nothing to import. Nothing was done."]
    if done:
        lines.append(f"{pluralize(len(plan.of(Action.IMPORT)), 'link')} imported.")
    if kept := _kept(plan, done):
        lines += _proof(len(kept), changed)
    if plan.of(Action.BLOCKED):
        lines.append(
            f"{blocked} left alone. Mind that `pulumi up` fails where the program names such a link"
            " by its id, and makes a new one where it does not."
        )
    return lines


def _proof(kept: int, changed: dict[str, str]) -> list[str]:
    """Return what the preview after an import showed."""
    if not changed:
        links = "the link" if kept == 1 else f"any of the {pluralize(kept, 'link')}"
        return [f"Verified: a preview shows no change to {links}."]
    links = pluralize(len(changed), "link")
    return [
        f"Verification failed: the next `pulumi up` would change {links}:",
        *(f"  {escape(name)}: {problem}" for name, problem in changed.items()),
    ]
