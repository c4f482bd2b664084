"""What a 404 says about a link: that it is gone, or nothing.

Omise shows a link to keys of its own account and mode only, and to a platform only under the right
sub-merchant. So "not found" is "gone" only where all of these are proved to be the link's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..errors import WrongAccountError
from ..settings import Settings
from .models import OmiseAccount, OmiseLink, Scope, may_be_of


class ScopeProofs:
    """What is proved about the scope of one client's links, by the account or by answers."""

    def __init__(
        self,
        settings: Settings,
        account: Callable[[], OmiseAccount | None],
        newest_links: Callable[[], Sequence[OmiseLink]],
    ) -> None:
        """Ask nothing yet.

        :param account: asks for the account of the key; None if the key may not ask.
        :param newest_links: asks for one page of links, the newest first.
        """
        self._settings = settings
        self._account = account
        self._newest_links = newest_links
        self._proved_account_id: str | None = None
        # Whether answers show that the header with the sub-merchant arrives; None is not known yet.
        self._header_arrives: bool | None = None

    def scope(self) -> Scope:
        """Return the scope: the account, if it is known, and the sub-merchant if any."""
        account = self._account()
        account_id = account.id if account else self._proved_account_id
        return Scope(account_id, self._settings.sub_merchant_id)

    def note(self, scope: Scope) -> None:
        """Remember that Omise has shown or deleted a link of this scope with our key."""
        if scope.sub_merchant_id == self._settings.sub_merchant_id:
            self._header_arrives = True
            if scope.account_id is not None:
                self._proved_account_id = scope.account_id

    def refuse_other_scope(self, link_id: str, scope: Scope) -> None:
        """Refuse a link that is known to be of another scope.

        :raises WrongAccountError: it is of another account or sub-merchant.
        """
        ours = self.scope()
        known = None not in {scope.account_id, ours.account_id}
        if scope.sub_merchant_id != ours.sub_merchant_id or (
            known and scope.account_id != ours.account_id
        ):
            raise WrongAccountError(
                f"Link {link_id} belongs to {scope}, but the key in {self._settings.key().source}"
                f" is of {ours}. Nothing was changed. Use a key of the link's own account, in the"
                " stack's settings or in the Provider of the link."
            )

    def require_absence(self, link_id: str, scope: Scope) -> None:
        """Return if a 404 proves that a link of this scope is gone.

        :raises WrongAccountError: it proves nothing.
        """
        ours = self.scope()
        if scope.account_id is not None and ours == scope:
            self._require_sub_merchant(link_id)
            return
        self.refuse_other_scope(link_id, scope)
        source = self._settings.key().source
        # Another key would help only where the state knows the account of the link.
        reason = (
            f"the account of the key in {source} is not known. First check that it is of"
            f" {scope.account_id}: any other key does not see the link. Then use a key that may"
            " read GET /account."
            if scope.account_id
            else f"the account of the link is not known: it was made with a key that may not read"
            f" GET /account. First check that the key in {source} is of the link's account: any"
            " other one does not see the link."
        )
        raise WrongAccountError(
            f"Omise does not know link {link_id}. Whether it is gone cannot be told, because"
            f" {reason} Only if the dashboard of that account says that the link is deleted, take"
            " it out of the state with `pulumi state delete`."
        )

    def _require_sub_merchant(self, link_id: str) -> None:
        """Return if Omise has heard which sub-merchant is asked for.

        A proxy may drop the header, and then Omise answers for the platform's own account.
        """
        asked = self._settings.sub_merchant_id
        if asked is None:
            return
        if self._header_arrives is None:
            self._header_arrives = any(
                may_be_of(link.merchant_uid, asked) for link in self._newest_links()
            )
        if not self._header_arrives:
            raise WrongAccountError(
                f"Omise does not know link {link_id}. Whether it is gone cannot be told, because"
                f" Omise shows no link of sub-merchant {asked}: a proxy on the way may drop the"
                " header SUB_MERCHANT_ID. Ask Omise without that proxy. Only if the dashboard says"
                " that the link is deleted, take it out of the state with `pulumi state delete`."
            )
