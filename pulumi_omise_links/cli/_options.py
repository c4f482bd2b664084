"""Options and arguments that several commands share."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

import click

from ..mark import mark_problem
from ..safe_text import escape_path

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 24 * 3600.0}
_CENTURY = 100 * 366 * _UNITS["d"]
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


class ExistingPath(click.Path):
    """A file or a folder that exists; an error shows from where a relative path starts."""

    def __init__(self, kind: Literal["file", "folder"]) -> None:
        """Take only what is of this kind."""
        super().__init__(file_okay=kind == "file", dir_okay=kind == "folder")
        self._kind = kind

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str:
        """:raises click.BadParameter: there is none."""
        path = Path(value)
        if not (path.is_file() if self.file_okay else path.is_dir()):
            full = escape_path(str(path.absolute()))
            self.fail(f"there is no {self._kind} {full}.", param, ctx)
        return str(value)


def read_duration(_context: click.Context, _option: click.Parameter, text: str) -> float:
    """Read a whole number of seconds, minutes, hours or days: ``90s``, ``10m``, ``24h``, ``7d``.

    :raises click.BadParameter: not such a text, or more than a century.
    """
    parts = re.fullmatch(r"([0-9]{1,10})([smhd])", text)
    seconds = int(parts[1]) * _UNITS[parts[2]] if parts else math.inf
    if seconds > _CENTURY:
        raise click.BadParameter(f"{text!r} is not a duration such as 90s, 10m, 24h or 7d.")
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

config_file_option = click.option(
    "--config-file",
    metavar="FILE",
    type=ExistingPath("file"),
    help="The file with the stack's config, if it is not where Pulumi looks.",
)
"""Where the config of the stack is, as ``config_file``."""


def folder_option(default: str | None = None) -> Callable[[Command], Command]:
    """Add ``--cwd``. Without a default, a command can work without a project."""
    return click.option(
        "--cwd",
        default=default,
        metavar="DIR",
        type=ExistingPath("folder"),
        help="The folder of the Pulumi project.",
    )


several_stacks_option = click.option(
    "--stack",
    "stacks",
    multiple=True,
    metavar="NAME",
    help="A stack, or a pattern such as 'pr-*'; may be given several times. Default: the selected"
    " one.",
)
"""Several stacks, as ``stacks``."""


def mark_option(help_text: str) -> Callable[[Command], Command]:
    """Add ``--mark``, with what it does in a command."""
    return click.option("--mark", metavar="TEXT", callback=_check_mark, help=help_text)


def _check_mark(_context: click.Context, _option: click.Parameter, mark: str | None) -> str | None:
    """:raises click.UsageError: no title can have such a mark."""
    if mark is not None and (problem := mark_problem(mark)):
        raise click.UsageError(f"--mark {problem}.")
    return mark


def stack_options(command: Command) -> Command:
    """Add what names the project, its stack and its config."""
    for option in (
        click.option("--stack", metavar="NAME", help="The stack; the selected one by default."),
        folder_option("."),
        config_file_option,
    ):
        command = option(command)
    return command


def project_options(command: Command) -> Command:
    """Add what names the project, its stack and its config, and how far to look for owners."""
    return only_this_stack_option(stack_options(command))


def only_this_stack_option(command: Command) -> Command:
    """Add ``--only-this-stack``."""
    return click.option(
        "--only-this-stack",
        is_flag=True,
        help="Do not ask the other stacks of the backend what they manage.",
    )(command)


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
            "How long to wait, without any change, before an open create counts as not made; by"
            " default OMISE_TIMEOUT and 70 s more, at least 90."
        ),
    )(command)
