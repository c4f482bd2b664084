"""Which kind a link is, seen from stacks and account; the decision is pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import SPRING, make_inputs, make_link, make_resource

from pulumi_omise_links.inventory.account_links import AccountLink, AccountLinks
from pulumi_omise_links.inventory.drift import Drift, DriftFacts, Finding, Kind, Owner, decide
from pulumi_omise_links.inventory.stacks import StackStates
from pulumi_omise_links.manifest.entries import AcceptedLink, Place
from pulumi_omise_links.omise.models import Scope, UnreadableLink
from pulumi_omise_links.stack.model import ManagedLink, PulumiResource, StackState
from pulumi_omise_links.state_format import TYPE_TOKEN

PROD, PR = "organization/shop/prod", "organization/shop/pr-1"
OURS = Scope("account_1")
ID, OTHER, THIRD = "link_test_1", "link_test_2", "link_test_3"
LIVE = "link_1"
TODAY = date(2026, 6, 1)


def there(link_id: str = ID, **changes: Any) -> AccountLink:
    """A link as Omise shows it."""
    return AccountLink.of(make_link(link_id, **changes))


def held(link_id: str = ID, name: str = "spring", **changes: Any) -> ManagedLink:
    """The same link as a state holds it."""
    usual = {"scope": OURS, "whole": SPRING, "created_at": "2026-01-01T00:00:00Z"}
    urn = f"urn:pulumi:dev::shop::{TYPE_TOKEN}::{name}"
    return ManagedLink(urn=urn, id=link_id, **{**usual, **changes})


def make_facts(
    account: tuple[AccountLink, ...],
    stacks: Mapping[str, StackState | tuple[ManagedLink, ...]],
    **more: Any,
) -> DriftFacts:
    """What was gathered; links of states that the account lacks are gone."""
    states = {
        name: state if isinstance(state, StackState) else StackState(links=state)
        for name, state in stacks.items()
    }
    links = {link.id: link for link in account}
    known = {link.id for state in states.values() for link in state.links}
    usual = {
        "scope": OURS,
        "live": False,
        "account": AccountLinks(links),
        "stacks": StackStates(states=states),
        "gone": frozenset(known - links.keys()),
    }
    return DriftFacts(**{**usual, **more})


def only(drift: Drift) -> Finding:
    """The one finding."""
    (finding,) = (finding for findings in drift.findings.values() for finding in findings)
    return finding


def kinds(drift: Drift) -> dict[str, int]:
    """How many of each kind were found, without zeros."""
    return {kind.value: len(found) for kind, found in drift.findings.items() if found}


@pytest.mark.parametrize(
    ("link", "state", "kind"),
    [
        (there(), held(), Kind.MANAGED),
        (there(used=True), held(), Kind.MANAGED),  # it can be paid again
        (there(multiple=False, used=True), held(whole=make_inputs(multiple=False)), Kind.USED),
        (
            there(multiple=False, used=True),
            held(whole=make_inputs(multiple=False), used=True),
            Kind.MANAGED,
        ),
        (None, held(), Kind.MISSING),
        (there(deleted=True), held(), Kind.MISSING),
        (there(), held(whole=make_inputs(amount=1)), Kind.DIFFERS),
        (there(currency="thb"), held(), Kind.MANAGED),
        (there(), held(whole=None, partial={"amount": 150_000}), Kind.MANAGED),
        (there(), held(whole=None, partial={"amount": 1}), Kind.DIFFERS),
        (there(), held(whole=make_inputs(title=" Spring sale"), stored_otherwise=True), "managed"),
        (there(), held(whole=make_inputs(amount=1), stored_otherwise=True), Kind.DIFFERS),
        (there(), held(scope=Scope(None)), Kind.MANAGED),
        (None, held(LIVE), Kind.ELSEWHERE),
        (None, held(scope=Scope("account_2")), Kind.ELSEWHERE),
        (None, held(scope=Scope("account_1", "team_1")), Kind.ELSEWHERE),
        (there(), held(pending_delete=True), Kind.PENDING),
        (None, held(pending_delete=True), Kind.PENDING),
    ],
)
def test_a_link_in_one_stack(link: AccountLink | None, state: ManagedLink, kind: Kind) -> None:
    """A secret is not opened, so it is not compared; nor are texts that Omise has respelt."""
    drift = decide(make_facts((link,) if link else (), {PROD: (state,)}))

    assert only(drift).kind == kind
    assert only(drift).owners == (Owner(PROD, "spring"),)
    assert drift.complete


def test_the_inputs_that_differ_are_named() -> None:
    """All of those that can be compared."""
    state = held(whole=None, partial={"amount": 1, "title": "Other", "description": "Two tickets"})

    finding = only(decide(make_facts((there(),), {PROD: (state,)})))

    assert sorted(finding.differs) == ["amount", "title"]


@pytest.mark.parametrize("pending", [False, True])
def test_one_link_in_two_stacks(pending: bool) -> None:
    """Each of the stacks could delete it; be it that one is about to."""
    facts = make_facts((there(),), {PROD: (held(),), PR: (held(name="a", pending_delete=pending),)})

    finding = only(decide(facts))

    assert finding.kind is Kind.DOUBLED
    assert finding.owners == (Owner(PROD, "spring"), Owner(PR, "a"))


def test_one_link_under_two_names_of_a_stack() -> None:
    """As good as in two stacks."""
    facts = make_facts((there(),), {PROD: (held(), held(name="b"))})

    assert only(decide(facts)).owners == (Owner(PROD, "spring"), Owner(PROD, "b"))


def test_a_missing_link_of_two_stacks_is_missing_in_both() -> None:
    """Each of them makes a new one with its next update."""
    drift = decide(make_facts((), {PROD: (held(),), PR: (held(),)}))

    assert [finding.stack for finding in drift.findings[Kind.MISSING]] == [PROD, PR]


def test_a_deleted_link_in_no_stack_is_no_finding() -> None:
    """It cannot be paid."""
    assert kinds(decide(make_facts((there(deleted=True),), {}))) == {}


def pending_create(name: str = "new", **changes: Any) -> StackState:
    return StackState(pending=(make_resource(name, **changes),))


@pytest.mark.parametrize(
    ("stacks", "original", "seconds"),
    [
        ({PROD: (held(),)}, Owner(PROD, "spring"), 2),
        ({PROD: (held(whole=None, partial={"amount": 150_000}),)}, Owner(PROD, "spring"), 2),
        ({PROD: (held(pending_delete=True),)}, Owner(PROD, "spring"), 2),
        ({PROD: (held(THIRD, "gone"),)}, Owner(PROD, "gone"), None),
        ({PROD: (held(),), PR: pending_create()}, Owner(PR, "new"), None),
    ],
)
def test_a_link_like_a_managed_one_is_a_twin(
    stacks: dict[str, Any], original: Owner, seconds: int | None
) -> None:
    """Or like a missing one, or like a pending create, which is the likeliest to have lost it."""
    twin = there(OTHER, created_at="2026-01-01T00:00:02Z")
    facts = make_facts((there(), twin), stacks)

    drift = decide(facts)

    found = {finding.id: finding for finding in drift.findings[Kind.TWIN]}[OTHER]
    assert found.original
    assert (found.original.owner, found.original.seconds) == (original, seconds)


@pytest.mark.parametrize(
    ("link", "state"),
    [
        (there(OTHER, amount=150_001), (held(),)),
        (there(OTHER, title="Spring  sale"), (held(),)),
        (there(OTHER, multiple=False), pending_create()),
        (there(OTHER), pending_create(secret_inputs=frozenset({"title"}))),
        (there(OTHER), (held(scope=Scope("account_2")),)),
    ],
)
def test_what_is_not_equal_in_all_inputs_is_no_twin(
    link: AccountLink, state: StackState | tuple[ManagedLink, ...]
) -> None:
    """Nor what is like a link elsewhere, or like one with a secret that only Omise could tell."""
    drift = decide(make_facts((there(), link), {PROD: state}))

    assert OTHER in {finding.id for finding in drift.findings[Kind.UNMANAGED]}


def test_the_nearest_original_is_named() -> None:
    """Of several equal ones, that which was made just before or after."""
    days = {ID: 1, THIRD: 5}
    links = [
        there(link_id, created_at=f"2026-01-{day:02}T00:00:00Z") for link_id, day in days.items()
    ]
    twin = there(OTHER, created_at="2026-01-04T23:59:50Z")
    facts = make_facts((*links, twin), {PROD: (held(), held(THIRD, "late"))})

    (finding,) = decide(facts).findings[Kind.TWIN]

    assert finding.original
    assert (finding.original.id, finding.original.seconds) == (THIRD, -10)


def test_a_twin_shows_no_secret_of_its_original() -> None:
    """Its title is that which a program keeps as a secret."""
    known = {name: value for name, value in vars(SPRING).items() if name != "title"}
    facts = make_facts((there(), there(OTHER)), {PROD: (held(whole=None, partial=known),)})

    (finding,) = decide(facts).findings[Kind.TWIN]

    assert finding.inputs == known
    assert finding.for_json()["title"] is None


def test_pending_operations_are_findings() -> None:
    """A create has no link yet; a link that was being deleted is pending, there or not."""
    links = (held(), held(OTHER, "b"))
    state = replace(pending_create(), links=links, deleting=frozenset({links[1].urn}))

    drift = decide(make_facts((there(),), {PROD: state}))

    assert kinds(drift) == {"managed": 1, "pending": 2}
    found = {
        (finding.name, finding.id, finding.operation) for finding in drift.findings[Kind.PENDING]
    }
    assert found == {("new", None, "create"), ("b", OTHER, "delete")}


def test_what_was_made_meanwhile_is_not_judged() -> None:
    """A stack that was read before may manage it by now."""
    late = there(OTHER, created_at="2026-01-01T00:00:01Z", title="New")
    facts = make_facts((there(), late), {PROD: (held(),)}, began="2026-01-01T00:00:00Z")

    drift = decide(facts)

    assert (kinds(drift), drift.newer) == ({"managed": 1}, 1)


def test_unmanaged_links_can_be_left_out() -> None:
    """They are counted; a twin is shown in any case."""
    facts = make_facts((there(), there(OTHER), there(THIRD, title="Other")), {PROD: (held(),)})

    drift = decide(facts, wanted=lambda _link: False)

    assert (kinds(drift), drift.filtered) == ({"managed": 1, "twin": 1}, 1)


def test_what_is_not_known_is_not_concluded() -> None:
    """A link that could not be looked up is neither managed nor missing, and is named."""
    facts = replace(
        make_facts((), {PROD: (held(), held(OTHER, "b"), held(THIRD, "c"))}),
        gone=frozenset({ID}),
        undecided={OTHER: "its account is not known."},
        account=AccountLinks({}, (UnreadableLink(THIRD, "amount is missing"),)),
    )

    drift = decide(facts)

    assert (kinds(drift), drift.complete) == ({"missing": 1}, False)
    assert [sentence for sentence in drift.unknowns if OTHER in sentence] == [
        f"Whether {OTHER} is missing is not known: its account is not known."
    ]
    assert any(THIRD in sentence for sentence in drift.unknowns)


def test_a_stack_that_could_not_be_read_makes_the_rest_incomplete() -> None:
    """What looks unmanaged may be its own."""
    stacks = StackStates(states={}, unread={PR: "unexpected end of JSON input"})

    drift = decide(replace(make_facts((there(),), {}), stacks=stacks))

    assert (kinds(drift), drift.complete) == ({"unmanaged": 1}, False)
    assert PR in drift.unknowns[0]


def accept(link_id: str = ID, until: date | None = None) -> AcceptedLink:
    return AcceptedLink(id=link_id, reason="R", until=until, place=Place("a.yaml", 3, 9))


@pytest.mark.parametrize(
    ("until", "kind"),
    [(None, Kind.ACCEPTED), (TODAY, Kind.ACCEPTED), (date(2026, 5, 31), "missing")],
)
def test_a_finding_is_accepted_until_its_last_day(until: date | None, kind: Kind) -> None:
    """It stays among the findings, with the reason."""
    drift = decide(make_facts((), {PROD: (held(),)}), accepted=[accept(until=until)], today=TODAY)

    finding = only(drift)
    assert finding.kind == kind
    assert finding.run_out is (kind == "missing")
    assert finding.for_json()["reason"] == "R"
    assert drift.changes == (kind == "missing")


def test_what_is_in_order_or_pending_is_not_accepted() -> None:
    """A line on it is of no use, and does no harm."""
    facts = make_facts(
        (there(), there(OTHER)), {PROD: (held(), held(OTHER, "b", pending_delete=True))}
    )

    assert kinds(decide(facts, accepted=[accept(), accept(OTHER)])) == {"managed": 1, "pending": 1}


def test_an_accepted_link_that_is_no_longer_there_is_said() -> None:
    """But not one of the other mode, which this key cannot see."""
    lines = [accept(), accept(OTHER), accept(LIVE)]
    facts = make_facts((there(), there(OTHER, deleted=True)), {})

    drift = decide(facts, accepted=lines, today=TODAY)

    assert [line.id for line in drift.left] == [OTHER]


IDS = [f"link_test_{number}" for number in range(5)]
TITLES = st.sampled_from(["A", "B"])
ACCOUNTS = st.dictionaries(
    st.sampled_from(IDS), st.tuples(TITLES, st.booleans(), st.booleans()), max_size=5
)
STACKS = st.dictionaries(
    st.sampled_from([PROD, PR]),
    st.tuples(
        st.dictionaries(
            st.sampled_from(IDS), st.tuples(TITLES, st.booleans(), st.sampled_from("112"))
        ),
        st.lists(TITLES, max_size=1),
    ),
)


def expected(account: dict[str, Any], stacks: dict[str, Any]) -> Counter[tuple[str, str | None]]:
    """The oracle: kind and id of everything."""
    pending = [title for _, titles in stacks.values() for title in titles]
    holders = {one: [links[one] for links, _ in stacks.values() if one in links] for one in IDS}
    ours = {one: [held for held in holders[one] if held[2] == "1"] for one in IDS}
    like = {account[one][0] if one in account else held[0] for one in IDS for held in ours[one]}
    found: list[tuple[str, str | None]] = [("pending", None)] * len(pending)
    for one in IDS:
        found += [("elsewhere", one)] * (len(holders[one]) - len(ours[one]))
        title, deleted, used = account.get(one, ("", True, False))
        if deleted:
            found += [("missing", one)] * len(ours[one])
        elif not holders[one]:
            found.append(("twin" if title in {*like, *pending} else "unmanaged", one))
        elif len(ours[one]) > 1:
            found.append(("doubled", one))
        elif ours[one] and title != ours[one][0][0]:
            found.append(("differs", one))
        elif ours[one]:
            found.append(("used" if used and not ours[one][0][1] else "managed", one))
    return Counter(found)


@given(account=ACCOUNTS, stacks=STACKS)
def test_every_link_is_of_the_kind_that_the_oracle_says(
    account: dict[str, Any], stacks: dict[str, Any]
) -> None:
    """Any account, and any two stacks of it."""

    def inputs(title: str) -> Any:
        return make_inputs(title=title, multiple=False)

    def pending(title: str) -> PulumiResource:
        return make_resource(inputs=vars(inputs(title)))

    links = tuple(
        there(link_id, **{**vars(inputs(title)), "deleted": deleted, "used": used})
        for link_id, (title, deleted, used) in account.items()
    )
    states = {
        name: StackState(
            links=tuple(
                held(link_id, whole=inputs(title), used=used, scope=Scope(f"account_{number}"))
                for link_id, (title, used, number) in content.items()
            ),
            pending=tuple(map(pending, titles)),
        )
        for name, (content, titles) in stacks.items()
    }

    drift = decide(make_facts(links, states))

    found = Counter(
        (finding.kind.value, finding.id)
        for findings in drift.findings.values()
        for finding in findings
    )
    assert found == expected(account, stacks)
