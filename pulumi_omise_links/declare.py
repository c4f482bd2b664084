"""Links of a Pulumi program from a manifest."""

from __future__ import annotations

import os

import pulumi

from .link import Link
from .manifest.entries import load
from .settings import AMOUNT_LIMITS, NAMESPACE, amount_limits


def declare_links(
    path: str | os.PathLike[str], *, opts: pulumi.ResourceOptions | None = None
) -> dict[str, Link]:
    """Declare every link of a manifest, and return them by name.

    :param path: the manifest; a relative path starts at the program's folder, which is the current
        directory of a Pulumi program.
    :param opts: options of every link, such as ``provider`` or ``protect``.
    :raises ManifestError: the manifest has faults. Nothing is declared then.
    """
    entries = load(path, amount_limits=_check_limits(opts)).entries
    return {
        each.name: Link(each.name, opts=opts, adopt=each.id, **vars(each.inputs))
        for each in entries
    }


def _check_limits(opts: pulumi.ResourceOptions | None) -> bool:
    """Return whether the documented limits of a charge are to be checked here.

    A provider can have a setting of its own, which a program cannot read. Where there may be one,
    the limits are left to the preview, which asks the provider.
    """
    if opts and (opts.provider or opts.providers or opts.parent):
        return False
    # What is wrong with a key is said by the preview, at the resource.
    return amount_limits({AMOUNT_LIMITS: pulumi.Config(NAMESPACE).get(AMOUNT_LIMITS)})
