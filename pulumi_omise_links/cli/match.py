"""``omise-links match``: finds the ids of links that exist already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import click

from ..adoption.matching import Match, Near, Outcome, match
from ..cli import EXIT_ERROR
from ..manifest.edit import Draft, Meaning, require_writable
from ..manifest.entries import Manifest, load
from ..omise.client import OmiseClient
from ..omise.transport import RequestStats
from ..output.terminal import show, show_input, to_json
from ._shared import connected, print_rows, projects_and_settings, read_links


@click.command("match")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path())
@click.option("--write", is_flag=True, help="Put the ids into the files; all else in them stays.")
@click.option("--stack", metavar="NAME", help="Take the settings of this stack.")
@click.option("--cwd", metavar="DIR", help="The folder of the Pulumi project.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(
    files: tuple[str, ...], write: bool, stack: str | None, cwd: str | None, as_json: bool
) -> int:
    """Find the ids of links that exist already, for the entries without an id.

    A link fits an entry if all five inputs are equal (the currency in either case), it is not
    deleted, and no entry has its id already. Where several links fit one entry, or a link fits
    several entries, nothing is decided: a person puts the right id into the file.

    Give together what belongs together, or two files may take the same link.

    Ends with 1 if an entry stays undecided. An entry that no link fits is no error: it is a link
    to come.
    """
    _, settings = projects_and_settings([stack] if stack else [], cwd)
    manifest = load(files, amount_limits=settings.amount_limits)
    if all(each.id for each in manifest.entries):
        _print([], RequestStats(), written=False, write=write, as_json=as_json)
        return 0
    if write:
        require_writable(manifest.files)
    with connected(OmiseClient(settings)) as omise:
        matches = match(manifest.entries, read_links(omise))
        found = {each.entry.name: each.id for each in matches if each.id}
        if write and found:
            _write(manifest, found, settings.amount_limits)
        written = write and bool(found)
        _print(matches, omise.stats, written=written, write=write, as_json=as_json)
    return EXIT_ERROR if any(each.outcome is Outcome.AMBIGUOUS for each in matches) else 0


def _write(manifest: Manifest, found: dict[str, str], amount_limits: bool) -> None:
    for file in manifest.files:
        entries = [each for each in manifest.entries if each.place.file == file]
        ids = {each.name: found[each.name] for each in entries if each.name in found}
        if ids:
            draft = Draft(file)
            draft.add_ids(ids)
            meant: Meaning = {
                each.name: (each.inputs, ids.get(each.name, each.id)) for each in entries
            }
            draft.save(meant, amount_limits=amount_limits)


def _print(
    matches: Sequence[Match], cost: RequestStats, *, written: bool, write: bool, as_json: bool
) -> None:
    counts = Counter(each.outcome for each in matches)
    summary: dict[str, object] = {each.value: counts[each] for each in Outcome}
    if as_json:
        details = [_json(each) for each in matches]
        text = to_json("match", {**summary, "written": written}, links=details, cost=vars(cost))
        click.echo(text)
        return
    if not matches:
        click.echo("All entries have an id.")
        return
    rows = [(show(each.entry.name), each.outcome.value, _text(each)) for each in matches]
    print_rows(("Entry", "Outcome", "Link"), rows)
    for each in matches:
        for hint in _hints(each):
            click.echo(hint)
    ending = ", ".join(f"{number:,} {name}" for name, number in summary.items() if number)
    if counts[Outcome.MATCHED] and not write:
        ending += "; --write puts the ids into the file"
    elif written:
        ending += "; the ids are in the file"
    click.echo(f"{ending}.")


def _text(one: Match) -> str:
    """Return what stands beside an outcome."""
    ids = ", ".join(each.id for each in one.candidates)
    if one.outcome is Outcome.CLAIMED:
        owners = (f"{link_id} is {show(name)}" for link_id, name in one.claimed.items())
        return ", ".join(owners)
    if one.outcome is not Outcome.AMBIGUOUS:
        return ids
    rivals = ", ".join(show(each.name) for each in one.rivals)
    if len(one.candidates) == 1:
        return f"{ids} fits {rivals} as well"
    return f"{len(one.candidates)} links fit: {ids}" + (f"; {rivals} as well" if rivals else "")


def _hints(one: Match) -> Iterator[str]:
    """Yield a sentence for each near miss, if nothing fits."""
    if one.outcome is not Outcome.UNMATCHED:
        return
    for each in one.near:
        yield (
            f"{show(one.entry.name)}: {each.link.id} has this title, but its {each.differs} is"
            f" {show_input(each.link.inputs, each.differs)} and the entry's"
            f" {show_input(one.entry.inputs, each.differs)}."
        )


def _json(one: Match) -> dict[str, object]:
    place = one.entry.place
    return {
        "name": one.entry.name,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "outcome": one.outcome.value,
        "id": one.id,
        "candidates": [each.id for each in one.candidates],
        "rivals": [each.name for each in one.rivals] if one.candidates else [],
        "claimed": one.claimed,
        "near": [_near(one, each) for each in one.near],
    }


def _near(one: Match, near: Near) -> dict[str, object]:
    return {
        "id": near.link.id,
        "differs": near.differs,
        "link": getattr(near.link, near.differs),
        "entry": getattr(one.entry.inputs, near.differs),
    }
