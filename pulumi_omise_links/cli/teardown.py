"""``omise-links teardown``: the end of an environment, and the proof that nothing is left."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone

import click

from ..errors import ProjectError, SettingsError
from ..inputs import is_live
from ..inventory.accounts import Accounts
from ..inventory.stacks import read_backend
from ..output import Result
from ..safe_text import escape, pluralize
from ..settings import KEEP_LINKS, Settings
from ..stack.backend import Backend
from ..stack.model import StackState
from ..stack.project import Project
from ..teardown.apply import tear_down
from ..teardown.choose import MOST_STACKS, is_pattern
from ..teardown.decide import why_refused
from ..teardown.facts import Ending, Outcome, StackFacts
from ..teardown.gather import (
    find_marked,
    find_targets,
    gather_facts,
    stack_settings,
)
from ..teardown.report import make_plan, make_result
from ._asking import ask, require_yes
from ._omise import connected, describe_all
from ._options import (
    config_file_option,
    folder_option,
    mark_option,
    only_this_stack_option,
    read_duration,
    settle_option,
    yes_option,
)
from ._progress import progress
from ._results import returns_result, say, show_to_person


@click.command("teardown")
@click.option(
    "--stack",
    "named",
    multiple=True,
    required=True,
    metavar="NAME|PATTERN",
    help="A stack, or a pattern such as 'pr-*' for those of the project; several times for more.",
)
@folder_option(".")
@config_file_option
@click.option(
    "--idle",
    metavar="DURATION",
    callback=lambda context, option, text: text and read_duration(context, option, text),
    help="Of the stacks that fit a pattern, only those whose last update is at least so long ago:"
    " 90m, 36h, 7d.",
)
@click.option("--keep-stack", is_flag=True, help="Leave the empty stack and its config.")
@click.option("--keep-used", is_flag=True, help="Leave links that were used up by a payment.")
@mark_option("Afterwards, look for links with this mark that are in no stack.")
@click.option("--live", is_flag=True, help="Delete live links too, if the stack allows it.")
@click.option("--unlock", is_flag=True, help="Take away the lock that a dead run has left.")
@click.option("--force", is_flag=True, help=f"Allow more than {MOST_STACKS} stacks.")
@only_this_stack_option
@settle_option
@yes_option
@returns_result
def command(
    named: tuple[str, ...],
    cwd: str,
    config_file: str | None,
    idle: float | None,
    keep_stack: bool,
    keep_used: bool,
    mark: str | None,
    live: bool,
    unlock: bool,
    force: bool,
    only_this_stack: bool,
    settle: float | None,
    yes: bool,
) -> Result:
    """Destroy stacks, and prove that none of their links can be paid.

    It reads the stacks, shows the plan and asks. Creates that a killed run has left open are
    settled, all resources are deleted without running the program, each link is read again at
    Omise, and the stack is removed. This ends with 0 only if no link of the stacks can be paid. Run
    again, it goes on where it was; a stack that is gone already is no error.

    If one of the stacks has protected or retained links, or live ones without --live, nothing is
    touched at all. A pattern never matches the selected stack, nor one that allows live mode: such
    stacks are named, and do not change the exit code.
    """
    require_yes(yes)
    if os.environ.get(KEEP_LINKS, "").strip():
        raise SettingsError(
            f"{KEEP_LINKS} is set, so links would stay at Omise, where they can be paid. Unset it;"
            " --keep-used leaves links that were used up."
        )
    if idle is not None and not any(map(is_pattern, named)):
        raise click.UsageError("--idle is for a pattern such as 'pr-*'.")
    if config_file is not None and (len(named) > 1 or any(map(is_pattern, named))):
        raise click.UsageError("--config-file is for one stack that is named, not for a pattern.")
    with progress("Looking for the stacks"):
        targets = find_targets(
            cwd,
            named,
            now=datetime.now(timezone.utc),
            idle=None if idle is None else timedelta(seconds=idle),
            config_file=config_file,
        )
    _require_few(targets.projects, force)
    states = [
        project.state_for_comparing(targets.states.get(project.stack))
        for project in targets.projects
    ]
    settings = [stack_settings(state) for state in states]
    outcomes, marked = [], None
    with connected(Accounts(settings[0] if settings else Settings.resolve({}))) as accounts:
        stacks = [
            _Stack(project, accounts.with_settings(own), state)
            for project, own, state in zip(targets.projects, settings, states, strict=True)
        ]
        if stacks:
            refused = _plan(stacks, ask_others=not only_this_stack, live=live, settle=settle)
            outcomes = [_leave(stack.facts, refused) for stack in stacks]
            if not refused:
                if not yes:
                    ask(_question(stacks))
                outcomes = [
                    _tear_down(stack, keep_used=keep_used, keep_stack=keep_stack, unlock=unlock)
                    for stack in stacks
                ]
        if mark is not None:
            known = {link.id for outcome in outcomes for link in outcome.links}
            with progress("Looking for links with the mark"):
                marked = find_marked(Backend(cwd), accounts, mark, known)
        described = describe_all(accounts)
    gone = [
        Outcome(name=name, ending=Ending.GONE, reasons=[f"Did you mean {near}?"] if near else [])
        for name, near in targets.gone.items()
    ]
    result = make_result(
        [*outcomes, *gone], unmatched=targets.unmatched, unfit=targets.unfit, marked=marked
    )
    return replace(result, accounts=described, stats=accounts.stats)


@dataclass
class _Stack:
    """A stack, its accounts, and what was read of it so far."""

    project: Project
    accounts: Accounts
    state: StackState
    facts: StackFacts = field(init=False)


def _plan(
    stacks: Sequence[_Stack], *, ask_others: bool, live: bool, settle: float | None
) -> dict[str, list[str]]:
    """Read everything, show the plan, and return why stacks are refused, by their names."""
    others = None
    if ask_others and any(stack.state.links for stack in stacks):
        with progress("Reading the other stacks"):
            names = {stack.project.stack for stack in stacks}
            others = read_backend(stacks[0].project.backend, but=names)
    for stack in stacks:
        with progress(f"Reading {escape(stack.project.stack)}"):
            stack.facts = gather_facts(
                stack.project, stack.state, stack.accounts, others, settle=settle, tell=say
            )
    refused = {
        stack.facts.name: reasons
        for stack in stacks
        if (reasons := why_refused(stack.facts, live=live))
    }
    plan = make_plan(
        [stack.facts for stack in stacks], refused, others.unknowns() if others else ()
    )
    show_to_person(replace(plan, accounts=describe_all(stacks[0].accounts)))
    return refused


def _tear_down(stack: _Stack, *, keep_used: bool, keep_stack: bool, unlock: bool) -> Outcome:
    with progress(f"Tearing down {escape(stack.facts.name)}"):
        return tear_down(
            stack.project,
            stack.facts,
            stack.accounts,
            keep_used=keep_used,
            keep_stack=keep_stack,
            unlock=unlock,
        )


def _require_few(projects: Sequence[Project], force: bool) -> None:
    """:raises ProjectError: these are more stacks than one run may tear down."""
    if len(projects) > MOST_STACKS and not force:
        names = ", ".join(escape(project.stack, longest=300) for project in projects)
        raise ProjectError(
            f"{len(projects)} stacks fit, and more than {MOST_STACKS} at once need --force:"
            f" {names}. Nothing was touched."
        )


def _leave(facts: StackFacts, refused: dict[str, list[str]]) -> Outcome:
    reasons = refused.get(facts.name, ())
    ending = Ending.REFUSED if reasons else Ending.UNTOUCHED
    return Outcome(name=facts.name, ending=ending, links=facts.links, reasons=reasons)


def _question(stacks: Sequence[_Stack]) -> str:
    links = sum(len(stack.facts.state.links) for stack in stacks)
    others = sum(len(stack.facts.state.others) for stack in stacks)
    live = any(is_live(link.id) for stack in stacks for link in stack.facts.state.links)
    more = f" and {pluralize(others, 'other resource')}" if others else ""
    return (
        f"Tear down {pluralize(len(stacks), 'stack')} with {pluralize(links, 'link')}"
        f"{' (LIVE)' if live else ''}{more}?"
    )
