"""``omise-links plan``: what an import would do, and why not."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click

from ..adoption.import_file import make_import_file
from ..adoption.import_plan import Action, ImportFacts, ImportPlan
from ..errors import ExitCode, ProjectError
from ..inventory.accounts import Accounts
from ..manifest.edit import require_writable
from ..output import Result
from ..safe_text import escape_path, pluralize
from ..stack.project import Project
from ._omise import connected
from ._options import manifest_files, project_options
from ._plans import load_entries, make_plan, plan_result
from ._results import returns_result, say


@click.command("plan")
@manifest_files
@project_options
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
@returns_result
def command(
    files: tuple[str, ...],
    stack: str | None,
    cwd: str,
    config_file: str | None,
    only_this_stack: bool,
    target: str | None,
    expect_no_changes: bool,
) -> Result:
    """Show what an import would do, and why not.

    Each entry of the manifests is one of four. import: its link exists, agrees with the program,
    and can be imported. managed: this stack manages it. create: it has no id, so `pulumi up` makes
    its link. blocked: it cannot be imported, with all reasons.

    Nothing is changed, neither in the stack nor at Omise. Blocked entries do not change the exit
    code, but with --expect-no-changes.
    """
    if target is not None:
        require_writable([target])
    project = Project(cwd, stack, config_file=config_file)
    settings = project.settings()
    entries = load_entries(files, settings, project.stack)
    with connected(Accounts(settings)) as accounts:
        plan, facts = make_plan(project, accounts, entries, only_this_stack)
        result = plan_result("plan", plan, accounts.stats)
        if target is not None:
            _write(target, plan, facts, project)
    if expect_no_changes and _has_changes(plan, facts):
        return dataclasses.replace(result, exit_code=ExitCode.CHANGES)
    return result


def _has_changes(plan: ImportPlan, facts: ImportFacts) -> bool:
    named = {planned.name for planned in plan.entries}
    return (
        any(planned.action is not Action.MANAGED or planned.reasons for planned in plan.entries)
        or any(link.step != "same" for link in facts.preview.links() if link.name not in named)
        or bool(facts.preview.removed)
    )


def _write(target: str, plan: ImportPlan, facts: ImportFacts, project: Project) -> None:
    """Write the import file, and say on standard error how to use it."""
    shown = escape_path(target)
    links = plan.of(Action.IMPORT)
    if not links:
        say(f"There is nothing to import, so {shown} was not written.")
        return
    text = json.dumps(make_import_file(plan, facts), ensure_ascii=False, indent=2)
    try:
        file = Path(target)
        file.touch(mode=0o600)
        file.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise ProjectError(f"{shown} cannot be written: {error.strerror}.") from None
    declared = [facts.preview.resources[link.urn] for link in links if link.urn]
    lines = [
        f"{shown} is for stack {project.stack}:",
        f"  pulumi import --file {shown} --stack {project.stack} --yes --skip-preview"
        " --generate-code=false --protect=false",
    ]
    if any(resource.secret_inputs for resource in facts.preview.resources.values()):
        lines.append("Secrets in it are encrypted by the stack's own secrets provider.")
    if any(resource.secret_outputs for resource in declared):
        lines.append("Outputs that the program makes secret are not: nothing has encrypted them.")
    if protected := sum(resource.protect for resource in declared):
        lines.append(
            f"The program protects {pluralize(protected, 'link')}, but in the state that holds only"
            " after the next `pulumi up`; with `omise-links import` it holds at once."
        )
    say("\n".join(lines))
