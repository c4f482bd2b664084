"""What is decided about the creates that a killed run left; the decision is pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pulumi_omise_links.adoption.recovery import Choices, Found, judge, seconds_to_wait
from pulumi_omise_links.omise.models import Home, LinkInputs, OmiseLink
from pulumi_omise_links.stack.answers import PROVIDER_TYPE, Declared, Held
from pulumi_omise_links.stack.answers import StackState as State
from pulumi_omise_links.state import PROVIDER, PROVIDER_KEY, TYPE_TOKEN

STACK = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
INPUTS = LinkInputs(150_000, "THB", "Spring sale", "Two tickets", False)
BEGAN = 1_767_225_600.0  # 2026-01-01T00:00:00Z
LINK = OmiseLink(
    "link_test_5x1",
    False,
    **vars(INPUTS),
    used=False,
    payment_uri="https://pay/1",
    created_at="2026-01-01T00:00:10Z",
)
EARLY = replace(LINK, id="link_test_5xearly", created_at="2025-12-01T00:00:00Z")
SECOND = replace(LINK, id="link_test_5x2", created_at="2026-01-01T00:00:11Z")


def pending(name: str = "spring", **inputs: Any) -> Declared:
    values = {**vars(INPUTS), "currency": "thb", PROVIDER_KEY: PROVIDER, **inputs}
    return Declared(
        urn=f"urn:pulumi:dev::shop::{TYPE_TOKEN}::{name}",
        type=TYPE_TOKEN,
        step="create",
        parent=STACK,
        provider=f"urn:pulumi:dev::shop::{PROVIDER_TYPE}::default",
        inputs=values,
        sealed=values,
    )


def found(
    *creates: Declared, links: tuple[OmiseLink, ...] = (), there: tuple[str, ...] = ()
) -> Found:
    state = State((), frozenset({STACK, *there}), written="2026-01-01T00:00:20.123456789Z")
    homes = {"": Home("account_test_1")}
    return Found(creates or (pending(),), {"": links}, homes, state, BEGAN)


def verdicts(what: Found, choices: Choices | None = None) -> list[tuple[str, str, str | None]]:
    return [
        (each.name, each.action.value, each.link.id if each.link else None)
        for each in judge(what, choices)
    ]


def test_the_one_link_that_fits_is_adopted() -> None:
    """All inputs equal, made since the run can have begun, managed by nobody."""
    assert verdicts(found(links=(LINK,))) == [("spring", "adopt", LINK.id)]


def test_a_create_that_made_nothing_is_cleared() -> None:
    """No link has its inputs: `pulumi up` makes one."""
    assert verdicts(found()) == [("spring", "clear", None)]


def test_an_older_link_with_the_same_inputs_is_not_taken_for_it() -> None:
    """Beside the right one it does not matter; alone, a person has to look."""
    assert verdicts(found(links=(EARLY, LINK))) == [("spring", "adopt", LINK.id)]
    (alone,) = judge(found(links=(EARLY,)))
    assert (alone.action.value, alone.candidates) == ("leave", (EARLY.id,))
    assert "made before the killed run" in alone.reasons[0]


def test_several_links_that_fit_are_shown_and_left_alone() -> None:
    """Until a person says which it is, or that none is."""
    both = found(links=(LINK, SECOND))

    (left,) = judge(both)
    assert (left.action.value, left.candidates) == ("leave", (LINK.id, SECOND.id))
    assert verdicts(both, Choices(adopt={"spring": SECOND.id})) == [("spring", "adopt", SECOND.id)]
    assert verdicts(both, Choices(clear=frozenset({"spring"}))) == [("spring", "clear", None)]


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ((), [("a", "clear", None), ("b", "clear", None)]),
        ((LINK,), [("a", "adopt", LINK.id), ("b", "clear", None)]),
        ((SECOND, LINK), [("a", "adopt", LINK.id), ("b", "adopt", SECOND.id)]),
        ((LINK, SECOND, EARLY), [("a", "adopt", LINK.id), ("b", "adopt", SECOND.id)]),
        (
            (LINK, SECOND, replace(SECOND, id="link_test_5x3")),
            [("a", "leave", None), ("b", "leave", None)],
        ),
    ],
)
def test_creates_of_equal_inputs_are_interchangeable(
    links: tuple[OmiseLink, ...], expected: list[tuple[str, str, str | None]]
) -> None:
    """Nobody has seen either address yet; no more links than creates means no doubt."""
    assert verdicts(found(pending("a"), pending("b"), links=links)) == expected


def test_a_name_that_the_stack_manages_by_now_gets_no_second_link() -> None:
    """`pulumi up` has made another one meanwhile: the first is shown as its double."""
    (left,) = judge(found(links=(LINK,), there=(pending().urn,)))

    assert left.action.value == "leave"
    assert "may be its double" in left.reasons[0]
    assert verdicts(found(there=(pending().urn,))) == [("spring", "clear", None)]


def test_a_create_that_adopts_never_made_a_link() -> None:
    """It is cleared, unless the link it names can be taken right away."""
    assert verdicts(found(pending(adopt="link_test_5xgone"), links=(LINK,))) == [
        ("spring", "clear", None)
    ]
    assert verdicts(found(pending(adopt=EARLY.id), links=(EARLY, LINK))) == [
        ("spring", "adopt", EARLY.id)
    ]


def test_two_runs_that_were_killed_over_the_same_link_are_left_to_a_person() -> None:
    """They wanted different inputs, so more than one link may exist."""
    what = found(pending(), pending(title="Sale"), links=(LINK,))

    assert {each.action.value for each in judge(what)} >= {"leave"}


def test_nothing_is_cleared_before_all_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that makes links outlives a killed `pulumi`."""
    what = found()
    monkeypatch.setattr("time.time", lambda: BEGAN + 30)
    elsewhere = replace(what, state=replace(what.state, written="2026-01-01T07:00:20.5+07:00"))
    assert seconds_to_wait(elsewhere, judge(elsewhere), 30) == 20
    assert seconds_to_wait(what, judge(what), 30) == 20
    assert seconds_to_wait(found(links=(LINK,)), judge(found(links=(LINK,))), 30) == 0
    deleting = replace(what, pending=(), state=replace(what.state, deleting=frozenset({"urn"})))
    assert seconds_to_wait(deleting, [], 30) == 20
    monkeypatch.setattr("time.time", lambda: BEGAN + 60)
    assert seconds_to_wait(what, judge(what), 30) == 0


def test_a_stack_that_cannot_be_read_may_manage_the_link() -> None:
    """Nothing is taken that could belong to it."""
    (left,) = judge(replace(found(links=(LINK,)), unread=("prod",)))

    assert left.action.value == "leave"
    assert "Stack prod could not be read" in left.reasons[0]


def replacing(*links: OmiseLink, since: str = "2025-12-31T10:00:00Z") -> Found:
    """A killed replacement; the link that the stack manages came into the state at ``since``."""
    what = found(links=links, there=(pending().urn,))
    held = Held(pending().urn, "link_test_5xold", created=since)
    return replace(what, state=replace(what.state, links=(held,)))


def test_a_replacement_takes_the_place_of_the_link_it_replaces() -> None:
    """Made after the last successful update had ended, beside a link that was there by then."""
    (verdict,) = judge(replacing(LINK))

    assert (verdict.action.value, verdict.replaces) == ("adopt", "link_test_5xold")
    assert verdict.link == LINK


@pytest.mark.parametrize(
    "what",
    [
        replacing(LINK, since="2026-01-01T00:00:12Z"),
        replacing(LINK, since=""),
        replacing(replace(LINK, created_at="2026-01-01T00:00:04Z")),
        replace(replacing(LINK), last_success=None),
        replacing(LINK, SECOND),
    ],
    ids=["younger in the state", "no time", "clocks", "never a success", "two links"],
)
def test_a_link_that_may_be_wanted_is_never_put_in_the_place_of_the_old(what: Found) -> None:
    """In doubt, the link that the stack manages stays, and a person looks."""
    (left,) = judge(what)

    assert (left.action.value, left.replaces) == ("leave", None)


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        ({}, "leave"),
        ({"amount": 1}, "adopt"),
        ({"currency": "THB"}, "leave"),
        ({"currency": "JPY"}, "adopt"),
    ],
)
def test_a_link_that_another_stack_may_be_making_is_not_taken(
    theirs: dict[str, Any], expected: str
) -> None:
    """Its run tells the state what it begins before it makes it."""
    rival = pending("theirs", **theirs)
    (verdict,) = judge(replace(found(links=(LINK,)), rivals={"prod": (rival,)}))

    assert verdict.action.value == expected
    if expected == "leave":
        assert "Stack prod has begun to make a link like it" in verdict.reasons[0]
    assert verdicts(replace(found(), rivals={"prod": (rival,)})) == [("spring", "clear", None)]


def test_a_secret_of_another_stack_counts_as_equal() -> None:
    """It cannot be opened, so it cannot rule the link out."""
    rival = pending("theirs")
    sealed = replace(rival, inputs={k: v for k, v in rival.inputs.items() if k != "amount"})
    (left,) = judge(replace(found(links=(LINK,)), rivals={"prod": (sealed,)}))

    assert left.action.value == "leave"
