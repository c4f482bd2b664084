"""``omise-links plan``: what an import would do, and why not."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ..adoption.import_file import import_file
from ..adoption.plan import Action, Facts, Plan
from ..adoption.report import plan_json
from ..cli import EXIT_CHANGES
from ..errors import ProjectError
from ..stack.project import Project
from ._adopting import (
    accounts_of,
    load_entries,
    make_plan,
    manifest_options,
    print_plan,
    project_options,
)


@click.command("plan")
@manifest_options
@project_options
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option(
    "--import-file",
    "target",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Write what `pulumi import --file` takes, for running Pulumi yourself.",
)
@click.option(
    "--expect-no-changes",
    is_flag=True,
    help="End with 7 if anything would be imported, created, or changed by `pulumi up`.",
)
def command(
    files: tuple[str, ...],
    stack: str | None,
    cwd: str,
    only_this_stack: bool,
    as_json: bool,
    target: str | None,
    expect_no_changes: bool,
) -> int:
    """Show for each entry of the manifests what an import would do.

    import: the link exists, agrees with the program, and can be taken under management.
    managed: this stack manages it. create: it has no id, so `pulumi up` makes it. blocked: it
    cannot be taken, with all reasons.

    Nothing is changed, neither in the stack nor at Omise. Blocked entries do not change the exit
    code, but with --expect-no-changes.
    """
    project = Project(cwd, stack)
    settings = project.settings()
    entries = load_entries(files, settings)
    with accounts_of(settings) as accounts:
        plan, facts = make_plan(project, accounts, entries, only_this_stack)
        if as_json:
            click.echo(plan_json("plan", plan, accounts.stats))
        else:
            print_plan(plan)
        if target is not None:
            _write(target, plan, facts, project)
    named = {each.name for each in plan.entries}
    changes = (
        any(each.action is not Action.MANAGED or each.reasons for each in plan.entries)
        or any(each.step != "same" for each in facts.preview.links() if each.name not in named)
        or bool(facts.preview.dropped)
    )
    return EXIT_CHANGES if expect_no_changes and changes else 0


def _write(target: str, plan: Plan, facts: Facts, project: Project) -> None:
    """Write the import file, and say on standard error how to use it."""
    links = plan.of(Action.IMPORT)
    if not links:
        click.echo(f"There is nothing to import, so {target} was not written.", err=True)
        return
    text = json.dumps(import_file(plan, facts), ensure_ascii=False, indent=2)
    try:
        file = Path(target)
        file.touch(mode=0o600)
        file.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise ProjectError(f"{target} cannot be written: {error.strerror}.") from None
    declared = [facts.preview.resources[each.urn] for each in links if each.urn]
    lines = [
        f"{target} is for stack {project.stack}:",
        f"  pulumi import --file {target} --stack {project.stack} --yes --skip-preview"
        " --generate-code=false --protect=false",
    ]
    if any(each.secrets for each in facts.preview.resources.values()):
        lines.append("Secrets in it are encrypted by the stack's own secrets provider.")
    if any(each.secret_outputs for each in declared):
        lines.append("Outputs that the program makes secret are not: nothing has encrypted them.")
    protected = sum(each.protect for each in declared)
    if protected:
        lines.append(
            f"{protected} of the links are protected by the program, but in the state only after"
            " the next `pulumi up`; `omise-links import` protects them at once."
        )
    click.echo("\n".join(lines), err=True)
