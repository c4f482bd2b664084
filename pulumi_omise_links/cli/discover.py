"""``omise-links discover``: existing links as a manifest with their ids."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import click

from ..adoption.discovery import LEFT_OUT, USED, Discovery, Filters, discover_links
from ..adoption.names import Namer
from ..inventory.same_account import SameAccount
from ..manifest.file import ManifestFile
from ..omise.client import OmiseClient
from ..omise.models import UnreadableLink
from ..output import Account, Result
from ..output.terminal import escape, escape_path, pluralize
from ..stack.pulumi_json import name_of
from ._omise import connected, describe, projects_and_settings
from ._options import config_file_option, key_variable
from ._progress import read_links
from ._results import returns_result

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
# Nobody reads more of them; --json has all.
_MOST_NOTES = 20


def _time(_context: click.Context, _option: click.Parameter, text: str | None) -> datetime | None:
    """Read a date or a time, in UTC if it does not say otherwise."""
    if text is None:
        return None
    try:
        # Python 3.10 does not know Z.
        time = datetime.fromisoformat(re.sub("[zZ]$", "+00:00", text.strip()))
        time = time if time.tzinfo else time.replace(tzinfo=timezone.utc)
        return time.astimezone(timezone.utc).replace(microsecond=0)
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"{text!r} is not a date or a time such as 2026-01-31 or 2026-01-31T09:00:00+07:00."
        ) from None


def _currency(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    if text is not None and not re.fullmatch("[A-Za-z]{3}", text):
        raise click.BadParameter(f"{text!r} is not a three-letter code such as THB.")
    return text


def _filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    time: dict[str, Any] = {"metavar": "TIME", "callback": _time}
    for option in reversed(
        (
            click.option(
                "--title", metavar="PATTERN", help="The whole title; *, ? and […] in either case."
            ),
            click.option("--currency", metavar="CODE", callback=_currency, help="Such as THB."),
            click.option(
                "--min-amount", type=int, metavar="N", help="At least so much, in smallest units."
            ),
            click.option("--max-amount", type=int, metavar="N", help="At most so much."),
            click.option("--created-since", help="2026-01-31, or with a time; UTC.", **time),
            click.option("--created-before", help="Likewise; that moment is left out.", **time),
            click.option(
                "--used/--unused",
                default=None,
                help="Used up by a payment, or not; used ones are left out otherwise.",
            ),
            click.option("--multiple/--single", default=None, help="Payable more than once."),
        )
    ):
        command = option(command)
    return command


@click.command("discover")
@click.option("-o", "--output", metavar="FILE", type=click.Path(), help="Write here.")
@click.option("--overwrite", is_flag=True, help="Replace FILE instead of adding to it.")
@_filter_options
@click.option(
    "--stack",
    "stacks",
    multiple=True,
    metavar="NAME",
    help="Leave out what this stack manages; may be given several times.",
)
@click.option("--cwd", metavar="DIR", help="The folder of the Pulumi project.")
@config_file_option
@key_variable
@returns_result
def command(
    output: str | None,
    overwrite: bool,
    title: str | None,
    currency: str | None,
    min_amount: int | None,
    max_amount: int | None,
    created_since: datetime | None,
    created_before: datetime | None,
    used: bool | None,
    multiple: bool | None,
    stacks: tuple[str, ...],
    cwd: str | None,
    config_file: str | None,
    key_env: str | None,
) -> Result:
    """Write existing links as a manifest, with their ids.

    Without -o it goes to standard output. If FILE exists, links that are not in it are added at
    its end and all else in it stays as it is, to the byte; with --overwrite it is replaced. Links
    of two accounts do not go into one file.

    With one --stack (or --cwd), a line `stacks: [NAME]` says that the ids are for that stack: any
    other stack of the program then makes links of its own.

    Deleted links are left out, links that are used up, and what the given stacks manage. With
    --stack, --cwd or --config-file, settings come from the config of the (first) stack, then from
    the environment.

    A link is called by its title; if an older link has that name, the end of its id follows.
    """
    if overwrite and output is None:
        raise click.UsageError("--overwrite needs -o FILE.")
    since, before = _text(created_since), _text(created_before)
    if since and before and since >= before:
        raise click.UsageError("--created-since must be earlier than --created-before.")
    if None not in (min_amount, max_amount) and (min_amount or 0) > (max_amount or 0):
        raise click.UsageError("--min-amount must not be greater than --max-amount.")
    filters = Filters(
        title=title,
        currency=currency,
        min_amount=min_amount,
        max_amount=max_amount,
        since=since,
        before=before,
        used=used,
        multiple=multiple,
    )
    projects, settings = projects_and_settings(stacks, cwd, key_env, config_file=config_file)
    managed = {link.id: name_of(link.urn) for project in projects for link in project.state().links}
    if output is None or overwrite or not Path(output).exists():
        file = ManifestFile.create(output)
    else:
        file = ManifestFile.open(output, amount_limits=settings.amount_limits)
    with connected(OmiseClient(settings)) as client:
        account = describe(client)
        same = SameAccount(client, file.ids, escape_path(output or ""))
        # Whether the ends of a range belong to it is not documented, so it only narrows.
        skipped: list[UnreadableLink] = []
        links = read_links(
            client,
            created_from=_second_before(created_since),
            created_to=before,
            skipped=skipped,
        )
        found = discover_links(
            same.watch(links),
            filters,
            names=Namer({*file.names, *managed.values()}),
            managed=managed,
            known=file.ids,
            replaced=file.replaced_ids,
            unidentified=file.without_id,
            amount_limits=settings.amount_limits,
        )
        found.leave_out_unreadable(skipped)
        same.require()
    if len(projects) == 1 and found.entries:
        file.add_stacks([projects[0].stack])
    file.add_entries(found.entries)
    written = file.save()
    return _result(found, file, account, client, written=written)


def _result(
    found: Discovery, file: ManifestFile, account: Account, client: OmiseClient, *, written: bool
) -> Result:
    notes = [
        f"Left out {link.id} ({escape(link.title)}): {'; '.join(link.reasons)}."
        for link in found.left_out[:_MOST_NOTES]
    ]
    if len(found.left_out) > _MOST_NOTES:
        notes.append(f"And {len(found.left_out) - _MOST_NOTES:,} more; --json names all of them.")
    if used := found.counts[USED]:
        notes.append(
            f"Left out {pluralize(used, 'link')} used up by a payment, which an import would"
            " refuse; --used takes such links, and no others."
        )
    if found.entries and not file.stacks:
        notes.append(
            "The manifest does not say for which stacks its ids are, so every stack that declares"
            " it adopts these links: add `stacks: [NAME]` at its top, or use --stack NAME."
        )
    return Result(
        command="discover",
        summary={
            "listed": found.listed,
            "new": len(found.entries),
            **{reason: found.counts[reason] for reason in LEFT_OUT},
            "left_out": len(found.left_out),
        },
        accounts=[account],
        notes=notes,
        ending=_ending(found, file, written=written),
        document=file.text() if file.path is None else None,
        details={
            "file": file.path,
            "written": written,
            "links": [
                {"name": entry.name, "id": entry.id, **vars(entry.inputs)}
                for entry in found.entries
            ],
            "left_out": [vars(link) for link in found.left_out],
        },
        stats=client.stats,
    )


def _ending(found: Discovery, file: ManifestFile, *, written: bool) -> str:
    ending = f"{pluralize(len(found.entries), 'new link')} of {found.listed:,} listed"
    others = [f"{found.counts[reason]:,} {reason}" for reason in LEFT_OUT if found.counts[reason]]
    if found.left_out:
        others.append(f"{len(found.left_out):,} named above")
    if others:
        ending += f" (left out: {', '.join(others)})"
    if file.path is not None:
        state = "written to" if written else "nothing written to"
        ending = f"{ending}; {state} {escape_path(file.path)}"
    return f"{ending[0].upper()}{ending[1:]}."


def _text(time: datetime | None) -> str | None:
    """Write a time as Omise does."""
    return None if time is None else time.replace(tzinfo=None).isoformat() + "Z"


def _second_before(time: datetime | None) -> str | None:
    if time is None or time <= _EPOCH:
        return None
    return _text(time - timedelta(seconds=1))
