"""``omise-links emulator``: the local Omise on the command line."""

from __future__ import annotations

import errno
import json
import signal
import sqlite3
import sys
from types import FrameType
from typing import Any

import click

from ..emulator import Behaviour, Emulator, JournalEntry
from ._options import Seconds


@click.command("emulator")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=4010,
    show_default=True,
    help="Port to listen on; 0: any free one.",
)
@click.option(
    "--database",
    type=click.Path(dir_okay=False),
    help="SQLite file that keeps links over restarts. Without it they live in memory.",
)
@click.option(
    "--latency",
    type=Seconds(),
    default=0.0,
    metavar="SECONDS",
    help="Time each answer takes at least.",
)
@click.option(
    "--switch",
    "switches",
    multiple=True,
    metavar="NAME=VALUE",
    help="Decide a behaviour that Omise does not document, such as get_deleted=not_found; may be"
    " given several times. docs/emulator.md lists them.",
)
@click.option("--quiet", is_flag=True, help="Do not print a line for each request.")
def command(
    host: str,
    port: int,
    database: str | None,
    latency: float,
    switches: tuple[str, ...],
    quiet: bool,
) -> None:
    """Run a local Omise: the Links API on this machine, without money and without the network.

    It ends with Ctrl-C. Point Pulumi and this command line at it with OMISE_API_URL.
    """
    try:
        behaviour = Behaviour().changed(dict(map(_switch, switches)))
    except ValueError as error:
        raise click.UsageError(f"--switch: {error}.") from None
    omise = Emulator(
        host=host,
        port=port,
        database=database or ":memory:",
        latency=latency,
        behaviour=behaviour,
        on_request=None if quiet else _print_request,
    )
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        omise.start()
    except OSError as error:
        raise click.ClickException(_deaf(error, host, port)) from None
    except sqlite3.Error as error:
        raise click.ClickException(f"Cannot use --database {database}: {error}.") from None
    click.echo(_welcome(omise, database))
    try:
        omise.serve_forever()
    except KeyboardInterrupt:
        click.echo("Stopped.")


def _deaf(error: OSError, host: str, port: int) -> str:
    """Say why it cannot listen, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} of {host} is in use, perhaps by another local Omise. Choose another"
            " --port, or 0 for any free one."
        )
    # Without the number in brackets that str() begins with.
    why = error.strerror or str(error)
    return f"{why[0].upper()}{why[1:]}. Choose another --host or --port."


def _welcome(omise: Emulator, database: str | None) -> str:
    lines = [f"The local Omise answers at {omise.url}", ""]
    lines += [f"  export OMISE_API_URL={omise.url}"]
    lines += [f"  export OMISE_SECRET_KEY={omise.key('th')}", ""]
    lines += ["Secret keys (they open nothing but this emulator):"]
    for account in omise.accounts:
        test, live = omise.key(account.name), omise.key(account.name, live=True)
        lines.append(f"  {account.country}  {account.currency}  test {test:24} live {live}")
    kept = f"Links are kept in {database}." if database else "Links live until it stops."
    return "\n".join([*lines, "", f"{kept} Ctrl-C ends it.", ""])


def _print_request(entry: JournalEntry) -> None:
    query = f"?{entry.query}" if entry.query else ""
    status = entry.status or "no answer"
    fault = f"  [{entry.fault}]" if entry.fault else ""
    click.echo(f"{entry.method:6} {entry.path}{query}  {status}{fault}")
    sys.stdout.flush()


def _switch(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"{text!r} is not NAME=VALUE")
    words = {"none": None, "null": None, "true": True, "false": False}
    if value.lower() in words:
        return name, words[value.lower()]
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
