"""Links of a Pulumi program from a manifest."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

import pulumi

from .errors import ArgumentError
from .inputs import LONGEST_TEXT_BYTES
from .link import Link
from .manifest.entries import Entry, entries_for_stack
from .manifest.reading import load
from .mark import add_mark
from .program_inputs import prepare_mark
from .settings import AMOUNT_LIMITS, NAMESPACE, amount_limits


def declare_links(
    path: str | os.PathLike[str],
    *,
    opts: pulumi.ResourceOptions | None = None,
    mark: str | None = None,
) -> dict[str, Link]:
    """Declare every link of a manifest, and return them by name.

    If the manifest says for which stacks its ids are (``stacks: [prod]``), then in any other stack
    the ids are left out, and links of that stack's own are made. In a stack that it names, every
    link is protected (``protect=True``) unless ``opts`` says otherwise: an entry that has gone
    from the manifest by mistake fails the preview, and no link is deleted.

    :param path: the manifest; a relative path starts at the program's folder, which is the current
        directory of a Pulumi program.
    :param opts: options of every link, such as ``provider`` or ``protect``.
    :param mark: ends every title with a mark, such as ``· pr-17``, so that links which are left
        after the state of a stack is lost can be found: ``mark=None if stack == "prod" else
        stack``. See `marked`. A change of the mark replaces the links.
    :raises ArgumentError: ``path`` is neither text nor a path; ``mark`` cannot be a mark, a title
        is too long with it, or an entry has an id in this stack, so that its title is given.
    :raises ManifestError: the manifest has problems. Nothing is declared then, and if nobody
        catches it, Pulumi shows the problems, a line each.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise ArgumentError(
            "declare_links: path must be the path of one manifest, as text or a Path, not"
            f" {type(path).__name__}."
        )
    text = None if mark is None else prepare_mark("declare_links", mark)
    stack = pulumi.get_stack()
    entries = entries_for_stack(load(path, amount_limits=_check_limits(opts)).entries, stack)
    if text is not None:
        entries = _marked(entries, text)
    return {
        entry.name: Link(
            entry.name, opts=_options(entry, stack, opts), adopt=entry.id, **vars(entry.inputs)
        )
        for entry in entries
    }


def _marked(entries: Sequence[Entry], mark: str) -> list[Entry]:
    """Return the entries with the mark in each title.

    :raises ArgumentError: naming all entries that cannot have it.
    """
    with_mark = [
        replace(entry, inputs=replace(entry.inputs, title=add_mark(entry.inputs.title, mark)))
        for entry in entries
    ]
    problems = [
        f"{entry.place}: Link {entry.name!r} is the existing link {entry.id}, whose title cannot"
        " get a mark."
        for entry in entries
        if entry.id is not None
    ]
    if problems:
        problems.append(
            "Leave out mark in this stack, or say in the manifest for which stacks its ids are"
            " (stacks: [prod])."
        )
    problems += [
        f"{entry.places['title']}: Link {entry.name!r}: title is too long with the mark: {size:,}"
        f" bytes of UTF-8, at most {LONGEST_TEXT_BYTES:,}."
        for entry in with_mark
        if (size := len(entry.inputs.title.encode())) > LONGEST_TEXT_BYTES
    ]
    if problems:
        raise ArgumentError("\n".join(problems))
    return with_mark


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
