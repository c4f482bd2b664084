"""Decides which links a sweep deletes, which links of its scope stay, and why. No I/O.

A link goes only if no rule keeps it: what is not known to be safe stays.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..inputs import check_inputs, mode
from ..mark import has_mark
from ..omise.models import LinkInputs, UnreadableLink, may_be_of
from ..omise.times import format_time
from ..safe_text import escape, pluralize
from .account_links import AccountLink
from .filters import Filters

# Of fewer links, a share says nothing.
_LEAST_FOR_A_SHARE = 10


@dataclass(frozen=True, kw_only=True)
class SweepRules:
    """Which links a sweep may delete, and how many.

    ``mark`` is the one that titles must have; None takes any title. ``min_age`` is in seconds,
    ``max_share`` in percent of the links of the account that are alive. ``force`` lifts both
    limits. ``recorded``: what goes is written to a manifest, so what no manifest can hold stays.
    """

    filters: Filters
    mark: str | None = None
    min_age: float
    most: int
    max_share: int
    force: bool = False
    include_paid: bool = False
    recorded: bool = False

    def fit(self, link: AccountLink) -> bool:
        """Whether a link is in the scope of the sweep."""
        marked = self.mark is None or has_mark(link.inputs.title, self.mark)
        return marked and self.filters.fit(link)


@dataclass(frozen=True, kw_only=True)
class SweepFacts:
    """What a sweep is decided on.

    ``links`` are those of the account that are alive, oldest first; ``unreadable`` those of which
    Omise's answer cannot be read. ``now`` is the time at Omise (Unix seconds). ``managed`` has the
    stack by the id of each link that a stack of the backend manages. ``named`` has a sentence by
    the id of each link that is to stay for another reason. ``sub_merchant`` is the one that the
    settings name.
    """

    live: bool
    account_id: str
    sub_merchant: str | None = None
    now: float
    links: Sequence[AccountLink]
    unreadable: Sequence[UnreadableLink] = ()
    managed: Mapping[str, str] = field(default_factory=dict)
    named: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class KeptLink:
    """A link of the scope that stays. ``title`` is as Omise has it, ``reason`` is safe to print.

    ``managed`` tells whether it stays because a stack has it.
    """

    id: str
    title: str
    reason: str
    managed: bool = False


@dataclass(frozen=True, kw_only=True)
class SweepPlan:
    """What a sweep would do.

    ``delete`` are the links that go, oldest first; ``keep`` those of the scope that stay.
    ``outside`` links of the ``alive`` ones are not in the scope. ``over_limit`` has a sentence for
    each limit that is exceeded and not lifted.
    """

    delete: tuple[AccountLink, ...]
    keep: tuple[KeptLink, ...]
    outside: int
    alive: int
    over_limit: tuple[str, ...]
    checksum: str


def make_sweep_plan(
    facts: SweepFacts, rules: SweepRules, deleted_before: Mapping[str, LinkInputs]
) -> SweepPlan:
    """Decide about each link.

    :param deleted_before: what an earlier run of the same sweep has deleted, by id. With it, the
        checksum is that of the plan which that run has begun.
    """
    delete = []
    keep = []
    outside = 0
    for link in facts.links:
        if not rules.fit(link):
            outside += 1
        elif reason := _who_needs_it(link, facts) or _what_keeps_it(link, facts, rules):
            keep.append(
                KeptLink(
                    id=link.id,
                    title=link.inputs.title,
                    reason=reason,
                    managed=link.id in facts.managed,
                )
            )
        else:
            delete.append(link)
    for bad in facts.unreadable:
        reason = f"Omise's answer about it cannot be read: {escape(bad.problem)}."
        keep.append(KeptLink(id=bad.id or "a link without an id", title="", reason=reason))
    alive = len(facts.links)
    return SweepPlan(
        delete=tuple(delete),
        keep=tuple(keep),
        outside=outside,
        alive=alive,
        over_limit=() if rules.force else tuple(_exceeded(len(delete), alive, rules)),
        checksum=make_checksum(
            live=facts.live,
            account_id=facts.account_id,
            links={**deleted_before, **{link.id: link.inputs for link in delete}},
        ),
    )


def make_checksum(*, live: bool, account_id: str, links: Mapping[str, LinkInputs]) -> str:
    """Return the SHA-256 of a plan: of the mode, the account, and the links that go, by id."""
    sorted_links = [[link_id, vars(links[link_id])] for link_id in sorted(links)]
    text = json.dumps([mode(live), account_id, sorted_links], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def why_it_changed(planned: AccountLink, found: AccountLink, *, include_paid: bool) -> str | None:
    """Return why a link that was to go stays after all; None if it is as it was planned."""
    if differing := planned.inputs.differences(found.inputs):
        return f"It is no longer as it was planned: {', '.join(differing)}."
    return None if include_paid else _payment(found)


def _who_needs_it(link: AccountLink, facts: SweepFacts) -> str | None:
    if stack := facts.managed.get(link.id):
        return f"Stack {escape(stack, longest=300)} manages it."
    asked = facts.sub_merchant
    if asked and not may_be_of(link.merchant_uid, asked):
        # Links of a platform's own account name no merchant.
        return (
            f"Omise does not say that it is of sub-merchant {escape(asked)}: a proxy on the way may"
            " drop the header SUB_MERCHANT_ID."
        )
    return facts.named.get(link.id)


def _what_keeps_it(link: AccountLink, facts: SweepFacts, rules: SweepRules) -> str | None:
    payment = _payment(link)
    if payment and not rules.include_paid:
        return payment
    if link.created_at > format_time(facts.now - rules.min_age):
        return f"It is too young: made at {link.created_at}."
    # Limits of a charge make no link unfit for a record of what was there.
    problems = check_inputs(vars(link.inputs), amount_limits=False).problems
    if problems and rules.recorded:
        what = "; ".join(f"its {problem.name} {problem.problem}" for problem in problems)
        return f"No manifest can hold it, so it cannot be recorded: {what}."
    return None


def _payment(link: AccountLink) -> str | None:
    """Say that a link was paid; a charge that failed counts, as somebody has the address."""
    if link.charges_total > 0:
        return f"It was paid, or a payment was tried: {pluralize(link.charges_total, 'charge')}."
    if link.used:
        return "It was used up by a payment."
    return None if link.all_charges_seen else "Omise does not show whether it was paid."


def _exceeded(going: int, alive: int, rules: SweepRules) -> Iterator[str]:
    if going > rules.most:
        yield f"{pluralize(going, 'link')} would go; the limit is {rules.most:,} (--max)."
    if alive >= _LEAST_FOR_A_SHARE and going * 100 > rules.max_share * alive:
        yield (
            f"{going:,} of the {alive:,} links that are alive would go; the limit is"
            f" {rules.max_share} % (--max-share)."
        )
