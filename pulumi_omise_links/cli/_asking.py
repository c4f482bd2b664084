"""Asks a person for consent before something is written."""

from __future__ import annotations

import sys

import click

from ._results import Cancelled, is_terminal, say


def require_yes(yes: bool) -> None:
    """Refuse to begin what needs a yes where nobody can be asked.

    :raises click.UsageError: no ``--yes``, and no terminal.
    """
    if not yes and not is_terminal(sys.stdin):
        raise click.UsageError("Cannot ask without a terminal; use --yes to confirm.")


def ask(question: str) -> None:
    """Ask a person.

    :raises Cancelled: the answer is no.
    :raises click.Abort: Ctrl-C, or the end of the input.
    """
    try:
        agreed = click.confirm(question, err=True)
    except click.Abort:
        say("\n")
        raise
    if not agreed:
        raise Cancelled("Cancelled. Nothing was done.")


def ask_for(what: str) -> str:
    """Ask a person to type something.

    :raises click.Abort: Ctrl-C, or the end of the input.
    """
    try:
        typed: str = click.prompt(what, err=True)
    except click.Abort:
        say("\n")
        raise
    return typed.strip()
