"""A delete is true: it returns only if the link is gone."""

from __future__ import annotations

from typing import Any

import pytest
from client_setup import client_for, hurry
from raw_server import error, raw_server, response

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.errors import (
    ApiError,
    AuthenticationError,
    OmiseLinksError,
    OmiseUnavailableError,
    RateLimitedError,
    WrongAccountError,
)
from pulumi_omise_links.omise.client import OmiseClient
from pulumi_omise_links.omise.models import Scope
from pulumi_omise_links.omise.retry import ATTEMPTS

LINK = "link_test_6344k6rzgco9ul41cap"
ACCOUNT = response({"object": "account", "id": "account_1", "livemode": False})


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


def scope_of(omise: Emulator, account: str = "th") -> Scope:
    return Scope(omise.account(account).id)


def alive(omise: Emulator) -> list[str]:
    return [link["id"] for link in omise.links(deleted=False)]


def test_a_delete_is_one_request(omise: Emulator, client: OmiseClient) -> None:
    """On a good day a delete costs one request, and only that link is gone."""
    first, second = omise.seed(2)
    client.delete_link(first, scope_of(omise))

    assert alive(omise) == [second]
    assert [request.method for request in omise.journal.entries] == ["DELETE"]


@pytest.mark.parametrize("again", ["deleted", "not_found", "failed_deletion"])
@pytest.mark.parametrize("read", ["deleted", "not_found"])
def test_a_link_that_is_gone_already_is_success(
    omise: Emulator, client: OmiseClient, again: str, read: str
) -> None:
    """However Omise answers a second delete, what is gone is gone."""
    (link_id,) = omise.seed()
    omise.delete(link_id)
    omise.switch(delete_deleted=again, get_deleted=read)

    client.delete_link(link_id, scope_of(omise))


def test_a_refused_deletion_is_an_error(omise: Emulator, client: OmiseClient) -> None:
    """A link that Omise will not delete stands, and the sentence says so."""
    (link_id,) = omise.seed()
    omise.pay(link_id)
    omise.switch(delete_used="failed_deletion")
    with pytest.raises(ApiError, match=rf"^Omise refused to delete link {link_id}: .*\.$") as found:
        client.delete_link(link_id, scope_of(omise))

    assert (found.value.status, found.value.code) == (422, "failed_deletion")
    assert found.value.request_id
    assert alive(omise) == [link_id]


@pytest.mark.parametrize("fault", ["lost_after", "half_body", "not_json", "empty"])
@pytest.mark.parametrize("again", ["deleted", "not_found", "failed_deletion"])
def test_a_lost_answer_to_a_delete_that_was_done(
    omise: Emulator, client: OmiseClient, fault: str, again: str
) -> None:
    """The answer was lost, the link is gone: repeated, and success whatever Omise says then."""
    (link_id,) = omise.seed()
    omise.switch(delete_deleted=again)
    omise.fault(fault, method="DELETE")

    client.delete_link(link_id, scope_of(omise))

    assert alive(omise) == []
    assert omise.journal.count("DELETE") == 2


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "lost_before"},
        {"kind": "timeout"},
        {"kind": "500"},
        {"kind": "502"},
        {"kind": "503"},
        {"kind": "429"},
    ],
    ids=lambda fault: str(fault["kind"]),
)
def test_a_delete_that_was_not_done_is_repeated(omise: Emulator, fault: dict[str, Any]) -> None:
    """A delete that Omise did not carry out is asked for again."""
    (link_id,) = omise.seed()
    omise.fault(**fault, method="DELETE")

    with client_for(omise, timeout=1 if fault["kind"] == "timeout" else 5) as client:
        client.delete_link(link_id, scope_of(omise))

    assert alive(omise) == []


def test_an_outage_is_an_error(omise: Emulator, client: OmiseClient) -> None:
    """If no try gets through, the delete has failed, and the state keeps the link."""
    (link_id,) = omise.seed()
    omise.fault("500", rate=1)
    with pytest.raises(OmiseUnavailableError, match=f"Could not delete link {link_id}"):
        client.delete_link(link_id, scope_of(omise))

    assert omise.journal.count("DELETE") == ATTEMPTS
    assert alive(omise) == [link_id]


def test_a_rate_limit_is_an_error_and_not_asked_about(omise: Emulator, client: OmiseClient) -> None:
    """A refusal for the rate says nothing about the link."""
    (link_id,) = omise.seed()
    omise.fault("429", method="DELETE", retry_after=3_600)
    with pytest.raises(RateLimitedError):
        client.delete_link(link_id, scope_of(omise))

    assert len(omise.journal) == 1


def test_another_account_s_key_deletes_nothing(omise: Emulator) -> None:
    """The link's account is another than the key's: an error that names both, never success."""
    (link_id,) = omise.seed()
    with client_for(omise, "jp") as client, pytest.raises(WrongAccountError) as caught:
        client.delete_link(link_id, scope_of(omise))

    for part in (link_id, omise.account("th").id, omise.account("jp").id, "Nothing was changed"):
        assert part in str(caught.value)
    assert alive(omise) == [link_id]


@pytest.mark.parametrize("own", [0, 1])
def test_a_proxy_that_drops_the_sub_merchant_proves_nothing(omise: Emulator, own: int) -> None:
    """Omise then answers for the platform's account, which knows none of the sub-merchant's links,
    whether it has links of its own or not."""
    (link_id,) = omise.seed(sub_merchant="team_1")
    omise.seed(own)
    omise.switch(sub_merchant_header="ignored")
    scope = Scope(scope_of(omise).account_id, "team_1")
    with client_for(omise, OMISE_SUB_MERCHANT_ID="team_1") as client:
        with pytest.raises(WrongAccountError, match="a proxy on the way may drop the header"):
            client.find_link(link_id, scope)
        with pytest.raises(WrongAccountError, match="Whether it is gone cannot be told"):
            client.delete_link(link_id, scope, read_back=True)

    assert link_id in alive(omise)


@pytest.mark.parametrize("shows_deleted", [True, False])
def test_a_deleted_link_of_a_sub_merchant_is_gone_if_omise_shows_another_of_its_links(
    omise: Emulator, shows_deleted: bool
) -> None:
    """Then the header has arrived; one list tells, for all links that are asked for."""
    gone, gone_too, _ = omise.seed(3, sub_merchant="team_1")
    omise.delete(gone)
    omise.delete(gone_too)
    omise.switch(get_deleted="not_found", list_includes_deleted=shows_deleted)
    scope = Scope(scope_of(omise).account_id, "team_1")
    with client_for(omise, OMISE_SUB_MERCHANT_ID="team_1") as client:
        assert client.find_link(gone, scope) is None
        assert client.find_link(gone_too, scope) is None

    assert omise.journal.count("GET", "/links") == 3  # the two links, and the list


def test_another_sub_merchant_deletes_nothing(omise: Emulator) -> None:
    """The same under another sub-merchant of the same account."""
    (link_id,) = omise.seed(sub_merchant="team_1")
    scope = Scope(omise.account("th").id, "team_1")
    with client_for(omise) as client, pytest.raises(WrongAccountError, match="team_1"):
        client.delete_link(link_id, scope)
    with client_for(omise, OMISE_SUB_MERCHANT_ID="team_1") as client:
        client.delete_link(link_id, scope)

    assert alive(omise) == []


@pytest.mark.parametrize("switch", ["forbidden", "not_found"])
def test_a_restricted_key(omise: Emulator, switch: str) -> None:
    """A key that may not ask for its account deletes; a 404 under it proves nothing, until a link
    of the same account has been found or deleted with it."""
    (link_id, other) = omise.seed(2)
    omise.switch(account_readable=switch, delete_deleted="not_found")
    with client_for(omise) as client:
        client.delete_link(link_id, scope_of(omise))
    with client_for(omise) as client:
        with pytest.raises(WrongAccountError, match="Whether it is gone cannot be told"):
            client.delete_link(link_id, scope_of(omise))
        client.delete_link(other, scope_of(omise))
        client.delete_link(link_id, scope_of(omise))
        with pytest.raises(WrongAccountError, match="the account of the link is not known"):
            client.delete_link(link_id, Scope(None))

    assert alive(omise) == []


def test_a_revoked_key_deletes_nothing(omise: Emulator, client: OmiseClient) -> None:
    """A key that is no longer accepted is an error, and the link stands."""
    (link_id,) = omise.seed()
    omise.revoke(omise.key("th"))
    with pytest.raises(AuthenticationError):
        client.delete_link(link_id, scope_of(omise))

    assert alive(omise) == [link_id]


def test_the_other_mode_deletes_nothing(omise: Emulator) -> None:
    """A test key on a live link is told before any request; the same account makes no proof."""
    (link_id,) = omise.seed(live=True)
    with client_for(omise) as client, pytest.raises(WrongAccountError, match="is a live link"):
        client.delete_link(link_id, scope_of(omise))

    assert len(omise.journal) == 0
    assert alive(omise) == [link_id]


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"object": "link", "id": LINK},
        {"object": "link", "id": LINK, "deleted": False},
        {"object": "link", "id": LINK, "deleted": None},
        {"object": "link", "id": LINK, "deleted": "true"},
        {"object": "link", "id": LINK, "deleted": 1},
        {"object": "link", "id": "link_test_other", "deleted": True},
        {"object": "link", "deleted": True},
        {"object": "error", "code": "not_found", "message": "x"},
    ],
)
def test_a_200_that_does_not_say_deleted_is_no_success(answer: dict[str, Any]) -> None:
    """Only "deleted", of this very link, is success."""
    with (
        raw_server(response(answer)) as server,
        client_for(server.url) as client,
        pytest.raises(OmiseUnavailableError, match="does not say that the link is deleted"),
    ):
        client.delete_link(LINK, Scope("account_1"))


def test_the_short_answer_of_older_versions_is_success() -> None:
    """Older API versions answer a delete with four keys only."""
    answer = {"object": "link", "id": LINK, "livemode": False, "deleted": True}
    with raw_server(response(answer)) as server, client_for(server.url) as client:
        client.delete_link(LINK, Scope("account_1"))


@pytest.mark.parametrize(
    "second",
    [
        response(b"", "500 X"),
        response(error("not_authorized", "no"), "403 Forbidden"),
        response(b"<html>", "404 Not Found", "text/html"),
        response({"object": "list", "data": [], "total": 0}),
    ],
)
def test_a_refusal_that_cannot_be_looked_into_is_an_error(second: bytes) -> None:
    """A refused delete whose link cannot be read afterwards has failed."""
    refused = response(error("failed_deletion", "no"), "422 Unprocessable Entity")
    with (
        raw_server(ACCOUNT, refused, second) as server,
        client_for(server.url) as client,
    ):
        scope = client.scope()
        with pytest.raises(OmiseLinksError):
            client.delete_link(LINK, scope)


@pytest.mark.parametrize("read", ["deleted", "not_found"])
def test_a_delete_can_be_read_back(omise: Emulator, client: OmiseClient, read: str) -> None:
    """Then a read must show that the link is gone, beside Omise's answer."""
    (link_id,) = omise.seed()
    omise.switch(get_deleted=read)

    client.delete_link(link_id, scope_of(omise), read_back=True)

    assert alive(omise) == []
    methods = [request.method for request in omise.journal.entries]
    assert methods[:2] == ["DELETE", "GET"]


def test_a_delete_that_a_read_does_not_show_is_an_error(
    omise: Emulator, client: OmiseClient
) -> None:
    """A copy of the database that is behind is asked again; after that, nothing is proved."""
    link_id, _ = omise.seed(2, seconds_apart=1_000)
    omise.switch(read_lag=60)

    with pytest.raises(OmiseUnavailableError, match="still shows it as a link that can be paid"):
        client.delete_link(link_id, scope_of(omise), read_back=True)
