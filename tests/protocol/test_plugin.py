"""The provider over the plugin's own protocol: a life, checks and diffs."""

from __future__ import annotations

import pytest
from protocol.engine_side import LINK, SECRET, SPRING, UNKNOWN, Plugin, Start, failure

from pulumi_omise_links.emulator import Emulator


def test_the_life_of_a_link(plugin: Plugin, there: Emulator) -> None:
    """Checked, made, unchanged, read, deleted: each answer fits the next question."""
    inputs, failures = plugin.check(SPRING)
    assert (inputs, failures) == (SPRING, [])

    id_, outputs = plugin.create(inputs)
    (stored,) = there.links()
    assert id_ == stored["id"]
    assert {name: outputs[name] for name in SPRING} == SPRING
    assert outputs["payment_uri"] == stored["payment_uri"]
    assert outputs["account_id"] == there.account("th").id
    assert "used_at" not in outputs, "what is not there takes no place in the state"

    assert plugin.diff(outputs, inputs) == []
    assert plugin.read(id_, outputs, inputs) == (id_, outputs, inputs)
    plugin.delete(id_, outputs)
    assert there.links(deleted=False) == []


def test_whole_numbers_stay_whole(plugin: Plugin, there: Emulator) -> None:
    """An amount is a double on the wire, a whole number for Omise and the same one again."""
    inputs, _ = plugin.check({**SPRING, "amount": 2_000.0})
    id_, outputs = plugin.create(inputs)

    assert there.link(id_)["amount"] == 2_000
    assert type(there.link(id_)["amount"]) is int
    assert outputs["amount"] == 2_000
    _, read, drifted = plugin.read(id_, outputs)
    assert read["amount"] == drifted["amount"] == 2_000


def test_defaults_are_filled_in(plugin: Plugin) -> None:
    """Inputs left out come back with their defaults, so that diffs are about values."""
    inputs, failures = plugin.check({k: v for k, v in SPRING.items() if k != "multiple"})

    assert failures == []
    assert inputs["multiple"] is False


def test_unknown_values_are_let_through(plugin: Plugin) -> None:
    """At preview, values of other resources are not known: they stay unknown and are not blamed."""
    unknown = dict.fromkeys([*SPRING, "adopt"], UNKNOWN)
    assert plugin.check(unknown) == (unknown, [])

    inputs, failures = plugin.check({**SPRING, "amount": UNKNOWN, "title": " "})
    assert inputs["amount"] == UNKNOWN
    assert failures == ["|title must not be blank"]


def test_a_nested_unknown_is_still_a_wrong_type(plugin: Plugin) -> None:
    """A list is no title, whatever it will hold."""
    _, failures = plugin.check({**SPRING, "title": ["x", UNKNOWN], "amount": {"a": UNKNOWN}})

    assert failures == [
        "|title must be text, not a list",
        "|amount must be a whole number, not a mapping",
    ]


def test_all_faults_at_once_and_no_value_shown(plugin: Plugin) -> None:
    """Every fault comes in one answer; none names a property, so the engine shows no value."""
    _, failures = plugin.check(
        {"amount": 1500.5, "currency": "TBH", "title": "s3cret\x00", "descripton": "s3cret"}
    )

    assert len(failures) == 5
    assert all(failure.startswith("|") for failure in failures)
    assert "s3cret" not in "".join(failures)
    assert "did you mean 'description'?" in "".join(failures)


def test_secrets_are_never_printed(plugin: Plugin) -> None:
    """The engine sends secrets in the clear to this kind of provider; wrapped ones stay wrapped."""
    wrapped = {**SPRING, "title": {**SECRET, "value": "s3cret"}}
    _, failures = plugin.check(wrapped)

    assert failures
    assert "s3cret" not in "".join(failures)


def test_null_counts_as_not_given(plugin: Plugin) -> None:
    """None in a program is the same as leaving the input out."""
    inputs, failures = plugin.check({**SPRING, "multiple": None, "adopt": None})

    assert failures == []
    assert inputs["multiple"] is False


@pytest.mark.parametrize("adopt", ["", "chrg_test_1", "link_test_5X", 5, True, ["link_test_1"]])
def test_adopt_must_be_an_id(plugin: Plugin, adopt: object) -> None:
    """What is no id is told at preview; above all an empty one, which must not make a link."""
    assert plugin.check({**SPRING, "adopt": adopt})[1] == [
        "|adopt must be the id of a link (link_test_5x…)"
    ]


# -- diff


@pytest.mark.parametrize(
    ("name", "value", "replaced"),
    [
        ("amount", 150_001, ["amount"]),
        ("amount", 150_000.0, []),
        ("currency", "THB", []),
        ("currency", "USD", ["currency"]),
        ("title", "spring sale", ["title"]),
        ("description", "", ["description"]),
        ("multiple", False, ["multiple"]),
        ("adopt", "link_test_6344k6rzgco9ul41cap", []),
        ("payment_uri", "https://elsewhere.example", []),
        ("nonsense", 1, []),
        *[(name, UNKNOWN, [name]) for name in SPRING],
        ("adopt", UNKNOWN, []),
    ],
)
def test_a_diff_is_about_the_inputs(
    plugin: Plugin, there: Emulator, name: str, value: object, replaced: list[str]
) -> None:
    """A changed input replaces the link and is named; nothing else ever does."""
    account = there.account("th").id
    olds = {**SPRING, "payment_uri": "https://link.omise.co/1", "used": True, "account_id": account}

    assert plugin.diff(olds, {**SPRING, name: value}) == replaced


def test_a_state_of_an_older_schema_replaces_nothing(plugin: Plugin, there: Emulator) -> None:
    """A state that lacks what has a default, or holds what we no longer know, is no change."""
    olds = {k: v for k, v in SPRING.items() if k != "multiple"} | {"of_old": [1, {"a": None}]}
    olds["account_id"] = there.account("th").id

    assert plugin.diff(olds, {**SPRING, "multiple": False}) == []
    assert plugin.diff(olds, {**SPRING, "multiple": True}) == ["multiple"]
    assert plugin.diff({**olds, "multiple": None}, {**SPRING, "multiple": False}) == []


def test_a_link_of_another_account_is_not_replaced(start: Start, omise: Emulator) -> None:
    """The new link would be made in the wrong account; one that stays is refused, too, as it may
    have been moved to this provider. Both at preview."""
    _, outputs = start().create(SPRING)
    other = start(OMISE_SECRET_KEY=omise.key("jp"))
    for title in ("Spring sale", "Autumn"):
        with failure() as found:
            other.diff(outputs, {**SPRING, "title": title})
        assert "Link link_test_" in found[0]
        assert omise.account("th").id in found[0]


def test_no_link_is_made_beside_those_of_another_account(start: Start, omise: Emulator) -> None:
    """One of them has been compared, so where the stack's links live is known."""
    _, outputs = start().create(SPRING)
    other = start(OMISE_SECRET_KEY=omise.key("jp"))
    with failure():
        other.diff(outputs, SPRING)
    with failure() as found:
        other.create({**SPRING, "currency": "JPY"})

    assert "Link link_test_" in found[0]
    assert omise.links("jp") == []


def test_an_adopted_link_is_not_replaced(start: Start) -> None:
    """What says that it is this very link cannot become another one; the change is named."""
    plugin = start()
    news = {**SPRING, "adopt": LINK}
    assert plugin.diff(SPRING, news) == []
    with failure() as found:
        plugin.diff(SPRING, {**news, "title": "Autumn", "multiple": False})

    assert f"Link {LINK} cannot be adopted: its title, multiple differ" in found[0]
