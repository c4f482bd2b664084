"""Links for programs that only want to look: plain, typed values instead of resources."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from .errors import OmiseLinksError
from .omise.client import OmiseClient
from .omise.models import OmiseLink
from .settings import Settings, from_program


def get_link(link_id: str, *, settings: Settings | None = None) -> OmiseLink:
    """Return a link as Omise has it now, its first charges included.

    :param link_id: ``link_test_…`` or ``link_…``.
    :param settings: for another account than the program's own: ``Settings.resolve({"secretKeyEnv":
        "OMISE_TH_KEY"})``.
    :raises OmiseLinksError: see ``errors``; ``NotFoundError`` if the account has no such link.
    """
    with _in_sentences():
        return _client(settings or from_program()).get_link(link_id)


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
    with _in_sentences():
        listed = _client(settings or from_program()).iter_links(
            created_from=created_from, created_to=created_to
        )
        return [link for link in listed if include_deleted or not link.deleted]


@contextmanager
def _in_sentences() -> Iterator[None]:
    """Let Pulumi show an error of a program as its sentence, without a traceback.

    It does so for its own ``RunError``. Ours stay what they are, and become one as well.
    """
    try:
        yield
    except OmiseLinksError as error:
        pulumi = sys.modules.get("pulumi")
        if pulumi is not None and not isinstance(error, pulumi.RunError):
            ours = type(error)
            error.__class__ = type(ours.__name__, (ours, pulumi.RunError), {})
        raise


@lru_cache(maxsize=8)
def _client(settings: Settings) -> OmiseClient:
    """One client, and so one connection pool and pace, for equal settings."""
    return OmiseClient(settings)
