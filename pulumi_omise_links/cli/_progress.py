"""Progress for a person who watches; nothing is shown in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..omise.client import OmiseClient
from ..omise.models import OmiseLink, UnreadableLink
from ._results import is_terminal

Update = Callable[[int, int], None]


@contextmanager
def progress(what: str) -> Iterator[Update]:
    """Show that work goes on. Calling the value with (done, total) shows how far it is."""
    if not is_terminal(sys.stderr):
        yield lambda _done, _total: None
        return
    from rich.console import Console  # noqa: PLC0415  (on a terminal only)
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn  # noqa: PLC0415

    columns = (SpinnerColumn(), TextColumn(what), BarColumn(), TextColumn("{task.fields[count]}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, count="")

        def update(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, count=f"{done:,} of {total:,}")

        yield update


def read_links(
    client: OmiseClient,
    *,
    created_from: str | None = None,
    created_to: str | None = None,
    skipped: list[UnreadableLink] | None = None,
) -> Iterator[OmiseLink]:
    """Yield all links as ``iter_links`` does, and show how far it is."""
    read = 0
    with progress("Reading links") as update:
        for links, total in client.iter_pages(
            created_from=created_from, created_to=created_to, skipped=skipped
        ):
            yield from links
            read += len(links)
            update(read, max(read, total))
