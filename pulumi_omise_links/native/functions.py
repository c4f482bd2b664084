"""The functions of the plugin: look-ups that make no resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import ArgumentError
from ..inputs import INPUT_NAMES
from ..link_provider import LinkProvider
from ..omise.models import OmiseLink
from ..state_format import STORED_OUTPUTS, to_native

GET_LINK, GET_LINKS = "omise:index:getLink", "omise:index:getLinks"
ATTRIBUTES = ("id", *INPUT_NAMES, *STORED_OUTPUTS, "livemode", "deleted", "deleted_at")
"""What a look-up tells of a link: all but its charges, which hold data of payers."""


def call(provider: LinkProvider, token: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a function returns.

    :raises ArgumentError: there is no such function, or an argument is missing.
    :raises OmiseLinksError: Omise cannot be asked, or there is no such link.
    """
    if token == GET_LINK:
        link_id = arguments.get("id")
        if not isinstance(link_id, str):
            raise ArgumentError("getLink needs id: the id of a link, such as link_test_5x….")
        return _described(provider.look_up(link_id))
    if token == GET_LINKS:
        found = provider.look_up_all(arguments.get("createdFrom"), arguments.get("createdTo"))
        wanted = [link for link in found if arguments.get("includeDeleted") or not link.deleted]
        return {"links": [_described(link) for link in wanted]}
    raise ArgumentError(f"This plugin has no function {token}: it has {GET_LINK} and {GET_LINKS}.")


def _described(link: OmiseLink) -> dict[str, Any]:
    values = {name: getattr(link, name) for name in ATTRIBUTES}
    return to_native({name: value for name, value in values.items() if value is not None})
