"""The native plugin over its protocol: links, from the first check to the deletion."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from native.native_plugin import NativePlugin, StartNative
from protocol.engine_side import SECRET, SPRING, UNKNOWN, failure
from pulumi.runtime.proto import provider_pb2

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.state_format import PROVIDER_PICKLE

DIFF = provider_pb2.DiffResponse
ALL_NAMES = {
    *SPRING, "paymentUri", "createdAt", "used", "usedAt", "merchantName", "merchantUid",
}  # fmt: skip


def test_the_life_of_a_link(plugin: NativePlugin, omise: Emulator) -> None:
    """Checked, made, unchanged, read, deleted: each answer fits the next question, and the state
    holds inputs and outputs by the names of the schema."""
    inputs, failures = plugin.check(SPRING)
    assert (inputs, failures) == (SPRING, [])

    id_, state = plugin.create(inputs)
    (stored,) = omise.links()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", state["createdAt"])
    assert state == {
        **SPRING,
        "paymentUri": stored["payment_uri"],
        "createdAt": state["createdAt"],
        "used": False,
        "accountId": omise.account("th").id,
    }

    answer = plugin.diff(id_, state, inputs)
    assert (answer.changes, [*answer.replaces]) == (DIFF.DIFF_NONE, [])
    assert plugin.refresh(id_, state, inputs) == (id_, state, inputs)
    plugin.delete(id_, state)
    assert omise.links(deleted=False) == []


def test_a_change_is_told_by_input(plugin: NativePlugin) -> None:
    """A comparison names each input that differs, as one that replaces the link."""
    id_, state = plugin.create(SPRING)
    answer = plugin.diff(id_, state, {**SPRING, "amount": 160_000, "title": "Summer"})

    assert answer.changes == DIFF.DIFF_SOME
    assert {*answer.replaces} == {*answer.detailedDiff} == {"amount", "title"}
    assert all(
        change.kind == provider_pb2.PropertyDiff.UPDATE_REPLACE
        for change in answer.detailedDiff.values()
    )


def test_what_is_not_known_yet_stays_so(plugin: NativePlugin, omise: Emulator) -> None:
    """A value of another resource passes the check, and a preview of a create sends nothing: it
    tells which outputs there will be."""
    given = {**SPRING, "title": UNKNOWN}
    inputs, failures = plugin.check(given)
    assert (inputs, failures) == (given, [])

    id_, outputs = plugin.create(inputs, preview=True)

    assert id_ == ""
    assert {*outputs} == ALL_NAMES
    assert {name for name, value in outputs.items() if value == UNKNOWN} == {
        *(ALL_NAMES - {*SPRING}),
        "title",
    }
    assert omise.links() == []


def test_all_that_is_wrong_is_told_at_once(plugin: NativePlugin) -> None:
    """Each input with a problem has its sentence, and a value is never shown."""
    _, failures = plugin.check({**SPRING, "amount": 1.5, "title": " ", "currency": "XXX"})

    assert [failure.split()[0] for failure in failures] == ["title", "amount", "currency"]
    assert "must not be blank" in failures[0]


def test_adopt_is_for_python_only(plugin: NativePlugin) -> None:
    """Who writes the input of the Python class is told what to do here."""
    with failure() as found:
        plugin.check({**SPRING, "adopt": "link_test_5x1"})

    assert "`pulumi import omise:index:Link NAME ID`" in found[0]


def test_another_type_is_refused(plugin: NativePlugin) -> None:
    """A resource class with a slip in its type makes no link under that type."""
    request = provider_pb2.CheckRequest(urn="urn:pulumi:dev::shop::a:b:C$omise:index/link:Link::x")
    with failure() as found:
        plugin.stub.Check(request)

    assert "omise:index:Link alone, and no omise:index/link:Link" in found[0]


def test_a_refresh_tells_what_happened_in_the_dashboard(
    plugin: NativePlugin, omise: Emulator
) -> None:
    """A payment and a deletion reach the state; a link that is gone has no id any more."""
    id_, state = plugin.create({**SPRING, "multiple": False})
    omise.pay(id_)
    _, paid, _ = plugin.refresh(id_, state, SPRING)
    omise.delete(id_)

    assert paid["used"]
    assert paid["usedAt"] >= paid["createdAt"]
    assert plugin.refresh(id_, paid, SPRING) == ("", {}, {})


def test_texts_that_omise_trims_make_no_change(plugin: NativePlugin, omise: Emulator) -> None:
    """The state keeps Omise's spelling encrypted, and the next comparison shows no change."""
    omise.switch(stored_text="trimmed")
    given = {**SPRING, "title": "Spring sale "}
    id_, state = plugin.create(given)

    assert state["title"] == "Spring sale "
    assert state["asStored"] == {**SECRET, "value": {"title": "Spring sale"}}
    # The engine sends no marks of secrets.
    unmarked = {**state, "asStored": state["asStored"]["value"]}
    _, read, inputs = plugin.refresh(id_, unmarked, given)
    assert inputs == given
    assert read == state


def test_a_lost_answer_is_told_apart_from_a_refusal(start: StartNative, omise: Emulator) -> None:
    """After a lost answer the engine hears that something may have been done; after a refusal
    that nothing was."""
    plugin = start(OMISE_TIMEOUT="1")
    plugin.configure({})
    omise.fault("500", method="GET", path="/links", rate=1)
    codes = []
    for fault in ({"kind": "lost_after"}, {"kind": "changed_answer", "changes": {"amount": 1}}):
        omise.fault(**fault, method="POST")
        with pytest.raises(grpc.RpcError) as caught:
            plugin.create({**SPRING, "title": str(fault)})
        codes.append(caught.value.code())
    with pytest.raises(grpc.RpcError) as caught:
        plugin.create({**SPRING, "title": "x" * 300})

    assert codes == [grpc.StatusCode.UNKNOWN] * 2
    assert caught.value.code() == grpc.StatusCode.FAILED_PRECONDITION


def test_twenty_creates_at_once(plugin: NativePlugin, omise: Emulator) -> None:
    """Each call of the engine is answered with its own link, however many there are at a time."""
    omise.latency = 0.05
    with ThreadPoolExecutor(20) as threads:
        made = [*threads.map(lambda n: plugin.create({**SPRING, "title": f"Sale {n}"}), range(20))]
    omise.latency = 0

    assert {state["title"]: id_ for id_, state in made} == {
        link["title"]: link["id"] for link in omise.links()
    }
    assert omise.journal.count("POST") == 20


# -- links that were declared in Python before


def moved(state: dict[str, object]) -> dict[str, object]:
    """The state of the same link as a dynamic resource has it."""
    names = {"paymentUri": "payment_uri", "createdAt": "created_at", "accountId": "account_id"}
    return {names.get(name, name): value for name, value in state.items()} | {
        "__provider": PROVIDER_PICKLE
    }


def test_a_link_of_a_python_program_moves_over(plugin: NativePlugin, omise: Emulator) -> None:
    """Its record is written anew, and nothing is sent to Omise."""
    id_, state = plugin.create(SPRING)
    omise.journal.clear()
    checked, failures = plugin.check(SPRING, olds={**SPRING, "__provider": PROVIDER_PICKLE})
    answer = plugin.diff(id_, moved(state), checked)

    assert failures == []
    assert (answer.changes, [*answer.replaces]) == (DIFF.DIFF_SOME, [])
    assert plugin.update(id_, moved(state), checked) == state
    assert omise.journal.writes == []
    after = plugin.diff(id_, state, checked)
    assert after.changes == DIFF.DIFF_NONE


def test_a_secret_stays_one_on_the_move(plugin: NativePlugin, omise: Emulator) -> None:
    """A text that Omise stores otherwise goes into the new record encrypted, as it was before."""
    omise.switch(stored_text="trimmed")
    given = {**SPRING, "description": " secret words "}
    id_, state = plugin.create(given)
    # The engine sends no marks of secrets, and sets its own on what has the name of an input.
    olds = {**moved(state), "as_stored": state["asStored"]["value"]}
    del olds["asStored"]

    assert plugin.update(id_, olds, given) == state
    assert state["asStored"] == {**SECRET, "value": {"description": "secret words"}}


def test_a_slip_in_a_translated_program_replaces_nothing(plugin: NativePlugin) -> None:
    """A link that moves over and differs is refused: that is a slip, and it is on posters."""
    id_, state = plugin.create(SPRING)
    with failure() as found:
        plugin.diff(id_, moved(state), {**SPRING, "title": "Sping sale"})

    assert "its title differs from what this resource declares" in found[0]
