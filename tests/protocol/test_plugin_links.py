"""Links over the plugin's own protocol: read, updated, deleted and adopted."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import pytest
from protocol.engine_side import LINK, SECRET, SPRING, UNKNOWN, Plugin, Start, failure

from pulumi_omise_links.emulator import Emulator

# -- read

reads_inputs = pytest.mark.skipif(
    tuple(int(part) for part in version("pulumi").split(".")[:2]) < (3, 268),
    reason="Link.get refuses this version of Pulumi's SDK",
)


@pytest.mark.parametrize("switch", ["deleted", "not_found"])
def test_a_link_that_is_gone_reads_as_gone(start: Start, omise: Emulator, switch: str) -> None:
    """An empty id tells the engine that the link is gone."""
    omise.switch(get_deleted=switch)
    id_, outputs = start().create(SPRING)
    omise.delete(id_)

    assert start().read(id_, outputs) == ("", {}, {})


def test_drift_shows_in_outputs_and_inputs(plugin: Plugin, there: Emulator) -> None:
    """What was changed elsewhere comes back in both, so that the next preview sees it."""
    id_, outputs = plugin.create(SPRING)
    there.mutate(id_, title="Changed", used=True)

    _, outs, inputs = plugin.read(id_, outputs, SPRING)
    assert outs["title"] == inputs["title"] == "Changed"
    assert (outs["used"], "used_at" in outs) == (True, True)
    assert inputs.keys() == SPRING.keys()
    assert plugin.diff(outs, SPRING) == ["title"]


def test_a_refresh_asks_for_nothing_but_its_links(start: Start, omise: Emulator) -> None:
    """What Omise shows to a key is of the key's account. A comparison of what was not read asks for
    the account, and so does one that leads to a replacement."""
    id_, outputs = start().create(SPRING)
    plugin = start()
    omise.journal.clear()
    plugin.read(id_, outputs)
    assert plugin.diff(outputs, SPRING, id_) == []
    assert [entry.path for entry in omise.journal.entries] == [f"/links/{id_}"]

    assert plugin.diff(outputs, {**SPRING, "title": "New"}, id_) == ["title"]
    assert start().diff(outputs, SPRING, id_) == []
    assert [entry.path for entry in omise.journal.entries][1:] == ["/account", "/account"]
    with failure() as found:
        plugin.diff({**outputs, "sub_merchant_id": "team_1"}, SPRING, id_)
    assert "belongs to account_" in found[0]


@reads_inputs
def test_get_with_inputs_only(plugin: Plugin, there: Emulator) -> None:
    """`Link.get` sends an id and hardly anything else: the whole link comes back."""
    (id_,) = there.seed(title="Found")
    for outputs, inputs in ((None, {}), ({}, None), (None, {"title": None})):
        read, outs, _ = plugin.read(id_, outputs, inputs)
        assert read == id_
        assert outs["title"] == "Found"
        assert outs["account_id"] == there.account("th").id


@reads_inputs
def test_get_of_a_link_that_is_not_there(plugin: Plugin, there: Emulator) -> None:
    """The engine takes an empty answer to `Link.get` for success, so it is an error."""
    (id_,) = there.seed()
    there.delete(id_)
    with failure() as found:
        plugin.read(id_, None, {})
    assert f"Link {id_} was deleted at 20" in found[0]
    with failure() as found:
        plugin.read(LINK, None, {})
    assert f"Omise refused to read link {LINK}" in found[0]


@pytest.mark.parametrize(
    "fault", [{"kind": "500"}, {"kind": "not_json"}, {"kind": "lost_before"}], ids=str
)
def test_a_fault_is_never_gone(start: Start, omise: Emulator, fault: dict[str, Any]) -> None:
    """A read that fails is an error of one line, and the state stays."""
    plugin = start()
    id_, outputs = plugin.create(SPRING)
    omise.fault(**fault, method="GET", rate=1)
    with failure() as found:
        plugin.read(id_, outputs)

    assert "Could not " in found[0]


def test_another_account_s_key_reads_nothing_as_gone(start: Start, omise: Emulator) -> None:
    """With another account's key neither read nor delete believes a 404."""
    id_, outputs = start().create(SPRING)
    other = start(OMISE_SECRET_KEY=omise.key("jp"))
    for _ in range(3):  # the first read asks for the link, later ones for pages
        with failure() as found:
            other.read(id_, outputs)
        assert "belongs to account_" in found[0]
        with failure() as found:
            other.delete(id_, outputs)
        assert "belongs to account_" in found[0]

    assert len(omise.links(deleted=False)) == 1


# -- update, delete


def test_an_update_keeps_the_outputs(plugin: Plugin) -> None:
    """Should the engine ever ask for an update, nothing is lost from the state."""
    outputs = {**SPRING, "payment_uri": "https://link.omise.co/1", "account_id": "a", "used": False}

    assert plugin.update(outputs, {**SPRING, "currency": "THB"}) == outputs


def test_an_update_keeps_secrets(plugin: Plugin) -> None:
    """What the engine sends unmarked goes back marked, as no input has its name."""
    outputs = {**SPRING, "payment_uri": "https://link.omise.co/1", "as_stored": {"title": "x"}}

    assert plugin.update(outputs, SPRING)["as_stored"] == {**SECRET, "value": {"title": "x"}}


def test_a_record_of_the_native_plugin_is_refused(plugin: Plugin, there: Emulator) -> None:
    """An alias cannot bring a link back from the native plugin: nothing is read or written with a
    record that does not say here which account it is of."""
    id_, outputs = plugin.create(SPRING)
    there.journal.clear()
    names = {"payment_uri": "paymentUri", "created_at": "createdAt", "account_id": "accountId"}
    native = {names.get(name, name): value for name, value in outputs.items()}

    for ask in (
        lambda: plugin.diff(native, SPRING, id_),
        lambda: plugin.diff(native, {**SPRING, "title": "Summer"}, id_),
        lambda: plugin.read(id_, native),
        lambda: plugin.update(native, SPRING),
        lambda: plugin.delete(id_, native),
    ):
        with failure() as found:
            ask()
        assert "is managed as omise:index:Link, and an alias cannot make it Python's" in found[0]
        assert "(`pulumi state delete`, which leaves the link)" in found[0]
    assert len(there.journal) == 0


@pytest.mark.parametrize("switch", ["deleted", "not_found", "failed_deletion"])
def test_deleting_what_is_gone_succeeds(start: Start, omise: Emulator, switch: str) -> None:
    """A link that somebody deleted meanwhile does not stand in the way of destroy."""
    omise.switch(delete_deleted=switch)
    id_, outputs = start().create(SPRING)
    omise.delete(id_)

    start().delete(id_, outputs)


def test_a_refused_deletion_is_one_line(plugin: Plugin, there: Emulator) -> None:
    """A link that Omise keeps is an error that says so."""
    id_, outputs = plugin.create(SPRING)
    there.fault("refused_deletion", method="DELETE")
    with failure() as found:
        plugin.delete(id_, outputs)

    assert f"Omise refused to delete link {id_}: deletion failed (422" in found[0]
    assert f"with OMISE_KEEP_LINKS={id_} in the environment" in found[0]


# -- adopt


def test_adopt_takes_a_link_without_a_write(plugin: Plugin, there: Emulator) -> None:
    """An existing link with equal inputs is taken; nothing is posted."""
    (id_,) = there.seed(**{**SPRING, "currency": "THB"})
    adopted, outputs = plugin.create({**SPRING, "adopt": id_})

    assert adopted == id_
    assert outputs["payment_uri"] == there.link(id_)["payment_uri"]
    assert there.journal.writes == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"title": "Autumn"}, "title differs"),
        ({"title": "Spring sale "}, "title (in spaces or line breaks only) differs"),
        ({"amount": 3_000, "multiple": False}, "amount, multiple differ"),
    ],
)
def test_adopt_refuses_a_link_that_differs(
    plugin: Plugin, there: Emulator, change: dict[str, Any], named: str
) -> None:
    """A link that is not what the resource declares is refused by the names that differ."""
    (id_,) = there.seed(**{**SPRING, "currency": "THB", **change})
    with failure() as found:
        plugin.create({**SPRING, "adopt": id_})

    assert f"Link {id_} cannot be adopted: its {named} from what" in found[0]
    assert "ignore_changes does not apply to an adoption" in found[0]
    assert "Autumn" not in found[0]
    assert there.journal.writes == []


def test_adopt_refuses_what_is_gone_or_unknown(plugin: Plugin, there: Emulator) -> None:
    """A deleted link, an unknown one, one of live mode: an error, and nothing is made."""
    (id_,) = there.seed(**{**SPRING, "currency": "THB"})
    there.delete(id_)
    for adopt, error in (
        (id_, "was deleted at"),
        (LINK, "Omise refused to read link"),
        ("link_5u7inajkxmf06uyr4ni", "is a live link"),
    ):
        with failure() as found:
            plugin.create({**SPRING, "adopt": adopt})
        assert error in found[0]

    assert there.journal.writes == []


def test_what_cannot_be_adopted_is_told_at_preview(plugin: Plugin, there: Emulator) -> None:
    """A link that differs, is gone or unknown fails the check of a new resource, that of one that
    the stack has already does not ask, and nothing is asked while an input is not known yet."""
    (same, other, gone) = there.seed(3, **{**SPRING, "currency": "THB"})
    there.mutate(other, title="Autumn")
    there.delete(gone)

    assert plugin.check({**SPRING, "adopt": same})[1] == []
    for adopt, sentence in (
        (other, "its title differs from what this resource declares"),
        (gone, "a deleted link cannot come back"),
        (LINK, f"Omise refused to read link {LINK}"),
    ):
        (failed,) = plugin.check({**SPRING, "adopt": adopt})[1]
        assert sentence in failed
    assert plugin.check({**SPRING, "adopt": gone}, SPRING)[1] == []
    assert plugin.check({**SPRING, "title": UNKNOWN, "adopt": gone})[1] == []
    assert there.journal.writes == []


def test_a_link_that_was_to_be_adopted_is_not_deleted(plugin: Plugin, there: Emulator) -> None:
    """The resource that should have taken it failed: its old name must not take the link along."""
    (id_,) = there.seed(**{**SPRING, "currency": "THB"})
    _, outputs = plugin.create({**SPRING, "title": "Another"})
    plugin.check({**SPRING, "adopt": id_})
    there.journal.clear()
    with failure() as found:
        plugin.delete(id_, outputs)

    assert f"Link {id_} was not deleted" in found[0]
    assert there.journal.writes == []


# -- what Omise stores otherwise than it was asked


@pytest.mark.parametrize(
    ("stored_text", "title"),
    [("trimmed", " Spring sale "), ("squished", "Spring  sale"), ("composed", "Cafe\u0301"),
     ("unchanged", " Spring  cafe\u0301 ")],
)  # fmt: skip
def test_a_text_that_omise_spells_otherwise_is_no_change(
    start: Start, omise: Emulator, stored_text: str, title: str
) -> None:
    """The state keeps the program's spelling: no replacement, no drift, not even after an upgrade
    of the state by a refresh. What is really changed afterwards shows."""
    omise.switch(stored_text=stored_text)
    plugin = start()
    inputs = {**SPRING, "title": title, "description": title}
    id_, outputs = plugin.create(inputs)
    assert {name: outputs[name] for name in inputs} == inputs
    stored = omise.link(id_)["title"]
    assert (stored == title) == ("as_stored" not in outputs)
    if stored != title:
        # The engine encrypts what is marked so, and sends it back in plain.
        secret = outputs["as_stored"]
        assert secret == {**SECRET, "value": {"title": stored, "description": stored}}
        outputs["as_stored"] = secret["value"]

    assert plugin.diff(outputs, inputs) == []
    _, again, drifted = plugin.read(id_, outputs, inputs)
    assert drifted == inputs
    assert {name: again[name] for name in inputs} == inputs
    assert ("as_stored" in again) == (stored != title)

    omise.mutate(id_, title="Autumn")
    _, again, drifted = plugin.read(id_, outputs, inputs)
    assert again["title"] == drifted["title"] == "Autumn"
    assert again["description"] == drifted["description"] == title
    assert plugin.diff(again, inputs) == ["title"]


@pytest.mark.parametrize(
    "spelt",
    [
        {"currency": "thb"},
        {"amount": 150_000.0},
        {"deleted": None, "used": None, "livemode": None, "charges": None, "location": None},
    ],
)
def test_an_attribute_that_omise_spells_otherwise_is_no_change(
    start: Start, omise: Emulator, spelt: dict[str, Any]
) -> None:
    """Neither the create nor a refresh takes another spelling of a value for another value."""
    omise.fault("changed_answer", path="/links*", changes=spelt, rate=1.0)
    plugin = start()
    id_, outputs = plugin.create(SPRING)

    assert {name: outputs[name] for name in SPRING} == SPRING
    assert plugin.diff(outputs, SPRING, id_) == []
    read_id, again, drifted = plugin.read(id_, outputs, SPRING)
    assert (read_id, drifted) == (id_, SPRING)
    assert plugin.diff(again, SPRING, id_) == []
    assert omise.journal.count("POST") == 1


def test_an_amount_in_another_spelling_is_still_compared(start: Start, omise: Emulator) -> None:
    """A double is an amount like any other: one that was not asked for is named at once."""
    omise.fault("changed_answer", method="POST", path="/links", changes={"amount": 160_000.0})
    plugin = start()
    with failure() as found:
        plugin.create(SPRING)

    (made,) = omise.links()
    assert f"Omise made link {made['id']}, but its amount is not what was asked for" in found[0]


def test_a_link_of_another_sub_merchant_is_not_taken(start: Start, omise: Emulator) -> None:
    """A proxy may drop the header that names the sub-merchant: such a link is neither adopted nor
    looked up, and a refresh does not take it for the one of the stack."""
    plugin = start(OMISE_SUB_MERCHANT_ID="team_a")
    id_, outputs = plugin.create(SPRING)
    changes = {"merchant_uid": "team_b"}
    omise.fault("changed_answer", path="/links/*", changes=changes, rate=1.0)
    omise.fault("changed_items", path="/links", changes=changes, rate=1.0)
    said = f"Link {id_} is of sub-merchant team_b, although team_a was asked for"

    _, problems = plugin.check({**SPRING, "adopt": id_})
    assert len(problems) == 1
    assert said in problems[0]
    for call in (
        lambda: plugin.create({**SPRING, "adopt": id_}),
        lambda: plugin.read(id_, {}),
        lambda: plugin.read(id_, outputs, SPRING),
    ):
        with failure() as found:
            call()
        assert said in found[0]
    assert omise.journal.count("POST") == 1


# -- repeated by the engine


def test_a_create_that_is_repeated_makes_no_second_link(start: Start, omise: Emulator) -> None:
    """An error hook of the program may have a failed create repeated: while the first one may have
    made a link, none is sent; once it is listed, it is taken."""
    plugin = start(OMISE_TIMEOUT="1")
    omise.fault("lost_after", method="POST")
    omise.fault("500", method="GET", path="/links", rate=1)
    for _ in range(2):
        with failure() as found:
            plugin.create(SPRING)
        assert "was lost" in found[0] or "omise-links recover" in found[0]
    omise.clear_faults()
    id_, _ = plugin.create(SPRING)

    assert omise.journal.count("POST", "/links") == 1
    assert [link["id"] for link in omise.links()] == [id_]
