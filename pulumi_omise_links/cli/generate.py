"""``omise-links generate``: a manifest as a Python program."""

from __future__ import annotations

import click

from ..manifest.entries import load
from ..manifest.generate import program
from ..output import Result
from ..settings import amount_limits
from ._options import manifest_files
from ._results import returns_result


@click.command("generate")
@manifest_files
@returns_result
def command(files: tuple[str, ...]) -> Result:
    """Print manifests as a Python program that declares the same links.

    The names, the inputs and the links to adopt are the same, so Pulumi sees no difference
    between the program and declare_links() of the manifests.

    No network, no key and no Pulumi is needed.
    """
    manifest = load(files, amount_limits=amount_limits())
    text = program(manifest)
    return Result(
        command="generate",
        summary={"links": len(manifest.entries)},
        document=text,
        details={"program": text},
    )
