"""Reading many links in few calls: pages of 100 instead of one call a link, when that is cheaper.

A refresh asks for one link after the other and nobody says how many will come. This is the ski
rental problem: rent (read single links) until renting has cost as much as buying (the pages).
"""

from __future__ import annotations

import math
import threading
from dataclasses import replace
from enum import Enum

from ..errors import OmiseLinksError
from .client import PAGE_SIZE, OmiseClient
from .models import OmiseLink
from .times import clock

# An engine's operation reads without a pause; what comes later belongs to another one.
_IDLE_SECONDS = 5.0


class Call(Enum):
    """What to ask Omise for next."""

    LINK = "the one link"
    FIRST_PAGE = "the first page, which also tells how many there are"
    OTHER_PAGES = "all pages but the first"


def next_call(reads: int, pages: int | None) -> Call:
    """Choose the next call, knowing nothing of the reads to come.

    :param reads: how many links have been read singly so far.
    :param pages: how many pages there are; None before the first one was read.

    At most twice the calls of the best plan are made. Let n be the number of reads in the end and
    P the number of pages; who knew n would make min(n, P) calls.

    - n = 1: one call. That is the best.
    - 1 < n < P: n single reads and the first page: n + 1 calls, less than 2n.
    - n >= P: at most P single reads, then all P pages: at most 2P calls, twice the best. (P = 1:
      one read and one page.)

    Links that no page holds are read singly under every plan.
    """
    if pages is None:
        return Call.FIRST_PAGE if reads else Call.LINK
    return Call.OTHER_PAGES if reads >= pages else Call.LINK


class BulkReader:
    """Answers reads of one engine operation from pages, once they cost fewer calls.

    Threads share one set of pages. A snapshot ends with the operation: with the process, or
    as soon as no read came for some seconds.
    """

    def __init__(self, client: OmiseClient) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._last_read = 0.0
        self._forget()

    def find(self, link_id: str) -> OmiseLink | None:
        """Return the link as a page of this operation shows it (it may be deleted).

        None if it is to be read singly: pages are not worth it yet, or do not hold it.
        """
        with self._lock:
            now = clock()
            if now - self._last_read > _IDLE_SECONDS:
                self._forget()
            call = Call.LINK
            if link_id not in self._links and not self._complete:
                call = next_call(self._reads, self._pages)
            if call is not Call.LINK:
                self._read_pages(call)
            self._last_read = clock()
            link = self._links.get(link_id)
            self._reads += link is None
            return link

    def drop(self, link_id: str) -> None:
        """Forget a link that this process has deleted."""
        with self._lock:
            self._links.pop(link_id, None)

    def _forget(self) -> None:
        self._links: dict[str, OmiseLink] = {}
        self._reads = 0
        self._pages: int | None = None
        self._complete = False
        # What cannot be read is asked for singly, and that read says what is wrong.
        self._unread = self._client.iter_pages(skipped=[])

    def _read_pages(self, call: Call) -> None:
        """Read the first page, or all others; others that read meanwhile wait, and are answered."""
        try:
            for links, total in self._unread:
                # The charges of a whole account would fill the memory, and nobody asks for them.
                self._links.update((link.id, replace(link, charges=())) for link in links)
                self._pages = math.ceil(total / PAGE_SIZE)
                if call is Call.FIRST_PAGE and self._pages > 1:
                    return
            self._complete = True
        except OmiseLinksError:
            # Lists may be refused or fail where single reads work; those say what is wrong.
            self._complete = True
