"""``omise-links sweep``: deletes links that no stack of the backend manages, within limits."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Sequence
from dataclasses import replace

import click

from ..errors import StackNotFoundError, WrongAccountError
from ..inventory.filters import Filters
from ..inventory.sweep import SweepRules
from ..inventory.sweep_apply import delete_links
from ..inventory.sweep_gather import GatheredSweep, gather_sweep
from ..inventory.sweep_record import SweepRecord
from ..inventory.sweep_report import report_outcome, report_plan
from ..manifest.accepted import read_accepted
from ..manifest.reading import load
from ..omise.client import OmiseClient
from ..output import Result
from ..safe_text import escape, escape_path, pluralize
from ..settings import Settings
from ..stack.backend import Backend
from ._asking import ask_for
from ._filters import filter_options
from ._omise import connected, describe, projects_and_settings
from ._options import (
    config_file_option,
    folder_option,
    key_variable,
    mark_option,
    read_duration,
)
from ._progress import progress
from ._results import is_terminal, returns_result, show_to_person

# A running `pulumi up` has links that no state knows yet.
_LEAST_AGE = 600.0


@click.command("sweep")
@mark_option("Titles that end with this mark: pr-42 for ` · pr-42`.")
@click.option("--all", "everything", is_flag=True, help="Links with any title.")
@filter_options
@click.option(
    "--min-age",
    callback=read_duration,
    default="24h",
    metavar="AGE",
    show_default=True,
    help="Only links that are at least so old: 90m, 24h, 7d; never less than 10m.",
)
@click.option(
    "--keep",
    "keep_files",
    multiple=True,
    metavar="FILE",
    type=click.Path(),
    help="Leave the links that this manifest names by id; may be given several times.",
)
@click.option(
    "--accepted",
    "accepted_files",
    multiple=True,
    metavar="FILE",
    type=click.Path(),
    help="Leave the links that this file of accepted findings names; likewise.",
)
@click.option(
    "--max",
    "most",
    type=click.IntRange(min=0),
    default=50,
    metavar="N",
    show_default=True,
    help="Do nothing if more links would go.",
)
@click.option(
    "--max-share",
    type=click.IntRange(0, 100),
    default=30,
    metavar="PERCENT",
    show_default=True,
    help="Do nothing if this share of the links of the account would go; of 10 links or more.",
)
@click.option("--force", is_flag=True, help="Lift --max and --max-share.")
@click.option("--include-paid", is_flag=True, help="Take links that were paid or used as well.")
@click.option("--checksum", metavar="SUM", help="Do nothing, and end with 7, if the plan differs.")
@click.option(
    "--account",
    metavar="ID|EMAIL",
    help="The account that is meant; the key must open it. --yes needs it where no terminal is.",
)
@click.option("--live", is_flag=True, help="Allow to delete live links.")
@click.option("--yes", "-y", is_flag=True, help="Delete; without it, the plan is shown.")
@click.option(
    "--record",
    "record_file",
    metavar="FILE",
    type=click.Path(),
    help="Write a manifest of the deleted links to FILE.",
)
@click.option("--stack", metavar="NAME", help="The stack whose config has the settings.")
@folder_option(".")
@config_file_option
@key_variable
@returns_result
def command(
    mark: str | None,
    everything: bool,
    filters: Filters,
    min_age: float,
    keep_files: tuple[str, ...],
    accepted_files: tuple[str, ...],
    most: int,
    max_share: int,
    force: bool,
    include_paid: bool,
    checksum: str | None,
    account: str | None,
    live: bool,
    yes: bool,
    record_file: str | None,
    stack: str | None,
    cwd: str,
    config_file: str | None,
    key_env: str | None,
) -> Result:
    """Delete links that no stack of the backend manages.

    Without --yes it shows which links would go, and the checksum of that plan. A scope is demanded:
    --title, --mark or --all; the other filters narrow it. Links stay that any stack of the backend
    manages or looks up, that were paid, or that are younger than --min-age. If it is not certain
    what the stacks manage, or more links would go than the limits allow, nothing is deleted.

    Each link is read before its deletion and after it. With a live key, omise:allowLive, --live
    and --checksum are needed. Settings come from the config of --stack, else of the selected stack,
    else from the environment.
    """
    _require_usable(mark, everything, filters, min_age, checksum)
    if yes and account is None and not is_terminal(sys.stdin):
        raise click.UsageError("Cannot ask for the account without a terminal; name it: --account.")
    backend, settings = _backend_and_settings(stack, cwd, key_env, config_file)
    if yes:
        _require_consent(settings, live=live, checksum=checksum)
    record = SweepRecord(record_file) if record_file is not None else None
    kept = _kept_by(keep_files)
    accepted = read_accepted(accepted_files)
    rules = SweepRules(
        filters=filters,
        mark=mark,
        min_age=min_age,
        most=most,
        max_share=max_share,
        force=force,
        include_paid=include_paid,
        recorded=record is not None,
    )
    with connected(OmiseClient(settings)) as client:
        described = describe(client)
        for meant in (account, settings.account_id):
            if meant is not None:
                _require_account(client, meant)
        gather = functools.partial(
            gather_sweep, client, backend, rules, record=record, kept=kept, accepted=accepted
        )
        with progress("Reading links") as update:
            sweep = gather(on_page=update)
        if yes and checksum is None and not sweep.stacks:
            raise click.UsageError(
                "this backend has no stack, so every link looks unmanaged: it may not be the"
                " backend that is meant (`pulumi whoami --verbose` names it). If it is, add"
                " --checksum SUM, which a sweep without --yes prints. Nothing was deleted."
            )
        planned = replace(report_plan(sweep, expected=checksum), accounts=[described])
        if not yes or planned.exit_code or not sweep.plan.delete:
            return replace(planned, stats=client.stats)
        show_to_person(replace(planned, ending=""))
        if record:
            record.begin(sweep.plan.checksum, sweep.plan.delete)
        if account is None:
            _ask_for_account(client, sweep)
            # While a person read and typed, a stack may have taken a link, or somebody paid one.
            with progress("Reading links") as update:
                later = gather(on_page=update, now=sweep.now)
            planned = replace(
                report_plan(later, expected=sweep.plan.checksum), accounts=[described]
            )
            if planned.exit_code:
                return replace(planned, stats=client.stats)
        with progress("Deleting links") as update:
            outcome = delete_links(
                client,
                sweep.plan.delete,
                include_paid=include_paid,
                record=record,
                on_link=update,
            )
    return replace(report_outcome(planned, sweep.plan, outcome), stats=client.stats)


def _require_usable(
    mark: str | None,
    everything: bool,
    filters: Filters,
    min_age: float,
    checksum: str | None,
) -> None:
    """:raises click.UsageError: no scope, or a value that cannot be meant."""
    scopes = [mark is not None, everything, filters.title is not None]
    if sum(scopes) != 1:
        raise click.UsageError("Say which links: one of --title PATTERN, --mark TEXT and --all.")
    if filters.title is not None and not filters.title.strip("*?"):
        raise click.UsageError("--title must hold more than * and ?; --all takes any title.")
    if min_age < _LEAST_AGE:
        raise click.UsageError(
            "--min-age must be 10m or more: a running `pulumi up` has links that no state knows."
        )
    if checksum is not None and not re.fullmatch("[0-9a-f]{64}", checksum):
        raise click.UsageError("--checksum takes the 64 hexadecimal digits that sweep prints.")


def _backend_and_settings(
    stack: str | None, cwd: str, key_env: str | None, config_file: str | None
) -> tuple[Backend, Settings]:
    """Return the backend, and the settings: of the stack, else of the selected one, else of none.

    :raises ProjectError: there is no project, or the stack cannot be used.
    """
    try:
        (project,), settings = projects_and_settings(
            [stack] if stack else [], cwd, key_env, config_file=config_file
        )
    except StackNotFoundError:
        if stack or config_file:
            raise
        # Sweeps are what is left to do once the state of a stack is lost.
        _, settings = projects_and_settings([], None, key_env)
        return Backend(cwd), settings
    return project.backend, settings


def _require_consent(settings: Settings, *, live: bool, checksum: str | None) -> None:
    """Demand what a live key needs.

    :raises click.UsageError: an option is missing.
    :raises LiveModeError: the stack has not allowed it.
    """
    if not settings.key().live:
        return
    options = {"--live": live, "--checksum SUM": checksum is not None}
    if missing := [option for option, given in options.items() if not given]:
        raise click.UsageError(
            f"The key in {settings.key().source} is a live key: to delete real payment links,"
            f" {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing. A sweep"
            " without --yes prints the checksum."
        )
    settings.require_permission("sweep links")


def _kept_by(files: Sequence[str]) -> dict[str, str]:
    """Return a sentence by the id of each link that one of the manifests names.

    :raises ManifestError: with all problems of all files.
    :raises click.UsageError: a manifest names no link, so that it would protect none.
    """
    named: dict[str, str] = {}
    for file in files:
        ids = [entry.id for entry in load(file, amount_limits=False).entries if entry.id]
        if not ids:
            raise click.UsageError(
                f"{escape_path(file)} names no link by its id, so --keep would keep none."
            )
        named |= dict.fromkeys(ids, f"{escape_path(file)} names it.")
    return named


def _require_account(client: OmiseClient, named: str) -> None:
    """:raises WrongAccountError: the key opens another account than the one that is named."""
    account = client.account()
    if account is None or named not in {account.id, account.email}:
        opened = client.scope() if account else "an account that it may not name"
        raise WrongAccountError(
            f"The account that is meant is {escape(named)}, but the key in"
            f" {client.settings.key().source} is of {opened}. Nothing was deleted."
        )


def _ask_for_account(client: OmiseClient, sweep: GatheredSweep) -> None:
    """Ask a person to type the account.

    :raises WrongAccountError: another one was typed.
    :raises click.Abort: Ctrl-C, or the end of the input.
    """
    links = pluralize(len(sweep.plan.delete), "link")
    _require_account(
        client, ask_for(f"To delete {links}, type the id or the e-mail of the account")
    )
