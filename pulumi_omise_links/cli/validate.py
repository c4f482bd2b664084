"""``omise-links validate``: all problems of manifests and of accepted findings, offline."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from ..errors import ExitCode
from ..output import Result
from ..safe_text import escape_path, pluralize
from ..settings import amount_limits
from ._options import manifest_files
from ._results import returns_result

if TYPE_CHECKING:
    from ..manifest.entries import CheckedFile


@click.command("validate")
@manifest_files
@returns_result
def command(files: tuple[str, ...]) -> Result:
    """Report all problems of manifests, offline.

    A file with the key `accepted` in place of `links` is one of accepted findings (see drift).

    Each problem comes with its place and its code. FILE may be - for standard input. Files given
    together must not share a name or an id. No network, no key and no Pulumi is needed.
    OMISE_AMOUNT_LIMITS=off leaves out the documented limits of a charge.

    Ends with 0 if there is no problem, and with 2 otherwise.
    """
    from ..manifest.reading import check  # noqa: PLC0415  (--help needs none of it)

    checked = check(files, amount_limits=amount_limits(), standard_input=True, accepted_too=True)
    problems = [problem for file in checked for problem in file.problems]
    return Result(
        command="validate",
        summary={
            "files": len(checked),
            "links": sum(file.links for file in checked),
            "accepted": sum(len(file.accepted) for file in checked),
            "problems": len(problems),
        },
        notes=[line for file in checked for line in _lines(file)],
        details={"problems": [asdict(problem) for problem in problems]},
        exit_code=ExitCode.WRONG_USE if problems else ExitCode.DONE,
    )


def _lines(file: CheckedFile) -> list[str]:
    """Return every problem on a line of its own, and one line for the file."""
    counts = [pluralize(len(file.problems), "problem")]
    if file.accepted:
        counts.insert(0, pluralize(len(file.accepted), "accepted link"))
    elif file.links or not file.problems:
        counts.insert(0, pluralize(file.links, "link"))
    return [*map(str, file.problems), f"{escape_path(file.file)}: {', '.join(counts)}"]
