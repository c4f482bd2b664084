"""Storage of links and charges: one SQLite database, in memory or in a file."""

from __future__ import annotations

import dataclasses
import secrets
import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar, get_args

from . import ids
from .link_inputs import LinkInputs
from .records import AccountSide, ChargeRecord, LinkRecord, Window
from .type_check import hints_of

_Record = TypeVar("_Record", LinkRecord, ChargeRecord)
_SQL_TYPES = {int: "INTEGER", bool: "INTEGER", str: "TEXT"}


def _table(name: str, record: type) -> str:
    """Return the statement that makes the table of a record: one column for each field."""
    columns = []
    for column, hint in hints_of(record).items():
        kind, *optional = get_args(hint) or (hint,)
        columns.append(f"{column} {_SQL_TYPES[kind]}{'' if optional else ' NOT NULL'}")
    return (
        f"CREATE TABLE IF NOT EXISTS {name} ({', '.join(columns)}, PRIMARY KEY (id)) WITHOUT ROWID;"
    )


_SCHEMA = f"""
{_table("links", LinkRecord)}
CREATE INDEX IF NOT EXISTS links_of_side ON links (account, live, sub_merchant, id, deleted_at);
CREATE UNIQUE INDEX IF NOT EXISTS links_of_page ON links (page);
{_table("charges", ChargeRecord)}
CREATE INDEX IF NOT EXISTS charges_of_link ON charges (link, id);
"""
# Written into the file, so that a file of another format is told from one of this format.
_FORMAT = zlib.crc32(_SCHEMA.encode()) & 0x7FFF_FFFF
_SIDE = "account = ? AND live = ? AND sub_merchant = ?"
# So many ids go into one statement at most; SQLite's least limit on variables is 999.
_CHUNK = 500
_TOTALS_KEPT = 1000


class DatabaseFormatError(sqlite3.DatabaseError):
    """The file is a database, but not one that this version of the emulator made."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class NewLink:
    """A link to be stored."""

    inputs: LinkInputs
    hex_page: bool
    """Whether its payment address ends with 8 hexadecimal digits, not with the id's suffix."""
    created_at: float | None = None
    """Unix seconds; None for now."""


class Store:
    """Links and charges. Every method is safe for many threads.

    ``database`` is a path, or ":memory:" for data that end with this object. A file survives the
    end of the process, also a killed one. ``clock`` gives Unix seconds.
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
            connection.row_factory = sqlite3.Row
            try:
                _make_tables(connection)
            except sqlite3.Error:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def open(self) -> None:
        """Open or make the database now, so that a bad path fails here."""
        with self.lock:
            self._db()

    def close(self) -> None:
        """Close the file. Data in memory stay as long as this object."""
        with self.lock:
            if self._connection is not None and self._database != ":memory:":
                self._connection.close()
                self._connection = None

    def __del__(self) -> None:
        """Close what is still open."""
        if self._connection is not None:
            self._connection.close()

    def now(self) -> float:
        """Return Unix seconds by the emulator's clock."""
        return self._clock()

    # -- links

    def add(self, side: AccountSide, new_links: Iterable[NewLink], base: str) -> list[LinkRecord]:
        """Store new links. ``base`` is the address under which payment pages are served."""
        prefix = "link_" if side.live else "link_test_"
        with self.lock:
            db = self._db()
            links = []
            pages: set[str] = set()
            for new in new_links:
                at = self.now() if new.created_at is None else new.created_at
                suffix = self._mint.suffix(int(at * 1000))
                page = self._hex_page(pages) if new.hex_page else suffix.upper()
                links.append(
                    LinkRecord(
                        **vars(new.inputs),
                        **vars(side),
                        id=prefix + suffix,
                        page=page,
                        payment_uri=f"{base}/pay/{page}",
                    )
                )
            self._totals.clear()
            db.execute("BEGIN")
            try:
                _insert(db, "links", links)
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

    def link(self, identity: str, side: AccountSide | None = None) -> LinkRecord | None:
        """Return the link with this id, of that side or of any."""
        with self.lock:
            rows = self._db().execute("SELECT * FROM links WHERE id = ?", (identity,)).fetchall()
        found = _record(LinkRecord, rows[0]) if rows else None
        return found if found and side in (None, found.side) else None

    def find(self, identity: str) -> LinkRecord:
        """Return the link with this id.

        :raises LookupError: there is none.
        """
        link = self.link(identity)
        if link is None:
            raise LookupError(f"no link {identity}")
        return link

    def link_of_page(self, page: str) -> LinkRecord | None:
        """Return the link whose payment address ends like this."""
        with self.lock:
            rows = self._db().execute("SELECT * FROM links WHERE page = ?", (page,)).fetchall()
        return _record(LinkRecord, rows[0]) if rows else None

    def links(
        self, side: AccountSide, window: Window, *, deleted: bool
    ) -> tuple[list[LinkRecord], int]:
        """Return a page of links, with or without deleted ones, and the total of the window."""
        prefix = "link_" if side.live else "link_test_"
        first, last = window.bounds
        where = f"{_SIDE} AND id BETWEEN ? AND ?"
        values = [*_values(side), prefix + first, prefix + last]
        if not deleted:
            where += " AND (deleted_at IS NULL OR deleted_at > ?)"
            values.append(window.visible_until)
        order = f"ORDER BY id {window.order}"
        # The ids are found in the index alone, so that a far offset stays cheap.
        page = f"SELECT id FROM links WHERE {where} {order} LIMIT ? OFFSET ?"
        with self.lock:
            db = self._db()
            sql = f"SELECT * FROM links WHERE id IN ({page}) {order}"
            rows = db.execute(sql, (*values, window.limit, window.offset))
            return [_record(LinkRecord, row) for row in rows], self._total(where, values)

    def _total(self, where: str, values: Sequence[Any]) -> int:
        """Count links, and keep the count until the next change: 50,000 take a while."""
        *side, _, last = values[:5]
        sql = f"SELECT max(id) FROM links WHERE {_SIDE}"
        newest = self._db().execute(sql, side).fetchone()[0]
        # The usual end is "now": past the newest link all ends are the same.
        last_that_counts = last if newest and last < newest else None
        key = (where, *values[:4], last_that_counts, *values[5:])
        if key not in self._totals:
            if len(self._totals) > _TOTALS_KEPT:
                self._totals.clear()
            sql = f"SELECT count(*) FROM links WHERE {where}"
            self._totals[key] = self._db().execute(sql, values).fetchone()[0]
        return self._totals[key]

    def every_link(
        self, account: str | None, live: bool | None, deleted: bool | None
    ) -> list[LinkRecord]:
        """Return all links, oldest first. None: every account, both modes, deleted or not."""
        with self.lock:
            rows = self._db().execute("SELECT * FROM links ORDER BY id").fetchall()
        links = [_record(LinkRecord, row) for row in rows]
        return [
            link
            for link in sorted(links, key=lambda link: link.id.rpartition("_")[2])
            if account in (None, link.account)
            and live in (None, link.live)
            and deleted in (None, link.deleted_at is not None)
        ]

    def update(self, identity: str, **columns: Any) -> LinkRecord | None:
        """Change stored columns of a link. None when there is no such link."""
        if columns:
            assignments = ", ".join(f"{column} = ?" for column in columns)
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
        """Remove a link and its charges from the database. False when there is no such link."""
        with self.lock:
            db = self._db()
            self._totals.clear()
            db.execute("DELETE FROM charges WHERE link = ?", (identity,))
            return db.execute("DELETE FROM links WHERE id = ?", (identity,)).rowcount > 0

    def oldest(self, side: AccountSide, count: int) -> list[LinkRecord]:
        """Return the oldest links of a side that are not deleted."""
        window = Window(
            start=0, end=ids.GREATEST_MS // 1000, offset=0, limit=count, newest_first=False
        )
        return self.links(side, window, deleted=False)[0]

    # -- charges

    def charge(self, link: LinkRecord, paid: bool) -> ChargeRecord:
        """Store a payment of this link, or a failed attempt at one."""
        with self.lock:
            now = self.now()
            prefix = "chrg_" if link.live else "chrg_test_"
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
            _insert(self._db(), "charges", [charge])
            # REC: a link that can be paid many times stays unused, however often it was paid.
            if paid and not link.multiple:
                self.update(link.id, used_at=int(now))
            return charge

    def charges(self, link: LinkRecord, window: Window) -> tuple[list[ChargeRecord], int]:
        """Return a page of a link's charges and the total of the window."""
        prefix = "chrg_" if link.live else "chrg_test_"
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
            return [_record(ChargeRecord, row) for row in rows], total.fetchone()[0]

    def last_payment(self, link: LinkRecord) -> ChargeRecord | None:
        """Return the newest charge of a link that was paid."""
        sql = "SELECT * FROM charges WHERE link = ? AND paid ORDER BY id DESC LIMIT 1"
        with self.lock:
            rows = self._db().execute(sql, (link.id,)).fetchall()
        return _record(ChargeRecord, rows[0]) if rows else None

    def charged(self, links: Sequence[LinkRecord]) -> set[str]:
        """Return the ids of those links that have any charge at all."""
        found: set[str] = set()
        with self.lock:
            for start in range(0, len(links), _CHUNK):
                part = [link.id for link in links[start : start + _CHUNK]]
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


def _make_tables(connection: sqlite3.Connection) -> None:
    """Make the tables in a new file. Raises `DatabaseFormatError` for a file of another format."""
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and found != _FORMAT:
        raise DatabaseFormatError(
            "this version of the emulator did not make it; name another file, or delete this one"
        )
    # A killed emulator must lose nothing, a power cut may: tests should not wait for disks.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
    # In one transaction: a process killed here leaves either a whole database or an empty one.
    connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {_FORMAT}; COMMIT;")


def _values(record: object) -> tuple[Any, ...]:
    return tuple(vars(record).values())


def _insert(
    db: sqlite3.Connection, table: str, records: Sequence[LinkRecord | ChargeRecord]
) -> None:
    """Insert records of one class by the names of their fields."""
    if not records:
        return
    names = [field.name for field in dataclasses.fields(records[0])]
    marks = ", ".join(f":{name}" for name in names)
    sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"
    db.executemany(sql, [vars(record) for record in records])


def _record(kind: Callable[..., _Record], row: sqlite3.Row) -> _Record:
    """Make a record of a row; SQLite keeps true and false as 1 and 0."""
    hints = hints_of(kind)
    values: dict[str, Any] = {
        name: bool(row[name]) if hint is bool else row[name] for name, hint in hints.items()
    }
    return kind(**values)
