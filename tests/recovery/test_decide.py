"""What is decided about the creates that a killed run left; the decision is pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from samples import STACK, make_link, make_resource

from pulumi_omise_links.omise.create_records import CreateRecord, Destination
from pulumi_omise_links.omise.models import OmiseLink, Scope
from pulumi_omise_links.omise.times import read_time
from pulumi_omise_links.recovery.decide import (
    Choices,
    Decision,
    decide,
    needs_second_look,
    removable_records,
)
from pulumi_omise_links.recovery.facts import OpenCreate, RecoveryFacts
from pulumi_omise_links.stack.model import (
    PROVIDER_TYPE,
    UNKNOWN,
    ManagedLink,
    PulumiResource,
    StackState,
)

DOCS = Path(__file__).parents[2] / "docs" / "adoption.md"
BEGAN = 1_767_225_600.0  # 2026-01-01T00:00:00Z
LINK = make_link("link_test_5x1", created_at="2026-01-01T00:00:10Z")
EARLY = replace(LINK, id="link_test_5xearly", created_at="2025-12-01T00:00:00Z")
SECOND = replace(LINK, id="link_test_5x2", created_at="2026-01-01T00:00:11Z")
THIRD = replace(SECOND, id="link_test_5x3")


def pending(name: str = "spring", **inputs: Any) -> OpenCreate:
    return OpenCreate(resource=make_resource(name, inputs=inputs), pending=True, not_before=BEGAN)


def record(link_id: str | None = None) -> CreateRecord:
    return CreateRecord(
        path=Path(f"record-of-{link_id}"),
        destination=Destination(
            api_url="https://o", live=False, account_id="a", sub_merchant_id=None
        ),
        salt="",
        digest="",
        since=BEGAN,
        answer_by=BEGAN + 400,
        timeout=30.0,
        project="shop",
        folder="/shop",
        process="1 on ci",
        link_id=link_id,
    )


URN = pending().urn
OLD = ManagedLink(urn=URN, id="link_test_5xold")
JP = f"urn:pulumi:dev::shop::{PROVIDER_TYPE}::jp"


def make_facts(
    *creates: OpenCreate,
    links: tuple[OmiseLink, ...] = (),
    managed: tuple[ManagedLink, ...] = (),
    program: Mapping[str, PulumiResource] | None = None,
    **more: Any,
) -> RecoveryFacts:
    """What was gathered; the program declares what is open, unless said otherwise."""
    creates = creates or (pending(),)
    there = frozenset({STACK, *(link.urn for link in managed)})
    state = StackState(links=managed, urns=there, written="2026-01-01T00:00:20.123456789Z")
    if program is None:
        step = "replace" if managed else "create"
        program = {create.urn: replace(create.resource, step=step) for create in creates}
    return RecoveryFacts(
        creates=creates,
        links={"": links, JP: links},
        scopes={"": Scope("account_test_1")},
        state=state,
        program=program,
        **more,
    )


@dataclass(frozen=True, kw_only=True)
class Case:
    """``expected`` are the decisions: an action, and the link that is taken."""

    facts: RecoveryFacts
    expected: list[str]
    reason: str = ""
    choices: Choices = field(default_factory=Choices)


JP_CREATE = OpenCreate(
    resource=replace(make_resource(), provider_urn=JP), pending=True, not_before=BEGAN
)
OTHER = ManagedLink(urn=make_resource("b").urn, id=OLD.id)
SAME = {URN: replace(make_resource(), step="same", current_id=OLD.id)}

# The rows of the table in docs/adoption.md.
CASES: dict[str, Case] = {
    "one-link": Case(facts=make_facts(links=(EARLY, LINK)), expected=[f"adopt {LINK.id}"]),
    "answered": Case(
        facts=make_facts(
            replace(pending(), records=(record(SECOND.id),)), links=(LINK, SECOND, THIRD)
        ),
        expected=[f"adopt {SECOND.id}"],
        reason=f"Unmanaged, and like it: {LINK.id}, {THIRD.id}",
    ),
    "replacement": Case(
        facts=make_facts(links=(LINK,), managed=(OLD,)),
        expected=[f"adopt {LINK.id} for {OLD.id}"],
    ),
    "equal-creates": Case(
        facts=make_facts(pending("a"), pending("b"), links=(LINK,)),
        expected=[f"adopt {LINK.id}", "clear"],
    ),
    "no-link": Case(facts=make_facts(), expected=["clear"]),
    "adopting": Case(
        facts=make_facts(pending(adopt=EARLY.id), links=(EARLY, LINK)), expected=["clear"]
    ),
    "taken-by-equal": Case(
        facts=make_facts(
            pending("a"),
            pending("b"),
            links=(LINK,),
            managed=(OTHER,),
            program={
                make_resource("a").urn: make_resource("a"),
                make_resource("b").urn: replace(make_resource("b"), step="same", current_id=OLD.id),
            },
        ),
        expected=[f"adopt {LINK.id}", "clear"],
    ),
    "more-links": Case(
        facts=make_facts(links=(LINK, SECOND)), expected=["leave"], reason="More links fit"
    ),
    "different-times": Case(
        facts=make_facts(
            pending("a"), replace(pending("b"), not_before=BEGAN + 11), links=(LINK, SECOND)
        ),
        expected=["leave", "leave"],
        reason="began at different times",
    ),
    "different-inputs": Case(
        facts=make_facts(
            pending(), pending(title="Sale"), links=(LINK,), program={URN: make_resource()}
        ),
        expected=["leave", "clear"],
        reason="Several killed runs",
    ),
    "older-link": Case(
        facts=make_facts(links=(EARLY,)), expected=["leave"], reason="made before the killed run"
    ),
    "no-bound": Case(
        facts=make_facts(replace(pending(), not_before=None), links=(LINK,)),
        expected=["leave"],
        reason="nothing proves when",
    ),
    "no-evidence": Case(
        facts=make_facts(OpenCreate(resource=make_resource()), links=(LINK,)),
        expected=["leave"],
        reason="on another machine",
    ),
    "not-declared": Case(
        facts=make_facts(links=(LINK,), program={}),
        expected=["leave"],
        reason="no longer declares such a link",
    ),
    "name-taken": Case(
        facts=make_facts(links=(LINK,), managed=(OLD,), program=SAME),
        expected=["leave"],
        reason=f"manages {OLD.id} under this name by now",
    ),
    "delete-first": Case(
        facts=make_facts(
            links=(LINK,),
            managed=(OLD, ManagedLink(urn=URN, id="link_test_5xolder", pending_delete=True)),
        ),
        expected=["leave"],
        reason="still to delete an earlier link",
    ),
    "other-stack-pending": Case(
        facts=make_facts(links=(LINK,), rivals={"prod": (make_resource("theirs"),)}),
        expected=["leave"],
        reason="Stack prod has begun to make a link like it",
    ),
    "other-stack-unread": Case(
        facts=make_facts(links=(LINK,), unread="Stack prod could not be read."),
        expected=["leave"],
        reason="--only-this-stack",
    ),
    "provider-unusable": Case(
        facts=make_facts(JP_CREATE, unusable={JP: "Its provider jp cannot be used: no."}),
        expected=["leave"],
        reason="Its provider jp cannot be used",
    ),
    "account-unproved": Case(
        facts=make_facts(unproved={"": "The key may be of another account."}),
        expected=["leave"],
        reason="another account",
    ),
    "parent-missing": Case(
        facts=make_facts(
            replace(pending(), resource=replace(make_resource(), parent_urn="urn:pulumi:gone")),
            links=(LINK,),
        ),
        expected=["leave"],
        reason="urn:pulumi:gone",
    ),
    "chosen-link": Case(
        facts=make_facts(links=(LINK, SECOND), unread="Stack prod could not be read."),
        choices=Choices(adopt={URN: SECOND.id}),
        expected=[f"adopt {SECOND.id}"],
        reason=f"Unmanaged, and like it: {LINK.id}",
    ),
    "chosen-none": Case(
        facts=make_facts(links=(LINK, SECOND), unproved={"": "?"}),
        choices=Choices(clear=frozenset({URN})),
        expected=["clear"],
    ),
    "chosen-but-taken": Case(
        facts=make_facts(links=(LINK,), managed=(OLD,), program=SAME),
        choices=Choices(adopt={URN: LINK.id}),
        expected=["leave"],
        reason="under this name by now",
    ),
}


def told(decision: Decision) -> str:
    link = f" {decision.link.id}" if decision.link else ""
    return f"{decision.action.value}{link}" + (
        f" for {decision.replaces}" if decision.replaces else ""
    )


@pytest.mark.parametrize("name", CASES)
def test_each_case_of_the_table(name: str) -> None:
    """Every row of the table in the docs is decided so, and with a reason if it is left."""
    case = CASES[name]
    decisions = decide(case.facts, case.choices)

    assert [told(decision) for decision in decisions] == case.expected
    reasons = " ".join(reason for decision in decisions for reason in decision.reasons)
    assert case.reason in reasons
    for decision in decisions:
        if decision.action.value == "leave":
            assert decision.reasons


def test_the_docs_have_these_rows() -> None:
    """The table in docs/adoption.md has exactly the cases above, with the same actions."""
    rows = re.findall(
        r"^\| `([a-z-]+)` \|.*\| ((?:adopt|clear|leave)(?:, (?:adopt|clear|leave))*)\b.*\|$",
        DOCS.read_text(),
        re.M,
    )

    actions = {
        name: ", ".join(action.split()[0] for action in case.expected)
        for name, case in CASES.items()
    }
    assert dict(rows) == actions


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ((), ["clear", "clear"]),
        ((SECOND, LINK), [f"adopt {LINK.id}", f"adopt {SECOND.id}"]),
        ((LINK, SECOND, EARLY), [f"adopt {LINK.id}", f"adopt {SECOND.id}"]),
        ((LINK, SECOND, THIRD), ["leave", "leave"]),
    ],
)
def test_creates_of_equal_inputs_are_interchangeable(
    links: tuple[OmiseLink, ...], expected: list[str]
) -> None:
    """Nobody has seen either address yet; no more links than creates means no doubt."""
    facts = make_facts(pending("a"), pending("b"), links=links)

    assert [told(decision) for decision in decide(facts)] == expected


def test_a_create_without_evidence_does_not_clear_its_equal() -> None:
    """One create is pending, and the program wants an equal one: the link goes to the first."""
    facts = make_facts(pending("a"), OpenCreate(resource=make_resource("b")), links=(LINK,))

    assert [told(decision) for decision in decide(facts)] == [f"adopt {LINK.id}", "clear"]


@pytest.mark.parametrize(
    "program",
    [
        {},
        {URN: make_resource(inputs={"title": "Autumn sale"})},
        {URN: make_resource(inputs={"amount": UNKNOWN})},
    ],
    ids=["gone", "other inputs", "not known yet"],
)
def test_what_the_program_does_not_want_is_not_taken(program: Mapping[str, PulumiResource]) -> None:
    """The next `pulumi up` would delete it; whether that is right, a person knows."""
    facts = make_facts(links=(LINK,), program=program)

    assert [told(decision) for decision in decide(facts)] == ["leave"]
    chosen = decide(facts, Choices(adopt={URN: LINK.id}))
    assert [told(decision) for decision in chosen] == [f"adopt {LINK.id}"]


@pytest.mark.parametrize(
    "facts",
    [
        make_facts(
            links=(LINK,), managed=(OLD,), program={URN: replace(make_resource(), step="same")}
        ),
        make_facts(links=(LINK,), managed=(OLD,), program={}),
        make_facts(
            links=(LINK,),
            managed=(OLD,),
            program={URN: replace(make_resource(inputs={"title": "Autumn"}), step="replace")},
        ),
        make_facts(links=(EARLY,), managed=(OLD,)),
        make_facts(links=(LINK, SECOND), managed=(OLD,)),
        make_facts(links=(LINK,), program=SAME),
    ],
    ids=["reverted", "dropped", "changed again", "early", "two links", "renamed with an alias"],
)
def test_a_link_that_may_be_wanted_is_never_put_in_the_place_of_the_old(
    facts: RecoveryFacts,
) -> None:
    """In doubt, the link that the stack manages stays, and a person looks."""
    assert [told(decision) for decision in decide(facts)] == ["leave"]


def test_a_person_may_choose_between_two_replacements() -> None:
    """The one that is named takes the place, under the same guards."""
    facts = make_facts(links=(LINK, SECOND), managed=(OLD,))
    (decision,) = decide(facts, Choices(adopt={URN: SECOND.id}))

    assert told(decision) == f"adopt {SECOND.id} for {OLD.id}"
    assert LINK.id in decision.reasons[0]


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        ({}, "leave"),
        ({"amount": 1}, "adopt"),
        ({"currency": "THB"}, "leave"),
        ({"currency": "JPY"}, "adopt"),
        ({"amount": None}, "leave"),
    ],
)
def test_a_link_that_another_stack_may_be_making_is_not_taken(
    theirs: dict[str, Any], expected: str
) -> None:
    """Its run tells the state what it begins before it makes it; a secret rules nothing out."""
    rival = make_resource("theirs", inputs=theirs)
    rival = replace(rival, inputs={k: v for k, v in rival.inputs.items() if v is not None})
    (decision,) = decide(make_facts(links=(LINK,), rivals={"prod": (rival,)}))

    assert decision.action.value == expected
    assert [told(one) for one in decide(make_facts(rivals={"prod": (rival,)}))] == ["clear"]


@pytest.mark.parametrize(
    ("case", "removed"),
    [
        ({"links": (LINK,)}, True),
        ({}, True),
        ({"links": (LINK, SECOND)}, False),
    ],
    ids=["adopted", "cleared", "left"],
)
def test_a_record_goes_when_its_create_is_decided(case: dict[str, Any], removed: bool) -> None:
    """What is left to a person keeps its record, and so holds up the next `pulumi up`."""
    facts = make_facts(replace(pending(), records=(record(),)), **case)

    assert bool(removable_records(facts, decide(facts))) is removed


def test_a_record_that_fits_an_unmanaged_link_is_kept() -> None:
    """The program no longer declares the link: as long as it exists, the record names it."""
    without, with_link = record("link_test_5xa"), record("link_test_5xb")
    facts = replace(make_facts(), creates=(), leftovers=((without, ()), (with_link, (LINK,))))

    assert removable_records(facts, []) == [without]


def test_what_was_not_made_is_looked_for_twice() -> None:
    """A late answer may still make the link; what is adopted or said by a person needs no wait."""
    assert needs_second_look(make_facts(), decide(make_facts()))
    chosen = Choices(clear=frozenset({URN}))
    assert not needs_second_look(make_facts(), decide(make_facts(), chosen))
    assert not needs_second_look(make_facts(links=(LINK,)), decide(make_facts(links=(LINK,))))
    busy = make_facts(links=(LINK,), busy=(record(),))
    assert needs_second_look(busy, decide(busy))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-01-01T00:00:00Z", BEGAN),
        ("2026-01-01T07:00:00.123456789+07:00", BEGAN),
        ("2026-01-01T00:00:00", None),
        ("2026-13-01T00:00:00Z", None),
        ("", None),
        ("soon", None),
    ],
)
def test_a_time_that_cannot_be_read_is_no_time(text: str, seconds: float | None) -> None:
    """It must never count as very early, which would put every link in time."""
    assert read_time(text) == seconds
