"""Look-ups for programs that only read links: typed values instead of resources."""

from __future__ import annotations

import sys
from functools import lru_cache

from .errors import ArgumentError
from .omise.client import OmiseClient
from .omise.models import OmiseLink
from .settings import Settings, from_program


def get_link(link_id: str, *, settings: Settings | None = None) -> OmiseLink:
    """Return a link as Omise has it now, its first charges included.

    :param link_id: ``link_test_…`` or ``link_…``.
    :param settings: for another account than the program's own: ``Settings.resolve({"secretKeyEnv":
        "OMISE_TH_KEY"})``.
    :raises ArgumentError: ``link_id`` is an ``Output``; see ``Output.apply``.
    :raises NotFoundError: the account has no such link in the mode of the key.
    :raises OmiseLinksError: see ``errors``.
    """
    _require_text("get_link", "link_id", link_id)
    return _client(_settings("get_link", settings)).get_link(link_id)


def get_links(
    *,
    created_from: str | None = None,
    created_to: str | None = None,
    include_deleted: bool = False,
    settings: Settings | None = None,
) -> list[OmiseLink]:
    """Return the account's links in the mode of the key, oldest first, charges included.

    One request per 100 links.

    :param created_from: only links made since then (ISO 8601, ``2026-01-31T00:00:00Z``).
    :param created_to: only links made until then.
    :param include_deleted: deleted links too.
    :raises OmiseLinksError: see ``errors``.
    """
    for name, moment in (("created_from", created_from), ("created_to", created_to)):
        if moment is not None:
            _require_text("get_links", name, moment)
    listed = _client(_settings("get_links", settings)).iter_links(
        created_from=created_from, created_to=created_to
    )
    return [link for link in listed if include_deleted or not link.deleted]


def _require_text(function: str, name: str, value: object) -> None:
    if isinstance(value, str):
        return
    # Whoever holds an Output has loaded Pulumi; a look-up alone does not need it.
    pulumi = sys.modules.get("pulumi")
    if pulumi is not None and isinstance(value, (pulumi.Output, pulumi.Resource)):
        raise ArgumentError(
            f"{function} needs {name} as text, and this is an Output or a resource, whose value is"
            " not known when the program runs. Call it when it is:"
            f" link.id.apply(lambda value: {function}(…))."
        )
    raise ArgumentError(f"{function}: {name} must be text, not {type(value).__name__}.")


def _settings(function: str, settings: Settings | None) -> Settings:
    if settings is None:
        return from_program()
    if not isinstance(settings, Settings):
        raise ArgumentError(f"{function}: settings must be Settings, from Settings.resolve({{…}}).")
    return settings


@lru_cache(maxsize=8)
def _client(settings: Settings) -> OmiseClient:
    """One client, and so one connection pool and pace, for equal settings."""
    return OmiseClient(settings)
