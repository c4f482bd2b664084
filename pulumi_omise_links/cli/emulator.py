"""``omise-links emulator``: the emulator of Omise on the command line."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
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
    "--allow-host",
    "allowed_hosts",
    multiple=True,
    metavar="NAME",
    help="Accept requests whose Host header has this name. Addresses and localhost are always"
    " accepted; may be given several times.",
)
@click.option(
    "--database",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="SQLite file that keeps links over restarts. Without it they are lost at the end.",
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
    allowed_hosts: tuple[str, ...],
    database: str | None,
    latency: float,
    switches: tuple[str, ...],
    quiet: bool,
) -> None:
    """Run an emulator of Omise, for tests and demos.

    It is the Links API on this machine, without money and without the network. It ends with
    Ctrl-C. Point Pulumi and this command line at it with OMISE_API_URL, and a browser at its
    address to see, pay and delete links.
    """
    try:
        behaviour = Behaviour().changed(dict(map(_read_switch, switches)))
    except ValueError as error:
        raise click.UsageError(f"--switch: {error}.") from None
    emulator = Emulator(
        host=host,
        port=port,
        database=database or ":memory:",
        latency=latency,
        behaviour=behaviour,
        on_request=None if quiet else _print_request,
        allowed_hosts=allowed_hosts,
    )
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        emulator.start()
    except OSError as error:
        raise click.ClickException(_explain_listening(error, host, port)) from None
    except sqlite3.Error as error:
        raise click.ClickException(f"Cannot use --database {database}: {error}.") from None
    click.echo(_welcome(emulator, host, database))
    try:
        emulator.serve_forever()
    except KeyboardInterrupt:
        click.echo("Stopped.")


def _explain_listening(error: OSError, host: str, port: int) -> str:
    """Say why it cannot listen, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} of {host} is in use, perhaps by another emulator. Choose another"
            " --port, or 0 for any free one."
        )
    # Without the number in brackets that str() begins with.
    why = error.strerror or str(error)
    return f"{why[0].upper()}{why[1:]}. Choose another --host or --port."


def _welcome(emulator: Emulator, host: str, database: str | None) -> str:
    lines = [f"The emulator of Omise answers at {emulator.url}", ""]
    lines += [f"  export OMISE_API_URL={emulator.url}"]
    lines += [f"  export OMISE_SECRET_KEY={emulator.key('th')}", ""]
    lines += ["Secret keys (they open nothing but this emulator):"]
    for account in emulator.accounts:
        test, live = emulator.key(account.name), emulator.key(account.name, live=True)
        lines.append(f"  {account.country}  {account.currency}  test {test:24} live {live}")
    lines.append("")
    if not _is_loopback(host):
        lines += [
            f"It listens on {host}, for other machines too. Clients accept plain http for a"
            " loopback address only:",
            "docs/emulator.md says how to reach it from another container.",
            "",
        ]
    lines.append(
        f"Links are kept in {database}."
        if database
        else "Links are lost when it stops; --database FILE keeps them."
    )
    lines.append(f"Open {emulator.url}/ in a browser to see, pay and delete them. Ctrl-C ends it.")
    return "\n".join([*lines, ""])


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _print_request(entry: JournalEntry) -> None:
    query = f"?{entry.query}" if entry.query else ""
    status = entry.status or "no answer"
    fault = f"  [{entry.fault}]" if entry.fault else ""
    line = _escape(f"{entry.method:6} {entry.path}{query}  {status}{fault}")
    # A terminal that has gone must not change what the client gets.
    with contextlib.suppress(OSError, ValueError):
        click.echo(line)
        sys.stdout.flush()


def _escape(text: str) -> str:
    r"""Write what a client chose so that it is one line and moves no cursor: ``\x1b``, ``\n``."""
    visible = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )
    encoding = sys.stdout.encoding or "ascii"
    return visible.encode(encoding, "backslashreplace").decode(encoding)


def _read_switch(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"{text!r} is not NAME=VALUE")
    words = {"none": None, "null": None, "true": True, "false": False}
    if value.lower() in words:
        return name, words[value.lower()]
    try:
        return name, json.loads(value)
    except (ValueError, RecursionError):
        return name, value


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
