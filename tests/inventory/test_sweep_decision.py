"""Which links a sweep takes: the rules, and the attempts to get around each of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import make_inputs

from pulumi_omise_links.inventory.account_links import AccountLink
from pulumi_omise_links.inventory.filters import Filters
from pulumi_omise_links.inventory.sweep import (
    SweepFacts,
    SweepPlan,
    SweepRules,
    make_checksum,
    make_sweep_plan,
    why_it_changed,
)
from pulumi_omise_links.omise.models import UnreadableLink
from pulumi_omise_links.omise.times import format_time

NOW = 1_780_000_000.0
DAY = 24 * 3600.0
RULES = SweepRules(filters=Filters(), min_age=DAY, most=50, max_share=30)


def make_link(number: int, *, age: float = 10 * DAY, **changes: Any) -> AccountLink:
    """An old link that was never paid, with these changes; ``title`` is that of its inputs."""
    title = changes.pop("title", "try out")
    usual = {"inputs": make_inputs(title=title), "created_at": format_time(NOW - age)}
    return AccountLink(id=f"link_test_{number}", **{**usual, **changes})


def plan_for(links: list[AccountLink], rules: SweepRules = RULES, /, **facts: Any) -> SweepPlan:
    usual: dict[str, Any] = {"live": False, "account_id": "account_1", "now": NOW}
    return make_sweep_plan(SweepFacts(**usual, links=links, **facts), rules, {})


def going(plan: SweepPlan) -> list[str]:
    return [link.id for link in plan.delete]


def why(plan: SweepPlan) -> dict[str, str]:
    return {link.id: link.reason for link in plan.keep}


def test_a_link_whose_charges_are_not_shown_stays() -> None:
    """It may have been paid."""
    link = make_link(1, all_charges_seen=False)

    assert why(plan_for([link])) == {link.id: "Omise does not show whether it was paid."}
    assert why_it_changed(make_link(1), link, include_paid=False)
    assert going(plan_for([link], replace(RULES, include_paid=True))) == [link.id]


def test_a_link_that_may_be_of_another_merchant_stays() -> None:
    """Whatever else is said. A merchant's id of a kind that we do not know is no contradiction."""
    links = [
        make_link(number, merchant_uid=merchant)
        for number, merchant in enumerate([None, "team_b", "team_a", "m-17"])
    ]
    rules = replace(RULES, include_paid=True, force=True)

    assert going(plan_for(links, rules, sub_merchant="team_a")) == ["link_test_2", "link_test_3"]
    assert len(going(plan_for(links, rules))) == 4


LINKS = st.lists(
    st.builds(
        make_link,
        number=st.integers(0, 10_000),
        age=st.sampled_from([-5.0, 0.0, 599.0, DAY - 1, DAY, DAY + 1, 100 * DAY]),
        title=st.sampled_from(["try out", "try out · pr-42", "try out · pr-4", "Bell \x07"]),
        charges_total=st.sampled_from([0, 0, 0, 1, 30]),
        used=st.booleans(),
    ),
    max_size=30,
    unique_by=lambda link: link.id,
)


@given(
    links=LINKS,
    data=st.data(),
    mark=st.sampled_from([None, "pr-42"]),
    used=st.sampled_from([None, True, False]),
    include_paid=st.booleans(),
    recorded=st.booleans(),
)
def test_a_link_goes_only_if_every_rule_lets_it(
    links: list[AccountLink],
    data: st.DataObject,
    mark: str | None,
    used: bool | None,
    include_paid: bool,
    recorded: bool,
) -> None:
    """Whatever the account and the stacks hold: exactly the links that no rule keeps, and each
    link of the scope is named once."""
    ids = st.sets(st.sampled_from([link.id for link in links] or ["link_test_0"]))
    managed, named = data.draw(ids), data.draw(ids)
    rules = replace(
        RULES,
        filters=Filters(used=used),
        mark=mark,
        include_paid=include_paid,
        recorded=recorded,
    )

    plan = plan_for(
        links,
        rules,
        managed=dict.fromkeys(managed, "organization/shop/dev"),
        named=dict.fromkeys(named, "keep.yaml names it."),
    )

    expected = {
        link.id
        for link in links
        if (mark is None or link.inputs.title.endswith(" · pr-42"))
        and (used is None or link.used == used)
        and link.id not in managed | named
        and (include_paid or (link.charges_total == 0 and not link.used))
        and link.created_at <= format_time(NOW - DAY)
        and not (recorded and "\x07" in link.inputs.title)
    }
    assert {*going(plan)} == expected
    assert len(plan.delete) + len(plan.keep) + plan.outside == plan.alive == len(links)
    assert not expected & {*why(plan)}


@pytest.mark.parametrize(
    ("alive", "delete", "refused"),
    [
        (9, 9, False),  # of fewer than ten, any share may go
        (10, 3, False),
        (10, 4, True),
        (11, 3, False),
        (11, 4, True),
        (20, 6, False),
        (20, 7, True),
        (167, 50, False),
        (1000, 50, False),
        (1000, 51, True),
    ],
)
def test_limits(alive: int, delete: int, refused: bool) -> None:
    """More than 50, or more than 30 % of the links that are alive if those are ten or more."""
    links = [make_link(number, age=DAY * (number < delete)) for number in range(alive)]

    plan = plan_for(links)

    assert len(plan.delete) == delete
    assert bool(plan.over_limit) is refused
    assert plan_for(links, replace(RULES, force=True)).over_limit == ()
    assert plan_for(links, replace(RULES, force=True)).checksum == plan.checksum


def test_the_share_is_that_of_the_whole_account() -> None:
    """A narrow scope does not make it smaller; the sentence tells both numbers."""
    titles = ["try out"] * 4 + ["Poster"] * 6
    links = [make_link(number, title=title) for number, title in enumerate(titles)]
    rules = replace(RULES, filters=Filters(title="try*"))

    assert plan_for([*links[1:], make_link(10, title="Poster")], rules).over_limit == ()
    assert plan_for(links, rules).over_limit == (
        "4 of the 10 links that are alive would go; the limit is 30 % (--max-share).",
    )


def test_both_limits_are_named() -> None:
    """And a limit of 0 lets nothing go."""
    links = [make_link(number) for number in range(60)]

    assert len(plan_for(links).over_limit) == 2
    assert len(plan_for(links[:1], replace(RULES, most=0)).over_limit) == 1
    assert len(plan_for(links[:10], replace(RULES, max_share=0)).over_limit) == 1


def test_a_link_is_old_enough_at_the_very_second() -> None:
    """And a second before it is not. A link from the future, as a wrong clock makes it, stays."""
    links = [make_link(1, age=DAY), make_link(2, age=DAY - 1), make_link(3, age=-DAY)]

    plan = plan_for(links)

    assert going(plan) == ["link_test_1"]
    assert why(plan)["link_test_2"].startswith("It is too young: made at 20")


@pytest.mark.parametrize(
    "title",
    ["Sale · pr-4", "Sale · pr-421", "Sale · PR-42", "Sale · pr-42 ", "Sale - pr-42", "Sale pr-42"],
)
def test_a_mark_is_the_end_of_a_title_to_the_letter(title: str) -> None:
    """Neither the mark of another pull request nor a similar one is taken for it."""
    rules = replace(RULES, mark="pr-42")

    plan = plan_for([make_link(1, title=title), make_link(2, title="Sale · pr-42")], rules)

    assert going(plan) == ["link_test_2"]
    assert plan.outside == 1


@pytest.mark.parametrize("charge", [{"charges_total": 1}, {"used": True}])
def test_a_paid_link_stays(charge: dict[str, Any]) -> None:
    """So does one with a failed charge: somebody has its address. --include-paid takes both."""
    links = [make_link(1, **charge)]

    assert why(plan_for(links))["link_test_1"].startswith("It was ")
    assert going(plan_for(links, replace(RULES, include_paid=True))) == ["link_test_1"]


def test_what_cannot_be_read_stays() -> None:
    """It is not known what it is, and it does not count as alive."""
    bad = [UnreadableLink("link_test_9", "amount is missing"), UnreadableLink(None, "no id")]

    plan = plan_for([make_link(number) for number in range(9)], unreadable=bad)

    assert "amount is missing" in why(plan)["link_test_9"]
    assert (len(plan.keep), plan.alive, plan.over_limit) == (2, 9, ())


def test_a_link_that_no_manifest_can_hold_stays_if_it_is_to_be_recorded() -> None:
    """Nothing goes that the record would lack."""
    links = [make_link(1, title="Bell \x07")]

    assert going(plan_for(links)) == ["link_test_1"]
    recorded = plan_for(links, replace(RULES, recorded=True))
    assert why(recorded)["link_test_1"] == (
        "No manifest can hold it, so it cannot be recorded: its title must not hold control"
        " characters (only line breaks and tabs)."
    )


def test_the_checksum_is_that_of_what_goes() -> None:
    """Neither the order nor what stays makes a difference; each link and each input does."""
    first, second = make_link(1), make_link(2)
    plan = plan_for([first, second])

    assert plan_for([second, first, make_link(3, age=0)]).checksum == plan.checksum
    others = [
        plan_for([first]).checksum,
        plan_for([first, make_link(3)]).checksum,
        plan_for([first, make_link(2, title="try out!")]).checksum,
        plan_for([first, replace(second, inputs=make_inputs(title="try out", amount=1))]).checksum,
    ]
    links = {link.id: link.inputs for link in (first, second)}
    others += [
        make_checksum(live=True, account_id="account_1", links=links),
        make_checksum(live=False, account_id="account_2", links=links),
    ]
    assert make_checksum(live=False, account_id="account_1", links=links) == plan.checksum
    assert len({plan.checksum, *others}) == 7


def test_the_checksum_of_a_plan_that_goes_on_is_that_of_its_beginning() -> None:
    """What the earlier run has deleted belongs to it."""
    links = [make_link(number) for number in range(3)]
    facts = SweepFacts(live=False, account_id="account_1", now=NOW, links=links[1:])

    rest = make_sweep_plan(facts, RULES, {links[0].id: links[0].inputs})

    assert rest.checksum == plan_for(links).checksum
    assert going(rest) == ["link_test_1", "link_test_2"]


def test_a_link_that_changed_since_the_plan_stays() -> None:
    """Be it another link by then, or paid."""
    planned = make_link(1)

    assert why_it_changed(planned, planned, include_paid=False) is None
    other = replace(planned, inputs=make_inputs(title="Poster"))
    assert why_it_changed(planned, other, include_paid=True) == (
        "It is no longer as it was planned: title."
    )
    for paid in (replace(planned, charges_total=1), replace(planned, used=True)):
        assert why_it_changed(planned, paid, include_paid=False)
        assert why_it_changed(planned, paid, include_paid=True) is None
