"""The one door to Omise: typed calls, and the care that links with money behind them need.

Omise has no idempotency key and no update, so this module holds what keeps links safe: a create
is never repeated blindly, "gone" is said only on proof, and a delete is true.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any, TypeVar

from ..errors import (
    ApiError,
    LinkIdError,
    NotFoundError,
    OmiseLinksError,
    OmiseUnavailableError,
    RateLimitedError,
    UncertainCreateError,
    WrongAccountError,
)
from ..inputs import LINK_ID, is_live, mode, other_mode
from ..settings import Settings
from .lost_creates import CreateRegistry, find_created
from .models import (
    LinkInputs,
    OmiseAccount,
    OmiseCharge,
    OmiseLink,
    Page,
    Scope,
    UnreadableError,
)
from .transport import RequestStats, Transport

PAGE_SIZE = 100  # the documented greatest (https://docs.omise.co/api-pagination)
# Omise may still be at work on a create whose answer was lost; two more looks cost little, a
# duplicate costs money. Seconds before each look.
_LOOKS = (0.0, 1.0, 3.0)
T = TypeVar("T", OmiseLink, OmiseCharge, OmiseAccount, Page)
Listed = TypeVar("Listed", OmiseLink, OmiseCharge)


class OmiseClient:
    """Omise's payment links, their charges, and the account. Safe for many threads.

    ::

        with OmiseClient(Settings.resolve({})) as omise:
            for link in omise.iter_links():
                print(link.title, link.payment_uri)

    Every method may raise ``AuthenticationError``, ``ApiError`` and ``OmiseUnavailableError``.
    Methods that take an id may raise ``LinkIdError``. Further errors stand at each method.
    """

    def __init__(self, settings: Settings, *, may_write: Callable[[], bool] = lambda: True) -> None:
        """:param may_write: asked before each write; if the answer is no, it is not sent."""
        self.settings = settings
        self._transport = Transport(settings, may_write)
        self._claims = CreateRegistry()
        self._account: OmiseAccount | None = None
        self._account_asked = False
        self._account_refused: OmiseLinksError | None = None
        self._account_lock = threading.Lock()

    def __enter__(self) -> OmiseClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    @property
    def stats(self) -> RequestStats:
        """Requests, retries and writes so far."""
        return self._transport.stats

    def server_time(self) -> float | None:
        """Return Omise's time in Unix seconds, by its latest answer; None before the first."""
        return self._transport.server_time()

    # -- reading

    def get_link(self, link_id: str) -> OmiseLink:
        """Return a link with its first charges; a deleted one may come with ``deleted`` true.

        :raises NotFoundError: this account has no such link in the mode of the key.
        :raises WrongAccountError: the link is of the other mode.
        """
        self._check_id(link_id)
        operation = f"read link {link_id}"
        link = self._read(OmiseLink, operation, self._get(f"/links/{link_id}", operation))
        if link.id != link_id:
            raise OmiseUnavailableError(
                operation, f"Omise's answer is about {link.id[:80]!r}.", sent=True
            )
        return link

    def list_links(
        self,
        *,
        offset: int = 0,
        limit: int = PAGE_SIZE,
        newest_first: bool = False,
        created_from: str | None = None,
        created_to: str | None = None,
    ) -> tuple[list[OmiseLink], int]:
        """Return one page of links, deleted ones included, and how many there are in all.

        :param limit: links a page, at most 100; what Omise does with more is not documented.
        :param created_from: the earliest time of creation, ``2026-01-31T00:00:00Z``.
        :param created_to: the latest one. Whether a link made in the very second of either end is
            listed is not documented.
        """
        params: dict[str, str | int] = {
            "offset": offset,
            "limit": limit,
            "order": "reverse_chronological" if newest_first else "chronological",
        }
        if created_from:
            params["from"] = created_from
        if created_to:
            params["to"] = created_to
        operation = "list links"
        page = self._read(Page, operation, self._get("/links", operation, params))
        return [self._read(OmiseLink, operation, each) for each in page.data], page.total

    def iter_links(
        self, *, created_from: str | None = None, created_to: str | None = None
    ) -> Iterator[OmiseLink]:
        """Yield all links, oldest first, deleted ones included; one request per 100 links.

        :param created_from: see ``list_links``; ``2026-01-31T00:00:00Z``.
        :param created_to: likewise.
        """
        for links, _ in self.iter_pages(created_from=created_from, created_to=created_to):
            yield from links

    def iter_pages(
        self, *, created_from: str | None = None, created_to: str | None = None
    ) -> Iterator[tuple[list[OmiseLink], int]]:
        """Yield the pages of ``iter_links``, each with how many links there are in all.

        Oldest first is the order in which links made meanwhile cannot shift the pages.
        """

        def read(offset: int) -> tuple[list[OmiseLink], int]:
            return self.list_links(offset=offset, created_from=created_from, created_to=created_to)

        return _pages("list links", read)

    def link_charges(self, link_id: str) -> Iterator[OmiseCharge]:
        """Yield all charges made through a link; one request per 100 charges.

        :raises NotFoundError: this account has no such link in the mode of the key.
        """
        self._check_id(link_id)
        operation = f"list the charges of link {link_id}"

        def read(offset: int) -> tuple[list[OmiseCharge], int]:
            params: dict[str, str | int] = {"offset": offset, "limit": PAGE_SIZE}
            page = self._read(
                Page, operation, self._get(f"/links/{link_id}/charges", operation, params)
            )
            return [self._read(OmiseCharge, operation, each) for each in page.data], page.total

        for charges, _ in _pages(operation, read):
            yield from charges

    def account(self) -> OmiseAccount | None:
        """Return the account of the key, or None if the key may not ask; asked once a client."""
        refused = self._account_refused
        with self._account_lock:
            if self._account_refused not in {None, refused}:
                # Who has waited for a call that failed does not wait for another one.
                raise self._account_refused
            if not self._account_asked:
                try:
                    self._account = self._ask_account()
                except OmiseLinksError as error:
                    self._account_refused = error
                    raise
                self._account_asked = True
            return self._account

    def _ask_account(self) -> OmiseAccount | None:
        operation = "read the account of the key"
        try:
            return self._read(OmiseAccount, operation, self._get("/account", operation))
        except ApiError as error:
            # Whether a restricted key may call it is not documented.
            if error.status not in {403, 404}:
                raise
            return None

    def scope(self) -> Scope:
        """Return where links of this client live: the account, and the sub-merchant if any."""
        account = self.account()
        return Scope(account.id if account else None, self.settings.sub_merchant_id)

    def refuse_other_scope(self, link_id: str, scope: Scope) -> None:
        """Return only if nothing says that the link lives elsewhere than links of this client.

        :param scope: where the link was made, as the state knows it.
        :raises WrongAccountError: it is of another account, sub-merchant or mode.
        """
        self._check_id(link_id)
        ours = self.scope()
        known = None not in {scope.account_id, ours.account_id}
        if scope.sub_merchant_id != ours.sub_merchant_id or (
            known and scope.account_id != ours.account_id
        ):
            raise WrongAccountError(
                f"Link {link_id} belongs to {scope}, but the key in {self.settings.key().source} is"
                f" of {ours}. Nothing was changed. Use the settings of its own account for this"
                " stack."
            )

    def find_link(self, link_id: str, scope: Scope) -> OmiseLink | None:
        """Return the link, or None if it is gone: deleted, or unknown to the scope it lived in.

        :param scope: where the link was made, as the state knows it.
        :raises WrongAccountError: a 404 that proves nothing: the key is of another account or
            mode, or which account it is cannot be told.
        """
        try:
            link = self.get_link(link_id)
        except NotFoundError:
            self._require_scope(link_id, scope)
            return None
        return None if link.deleted else link

    # -- writing

    def create_link(self, inputs: LinkInputs) -> OmiseLink:
        """Make a link: one POST, never a second one whose first may have been carried out.

        After a lost answer, the link is taken from the list only on proof; see ``creation``.

        :raises LiveModeError: the key is live and the stack has not allowed that.
        :raises UncertainCreateError: the answer was lost, and proof was not to be had.
        """
        operation = "create the link"
        self.settings.require_permission(operation)
        # Asked before the POST: the answer tells the server's time, by which a lost one is judged.
        self.account()
        with self._claims.one_at_a_time(inputs):
            since = self._transport.server_time()
            try:
                answer = self._transport.request("POST", "/links", operation, body=asdict(inputs))
                link = self._read(OmiseLink, operation, answer)
            except OmiseUnavailableError as error:
                if not error.sent:
                    raise
                link = self._recover_created(inputs, since, error)
            self._claims.add(link.id)
        self._check_mode(link)
        return link

    def delete_link(self, link_id: str, scope: Scope) -> None:
        """Delete a link; returns only if it is gone, by this call or before it.

        :param scope: where the link was made, as the state knows it.
        :raises LiveModeError: the key is live and the stack has not allowed that.
        :raises WrongAccountError: Omise does not know the link, and that proves nothing.
        :raises ApiError: Omise refused (``failed_deletion``), and the link still stands.
        """
        self._check_id(link_id)
        operation = f"delete link {link_id}"
        self.settings.require_permission(operation)
        try:
            answer = self._transport.request("DELETE", f"/links/{link_id}", operation)
        except NotFoundError:
            self._require_scope(link_id, scope)
            return
        except RateLimitedError:
            raise
        except ApiError:
            # A second delete may be refused (undocumented): the end is what counts.
            if self.find_link(link_id, scope) is None:
                return
            raise
        if answer.get("id") != link_id or answer.get("deleted") is not True:
            raise OmiseUnavailableError(
                operation, "Omise's answer does not say that the link is deleted.", sent=True
            )

    # -- the care

    def _recover_created(
        self, inputs: LinkInputs, since: float | None, lost: OmiseUnavailableError
    ) -> OmiseLink:
        if since is None:
            raise UncertainCreateError(lost.problem, ())
        candidates: list[OmiseLink] = []
        unseen: OmiseLinksError | None = None
        for pause in _LOOKS:
            time.sleep(pause)
            try:
                candidates = find_created(self._newest_since(since), inputs, self._claims)
                unseen = None
            except OmiseLinksError as error:
                # Whatever keeps us from looking, the create may have been carried out.
                unseen = error
            if candidates:
                break
        if len(candidates) == 1:
            return candidates[0]
        problem = f"{lost.problem} {unseen}" if unseen else lost.problem
        ids = [each.id for each in candidates]
        raise UncertainCreateError(problem, ids, _whole_second(since)) from None

    def _newest_since(self, since: float) -> list[OmiseLink]:
        start = _whole_second(since)
        # Whether `from` is inclusive is not documented, so it only narrows the list.
        listed = self.iter_links(created_from=_whole_second(since - 5))
        return [each for each in listed if each.created_at >= start]

    def _require_scope(self, link_id: str, scope: Scope) -> None:
        """Refuse to read a 404 as "gone" unless the key is of the scope the link lived in."""
        ours = self.scope()
        if scope.account_id is not None and ours == scope:
            return
        self.refuse_other_scope(link_id, scope)
        unknown = f"key in {self.settings.key().source}" if scope.account_id else "link"
        raise WrongAccountError(
            f"Omise does not know link {link_id}. Whether it is gone cannot be told, because the"
            f" account of the {unknown} is not known: use a key that may read GET /account. If you"
            " know that the link is gone, take it out of the state with `pulumi state delete`."
        )

    def _check_id(self, link_id: str) -> None:
        if not LINK_ID.fullmatch(link_id):
            raise LinkIdError(link_id)
        key = self.settings.key()
        if problem := other_mode(link_id, key.live, key.source):
            of = mode(is_live(link_id))
            raise WrongAccountError(
                f"{problem} Nothing was changed. Use the {of} key of its account."
            )

    def _check_mode(self, link: OmiseLink) -> None:
        key = self.settings.key()
        if link.livemode != key.live:
            raise WrongAccountError(
                f"Omise made link {link.id} in {mode(link.livemode)} mode although the key in"
                f" {key.source} is a {mode(key.live)} key. Delete it in the dashboard and ask"
                " Omise's support."
            )

    def _get(self, path: str, operation: str, params: dict[str, str | int] | None = None) -> Any:
        return self._transport.request("GET", path, operation, params=params)

    def _read(self, kind: type[T], operation: str, data: object) -> T:
        try:
            return kind.from_json(data)
        except UnreadableError as error:
            raise OmiseUnavailableError(
                operation, f"Omise's answer is not the object it should be: {error}.", sent=True
            ) from None


def _pages(
    operation: str, read: Callable[[int], tuple[list[Listed], int]]
) -> Iterator[tuple[list[Listed], int]]:
    """Read page after page, given the offset of each, as long as there are new ones."""
    offset, last = 0, ""
    while True:
        page, total = read(offset)
        if not page:
            return
        if page[-1].id == last:
            # Of a server that ignores the offset, the same links would come for ever.
            raise OmiseUnavailableError(operation, "the same page came again.", sent=True)
        last = page[-1].id
        yield page, total
        offset += len(page)
        if offset >= total:
            return


def _whole_second(time_: float) -> str:
    """Return a Unix time as ``created_at`` has it: no later than it was."""
    return datetime.fromtimestamp(int(time_), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
