"""``omise-links import``: the plan, a yes, the adoption, and the proof."""

from __future__ import annotations

import click

from ..adoption.import_file import import_files
from ..adoption.plan import Action, Facts, Plan, Planned, changed_after
from ..adoption.report import plan_json, proof_text
from ..cli import EXIT_CANCELLED, EXIT_ERROR
from ..inventory.accounts import Accounts, AccountSnapshot
from ..output.terminal import count, show
from ..stack.dependencies import own_provider
from ..stack.project import Project
from ._adopting import (
    accounts_of,
    agreed,
    load_entries,
    make_plan,
    manifest_options,
    print_plan,
    project_options,
    require_yes,
    watching,
)


@click.command("import")
@manifest_options
@project_options
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option(
    "--all-or-nothing", is_flag=True, help="Do nothing, and end with 1, if any entry is blocked."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(
    files: tuple[str, ...],
    stack: str | None,
    cwd: str,
    only_this_stack: bool,
    yes: bool,
    all_or_nothing: bool,
    as_json: bool,
) -> int:
    """Take links that exist under management of the stack, without touching them.

    It shows the plan and asks. Then it writes the links into the stack's state, never to Omise,
    and proves it: a preview must show no change to them, or this ends with 1. Blocked entries are
    left alone. Run again, it goes on where it was; it does nothing if there is nothing to do.
    """
    require_yes(yes)
    project = Project(cwd, stack)
    settings = project.settings()
    entries = load_entries(files, settings)
    with accounts_of(settings) as accounts:
        plan, facts = make_plan(project, accounts, entries, only_this_stack)
        if not as_json:
            print_plan(plan)
        links = plan.of(Action.IMPORT)
        refused = all_or_nothing and bool(plan.of(Action.BLOCKED))
        done = bool(links) and not refused
        if done:
            _require_permission(accounts, plan, facts)
            if not yes and not agreed(_question(project, plan, facts)):
                return EXIT_CANCELLED
            changed = _import(project, plan, facts)
        else:
            changed = changed_after(plan, facts.preview, (Action.MANAGED,))
        if as_json:
            unchanged = len(_kept(plan, done)) - len(changed)
            problems = [{"name": name, "problem": changed[name]} for name in changed]
            proof = {"unchanged": unchanged, "changed": problems}
            click.echo(plan_json("import", plan, accounts.stats, done=done, proof=proof))
        else:
            click.echo(_ending(plan, changed, done=done, refused=refused))
    return EXIT_ERROR if refused or changed else 0


def _import(project: Project, plan: Plan, facts: Facts) -> dict[str, str]:
    """Import, and return what the preview after it would change."""
    links = count(len(plan.of(Action.IMPORT)), "link")
    with watching(f"Taking {links} into the stack"):
        for each in import_files(plan, facts):
            project.adopt(each.content, protect=each.protect)
    with watching("Previewing again"):
        return changed_after(plan, project.preview())


def _question(project: Project, plan: Plan, facts: Facts) -> str:
    links = count(len(plan.of(Action.IMPORT)), "link")
    where = {
        f"{each.scope} ({'LIVE' if each.live else 'test'})"
        for each in facts.accounts.values()
        if isinstance(each, AccountSnapshot)
    }
    return f"Take {links} of {' and '.join(sorted(where))} into stack {show(project.stack)}?"


def _require_permission(accounts: Accounts, plan: Plan, facts: Facts) -> None:
    """:raises LiveModeError: a live key, and nobody has allowed it."""
    declared = facts.preview.resources
    for urn in {declared[each.urn].provider for each in plan.of(Action.IMPORT) if each.urn}:
        accounts.settings(declared.get(own_provider(urn))).require_permission("import links")


def _kept(plan: Plan, done: bool) -> list[Planned]:
    """Return the entries that the stack manages now."""
    return plan.of(Action.MANAGED) + (plan.of(Action.IMPORT) if done else [])


def _ending(plan: Plan, changed: dict[str, str], *, done: bool, refused: bool) -> str:
    blocked = count(len(plan.of(Action.BLOCKED)), "entry")
    if refused:
        return f"Nothing was done: {blocked} blocked, and --all-or-nothing was said."
    lines = [] if done else ["Nothing to import. Nothing was done."]
    if done:
        lines.append(f"{count(len(plan.of(Action.IMPORT)), 'link')} imported.")
    if kept := _kept(plan, done):
        lines.append(proof_text(len(kept), changed))
    if plan.of(Action.BLOCKED):
        lines.append(
            f"{blocked} left alone. Mind that `pulumi up` fails where the program names such a link"
            " by its id, and makes a new one where it does not."
        )
    return "\n".join(lines)
