"""What one can rely on from ``Link`` in a program; Pulumi's own mocks stand in for the engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks as pulumi_mocks

import pulumi_omise_links
from pulumi_omise_links import Link, LinkArgs, Provider, get_link
from pulumi_omise_links.errors import ArgumentError, SettingsError

# For wrong uses, which mypy would refuse; tests/typing_api.py holds that it does.
ANY: Any = pulumi_omise_links
ANY_PULUMI: Any = pulumi

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
def mocks() -> Iterator[Mocks]:
    made = Mocks()
    pulumi.runtime.set_mocks(made)
    pulumi.runtime.set_all_config({}, [])
    yield made
    pulumi.runtime.set_all_config({}, [])


def run(program: Any) -> None:
    until_done: Any = pulumi.runtime.test
    until_done(program)()


class Elsewhere(pulumi.ProviderResource):
    """A provider of another package."""

    def __init__(self) -> None:
        super().__init__("aws", "b")


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


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda: ANY.Link("a", LinkArgs(**INPUTS), title="Other"), "not both (title came"),
        (lambda: ANY.Link("a", 12_000, "THB", "t", "d"), "give the inputs by their names"),
        (lambda: ANY.Link("a", 12_000), "give the inputs by their names"),
        (lambda: ANY.Link("a", {1: 2}), "give the inputs by their names"),
        (lambda: ANY.Link("a", INPUTS, args=INPUTS), "give the inputs by their names"),
        (
            lambda: ANY.Link("a", INPUTS, {"protect": True}),
            "opts must be pulumi.ResourceOptions(…)",
        ),
        (lambda: ANY.Link("a", opts="x", **INPUTS), "opts must be pulumi.ResourceOptions(…)"),
        (
            lambda: ANY.Link("a", opts=ANY_PULUMI.ResourceOptions(provider="th"), **INPUTS),
            "provider in opts must be a Provider of pulumi_omise_links",
        ),
        (
            lambda: ANY.Link("a", opts=ANY_PULUMI.ResourceOptions(provider=Elsewhere()), **INPUTS),
            "provider in opts must be a Provider of pulumi_omise_links",
        ),
        (
            lambda: ANY.Link("a", opts=ANY_PULUMI.ResourceOptions(parent="b"), **INPUTS),
            "parent in opts must be a resource",
        ),
        (lambda: ANY.Link("", **INPUTS), "its name in the program"),
        (lambda: ANY.Link(" ", **INPUTS), "its name in the program"),
        (lambda: ANY.Link("a::b", **INPUTS), "holds no '::'"),
        (lambda: ANY.Link(None, **INPUTS), "its name in the program"),
        (lambda: ANY.Link(INPUTS), "its name in the program"),
        (
            lambda: ANY.Link("a", opts=pulumi.ResourceOptions(import_="link_test_1"), **INPUTS),
            'declare it with adopt="<its id>", or use `omise-links import`',
        ),
        (lambda: ANY.Link.get("a", None), "id is None"),
        (lambda: ANY.Link.get("a", 5), "id must be text, not int"),
        (lambda: ANY.Link.get("a", f"{ANY.Link('b', **INPUTS).id}"), "id holds an Output"),
        (lambda: ANY.Link.get("a", "link_test_1", {"protect": True}), "opts must be"),
        (lambda: ANY.get_link(5), "get_link: link_id must be text, not int"),
        (
            lambda: ANY.get_link(ANY.Link("a", **INPUTS).id),
            "link.id.apply(lambda value: get_link(…))",
        ),
        (lambda: ANY.get_link(ANY.Link("a", **INPUTS)), "link.id.apply(lambda value: get_link(…))"),
        (lambda: ANY.get_link("link_test_1", settings={}), "get_link: settings must be Settings"),
        (lambda: ANY.get_links(created_from=2026), "get_links: created_from must be text, not int"),
        (lambda: ANY.Provider("th", allow_live="false"), "allow_live must be True or False"),
        (lambda: ANY.Provider("th", amount_limits=1), "amount_limits must be True or False"),
    ],
)
def test_a_wrong_call_is_one_sentence(mocks: Mocks, call: Any, problem: str) -> None:
    """What a call gets wrong is said with what to write; nothing is declared by it."""
    with pytest.raises(ArgumentError) as refused:
        run(call)

    assert problem in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not {*mocks.inputs} - {"a", "b"}


def test_a_flag_out_of_an_output_is_judged_when_it_is_known(mocks: Mocks) -> None:
    """A text is never read as "yes": it would let a live key write."""
    with pytest.raises(ArgumentError, match="allow_live must be True or False"):
        run(lambda: ANY.Provider("th", allow_live=pulumi.Output.from_input("false")))
    run(lambda: Provider("jp", allow_live=pulumi.Output.from_input(False)))

    assert mocks.inputs["jp"]["omise:allowLive"] == "false"


@pytest.mark.parametrize("key", ["skey_test_1", ""])
def test_a_key_in_plain_text_stops_a_program(mocks: Mocks, key: str) -> None:
    """A link, a provider and a look-up refuse a stack whose config shows the key; stored as a
    secret it is fine."""
    calls: tuple[Any, ...] = (
        lambda: Link("a", **INPUTS),
        lambda: Provider("th", secret_key_env="OMISE_TH_KEY"),
        lambda: get_link("link_test_1"),
    )
    config = {"omise:secretKey": key, "omise:amountLimits": "off"}
    pulumi.runtime.set_all_config(config, [])
    for call in calls:
        with pytest.raises(SettingsError) as refused:
            call()
        assert "pulumi config set --secret omise:secretKey" in str(refused.value)
        assert "skey_test_1" not in str(refused.value)
    assert mocks.inputs == {}
    pulumi.runtime.set_all_config(config, ["omise:secretKey"])

    run(lambda: Link("a", **INPUTS))

    assert {*mocks.inputs} == {"a"}


def test_a_misspelt_setting_stops_a_program(mocks: Mocks) -> None:
    """Neither a provider of its own nor a look-up acts without what the stack was to say."""
    pulumi.runtime.set_all_config({"omise:submerchantID": "team_1"})
    with pytest.raises(SettingsError, match="has omise:submerchantID, which is no setting"):
        Provider("th", allow_live=True)
    with pytest.raises(SettingsError, match="has omise:submerchantID, which is no setting"):
        get_link("link_test_1")
