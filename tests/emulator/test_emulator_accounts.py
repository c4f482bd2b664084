"""Keys, modes, accounts and sub-merchants: who sees which links, and what an account shows."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import requests
from emulator.omise_client import Client, refused

from pulumi_omise_links.emulator import Emulator


@pytest.mark.parametrize("key", ["", "wrong", "skey_test_wrong", "public", "revoked"])
def test_every_key_that_is_not_a_known_secret_key_is_refused(omise: Emulator, key: str) -> None:
    """Wrong, public and revoked keys are refused alike, and never shown."""
    if key == "public":
        key = omise.key("th", public=True)
    if key == "revoked":
        key = omise.key("th")
        omise.revoke(key)
    for path in ("/links", "/account"):
        answer = Client(omise, key=key).get(path)
        assert refused(answer) == (401, "authentication_failure", "authentication failed")
        assert not key or key not in answer.text


@pytest.mark.parametrize("header", ["", "Bearer skey_test_emulator_th", "Basic !!!", "Basic /w=="])
def test_a_request_without_a_readable_key_is_refused(omise: Emulator, header: str) -> None:
    """A missing or broken `Authorization` is 401."""
    answer = requests.get(f"{omise.url}/links", headers={"Authorization": header}, timeout=10)
    assert refused(answer)[:2] == (401, "authentication_failure")


def test_a_key_can_be_rolled_while_the_old_one_still_works(omise: Emulator) -> None:
    """Two keys can open one account until one is revoked."""
    link = Client(omise).create()
    omise.add_key("skey_test_rolled", "th")
    for key in (omise.key("th"), "skey_test_rolled"):
        assert Client(omise, key=key).get(f"/links/{link['id']}").status_code == 200
    omise.revoke(omise.key("th"))
    assert Client(omise).get("/links").status_code == 401
    assert Client(omise, key="skey_test_rolled").get("/links").status_code == 200


def test_test_and_live_and_accounts_do_not_see_each_other(omise: Emulator) -> None:
    """Links of another mode or account are not found."""
    link = Client(omise, "th").create()
    for other in (Client(omise, "th", live=True), Client(omise, "sg")):
        assert refused(other.get(f"/links/{link['id']}"))[0] == 404
        assert refused(other.delete(link["id"]))[0] == 404
        assert other.page()["total"] == 0


def test_a_sub_merchant_has_links_of_its_own(omise: Emulator) -> None:
    """Links of a sub-merchant name it, and are not among the platform's own."""
    api = Client(omise)
    team = Client(omise, SUB_MERCHANT_ID="team_5abc")
    link = team.create()
    assert (link["merchant_uid"], link["merchant_name"]) == ("team_5abc", "Sub-merchant team_5abc")
    assert "merchant_uid" not in api.create()
    assert api.get(f"/links/{link['id']}").status_code == 404
    assert [link["id"] for link in team.page()["data"]] == [link["id"]]
    bad = Client(omise, SUB_MERCHANT_ID="shop")
    assert refused(bad.get("/links"))[:2] == (400, "bad_request")


def shape(value: Any) -> Any:
    """Names and types of a JSON value, in their order."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return type(value).__name__


EXPORT_KEYS: dict[str, list[str]] = {"charge": [], "transfer": [], "refund": [], "dispute": []}


ACCOUNT = {
    "object": "account",
    "id": "account_test_x",
    "team": "acct_x",
    "livemode": False,
    "location": "/account",
    "country": "TH",
    "currency": "THB",
    "email": "x",
    "created_at": "x",
    "supported_currencies": ["THB"],
    "api_version": "x",
    "auto_activate_recipients": False,
    "chain_enabled": False,
    "zero_interest_installments": False,
    "chain_return_uri": None,
    "webhook_uri": None,
    "metadata_export_keys": EXPORT_KEYS,
    "chaining_allowed": False,
    "last_updated_api_version": "x",
    "transfer_config": {
        "min_transfer_amount": "x",
        "max_transfer_amount": "x",
        "same_bank_max_transfer_amount": "x",
        "is_payout_enabled": False,
        "fee": "x",
        "provider": "",
        "merchant_id": "x",
        "transfer_service_availability": None,
        "max_active_realtime_transfer_schedules": None,
    },
}


OLD_ACCOUNT = {
    "object": "account",
    "id": "acct_x",
    "livemode": True,
    "location": "/account",
    "country": "TH",
    "currency": "thb",
    "email": "x",
    "created": "x",
    "supported_currencies": ["thb"],
    "api_version": "x",
    "auto_activate_recipients": False,
    "chain_enabled": False,
    "zero_interest_installments": False,
    "chaining_allowed": False,
    "chain_return_uri": None,
    "webhook_uri": None,
    "metadata_export_keys": EXPORT_KEYS,
    "last_updated_api_version": "x",
    "is_payout_enabled": False,
    "transfer_config": {
        "min_transfer_amount": "x",
        "max_transfer_amount": None,
        "is_payout_enabled": False,
    },
}


@pytest.mark.parametrize(
    ("version", "live", "expected"),
    [("2019-05-29", False, ACCOUNT), ("2017-11-02", True, OLD_ACCOUNT)],
)
def test_the_account_has_the_recorded_attributes_in_their_order(
    omise: Emulator, version: str, live: bool, expected: dict[str, Any]
) -> None:
    """Names, types and order of `GET /account` are those of the recordings, in both versions."""
    shown = Client(omise, live=live, version=version).get("/account").json()
    assert json.dumps(shape(shown)) == json.dumps(shape(expected))
    assert shown["supported_currencies"][:3] == (
        ["THB", "JPY", "USD"] if version == "2019-05-29" else ["thb", "jpy", "usd"]
    )


def test_an_account_has_an_id_for_each_mode_and_one_team(omise: Emulator) -> None:
    """A test and a live key show different ids; older versions show the team as the id."""
    test = Client(omise, "jp").get("/account").json()
    live = Client(omise, "jp", live=True).get("/account").json()
    assert (test["id"], live["id"]) == (omise.account("jp").id, omise.account("jp").live_id)
    assert re.fullmatch(r"account_test_[0-9a-z]{19}", test["id"])
    assert re.fullmatch(r"account_[0-9a-z]{19}", live["id"])
    assert test["team"] == live["team"] == omise.account("jp").team
    assert (test["livemode"], live["livemode"]) == (False, True)
    assert (test["country"], test["supported_currencies"]) == ("JP", ["JPY"])
    assert test["created_at"] == "2019-07-01T00:30:00Z"
    for is_live in (False, True):
        old = Client(omise, "jp", live=is_live, version="2017-11-02").get("/account").json()
        assert (old["id"], old["currency"]) == (test["team"], "jpy")
        assert "team" not in old
