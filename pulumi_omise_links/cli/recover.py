"""``omise-links recover``: put a stack in order after a run was killed in the middle of creates."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

import click

from ..adoption.report import recovery_json, recovery_text
from ..cli import EXIT_CANCELLED, EXIT_ERROR
from ..errors import ProjectError
from ..inventory.accounts import Accounts
from ..output.terminal import count, show
from ..recovery.recovery import (
    Choices,
    Found,
    Remedy,
    Verdict,
    carry_out,
    judge,
    look,
    seconds_to_wait,
)
from ..stack.dependencies import own_provider
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
    given = _Given(frozenset(clear), dict(map(_choice, adopt)))
    project = Project(cwd, stack)
    settings = project.settings()
    with accounts_of(settings) as accounts:
        found, verdicts = _settled(project, accounts, given, settle)
        deleting = len(found.state.deleting)
        if not as_json and (verdicts or deleting):
            click.echo(recovery_text(found, verdicts))
        act = [each for each in verdicts if each.action is not Remedy.LEAVE]
        if act or deleting:
            for each in {each.pending.provider for each in act}:
                provider = found.state.providers.get(own_provider(each))
                accounts.settings(provider).require_permission("recover links")
            if not yes:
                if as_json and not sys.stdin.isatty():
                    click.echo(recovery_json(found, verdicts, done=False, cost=accounts.stats))
                require_yes(yes)
                if not agreed(f"Do this to stack {show(project.stack)}?"):
                    return EXIT_CANCELLED
            with watching("Writing the stack's state"):
                carry_out(project, found, verdicts)
        left = len(verdicts) - len(act)
        if as_json:
            click.echo(
                recovery_json(found, verdicts, done=bool(act or deleting), cost=accounts.stats)
            )
        else:
            click.echo(_ending(verdicts, left, deleting))
    return EXIT_ERROR if left else 0


@dataclass(frozen=True)
class _Given:
    """What a person has said, by name or URN."""

    clear: frozenset[str]
    adopt: dict[str, str]

    def choices(self, found: Found) -> Choices:
        """:raises click.UsageError: it is about no pending create, or about several."""

        def urn_of(said: str) -> str:
            urns = {each.urn for each in found.pending if said in {each.name, each.urn}}
            if len(urns) > 1:
                raise click.UsageError(
                    f"several creates of {show(said)} are pending; say which by its URN:"
                    f" {', '.join(sorted(urns))}"
                )
            if not urns:
                raise click.UsageError(f"no create of {show(said)} is pending.")
            return urns.pop()

        return Choices(
            frozenset(map(urn_of, self.clear)),
            {urn_of(said): link_id for said, link_id in self.adopt.items()},
        )

    def require_links(self, found: Found) -> None:
        """:raises click.UsageError: a link that was chosen is none that could be taken."""
        ids = {each.id for links in found.links.values() for each in links}
        for said, link_id in self.adopt.items():
            if link_id not in ids:
                raise click.UsageError(
                    f"{show(link_id)} is not an unmanaged link with the inputs of {show(said)}."
                )


def _settled(
    project: Project, accounts: Accounts, given: _Given, settle: float
) -> tuple[Found, list[Verdict]]:
    """Look, and look again until the killed run has fallen silent."""
    for _ in range(_MOST_WAITS):
        with watching("Reading the stack and the account"):
            found = look(project, accounts)
        verdicts = judge(found, given.choices(found))
        wait = seconds_to_wait(found, verdicts, settle)
        if not wait:
            given.require_links(found)
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
