"""An expected error is caught by its class, and shows as its message where nobody catches it."""

from __future__ import annotations

import gc
import inspect
import subprocess
import sys
import traceback

import pytest

from pulumi_omise_links import errors
from pulumi_omise_links.errors import OmiseLinksError, SettingsError
from pulumi_omise_links.program_errors import without_traceback

ERRORS = [
    name
    for name, value in vars(errors).items()
    if inspect.isclass(value) and issubclass(value, OmiseLinksError)
]


def answer(program: str) -> str:
    """Run a program in an interpreter of its own, and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def test_in_a_program_every_error_is_one_that_pulumi_shows_as_its_message() -> None:
    """Pulumi's language host has loaded Pulumi when a program starts; each of our errors is a
    ``pulumi.RunError`` there, by its real bases, and still of its own class."""
    program = (
        "import pulumi\n"
        "from pulumi_omise_links import errors\n"
        f"print(*[pulumi.RunError in getattr(errors, name).__mro__ for name in {ERRORS!r}])"
    )

    assert len(ERRORS) > 10
    assert {*answer(program).split()} == {"True"}


def test_the_command_line_pays_nothing_for_it() -> None:
    """Without Pulumi the errors are ordinary exceptions, and Pulumi stays out."""
    program = "import sys, pulumi_omise_links.errors\nprint('pulumi' in sys.modules)"

    assert answer(program) == "False"


class Methods:
    """What the SDK calls."""

    @without_traceback
    def refuse(self) -> None:
        try:
            float("skey_secret")
        except ValueError as cause:
            raise SettingsError("omise:apiUrl must be a URL.") from cause

    @without_traceback
    def divide(self, by: int) -> float:
        return 1 / by


def reported(method: object, *args: object) -> str:
    """What the SDK's wrapper of a method sends to the engine."""
    assert callable(method)
    try:
        method(*args)
    except Exception:
        return traceback.format_exc()
    pytest.fail("nothing was raised")


def test_the_plugin_reports_an_expected_error_without_its_frames() -> None:
    """The engine gets the class and the message; what the error was raised from stays out."""
    text = reported(Methods().refuse)

    assert "omise:apiUrl must be a URL." in text.splitlines()[-1]
    assert "File" not in text
    assert "skey_secret" not in text


def test_a_bug_keeps_its_traceback() -> None:
    """Only expected errors lose their frames: neither a bug of ours nor one of another dynamic
    provider in the same process, be it after an expected error."""
    assert "in divide" in reported(Methods().divide, 0)
    for _ in range(3):
        reported(Methods().refuse)
    gc.collect()

    assert "in divide" in reported(Methods().divide, 0)
    assert not hasattr(sys, "tracebacklimit")


def test_tracebacks_stay_off_until_the_last_of_several_errors_is_reported() -> None:
    """The plugin works on several links at once: an error that is done must not bring back the
    frames of one that still waits."""
    with pytest.raises(SettingsError) as first:
        Methods().refuse()
    with pytest.raises(SettingsError) as second:
        Methods().refuse()

    del first
    gc.collect()
    assert sys.tracebacklimit == 0
    del second
    gc.collect()
    assert not hasattr(sys, "tracebacklimit")
