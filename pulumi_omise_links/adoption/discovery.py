"""The account's links -> new entries for a manifest. No I/O, but ``links`` may be read as it goes.

Whatever is left out is counted, and what a manifest could not hold is named with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from ..inputs import check_inputs
from ..inventory.filters import Filters
from ..manifest.entries import Entry
from ..manifest.names import Namer
from ..manifest.text import NewEntry
from ..omise.models import OmiseLink, UnreadableLink
from ..safe_text import escape

# Why a link is not among the new entries.
KNOWN, MANAGED, DELETED = "known", "managed", "deleted"
USED, FILTERED = "used", "filtered"
LEFT_OUT = (KNOWN, MANAGED, DELETED, USED, FILTERED)


@dataclass(frozen=True)
class LeftOut:
    """A link that is wanted and that a manifest cannot hold."""

    id: str
    title: str
    reasons: tuple[str, ...]


@dataclass
class Discovery:
    """What was found. ``counts`` has how many links were left out, by why."""

    entries: list[NewEntry] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def listed(self) -> int:
        """How many links Omise listed."""
        return len(self.entries) + len(self.left_out) + self.counts.total()

    def leave_out_unreadable(self, links: Iterable[UnreadableLink]) -> None:
        """Name links of which Omise's answer cannot be read."""
        for link in links:
            reason = f"it cannot be read: {escape(link.problem)}"
            self.left_out.append(LeftOut(link.id or "a link without an id", "", (reason,)))


def discover_links(
    links: Iterable[OmiseLink],
    filters: Filters,
    *,
    names: Namer,
    managed: Collection[str] = (),
    known: Collection[str] = (),
    replaced: Collection[str] = (),
    unidentified: Iterable[Entry] = (),
    amount_limits: bool = True,
) -> Discovery:
    """Find what is new.

    :param links: all links, oldest first, deleted ones included: names depend on them (``names``).
    :param managed: ids of links that stacks manage.
    :param known: ids of links that are in the manifest already.
    :param replaced: ids in a manifest that is about to be replaced. Used links among them stay: a
        program may manage them by that file, and would delete what it no longer names.
    :param unidentified: entries without an id. A link that one of them may be is left out, or two
        entries would be one link.
    :param amount_limits: whether the manifest will be checked for the documented limits.
    """
    found = Discovery()
    seen: set[str] = set()
    without_id = {entry.inputs.folded(): entry.name for entry in unidentified}
    for link in links:
        if link.id in seen:  # a page may repeat what the one before had
            continue
        seen.add(link.id)
        name = names.name(link.title, link.id)
        if why := _why_not(link, filters, managed, known, replaced):
            found.counts[why] += 1
        elif entry_name := without_id.get(link.inputs.folded()):
            reason = f"entry {escape(entry_name)} has the same inputs and no id: `match` it first"
            found.left_out.append(LeftOut(link.id, link.title, (reason,)))
        elif reasons := _problems(link, amount_limits):
            found.left_out.append(LeftOut(link.id, link.title, reasons))
        else:
            found.entries.append(NewEntry(name, link.id, link.inputs))
    return found


def _why_not(
    link: OmiseLink,
    filters: Filters,
    managed: Collection[str],
    known: Collection[str],
    replaced: Collection[str],
) -> str | None:
    if link.deleted:
        return DELETED
    if link.id in known:
        return KNOWN
    if link.id in managed:
        return MANAGED
    if not filters.fit(link):
        return FILTERED
    # An import would refuse it: nobody can pay it again.
    useless = filters.used is None and link.used and not link.multiple
    return USED if useless and link.id not in replaced else None


def _problems(link: OmiseLink, amount_limits: bool) -> tuple[str, ...]:
    problems = check_inputs(vars(link.inputs), amount_limits=amount_limits).problems
    return tuple(f"its {problem.name} {problem.problem}" for problem in problems)
