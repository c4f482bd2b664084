"""``omise-links generate``: a manifest as a Python program."""

from __future__ import annotations

import click

from ..manifest.entries import load
from ..manifest.generate import program
from ..output.terminal import to_json
from ..settings import amount_limits


@click.command("generate")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print the program within JSON.")
def command(files: tuple[str, ...], as_json: bool) -> None:
    """Print manifests as a Python program that declares the same links.

    The names, the inputs and the links to adopt are the same, so Pulumi sees no difference
    between the program and declare_links() of the manifests.

    No network, no key and no Pulumi is needed.
    """
    manifest = load(files, amount_limits=amount_limits())
    text = program(manifest)
    if as_json:
        text = to_json("generate", {"links": len(manifest.entries)}, program=text) + "\n"
    click.echo(text, nl=False)
