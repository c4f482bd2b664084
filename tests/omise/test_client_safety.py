"""What the client takes care of: "gone" only on proof, and no request that must not leave."""

from __future__ import annotations

import email.utils
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest
from client_setup import client_for, hurry, settings_for
from polling import wait_until
from raw_server import error, raw_server, response
from samples import SPRING

from pulumi_omise_links.emulator import Emulator, JournalEntry
from pulumi_omise_links.errors import (
    LinkIdError,
    LiveModeError,
    OmiseLinksError,
    OmiseUnavailableError,
    WrongAccountError,
)
from pulumi_omise_links.omise.client import OmiseClient
from pulumi_omise_links.omise.models import Scope
from pulumi_omise_links.omise.retry import ATTEMPTS

LINK = "link_test_6344k6rzgco9ul41cap"
UNKNOWN = response(error("not_found", f"link {LINK} was not found"), "404 Not Found")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


# -- "gone" only on proof


@pytest.mark.parametrize(
    "answer",
    [
        response(b"<html>not here</html>", "404 Not Found", "text/html"),
        response(b"", "404 Not Found"),
        # What gateways say.
        response({"message": "no Route matched with those values"}, "404 Not Found"),
        response({"code": "not_found", "message": "no such backend"}, "404 Not Found"),
        response(error("service_not_found", "service was not found"), "404 Not Found"),
        response(b"", "410 Gone"),
        response({"object": "link", "id": LINK, "deleted": False}),
        response({"object": "error", "code": "not_found", "message": "x"}),
    ],
)
def test_what_does_not_prove_that_a_link_is_gone(answer: bytes) -> None:
    """A 404 of a proxy, of another service or of nobody knows whom never drops a link."""
    account = response({"object": "account", "id": "account_1", "livemode": False})
    with raw_server(account, answer) as server, client_for(server.url) as client:
        scope = client.scope()
        with pytest.raises(OmiseLinksError):
            client.find_link(LINK, scope)
    with raw_server(account, answer) as server, client_for(server.url) as client:
        scope = client.scope()
        with pytest.raises(OmiseLinksError):
            client.delete_link(LINK, scope)


def test_omise_s_own_404_under_the_link_s_own_account_is_gone() -> None:
    """The link's own account not knowing it is proof."""
    account = response({"object": "account", "id": "account_1", "livemode": False})
    with raw_server(account, UNKNOWN) as server, client_for(server.url) as client:
        assert client.find_link(LINK, client.scope()) is None


@pytest.mark.parametrize("switch", ["deleted", "not_found"])
def test_a_deleted_link_is_gone_either_way(
    omise: Emulator, client: OmiseClient, switch: str
) -> None:
    """However Omise answers for a deleted link, it is gone."""
    omise.switch(get_deleted=switch)
    (link_id,) = omise.seed()
    assert client.find_link(link_id, client.scope()) is not None
    omise.delete(link_id)

    assert client.find_link(link_id, client.scope()) is None


@pytest.mark.parametrize(
    ("scope", "environ", "said"),
    [
        (Scope("account_other"), {}, "belongs to account_other, but the key in"),
        (Scope(None), {}, "the account of the link is not known"),
        (Scope("{th}", "team_1"), {}, "belongs to {th}, sub-merchant team_1, but the key"),
        (Scope("{th}"), {"OMISE_SUB_MERCHANT_ID": "team_1"}, "but the key in the environment"),
    ],
)
def test_a_404_elsewhere_proves_nothing(
    omise: Emulator, scope: Scope, environ: dict[str, str], said: str
) -> None:
    """Another account, another sub-merchant, or an account nobody knows: an error, never gone."""
    own = omise.account("th").id
    scope = Scope((scope.account_id or "").replace("{th}", own) or None, scope.sub_merchant_id)
    with client_for(omise, **environ) as client, pytest.raises(WrongAccountError) as caught:
        client.find_link(LINK, scope)

    assert said.replace("{th}", own) in str(caught.value)
    assert LINK in str(caught.value)


@pytest.mark.parametrize("switch", ["forbidden", "not_found"])
def test_a_restricted_key_works_but_proves_nothing(omise: Emulator, switch: str) -> None:
    """A key that may not ask for its account makes links; only "gone" it cannot prove. Another key
    is named as a remedy where it is one: if the state knows the account of the link."""
    better = "use a key that may read GET /account"
    omise.switch(account_readable=switch)
    with client_for(omise) as client:
        assert client.account() is None
        made = client.create_link(SPRING)
        assert client.find_link(made.id, Scope(None)) == made
        for account in (None, omise.account("th").id):
            with pytest.raises(WrongAccountError, match="`pulumi state delete`") as caught:
                client.find_link(LINK, Scope(account))
            assert (better in str(caught.value)) is (account is not None)

    omise.switch(account_readable="yes")
    with client_for(omise) as client:
        assert client.find_link(LINK, Scope(omise.account("th").id)) is None

    assert omise.journal.count("GET", "/account") == 2, "asked once by each client"


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("readable", ["yes", "forbidden"])
@pytest.mark.parametrize("account", ["th", "jp"])
def test_one_read_proves_an_account(
    omise: Emulator, account: str, readable: str, known: bool
) -> None:
    """Where the state or the key does not know an account, a link that is found proves that both
    have the same one, and one that is not found refuses; where both know it, nothing is read."""
    (link_id,) = omise.seed()
    omise.switch(account_readable=readable)
    scope = Scope(omise.account("th").id if known else None)
    with client_for(omise, account) as client:
        if account == "th":
            client.require_scope(link_id, scope)
            assert client.scope().account_id == (
                omise.account("th").id if known or readable == "yes" else None
            )
        else:
            with pytest.raises(WrongAccountError, match=f"Link {link_id} belongs|does not know"):
                client.require_scope(link_id, scope)

    both_known = known and readable == "yes"
    assert omise.journal.count("GET", f"/links/{link_id}") == (0 if both_known else 1)


@pytest.mark.parametrize(
    ("age", "misses", "found"), [(5, 1, True), (5, 2, True), (5, 3, False), (90, 1, False)]
)
def test_a_new_link_is_looked_for_again(age: int, misses: int, found: bool) -> None:
    """What answers may be some seconds behind: a link made within the minute is gone only if it
    stays unknown; an older one is gone at once."""
    link = {"object": "link", "id": LINK, "livemode": False, "amount": 1, "currency": "THB",
            "title": "t", "description": "d", "multiple": False, "used": False,
            "payment_uri": "u", "created_at": "2026-01-01T00:00:00Z"}  # fmt: skip
    account = {"object": "account", "id": "account_1", "livemode": False}
    date = email.utils.format_datetime(
        datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=age), usegmt=True
    )
    unknown = response(error("not_found", f"link {LINK} was not found"), "404 Not Found", Date=date)
    answers = [unknown, response(account, Date=date), *[unknown] * (misses - 1), response(link)]
    with raw_server(*answers) as server, client_for(server.url) as client:
        link_found = client.find_link(LINK, Scope("account_1"), created_at="2026-01-01T00:00:00Z")

    assert (link_found is not None) == found
    assert server.requests.count(f"GET /links/{LINK}") == misses + found


def test_the_account_is_asked_once_by_many_threads(omise: Emulator, client: OmiseClient) -> None:
    """However many threads need the account, it costs one request."""
    omise.latency = 0.05
    with ThreadPoolExecutor(8) as threads:
        scopes = set(threads.map(lambda _: client.scope(), range(32)))

    assert scopes == {Scope(omise.account("th").id)}
    assert omise.journal.count("GET", "/account") == 1


def test_an_account_that_could_not_be_read_is_asked_again(
    omise: Emulator, client: OmiseClient
) -> None:
    """A fault while asking for the account is an error now, and no lasting "unknown"."""
    omise.fault("500", path="/account", times=ATTEMPTS)
    with pytest.raises(OmiseUnavailableError):
        client.scope()

    assert client.scope() == Scope(omise.account("th").id)


# -- ids, modes, permission: before any request


@pytest.mark.parametrize(
    "link_id",
    ["", "link_test_", "link_", "chrg_test_1", "link_test_5X", "link_test_1/..", "link_test_1\n",
     "link_test_1?x", "../account", "link_test_é", "LINK_TEST_1", " link_test_1", "link__1"],
)  # fmt: skip
def test_what_is_no_id_of_a_link_is_never_sent(
    omise: Emulator, client: OmiseClient, link_id: str
) -> None:
    """A text that is no link's id is refused before any request."""
    calls: list[Callable[[], object]] = [
        lambda: client.get_link(link_id),
        lambda: client.find_link(link_id, Scope("a")),
        lambda: client.delete_link(link_id, Scope("a")),
        lambda: list(client.link_charges(link_id)),
    ]
    for call in calls:
        with pytest.raises(LinkIdError, match="is not the id of a link"):
            call()

    assert len(omise.journal) == 0


@pytest.mark.parametrize(
    ("live", "link_id", "said"),
    [
        (True, LINK, "is a test link, but the key in the environment variable OMISE_SECRET_KEY is"),
        (False, "link_5u7inajkxmf06uyr4ni", "is a live link, but the key in the environment"),
    ],
)
def test_the_other_mode_is_told_before_any_request(
    omise: Emulator, live: bool, link_id: str, said: str
) -> None:
    """A test key on a live link, or the other way round, is an error and never "gone"."""
    with client_for(omise, live=live, OMISE_ALLOW_LIVE="true") as client:
        calls: list[Callable[[], object]] = [
            lambda: client.get_link(link_id),
            lambda: client.find_link(link_id, client.scope()),
            lambda: client.delete_link(link_id, Scope(omise.account("th").id)),
            lambda: list(client.link_charges(link_id)),
        ]
        for call in calls:
            with pytest.raises(WrongAccountError, match=said):
                call()

    assert omise.journal.count(path_prefix="/links") == 0


def test_a_live_key_reads_freely_and_writes_only_when_told(omise: Emulator) -> None:
    """Without the stack's yes a live key makes and deletes nothing, not even a request of it."""
    (link_id,) = omise.seed(live=True)
    with client_for(omise, live=True) as client:
        assert client.get_link(link_id).livemode
        assert [link.id for link in client.iter_links()] == [link_id]
        with pytest.raises(LiveModeError, match="Refused to create the link"):
            client.create_link(SPRING)
        with pytest.raises(LiveModeError, match=f"Refused to delete link {link_id}"):
            client.delete_link(link_id, client.scope())
    assert omise.journal.writes == []

    with client_for(omise, live=True, OMISE_ALLOW_LIVE="true") as client:
        made = client.create_link(SPRING)
        assert made.livemode
        client.delete_link(made.id, client.scope())


def test_a_link_of_the_other_mode_in_the_answer_is_an_error() -> None:
    """A test key that makes a live link is reported with the link's id."""
    account = response(
        {"object": "account", "id": "account_1", "livemode": False},
        Date="Thu, 01 Jan 2026 00:00:00 GMT",
    )
    with Emulator() as omise, client_for(omise, live=True, OMISE_ALLOW_LIVE="1") as client:
        client.create_link(SPRING)
        (link,) = client.list_links()[0]
    answer = {**vars(link), "object": "link", "charges": None}
    with (
        raw_server(account, response(answer)) as server,
        client_for(server.url) as client,
        pytest.raises(WrongAccountError, match=f"made link {link.id} in live mode"),
    ):
        client.create_link(SPRING)


def test_an_answer_about_another_link_is_not_taken() -> None:
    """Asked for one link and told about another (a cache gone wrong): an error."""
    with Emulator() as omise, client_for(omise) as client:
        other = client.create_link(SPRING)
    answer = {**vars(other), "object": "link", "charges": None}
    with (
        raw_server(response(answer)) as server,
        client_for(server.url) as client,
        pytest.raises(OmiseUnavailableError, match=f"is about '{other.id}'"),
    ):
        client.get_link(LINK)


# -- nothing is written for a caller that is gone


def test_no_write_leaves_when_nobody_wants_it(omise: Emulator) -> None:
    """A plugin whose Pulumi is gone makes and deletes nothing, and does not look for what it did
    not make; reading stays free."""
    (link,) = omise.seed()
    with OmiseClient(settings_for(omise), may_write=lambda: False) as client:
        scope = client.scope()
        for call, operation in (
            (lambda: client.create_link(SPRING), "create the link"),
            (lambda: client.delete_link(link, scope), f"delete link {link}"),
        ):
            with pytest.raises(OmiseUnavailableError) as caught:
                call()
            assert str(caught.value) == f"Could not {operation}: Pulumi has ended meanwhile."
            assert not caught.value.sent

        assert [request.path for request in omise.journal.entries] == ["/account"]
        assert [listed.id for listed in client.iter_links()] == [link]
        assert client.get_link(link).id == link
        assert client.stats.writes == 0
    assert omise.journal.writes == []


@pytest.mark.parametrize(("method", "fault"), [("POST", "429"), ("DELETE", "500")])
def test_a_write_is_not_repeated_when_nobody_wants_it_any_more(
    omise: Emulator, method: str, fault: str
) -> None:
    """The question is asked before each attempt: Pulumi may end while one waits for the next."""
    (link,) = omise.seed()
    wanted = iter([True])
    with OmiseClient(settings_for(omise), may_write=lambda: next(wanted, False)) as client:
        scope = client.scope()
        omise.fault(fault, method=method)
        with pytest.raises(OmiseUnavailableError, match=r"Pulumi has ended meanwhile\.$"):
            client.create_link(SPRING) if method == "POST" else client.delete_link(link, scope)

    assert [request.method for request in omise.journal.writes] == [method]
    assert [stored["id"] for stored in omise.links(deleted=False)] == [link]


def test_who_waits_for_a_failing_account_call_does_not_make_another() -> None:
    """Omise hangs for all alike: threads that waited for the one call get its error, so that a
    whole program gives up as soon as one call has."""
    asking = threading.Event()
    threads = 6

    def hang(_: JournalEntry) -> None:
        asking.wait(60)

    with (
        Emulator(on_request=hang) as omise,
        OmiseClient(settings_for(omise, timeout=30)) as client,
        ThreadPoolExecutor(threads) as pool,
    ):
        omise.fault("503", path="/account", rate=1.0)

        def ask() -> str:
            with pytest.raises(OmiseLinksError) as failed:
                client.account()
            return str(failed.value)

        calls = [pool.submit(ask) for _ in range(threads)]
        wait_until(lambda: sum(call.running() for call in calls) == threads)
        time.sleep(0.2)
        asking.set()
        texts = {call.result() for call in calls}

        assert len(texts) == 1
        assert omise.journal.count("GET", "/account") == ATTEMPTS
