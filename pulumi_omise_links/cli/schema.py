"""``omise-links schema``: the JSON Schema of the manifest, for editors."""

from __future__ import annotations

import click

from ..manifest.edit import replace_file
from ..manifest.validation import SCHEMA_FILE


@click.command("schema")
@click.option("-o", "--output", metavar="FILE", type=click.Path(), help="Write here.")
def command(output: str | None) -> None:
    """Print the JSON Schema of the manifest, with which an editor completes and checks.

    Most editors read it if it lies beside the manifest as links.schema.json, and the manifest
    begins with `# yaml-language-server: $schema=links.schema.json`.

    No network, no key and no Pulumi is needed.
    """
    text = SCHEMA_FILE.read_text(encoding="utf-8")
    if output is None:
        click.echo(text, nl=False)
    else:
        replace_file(output, text)
