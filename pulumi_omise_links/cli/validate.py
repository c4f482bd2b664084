"""``omise-links validate``: all faults of manifests, offline."""

from __future__ import annotations

import dataclasses

import click

from ..errors import ExitCode
from ..manifest.entries import CheckedFile, check
from ..output import Result
from ..output.terminal import escape, pluralize
from ..settings import amount_limits
from ._options import manifest_files
from ._results import returns_result


@click.command("validate")
@manifest_files
@returns_result
def command(files: tuple[str, ...]) -> Result:
    """Report all faults of manifests, each with its place.

    Files given together must not share a name or an id. No network, no key and no Pulumi is
    needed. OMISE_AMOUNT_LIMITS=off leaves out the documented limits of a charge.

    Ends with 0 if there is no fault, and with 2 otherwise.
    """
    checked = check(files, amount_limits=amount_limits())
    faults = [fault for file in checked for fault in file.faults]
    return Result(
        command="validate",
        summary={
            "files": len(checked),
            "links": sum(file.links for file in checked),
            "faults": len(faults),
        },
        notes=[line for file in checked for line in _lines(file)],
        details={"faults": [dataclasses.asdict(fault) for fault in faults]},
        exit_code=ExitCode.WRONG_USE if faults else ExitCode.DONE,
    )


def _lines(file: CheckedFile) -> list[str]:
    """Return every fault on a line of its own, and one line for the file."""
    links = f"{pluralize(file.links, 'link')}, " if file.links or not file.faults else ""
    faults = pluralize(len(file.faults), "fault")
    return [*map(str, file.faults), f"{escape(file.file, longest=1000)}: {links}{faults}"]
