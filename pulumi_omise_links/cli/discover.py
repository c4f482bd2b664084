"""``omise-links discover``: existing links as a manifest with their ids, or as an import file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from ..adoption.discovery import LEFT_OUT, USED, Discovery, discover_links
from ..adoption.import_file import make_file_of_new
from ..errors import EditError
from ..inventory.filters import Filters
from ..inventory.same_account import SameAccount
from ..manifest.edit import replace_file, require_writable
from ..manifest.file import ManifestFile
from ..manifest.names import Namer
from ..omise.client import OmiseClient
from ..omise.models import UnreadableLink
from ..omise.times import format_time, read_time
from ..output import Account, Result
from ..safe_text import escape, escape_path, pluralize
from ..stack.model import name_of
from ._filters import filter_options
from ._omise import connected, describe, projects_and_settings
from ._options import config_file_option, folder_option, key_variable
from ._progress import read_links
from ._results import returns_result

# Nobody reads more of them; --json has all.
_MOST_NOTES = 20
_WITHOUT_STACKS = (
    "The manifest does not say for which stacks its ids are, so every stack that declares it adopts"
    " these links: add `stacks: [NAME]` at its top, or use --stack NAME."
)


@click.command("discover")
@click.option("-o", "--output", metavar="FILE", type=click.Path(), help="Write here.")
@click.option(
    "--pulumi-import",
    "import_file",
    metavar="FILE",
    type=click.Path(),
    help="Write what `pulumi import --file` takes, in place of a manifest.",
)
@click.option("--overwrite", is_flag=True, help="Replace FILE, also where it would be added to.")
@filter_options
@click.option(
    "--stack",
    "stacks",
    multiple=True,
    metavar="NAME",
    help="Leave out what this stack manages; may be given several times.",
)
@folder_option()
@config_file_option
@key_variable
@returns_result
def command(
    output: str | None,
    import_file: str | None,
    overwrite: bool,
    filters: Filters,
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

    With --pulumi-import, FILE is for programs on the native plugin, in any language of Pulumi:
    `pulumi import --file FILE` takes the links into a stack and prints the program. FILE must be
    new, or --overwrite be given: nothing is added to it.
    """
    if import_file is not None:
        if output is not None:
            raise click.UsageError("--pulumi-import and -o write different files: give one.")
        _require_new(import_file, overwrite=overwrite)
    elif overwrite and output is None:
        raise click.UsageError("--overwrite needs -o FILE or --pulumi-import FILE.")
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
            created_from=_second_before(filters.since),
            created_to=filters.before,
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
    if import_file is not None:
        written = bool(found.entries)
        if written:
            content = make_file_of_new(found.entries)
            replace_file(import_file, json.dumps(content, ensure_ascii=False, indent=2) + "\n")
        notes = _notes_on_import(import_file, [project.stack for project in projects])
        return _result(
            found,
            account,
            client,
            path=import_file,
            written=written,
            notes=notes if written else (),
        )
    if len(projects) == 1 and found.entries:
        file.add_stacks([projects[0].stack])
    file.add_entries(found.entries)
    written = file.save()
    return _result(
        found,
        account,
        client,
        path=file.path,
        written=written,
        notes=[_WITHOUT_STACKS] if found.entries and not file.stacks else (),
        document=file.text() if file.path is None else None,
    )


def _require_new(path: str, *, overwrite: bool) -> None:
    """:raises EditError: the file cannot be written, or is there and not to be replaced."""
    require_writable([path])
    if Path(path).exists() and not overwrite:
        raise EditError(
            f"{escape_path(path)} is there already, and nothing can be added to an import file:"
            " --overwrite replaces it. Nothing was changed."
        )


def _notes_on_import(path: str, stacks: Sequence[str]) -> list[str]:
    stack = f" --stack {stacks[0]}" if len(stacks) == 1 else ""
    notes = [
        f"`pulumi import --file {escape_path(path)}{stack}` takes the links into the stack, writes"
        " nothing at Omise and prints the program; it protects them, unless --protect=false."
    ]
    if not stacks:
        notes.append(
            "No stack was read, so links that a stack manages already are in the file, too."
            " `pulumi import` would take them a second time: name each stack with --stack."
        )
    return notes


def _result(
    found: Discovery,
    account: Account,
    client: OmiseClient,
    *,
    path: str | None,
    written: bool,
    notes: Sequence[str],
    document: str | None = None,
) -> Result:
    left_out = [
        f"Left out {link.id} ({escape(link.title)}): {'; '.join(link.reasons)}."
        for link in found.left_out[:_MOST_NOTES]
    ]
    if len(found.left_out) > _MOST_NOTES:
        left_out.append(
            f"And {len(found.left_out) - _MOST_NOTES:,} more; --json names all of them."
        )
    if used := found.counts[USED]:
        left_out.append(
            f"Left out {pluralize(used, 'link')} used up by a payment, which an import would"
            " refuse; --used takes such links, and no others."
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
        notes=[*left_out, *notes],
        ending=_ending(found, path, written=written),
        document=document,
        details={
            "file": path,
            "written": written,
            "links": [
                {"name": entry.name, "id": entry.id, **vars(entry.inputs)}
                for entry in found.entries
            ],
            "left_out": [vars(link) for link in found.left_out],
        },
        stats=client.stats,
    )


def _ending(found: Discovery, path: str | None, *, written: bool) -> str:
    ending = f"{pluralize(len(found.entries), 'new link')} of {found.listed:,} listed"
    others = [f"{found.counts[reason]:,} {reason}" for reason in LEFT_OUT if found.counts[reason]]
    if found.left_out:
        others.append(f"{len(found.left_out):,} named above")
    if others:
        ending += f" (left out: {', '.join(others)})"
    if path is not None:
        state = "written to" if written else "nothing written to"
        ending = f"{ending}; {state} {escape_path(path)}"
    return f"{ending[0].upper()}{ending[1:]}."


def _second_before(time: str | None) -> str | None:
    seconds = read_time(time or "")
    return None if seconds is None or seconds <= 0 else format_time(seconds - 1)
