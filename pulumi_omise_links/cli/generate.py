"""``omise-links generate``: a manifest as a Python program."""

from __future__ import annotations

import click

from ..manifest.generate import program
from ..manifest.reading import load
from ..output import Result
from ..settings import amount_limits
from ._options import manifest_files
from ._results import returns_result


@click.command("generate")
@manifest_files
@returns_result
def command(files: tuple[str, ...]) -> Result:
    """Print manifests as a Python program.

    It declares the same links. The names, the inputs, the links to adopt and the stacks for
    which they are adopted are the same as those of declare_links() of the manifests. What else
    the program says is not in a manifest: options (a provider, protect, a parent) go to each
    Link, and exports stay to be written. With the same options, a preview shows no difference.

    FILE may be - for standard input. No network, no key and no Pulumi is needed.
    """
    manifest = load(files, amount_limits=amount_limits(), standard_input=True)
    text = program(manifest)
    return Result(
        command="generate",
        summary={"links": len(manifest.entries)},
        document=text,
        details={"program": text},
    )
