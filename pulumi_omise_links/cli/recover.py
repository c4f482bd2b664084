"""``omise-links recover``: put a stack in order after a run was killed in the middle of creates."""

from __future__ import annotations

import time

import click

from ..adoption.accounts import Accounts
from ..adoption.recovery import (
    Choices,
    Found,
    Remedy,
    Verdict,
    carry_out,
    judge,
    look,
    seconds_to_wait,
)
from ..adoption.report import recovery_json, recovery_text
from ..cli import EXIT_CANCELLED, EXIT_ERROR
from ..errors import ProjectError
from ..report import count, show
from ..stack.foundations import own_provider
from ..stack.project import Project
from ._adopting import accounts_of, agreed, project_options, require_yes, watching
from ._seconds import Seconds

_MOST_WAITS = 20


@click.command("recover")
@project_options
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option(
    "--adopt",
    "adopt",
    multiple=True,
    metavar="NAME=ID",
    help="Say which link a pending create has made.",
)
@click.option(
    "--clear", "clear", multiple=True, metavar="NAME", help="Say that a create made no link."
)
@click.option(
    "--settle",
    type=Seconds(),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How long all must have been quiet before a create counts as never made.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(
    stack: str | None,
    cwd: str,
    yes: bool,
    adopt: tuple[str, ...],
    clear: tuple[str, ...],
    settle: float,
    as_json: bool,
) -> int:
    """Put a stack in order after Pulumi was killed in the middle of creates or deletes.

    What it was making is pending in the state, and a plain `pulumi up` would make it twice. Each
    pending create is matched with the links that exist and that no stack manages, by all inputs
    and by time. If its link exists, it is taken into the stack; if not, the create is forgotten,
    and `pulumi up` makes the link; if that cannot be told, it is shown and left alone, and this
    ends with 1. Links that it was deleting are looked at again, and leave the stack if they are
    gone. Omise is not written to.
    """
    require_yes(yes)
    choices = Choices(frozenset(clear), dict(map(_choice, adopt)))
    project = Project(cwd, stack)
    settings = project.settings()
    with accounts_of(settings) as accounts:
        found, verdicts = _settled(project, accounts, choices, settle)
        deleting = len(found.state.deleting)
        if not as_json and (verdicts or deleting):
            click.echo(recovery_text(found, verdicts))
        _require_known(choices, found)
        act = [each for each in verdicts if each.action is not Remedy.LEAVE]
        if act or deleting:
            for each in {each.pending.provider for each in act}:
                provider = found.state.providers.get(own_provider(each))
                accounts.settings(provider).require_permission("recover links")
            if not yes:
                question = f"Do this to stack {show(project.stack)}?"
                if not agreed(question):
                    return EXIT_CANCELLED
            with watching("Writing the stack's state"):
                carry_out(project, found, verdicts)
        left = len(verdicts) - len(act)
        if as_json:
            click.echo(
                recovery_json(found, verdicts, done=bool(act or deleting), cost=accounts.cost)
            )
        else:
            click.echo(_ending(verdicts, left, deleting))
    return EXIT_ERROR if left else 0


def _settled(
    project: Project, accounts: Accounts, choices: Choices, settle: float
) -> tuple[Found, list[Verdict]]:
    """Look, and look again until the killed run has fallen silent."""
    for _ in range(_MOST_WAITS):
        with watching("Reading the stack and the account"):
            found = look(project, accounts)
        verdicts = judge(found, choices)
        wait = seconds_to_wait(found, verdicts, settle)
        if not wait:
            return found, verdicts
        click.echo(f"Waiting {wait:.0f} s: the killed run may still be at work.", err=True)
        time.sleep(wait)
    raise ProjectError(
        f"Stack {show(project.stack)} does not fall silent: something writes its state or makes"
        " links like those pending. Nothing was done; stop that, and run this again."
    )


def _choice(text: str) -> tuple[str, str]:
    name, equals, link_id = text.rpartition("=")
    if not equals or not name or not link_id:
        raise click.UsageError(f"--adopt takes NAME=ID, such as spring=link_test_5x…, not {text}.")
    return name, link_id


def _require_known(choices: Choices, found: Found) -> None:
    """:raises click.UsageError: a choice is about nothing."""
    names = {each.name for each in found.pending}
    for name in sorted(choices.clear | choices.adopt.keys()):
        if name not in names:
            raise click.UsageError(f"no create of {show(name)} is pending.")
    ids = {each.id for links in found.links.values() for each in links}
    for name, link_id in choices.adopt.items():
        if link_id not in ids:
            raise click.UsageError(
                f"{show(link_id)} is not an unmanaged link with the inputs of {show(name)}."
            )


def _ending(verdicts: list[Verdict], left: int, deleting: int) -> str:
    if not verdicts and not deleting:
        return "No create or delete of a link is pending. Nothing was done."
    done = {word: sum(each.action is word for each in verdicts) for word in Remedy}
    text = f"{count(done[Remedy.ADOPT], 'link')} taken into the stack, {done[Remedy.CLEAR]} cleared"
    if deleting:
        text += f", {count(deleting, 'interrupted delete')} looked at"
    if not left:
        return f"{text}. `pulumi up` makes what is missing."
    return (
        f"{text}, {left} left alone: decide about them before `pulumi up`, which would make their"
        " links anew."
    )
