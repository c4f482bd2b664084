"""The functions of the plugin: look-ups that make no resource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import ArgumentError
from ..inputs import INPUT_NAMES, did_you_mean
from ..link_provider import LinkProvider
from ..omise.models import OmiseLink
from ..safe_text import escape, hide_keys
from ..state_format import STORED_OUTPUTS, to_native

GET_LINK, GET_LINKS = "omise:index:getLink", "omise:index:getLinks"
ATTRIBUTES = ("id", *INPUT_NAMES, *STORED_OUTPUTS, "livemode", "deleted", "deleted_at")
"""What a look-up tells of a link: all but its charges, which hold data of payers."""


def call(provider: LinkProvider, token: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a function returns.

    :raises ArgumentError: there is no such function, or an argument is missing, unknown or
        of another type.
    :raises OmiseLinksError: Omise cannot be asked, or there is no such link.
    """
    if token == GET_LINK:
        _refuse_unknown("getLink", arguments, ("id",))
        link_id = arguments.get("id")
        if not isinstance(link_id, str):
            raise ArgumentError("getLink needs id: the id of a link, such as link_test_5x….")
        return _described(provider.look_up(link_id))
    if token == GET_LINKS:
        _refuse_unknown("getLinks", arguments, ("createdFrom", "createdTo", "includeDeleted"))
        deleted = arguments.get("includeDeleted", False)
        if not isinstance(deleted, bool):
            raise ArgumentError("getLinks: includeDeleted must be true or false, without quotes.")
        moments = [arguments.get(name) for name in ("createdFrom", "createdTo")]
        if not all(moment is None or isinstance(moment, str) for moment in moments):
            raise ArgumentError("getLinks: createdFrom and createdTo must be text.")
        found = provider.look_up_all(*moments)
        wanted = [link for link in found if deleted or not link.deleted]
        return {"links": [_described(link) for link in wanted]}
    raise ArgumentError(f"This plugin has no function {token}: it has {GET_LINK} and {GET_LINKS}.")


def _refuse_unknown(function: str, arguments: Mapping[str, Any], known: Sequence[str]) -> None:
    """Refuse an argument that the function does not have: what it asks for would not be done.

    :raises ArgumentError: naming the first one.
    """
    for name in sorted({*arguments} - {*known}):
        shown = escape(hide_keys(name))
        hint = did_you_mean(name, known) or f"; it has {', '.join(known)}"
        raise ArgumentError(f"{function} has no argument {shown!r}{hint}. Correct the name.")


def _described(link: OmiseLink) -> dict[str, Any]:
    values = {name: getattr(link, name) for name in ATTRIBUTES}
    return to_native({name: value for name, value in values.items() if value is not None})
