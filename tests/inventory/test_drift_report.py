"""How the findings of a drift read."""

from __future__ import annotations

from typing import Any

from samples import SPRING, make_link

from pulumi_omise_links.inventory.account_links import AccountLink, AccountLinks
from pulumi_omise_links.inventory.chosen_stacks import ChosenStacks
from pulumi_omise_links.inventory.drift import DriftFacts, decide
from pulumi_omise_links.inventory.drift_report import make_result
from pulumi_omise_links.inventory.stacks import StackStates
from pulumi_omise_links.omise.models import Scope
from pulumi_omise_links.output.json import write_json
from pulumi_omise_links.output.text import write_text
from pulumi_omise_links.stack.model import ManagedLink, StackState
from pulumi_omise_links.state_format import TYPE_TOKEN

ID = "link_test_1"


def report(held: ManagedLink, *stacks: str) -> str:
    """The text on one link of the sample inputs that all of these stacks hold."""
    facts = DriftFacts(
        scope=Scope(None),
        live=False,
        account=AccountLinks({ID: AccountLink.of(make_link(ID))}),
        stacks=StackStates(states={stack: StackState(links=(held,)) for stack in stacks}),
    )
    chosen = ChosenStacks(
        backend=None,  # type: ignore[arg-type]  # it is not asked
        names=stacks,
        settings_stack=None,
        title="these stacks",
    )
    result = make_result(decide(facts), facts, chosen)
    return write_text(result) + write_json(result)


def hold(**changes: Any) -> ManagedLink:
    return ManagedLink(urn=f"urn:pulumi:dev::shop::{TYPE_TOKEN}::spring", id=ID, **changes)


def test_stacks_of_several_projects_are_told_apart() -> None:
    """By the project, which is left out where there is one."""
    one = report(hold(whole=SPRING), "o/shop/prod", "o/shop/pr-1")
    two = report(hold(whole=SPRING), "o/shop/prod", "o/other/prod")

    assert "prod  spring  link_test_1" in one
    assert "also pr-1/spring" in one
    assert "shop/prod  spring  link_test_1" in two
    assert "also other/prod/spring" in two


def test_a_secret_currency_is_shown_nowhere() -> None:
    """Not even beside an amount that differs."""
    said = report(hold(partial={"amount": 1, "title": "T"}), "o/shop/prod")

    assert "amount: 150000 at Omise, 1 in the state." in said
    assert "[secret]" in said
    assert "THB" not in said


def test_foreign_text_does_nothing_to_a_terminal() -> None:
    """A title may be anybody's."""
    said = report(hold(partial={"amount": 1, "title": "\x1b[2J\u202e"}), "o/shop/prod")

    assert "\x1b" not in said
    assert "\u202e" not in said
