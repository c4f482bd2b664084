"""``omise-links validate``: all problems of manifests, offline."""

from __future__ import annotations

import click

from ..cli import EXIT_WRONG_USE
from ..output.terminal import validation_json, validation_text
from ..settings import amount_limits


@click.command("validate")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(files: tuple[str, ...], as_json: bool) -> int:
    """Report all problems of manifests, each with its place and its code.

    FILE may be - for standard input. Files given together must not share a name or an id. No
    network, no key and no Pulumi is needed. OMISE_AMOUNT_LIMITS=off leaves out the documented
    limits of a charge.

    Ends with 0 if there is no problem, and with 2 otherwise.
    """
    from ..manifest.entries import check  # noqa: PLC0415  (--help needs none of it)

    checked = check(files, amount_limits=amount_limits(), standard_input=True)
    click.echo(validation_json(checked) if as_json else validation_text(checked))
    return EXIT_WRONG_USE if any(file.problems for file in checked) else 0
