"""Decides whether a stack may be torn down. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..inventory.accounts import AccountSnapshot, UnusableProvider
from ..recovery.decide import Action
from ..safe_text import escape
from ..stack.model import name_of
from .facts import Fate, StackFacts


def why_refused(facts: StackFacts, *, live: bool) -> list[str]:
    """Return all reasons why a stack is not torn down, as sentences; none if it may be.

    :param live: whether the caller has said that live links may be deleted.
    """
    return [
        *_protected(facts),
        *_retained(facts),
        *_shared(facts),
        *_live(facts, live),
        *_unusable(facts),
        *_undecided(facts),
        *_uncertain(facts),
    ]


def _protected(facts: StackFacts) -> Iterator[str]:
    if facts.state.protected:
        yield (
            f"Protected: {_list(facts.state.protected)}. `pulumi state unprotect <URN> --stack"
            f" {escape(facts.name)}` takes the protection away."
        )
    for decision in facts.decisions:
        resource = decision.create.resource
        if decision.action is Action.ADOPT and (resource.protect or resource.retain_on_delete):
            option = "protect" if resource.protect else "retain_on_delete"
            yield (
                f"A killed run has made link {escape(decision.name)}, which has {option}:"
                f" {decision.link.id if decision.link else ''}. `omise-links recover --stack"
                f" {escape(facts.name)}` takes it into the stack."
            )


def _retained(facts: StackFacts) -> Iterator[str]:
    found = facts.found
    retained = [
        link
        for link in facts.state.links
        if link.retain_on_delete
        and (link.id not in found or Fate.of(found[link.id]) is Fate.PAYABLE)
    ]
    if retained:
        named = ", ".join(f"{escape(link.name)} ({link.id})" for link in retained)
        yield (
            f"retain_on_delete would leave these links at Omise, where they can be paid: {named}."
            " Take the option away by a `pulumi up`. Or, to keep such a link, take it out of the"
            f" stack: `pulumi state delete <URN> --stack {escape(facts.name)}`."
        )


def _shared(facts: StackFacts) -> Iterator[str]:
    shared = [link for link in facts.state.links if link.id in facts.shared]
    if shared:
        named = ", ".join(
            f"{escape(link.name)} ({link.id}) in {escape(facts.shared[link.id], longest=300)}"
            for link in shared
        )
        yield (
            f"Another stack manages these links as well, and would lose them: {named}. Take each"
            f" out of one of the two: `pulumi state delete <URN> --stack {escape(facts.name)}`."
        )


def _live(facts: StackFacts, live: bool) -> Iterator[str]:
    opened = {
        urn: account
        for urn, account in facts.accounts.items()
        if isinstance(account, AccountSnapshot) and account.live
    }
    if not opened:
        return
    if not live:
        yield "It has live links, so real money moves through them. Say --live as well."
    if not all(facts.allow_live[urn] for urn in opened):
        yield (
            "It has live links, and what the last `pulumi up` left in the state does not allow to"
            " delete them: run `pulumi config set omise:allowLive true` and `pulumi up`, or set"
            " OMISE_ALLOW_LIVE=true."
        )


def _unusable(facts: StackFacts) -> Iterator[str]:
    for account in facts.accounts.values():
        if isinstance(account, UnusableProvider):
            yield account.reason


def _undecided(facts: StackFacts) -> Iterator[str]:
    advice = (
        f"`omise-links recover --stack {escape(facts.name)}` settles it; where the program is gone,"
        " an empty __main__.py will do."
    )
    for decision in facts.decisions:
        if decision.action is Action.LEAVE:
            links = ", ".join(link.id for link in decision.candidates) or "none"
            yield (
                f"Whether a killed run has made link {escape(decision.name)} is not certain:"
                f" {' '.join(decision.reasons)} Links that fit: {links}. {advice}"
            )
    if facts.recovery is None:
        return
    yield from facts.recovery.problems
    for record, fitting in facts.recovery.leftovers:
        # A process that runs hands its link to a stack by itself.
        if fitting and not record.running:
            links = ", ".join(link.id for link in fitting)
            yield escape(
                f"A create of this project was cut off on this machine (process {record.process} in"
                f" {record.folder}), and may have been one of this stack. Links that fit: {links}."
                " If another stack declares such a link, run `omise-links recover` there; otherwise"
                " delete the link at Omise. Then run this again.",
                longest=1000,
            )


def _uncertain(facts: StackFacts) -> Iterator[str]:
    if facts.state.uncertain:
        yield (
            "A killed run was making or importing these, so they may exist, and are not in the"
            f" stack: {_list(facts.state.uncertain)}. `pulumi refresh` on a terminal settles it."
        )


def _list(urns: Iterable[str]) -> str:
    return ", ".join(escape(f"{name_of(urn)} ({urn})", longest=500) for urn in urns)
