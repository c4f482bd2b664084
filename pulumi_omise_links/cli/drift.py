"""``omise-links drift``: stacks compared with the account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timezone
from pathlib import Path

import click

from ..inventory.account_links import AccountLink, fits_title
from ..inventory.chosen_stacks import choose_stacks
from ..inventory.drift import ACCEPTABLE, Drift, decide
from ..inventory.drift_gather import gather_facts
from ..inventory.drift_report import make_result
from ..manifest.accepted import read_accepted
from ..manifest.accepted_edit import add_accepted
from ..manifest.edit import require_writable
from ..manifest.entries import AcceptedLink, Place
from ..mark import has_mark
from ..omise.client import OmiseClient
from ..output import Result
from ..safe_text import escape_path, pluralize
from ._omise import connected, describe, settings_of_stacks
from ._options import (
    config_file_option,
    folder_option,
    key_variable,
    mark_option,
    several_stacks_option,
)
from ._progress import progress
from ._results import returns_result


@click.command("drift")
@several_stacks_option
@click.option("--project", is_flag=True, help="All stacks of the project.")
@click.option("--backend", is_flag=True, help="All stacks of the backend.")
@folder_option(".")
@config_file_option
@key_variable
@click.option(
    "--title",
    metavar="PATTERN",
    help="Of the unmanaged links, only those with this title; *, ? and […] in either case.",
)
@mark_option(
    "Of the unmanaged links, only those with this mark: ' · TEXT' at the end of the title."
)
@click.option(
    "--accepted",
    "accepted",
    multiple=True,
    metavar="FILE",
    type=click.Path(),
    help="Findings that are meant to be so; may be given several times.",
)
@click.option(
    "--write-accepted",
    "target",
    metavar="FILE",
    type=click.Path(),
    help="Add what is found to FILE, as accepted; it is read as well.",
)
@click.option("--reason", metavar="TEXT", help="Why it is accepted.")
@click.option(
    "--until",
    metavar="DATE",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The last day on which it is accepted; UTC.",
)
@click.option(
    "--expect-no-changes",
    is_flag=True,
    help="End with 7 if a link is missing, differs, or is doubled, twin, unmanaged or pending.",
)
@click.option(
    "--allow-unread", is_flag=True, help="Do not end with 1 because something could not be read."
)
@returns_result
def command(
    stacks: tuple[str, ...],
    project: bool,
    backend: bool,
    cwd: str,
    config_file: str | None,
    key_env: str | None,
    title: str | None,
    mark: str | None,
    accepted: tuple[str, ...],
    target: str | None,
    reason: str | None,
    until: datetime | None,
    expect_no_changes: bool,
    allow_unread: bool,
) -> Result:
    """Compare stacks with the account.

    Each link is of one kind. managed: in one stack, and as it says. missing: in a stack, and
    deleted. differs: an input is not what the state says. doubled: two stacks manage it. twin: in
    no stack, and like a managed link or a pending create. unmanaged: in no stack. pending: a
    killed run has left it. used: payable once, and paid since the state was written. accepted: a
    file says that it is meant to be so. elsewhere: of another account, mode or sub-merchant than
    the key, so it is not compared.

    Nothing is written, neither in a stack nor at Omise; a stack may be locked, and no secret of it
    is opened. If a stack cannot be read, this ends with 1.
    """
    if bool(stacks) + project + backend > 1:
        raise click.UsageError("--stack, --project and --backend exclude each other.")
    today = datetime.now(timezone.utc).date()
    last_day = until.date() if until else None
    _check_reason(target, reason, last_day, today)
    files = [*accepted]
    if target is not None:
        require_writable([target])
        files += [target] if Path(target).exists() else []
    lines = read_accepted(files)
    chosen = choose_stacks(cwd, named=stacks, whole_project=project, whole_backend=backend)
    settings = settings_of_stacks(chosen, cwd, key_env, config_file=config_file)

    def wanted(link: AccountLink) -> bool:
        text = link.inputs.title
        return (title is None or fits_title(text, title)) and (mark is None or has_mark(text, mark))

    with connected(OmiseClient(settings)) as client:
        with progress("Reading the stacks and the account") as update:
            facts = gather_facts(chosen, client, own_key=key_env is None, on_page=update)
        account = describe(client)
    drift = decide(facts, accepted=lines, today=today, wanted=wanted)
    ending = ""
    if target is not None and reason is not None:
        if drift.complete or allow_unread:
            new = _accept_all(drift, target, reason, last_day)
            add_accepted(target, new)
            drift = decide(facts, accepted=[*lines, *new], today=today, wanted=wanted)
            ending = _ending(target, new, drift)
        else:
            ending = f" Nothing was written to {escape_path(target)}."
    result = make_result(
        drift, facts, chosen, expect_no_changes=expect_no_changes, allow_unread=allow_unread
    )
    return replace(result, accounts=[account], ending=result.ending + ending, stats=client.stats)


def _check_reason(target: str | None, reason: str | None, until: date | None, today: date) -> None:
    """:raises click.UsageError: options of ``--write-accepted`` do not go together."""
    if target is None:
        if reason is not None or until is not None:
            raise click.UsageError("--reason and --until are for --write-accepted FILE.")
    elif not (reason or "").strip():
        raise click.UsageError("--write-accepted needs --reason TEXT, for who reads it later.")
    elif until is not None and until < today:
        raise click.UsageError(f"--until {until} is over.")


def _accept_all(drift: Drift, file: str, reason: str, until: date | None) -> list[AcceptedLink]:
    """Return a line for each finding that can be accepted and has none."""
    ids = dict.fromkeys(
        finding.id
        for kind in drift.findings
        if kind in ACCEPTABLE
        for finding in drift.findings[kind]
        if finding.id and finding.accepted is None
    )
    place = Place(file, 0, 0)
    return [
        AcceptedLink(id=link_id, reason=reason.strip(), until=until, place=place) for link_id in ids
    ]


def _ending(target: str, new: Sequence[AcceptedLink], drift: Drift) -> str:
    written = f" {pluralize(len(new), 'line')} added to {escape_path(target)}."
    if any(finding.run_out for kind in ACCEPTABLE for finding in drift.findings[kind]):
        written += " Lines that have run out stay as they are: change their `until` by hand."
    return written
