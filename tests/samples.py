"""Sample objects for tests, in the shapes that Omise answers with (version 2019-05-29)."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from pulumi_omise_links.omise.models import LinkInputs, OmiseLink
from pulumi_omise_links.stack.model import NATIVE_PROVIDER_TYPE, PROVIDER_TYPE, PulumiResource
from pulumi_omise_links.state_format import (
    NATIVE_TYPE_TOKEN,
    PROVIDER_KEY,
    PROVIDER_PICKLE,
    TYPE_TOKEN,
    to_native,
)

CHARGE: dict[str, Any] = {
    "object": "charge",
    "id": "chrg_test_1",
    "amount": 150_000,
    "currency": "THB",
    "status": "successful",
    "paid": True,
    "created_at": "2026-01-31T00:00:00Z",
}
LINK: dict[str, Any] = {
    "object": "link",
    "id": "link_test_6344k6rzgco9ul41cap",
    "livemode": False,
    "location": "/links/link_test_6344k6rzgco9ul41cap",
    "deleted": True,
    "multiple": True,
    "used": False,
    "currency": "THB",
    "amount": 100_000,
    "charges": {"object": "list", "data": [CHARGE], "total": 31},
    "description": "New Product",
    "title": "Order-384",
    "payment_uri": "https://link.omise.co/6344K6RZGCO9UL41CAP",
    "created_at": "2025-03-20T10:07:38Z",
    "used_at": "2025-03-21T10:07:38Z",
    "deleted_at": "2025-03-22T10:07:38Z",
    "merchant_name": "Shop",
    "merchant_uid": "team_1",
}
ACCOUNT: dict[str, Any] = {
    "object": "account",
    "id": "account_1",
    "livemode": False,
    "country": "TH",
    "currency": "THB",
    "supported_currencies": ["THB", "usd"],
}
PAGE: dict[str, Any] = {"object": "list", "data": [LINK], "total": 1}


ACCOUNT_LINE = re.compile(
    r"Account (account_\w+) \(TH, test mode\), read with the key in the environment variable"
    r" OMISE_SECRET_KEY\.\n"
)
"""What a command says first of the Thai test account of the emulator."""


def make_inputs(**changes: Any) -> LinkInputs:
    """Inputs that Omise accepts for a Thai account, with these changes."""
    usual = {"amount": 150_000, "currency": "THB", "title": "Spring sale"}
    return LinkInputs(**{**usual, "description": "Two tickets", "multiple": True, **changes})


SPRING = make_inputs()


def make_link(link_id: str, **changes: Any) -> OmiseLink:
    """A link of the sample inputs, not yet paid, with these changes."""
    usual = {"used": False, "payment_uri": "https://pay/1", "created_at": "2026-01-01T00:00:00Z"}
    return OmiseLink(id=link_id, livemode=False, **{**vars(SPRING), **usual, **changes})


STACK = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"


def make_resource(
    name: str = "spring", *, inputs: dict[str, Any] | None = None, **changes: Any
) -> PulumiResource:
    """A link of the sample inputs, as a program of the stack declares it, with these changes."""
    values = {**vars(SPRING), "currency": "thb", PROVIDER_KEY: PROVIDER_PICKLE, **(inputs or {})}
    usual = {
        "urn": f"urn:pulumi:dev::shop::{TYPE_TOKEN}::{name}",
        "type": TYPE_TOKEN,
        "step": "create",
        "parent_urn": STACK,
        "provider_urn": f"urn:pulumi:dev::shop::{PROVIDER_TYPE}::default",
        "inputs": values,
        "encrypted_inputs": values,
    }
    return PulumiResource(**{**usual, **changes})


def make_native_resource(name: str = "spring", **changes: Any) -> PulumiResource:
    """The same link as a program on the native plugin declares it."""
    usual = make_resource(name)
    inputs = {key: value for key, value in usual.inputs.items() if key != PROVIDER_KEY}
    native = {
        "urn": f"urn:pulumi:dev::shop::{NATIVE_TYPE_TOKEN}::{name}",
        "type": NATIVE_TYPE_TOKEN,
        "provider_urn": f"urn:pulumi:dev::shop::{NATIVE_PROVIDER_TYPE}::default",
        "inputs": inputs,
        "encrypted_inputs": inputs,
    }
    return replace(usual, **{**native, **changes})


def as_native(document: Any) -> Any:
    """Return what `pulumi` prints of links in a Python program as it prints native ones."""
    text = json.dumps(document).replace(TYPE_TOKEN, NATIVE_TYPE_TOKEN)
    text = text.replace(PROVIDER_TYPE, NATIVE_PROVIDER_TYPE)
    # Settings of a provider have no namespace there, unlike those of a stack.
    return json.loads(text, object_hook=_with_native_names)


def _with_native_names(values: dict[str, Any]) -> dict[str, Any]:
    given = {key: value for key, value in values.items() if key != PROVIDER_KEY}
    if isinstance(given.get("outputs"), dict):
        given["outputs"] = to_native(given["outputs"])
    return {key.removeprefix("omise:"): value for key, value in given.items()}
