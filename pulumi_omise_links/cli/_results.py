"""Turns what a command returns or raises into output and an exit code."""

from __future__ import annotations

import functools
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import chain, pairwise, takewhile
from typing import Any, TextIO

import click

from ..errors import ExitCode, ManifestError, OmiseLinksError
from ..output import FORMATS, Failure, Result
from ..output.json import write_failure, write_json_in_pieces
from ..output.text import write_text
from ..safe_text import hide_keys, pluralize

# What a shell reports for a program that a closed pipe has ended: 128 + SIGPIPE.
_CLOSED_PIPE = 141


@dataclass
class Invocation:
    """What is known of this run; None until the arguments have been understood."""

    command: str | None = None
    output_format: str | None = None
    rows_shown: bool = False


class Cancelled(click.ClickException):
    """A person has answered no."""


class ClosedPipeError(Exception):
    """The reader of standard output has ended; on a BrokenPipeError click would end with 1."""


def returns_result(command: Callable[..., Result]) -> Callable[..., int]:
    """Add ``--format`` and ``--json`` to a command, and print the result that it returns."""

    @click.option("--format", "chosen", type=click.Choice([*FORMATS]), help="Default: text.")
    @click.option("--json", "as_json", is_flag=True, help="Short for --format json.")
    @functools.wraps(command)
    def run_and_print(*args: Any, chosen: str | None, as_json: bool, **options: Any) -> int:
        if as_json and chosen not in {None, "json"}:
            raise click.UsageError(f"--json and --format {chosen} exclude each other.")
        invocation = _invocation()
        invocation.output_format = "json" if as_json else chosen or "text"
        result = command(*args, **options)
        if invocation.rows_shown:
            result = replace(result, accounts=(), rows=())
        _print(result, invocation.output_format)
        return result.exit_code

    return run_and_print


def show_to_person(result: Result) -> None:
    """Print what a person is to know before the command goes on.

    Its rows are not printed again with the result of the command. Programs get that result alone.
    """
    invocation = _invocation()
    if invocation.output_format == "text":
        _print(result, "text")
        invocation.rows_shown = True


def say(text: str) -> None:
    """Print sentences on standard error, if that can be written."""
    if text:
        with suppress(OSError, ValueError):
            click.echo(hide_keys(text), err=True)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person watches; a stream that is closed is no terminal."""
    return stream is not None and not stream.closed and stream.isatty()


def prepare_output() -> None:
    """Let text through that the encoding of the terminal lacks: it is spelt out (``\\u0e01``)."""
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")


def report_error(error: BaseException, invocation: Invocation, arguments: Sequence[str]) -> int:
    """Say what is wrong on standard error, and as JSON on standard output if that is asked for.

    :param arguments: the command line; it tells the format where it was not understood.
    :returns: the exit code.
    """
    if isinstance(error, ClosedPipeError):
        return _CLOSED_PIPE
    failure = _describe(error, invocation.command)
    if failure.exit_code is ExitCode.BUG:
        say("".join(traceback.format_exception(error)).rstrip())
    elif isinstance(error, ManifestError):
        # A line each, beginning with its place as compilers write it: an editor can go there.
        say(str(error))
    say(f"omise-links: {failure.message}")
    if (invocation.output_format or _format_in(arguments)) == "json":
        with suppress(ClosedPipeError, click.ClickException):
            _write_document([hide_keys(write_failure(failure)), "\n"])
    return failure.exit_code


def _describe(error: BaseException, command: str | None) -> Failure:
    details: dict[str, object] = {}
    kind = type(error).__name__
    if isinstance(error, click.UsageError):
        kind, code = "UsageError", ExitCode.WRONG_USE
        of = f"omise-links {command}" if command else "omise-links"
        sentence = error.format_message().strip()
        end = "" if sentence.endswith((".", "?", "!", ")")) else "."
        message = f"{sentence}{end} `{of} --help` lists what there is."
    elif isinstance(error, (click.Abort, KeyboardInterrupt, Cancelled)):
        kind, code = "Cancelled", ExitCode.CANCELLED
        message = error.format_message() if isinstance(error, Cancelled) else "Cancelled."
    elif isinstance(error, click.ClickException):
        kind, code, message = "Error", ExitCode.ERROR, error.format_message()
    elif isinstance(error, ManifestError):
        code, details = error.exit_code, dict(error.details())
        message = f"{pluralize(len(error.problems), 'problem')}; nothing was done."
    elif isinstance(error, OmiseLinksError):
        code, details, message = error.exit_code, dict(error.details()), str(error)
    elif isinstance(error, OSError):
        kind, code, message = "OSError", ExitCode.ERROR, f"Operating system error: {error}."
    else:
        code = ExitCode.BUG
        message = "This is a bug of omise-links; please report it with the lines above."
    return Failure(command=command, type=kind, message=message, exit_code=code, details=details)


def _invocation() -> Invocation:
    return click.get_current_context().ensure_object(Invocation)


def _format_in(arguments: Sequence[str]) -> str:
    options = [*takewhile(lambda argument: argument != "--", arguments)]
    named = {"--json", "--format=json"} & {*options} or ("--format", "json") in pairwise(options)
    return "json" if named else "text"


def _print(result: Result, output_format: str) -> None:
    if output_format == "json":
        _write_document(chain(write_json_in_pieces(result), "\n"))
    elif output_format != "text":
        _write_document([FORMATS[output_format](result), "\n"])
    elif result.document is not None:
        _write_document([result.document])
        say(_text_for(sys.stderr, result))
    else:
        _write_text(_text_for(sys.stdout, result))


def _text_for(stream: TextIO | None, result: Result) -> str:
    if not is_terminal(stream):
        return write_text(result)
    from ..output.table import write_table  # noqa: PLC0415  (rich, for a terminal only)

    return write_table(result)


def _write_text(text: str) -> None:
    if text:
        with _writing():
            click.echo(hide_keys(text))


def _write_document(parts: Iterable[str]) -> None:
    """Write what programs read: always UTF-8, as a replaced character would be a wrong title."""
    with _writing():
        if buffer := getattr(sys.stdout, "buffer", None):
            sys.stdout.flush()
            for part in parts:
                buffer.write(part.encode())
            buffer.flush()
        else:
            click.echo("".join(parts), nl=False)


@contextmanager
def _writing() -> Iterator[None]:
    """:raises click.ClickException: standard output cannot be written."""
    try:
        yield
    except OSError as error:
        # Python flushes once more at its end, and would complain again.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise ClosedPipeError from None
        why = error.strerror or str(error)
        raise click.ClickException(f"Standard output cannot be written: {why}.") from None
