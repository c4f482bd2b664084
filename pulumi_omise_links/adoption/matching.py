"""Matches manifest entries without an id to existing links. No I/O.

A link matches if all inputs are equal, byte for byte (only the case of the currency does not
matter). Where that leaves a doubt, nothing is decided. Links that differ in one input, or in what
is hard to see, are named as near misses and never taken.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from ..manifest.entries import Entry
from ..omise.models import LinkInputs, OmiseLink, UnreadableLink
from ..safe_text import escape, format_input
from ..text_differences import describe_difference, fold_appearance, show_difference

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
    """A link that nearly matches an entry, and the inputs that differ.

    ``hidden`` says in what an input differs, if that is hard to see. At most one of the inputs that
    differ is not among them.
    """

    link: OmiseLink
    differs: tuple[str, ...]
    hidden: Mapping[str, str] = field(default_factory=dict)


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
        return [match.entry for match in self.alike if match is not self]

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


def match_entries(entries: Sequence[Entry], links: Iterable[OmiseLink]) -> list[Match]:
    """Find the links of the entries without an id, in the order of the entries.

    :param entries: all entries that belong together; those with an id claim their links.
    :param links: the account's links; deleted ones match nothing.
    """
    owners = {entry.id: entry.name for entry in entries if entry.id is not None}
    first_of: dict[LinkInputs, Match] = {}
    titled: dict[str, list[Match]] = defaultdict(list)
    for entry in entries:
        if entry.id is not None:
            continue
        first = first_of.setdefault(entry.inputs.folded(), Match(entry))
        match = first if first.entry is entry else replace(first, entry=entry, near=[])
        first.alike.append(match)
        titled[fold_appearance(entry.inputs.title)].append(match)
    seen: set[str] = set()
    for link in links:
        alike = titled.get(fold_appearance(link.title))
        if link.deleted or link.id in seen or not alike:
            continue
        seen.add(link.id)
        bare = replace(link, charges=())
        fit = first_of.get(link.inputs.folded())
        if link.id in owners:
            if fit:
                fit.claimed[link.id] = owners[link.id]
            continue
        if fit:
            fit.candidates.append(bare)
        _note_near(bare, alike)
    order = {entry.name: number for number, entry in enumerate(entries)}
    matches = (match for first in first_of.values() for match in first.alike)
    return sorted(matches, key=lambda match: order[match.entry.name])


def describe_near(entry: Entry, near: Near) -> str:
    """Return a sentence on a near miss: the link, and each input that differs with both values."""
    if not near.hidden:
        (name,) = near.differs
        return (
            f"{near.link.id} has this title, but its {name} is"
            f" {format_input(near.link.inputs, name)} and the entry's"
            f" {format_input(entry.inputs, name)}."
        )
    parts = []
    for name in near.differs:
        texts = [format_input(near.link.inputs, name), format_input(entry.inputs, name)]
        if kind := near.hidden.get(name):
            pair = (getattr(near.link, name), getattr(entry.inputs, name))
            texts = [f'"{escape(text, longest=1000)}"' for text in show_difference(*pair)]
            parts.append(f"{name} in {kind} only (link: {texts[0]}, entry: {texts[1]})")
        else:
            parts.append(f"{name} (link: {texts[0]}, entry: {texts[1]})")
    return f"{near.link.id} is not the same, but nearly: it differs in {' and in '.join(parts)}."


def describe_unreadable(link: UnreadableLink) -> str:
    """Return a sentence on a link of the account that cannot be compared."""
    return (
        f"{link.id or 'A link without an id'} cannot be read ({escape(link.problem)}), so whether"
        " it is the link of an entry is not known."
    )


def _note_near(link: OmiseLink, matches: Iterable[Match]) -> None:
    for match in matches:
        differs = tuple(match.entry.inputs.differences(link.inputs))
        hidden = {}
        for name in differs:
            ours, theirs = getattr(match.entry.inputs, name), getattr(link, name)
            if isinstance(ours, str) and (kind := describe_difference(ours, theirs)):
                hidden[name] = kind
        if differs and len(differs) - len(hidden) <= 1:
            match.near.append(Near(link, differs, hidden))
            # What is hard to see comes first.
            match.near.sort(key=lambda near: len(near.differs) - len(near.hidden))
            del match.near[MOST_HINTS:]
