"""What is decided about the creates that a killed run left; the decision is pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from pulumi_omise_links.omise.models import LinkInputs, OmiseLink, Scope
from pulumi_omise_links.recovery.recovery import Choices, Found, judge, seconds_to_wait
from pulumi_omise_links.stack.pulumi_json import PROVIDER_TYPE, UNKNOWN, ManagedLink, PulumiResource
from pulumi_omise_links.stack.pulumi_json import StackState as State
from pulumi_omise_links.state_format import PROVIDER_KEY, PROVIDER_PICKLE, TYPE_TOKEN

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


def pending(name: str = "spring", **inputs: Any) -> PulumiResource:
    values = {**vars(INPUTS), "currency": "thb", PROVIDER_KEY: PROVIDER_PICKLE, **inputs}
    return PulumiResource(
        urn=f"urn:pulumi:dev::shop::{TYPE_TOKEN}::{name}",
        type=TYPE_TOKEN,
        step="create",
        parent=STACK,
        provider=f"urn:pulumi:dev::shop::{PROVIDER_TYPE}::default",
        inputs=values,
        sealed=values,
    )


URN = pending().urn
OLD = ManagedLink(URN, "link_test_5xold")


def found(
    *creates: PulumiResource,
    links: tuple[OmiseLink, ...] = (),
    held: tuple[ManagedLink, ...] = (),
    program: Mapping[str, PulumiResource] | None = None,
    **more: Any,
) -> Found:
    """What was looked up; the program declares what is pending, unless said otherwise."""
    creates = creates or (pending(),)
    there = frozenset({STACK, *(each.urn for each in held)})
    state = State(held, there, written="2026-01-01T00:00:20.123456789Z")
    if program is None:
        step = "replace" if held else "create"
        program = {each.urn: replace(each, step=step) for each in creates}
    scopes = {"": Scope("account_test_1")}
    return Found(creates, {"": links}, scopes, state, BEGAN - 5, program, **more)


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
    assert (alone.action.value, alone.candidates) == ("leave", (EARLY,))
    assert "made before the killed run" in alone.reasons[0]


def test_several_links_that_fit_are_shown_and_left_alone() -> None:
    """Until a person says which it is, or that none is."""
    both = found(links=(LINK, SECOND))

    (left,) = judge(both)
    assert (left.action.value, left.candidates) == ("leave", (LINK, SECOND))
    assert verdicts(both, Choices(adopt={URN: SECOND.id})) == [("spring", "adopt", SECOND.id)]
    assert verdicts(both, Choices(clear=frozenset({URN}))) == [("spring", "clear", None)]


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
    same = {URN: replace(pending(), step="same", current_id=OLD.id)}
    (left,) = judge(found(links=(LINK,), held=(OLD,), program=same))

    assert left.action.value == "leave"
    assert f"manages {OLD.id} under this name by now" in left.reasons[0]
    assert verdicts(found(held=(OLD,), program=same)) == [("spring", "clear", None)]
    chosen = Choices(adopt={URN: LINK.id})
    assert verdicts(found(links=(LINK,), held=(OLD,), program=same), chosen) == [
        ("spring", "leave", None)
    ]


def test_a_name_that_another_link_has_by_an_alias_gets_no_second_link() -> None:
    """A rename was killed, and made a move afterwards: the new link is shown as a double."""
    moved = {URN: replace(pending(), step="same", current_id=OLD.id)}
    (left,) = judge(found(links=(LINK,), program=moved))

    assert (left.action.value, left.candidates) == ("leave", (LINK,))
    assert f"manages {OLD.id} under this name" in left.reasons[0]


@pytest.mark.parametrize(
    "program",
    [
        {},
        {URN: replace(pending(title="Autumn sale"), step="create")},
        {URN: replace(pending(amount=UNKNOWN), step="create")},
    ],
    ids=["gone", "other inputs", "not known yet"],
)
def test_what_the_program_does_not_want_is_not_taken(program: Mapping[str, PulumiResource]) -> None:
    """The next `pulumi up` would delete it; whether that is right, a person knows."""
    (left,) = judge(found(links=(LINK,), program=program))

    assert left.action.value == "leave"
    assert "no longer declares such a link" in left.reasons[0]
    chosen = Choices(adopt={URN: LINK.id})
    assert verdicts(found(links=(LINK,), program=program), chosen) == [("spring", "adopt", LINK.id)]


def test_a_create_that_adopts_never_made_a_link() -> None:
    """It is cleared: `pulumi up` adopts by itself what the program still names."""
    for link_id in ("link_test_5xgone", EARLY.id):
        what = found(pending(adopt=link_id), links=(EARLY, LINK))
        assert verdicts(what) == [("spring", "clear", None)]


def test_a_create_whose_provider_is_gone_is_left_to_a_person() -> None:
    """Nobody knows which account its link would be in, so it is not taken for never made."""
    jp = f"urn:pulumi:dev::shop::{PROVIDER_TYPE}::jp"
    (left,) = judge(found(replace(pending(), provider=jp)))

    assert left.action.value == "leave"
    assert "Its provider jp has left the stack" in left.reasons[0]


def test_a_double_beside_the_link_that_was_chosen_is_named() -> None:
    """Whoever decides between two links hears of the one that nobody manages."""
    (chosen,) = judge(found(links=(LINK, SECOND)), Choices(adopt={URN: LINK.id}))

    assert chosen.link == LINK
    assert SECOND.id in chosen.reasons[0]


def test_a_link_that_another_create_has_got_is_nobody_s_double() -> None:
    """Of two equal creates, one has a link by now; the other one takes the one there is."""
    what = found(
        pending("a"),
        pending("b"),
        links=(LINK,),
        held=(ManagedLink(pending("b").urn, OLD.id),),
        program={
            pending("a").urn: pending("a"),
            pending("b").urn: replace(pending("b"), step="same", current_id=OLD.id),
        },
    )

    assert verdicts(what) == [("a", "adopt", LINK.id), ("b", "clear", None)]


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
    # Omise's clock is ten minutes ahead: that is no sign of life.
    ahead = replace(
        what, links={"": (replace(LINK, created_at="2026-01-01T00:10:10Z"),)}, ahead=600
    )
    assert seconds_to_wait(ahead, judge(what), 30) == 20
    monkeypatch.setattr("time.time", lambda: BEGAN + 60)
    assert seconds_to_wait(what, judge(what), 30) == 0


def test_a_stack_that_cannot_be_read_may_manage_the_link() -> None:
    """Nothing is taken that could belong to it."""
    (left,) = judge(replace(found(links=(LINK,)), unread=("prod",)))

    assert left.action.value == "leave"
    assert "Stack prod could not be read" in left.reasons[0]


def test_a_replacement_takes_the_place_of_the_link_it_replaces() -> None:
    """The program would replace that one by just such a link, so `pulumi up` would delete it."""
    (verdict,) = judge(found(links=(LINK,), held=(OLD,)))

    assert (verdict.action.value, verdict.link, verdict.replaces) == ("adopt", LINK, OLD.id)


@pytest.mark.parametrize(
    "what",
    [
        found(links=(LINK,), held=(OLD,), program={URN: replace(pending(), step="same")}),
        found(links=(LINK,), held=(OLD,), program={}),
        found(
            links=(LINK,),
            held=(OLD,),
            program={URN: replace(pending(title="Autumn"), step="replace")},
        ),
        found(links=(LINK,), held=(OLD, ManagedLink(URN, "link_test_5xolder", leaving=True))),
        found(links=(EARLY,), held=(OLD,)),
        found(links=(LINK, SECOND), held=(OLD,)),
    ],
    ids=["reverted", "dropped", "changed again", "an older one to delete", "early", "two links"],
)
def test_a_link_that_may_be_wanted_is_never_put_in_the_place_of_the_old(what: Found) -> None:
    """In doubt, the link that the stack manages stays, and a person looks."""
    (left,) = judge(what)

    assert (left.action.value, left.replaces) == ("leave", None)


def test_a_person_may_choose_between_two_replacements() -> None:
    """The one that is named takes the place, under the same guards."""
    what = found(links=(LINK, SECOND), held=(OLD,))
    (verdict,) = judge(what, Choices(adopt={URN: SECOND.id}))

    assert (verdict.link, verdict.replaces) == (SECOND, OLD.id)
    assert LINK.id in verdict.reasons[0]


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
