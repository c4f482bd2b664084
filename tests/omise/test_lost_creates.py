"""A create whose answer is lost: never two links for one, and never one that nobody names."""

from __future__ import annotations

import email.utils
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, Literal

import pytest
from client_setup import client_for, hurry
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omise.posting import posts, when_posted
from raw_server import raw_server, response
from samples import SPRING

from pulumi_omise_links.emulator import Behaviour, Emulator
from pulumi_omise_links.errors import (
    OmiseLinksError,
    OmiseUnavailableError,
    UncertainCreateError,
)
from pulumi_omise_links.omise.client import OmiseClient
from pulumi_omise_links.omise.models import LinkInputs, OmiseLink

# What leaves a create without an answer although the link was made, and what does so before.
AFTER: list[dict[str, Any]] = [
    {"kind": "lost_after"},
    {"kind": "half_body"},
    {"kind": "not_json"},
    {"kind": "empty"},
    {"kind": "timeout", "commit": True},
    {"kind": "500", "commit": True},
    {"kind": "502", "commit": True},
    {"kind": "503", "commit": True, "retry_after": 0},
    {"kind": "500", "commit": True, "html": True},
]


BEFORE: list[dict[str, Any]] = [
    {"kind": "lost_before"},
    {"kind": "timeout"},
    {"kind": "500"},
    {"kind": "502"},
    {"kind": "503", "retry_after": 0},
]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


def name_of(fault: dict[str, Any]) -> str:
    return "-".join(map(str, fault.values()))


def client_to_meet(omise: Emulator, fault: dict[str, Any]) -> OmiseClient:
    """A client that does not wait long where no answer is to come."""
    return client_for(omise, timeout=1 if fault["kind"] == "timeout" else 5)


def as_api(link: OmiseLink) -> dict[str, Any]:
    return {**vars(link), "object": "link", "charges": {"data": [], "total": 0}}


def test_a_create_is_one_post(omise: Emulator, client: OmiseClient) -> None:
    """On a good day: the account once, then one POST a link, and nothing else."""
    made = [client.create_link(SPRING) for _ in range(3)]

    assert [link["id"] for link in omise.links()] == [created.id for created in made]
    assert [request.method for request in omise.journal.entries] == ["GET", "POST", "POST", "POST"]


@pytest.mark.parametrize("fault", AFTER, ids=name_of)
def test_a_create_survives_a_lost_answer(omise: Emulator, fault: dict[str, Any]) -> None:
    """The link was made and the answer lost: it is found and taken; there was one POST."""
    omise.fault(**fault, method="POST")

    with client_to_meet(omise, fault) as client:
        made = client.create_link(SPRING)

    (stored,) = omise.links()
    assert made.id == stored["id"]
    assert made.inputs == SPRING
    assert len(posts(omise)) == 1


@pytest.mark.parametrize("fault", BEFORE, ids=name_of)
def test_a_create_that_may_not_have_happened_is_an_error(
    omise: Emulator, fault: dict[str, Any]
) -> None:
    """No answer and no link: nothing is posted again; the error says what to look at first."""
    omise.fault(**fault, method="POST")
    with client_to_meet(omise, fault) as client:
        with pytest.raises(UncertainCreateError) as caught:
            client.create_link(SPRING)
        assert omise.links() == []
        assert len(posts(omise)) == 1
        # The next one is not hindered by it.
        assert client.create_link(SPRING).id == omise.links()[0]["id"]

    assert caught.value.candidates == ()
    text = str(caught.value)
    assert text.startswith("The answer to the create of this link was lost: ")
    assert "No such link was found" in text
    assert "before you run `pulumi up` again" in text
    assert 'put adopt="<its id>" on the resource (in a manifest: id), so that' in text
    assert len(text) < 600


def test_a_link_that_is_listed_late_is_found(omise: Emulator, client: OmiseClient) -> None:
    """Omise may still be at work when the answer is lost: there is more than one look."""
    omise.fault("lost_after", method="POST")
    with client_for(omise) as other:
        nothing = {"object": "list", "data": [], "total": 0}
        made = other.create_link(SPRING)
        listed = {"object": "list", "data": [as_api(made)], "total": 1}
    account = response({"object": "account", "id": "a", "livemode": False}, Date=before(made))
    lost = response(b"", "500 X")
    with (
        raw_server(account, lost, response(nothing), response(nothing), response(listed)) as server,
        client_for(server.url) as late,
    ):
        assert late.create_link(SPRING) == made
        assert [line.split("?")[0] for line in server.requests] == [
            "GET /account",
            "POST /links",
            *["GET /links"] * 3,
        ]


def before(link: OmiseLink) -> str:
    """Omise's clock when the account was asked for, before this link was made."""
    made_at = datetime.strptime(link.created_at, "%Y-%m-%dT%H:%M:%S%z")
    return email.utils.format_datetime(made_at - timedelta(seconds=30), usegmt=True)


@pytest.mark.parametrize("status", ["501 X", "505 X", "520 X", "522 X", "524 X", "599 X"])
def test_any_5xx_may_hide_a_link_that_was_made(omise: Emulator, status: str) -> None:
    """A gateway's own status says nothing about the create: the link is looked for."""
    with client_for(omise) as other:
        made = other.create_link(SPRING)
    account = response({"object": "account", "id": "a", "livemode": False}, Date=before(made))
    page = response({"object": "list", "data": [as_api(made)], "total": 1})
    with (
        raw_server(account, response(b"<html>", status, "text/html"), page) as server,
        client_for(server.url) as client,
    ):
        assert client.create_link(SPRING).id == made.id
    assert [line for line in server.requests if "POST" in line] == ["POST /links"]


@pytest.mark.parametrize(
    "outage",
    [
        lambda omise: omise.stop(),
        lambda omise: omise.revoke(omise.key("th")),
        lambda omise: omise.fault("500", method="GET", rate=1),
        lambda omise: omise.fault("not_json", method="GET", rate=1),
        lambda omise: omise.fault("429", method="GET", rate=1),
    ],
    ids=["stopped", "401", "500", "html", "429"],
)
def test_a_lost_create_that_cannot_be_looked_up_is_never_silent(
    outage: Callable[[Emulator], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever keeps us from looking, the error says that the link may exist."""
    monkeypatch.setattr("pulumi_omise_links.omise.retry.LIMIT_SECONDS", 0.05)
    with when_posted(outage) as (omise, client):
        omise.fault("lost_after", method="POST")
        with pytest.raises(UncertainCreateError) as caught:
            client.create_link(SPRING)

    text = str(caught.value)
    assert "The answer to the create of this link was lost" in text
    assert "Look in the dashboard before you run `pulumi up` again" in text
    assert "list links" in text or "does not accept the key" in text, "why it could not be found"


@pytest.mark.parametrize(
    ("name", "value"),
    [("amount", 150_001), ("currency", "USD"), ("title", "Spring sale "),
     ("description", "Two Tickets"), ("multiple", False)],
)  # fmt: skip
def test_only_a_link_that_is_equal_in_all_inputs_is_taken(name: str, value: Any) -> None:
    """A link that differs in one input by one character is somebody else's."""
    theirs = {**vars(SPRING), name: value}
    with when_posted(lambda omise: omise.seed(**theirs)) as (omise, client):
        omise.fault("lost_before", method="POST")
        with pytest.raises(UncertainCreateError) as caught:
            client.create_link(SPRING)
        assert len(omise.links()) == 1

    assert caught.value.candidates == ()


def test_two_links_that_fit_are_never_guessed_between() -> None:
    """Another process made the same link meanwhile: nothing is taken, both are named."""
    with when_posted(lambda omise: omise.seed(**vars(SPRING))) as (omise, client):
        omise.fault("lost_after", method="POST")
        with pytest.raises(UncertainCreateError) as caught:
            client.create_link(SPRING)
        both = {link["id"] for link in omise.links()}

    assert len(both) == 2
    assert {*caught.value.candidates} == both
    for told in (*both, 'adopt="<its id>" on the resource (in a manifest: id)'):
        assert told in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("seconds", [3, 60])
def test_older_links_are_not_taken(omise: Emulator, client: OmiseClient, seconds: int) -> None:
    """An equal link from before the create is not its result, be it by a few seconds."""
    *_, newest = omise.seed(3, **vars(SPRING), seconds_apart=seconds)
    omise.mutate(newest, title="another")
    omise.fault("lost_before", method="POST")

    with pytest.raises(UncertainCreateError) as caught:
        client.create_link(SPRING)

    assert caught.value.candidates == ()


def test_a_deleted_link_is_not_taken() -> None:
    """What was deleted again is nothing to keep."""

    def delete_all(omise: Emulator) -> None:
        for link in omise.links():
            omise.delete(link["id"])

    with when_posted(delete_all) as (omise, client):
        omise.fault("lost_after", method="POST")
        with pytest.raises(UncertainCreateError):
            client.create_link(SPRING)
        assert len(omise.links()) == 1


def test_a_link_of_another_create_is_not_taken(omise: Emulator, client: OmiseClient) -> None:
    """Of two equal links the second is lost on its way: the first is not taken again."""
    first = client.create_link(SPRING)
    omise.fault("lost_before", method="POST")

    with pytest.raises(UncertainCreateError) as caught:
        client.create_link(SPRING)

    assert caught.value.candidates == ()
    assert [link["id"] for link in omise.links()] == [first.id]


@pytest.mark.parametrize("skew", [-3_600.0, 3_600.0])
@pytest.mark.parametrize("end", ["inclusive", "exclusive"])
def test_omise_s_clock_counts(skew: float, end: Literal["inclusive", "exclusive"]) -> None:
    """An hour's difference between the clocks neither hides the link nor lets in an old one."""
    with Emulator(behaviour=Behaviour(clock_skew=skew, range_ends=end)) as omise:
        old, another = omise.seed(2, **vars(SPRING), seconds_apart=60)
        omise.erase(another)
        with client_for(omise) as client:
            omise.fault("lost_before", method="POST")
            with pytest.raises(UncertainCreateError) as caught:
                client.create_link(SPRING)
            assert caught.value.candidates == ()
            omise.fault("lost_after", method="POST")
            made = client.create_link(SPRING)
        assert [link["id"] for link in omise.links()] == [old, made.id]


@pytest.mark.parametrize(
    "date",
    [None, "soon", "Jan 99999999999 30 24:00:00 -0000 Thu", "Mon, 01 Jan 0001 00:00:00 GMT",
     "Fri, 31 Dec 9999 23:59:59 GMT"],
)  # fmt: skip
def test_without_omise_s_clock_nothing_is_taken(omise: Emulator, date: str | None) -> None:
    """If no answer told the time, a lost create is an error even with one link that fits."""
    with client_for(omise) as other:
        made = other.create_link(SPRING)
    clock = {"Date": date} if date else {}
    account = response({"object": "account", "id": "a", "livemode": False}, **clock)
    page = response({"object": "list", "data": [as_api(made)], "total": 1})
    with (
        raw_server(account, response(b""), page) as server,
        client_for(server.url) as client,
        pytest.raises(UncertainCreateError),
    ):
        client.create_link(SPRING)


def test_a_create_is_not_begun_without_knowing_the_account(
    omise: Emulator, client: OmiseClient
) -> None:
    """If the account cannot be asked for, nothing is posted."""
    omise.fault("500", path="/account", rate=1)
    with pytest.raises(OmiseUnavailableError):
        client.create_link(SPRING)

    assert posts(omise) == []


unlucky = st.lists(
    st.tuples(
        st.sampled_from(["POST", "GET"]),
        st.sampled_from([*AFTER, *BEFORE, {"kind": "429"}, {"kind": "slow", "seconds": 0.01}]),
        st.integers(0, 3),
        st.integers(1, 6),
    ),
    max_size=5,
)


same_or_not = st.lists(st.sampled_from(["a", "a", "b"]), min_size=1, max_size=5)


@given(unlucky, same_or_not, st.booleans())
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_run_of_bad_luck_makes_a_duplicate_or_a_silent_orphan(
    faults: list[tuple[str, dict[str, Any], int, int]], titles: list[str], threaded: bool
) -> None:
    """Any faults in any order: each create is one link, or an error that names or announces it.

    No POST follows one of the same create that may have been carried out, and no link has two
    owners.
    """
    with Emulator() as omise, client_for(omise, timeout=0.1) as client:
        for method, fault, skip, times in faults:
            if (fault["kind"], method) != ("timeout", "GET"):
                omise.fault(**fault, method=method, skip=skip, times=times)

        def create(numbered: tuple[int, str]) -> tuple[str, object]:
            n, title = numbered
            try:
                inputs = LinkInputs(
                    amount=5_000, currency="THB", title=title, description="x", multiple=n % 2 == 0
                )
                return "made", client.create_link(inputs).id
            except UncertainCreateError as error:
                return "uncertain", error.candidates
            except OmiseLinksError as error:
                return "failed", type(error).__name__

        with ThreadPoolExecutor(4 if threaded else 1) as threads:
            outcomes = list(threads.map(create, enumerate(titles)))
        # What was given up may still be under way: it must not happen between two looks.
        omise.stop()

        made = [what for how, what in outcomes if how == "made"]
        uncertain = [what for how, what in outcomes if how == "uncertain"]
        stored = {link["id"] for link in omise.links()}
        assert len({*made}) == len(made), "no link has two owners"
        assert {*made} <= stored
        # A link nobody got is announced by an error of its own.
        assert len(stored - {*made}) <= len(uncertain)
        carried_out = [request for request in posts(omise) if request.committed]
        assert len(carried_out) == len(stored) <= len(titles)
        may_have_landed = [request for request in posts(omise) if request.status not in (429,)]
        assert len(may_have_landed) <= len(titles), "one POST a create"
