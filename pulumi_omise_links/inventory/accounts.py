"""The accounts that a program's links live in: one for the stack, one for each ``Provider``.

Read in pages, and only what is wanted is kept, so that an account of any size fits into memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..errors import AuthenticationError, NotFoundError, SettingsError
from ..inputs import is_live
from ..omise.client import PAGE_SIZE, OmiseClient
from ..omise.models import OmiseLink, Scope
from ..omise.transport import RequestStats
from ..output.terminal import show
from ..settings import CONFIG_KEYS, NAMESPACE, Settings

if TYPE_CHECKING:
    from ..stack.pulumi_json import PulumiResource

# An id that no page holds is asked for by itself, to tell "deleted" from "never there"; this many
# times at most, as it is only for the wording.
_SECOND_LOOKS = 10


@dataclass(frozen=True)
class AccountSnapshot:
    """The links of one account that somebody asked for, in the mode of its key."""

    scope: Scope
    live: bool
    key_source: str
    links: dict[str, OmiseLink] = field(default_factory=dict)

    def __str__(self) -> str:
        where = str(self.scope) if self.scope.account_id else "the account"
        return f"{where} of the key in {self.key_source}"


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
        for each in self._clients.values():
            each.close()

    @property
    def has_key(self) -> bool:
        """Whether the stack's own settings hold a key."""
        return self._settings.secret_key is not None

    @property
    def stats(self) -> RequestStats:
        """What talking to all of them has cost."""
        costs = [each.stats for each in self._clients.values()]
        return RequestStats(
            sum(each.requests for each in costs),
            sum(each.retries for each in costs),
            sum(each.writes for each in costs),
        )

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
    ) -> dict[str, AccountSnapshot | str]:
        """Return each provider's account with the links wanted, or why it cannot be opened.

        :param wanted: ids by the URN of the provider; empty for the stack's own settings.
        :raises OmiseLinksError: Omise could not be asked, or refused the stack's own key.
        """
        read: dict[str, AccountSnapshot | str] = {}
        sharing: dict[OmiseClient, list[str]] = defaultdict(list)
        for urn in wanted:
            provider = providers.get(urn)
            try:
                client = self.client(provider)
                client.account()
            except (AuthenticationError, SettingsError) as error:
                if provider is None:
                    raise
                read[urn] = f"Its provider {show(provider.name)} cannot be used: {error}"
            else:
                sharing[client].append(urn)
        for client, urns in sharing.items():
            found = find_links(client, {each for urn in urns for each in wanted[urn]})
            key = client.settings.key()
            account = AccountSnapshot(client.scope(), key.live, key.source, found)
            read.update(dict.fromkeys(urns, account))
        return read

    def every_link(self, provider: PulumiResource | None) -> Iterator[OmiseLink]:
        """Yield the links of the account that still exist, without their charges."""
        for each in self.client(provider).iter_links():
            if not each.deleted:
                yield replace(each, charges=())


def settings_of(provider: PulumiResource) -> Settings:
    """Resolve the settings of an explicit provider as its own process would."""
    given: dict[str, Any] = {
        name: provider.inputs.get(f"{NAMESPACE}:{name}") for name in CONFIG_KEYS
    }
    return Settings.resolve(given)


def find_links(client: OmiseClient, ids: Collection[str]) -> dict[str, OmiseLink]:
    """Return those of the links that exist, deleted ones included where Omise still shows them.

    Reads pages until all are found, or each by itself where that is fewer requests.
    """
    live = client.settings.key().live
    missing = {each for each in ids if is_live(each) == live}
    found: dict[str, OmiseLink] = {}
    read = 0
    for links, total in client.iter_pages() if missing else ():
        read += len(links)
        for each in links:
            if each.id in missing:
                missing.discard(each.id)
                found[each.id] = replace(each, charges=())
        # After the first page it is known how many more there are.
        if len(missing) <= min(_SECOND_LOOKS, (total - read - 1) // PAGE_SIZE):
            break
    for link_id in sorted(missing)[:_SECOND_LOOKS]:
        try:
            found[link_id] = replace(client.get_link(link_id), charges=())
        except NotFoundError:
            continue
    return found
