"""What one can rely on from ``Link`` in a program; Pulumi's own mocks stand in for the engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks as pulumi_mocks

from pulumi_omise_links import Link, LinkArgs, Provider, get_link

INPUTS: dict[str, Any] = {
    "amount": 150_000,
    "currency": "THB",
    "title": "Spring sale",
    "description": "Two tickets",
}


class Mocks(pulumi_mocks.Mocks):
    """Answers as the engine does: every number comes back as a double."""

    def __init__(self) -> None:
        self.inputs: dict[str, dict[str, Any]] = {}

    def new_resource(self, args: pulumi_mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.inputs[args.name] = {k: v for k, v in args.inputs.items() if v is not None}
        return f"link_test_{args.name}", {**args.inputs, "amount": 150_000.0}

    def call(self, args: pulumi_mocks.MockCallArgs) -> tuple[dict[str, Any], None]:
        return {}, None


@pytest.fixture
def misspelt() -> Iterator[None]:
    pulumi.runtime.set_all_config({"omise:submerchantID": "team_1"})
    yield
    pulumi.runtime.set_all_config({})


@pytest.fixture
def mocks() -> Mocks:
    made = Mocks()
    pulumi.runtime.set_mocks(made)
    return made


def run(program: Any) -> None:
    until_done: Any = pulumi.runtime.test
    until_done(program)()


class Ticket(Link):
    """A team's own kind of link."""


@pytest.mark.parametrize("kind", [Link, Ticket])
def test_whole_numbers_stay_whole(mocks: Mocks, kind: type[Link]) -> None:
    """An amount is an int again when it comes back, also in a subclass."""
    seen: list[object] = []

    run(lambda: kind("a", **INPUTS).amount.apply(seen.append))

    assert seen == [150_000]
    assert type(seen[0]) is int


def test_what_follows_from_the_id_is_an_output(mocks: Mocks) -> None:
    """Attributes that are not stored are there all the same."""
    seen: list[object] = []

    def program() -> object:
        link = Link("a", **INPUTS)
        values = (link.object, link.location, link.livemode, link.deleted, link.deleted_at)
        return pulumi.Output.all(*values).apply(seen.extend)

    run(program)

    assert seen == ["link", "/links/link_test_a", False, False, None]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Link("a", **INPUTS),
        lambda: Link("a", None, **INPUTS),
        lambda: Link("a", LinkArgs(**INPUTS)),
        lambda: Link("a", INPUTS),
        lambda: Link("a", args=LinkArgs(**INPUTS), opts=pulumi.ResourceOptions()),
        lambda: Link("a", pulumi.ResourceOptions(), **INPUTS),
    ],
    ids=["keywords", "opts None", "LinkArgs", "mapping", "named", "opts first"],
)
def test_every_way_to_declare_a_link_is_the_same(mocks: Mocks, make: Any) -> None:
    """Keywords, LinkArgs and a mapping declare the same link."""
    run(make)

    declared = {k: v for k, v in mocks.inputs["a"].items() if k != "__provider"}
    assert declared == INPUTS


def test_args_and_keywords_do_not_mix(mocks: Mocks) -> None:
    """Giving inputs twice is refused, rather than one of them ignored."""
    with pytest.raises(TypeError, match="not both"):
        run(lambda: Link("a", LinkArgs(**INPUTS), title="Other"))  # type: ignore[call-overload]  # wrong on purpose


def test_a_misspelt_setting_stops_a_program(mocks: Mocks, misspelt: None) -> None:
    """Neither a provider of its own nor a look-up acts without what the stack was to say."""
    with pytest.raises(pulumi.RunError, match="has omise:submerchantID, which is no setting"):
        Provider("th", allow_live=True)
    with pytest.raises(pulumi.RunError, match="has omise:submerchantID, which is no setting"):
        get_link("link_test_1")
