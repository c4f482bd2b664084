"""The accounts of a program's links: one for the stack, one for each explicit ``Provider``.

Accounts are read in pages, and only what is wanted is kept, so that an account of any size fits
into memory.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from ..errors import NotFoundError, OmiseLinksError, OmiseUnavailableError, SettingsError
from ..inputs import is_live
from ..omise.client import PAGE_SIZE, OmiseClient
from ..omise.models import OmiseLink, Scope, UnreadableLink
from ..omise.transport import RequestStats
from ..safe_text import escape
from ..settings import Settings
from ..stack.dependencies import explicit_provider
from ..stack.model import UNKNOWN, ManagedLink, Preview, PulumiResource, StackState

# An id that no page holds is read by itself, to tell "deleted" from "never there"; at most so many,
# as only the wording depends on it.
_MOST_SINGLE_READS = 10
Kept = TypeVar("Kept")


@dataclass(frozen=True, kw_only=True)
class AccountSnapshot:
    """Those links of one account that were asked for, in the mode of its key.

    ``country`` is a code such as ``TH``; None if Omise does not tell. ``unreadable`` are those of
    the links that exist and cannot be read: what is wrong, by id.
    """

    scope: Scope
    live: bool
    key_source: str
    country: str | None = None
    links: Mapping[str, OmiseLink] = field(default_factory=dict)
    unreadable: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        where = str(self.scope) if self.scope.account_id else "the account"
        return f"{where} of the key in {self.key_source}"


@dataclass(frozen=True)
class UnusableProvider:
    """An explicit provider whose account cannot be read; ``reason`` is a sentence."""

    reason: str


class Accounts:
    """Opens each account once, by the settings of the stack or those of an explicit provider."""

    def __init__(
        self, settings: Settings, connect: Callable[[Settings], OmiseClient] = OmiseClient
    ) -> None:
        self._settings = settings
        self._connect = connect
        self._clients: dict[tuple[str, ...], OmiseClient] = {}

    def __enter__(self) -> Accounts:
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients.values():
            client.close()

    def with_settings(self, settings: Settings) -> Accounts:
        """Return the same with other settings of the stack's own, such as those of another stack.

        An account is opened once for both.
        """
        other = copy.copy(self)
        other._settings = settings
        return other

    @property
    def has_key(self) -> bool:
        """Whether the stack's own settings hold a key."""
        return self._settings.secret_key is not None

    @property
    def stats(self) -> RequestStats:
        """Requests to all of the accounts so far."""
        stats = [client.stats for client in self._clients.values()]
        return RequestStats(
            sum(client.requests for client in stats),
            sum(client.retries for client in stats),
            sum(client.writes for client in stats),
        )

    @property
    def clients(self) -> tuple[OmiseClient, ...]:
        """The clients of the accounts that have been opened."""
        return tuple(self._clients.values())

    def settings(self, provider: PulumiResource | None) -> Settings:
        """Return what holds for links of this provider; None is the stack's own settings.

        Two providers may share an account, and one of them alone be allowed to write to it.

        :raises OmiseLinksError: the settings cannot be used.
        """
        return self._settings if provider is None else settings_of(provider)

    def client(self, provider: PulumiResource | None) -> OmiseClient:
        """Return the client for links of this provider; None is the stack's own settings.

        :raises OmiseLinksError: the settings cannot be used.
        """
        settings = self.settings(provider)
        key = settings.key()
        same = (key.reveal(), settings.api_url, settings.sub_merchant_id or "")
        if same not in self._clients:
            self._clients[same] = self._connect(settings)
        return self._clients[same]

    def read(
        self, wanted: Mapping[str, Collection[str]], providers: Mapping[str, PulumiResource]
    ) -> dict[str, AccountSnapshot | UnusableProvider]:
        """Return each provider's account with the links wanted, or why it cannot be opened.

        :param wanted: ids by the URN of the provider; empty for the stack's own settings.
        :raises OmiseLinksError: the stack's own account cannot be read.
        """
        read: dict[str, AccountSnapshot | UnusableProvider] = {}
        sharing: dict[OmiseClient, list[str]] = defaultdict(list)
        for urn in wanted:
            provider = providers.get(urn)
            try:
                client = self.client(provider)
                client.account()
            except OmiseLinksError as error:
                if provider is None:
                    raise
                read[urn] = _unusable(provider, error)
            else:
                sharing[client].append(urn)
        for client, urns in sharing.items():
            ids = {link_id for urn in urns for link_id in wanted[urn]}
            try:
                read |= dict.fromkeys(urns, _take_snapshot(client, ids))
            except OmiseLinksError as error:
                named = {urn: providers[urn] for urn in urns if urn in providers}
                if len(named) < len(urns):
                    raise
                read |= {urn: _unusable(provider, error) for urn, provider in named.items()}
        return read


def _unusable(provider: PulumiResource, error: OmiseLinksError) -> UnusableProvider:
    return UnusableProvider(f"Its provider {escape(provider.name)} cannot be used: {error}")


def _take_snapshot(client: OmiseClient, ids: Collection[str]) -> AccountSnapshot:
    # The charges of a whole account would fill the memory, and nobody asks for them.
    links, unreadable = find_links(client, ids, lambda link: replace(link, charges=()))
    account, key = client.account(), client.settings.key()
    return AccountSnapshot(
        scope=client.scope(),
        live=key.live,
        key_source=key.source,
        country=account.country if account else None,
        links=links,
        unreadable=unreadable,
    )


def find_provider(
    urn: str, state: StackState, preview: Preview | None = None
) -> PulumiResource | None:
    """Return an explicit provider; None for the empty URN, which is the stack's own settings.

    The program is preferred to the state: after a rotation the state still has the old key. For a
    provider with secrets, the preview must have them (``Project.with_secrets``).

    :param urn: as ``explicit_provider`` returns it.
    """
    declared = preview.resources.get(urn) if preview else None
    if declared is not None and UNKNOWN not in declared.inputs.values():
        return declared
    return state.providers.get(urn)


def refuse_other_account(client: OmiseClient, state: StackState, urn: str) -> list[ManagedLink]:
    """Return the stack's links of a provider, unless one is known to be of another account.

    :param client: the client by the settings of that provider.
    :param urn: as ``explicit_provider`` returns it.
    :raises WrongAccountError: a link is of another account, sub-merchant or mode than the key.
    """
    links = [link for link in state.links if explicit_provider(link.provider_urn) == urn]
    for link in links:
        client.refuse_other_scope(link.id, link.scope)
    return links


def settings_of(provider: PulumiResource) -> Settings:
    """Resolve the settings of an explicit provider as its own process would.

    :raises OmiseLinksError: they cannot be used, or are secrets that are not open. Then the key of
        the environment, which may be of another account, must not take their place.
    """
    if provider.secret_inputs - provider.inputs.keys():
        raise SettingsError(
            f"The settings of provider {escape(provider.name)} are secrets that could not be read."
        )
    return Settings.resolve(provider.settings)


def find_links(
    client: OmiseClient, ids: Collection[str], keep: Callable[[OmiseLink], Kept]
) -> tuple[dict[str, Kept], dict[str, str]]:
    """Return those of the links that exist, and by id what is wrong with those that cannot be read.

    Deleted ones are included where Omise still shows them. Reads pages until all are found, or each
    by itself where that is fewer requests.

    :param keep: what is to be kept of a link.
    """
    live = client.settings.key().live
    missing = {link_id for link_id in ids if is_live(link_id) == live}
    found: dict[str, Kept] = {}
    skipped: list[UnreadableLink] = []
    unreadable: dict[str, str] = {}
    read = 0
    for links, total in client.iter_pages(skipped=skipped) if missing else ():
        read += len(links) + len(skipped)
        for link in links:
            if link.id in missing:
                missing.discard(link.id)
                found[link.id] = keep(link)
        unreadable |= {bad.id: bad.problem for bad in skipped if bad.id in missing and bad.id}
        skipped.clear()
        missing -= unreadable.keys()
        # After the first page it is known how many more there are.
        if len(missing) <= min(_MOST_SINGLE_READS, (total - read - 1) // PAGE_SIZE):
            break
    for link_id in sorted(missing)[:_MOST_SINGLE_READS]:
        try:
            found[link_id] = keep(client.get_link(link_id))
        except NotFoundError:
            continue
        except OmiseUnavailableError as error:
            unreadable[link_id] = error.problem
    return found, unreadable
