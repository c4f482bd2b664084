"""Waits until no answer can still come to a create of a killed run."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..errors import ProjectError
from ..omise.create_records import longest_answer
from ..safe_text import escape
from .decide import Decision, needs_second_look
from .facts import RecoveryFacts

_MOST_WAITS = 20


def gather_settled(
    gather: Callable[[], RecoveryFacts],
    decide: Callable[[RecoveryFacts], list[Decision]],
    *,
    stack: str,
    timeout: float,
    settle: float | None,
    tell: Callable[[str], None],
) -> tuple[RecoveryFacts, list[Decision]]:
    """Gather until nothing has changed for so long that no answer can still come.

    Only the clock of this machine counts, from the first reading on: the run had ended by then, so
    it sent nothing later.

    :param timeout: how many seconds an answer may take by the settings.
    :param settle: how many seconds nothing must change; by default as long as an answer may take.
    :param tell: takes a sentence for a person who waits.
    :raises ProjectError: it keeps changing.
    """
    before: tuple[object, ...] | None = None
    for _ in range(_MOST_WAITS):
        facts = gather()
        decisions = decide(facts)
        if not needs_second_look(facts, decisions) or (facts.mark == before and not facts.busy):
            return facts, decisions
        before = facts.mark
        wait = settle
        if wait is None:
            wait = longest_answer(max(timeout, facts.longest_timeout))
        tell(f"Waiting {wait:.0f} s: the killed run may still be at work.")
        time.sleep(wait)
    raise ProjectError(
        f"Stack {escape(stack)} keeps changing: another process is writing its state or making"
        " links like those that are open. Nothing was done; stop that process, and run this again."
    )
