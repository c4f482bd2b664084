"""Links of a Pulumi program from a manifest."""

from __future__ import annotations

import os

import pulumi

from .link import Link
from .manifest.entries import Entry, entries_for_stack
from .manifest.reading import load
from .settings import AMOUNT_LIMITS, NAMESPACE, amount_limits


def declare_links(
    path: str | os.PathLike[str], *, opts: pulumi.ResourceOptions | None = None
) -> dict[str, Link]:
    """Declare every link of a manifest, and return them by name.

    If the manifest says for which stacks its ids are (``stacks: [prod]``), then in any other stack
    the ids are left out, and links of that stack's own are made. In a stack that it names, every
    link is protected (``protect=True``) unless ``opts`` says otherwise: an entry that has gone
    from the manifest by mistake fails the preview, and no link is deleted.

    :param path: the manifest; a relative path starts at the program's folder, which is the current
        directory of a Pulumi program.
    :param opts: options of every link, such as ``provider`` or ``protect``.
    :raises ManifestError: the manifest has problems. Nothing is declared then, and if nobody
        catches it, Pulumi shows the problems, a line each.
    """
    entries = load(path, amount_limits=_check_limits(opts)).entries
    stack = pulumi.get_stack()
    return {
        entry.name: Link(
            entry.name, opts=_options(entry, stack, opts), adopt=entry.id, **vars(entry.inputs)
        )
        for entry in entries_for_stack(entries, stack)
    }


def _options(
    entry: Entry, stack: str, opts: pulumi.ResourceOptions | None
) -> pulumi.ResourceOptions | None:
    if not entry.stacks or not entry.is_of(stack) or (opts and opts.protect is not None):
        return opts
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=True))


def _check_limits(opts: pulumi.ResourceOptions | None) -> bool:
    """Return whether the documented limits of a charge are to be checked here.

    A provider can have a setting of its own, which a program cannot read. Where there may be one,
    the limits are left to the preview, which asks the provider.
    """
    if opts and (opts.provider or opts.providers or opts.parent):
        return False
    # What is wrong with a key is said by the preview, at the resource.
    return amount_limits({AMOUNT_LIMITS: pulumi.Config(NAMESPACE).get(AMOUNT_LIMITS)})
