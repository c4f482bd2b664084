"""What one check has found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..errors import OmiseLinksError

CheckResult = Literal["ok", "warn", "fail", "skip"]
"""``warn``: it works, but look at it. ``skip``: not checked, and the message says why."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The result of one check. ``message`` and ``advice`` are sentences, safe to print.

    ``error`` is one that the check has met and told about: other checks that meet it are skipped.
    """

    result: CheckResult
    message: str
    advice: str = ""
    error: OmiseLinksError | None = None


def ok(message: str) -> Finding:
    """All is well."""
    return Finding(result="ok", message=message)


def warn(message: str, advice: str = "", *, error: OmiseLinksError | None = None) -> Finding:
    """It works, but a person should look at it."""
    return Finding(result="warn", message=message, advice=advice, error=error)


def fail(message: str, advice: str = "", *, error: OmiseLinksError | None = None) -> Finding:
    """It will not work, or not safely."""
    return Finding(result="fail", message=message, advice=advice, error=error)


def fail_with(error: OmiseLinksError, advice: str = "") -> Finding:
    """It will not work, for the reason that an error gives."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # What Pulumi says ends without a full stop.
    sentences = (line if line[-1] in ".?!:)" else f"{line}." for line in lines)
    return fail(" ".join(sentences), advice, error=error)


def skip(message: str) -> Finding:
    """It could not be checked."""
    return Finding(result="skip", message=message)
