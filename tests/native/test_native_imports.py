"""The native plugin over its protocol: links that exist, imported or looked up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from native.native_plugin import NativePlugin, StartNative
from protocol.engine_side import SPRING, failure
from pulumi.runtime.proto import provider_pb2

from pulumi_omise_links.emulator import Emulator

IN_OMISE_S_SPELLING = {**SPRING, "currency": "THB"}


def seed(omise: Emulator, **inputs: object) -> str:
    (link_id,) = omise.seed(**{**SPRING, **inputs})
    return link_id


def start_configured(start: StartNative) -> NativePlugin:
    plugin = start()
    plugin.configure({})
    return plugin


def test_an_import_needs_the_id_alone(plugin: NativePlugin, omise: Emulator) -> None:
    """The plugin finds inputs and outputs, and a program that says the same changes nothing."""
    link_id = seed(omise)
    id_, state, inputs = plugin.import_(link_id)
    assert id_ == link_id
    assert inputs == IN_OMISE_S_SPELLING
    assert state["paymentUri"] == omise.link(link_id)["payment_uri"]

    checked, failures = plugin.check(SPRING, olds=inputs)
    assert (checked, failures) == (SPRING, [])
    answer = plugin.diff(link_id, state, checked)
    assert answer.changes == provider_pb2.DiffResponse.DIFF_NONE
    assert omise.journal.writes == []


def test_an_import_that_differs_is_refused(plugin: NativePlugin, omise: Emulator) -> None:
    """An import never ends in a replacement of the link: what differs is named, at preview."""
    link_id = seed(omise, title="Spring sale ")
    _, state, inputs = plugin.import_(link_id)
    checked, _ = plugin.check({**SPRING, "amount": 1_500}, olds=inputs)
    with failure() as found:
        plugin.diff(link_id, state, checked)

    assert f"Link {link_id} cannot be adopted: its title, amount differ" in found[0]
    assert "as a resource option: import" in found[0]


def test_a_later_change_replaces_an_imported_link(start: StartNative, omise: Emulator) -> None:
    """After the run that has imported it, a link is like any other."""
    link_id = seed(omise)
    first, later = start_configured(start), start_configured(start)
    _, state, inputs = first.import_(link_id)
    checked, _ = later.check({**SPRING, "title": "Summer"}, olds=inputs)

    assert [*later.diff(link_id, state, checked).replaces] == ["title"]


def test_another_id_in_the_option_import_leaves_the_old_link(
    start: StartNative, omise: Emulator
) -> None:
    """Pulumi replaces the old link without asking, and its address may be on posters: it stays,
    also if a run that failed leaves the deletion to the next one."""
    old, new = seed(omise), seed(omise)
    _, state, inputs = start_configured(start).import_(old)
    failed, next_ = start_configured(start), start_configured(start)
    _, new_state, _ = failed.import_(new)
    failed.delete(old, state)
    _, new_state, _ = next_.refresh(new, new_state, inputs)
    next_.diff(new, new_state, SPRING)
    next_.delete(old, state)
    assert omise.journal.writes == []

    next_.delete(new, new_state)
    assert [link["id"] for link in omise.links(deleted=False)] == [old]


def test_an_imported_link_that_is_replaced_later_is_deleted(
    start: StartNative, omise: Emulator
) -> None:
    """A change in the program replaces it as any other link, and leaves nothing behind."""
    link_id = seed(omise)
    _, state, _ = start_configured(start).import_(link_id)
    later = start_configured(start)
    later.diff(link_id, state, {**SPRING, "title": "Summer"})
    new, _ = later.create({**SPRING, "title": "Summer"})
    later.delete(link_id, state)

    assert [link["id"] for link in omise.links(deleted=False)] == [new]


def test_two_hundred_imports_cost_pages(plugin: NativePlugin, omise: Emulator) -> None:
    """Many imports read pages of 100 links, and each resource becomes its own link."""
    ids = omise.seed(200, title="Link {n}")
    omise.journal.clear()
    with ThreadPoolExecutor(10) as threads:
        read = [*threads.map(lambda n: plugin.import_(ids[n], f"l{n}"), range(200))]

    assert [(id_, inputs["title"]) for id_, _, inputs in read] == [
        (id_, f"Link {n}") for n, id_ in enumerate(ids, 1)
    ]
    assert len(omise.journal) <= 10


def test_a_link_is_imported_once(plugin: NativePlugin, omise: Emulator) -> None:
    """Two resources that name one link would both delete it one day."""
    link_id = seed(omise)
    plugin.import_(link_id, "a")
    plugin.import_(link_id, "a")
    with failure() as found:
        plugin.import_(link_id, "b")

    assert f"Two resources would be link {link_id}" in found[0]


def test_what_cannot_be_imported(start: StartNative, omise: Emulator) -> None:
    """A link of another account or mode, one that is gone, and what is no id: a sentence each."""
    plugin = start()
    plugin.configure({"accountId": omise.account("th").id})
    gone = seed(omise)
    omise.delete(gone)
    (live,) = omise.seed(live=True)
    (japanese,) = omise.seed(account="jp", currency="JPY")
    expected = {
        gone: "was deleted at",
        live: "is a live link, but the key in the environment variable OMISE_SECRET_KEY is a test",
        japanese: "(404",
        "link_test_none": "(404",
        "spring": "'spring' is not the id of a link",
    }

    for link_id, sentence in expected.items():
        with failure() as found:
            plugin.import_(link_id)
        assert sentence in found[0]


def test_an_import_obeys_the_account_of_the_stack(start: StartNative, omise: Emulator) -> None:
    """With omise:accountId set, a link of another account is not taken in."""
    (link_id,) = omise.seed(account="jp", currency="JPY")
    plugin = start(OMISE_SECRET_KEY=omise.key("jp"))
    plugin.configure({"accountId": omise.account("th").id})
    with failure() as found:
        plugin.import_(link_id)

    assert f"Links belong to {omise.account('th').id} here" in found[0]


@pytest.mark.parametrize(
    ("function", "arguments", "sentence"),
    [
        ("getLinks", {"includeDeleted": "false"}, "includeDeleted must be true or false"),
        ("getLinks", {"includeDeleted": 1}, "includeDeleted must be true or false"),
        ("getLinks", {"createdFrom": 2026}, "createdFrom and createdTo must be text"),
        ("getLinks", {"includedeleted": True}, "(did you mean 'includeDeleted'?)"),
        ("getLinks", {"limit": 5}, "'limit'; it has createdFrom, createdTo, includeDeleted"),
        ("getLink", {"id": "link_test_1", "ids": "x"}, "getLink has no argument 'ids'"),
        ("getLink", {}, "getLink needs id"),
    ],
)
def test_wrong_arguments_of_look_ups(
    plugin: NativePlugin, omise: Emulator, function: str, arguments: dict[str, Any], sentence: str
) -> None:
    """What a look-up would read otherwise than it is meant is refused, and nothing is asked."""
    with failure() as found:
        plugin.call(f"omise:index:{function}", arguments)

    assert sentence in found[0]
    assert len(omise.journal) == 0


def test_look_ups(plugin: NativePlugin, omise: Emulator) -> None:
    """getLink tells all of a link but its charges; getLinks leaves out what was deleted, unless
    asked for it; a resource that is only read has the same state as one that is managed."""
    first, second, gone = omise.seed(3, **SPRING)
    omise.pay(first)
    omise.delete(gone)
    found = plugin.call("omise:index:getLink", {"id": first})
    assert found["id"] == first
    assert found["livemode"] is found["deleted"] is False
    assert {name: found[name] for name in SPRING} == IN_OMISE_S_SPELLING
    assert "charges" not in found

    def listed(**arguments: object) -> list[str]:
        links = plugin.call("omise:index:getLinks", arguments)["links"]
        return [link["id"] for link in links]

    assert listed() == [first, second]
    assert listed(includeDeleted=True) == [first, second, gone]
    assert listed(createdTo="2001-01-01T00:00:00Z") == []
    assert plugin.look_up(second)[1]["paymentUri"] == omise.link(second)["payment_uri"]
    with failure() as failed:
        plugin.call("omise:index:getLink", {"id": "link_test_none"})
    assert "(404" in failed[0]


@pytest.mark.skipif(
    not hasattr(provider_pb2, "ListRequest"), reason="this release of the SDK knows no list"
)
def test_a_list_for_pulumi(plugin: NativePlugin, omise: Emulator) -> None:
    """`pulumi do omise:index:Link list` has the links that are not deleted."""
    ids = omise.seed(3, title="Link {n}")
    omise.delete(ids[0])

    def listed(limit: int = 0) -> list[tuple[str, str]]:
        request = provider_pb2.ListRequest(token="omise:index:Link", limit=limit)
        return [(found.result.id, found.result.name) for found in plugin.stub.List(request)]

    omise.fault("500", path="/links", rate=1)
    with failure() as found:
        listed()
    assert "Could not list links" in found[0]
    omise.clear_faults()
    assert listed() == [(ids[1], "Link 2"), (ids[2], "Link 3")]
    assert listed(limit=1) == [(ids[1], "Link 2")]
