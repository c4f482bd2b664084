"""The command line: arguments, wording, exit codes. The only room that prints and exits.

Each command lives in a module of its own name and is loaded when it is called, so that ``--help``
and ``validate`` start without loading Pulumi or the network client.
"""

from __future__ import annotations

import importlib
import keyword
import os
import signal
import sys
import traceback
from collections.abc import Sequence

import click

from .._version import __version__
from ..errors import ManifestError, OmiseLinksError
from ..output.terminal import count

COMMANDS = {
    "validate": "Report all faults of manifests, offline.",
    "discover": "Write links that exist as a manifest, with their ids.",
    "match": "Find the ids of links that exist already.",
    "plan": "Show what an import would do, and why not.",
    "import": "Take links that exist under management, and prove it.",
    "recover": "Put a stack in order after a run was killed in the middle.",
    "generate": "Print manifests as a Python program.",
    "emulator": "Run a local Omise for tests and demos.",
}
EXIT_ERROR, EXIT_WRONG_USE, EXIT_CHANGES, EXIT_CANCELLED, EXIT_BUG = 1, 2, 7, 8, 255


class _Commands(click.Group):
    """A group whose commands are imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        # `import` cannot be the name of a module that Python imports.
        name += "_" * keyword.iskeyword(name)
        module = importlib.import_module(f".{name}", __name__)
        command = module.command
        if not isinstance(command, click.Command):
            raise TypeError(f"{module.__name__}.command is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from ..inputs import did_you_mean  # noqa: PLC0415  (only for a mistyped command)

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"there is no command {args[0]!r}{did_you_mean(args[0], COMMANDS)}.")
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="omise-links")
def commands() -> None:
    """Payment links of Omise, managed as code with Pulumi.

    Exit codes are Pulumi's: 0 done, 1 error, 2 wrong use or wrong file, 3 authentication, 4 Omise
    refused, 6 no such stack, 7 changes where none were expected, 8 cancelled, 255 a bug.
    """


def run(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; every expected error becomes one sentence."""
    try:
        code = commands.main(
            args=None if argv is None else list(argv),
            prog_name="omise-links",
            standalone_mode=False,
        )
    except (click.ClickException, OmiseLinksError) as error:
        return _expected(error)
    except (click.Abort, KeyboardInterrupt):
        _complain("Cancelled.")
        return EXIT_CANCELLED
    except BrokenPipeError:
        # The reader (`| head`) has seen enough; Python would complain again when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except Exception as error:
        return _unexpected(error)
    return code if isinstance(code, int) else 0


def _expected(error: click.ClickException | OmiseLinksError) -> int:
    if isinstance(error, click.UsageError):
        error.show()
        return EXIT_WRONG_USE
    if isinstance(error, click.ClickException):
        _complain(error.format_message())
        return EXIT_ERROR
    if isinstance(error, ManifestError):
        # A line each, beginning with its place as compilers write it: an editor can go there.
        click.echo(str(error), err=True)
        _complain(f"{count(len(error.faults), 'fault')}; nothing was done.")
    else:
        _complain(str(error))
    return error.exit_code


def _unexpected(error: Exception) -> int:
    if isinstance(error, OSError):
        _complain(f"The system refused: {error}.")
        return EXIT_ERROR
    traceback.print_exception(error)
    _complain("This is a bug of omise-links; please report it with the lines above.")
    return EXIT_BUG


def main() -> None:
    """The entry point of ``omise-links``."""
    sys.exit(run())


def _complain(text: str) -> None:
    click.echo(f"omise-links: {text}", err=True)
