"""Decides whether the key may read, adopt or change a link. No other module decides that.

A preview checks what it can while Omise is reachable, and reports what it could not check. Before a
write, anything that is not proved is refused.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from .engine import Engine
from .errors import (
    MANAGES_LIVE_LINKS,
    AdoptError,
    AuthenticationError,
    LinkGoneError,
    OmiseLinksError,
    OmiseUnavailableError,
    SettingsError,
    WrongAccountError,
)
from .settings import (
    ACCOUNT_ID,
    NAMESPACE,
    SECRET_KEY_ENV,
    SUB_MERCHANT_ID,
    Settings,
    refuse_misspelt,
)
from .state_format import scope_of

if TYPE_CHECKING:
    from .omise.bulk import BulkReader
    from .omise.client import OmiseClient
    from .omise.models import LinkInputs, OmiseAccount, OmiseLink, Scope

# One link proves a scope. More than one is kept, as one may have been deleted in the dashboard.
_LINKS_PER_SCOPE = 3
# A plugin cannot tell whether its settings are the stack's or those of a Provider.
_ACCOUNT_SETTING = f"{NAMESPACE}:{ACCOUNT_ID}, or account_id of a Provider"


class LinkGuard:
    """The settings of one provider, its client, and what they allow. Safe for many threads."""

    def __init__(
        self, config: Mapping[str, str | None], config_keys: tuple[str, ...], engine: Engine
    ) -> None:
        """Resolve nothing yet: a preview needs no key, and says what is wrong with the settings.

        :param config: the stack's config, without the namespace.
        :param config_keys: all keys of the stack's config, with their namespaces.
        """
        self._config = config
        self._config_keys = config_keys
        self._engine = engine
        self._lock = threading.RLock()
        self._asking = threading.Lock()
        self._settings: Settings | None = None
        self._connected: tuple[OmiseClient, BulkReader] | None = None
        self._reachable = True
        # Links of each scope that this stack has links in, until the key is known to be of it.
        self._unproved: dict[Scope, list[str]] = {}
        self._proved: set[Scope] = set()
        # Links that Omise has shown with this key.
        self._found: set[str] = set()
        self._reported: set[object] = set()

    @property
    def settings(self) -> Settings:
        """What the stack's config and the environment say.

        :raises OmiseLinksError: a setting is missing, wrong or misspelt.
        """
        with self._lock:
            if self._settings is None:
                settings = Settings.resolve(self._config)
                if self._config.get(SECRET_KEY_ENV):
                    # Only the environment has this key; the general advice does not apply.
                    settings = replace(settings, key_advice="set it in the environment.")
                self._settings = settings
            return self._settings

    @property
    def client(self) -> OmiseClient:
        """The client, made when it is first needed: a preview without a key loads no network.

        :raises AuthenticationError: there is no key.
        """
        return self._connect()[0]

    @property
    def bulk(self) -> BulkReader:
        """Reads of many links."""
        return self._connect()[1]

    def _connect(self) -> tuple[OmiseClient, BulkReader]:
        from .omise.bulk import BulkReader  # noqa: PLC0415  (only calls need it)
        from .omise.client import OmiseClient  # noqa: PLC0415  (only calls need it)
        from .omise.create_log import CreateLog  # noqa: PLC0415  (only calls need it)

        with self._lock:
            if self._connected is None:
                self.settings.key()
                client = OmiseClient(
                    self.settings, may_write=self._engine.is_running, create_log=CreateLog()
                )
                self._connected = client, BulkReader(client)
            return self._connected

    # -- in previews

    def refuse_misspelt(self) -> None:
        """Refuse a key of the stack's config that is a setting with a slip in its spelling.

        :raises SettingsError: there is one.
        """
        refuse_misspelt(self._config_keys)

    def check(self, operation: Literal["create", "adopt"] | None) -> tuple[str, ...] | None:
        """Refuse settings that the operation would fail with.

        :param operation: None for a link that there is.
        :return: currencies that the account supports; None if that is not known or not asked.
        :raises OmiseLinksError: the settings are wrong, or name another account or mode.
        """
        settings = self.settings
        if settings.secret_key is None:
            self._engine.tell(
                f"No Omise secret key: {settings.key_source} is not set. So nothing was compared"
                " with Omise: neither the account and its currencies, nor links to adopt.",
                warning=True,
            )
            return None
        if operation == "create":
            settings.require_permission("create the link")
        elif operation == "adopt":
            settings.require_permission("adopt a link", MANAGES_LIVE_LINKS)
        elif settings.account_id is None:
            return None
        account = self._ask_account()
        if account is None:
            return None
        self._refuse_account(account.id)
        return account.supported_currencies or None if operation is not None else None

    def check_adoption(self, link_id: str, inputs: LinkInputs) -> None:
        """Refuse to adopt a link that differs from ``inputs`` or is gone, if Omise can be asked.

        :raises OmiseLinksError: the link cannot be adopted.
        """
        if self.settings.secret_key is None or not self._reachable:
            return
        try:
            link = self.bulk.find(link_id) or self.client.get_link(link_id)
            self._refuse_other_merchant(link)
            _require_equal(link, inputs)
        except OmiseUnavailableError as error:
            self._note_unreachable(error)

    def compare(self, link_id: str, outputs: Mapping[str, Any], *, replaced: bool) -> None:
        """Refuse a link of the state that is of another account, mode or sub-merchant.

        Its replacement would be made in the wrong one, before the old link is deleted. Links that
        stay are remembered, as what is made beside them belongs to their account, too.

        :raises WrongAccountError: the link is not one of the key's account and mode.
        """
        scope = scope_of(outputs)
        self._note_link(scope, link_id)
        if self.settings.secret_key is None:
            return
        with self._lock:
            found = link_id in self._found
        if found and not replaced and scope.sub_merchant_id == self.settings.sub_merchant_id:
            return  # a refresh compares what it has just read, and only with the link's own key
        try:
            self._ask_account()
            if not self._reachable:
                return
            self.client.refuse_other_scope(link_id, scope)
            if replaced:
                self.client.require_scope(link_id, scope)
        except OmiseUnavailableError as error:
            self._note_unreachable(error)
        except WrongAccountError:
            raise
        except OmiseLinksError as error:
            # Nothing will be written, so a key that cannot be used is a warning only.
            if replaced:
                raise
            self._engine.tell(f"Nothing was compared with Omise. {error}", warning=True)

    # -- before writes, and after them

    def require_create(self) -> Scope:
        """Return the scope of a new link, or refuse to make it there.

        :raises WrongAccountError: the stack's links are of another scope, or that is not known.
        """
        with self._lock:
            unproved = {scope: list(links) for scope, links in self._unproved.items()}
        for scope, links in unproved.items():
            self._prove(scope, links)
        scope = self.client.scope()
        expected = self.settings.account_id
        if expected is not None and scope.account_id is None:
            raise WrongAccountError(
                f"Links belong to {expected} here ({_ACCOUNT_SETTING}). Whether the key in"
                f" {self.settings.key().source} is of that account cannot be told, as it may not"
                " read GET /account and no link of the stack proves it. Nothing was changed. Use a"
                " key that may, or remove the setting."
            )
        self._refuse_account(scope.account_id)
        return scope

    def get_adoptable(self, link_id: str, inputs: LinkInputs) -> OmiseLink:
        """Return the link to adopt.

        :raises LiveModeError: the key is live and the stack has not allowed that.
        :raises AdoptError: the link differs from ``inputs``.
        :raises LinkGoneError: the link was deleted.
        """
        self.settings.require_permission(f"adopt link {link_id}", MANAGES_LIVE_LINKS)
        link = self.client.get_link(link_id)
        self._refuse_other_merchant(link)
        _require_equal(link, inputs)
        return link

    def get_importable(self, link_id: str) -> OmiseLink:
        """Return a link that the stack is to manage as it is.

        :raises LiveModeError: the key is live and the stack has not allowed that.
        :raises NotFoundError: the account of the key has no such link.
        :raises LinkGoneError: the link was deleted.
        """
        self.settings.require_permission(f"import link {link_id}", MANAGES_LIVE_LINKS)
        return self._read_unknown(link_id)

    def require_delete(self) -> None:
        """Refuse to delete with a key of another account than ``omise:accountId`` names.

        :raises WrongAccountError: the key is of another account.
        """
        if self.settings.account_id is not None:
            self._refuse_account(self.client.scope().account_id)

    def get(self, link_id: str) -> tuple[OmiseLink, Scope]:
        """Return a link that no state knows, and its scope.

        :raises NotFoundError: the account of the key has no such link.
        :raises LinkGoneError: the link was deleted.
        """
        return self._read_unknown(link_id), self.client.scope()

    def find(self, link_id: str, outputs: Mapping[str, Any]) -> tuple[OmiseLink, Scope] | None:
        """Return a link of the state and its scope; None if it is gone.

        What the state does not know of the scope is filled in: a link that is found is one of the
        key's account.

        :raises WrongAccountError: it is not found, and that proves nothing.
        """
        scope = scope_of(outputs)
        link = self.bulk.find(link_id) or self.client.find_link(
            link_id, scope, created_at=outputs.get("created_at")
        )
        if link is None or link.deleted:
            return None
        self._refuse_other_merchant(link)
        if scope.account_id is None:
            scope = replace(scope, account_id=self.client.scope().account_id)
        with self._lock:
            self._found.add(link_id)
        return link, scope

    def advise_account(self, scope: Scope) -> None:
        """Say once how to have another account's key refused, where nothing says so yet."""
        if scope.account_id is not None and self.settings.account_id is None:
            self._engine.tell(
                f"Links are made in account {scope.account_id}, with the key in"
                f" {self.settings.key().source}. To refuse the key of any other account,"
                f" also in previews, run `pulumi config set {NAMESPACE}:{ACCOUNT_ID}"
                f" {scope.account_id}`. (In a Provider: {ACCOUNT_ID}; in Python: account_id.)",
                about=ACCOUNT_ID,
            )

    def reason_once(self, verb: str, error: OmiseLinksError) -> OmiseLinksError:
        """Return the error, or a short one if another link of the provider has given the reason.

        Settings concern all links of a provider. The message about a refused key
        names another request each time, so the class of the error counts there.
        """
        reason = type(error) if isinstance(error, AuthenticationError) else str(error)
        with self._lock:
            if (verb, reason) not in self._reported:
                self._reported.add((verb, reason))
                return error
        kind = SettingsError if isinstance(error, SettingsError) else AuthenticationError
        return kind("This provider cannot be used: the error of another of its links says why.")

    # -- shared by previews and writes

    def _ask_account(self) -> OmiseAccount | None:
        # A preview needs no network, and must not wait for it once a resource or a thread.
        with self._asking:
            if not self._reachable:
                return None
            try:
                return self.client.account()
            except OmiseUnavailableError as error:
                self._note_unreachable(error)
                return None

    def _note_unreachable(self, error: OmiseUnavailableError) -> None:
        self._reachable = False
        self._engine.tell(
            f"Nothing more was compared with Omise: {error.problem}",
            warning=True,
            about="unreachable",
        )

    def _refuse_account(self, account_id: str | None) -> None:
        expected = self.settings.account_id
        if None not in {expected, account_id} and expected != account_id:
            raise WrongAccountError(
                f"Links belong to {expected} here ({_ACCOUNT_SETTING}), but the key in"
                f" {self.settings.key().source} is of {account_id}. Nothing was changed. Use a key"
                " of that account, or correct the setting."
            )

    def _refuse_other_merchant(self, link: OmiseLink) -> None:
        asked = self.settings.sub_merchant_id
        if merchant := link.other_merchant(asked):
            raise WrongAccountError(
                f"Link {link.id} is of sub-merchant {merchant}, although {asked} was asked for."
                f" Nothing was changed. Correct {NAMESPACE}:{SUB_MERCHANT_ID}; if it is right, a"
                " proxy on the way may drop the header SUB_MERCHANT_ID."
            )

    def _read_unknown(self, link_id: str) -> OmiseLink:
        """Return a link that no state knows; many of them are read in pages."""
        link = self.bulk.find(link_id) or self.client.get_link(link_id)
        self._refuse_other_merchant(link)
        _require_live(link)
        return link

    def _note_link(self, scope: Scope, link_id: str) -> None:
        with self._lock:
            if scope in self._proved:
                return
            links = self._unproved.setdefault(scope, [])
            if len(links) < _LINKS_PER_SCOPE and link_id not in links:
                links.append(link_id)

    def _prove(self, scope: Scope, links: list[str]) -> None:
        """Return only if one of the links proves that the key is of their scope."""
        problem: WrongAccountError | None = None
        for link_id in links:
            try:
                self.client.require_scope(link_id, scope)
            except WrongAccountError as error:
                problem = error
            else:
                with self._lock:
                    self._proved.add(scope)
                    self._unproved.pop(scope, None)
                return
        if problem is not None:
            raise problem


def _require_equal(link: OmiseLink, inputs: LinkInputs) -> None:
    _require_live(link)
    differing = inputs.describe_differences(link.inputs)
    if differing:
        raise AdoptError(link.id, differing)


def _require_live(link: OmiseLink) -> None:
    if link.deleted:
        raise LinkGoneError(link.id, link.deleted_at)
