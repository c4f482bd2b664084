"""What ``plan``, ``import`` and ``recover`` share: options, the manifest, watching people."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

import click

from ..adoption.plan import Facts, Plan, look, plan
from ..adoption.report import plan_ending, plan_table, plan_text
from ..errors import ManifestError
from ..inventory.accounts import Accounts
from ..manifest.entries import Entry, check
from ..settings import Settings
from ..stack.project import Project
from ._shared import connected

Command = TypeVar("Command", bound=Callable[..., Any])


def project_options(command: Command) -> Command:
    """Add ``--stack`` and ``--cwd``, which name the project."""
    for option in (
        click.option("--stack", metavar="NAME", help="The stack; the selected one by default."),
        click.option("--cwd", default=".", metavar="DIR", help="The folder of the Pulumi project."),
    ):
        command = option(command)
    return command


def manifest_options(command: Command) -> Command:
    """Add the manifests and how far to look for other owners."""
    for option in (
        click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path()),
        click.option(
            "--only-this-stack",
            is_flag=True,
            help="Do not ask the other stacks of the backend what they manage.",
        ),
    ):
        command = option(command)
    return command


def load_entries(files: Sequence[str], settings: Settings) -> list[Entry]:
    """Read the manifests.

    An id that several entries claim is no fault here: a plan blocks those entries and no others.

    :raises ManifestError: with all other faults of all files.
    """
    checked = check(files, amount_limits=settings.amount_limits)
    entries = [entry for each in checked for entry in each.entries]
    seen: set[str] = set()
    repeated = set()
    for each in entries:
        if each.id in seen:
            place = each.places["id"]
            repeated.add((place.line, place.column, place.file))
        seen.add(each.id or "")
    faults = [
        fault
        for each in checked
        for fault in each.faults
        if (fault.line, fault.column, each.file) not in repeated
    ]
    if faults:
        raise ManifestError(faults)
    return entries


def accounts_of(settings: Settings) -> AbstractContextManager[Accounts]:
    """Open the way to the accounts of a program."""
    return connected(Accounts(settings))


def make_plan(
    project: Project, accounts: Accounts, entries: Sequence[Entry], only_this_stack: bool
) -> tuple[Plan, Facts]:
    """Look and decide."""
    with watching("Previewing, and reading the account"):
        facts = look(project, entries, accounts, other_stacks=not only_this_stack)
    return plan(entries, facts), facts


def print_plan(result: Plan) -> None:
    """Print a plan: a table for a person who watches, plain lines for a pipe."""
    if sys.stdout.isatty():
        from rich.console import Console  # noqa: PLC0415  (on a terminal only)

        Console().print(plan_table(result))
        click.echo(plan_ending(result))
    else:
        click.echo(plan_text(result))


@contextmanager
def watching(what: str) -> Iterator[None]:
    """Show that work goes on, if a person watches."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console  # noqa: PLC0415  (on a terminal only)

    with Console(stderr=True).status(f"{what} …"):
        yield


def require_yes(yes: bool) -> None:
    """Refuse to go on where nobody can be asked.

    :raises click.UsageError: no ``--yes``, and no terminal.
    """
    if not yes and not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask in: say --yes if you agree.")


def agreed(question: str) -> bool:
    """Ask, and say so if the answer is no.

    :raises click.Abort: Ctrl-C, or the end of the input.
    """
    try:
        if click.confirm(question, err=True):
            return True
    except click.Abort:
        click.echo(err=True)
        raise
    click.echo("Cancelled. Nothing was done.", err=True)
    return False
