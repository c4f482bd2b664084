"""Where links and charges lie: one SQLite database, in memory or in a file."""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from . import ids
from .records import AccountSide, ChargeRecord, LinkRecord, Window

_SCHEMA = """
CREATE TABLE IF NOT EXISTS links (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, live INTEGER NOT NULL, sub_merchant TEXT NOT NULL,
    amount INTEGER NOT NULL, currency TEXT NOT NULL, title TEXT NOT NULL,
    description TEXT NOT NULL, multiple INTEGER NOT NULL, page TEXT NOT NULL,
    payment_uri TEXT NOT NULL, used_at INTEGER, deleted_at INTEGER) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS links_of_pool ON links (account, live, sub_merchant, id, deleted_at);
CREATE UNIQUE INDEX IF NOT EXISTS links_of_page ON links (page);
CREATE TABLE IF NOT EXISTS charges (
    id TEXT PRIMARY KEY, link TEXT NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL,
    description TEXT NOT NULL, return_uri TEXT NOT NULL, paid INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS charges_of_link ON charges (link, id);
"""
_POOL = "account = ? AND live = ? AND sub_merchant = ?"
# So many ids go into one statement at most; SQLite's least limit on variables is 999.
_CHUNK = 500
_TOTALS_KEPT = 1000


class Store:
    """Links and charges. Every method is safe for many threads.

    ``database`` is a path, or ":memory:" for data that end with this object. A file survives the
    end of the process, also a killed one. ``clock`` gives unix seconds.
    """

    def __init__(self, database: str, clock: Callable[[], float]) -> None:
        self._connection: sqlite3.Connection | None = None
        self.lock = threading.RLock()
        self._database = database
        self._clock = clock
        self._mint = ids.Mint()
        self._totals: dict[tuple[Any, ...], int] = {}

    def _db(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = sqlite3.connect(
                self._database, check_same_thread=False, isolation_level=None
            )
            # A killed emulator must lose nothing, a power cut may: tests should not wait for disks.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")
            connection.executescript(_SCHEMA)
            self._connection = connection
        return self._connection

    def open(self) -> None:
        """Open or make the database now, so that a bad path fails here."""
        with self.lock:
            self._db()

    def close(self) -> None:
        """Let go of a file. Data in memory stay as long as this object."""
        with self.lock:
            if self._connection is not None and self._database != ":memory:":
                self._connection.close()
                self._connection = None

    def __del__(self) -> None:
        """Close what is still open."""
        if self._connection is not None:
            self._connection.close()

    def now(self) -> float:
        """Unix seconds by the clock of this Omise."""
        return self._clock()

    # -- links

    def add(self, pool: AccountSide, rows: Iterable[Mapping[str, Any]]) -> list[LinkRecord]:
        """Store new links, each with the inputs of a link and ``base`` (the pages' address).

        A row may name ``at`` (unix seconds of its creation; default: now) and ``page`` ("suffix"
        or "hex": how its payment address ends).
        """
        prefix = "link_" if pool.live else "link_test_"
        with self.lock:
            db = self._db()
            links = []
            pages: set[str] = set()
            for row in rows:
                at = row.get("at")
                suffix = self._mint.suffix(int((self.now() if at is None else at) * 1000))
                page = suffix.upper()
                if row.get("page") == "hex":
                    page = self._hex_page(pages)
                links.append(
                    LinkRecord(
                        id=prefix + suffix,
                        pool=pool,
                        amount=row["amount"],
                        currency=row["currency"],
                        title=row["title"],
                        description=row["description"],
                        multiple=row["multiple"],
                        page=page,
                        payment_uri=f"{row['base']}/pay/{page}",
                    )
                )
            self._totals.clear()
            db.execute("BEGIN")
            try:
                db.executemany(
                    "INSERT INTO links VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        (
                            *(each.id, *pool.key, each.amount, each.currency, each.title),
                            *(each.description, each.multiple, each.page, each.payment_uri),
                            *(each.used_at, each.deleted_at),
                        )
                        for each in links
                    ),
                )
            except sqlite3.Error:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")
            return links

    def _hex_page(self, taken: set[str]) -> str:
        page = secrets.token_hex(4).upper()
        while page in taken or self.link_of_page(page):
            page = secrets.token_hex(4).upper()
        taken.add(page)
        return page

    def link(self, identity: str, pool: AccountSide | None = None) -> LinkRecord | None:
        """The link with this id, in that pool or in any."""
        with self.lock:
            rows = self._db().execute("SELECT * FROM links WHERE id = ?", (identity,)).fetchall()
        found = _link(rows[0]) if rows else None
        return found if found and pool in (None, found.pool) else None

    def link_of_page(self, page: str) -> LinkRecord | None:
        """The link whose payment address ends like this."""
        with self.lock:
            rows = self._db().execute("SELECT * FROM links WHERE page = ?", (page,)).fetchall()
        return _link(rows[0]) if rows else None

    def links(
        self, pool: AccountSide, window: Window, *, deleted: bool
    ) -> tuple[list[LinkRecord], int]:
        """A page of links, with or without deleted ones, and how many the window's seconds hold."""
        prefix = "link_" if pool.live else "link_test_"
        first, last = window.bounds
        where = f"{_POOL} AND id BETWEEN ? AND ?{'' if deleted else ' AND deleted_at IS NULL'}"
        values = (*pool.key, prefix + first, prefix + last)
        order = f"ORDER BY id {window.order}"
        # The ids are found in the index alone, so that a far offset stays cheap.
        page = f"SELECT id FROM links WHERE {where} {order} LIMIT ? OFFSET ?"
        with self.lock:
            db = self._db()
            sql = f"SELECT * FROM links WHERE id IN ({page}) {order}"
            rows = db.execute(sql, (*values, window.limit, window.offset))
            return [_link(each) for each in rows], self._total(where, values)

    def _total(self, where: str, values: tuple[Any, ...]) -> int:
        """How many links there are, kept until the next change: counting 50,000 takes a while."""
        *pool, _, last = values
        sql = f"SELECT max(id) FROM links WHERE {_POOL}"
        newest = self._db().execute(sql, pool).fetchone()[0]
        # The usual end is "now": past the newest link all ends are the same.
        key = (where, *values[:-1], last if newest and last < newest else None)
        if key not in self._totals:
            if len(self._totals) > _TOTALS_KEPT:
                self._totals.clear()
            sql = f"SELECT count(*) FROM links WHERE {where}"
            self._totals[key] = self._db().execute(sql, values).fetchone()[0]
        return self._totals[key]

    def every_link(
        self, accounts: Sequence[str] | None, live: bool | None, deleted: bool | None
    ) -> list[LinkRecord]:
        """All links there are, oldest first, for looking at what lives."""
        with self.lock:
            rows = self._db().execute("SELECT * FROM links ORDER BY id").fetchall()
        return [
            each
            for each in sorted(map(_link, rows), key=lambda link: link.id.rpartition("_")[2])
            if (accounts is None or each.pool.account in accounts)
            and live in (None, each.pool.live)
            and deleted in (None, each.deleted_at is not None)
        ]

    def update(self, identity: str, **columns: Any) -> LinkRecord | None:
        """Change stored columns of a link. None when there is no such link."""
        if columns:
            assignments = ", ".join(f"{each} = ?" for each in columns)
            with self.lock:
                self._totals.clear()
                self._db().execute(
                    f"UPDATE links SET {assignments} WHERE id = ?",
                    (*columns.values(), identity),
                )
        return self.link(identity)

    def delete(self, link: LinkRecord) -> LinkRecord:
        """Mark a link as deleted now. A deleted one stays as it was."""
        with self.lock:
            current = self.link(link.id) or link
            if current.deleted_at is not None:
                return current
            at = int(self.now())
            self.update(link.id, deleted_at=at)
            return replace(current, deleted_at=at)

    def erase(self, identity: str) -> bool:
        """Take a link away without a trace, as if it had never been."""
        with self.lock:
            db = self._db()
            self._totals.clear()
            db.execute("DELETE FROM charges WHERE link = ?", (identity,))
            return db.execute("DELETE FROM links WHERE id = ?", (identity,)).rowcount > 0

    def oldest(self, pool: AccountSide, count: int) -> list[LinkRecord]:
        """The oldest links of a pool that are not deleted."""
        window = Window(0, ids.GREATEST_MS // 1000, 0, count, newest_first=False)
        return self.links(pool, window, deleted=False)[0]

    # -- charges

    def charge(self, link: LinkRecord, paid: bool) -> ChargeRecord:
        """A payment of this link, or a failed attempt at one."""
        with self.lock:
            now = self.now()
            prefix = "chrg_" if link.pool.live else "chrg_test_"
            charge = ChargeRecord(
                id=prefix + self._mint.suffix(int(now * 1000)),
                link=link.id,
                amount=link.amount,
                currency=link.currency,
                # REC: what charges made through a link say.
                description=f"{link.title}\n\n{link.description}",
                return_uri=f"{link.payment_uri}/complete",
                paid=paid,
            )
            self._db().execute(
                "INSERT INTO charges VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    *(charge.id, charge.link, charge.amount, charge.currency),
                    *(charge.description, charge.return_uri, charge.paid),
                ),
            )
            # REC: a link that can be paid many times stays unused, however often it was paid.
            if paid and not link.multiple:
                self.update(link.id, used_at=int(now))
            return charge

    def charges(self, link: LinkRecord, window: Window) -> tuple[list[ChargeRecord], int]:
        """A page of a link's charges and how many the window's seconds hold in all."""
        prefix = "chrg_" if link.pool.live else "chrg_test_"
        first, last = window.bounds
        values = (link.id, prefix + first, prefix + last)
        where = "link = ? AND id BETWEEN ? AND ?"
        with self.lock:
            db = self._db()
            total = db.execute(f"SELECT count(*) FROM charges WHERE {where}", values)
            rows = db.execute(
                f"SELECT * FROM charges WHERE {where} ORDER BY id {window.order} LIMIT ? OFFSET ?",
                (*values, window.limit, window.offset),
            )
            return [_charge(each) for each in rows], total.fetchone()[0]

    def charged(self, links: Sequence[LinkRecord]) -> set[str]:
        """Which of these links have any charge at all."""
        found: set[str] = set()
        with self.lock:
            for start in range(0, len(links), _CHUNK):
                part = [each.id for each in links[start : start + _CHUNK]]
                marks = ", ".join("?" * len(part))
                found.update(
                    row[0]
                    for row in self._db().execute(
                        f"SELECT DISTINCT link FROM charges WHERE link IN ({marks})",
                        part,
                    )
                )
        return found

    def clear(self) -> None:
        """Forget every link and charge."""
        with self.lock:
            self._totals.clear()
            self._db().executescript("DELETE FROM links; DELETE FROM charges;")


def _link(row: Sequence[Any]) -> LinkRecord:
    identity, account, live, sub_merchant, amount, currency, title, description, *rest = row
    multiple, page, payment_uri, used_at, deleted_at = rest
    pool = AccountSide(account, bool(live), sub_merchant)
    return LinkRecord(
        identity,
        pool,
        amount,
        currency,
        title,
        description,
        bool(multiple),
        page,
        payment_uri,
        used_at,
        deleted_at,
    )


def _charge(row: Sequence[Any]) -> ChargeRecord:
    identity, link, amount, currency, description, return_uri, paid = row
    return ChargeRecord(identity, link, amount, currency, description, return_uri, bool(paid))
