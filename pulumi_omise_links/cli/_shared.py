"""What several commands need: the way to Omise, what it cost, tables and progress for people."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

import click

from ..adoption.report import format_stats
from ..inventory.accounts import Accounts
from ..omise.client import OmiseClient
from ..omise.models import OmiseLink
from ..settings import Settings
from ..stack.project import Project

Door = TypeVar("Door", OmiseClient, Accounts)


def projects_and_settings(stacks: Sequence[str], cwd: str | None) -> tuple[list[Project], Settings]:
    """Return the given stacks, and the settings: those of the first one, else the environment's.

    A folder alone stands for the stack that is selected in it.

    :raises ProjectError: a stack cannot be used.
    """
    if not stacks and cwd is None:
        # No stack's config has been read, so it is no use to be told to put a key there.
        advice = "set it, or name a Pulumi project whose config holds the key: --cwd DIR."
        return [], replace(Settings.resolve({}, os.environ), key_advice=advice)
    projects = [Project(cwd or ".", each) for each in (stacks or (None,))]
    return projects, projects[0].settings()


@contextmanager
def connected(door: Door) -> Iterator[Door]:
    """Open a way to Omise; at the end, whatever the end is, say what it cost, if anything."""
    with door:
        try:
            yield door
        finally:
            if door.stats.requests:
                click.echo(format_stats(door.stats), err=True)


def read_links(
    omise: OmiseClient, *, created_from: str | None = None, created_to: str | None = None
) -> Iterator[OmiseLink]:
    """Yield all links as ``iter_links`` does, with a progress bar when a person is watching."""
    if not sys.stderr.isatty():
        yield from omise.iter_links(created_from=created_from, created_to=created_to)
        return
    from rich.console import Console  # noqa: PLC0415  (on a terminal only)
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415  (on a terminal only)

    columns = (TextColumn("Reading links"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)
        read = 0
        for links, total in omise.iter_pages(created_from=created_from, created_to=created_to):
            yield from links
            read += len(links)
            progress.update(task, completed=read, total=max(read, total))


def print_rows(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows: a table on a terminal, plain columns with two spaces between in a pipe.

    Foreign text in them is to be safe already.
    """
    if sys.stdout.isatty():
        from rich.box import SIMPLE_HEAD  # noqa: PLC0415  (on a terminal only)
        from rich.console import Console  # noqa: PLC0415  (on a terminal only)
        from rich.table import Table  # noqa: PLC0415  (on a terminal only)
        from rich.text import Text  # noqa: PLC0415  (on a terminal only)

        table = Table(*headings, box=SIMPLE_HEAD)
        for row in rows:
            table.add_row(*map(Text, row))
        Console().print(table)
        return
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        click.echo("  ".join(cells).rstrip())
