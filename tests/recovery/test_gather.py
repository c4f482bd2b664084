"""What a recovery gathers: accounts that cannot be read do not stop the others."""

from __future__ import annotations

from typing import Any

import pytest
from client_setup import settings_for
from raw_server import raw_server, response
from samples import ACCOUNT, SPRING

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.errors import OmiseLinksError
from pulumi_omise_links.inventory.accounts import Accounts, AccountSnapshot, UnusableProvider
from pulumi_omise_links.recovery.gather import _ProvedAccounts
from pulumi_omise_links.stack.model import PROVIDER_TYPE, PulumiResource, StackState

REFUSED = response({"object": "error", "code": "forbidden", "message": "no"}, "403 Forbidden")
BROKEN: list[tuple[bytes, ...]] = [
    # Its address leads nowhere, it is down, it may not list.
    (),
    (response(b"<html>", "403 Forbidden", "text/html"),),
    (response(ACCOUNT), REFUSED),
]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulumi_omise_links.omise.retry.ATTEMPTS", 1)


def provider(url: str) -> PulumiResource:
    return PulumiResource(
        urn=f"urn:pulumi:dev::shop::{PROVIDER_TYPE}::jp",
        type=PROVIDER_TYPE,
        step="same",
        inputs={"omise:secretKey": "skey_test_x", "omise:apiUrl": url},
    )


def read(omise: Emulator, jp: PulumiResource, link_id: str) -> dict[str, Any]:
    with Accounts(settings_for(omise)) as accounts:
        return dict(accounts.read({"": [link_id], jp.urn: ["link_test_5x"]}, {jp.urn: jp}))


def recover(omise: Emulator, jp: PulumiResource, link_id: str) -> dict[str, Any]:
    with Accounts(settings_for(omise)) as accounts:
        opened = _ProvedAccounts(accounts, {jp.urn: jp}, StackState())
        for urn in ("", jp.urn):
            opened.open(urn)
        listed = opened.list_fitting({SPRING.folded()}, [])
    assert opened.destinations.keys() == opened.scopes.keys() == listed.keys()
    return {**listed, **opened.unusable}


@pytest.mark.parametrize("answers", BROKEN)
def test_one_account_that_cannot_be_read_does_not_stop_the_others(
    omise: Emulator, answers: tuple[bytes, ...]
) -> None:
    """plan, import and recover name the provider, and go on with the links of the others."""
    (link_id,) = omise.seed(**vars(SPRING.folded()))
    for command in (read, recover):
        with raw_server(*(answers or (b"",))) as server:
            url = server.url if answers else "http://127.0.0.1:1"
            jp = provider(url)
            result = command(omise, jp, link_id)

        own, other = result[""], result[jp.urn]
        links = own.links if isinstance(own, AccountSnapshot) else {link.id for link in own}
        assert link_id in links
        reason = other.reason if isinstance(other, UnusableProvider) else other
        assert "Its provider jp cannot be used: " in reason


@pytest.mark.parametrize("path", ["/account", "/links"])
def test_the_stack_s_own_account_has_to_be_read(omise: Emulator, path: str) -> None:
    """Without it nothing is known of the stack's links."""
    (link_id,) = omise.seed()
    for command in (read, recover):
        omise.fault("503", path=path, rate=1.0)
        with pytest.raises(OmiseLinksError):
            command(omise, provider(omise.url), link_id)
        omise.clear_faults()
