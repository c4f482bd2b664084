"""Whether a stack may be torn down; the decision is pure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from samples import make_link, make_resource

from pulumi_omise_links.inventory.accounts import AccountSnapshot, UnusableProvider
from pulumi_omise_links.omise.create_records import CreateRecord, Destination
from pulumi_omise_links.omise.models import OmiseLink, Scope
from pulumi_omise_links.recovery.decide import Action, Decision
from pulumi_omise_links.recovery.facts import OpenCreate, RecoveryFacts
from pulumi_omise_links.stack.model import ManagedLink, StackState
from pulumi_omise_links.teardown.decide import why_refused
from pulumi_omise_links.teardown.facts import Ending, Fate, Outcome, ReadLink, StackFacts

LINK = make_link("link_test_5x1", multiple=False)
RESOURCE = make_resource()
MANAGED = ManagedLink(urn=RESOURCE.urn, id=LINK.id, retain_on_delete=True)
RECORD = CreateRecord(
    path=Path("record"),
    destination=Destination(api_url="https://o", live=False, account_id="a", sub_merchant_id=None),
    salt="",
    digest="",
    since=1_767_225_600.0,
    answer_by=None,
    timeout=30.0,
    project="shop",
    folder="/shop",
    process="1 on ci",
)


def make_facts(
    *found: OmiseLink, live: bool = False, allow: bool = True, **more: Any
) -> StackFacts:
    account = AccountSnapshot(
        scope=Scope("account_1"),
        live=live,
        key_source="OMISE_SECRET_KEY",
        links={link.id: link for link in found},
    )
    usual = {"state": StackState(), "accounts": {"": account}, "allow_live": {"": allow}}
    return StackFacts(name="organization/shop/pr-1", **{**usual, **more})


def decided(action: Action, **changes: Any) -> dict[str, Any]:
    """The facts of one create of a killed run, and what is decided about it."""
    create = OpenCreate(resource=replace(RESOURCE, **changes), pending=True)
    reasons = ("More links fit.",) if action is Action.LEAVE else ()
    link = LINK if action is Action.ADOPT else None
    decision = Decision(
        create=create, action=action, link=link, reasons=reasons, candidates=(LINK,)
    )
    return {"recovery": RecoveryFacts(state=StackState()), "decisions": [decision]}


LEFTOVER = RecoveryFacts(state=StackState(), leftovers=((RECORD, (LINK,)),))
EXPLAINED = RecoveryFacts(state=StackState(), leftovers=((RECORD, ()),))
UNDER_WAY = RecoveryFacts(state=StackState(), leftovers=((replace(RECORD, running=True), (LINK,)),))


@pytest.mark.parametrize(
    ("facts", "part"),
    [
        (make_facts(state=StackState(protected=(RESOURCE.urn,))), "Protected: spring"),
        (make_facts(LINK, state=StackState(links=(MANAGED,))), "spring (link_test_5x1)"),
        (make_facts(state=StackState(links=(MANAGED,))), "retain_on_delete"),
        (
            make_facts(
                LINK,
                state=StackState(links=(replace(MANAGED, retain_on_delete=False),)),
                shared={LINK.id: "organization/shop/prod"},
            ),
            "spring (link_test_5x1) in organization/shop/prod",
        ),
        (make_facts(live=True), "Say --live as well."),
        (make_facts(live=True, allow=False), "OMISE_ALLOW_LIVE=true"),
        (make_facts(accounts={"urn:jp": UnusableProvider("Its key is wrong.")}), "Its key is wron"),
        (make_facts(**decided(Action.LEAVE)), "More links fit. Links that fit: link_test_5x1."),
        (make_facts(**decided(Action.ADOPT, protect=True)), "which has protect: link_test_5x1"),
        (make_facts(**decided(Action.ADOPT, retain_on_delete=True)), "has retain_on_delete"),
        (make_facts(recovery=LEFTOVER), "Links that fit: link_test_5x1. If another stack"),
        (
            make_facts(recovery=replace(EXPLAINED, problems=("A record cannot be read.",))),
            "A record cannot be read.",
        ),
        (make_facts(state=StackState(uncertain=(RESOURCE.urn,))), "`pulumi refresh`"),
    ],
)
def test_each_reason_names_what_is_in_the_way(facts: StackFacts, part: str) -> None:
    """Each alone refuses the stack, and says which resource or link it is about."""
    reasons = why_refused(facts, live=False)

    assert part in " ".join(reasons)


@pytest.mark.parametrize(
    "facts",
    [
        make_facts(),
        make_facts(replace(LINK, used=True), state=StackState(links=(MANAGED,))),
        make_facts(replace(LINK, deleted=True), state=StackState(links=(MANAGED,))),
        make_facts(**decided(Action.ADOPT)),
        make_facts(**decided(Action.CLEAR, protect=True)),
        make_facts(recovery=EXPLAINED),
        make_facts(recovery=UNDER_WAY),
        make_facts(live=True),
    ],
)
def test_what_leaves_nothing_to_pay_is_not_refused(facts: StackFacts) -> None:
    """Such as a retained link that was used up, or a create that made no link."""
    assert why_refused(facts, live=True) == []


@pytest.mark.parametrize(
    ("link", "fate"),
    [
        (LINK, Fate.PAYABLE),
        (replace(LINK, used=True), Fate.USED),
        (replace(LINK, used=True, multiple=True), Fate.PAYABLE),
        (replace(LINK, deleted=True), Fate.DELETED),
        (replace(LINK, deleted=True, used=True), Fate.DELETED),
    ],
)
def test_what_can_be_paid(link: OmiseLink, fate: Fate) -> None:
    """All that exists, but for a link whose one payment was made."""
    assert Fate.of(link) is fate


@pytest.mark.parametrize("fate", Fate)
@pytest.mark.parametrize("ending", Ending)
def test_only_a_proof_is_safe(ending: Ending, fate: Fate) -> None:
    """A stack counts as torn down only if nothing of it can be paid, and that is known."""
    links = [ReadLink(id="link_test_1", urn="u", fate=Fate.DELETED)]
    links.append(ReadLink(id="link_test_2", urn="u", fate=fate))

    safe = Outcome(name="s", ending=ending, links=links).safe

    ended = ending in {Ending.REMOVED, Ending.KEPT, Ending.GONE}
    assert safe is (ended and fate in {Fate.DELETED, Fate.USED})
