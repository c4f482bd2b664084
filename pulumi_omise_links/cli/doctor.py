"""``omise-links doctor``: whether a project can do its work here."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence

import click

from ..diagnosis.examine import CHECKS, examine
from ..diagnosis.finding import CheckResult, Finding
from ..diagnosis.setup import Setup
from ..errors import ExitCode, OmiseLinksError
from ..output import Account, Column, Result, Row, Tone
from ._omise import connected, describe
from ._options import stack_options
from ._progress import progress
from ._results import returns_result

_COLUMNS = (Column("result"), Column("check"), Column("finding", narrow="fold"))
_TONES: dict[CheckResult, Tone] = {
    "ok": "ready",
    "warn": "new",
    "fail": "problem",
    "skip": "done",
}


@click.command("doctor")
@click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path())
@stack_options
@returns_result
def command(files: tuple[str, ...], stack: str | None, cwd: str, config_file: str | None) -> Result:
    """Check whether this project can do its work here.

    Looks at Pulumi, the backend, the stack and its secrets, the key and its account, Omise, the
    Pythons that Pulumi starts, the manifests (FILE, or links.yaml in the project's folder), creates
    that were cut off on this machine, and the job of a pipeline. Each check goes on where another
    one has failed, and says what to do.

    Writes nothing, and sends Omise one request that reads. Ends with 1 if a check has failed.
    """
    setup = Setup(cwd, stack, config_file=config_file, files=files, environ=os.environ)
    findings: list[tuple[str, Finding]] = []
    with connected(setup), progress("Checking") as update:
        for name, finding in examine(setup):
            findings.append((name, finding))
            update(len(findings), len(CHECKS))
        accounts = _accounts(setup)
    counts = Counter(finding.result for _, finding in findings)
    return Result(
        command="doctor",
        summary={result: counts[result] for result in _TONES},
        accounts=accounts,
        columns=_COLUMNS,
        rows=[_row(name, finding) for name, finding in findings],
        ending=_count(counts),
        details={
            "checks": [
                {
                    "name": name,
                    "result": finding.result,
                    "message": finding.message,
                    "advice": finding.advice,
                }
                for name, finding in findings
            ]
        },
        stats=setup.stats,
        exit_code=ExitCode.ERROR if counts["fail"] else ExitCode.DONE,
    )


def _accounts(setup: Setup) -> Sequence[Account]:
    try:
        _ = setup.account
    except OmiseLinksError:
        return ()  # a check has said why
    return [describe(setup.client)]


def _row(name: str, finding: Finding) -> Row:
    return Row(
        cells=(finding.result, name, finding.message),
        reasons=[finding.advice] if finding.advice else (),
        tone=_TONES[finding.result],
    )


def _count(counts: Counter[CheckResult]) -> str:
    words = {"ok": "ok", "warn": "to look at", "fail": "failed", "skip": "not checked"}
    return ", ".join(f"{counts[result]} {words[result]}" for result in _TONES) + "."
