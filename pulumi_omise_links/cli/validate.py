"""``omise-links validate``: all faults of manifests, offline."""

from __future__ import annotations

import click

from ..cli import EXIT_WRONG_USE
from ..manifest.entries import check
from ..output.terminal import validation_json, validation_text
from ..settings import amount_limits


@click.command("validate")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(files: tuple[str, ...], as_json: bool) -> int:
    """Report all faults of manifests, each with its place.

    Files given together must not share a name or an id. No network, no key and no Pulumi is
    needed. OMISE_AMOUNT_LIMITS=off leaves out the documented limits of a charge.

    Ends with 0 if there is no fault, and with 2 otherwise.
    """
    checked = check(files, amount_limits=amount_limits())
    click.echo(validation_json(checked) if as_json else validation_text(checked))
    return EXIT_WRONG_USE if any(each.faults for each in checked) else 0
