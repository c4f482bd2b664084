"""Runs all checks. A check that meets what another one has reported is skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from ..errors import OmiseLinksError
from ..safe_text import hide_keys
from .finding import Finding, fail_with, skip
from .local_checks import (
    check_ci,
    check_creates,
    check_manifest,
    check_plugin,
    check_plugin_file,
    check_program,
)
from .omise_checks import check_account, check_api, check_clock, check_key
from .pulumi_checks import (
    check_backend,
    check_lock,
    check_pending,
    check_pulumi,
    check_secrets,
    check_stack,
)
from .setup import Setup

CHECKS: Mapping[str, Callable[[Setup], Finding]] = {
    "pulumi": check_pulumi,
    "backend": check_backend,
    "stack": check_stack,
    "lock": check_lock,
    "pending": check_pending,
    "secrets": check_secrets,
    "key": check_key,
    "api": check_api,
    "clock": check_clock,
    "account": check_account,
    "program": check_program,
    "plugin": check_plugin,
    "plugin-file": check_plugin_file,
    "manifest": check_manifest,
    "creates": check_creates,
    "ci": check_ci,
}
"""By name, in the order in which they are reported: a cause stands before what follows from it."""


def examine(setup: Setup) -> Iterator[tuple[str, Finding]]:
    """Yield the finding of each check, with its name."""
    reported: list[tuple[OmiseLinksError, str]] = []
    for name, check in CHECKS.items():
        try:
            finding = check(setup)
        except OmiseLinksError as error:
            # `Setup` raises one and the same object for one cause, and keeps it.
            cause = next((cause for known, cause in reported if known is error), None)
            finding = skip(f"Not checked, because of {cause}.") if cause else fail_with(error)
        if finding.error is not None:
            reported.append((finding.error, name))
        yield name, _without_keys(finding)


def _without_keys(finding: Finding) -> Finding:
    """Return what may be printed: an error of another program may show a key that it was given."""
    message, advice = hide_keys(finding.message), hide_keys(finding.advice)
    return replace(finding, message=message, advice=advice)
