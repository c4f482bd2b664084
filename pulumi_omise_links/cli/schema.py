"""``omise-links schema``: the JSON Schema of the manifest, for editors."""

from __future__ import annotations

import json

import click

from ..manifest.edit import replace_file
from ..manifest.validation import MANIFEST_SCHEMA
from ..output import Result
from ..safe_text import escape_path
from ._results import returns_result


@click.command("schema")
@click.option("-o", "--output", metavar="FILE", type=click.Path(), help="Write here.")
@returns_result
def command(output: str | None) -> Result:
    """Print the JSON Schema of the manifest, for editors.

    With it an editor completes and checks. Most editors read it if it is beside the manifest as
    links.schema.json, and the manifest begins with `# yaml-language-server:
    $schema=links.schema.json`.

    No network, no key and no Pulumi is needed.
    """
    text = MANIFEST_SCHEMA.read_text(encoding="utf-8")
    if output is not None:
        replace_file(output, text)
    return Result(
        command="schema",
        summary={"written": output is not None},
        document=text if output is None else None,
        ending="" if output is None else f"Written to {escape_path(output)}.",
        details={"file": output, "schema": json.loads(text)},
    )
