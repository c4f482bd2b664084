"""``omise-links discover``: links that exist -> a manifest with their ids."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import click

from ..adoption.discovery import LEFT_OUT, USED, Discovery, Filters, discover
from ..adoption.names import Namer
from ..errors import EditError, ManifestError
from ..inputs import LINK_ID
from ..manifest.edit import Draft, Meaning, replace_file, require_writable
from ..manifest.entries import Entry, check
from ..manifest.text import manifest_of, too_large
from ..omise.client import OmiseClient
from ..omise.transport import RequestStats
from ..output.terminal import count, show, to_json
from ..stack.pulumi_json import name_of
from ._shared import connected, projects_and_settings, read_links

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
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
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
    as_json: bool,
) -> None:
    """Write links that exist as a manifest, with their ids and readable names.

    Without -o it goes to standard output. If FILE exists, links that are not in it are added at
    its end and all else in it stays as it is, to the byte; with --overwrite it is replaced.

    Deleted links are left out, links that are used up, and what the given stacks manage. With
    --stack or --cwd, settings come from the config of the (first) stack, then from the environment.

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
        title, currency, min_amount, max_amount, since, before, used=used, multiple=multiple
    )
    projects, settings = projects_and_settings(stacks, cwd)
    managed = {held.id: name_of(held.urn) for each in projects for held in each.state().links}
    file = _Existing(output, overwrite, settings.amount_limits)
    with connected(OmiseClient(settings)) as omise:
        found = discover(
            # Whether the ends of a range belong to it is not documented, so it only narrows.
            read_links(omise, created_from=_second_before(created_since), created_to=before),
            filters,
            names=Namer({*file.names, *managed.values()}),
            managed=managed,
            known=file.ids,
            replaced=file.replaced,
            unidentified=file.unidentified,
            amount_limits=settings.amount_limits,
        )
        text = "" if as_json and output is None else file.write(found)
        _print(found, file, text, omise.stats, as_json=as_json)


class _Existing:
    """The file to write to, and what stands in it already."""

    def __init__(self, output: str | None, overwrite: bool, amount_limits: bool) -> None:
        """:raises OmiseLinksError: it is a manifest with faults, or cannot be written."""
        self.output = output
        self.written = False
        self.entries: tuple[Entry, ...] = ()
        self.replaced: frozenset[str] = frozenset()
        self._amount_limits = amount_limits
        self._draft: Draft | None = None
        if output is None:
            return
        require_writable([output])
        if not Path(output).exists():
            return
        if overwrite:
            # It may be no manifest at all, so ids are looked for as text.
            old = Path(output).read_bytes().decode("utf-8", "replace")
            self.replaced = frozenset(each[0] for each in LINK_ID.finditer(old))
            return
        (checked,) = check(output, amount_limits=amount_limits)
        if checked.faults:
            raise ManifestError(checked.faults)
        self._draft = Draft(output)
        self.entries = checked.entries

    @property
    def shown(self) -> str:
        return show(self.output or "", longest=1000)

    @property
    def names(self) -> set[str]:
        return {each.name for each in self.entries}

    @property
    def ids(self) -> set[str]:
        return {each.id for each in self.entries if each.id}

    @property
    def unidentified(self) -> list[Entry]:
        return [each for each in self.entries if each.id is None]

    def write(self, found: Discovery) -> str:
        """Add what was found, and return the text of the manifest."""
        if not found.entries:
            return ""
        if self._draft:
            self._draft.add_entries(found.entries)
        text = self._draft.text if self._draft else manifest_of(found.entries)
        links = len(self.entries) + len(found.entries)
        if too_large(text, links):
            raise EditError(
                f"{count(links, 'link')} are more than one manifest can hold. Take fewer at a time"
                " with filters, such as --title or --max-amount, into several files."
            )
        if self._draft:
            meant: Meaning = {each.name: (each.inputs, each.id) for each in self.entries}
            meant |= {each.name: (each.inputs, each.id) for each in found.entries}
            self._draft.save(meant, amount_limits=self._amount_limits)
        elif self.output is not None:
            replace_file(self.output, text)
        self.written = self.output is not None
        return text


def _print(
    found: Discovery, file: _Existing, text: str, cost: RequestStats, *, as_json: bool
) -> None:
    summary = {
        "listed": found.listed,
        "new": len(found.entries),
        **{each: found.counts[each] for each in LEFT_OUT},
        "left_out": len(found.left_out),
    }
    notes = [
        f"Left out {each.id} ({show(each.title)}): {'; '.join(each.reasons)}."
        for each in found.left_out[:_MOST_NOTES]
    ]
    if len(found.left_out) > _MOST_NOTES:
        notes.append(f"And {len(found.left_out) - _MOST_NOTES:,} more; --json names all of them.")
    if used := found.counts[USED]:
        notes.append(
            f"Left out {count(used, 'link')} used up by a payment, which an import would refuse;"
            " --used takes such links, and no others."
        )
    for each in notes:
        click.echo(each, err=True)
    if as_json:
        click.echo(
            to_json(
                "discover",
                summary,
                file=file.output,
                written=file.written,
                links=[
                    {"name": each.name, "id": each.id, **vars(each.inputs)}
                    for each in found.entries
                ],
                left_out=[vars(each) for each in found.left_out],
                cost=vars(cost),
            )
        )
        return
    if file.output is None:
        click.echo(text, nl=False)
    ending = f"{count(len(found.entries), 'new link')} of {found.listed:,} listed"
    others = [f"{found.counts[each]:,} {each}" for each in LEFT_OUT if found.counts[each]]
    if found.left_out:
        others.append(f"{len(found.left_out):,} named above")
    if others:
        ending += f" (left out: {', '.join(others)})"
    if file.output is not None:
        state = "written to" if file.written else "nothing written to"
        ending = f"{ending}; {state} {file.shown}"
    click.echo(f"{ending[0].upper()}{ending[1:]}.", err=file.output is None)


def _text(time: datetime | None) -> str | None:
    """Write a time as Omise does."""
    return None if time is None else time.replace(tzinfo=None).isoformat() + "Z"


def _second_before(time: datetime | None) -> str | None:
    if time is None or time <= _EPOCH:
        return None
    return _text(time - timedelta(seconds=1))
