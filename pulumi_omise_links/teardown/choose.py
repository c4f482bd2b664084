"""Decides which stacks a pattern may match. No I/O."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from ..inputs import is_live
from ..omise.times import format_time
from ..settings import ALLOW_LIVE, NAMESPACE, Settings
from ..stack.backend import StackSummary
from ..stack.model import StackState

MOST_STACKS = 20
"""More at once need ``--force``."""


def is_pattern(name: str) -> bool:
    """Whether a name stands for all stacks that fit it. No stack has such a name."""
    return any(character in name for character in "*?[")


def nearest_name(name: str, existing: Sequence[str]) -> str | None:
    """Return the name of a stack that may have been meant, or None.

    Names that differ in a number are names of two environments, and no slip.

    :param name: a name of no stack, short or full.
    :param existing: the full names of those that there are; the one returned is as short as
        ``name``.
    """
    parts = name.count("/") + 1
    names = ["/".join(full.split("/")[-parts:]) for full in existing]
    same_numbers = [one for one in names if re.findall(r"\d+", one) == re.findall(r"\d+", name)]
    return next(iter(difflib.get_close_matches(name, same_numbers, n=1, cutoff=0.7)), None)


def why_unmatched(
    stack: StackSummary, *, now: datetime, idle: timedelta | None = None
) -> str | None:
    """Return why a pattern does not match a stack whose name fits; None if it does.

    :param idle: how long ago the last update must be.
    """
    if stack.selected:
        return "it is the selected stack"
    if idle is None:
        return None
    if stack.last_update is None:
        return "it was never updated, so nothing tells how long it has been idle"
    if now - stack.last_update < idle:
        return f"its last update was at {format_time(stack.last_update.timestamp())}"
    return None


def why_live(state: StackState, config: str | None) -> str | None:
    """Return why a stack may be about real money, which a pattern never matches; else None.

    :param config: the setting ``omise:allowLive`` in the stack's config.
    """
    if any(is_live(link.id) for link in state.links):
        return "it has live links"
    setting = f"{NAMESPACE}:{ALLOW_LIVE}"
    stored = [provider.inputs.get(setting) for provider in state.providers.values()]
    if any(setting in provider.secret_inputs for provider in state.providers.values()) or any(
        Settings.resolve({ALLOW_LIVE: value}, {}).allow_live for value in (config, *stored)
    ):
        return f"it has {setting}"
    return None
