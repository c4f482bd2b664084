"""Settings and connections of commands that talk to Omise."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import click

from ..errors import OmiseLinksError, SettingsError
from ..inventory.accounts import Accounts
from ..inventory.chosen_stacks import ChosenStacks
from ..omise.client import OmiseClient
from ..output import Account
from ..safe_text import escape, format_stats
from ..settings import SECRET_KEY_ENV, Settings
from ..stack.project import Project
from ._results import say

if TYPE_CHECKING:
    from ..diagnosis.setup import Setup

Connection = TypeVar("Connection", OmiseClient, Accounts, "Setup")


_ADVICE_ON_VARIABLE = "set it, or leave out --key-env."


def projects_and_settings(
    stacks: Sequence[str],
    cwd: str | None,
    key_env: str | None,
    *,
    config_file: str | None = None,
) -> tuple[list[Project], Settings]:
    """Return the given stacks, and the settings: those of the first one, else the environment's.

    A folder or a config file alone stands for the stack that is selected in that folder.

    :param key_env: the variable with the key to use in place of the one in the settings.
    :param config_file: the file with the config of the first stack, if not where Pulumi looks.
    :raises ProjectError: a stack cannot be used.
    """
    if not stacks and cwd is None and config_file is None:
        if key_env:
            return [], replace(_with_key(key_env), key_advice=_ADVICE_ON_VARIABLE)
        # No stack's config has been read, so it is no use to be told to put a key there.
        advice = "set it, or name a Pulumi project whose config holds the key: --cwd DIR."
        return [], replace(Settings.resolve({}, os.environ), key_advice=advice)
    first, *others = stacks or (None,)
    projects = [Project(cwd or ".", first, config_file=config_file)]
    projects += [Project(cwd or ".", stack) for stack in others]
    settings = projects[0].settings()
    if key_env:
        other = _with_key(key_env)
        settings = replace(
            settings,
            secret_key=other.secret_key,
            key_source=other.key_source,
            account_id=None,  # it is the account of the stack's own key
            key_advice=_ADVICE_ON_VARIABLE,
        )
    return projects, settings


def settings_of_stacks(
    chosen: ChosenStacks, cwd: str, key_env: str | None, *, config_file: str | None
) -> Settings:
    """Return the settings of the one of the stacks whose settings hold, else the environment's.

    :param key_env: as for ``projects_and_settings``; so is ``config_file``.
    """
    if chosen.settings_stack is None:
        if config_file is not None:
            raise click.UsageError("--config-file needs a stack of the project in --cwd.")
        return projects_and_settings((), None, key_env)[1]
    return projects_and_settings([chosen.settings_stack], cwd, key_env, config_file=config_file)[1]


def _with_key(variable: str) -> Settings:
    try:
        return Settings.resolve({SECRET_KEY_ENV: variable}, os.environ)
    except SettingsError as error:
        if SECRET_KEY_ENV not in str(error):
            raise
        # The value is not shown: it may well be the key.
        raise click.UsageError(
            "--key-env takes the name of an environment variable, never the key itself."
        ) from None


@contextmanager
def connected(connection: Connection) -> Iterator[Connection]:
    """Open a connection; when the command is over, say how often Omise was asked, if at all."""

    def say_stats() -> None:
        if connection.stats.requests:
            say(format_stats(connection.stats))

    click.get_current_context().call_on_close(say_stats)
    with connection:
        yield connection


def describe(client: OmiseClient) -> Account:
    """Return the account that a client reads.

    :raises OmiseLinksError: Omise could not be asked, or refused the key.
    """
    account = client.account()
    key = client.settings.key()
    country = account.country if account else None
    return Account(
        id=escape(account.id) if account else None,
        country=escape(country) if country else None,
        live=key.live,
        sub_merchant=client.settings.sub_merchant_id,
        key_source=key.source,
    )


def describe_all(accounts: Accounts) -> list[Account]:
    """Return the accounts that were opened, but for those whose key was refused."""
    described = []
    for client in accounts.clients:
        try:
            described.append(describe(client))
        except OmiseLinksError:
            continue  # the plan has the reason, beside the links that it concerns
    return described
