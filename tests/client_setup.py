"""Clients of an emulator or another server, with settings as the environment gives them."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.omise.client import OmiseClient
from pulumi_omise_links.omise.creates import LinkCreator
from pulumi_omise_links.settings import Settings

KEY = "skey_test_wire"


def settings_for(
    omise: Emulator | str,
    account: str = "th",
    *,
    live: bool = False,
    key: str | None = None,
    timeout: float = 5.0,
    **environ: str,
) -> Settings:
    """Settings as the environment would give them."""
    if isinstance(omise, Emulator):
        key, url = key or omise.key(account, live=live), omise.url
    else:
        key, url = key or KEY, omise
    return Settings.resolve(
        {},
        {
            "OMISE_API_URL": url,
            "OMISE_SECRET_KEY": key,
            "OMISE_TIMEOUT": str(timeout),
            **environ,
        },
    )


def client_for(omise: Emulator | str, *args: Any, **kwargs: Any) -> OmiseClient:
    return OmiseClient(settings_for(omise, *args, **kwargs))


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let retries and the looks after a lost create follow quickly; how many stays the same."""
    monkeypatch.setattr("pulumi_omise_links.omise.retry._FIRST_DELAY", 0.002)
    monkeypatch.setattr("pulumi_omise_links.omise.creates.LOOK_PAUSES", (0.0, 0.01, 0.03))
    monkeypatch.setattr(LinkCreator, "_seconds_for_an_answer", lambda *_: 0.0)
