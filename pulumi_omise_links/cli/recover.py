"""``omise-links recover``: put a stack in order after a run was killed in the middle of creates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import click

from ..inventory.accounts import Accounts
from ..omise.create_log import CreateLog
from ..output import Result
from ..recovery.apply import apply_decisions
from ..recovery.decide import Action, Choices, Decision, decide
from ..recovery.facts import RecoveryFacts
from ..recovery.gather import gather_facts
from ..recovery.report import make_result
from ..recovery.settle import gather_settled
from ..safe_text import escape
from ..stack.model import name_of
from ..stack.project import Project
from ._asking import ask, require_yes
from ._omise import connected, describe_all
from ._options import project_options, settle_option, yes_option
from ._progress import progress
from ._results import returns_result, say, show_to_person


@click.command("recover")
@project_options
@yes_option
@click.option(
    "--adopt",
    "adopt",
    multiple=True,
    metavar="NAME=ID",
    help="Say which link a create has made.",
)
@click.option(
    "--clear", "clear", multiple=True, metavar="NAME", help="Say that a create made no link."
)
@settle_option
@returns_result
def command(
    stack: str | None,
    cwd: str,
    config_file: str | None,
    only_this_stack: bool,
    yes: bool,
    adopt: tuple[str, ...],
    clear: tuple[str, ...],
    settle: float | None,
) -> Result:
    """Put a stack in order after a killed run.

    The links that Pulumi or its plugin was making may exist, and a plain `pulumi up` may make
    them twice. Each such create is matched with the links that no stack manages, by all inputs
    and by time. If its link exists, it is taken into the stack; if not, the create is
    forgotten, and `pulumi up` makes the link; if that is not certain, it is shown and left
    alone, and this ends with 1. Links that were being deleted are refreshed, and leave the
    stack if they are gone. Omise is not written to.
    """
    answers = _Answers(frozenset(clear), dict(map(_choice, adopt)))
    require_yes(yes)
    project = Project(cwd, stack, config_file=config_file)
    settings = project.settings()
    log = CreateLog()
    with connected(Accounts(settings)) as accounts:

        def gather() -> RecoveryFacts:
            with progress("Reading the stack and the account"):
                return gather_facts(project, accounts, log, other_stacks=not only_this_stack)

        facts, decisions = gather_settled(
            gather,
            lambda facts: decide(facts, answers.choices(facts)),
            stack=project.stack,
            timeout=settings.timeout,
            settle=settle,
            tell=say,
        )
        answers.require_links(facts)
        result = replace(make_result(facts, decisions), accounts=describe_all(accounts))
        if result.rows:
            show_to_person(replace(result, ending=""))
        changes = _changes_anything(facts, decisions)
        if changes:
            _require_permission(accounts, facts, decisions)
            if not yes:
                ask(f"Do this to stack {escape(project.stack)}?")
            with progress("Writing the stack's state"):
                apply_decisions(project, facts, decisions)
    details = {**result.details, "done": changes}
    return replace(result, details=details, stats=accounts.stats)


@dataclass(frozen=True)
class _Answers:
    """Choices of a person from the command line, by name or URN."""

    clear: frozenset[str]
    adopt: dict[str, str]

    def choices(self, facts: RecoveryFacts) -> Choices:
        """:raises click.UsageError: it is about no open create, or about several."""

        def urn_of(name: str) -> str:
            urns = {create.urn for create in facts.creates if name in {create.name, create.urn}}
            if len(urns) > 1:
                raise click.UsageError(
                    f"several creates of {escape(name)} are open; say which by its URN:"
                    f" {', '.join(sorted(urns))}"
                )
            if not urns:
                raise click.UsageError(_explain_no_create(name, facts))
            return urns.pop()

        return Choices(
            frozenset(map(urn_of, self.clear)),
            {urn_of(name): link_id for name, link_id in self.adopt.items()},
        )

    def require_links(self, facts: RecoveryFacts) -> None:
        """:raises click.UsageError: a link that was chosen is none that could be taken."""
        ids = {link.id for links in facts.links.values() for link in links}
        for name, link_id in self.adopt.items():
            if link_id not in ids:
                raise click.UsageError(
                    f"{escape(link_id)} is not an unmanaged link with the inputs of {escape(name)}."
                )


def _changes_anything(facts: RecoveryFacts, decisions: Sequence[Decision]) -> bool:
    acts = any(decision.action is not Action.LEAVE for decision in decisions)
    drops = any(not links for _, links in facts.leftovers)
    return bool(acts or drops or facts.state.deleting)


def _require_permission(
    accounts: Accounts, facts: RecoveryFacts, decisions: Sequence[Decision]
) -> None:
    """:raises LiveModeError: a live key, and nobody has allowed it."""
    adopted = [decision for decision in decisions if decision.action is Action.ADOPT]
    for urn in {decision.create.provider for decision in adopted}:
        accounts.settings(facts.providers.get(urn)).require_permission("recover links")


def _choice(text: str) -> tuple[str, str]:
    name, equals, link_id = text.rpartition("=")
    if not equals or not name or not link_id:
        raise click.UsageError(f"--adopt takes NAME=ID, such as spring=link_test_5x…, not {text}.")
    return name, link_id


def _explain_no_create(name: str, facts: RecoveryFacts) -> str:
    managed = [
        link.id
        for link in facts.state.links
        if name in {name_of(link.urn), link.urn} and not link.pending_delete
    ]
    if managed:
        return f"{escape(name)} is managed already, as {', '.join(managed)}: no create is open."
    return f"no create of {escape(name)} is pending or was cut off."
