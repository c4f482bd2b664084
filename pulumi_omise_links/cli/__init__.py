"""The command line: options -> work -> ``Result``. The only package that prints and exits.

Each command is a module of its own name. It is loaded when it is called, so that ``--help`` and
``validate`` start without loading Pulumi or the network client.
"""

from __future__ import annotations

import importlib
import keyword
import sys
from collections.abc import Sequence

import click

from .._version import __version__
from ..errors import ExitCode
from ._results import Invocation, prepare_output, report_error

COMMANDS = {
    "validate": "Report all problems of manifests, offline.",
    "schema": "Print the JSON Schema of the manifest, for editors.",
    "discover": "Write existing links as a manifest, with their ids.",
    "match": "Find the ids of existing links.",
    "plan": "Show what an import would do, and why not.",
    "import": "Import existing links into the stack, and verify it.",
    "drift": "Compare stacks with the account.",
    "recover": "Put a stack in order after a killed run.",
    "sweep": "Delete links that no stack of the backend manages.",
    "teardown": "Destroy stacks, and prove that none of their links can be paid.",
    "report": "Show links, or what a preview changes, to people.",
    "generate": "Print manifests as a Python program.",
    "doctor": "Check whether this project can do its work here.",
    "emulator": "Run an emulator of Omise, for tests and demos.",
}


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
            ctx.fail(f"There is no command {args[0]!r}{did_you_mean(args[0], COMMANDS)}.")
        name, command, rest = super().resolve_command(ctx, args)
        ctx.ensure_object(Invocation).command = name
        return name, command, rest


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
    no_args_is_help=False,
)
@click.version_option(__version__, "-V", "--version", prog_name="omise-links")
@click.pass_context
def commands(context: click.Context) -> None:
    """Payment links of Omise, managed as code with Pulumi.

    Exit codes are Pulumi's: 0 done, 1 error, 2 wrong usage or file, 3 authentication, 4 Omise
    refused, 6 no such stack, 7 changes where none were expected, 8 cancelled, 255 a bug.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        context.exit(ExitCode.WRONG_USE)


def run(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; every expected error becomes one sentence."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    invocation = Invocation()
    prepare_output()
    try:
        code = commands.main(
            args=arguments, prog_name="omise-links", standalone_mode=False, obj=invocation
        )
    except (Exception, KeyboardInterrupt) as error:
        return report_error(error, invocation, arguments)
    return code if isinstance(code, int) else ExitCode.DONE


def main() -> None:
    """The entry point of ``omise-links``."""
    sys.exit(run())
