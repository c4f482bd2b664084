"""Entries without an id x the account's links -> which entry is which link. Pure.

Equality of all five inputs is all that counts (the case of the currency does not); where that
leaves a doubt, nothing is decided.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from ..manifest.entries import Entry
from ..omise.models import LinkInputs, OmiseLink

# Enough to help; an account may hold the same title a thousand times.
MOST_HINTS = 5


class Outcome(str, Enum):
    """What became of an entry."""

    MATCHED = "matched"
    """Exactly one link fits, and no other entry."""
    UNMATCHED = "unmatched"
    """No link fits: it will be a new one."""
    CLAIMED = "claimed"
    """The only links that fit are those of other entries: it will be a new one."""
    AMBIGUOUS = "ambiguous"
    """Several links fit, or several entries fit the link: a person must decide."""


@dataclass(frozen=True)
class Near:
    """A link with the title of an entry, and the one other input that differs."""

    link: OmiseLink
    differs: str


@dataclass
class Match:
    """An entry without an id, and what was found for it.

    ``candidates`` are the links that fit; ``claimed`` those that fit and are the links of entries
    with an id, by name. Entries with equal inputs share both, and are ``alike``.
    """

    entry: Entry
    alike: list[Match] = field(default_factory=list, repr=False)
    candidates: list[OmiseLink] = field(default_factory=list)
    claimed: dict[str, str] = field(default_factory=dict)
    near: list[Near] = field(default_factory=list)

    @property
    def rivals(self) -> list[Entry]:
        """Other entries that the candidates fit as well."""
        return [each.entry for each in self.alike if each is not self]

    @property
    def outcome(self) -> Outcome:
        """What became of the entry."""
        if not self.candidates:
            return Outcome.CLAIMED if self.claimed else Outcome.UNMATCHED
        if len(self.candidates) > 1 or len(self.alike) > 1:
            return Outcome.AMBIGUOUS
        return Outcome.MATCHED

    @property
    def id(self) -> str | None:
        """The id of the link that this entry is, if there is no doubt."""
        return self.candidates[0].id if self.outcome is Outcome.MATCHED else None


def match(entries: Sequence[Entry], links: Iterable[OmiseLink]) -> list[Match]:
    """Find the links of the entries without an id, in the order of the entries.

    :param entries: all entries that belong together; those with an id claim their links.
    :param links: the account's links; deleted ones match nothing.
    """
    owners = {each.id: each.name for each in entries if each.id is not None}
    equal: dict[LinkInputs, Match] = {}
    titled: dict[str, list[Match]] = defaultdict(list)
    for each in entries:
        if each.id is None:
            first = equal.setdefault(each.inputs.folded(), Match(each))
            one = first if first.entry is each else replace(first, entry=each, near=[])
            first.alike.append(one)
            titled[each.inputs.title].append(one)
    seen: set[str] = set()
    for link in links:
        if link.deleted or link.id in seen or link.title not in titled:
            continue
        seen.add(link.id)
        bare = replace(link, charges=())
        fit = equal.get(link.inputs.folded())
        if link.id in owners:
            if fit:
                fit.claimed[link.id] = owners[link.id]
            continue
        if fit:
            fit.candidates.append(bare)
        _note_near(bare, titled[link.title])
    order = {each.name: number for number, each in enumerate(entries)}
    found = (one for first in equal.values() for one in first.alike)
    return sorted(found, key=lambda each: order[each.entry.name])


def _note_near(link: OmiseLink, matches: Iterable[Match]) -> None:
    for each in matches:
        differing = each.entry.inputs.differences(link.inputs)
        if len(differing) == 1 and len(each.near) < MOST_HINTS:
            each.near.append(Near(link, differing[0]))
