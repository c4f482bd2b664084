"""Sample objects for tests, in the shapes that Omise answers with (version 2019-05-29)."""

from __future__ import annotations

import re
from typing import Any

from pulumi_omise_links.omise.models import LinkInputs

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
