"""Checks that a manifest is about the account that is read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress

from ..errors import NotFoundError, WrongAccountError
from ..inputs import other_mode
from ..omise.client import OmiseClient
from ..omise.models import OmiseLink

# Links that are asked for one by one before a manifest counts as one of another account.
_MOST_LOOK_UPS = 10


class SameAccount:
    """Tells whether links that a manifest names by id are in the account that is being read.

    Two accounts in one manifest would be noticed late: every link of one of them fails.
    """

    def __init__(self, client: OmiseClient, ids: Collection[str], file: str) -> None:
        """Refuse the other mode, which needs no request.

        :param ids: the ids in the manifest.
        :param file: its name, safe to print.
        :raises WrongAccountError: an id is of the other mode than the key.
        """
        self._client = client
        self._ids = frozenset(ids)
        self._file = file
        self._seen = False
        key = client.settings.key()
        for link_id in sorted(self._ids):
            if problem := other_mode(link_id, key.live, key.source):
                raise WrongAccountError(f"{file} was left as it is: {problem}")

    def watch(self, links: Iterable[OmiseLink]) -> Iterator[OmiseLink]:
        """Yield the links of the account, and notice one that the manifest has."""
        for link in links:
            self._seen = self._seen or link.id in self._ids
            yield link

    def require(self) -> None:
        """Refuse a manifest whose links are in another account; to be called after the links.

        :raises WrongAccountError: none of the links is in this account.
        """
        if self._seen or not self._ids:
            return
        ids = sorted(self._ids)
        for link_id in ids[:_MOST_LOOK_UPS]:
            with suppress(NotFoundError):
                # A deleted link may be shown here and not be listed.
                self._client.get_link(link_id)
                return
        named = ", ".join(ids[:2]) + (", …" if len(ids) > 2 else "")
        raise WrongAccountError(
            f"{self._file} was left as it is: it is about another account, as none of its links"
            f" ({named}) is in {self._client.scope()} of the key in"
            f" {self._client.settings.key().source}. Use the key of their account, or another file"
            " for this one."
        )
