"""The settings of a provider in a program: the default one, or one that the program declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi.output import Unknown

from ..settings import (
    ACCOUNT_ID,
    CONFIG_KEYS,
    NAMESPACE,
    SECRET_KEY,
    SECRET_KEY_ENV,
    SUB_MERCHANT_ID,
    Settings,
    refuse_misspelt,
)
from ..state_format import names_default_provider


def as_config(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return settings as stack config spells them, which knows texts only."""
    return {
        f"{NAMESPACE}:{name}": ("true" if value else "false")
        if isinstance(value, bool)
        else str(value)
        for name, value in settings.items()
    }


def complete_settings(given: Mapping[str, Any], urn: str) -> dict[str, Any]:
    """Return what the provider is to remember.

    A provider that the program declares with a key of its own takes nothing from the environment
    that says whose account it is, as with ``pulumi_omise_links.Provider``.
    """
    has_key = bool({SECRET_KEY, SECRET_KEY_ENV} & {*given})
    if names_default_provider(urn.rpartition("::")[2]) or not has_key:
        return dict(given)
    return {SUB_MERCHANT_ID: "", ACCOUNT_ID: "", **given}


def check_settings(settings: Mapping[str, Any]) -> None:
    """Refuse settings that cannot be used, as far as they are known.

    :raises OmiseLinksError: one is misspelt or cannot be used.
    """
    config = as_config(settings)
    refuse_misspelt(config)
    if not any(isinstance(value, Unknown) for value in settings.values()):
        Settings.resolve({name: config.get(f"{NAMESPACE}:{name}") for name in CONFIG_KEYS})
