"""Typed client of the Omise Links API.

Omise has no idempotency key and no update. So the client never repeats a create whose answer was
lost, treats a link as deleted only on proof, and returns from a delete only if the link is gone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar

from ..errors import (
    ApiError,
    LinkIdError,
    NotFoundError,
    OmiseUnavailableError,
    RateLimitedError,
    WrongAccountError,
)
from ..inputs import LINK_ID, is_live, mode, other_mode
from ..settings import Settings
from . import creates
from .create_log import CreateLog
from .creates import LinkCreator
from .lost_creates import CreateRegistry
from .models import (
    LinkInputs,
    OmiseAccount,
    OmiseCharge,
    OmiseLink,
    Page,
    Scope,
    UnreadableError,
    UnreadableLink,
)
from .scope_proofs import ScopeProofs
from .times import LAG_SECONDS, format_time
from .transport import RequestStats, Transport

PAGE_SIZE = 100  # the documented greatest (https://docs.omise.co/api-pagination)
T = TypeVar("T", OmiseLink, OmiseCharge, OmiseAccount, Page)


class OmiseClient:
    """Omise's payment links, their charges, and the account. Safe for many threads.

    ::

        with OmiseClient(Settings.resolve({})) as omise:
            for link in omise.iter_links():
                print(link.title, link.payment_uri)

    Every method may raise ``AuthenticationError``, ``ApiError`` and ``OmiseUnavailableError``.
    Methods that take an id may raise ``LinkIdError``. Further errors stand at each method.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        may_write: Callable[[], bool] = lambda: True,
        create_log: CreateLog | None = None,
    ) -> None:
        """Open no connection yet.

        :param may_write: asked before each write; if the answer is no, it is not sent.
        :param create_log: where creates under way are recorded, for a caller that may be killed
            unnoticed; without it, only the caller knows of a create.
        """
        self.settings = settings
        self._transport = Transport(settings, may_write)
        self._registry = CreateRegistry()
        self._creator = LinkCreator(self, self._transport, self._registry, create_log)
        self._account_call: Future[OmiseAccount | None] | None = None
        self._account_lock = threading.Lock()
        self._proofs = ScopeProofs(settings, self.account, self._newest_links)

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
        try:
            answer = self._get(f"/links/{link_id}", operation)
        except NotFoundError:
            self._refuse_lag(link_id, operation)
            raise
        link = self._read(OmiseLink, operation, answer)
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
        skipped: list[UnreadableLink] | None = None,
    ) -> tuple[list[OmiseLink], int]:
        """Return one page of links, deleted ones included, and how many there are in all.

        :param limit: links a page, at most 100; what Omise does with more is not documented.
        :param created_from: the earliest time of creation, ``2026-01-31T00:00:00Z``.
        :param created_to: the latest one. Whether a link made in the very second of either end is
            listed is not documented.
        :param skipped: takes what cannot be read; without it, one such link is an error.
        """
        page = self._list_page(
            offset=offset,
            limit=limit,
            newest_first=newest_first,
            created_from=created_from,
            created_to=created_to,
        )
        return self._read_links(page, skipped), page.total

    def iter_links(
        self,
        *,
        created_from: str | None = None,
        created_to: str | None = None,
        skipped: list[UnreadableLink] | None = None,
    ) -> Iterator[OmiseLink]:
        """Yield all links, oldest first, deleted ones included; one request per 100 links.

        :param created_from: see ``list_links``; ``2026-01-31T00:00:00Z``.
        :param created_to: likewise.
        :param skipped: takes what cannot be read; without it, one such link is an error.
        """
        for links, _ in self.iter_pages(
            created_from=created_from, created_to=created_to, skipped=skipped
        ):
            yield from links

    def iter_pages(
        self,
        *,
        created_from: str | None = None,
        created_to: str | None = None,
        skipped: list[UnreadableLink] | None = None,
    ) -> Iterator[tuple[list[OmiseLink], int]]:
        """Yield the pages of ``iter_links``, each with how many links there are in all.

        Oldest first is the order in which links made meanwhile cannot shift the pages.
        """

        def read(offset: int) -> Page:
            return self._list_page(offset=offset, created_from=created_from, created_to=created_to)

        for page in _pages("list links", read):
            yield self._read_links(page, skipped), page.total

    def link_charges(self, link_id: str) -> Iterator[OmiseCharge]:
        """Yield all charges made through a link; one request per 100 charges.

        :raises NotFoundError: this account has no such link in the mode of the key.
        """
        self._check_id(link_id)
        operation = f"list the charges of link {link_id}"

        def read(offset: int) -> Page:
            params: dict[str, str | int] = {"offset": offset, "limit": PAGE_SIZE}
            answer = self._get(f"/links/{link_id}/charges", operation, params)
            return self._read(Page, operation, answer)

        for page in _pages(operation, read):
            for data in page.data:
                yield self._read(OmiseCharge, operation, data)

    def _list_page(
        self,
        *,
        offset: int,
        limit: int = PAGE_SIZE,
        newest_first: bool = False,
        created_from: str | None,
        created_to: str | None,
    ) -> Page:
        params: dict[str, str | int] = {
            "offset": offset,
            "limit": limit,
            "order": "reverse_chronological" if newest_first else "chronological",
        }
        if created_from:
            params["from"] = created_from
        if created_to:
            params["to"] = created_to
        return self._read(Page, "list links", self._get("/links", "list links", params))

    def _read_links(self, page: Page, skipped: list[UnreadableLink] | None) -> list[OmiseLink]:
        if skipped is None:
            return [self._read(OmiseLink, "list links", data) for data in page.data]
        links = []
        for data in page.data:
            try:
                links.append(OmiseLink.from_json(data))
            except UnreadableError as error:
                skipped.append(UnreadableLink.from_json(data, str(error)))
        return links

    def _newest_links(self) -> list[OmiseLink]:
        links, _ = self.list_links(newest_first=True, skipped=[])
        return links

    def account(self) -> OmiseAccount | None:
        """Return the account of the key, or None if the key may not ask; asked once a client.

        Threads that ask while a call is under way share its result, or its error.
        """
        with self._account_lock:
            call, mine = self._account_call, self._account_call is None
            if call is None:
                call = self._account_call = Future()
        if mine:
            try:
                call.set_result(self._ask_account())
            except BaseException as error:
                with self._account_lock:
                    self._account_call = None  # the next caller asks again
                call.set_exception(error)
        return call.result()

    def _ask_account(self) -> OmiseAccount | None:
        operation = "read the account of the key"
        try:
            return self._read(OmiseAccount, operation, self._get("/account", operation))
        except ApiError as error:
            # Whether a restricted key may call it is not documented. Pages of firewalls are no
            # ApiError: what answers them has not read the key.
            if error.status not in {403, 404}:
                raise
            return None

    def scope(self) -> Scope:
        """Return the scope of this client's links: the account, and the sub-merchant if any.

        A key that may not ask for its account is known by a link that it could read or delete.
        """
        return self._proofs.scope()

    def refuse_other_scope(self, link_id: str, scope: Scope) -> None:
        """Refuse a link that is known to be of another scope than the links of this client.

        :param scope: the scope of the link, as the state knows it.
        :raises WrongAccountError: it is of another account, sub-merchant or mode.
        """
        self._check_id(link_id)
        self._proofs.refuse_other_scope(link_id, scope)

    def require_scope(self, link_id: str, scope: Scope) -> None:
        """Refuse a link unless it is proved to be of the scope of this client's links.

        Where an account is not known, neither by the key nor by the state, one read of the link
        proves it: Omise shows a link to keys of its own account only.

        :param scope: the scope of the link, as the state knows it.
        :raises WrongAccountError: it is of another scope, or that cannot be told.
        """
        self.refuse_other_scope(link_id, scope)
        if scope.account_id is not None and self.scope() == scope:
            return
        try:
            self.get_link(link_id)
        except NotFoundError:
            self._proofs.require_absence(link_id, scope)
        else:
            self._proofs.note(scope)

    def find_link(
        self, link_id: str, scope: Scope, *, created_at: str | None = None
    ) -> OmiseLink | None:
        """Return the link, or None if it is gone: deleted, or unknown in the scope it was made in.

        :param scope: the scope of the link, as the state knows it.
        :param created_at: when it was made, ``YYYY-MM-DDThh:mm:ssZ``. A new link that is not found
            is looked for again: the server may read a copy that is some seconds behind.
        :raises WrongAccountError: a 404 that proves nothing: the key is of another account or
            mode, or which account it is cannot be told.
        """
        link = None
        for pause in creates.LOOK_PAUSES:
            time.sleep(pause)
            try:
                link = self.get_link(link_id)
            except NotFoundError:
                self._proofs.require_absence(link_id, scope)
                if not self._is_new(created_at):
                    return None
            else:
                self._proofs.note(scope)
                break
        return None if link is None or link.deleted else link

    # -- writing

    def create_link(self, inputs: LinkInputs) -> OmiseLink:
        """Make a link: one POST, never a second one whose first may have been carried out.

        After a lost answer, the link is taken from the list only on proof; see ``lost_creates``.
        A create that is called again after ``UncertainCreateError`` returns the link that has
        appeared meanwhile.

        :raises LiveModeError: the key is live and the stack has not allowed that.
        :raises UncertainCreateError: the answer was lost, and there is no proof of what it made.
        :raises MismatchedCreateError: Omise made another link than the one that was asked for.
        """
        return self._creator.create(inputs)

    def delete_link(self, link_id: str, scope: Scope, *, read_back: bool = False) -> None:
        """Delete a link; returns only if it is gone, by this call or before it.

        :param scope: the scope of the link, as the state knows it.
        :param read_back: whether a read must show that it is gone, beside Omise's answer.
        :raises LiveModeError: the key is live and the stack has not allowed that.
        :raises WrongAccountError: Omise does not know the link, and that proves nothing.
        :raises ApiError: Omise refused (``failed_deletion``), and the link still stands.
        """
        self._check_id(link_id)
        operation = f"delete link {link_id}"
        self.settings.require_permission(operation)
        self._delete(link_id, scope, operation)
        if read_back:
            self._require_gone(link_id, scope, operation)

    def _delete(self, link_id: str, scope: Scope, operation: str) -> None:
        try:
            answer = self._transport.request("DELETE", f"/links/{link_id}", operation)
        except NotFoundError:
            self._refuse_lag(link_id, operation)
            self._proofs.require_absence(link_id, scope)
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
        self._registry.note_deleted(link_id)
        self._proofs.note(scope)

    def _require_gone(self, link_id: str, scope: Scope, operation: str) -> None:
        for pause in creates.LOOK_PAUSES:
            time.sleep(pause)
            if self.find_link(link_id, scope) is None:
                return
        raise OmiseUnavailableError(
            operation,
            "Omise has answered that it is deleted, and still shows it as a link that can be paid.",
            sent=True,
        )

    def _refuse_lag(self, link_id: str, operation: str) -> None:
        """Refuse to read "not found" as "gone" for a link that was made moments ago."""
        if self._registry.was_made_just_now(link_id):
            raise OmiseUnavailableError(
                operation,
                "Omise does not know the link, although it has made it within the last minute;"
                " try again later.",
                sent=True,
            )

    def _is_new(self, created_at: str | None) -> bool:
        now = self._transport.server_time()
        if created_at is None or now is None:
            return False
        return created_at > format_time(now - LAG_SECONDS)

    def _check_id(self, link_id: str) -> None:
        if not LINK_ID.fullmatch(link_id):
            raise LinkIdError(link_id)
        key = self.settings.key()
        if problem := other_mode(link_id, key.live, key.source):
            of = mode(is_live(link_id))
            raise WrongAccountError(
                f"{problem} Nothing was changed. Use the {of} key of its account."
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


def _pages(operation: str, read: Callable[[int], Page]) -> Iterator[Page]:
    """Read page after page, given the offset of each, as long as there are new ones."""
    offset = 0
    last: tuple[object, ...] = ()
    while True:
        page = read(offset)
        if not page.data:
            return
        if page.data == last:
            # Of a server that ignores the offset, the same links would come for ever.
            raise OmiseUnavailableError(operation, "Omise returned the same page twice.", sent=True)
        last = page.data
        yield page
        offset += len(page.data)
        if offset >= page.total:
            return
