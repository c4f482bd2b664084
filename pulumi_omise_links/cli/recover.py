"""``omise-links recover``: put a stack in order after a run was killed in the middle of creates."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass

import click

from ..errors import ExitCode, ProjectError
from ..inventory.accounts import Accounts
from ..omise.models import OmiseLink
from ..output import Column, Result, Row, Tone
from ..output.terminal import escape, pluralize
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
from ..stack.dependencies import explicit_provider
from ..stack.project import Project
from ..stack.pulumi_json import name_of
from ._asking import ask, require_yes
from ._omise import connected, describe_all
from ._options import Seconds, project_options, yes_option
from ._progress import progress
from ._results import returns_result, say, show_to_person

_MOST_WAITS = 20
_COLUMNS = (Column("action"), Column("name", narrow="fold"), Column("link"))
_TONES: dict[Remedy, Tone] = {
    Remedy.ADOPT: "ready",
    Remedy.CLEAR: "new",
    Remedy.LEAVE: "problem",
}


@click.command("recover")
@project_options
@yes_option
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
@returns_result
def command(
    stack: str | None,
    cwd: str,
    config_file: str | None,
    only_this_stack: bool,
    yes: bool,
    adopt: tuple[str, ...],
    clear: tuple[str, ...],
    settle: float,
) -> Result:
    """Put a stack in order after Pulumi was killed in the middle of creates or deletes.

    What it was making is pending in the state, and a plain `pulumi up` would make it twice. Each
    pending create is matched with the links that exist and that no stack manages, by all inputs
    and by time. If its link exists, it is taken into the stack; if not, the create is forgotten,
    and `pulumi up` makes the link; if that cannot be told, it is shown and left alone, and this
    ends with 1. Links that it was deleting are looked at again, and leave the stack if they are
    gone. Omise is not written to.
    """
    given = _Given(frozenset(clear), dict(map(_choice, adopt)))
    require_yes(yes)
    project = Project(cwd, stack, config_file=config_file)
    settings = project.settings()
    with connected(Accounts(settings)) as accounts:
        found, verdicts = _settled(
            project, accounts, given, settle, other_stacks=not only_this_stack
        )
        deleting = len(found.state.deleting)
        if verdicts or deleting:
            show_to_person(_result(found, verdicts, accounts))
        act = [verdict for verdict in verdicts if verdict.action is not Remedy.LEAVE]
        if act or deleting:
            for urn in {verdict.pending.provider_urn for verdict in act}:
                provider = found.state.providers.get(explicit_provider(urn))
                accounts.settings(provider).require_permission("recover links")
            if not yes:
                ask(f"Do this to stack {escape(project.stack)}?")
            with progress("Writing the stack's state"):
                carry_out(project, found, verdicts)
    left = len(verdicts) - len(act)
    result = _result(found, verdicts, accounts, done=bool(act or deleting))
    return dataclasses.replace(
        result,
        ending=_ending(verdicts, left, deleting),
        exit_code=ExitCode.ERROR if left else ExitCode.DONE,
    )


def _result(
    found: Found, verdicts: list[Verdict], accounts: Accounts, *, done: bool = False
) -> Result:
    deleting = sorted(found.state.deleting)
    return Result(
        command="recover",
        summary={
            **{word.value: sum(one.action is word for one in verdicts) for word in Remedy},
            "look": len(deleting),
        },
        accounts=describe_all(accounts),
        columns=_COLUMNS,
        rows=[
            *(Row(cells=("look", escape(name_of(urn)), "")) for urn in deleting),
            *map(_row, verdicts),
        ],
        details={
            "done": done,
            "deleting": deleting,
            "pending": [_details(verdict) for verdict in verdicts],
        },
        stats=accounts.stats,
    )


def _row(verdict: Verdict) -> Row:
    reasons = []
    if verdict.replaces:
        reasons.append(f"It replaces {verdict.replaces}, which the next `pulumi up` deletes.")
    reasons += verdict.reasons
    if not verdict.link and verdict.candidates:
        reasons += ["Links that fit:", *map(_candidate, verdict.candidates)]
    return Row(
        cells=(
            verdict.action.value,
            escape(verdict.name),
            verdict.link.id if verdict.link else "",
        ),
        reasons=reasons,
        tone=_TONES[verdict.action],
    )


def _candidate(link: OmiseLink) -> str:
    """Show what tells links of equal inputs apart."""
    return f"  {link.id}  made {link.created_at}  {link.payment_uri}"


def _details(verdict: Verdict) -> dict[str, object]:
    return {
        "name": verdict.name,
        "urn": verdict.urn,
        "action": verdict.action.value,
        "id": verdict.link.id if verdict.link else None,
        "replaces": verdict.replaces,
        "candidates": [link.id for link in verdict.candidates],
        "links": [
            {"id": link.id, "created_at": link.created_at, "payment_uri": link.payment_uri}
            for link in verdict.candidates
        ],
        "reasons": list(verdict.reasons),
    }


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
                    f"several creates of {escape(said)} are pending; say which by its URN:"
                    f" {', '.join(sorted(urns))}"
                )
            if not urns:
                raise click.UsageError(f"no create of {escape(said)} is pending.")
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
                    f"{escape(link_id)} is not an unmanaged link with the inputs of {escape(said)}."
                )


def _settled(
    project: Project,
    accounts: Accounts,
    given: _Given,
    settle: float,
    *,
    other_stacks: bool,
) -> tuple[Found, list[Verdict]]:
    """Look, and look again until the killed run has fallen silent."""
    for _ in range(_MOST_WAITS):
        with progress("Reading the stack and the account"):
            found = look(project, accounts, other_stacks=other_stacks)
        verdicts = judge(found, given.choices(found))
        wait = seconds_to_wait(found, verdicts, settle)
        if not wait:
            given.require_links(found)
            return found, verdicts
        say(f"Waiting {wait:.0f} s: the killed run may still be at work.")
        time.sleep(wait)
    raise ProjectError(
        f"Stack {escape(project.stack)} keeps changing: something writes its state or makes"
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
    adopted = pluralize(done[Remedy.ADOPT], "link")
    text = f"{adopted} taken into the stack, {done[Remedy.CLEAR]} cleared"
    if deleting:
        text += f", {pluralize(deleting, 'interrupted delete')} looked at"
    if not left:
        return f"{text}. `pulumi up` makes what is missing."
    return (
        f"{text}, {left} left alone: decide about them before `pulumi up`, which would make their"
        " links anew."
    )
