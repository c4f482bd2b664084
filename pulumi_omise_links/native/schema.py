"""The plugin's schema: what Pulumi makes the packages of all languages from.

https://www.pulumi.com/docs/iac/extending-pulumi/schema/. Settings have no defaults here: those of
the languages' packages would stand above the environment.
"""

from __future__ import annotations

from typing import Any

from .._version import __version__
from ..inputs import INPUTS
from ..settings import (
    ACCOUNT_ID,
    ALLOW_LIVE,
    AMOUNT_LIMITS,
    API_URL,
    SECRET_KEY,
    SECRET_KEY_ENV,
    SUB_MERCHANT_ID,
)
from ..state_format import NATIVE_PACKAGE, NATIVE_TYPE_TOKEN, TYPE_TOKEN, to_native
from .functions import GET_LINK, GET_LINKS

_TYPES = {str: "string", int: "integer", bool: "boolean"}
_ID = "The id of the link: link_test_5x… (test) or link_5x… (live)."
_FOUND = "omise:index:FoundLink"
_SETTINGS: dict[str, dict[str, Any]] = {
    SECRET_KEY: {
        "type": "string",
        "description": "The secret key (skey_…) itself. It is stored encrypted in the state, and"
        " refresh and destroy use it from there until the next up.",
        "secret": True,
    },
    SECRET_KEY_ENV: {
        "type": "string",
        "description": "The name of the environment variable with the secret key; OMISE_SECRET_KEY"
        " if it is not given.",
    },
    API_URL: {
        "type": "string",
        "description": "Where Omise is: https, or http on this machine. Else OMISE_API_URL, or"
        " https://api.omise.co.",
    },
    ALLOW_LIVE: {
        "type": "boolean",
        "description": "Whether a live key may write. Else OMISE_ALLOW_LIVE, or false.",
    },
    AMOUNT_LIMITS: {
        "type": "boolean",
        "description": "Whether amounts are checked against the documented limits of a charge."
        " Else OMISE_AMOUNT_LIMITS, or true.",
    },
    SUB_MERCHANT_ID: {
        "type": "string",
        "description": "Act for this sub-merchant (team_…, Payfac). Else OMISE_SUB_MERCHANT_ID.",
    },
    ACCOUNT_ID: {
        "type": "string",
        "description": "The account that the links belong to (account_…): a key of another one is"
        " refused. Else OMISE_ACCOUNT_ID.",
    },
}
# By the names of ``STORED_OUTPUTS`` and of ``OmiseLink``.
_OUTPUTS: dict[str, tuple[str, str]] = {
    "payment_uri": ("string", "The address of the payment page: what goes on posters."),
    "created_at": ("string", "When the link was made, YYYY-MM-DDThh:mm:ssZ."),
    "used": ("boolean", "Whether a single-use link was paid; always false if multiple is true."),
    "used_at": ("string", "When it was paid, YYYY-MM-DDThh:mm:ssZ."),
    "merchant_name": ("string", "Only on accounts with sub-merchants (Payfac)."),
    "merchant_uid": ("string", "Only on accounts with sub-merchants (Payfac)."),
}
_FOUND_ONLY: dict[str, tuple[str, str]] = {
    "livemode": ("boolean", "Whether real money moves through the link."),
    "deleted": ("boolean", "Whether the link was deleted."),
    "deleted_at": ("string", "When it was deleted, YYYY-MM-DDThh:mm:ssZ."),
}
_NOT_ALWAYS = ("used_at", "merchant_name", "merchant_uid", "deleted_at")


def make_schema() -> dict[str, Any]:
    """Return the schema."""
    inputs = {
        known.name: {"type": _TYPES[known.type], "description": known.description}
        for known in INPUTS
    }
    outputs = inputs | _properties(_OUTPUTS)
    found = {"id": {"type": "string", "description": _ID}, **outputs, **_properties(_FOUND_ONLY)}
    return {
        "name": NATIVE_PACKAGE,
        "displayName": "Omise payment links",
        "version": __version__,
        "description": "Payment links of Omise (Opn Payments), managed as code with Pulumi.",
        "keywords": ["omise", "opn", "payment links"],
        "license": "Apache-2.0",
        "config": {"variables": _SETTINGS},
        "provider": {
            "description": "Settings of its own for some links, such as those of a second account.",
            "inputProperties": _SETTINGS,
        },
        "resources": {
            NATIVE_TYPE_TOKEN: {
                "description": "A payment link of Omise. A link is immutable: a change of any"
                " input replaces it, with a new paymentUri.",
                "inputProperties": inputs,
                "requiredInputs": [known.name for known in INPUTS if known.required],
                "properties": outputs,
                "required": _required(outputs),
                # A link that was declared in Python is the same link here.
                "aliases": [{"type": TYPE_TOKEN}],
            }
        },
        "types": {
            _FOUND: {
                "type": "object",
                "description": "A link as Omise has it now.",
                "properties": found,
                "required": _required(found),
            }
        },
        "functions": {
            GET_LINK: {
                "description": "Reads a link, which may be one that was deleted.",
                "inputs": {
                    "properties": {"id": {"type": "string", "description": _ID}},
                    "required": ["id"],
                },
                "outputs": {"properties": found, "required": _required(found)},
            },
            GET_LINKS: {
                "description": "Reads the links of the account in the mode of the key, oldest"
                " first: one request for each 100.",
                "inputs": {
                    "properties": {
                        "createdFrom": {
                            "type": "string",
                            "description": "Only links made since then: 2026-01-31T00:00:00Z.",
                        },
                        "createdTo": {
                            "type": "string",
                            "description": "Only links made until then.",
                        },
                        "includeDeleted": {
                            "type": "boolean",
                            "description": "Deleted links, too.",
                        },
                    }
                },
                "outputs": {
                    "properties": {
                        "links": {
                            "type": "array",
                            "items": {"$ref": f"#/types/{_FOUND}"},
                            "description": "The links.",
                        }
                    },
                    "required": ["links"],
                },
            },
        },
        "language": {
            "nodejs": {"packageName": "pulumi-omise", "respectSchemaVersion": True},
            "python": {"packageName": "pulumi_omise", "respectSchemaVersion": True},
            "go": {"respectSchemaVersion": True},
        },
    }


def _properties(table: dict[str, tuple[str, str]]) -> dict[str, Any]:
    return to_native(
        {name: {"type": kind, "description": text} for name, (kind, text) in table.items()}
    )


def _required(properties: dict[str, Any]) -> list[str]:
    absent = to_native(dict.fromkeys(_NOT_ALWAYS))
    return [name for name in properties if name not in absent]
