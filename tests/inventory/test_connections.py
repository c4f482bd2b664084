"""The accounts of a program: one connection each, and each provider's own settings."""

from __future__ import annotations

from dataclasses import replace

import pytest
from client_setup import client_for
from raw_server import raw_server, response
from samples import LINK

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.errors import LiveModeError, SettingsError
from pulumi_omise_links.inventory.accounts import Accounts, find_links, find_provider
from pulumi_omise_links.settings import Settings
from pulumi_omise_links.stack.model import (
    PROVIDER_TYPE,
    UNKNOWN,
    Preview,
    PulumiResource,
    StackState,
)


def test_providers_of_one_account_keep_their_own_permission(omise: Emulator) -> None:
    """The stack may write with its live key, a provider with the same key may not: they share the
    connection, whichever was opened first, and not the permission."""
    key = omise.key("th", live=True)
    allowed = {"secretKey": key, "apiUrl": omise.url, "allowLive": "true"}
    strict = PulumiResource(
        urn=f"urn:pulumi:dev::shop::{PROVIDER_TYPE}::strict",
        type=PROVIDER_TYPE,
        step="same",
        inputs={"omise:secretKey": key, "omise:apiUrl": omise.url},
    )
    with Accounts(Settings.resolve(allowed)) as accounts:
        assert accounts.client(None) is accounts.client(strict)
        accounts.settings(None).require_permission("import links")
        with pytest.raises(LiveModeError, match="Refused to import links"):
            accounts.settings(strict).require_permission("import links")


def test_a_link_that_cannot_be_read_does_not_stop_the_others() -> None:
    """Its id comes with what is wrong; the others are found, and one that is missing is missing."""
    bad = {**LINK, "id": "link_test_5xbad", "amount": "a lot"}
    page = response({"object": "list", "data": [bad, LINK], "total": 2})
    with raw_server(page) as server, client_for(server.url) as client:
        found, unreadable = find_links(client, [LINK["id"], "link_test_5xbad"], str)

    assert found.keys() == {LINK["id"]}
    assert "amount" in unreadable["link_test_5xbad"]


def provider(key: object) -> PulumiResource:
    return PulumiResource(
        urn=f"urn:pulumi:dev::shop::{PROVIDER_TYPE}::th",
        type=PROVIDER_TYPE,
        step="same",
        inputs={"omise:secretKey": key},
    )


def test_a_secret_key_that_is_not_open_is_not_replaced_by_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The key of the environment may be of another account, in which no link would be found."""
    monkeypatch.setenv("OMISE_SECRET_KEY", "skey_test_emulator_jp")
    hidden = replace(provider("x"), inputs={}, secret_inputs=frozenset({"omise:secretKey"}))
    with (
        Accounts(Settings.resolve({})) as accounts,
        pytest.raises(SettingsError, match="provider th are secrets that could not be read"),
    ):
        accounts.client(hidden)


def test_the_settings_of_a_provider_come_from_the_program() -> None:
    """After a rotation the state still has the old key; it is used only where the program's is not
    known yet, or the program no longer has the provider."""
    old, new, unknown = provider("old"), provider("new"), provider(UNKNOWN)
    state = StackState(providers={old.urn: old})

    assert find_provider(old.urn, state, Preview({new.urn: new})) is new
    assert find_provider(old.urn, state, Preview({unknown.urn: unknown})) is old
    assert find_provider(old.urn, state, Preview({})) is old
    assert find_provider(old.urn, state) is old
    assert find_provider("", state, Preview({new.urn: new})) is None
