"""Options and arguments that several commands share."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


class Seconds(click.FloatRange):
    """From 0 to an hour; NaN, which no range keeps out, is no number of seconds."""

    def __init__(self) -> None:
        """Take what a person would wait for."""
        super().__init__(0, 3600)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """:raises click.BadParameter: not a number, or out of the range."""
        seconds = float(super().convert(value, param, ctx))
        if math.isnan(seconds):
            self.fail(f"{value} is not a number of seconds.", param, ctx)
        return seconds


manifest_files = click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path()
)
"""One manifest or several, as ``files``."""

key_variable = click.option(
    "--key-env",
    metavar="NAME",
    help="The environment variable that holds the key, such as OMISE_TH_KEY for a second account.",
)
"""The key of another account, as ``key_env``. Only where no program says which account it is."""


def stack_options(command: Command) -> Command:
    """Add what names the project, its stack and its config."""
    for option in (
        click.option("--stack", metavar="NAME", help="The stack; the selected one by default."),
        click.option("--cwd", default=".", metavar="DIR", help="The folder of the Pulumi project."),
        click.option(
            "--config-file",
            metavar="FILE",
            type=click.Path(),
            help="The file with the stack's config, if it is not where Pulumi looks.",
        ),
    ):
        command = option(command)
    return command


def project_options(command: Command) -> Command:
    """Add what names the project, its stack and its config, and how far to look for owners."""
    only_this_stack = click.option(
        "--only-this-stack",
        is_flag=True,
        help="Do not ask the other stacks of the backend what they manage.",
    )
    return only_this_stack(stack_options(command))


def yes_option(command: Command) -> Command:
    """Add ``--yes``."""
    return click.option("--yes", "-y", is_flag=True, help="Do not ask.")(command)


def settle_option(command: Command) -> Command:
    """Add ``--settle``."""
    return click.option(
        "--settle",
        type=Seconds(),
        metavar="SECONDS",
        help=(
            "How long nothing must change before a create counts as never made; by default"
            " OMISE_TIMEOUT and 10 s more, at least 30."
        ),
    )(command)
