"""The accounts of a program: one connection each, and each provider's own settings."""

from __future__ import annotations

import pytest

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.errors import LiveModeError
from pulumi_omise_links.inventory.accounts import Accounts
from pulumi_omise_links.settings import Settings
from pulumi_omise_links.stack.pulumi_json import PROVIDER_TYPE, PulumiResource


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
