"""``omise-links match``: finds the ids of existing links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import click

from ..adoption.matching import (
    Match,
    Near,
    Outcome,
    describe_near,
    describe_unreadable,
    match_entries,
)
from ..errors import ExitCode
from ..inventory.same_account import SameAccount
from ..manifest.file import ManifestFile
from ..manifest.reading import load
from ..omise.client import OmiseClient
from ..omise.models import UnreadableLink
from ..output import Account, Result, Row, Tone, link_columns
from ..safe_text import escape, escape_path, format_amount
from ._omise import connected, describe, projects_and_settings
from ._options import config_file_option, folder_option, key_variable, manifest_files
from ._progress import read_links
from ._results import returns_result

_COLUMNS = link_columns("outcome")
_TONES: dict[Outcome, Tone] = {
    Outcome.MATCHED: "ready",
    Outcome.UNMATCHED: "new",
    Outcome.CLAIMED: "new",
    Outcome.AMBIGUOUS: "problem",
}


@click.command("match")
@manifest_files
@click.option("--write", is_flag=True, help="Put the ids into the files; all else in them stays.")
@click.option("--stack", metavar="NAME", help="The stack of the links.")
@folder_option()
@config_file_option
@key_variable
@returns_result
def command(
    files: tuple[str, ...],
    write: bool,
    stack: str | None,
    cwd: str | None,
    config_file: str | None,
    key_env: str | None,
) -> Result:
    """Find the ids of existing links.

    They are found for the entries without an id. A link fits an entry if all inputs are equal
    (the currency in either case), it is not deleted, and no entry has its id already. Where
    several links fit one entry, or a link fits several entries, nothing is decided: a person
    puts the right id into the file.

    With --stack, --cwd or --config-file, settings come from the stack's config, and --write adds a
    line `stacks: [NAME]` that says for which stack the ids are, if there is none.

    Give together what belongs together, or two files may take the same link.

    A link that cannot be read is named; it may be that of an entry that nothing fits.

    Ends with 1 if an entry stays undecided. An entry that no link fits is no error: `pulumi up`
    will make its link.
    """
    projects, settings = projects_and_settings(
        [stack] if stack else [], cwd, key_env, config_file=config_file
    )
    manifest = load(files, amount_limits=settings.amount_limits)
    if all(entry.id for entry in manifest.entries):
        return _result([], write=write, written=False)
    opened = [
        ManifestFile.open(file, amount_limits=settings.amount_limits)
        for file in (manifest.files if write else ())
    ]
    with connected(OmiseClient(settings)) as client:
        account = describe(client)
        ids = {entry.id for entry in manifest.entries if entry.id}
        same = SameAccount(client, ids, ", ".join(map(escape_path, manifest.files)))
        skipped: list[UnreadableLink] = []
        links = same.watch(read_links(client, skipped=skipped))
        matches = match_entries(manifest.entries, links)
        same.require()
    found = {match.entry.name: match.id for match in matches if match.id}
    for manifest_file in opened:
        manifest_file.add_ids(found)
        if manifest_file.changed and projects:
            manifest_file.add_stacks([projects[0].stack])
    written = [manifest_file.save() for manifest_file in opened]
    return _result(
        matches,
        write=write,
        written=any(written),
        account=account,
        client=client,
        unreadable=skipped,
    )


def _result(
    matches: Sequence[Match],
    *,
    write: bool,
    written: bool,
    account: Account | None = None,
    client: OmiseClient | None = None,
    unreadable: Sequence[UnreadableLink] = (),
) -> Result:
    counts = Counter(match.outcome for match in matches)
    summary = {outcome.value: counts[outcome] for outcome in Outcome}
    # A link that cannot be read may be that of an entry that nothing fits.
    undecided = counts[Outcome.AMBIGUOUS] or (unreadable and counts[Outcome.UNMATCHED])
    return Result(
        command="match",
        summary={**summary, "written": written},
        accounts=[account] if account else [],
        columns=_COLUMNS,
        rows=[_row(match) for match in matches],
        notes=[describe_unreadable(link) for link in unreadable],
        ending=_ending(counts, write=write, written=written),
        details={
            "links": [_details(match) for match in matches],
            "unreadable": [vars(link) for link in unreadable],
        },
        stats=client.stats if client else None,
        exit_code=ExitCode.ERROR if undecided else ExitCode.DONE,
    )


def _ending(counts: Counter[Outcome], *, write: bool, written: bool) -> str:
    if not counts:
        return "All entries have an id."
    ending = ", ".join(
        f"{counts[outcome]:,} {outcome.value}" for outcome in Outcome if counts[outcome]
    )
    if counts[Outcome.MATCHED] and not write:
        ending += "; --write puts the ids into the file"
    elif written:
        ending += "; the ids are in the file"
    return f"{ending}."


def _row(match: Match) -> Row:
    inputs = match.entry.inputs
    return Row(
        cells=(
            match.outcome.value,
            escape(match.entry.name),
            match.id or "",
            format_amount(inputs.amount, inputs.currency),
            escape(inputs.title, longest=40),
        ),
        reasons=[*_reasons(match)],
        tone=_TONES[match.outcome],
    )


def _reasons(match: Match) -> Iterator[str]:
    """Yield why an entry is not matched, and near misses where nothing fits."""
    if match.outcome is Outcome.CLAIMED:
        for link_id, name in match.claimed.items():
            yield f"{link_id} fits and is the link of {escape(name)}."
    elif match.outcome is Outcome.AMBIGUOUS:
        candidates = ", ".join(link.id for link in match.candidates)
        rivals = ", ".join(escape(rival.name) for rival in match.rivals)
        if len(match.candidates) == 1:
            yield f"{candidates} fits {rivals} as well."
        else:
            also = f"; they fit {rivals} as well" if rivals else ""
            yield f"{len(match.candidates)} links fit: {candidates}{also}."
    elif match.outcome is Outcome.UNMATCHED:
        for near in match.near:
            yield describe_near(match.entry, near)


def _details(match: Match) -> dict[str, object]:
    place = match.entry.place
    return {
        "name": match.entry.name,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "outcome": match.outcome.value,
        "id": match.id,
        "candidates": [link.id for link in match.candidates],
        "rivals": [rival.name for rival in match.rivals] if match.candidates else [],
        "claimed": match.claimed,
        "near": [_near(match, near) for near in match.near],
    }


def _near(match: Match, near: Near) -> dict[str, object]:
    return {
        "id": near.link.id,
        "differs": list(near.differs),
        "hidden": dict(near.hidden),
        "link": {name: getattr(near.link, name) for name in near.differs},
        "entry": {name: getattr(match.entry.inputs, name) for name in near.differs},
    }
