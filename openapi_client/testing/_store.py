"""Connections and messages in SQLite, in memory or in a file that survives its process."""

from __future__ import annotations

import itertools
import os
import random
import sqlite3
import threading
import uuid
from collections.abc import Iterable, Iterator
from datetime import tzinfo
from typing import Any, cast

from openapi_client.testing._messages import (
    TIE_NANOSECONDS,
    NewMessage,
    Order,
    Page,
    Ranks,
    StoredMessage,
    local_order,
)

_APPLICATION_ID = 0x4D534753
_FORMAT_VERSION = 1
_ROWS_AT_ONCE = 500
_BUSY_SECONDS = 5.0
_MANY = 10_000  # messages that are put in order at once, so that the first page need not wait
_KINDS: tuple[Order, ...] = (
    "exact",
    "local",
)  # of ranks; where ties vary, they vary within "exact"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS connection (
    number INTEGER PRIMARY KEY,
    app_id TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    cid TEXT NOT NULL,
    UNIQUE (app_id, connection_id)
);
CREATE TABLE IF NOT EXISTS message (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    connection INTEGER NOT NULL REFERENCES connection (number),
    jti TEXT NOT NULL,
    iss TEXT NOT NULL,
    cid TEXT NOT NULL,
    rid TEXT NOT NULL,
    body TEXT NOT NULL,
    iat INTEGER NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    read INTEGER NOT NULL,
    received INTEGER NOT NULL,
    UNIQUE (connection, jti)
);
CREATE INDEX IF NOT EXISTS message_order ON message (connection, created, number);
CREATE VIEW IF NOT EXISTS stored_message AS
    SELECT app_id, connection_id, m.number AS number, jti, iss, m.cid AS cid, rid, body, iat,
        created, updated, read, received, m.connection AS connection
    FROM message m JOIN connection c ON c.number = m.connection;
"""
_SELECT_CONNECTION = "SELECT number, cid FROM connection WHERE (app_id, connection_id) = (?, ?)"
_INSERT_CONNECTION = (
    "INSERT OR IGNORE INTO connection (app_id, connection_id, cid) VALUES (?, ?, ?)"
)
_INSERT = (
    "INSERT INTO message (connection, jti, iss, cid, rid, body, iat, created, updated, read, "
    "received) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_UPDATE = "UPDATE message SET body = ?, updated = ? WHERE connection = ? AND jti = ?"
_SELECT_ONE = "SELECT * FROM stored_message WHERE (connection, jti) = (?, ?)"
# In this order the index on connection and jti is used for each connection.
_SELECT_ANYWHERE = (
    "SELECT c.number FROM connection c CROSS JOIN message m "
    "ON m.connection = c.number AND m.jti = ? LIMIT 1"
)
_SELECT_NEWEST = "SELECT max(created) FROM message WHERE connection = ?"
_SELECT_NUMBERED = "SELECT * FROM stored_message WHERE number IN ({})"
_SELECT_RANKS = "SELECT created, number FROM message WHERE connection = ? ORDER BY created, number"
# None for a parameter fits every row.
_SELECT_FITTING = (
    "SELECT * FROM stored_message WHERE (:app_id IS NULL OR app_id = :app_id) "
    "AND (:connection_id IS NULL OR connection_id = :connection_id) ORDER BY created, number"
)
_DELETE_FITTING = (
    "DELETE FROM message WHERE number IN (SELECT number FROM stored_message WHERE "
    "(:app_id IS NULL OR app_id = :app_id) "
    "AND (:connection_id IS NULL OR connection_id = :connection_id) "
    "AND (:jti IS NULL OR jti = :jti))"
)


class Store:
    """All connections and messages of one server; safe for any number of threads.

    A file is kept in WAL mode with `synchronous=FULL`: a message that was accepted is on the
    disk before it is answered.

    Args:
        database: the path of the file; None or ":memory:" keeps everything in memory.
        zone: the time zone of the clock that the order "local" goes by; None for the computer's
            own.
        seed: what the order of ties is drawn from.

    Raises:
        sqlite3.Error: the file cannot be opened, or is not a database of this server.
    """

    def __init__(
        self,
        database: str | os.PathLike[str] | None = None,
        *,
        zone: tzinfo | None = None,
        seed: int = 0,
    ) -> None:
        self._zone = zone
        self._seed = seed
        self._process = os.getpid()
        path = ":memory:" if database is None else os.fspath(database)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(
            path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            self._prepare()
        except sqlite3.Error:
            self._db.close()
            raise
        # What was found once; another process may add connections to the same file.
        self._known: dict[tuple[str, str], tuple[int, str]] = {}
        self._ranks: dict[tuple[int, Order], Ranks] = {}
        self._everything: int | None = None
        self._without_order: set[int] = set()
        self._data_version = 0

    def _prepare(self) -> None:
        execute = self._db.execute
        (application,) = execute("PRAGMA application_id").fetchone()
        (tables,) = execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application != _APPLICATION_ID and tables:
            raise sqlite3.DatabaseError("it is the database of another program")
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = FULL")
        execute("PRAGMA cache_size = -65536")  # KiB: room for the indexes of a million messages
        if not tables:
            execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            execute(f"PRAGMA user_version = {_FORMAT_VERSION}")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the database; a file is whole without its journal afterwards.

        Does nothing in a forked process: SQLite's connections belong to the one that made them.
        """
        if self._process == os.getpid():
            with self._lock:
                self._db.close()

    # Connections.

    def add_connection(self, app_id: str, connection_id: str) -> None:
        """Make a connection known, if it is not known already."""
        with self._lock:
            self._connection(app_id, connection_id)

    def has_connection(self, app_id: str, connection_id: str) -> bool:
        """Return whether a connection is known."""
        with self._lock:
            return self._find(app_id, connection_id) is not None

    def _find(self, app_id: str, connection_id: str) -> tuple[int, str] | None:
        """Return the number and the `cid` of a connection, None where it is unknown."""
        key = (app_id, connection_id)
        known = self._known.get(key)
        if known is None:
            known = self._db.execute(_SELECT_CONNECTION, key).fetchone()
            if known is not None:
                self._known[key] = known
        return known

    def _connection(self, app_id: str, connection_id: str) -> tuple[int, str]:
        """Return the same, of a connection that is made known if it is not."""
        while (known := self._find(app_id, connection_id)) is None:
            self._db.execute(_INSERT_CONNECTION, (app_id, connection_id, str(uuid.uuid4())))
        return known

    # Messages.

    def add(self, app_id: str, connection_id: str, message: NewMessage) -> StoredMessage:
        """Store a message and return it; committed when this returns.

        Raises:
            ValueError: the connection has a message of that jti already.
        """
        with self._lock:
            number, cid = self._connection(app_id, connection_id)
            row = self._row(number, cid, message, str(uuid.uuid4()))
            try:
                cursor = self._db.execute(_INSERT, row)
            except sqlite3.IntegrityError:
                raise ValueError(f"the conversation has a message {row[1]!r} already") from None
            stored = StoredMessage(app_id, connection_id, cursor.lastrowid or 0, *row[1:])
            for kind in _KINDS:
                ranks = self._ranks.get((number, kind))
                if ranks is not None:
                    ranks.add(self._key(stored.created_ns, kind), stored.number)
            if self._everything is not None:
                self._everything += 1
        return stored

    def add_many(
        self,
        app_id: str,
        connection_id: str,
        messages: Iterable[NewMessage],
        *,
        without_order: Iterable[int] = (),
    ) -> int:
        """Store any number of messages in one transaction; return how many.

        Args:
            app_id: the app.
            connection_id: the connection.
            messages: the messages.
            without_order: moments whose messages have no order where ties vary.
        """
        with self._lock:
            number, cid = self._connection(app_id, connection_id)
            with self._db as db:  # which commits, or rolls back
                db.execute("BEGIN IMMEDIATE")
                self._forget_order()
                self._without_order.update(moment // TIE_NANOSECONDS for moment in without_order)
                ids = _ascending_ids()
                rows = (self._row(number, cid, message, next(ids)) for message in messages)
                count = db.executemany(_INSERT, rows).rowcount
            if count >= _MANY:
                for kind in _KINDS:
                    self._ranked(number, kind)
            return count

    def _row(self, number: int, cid: str, message: NewMessage, new_jti: str) -> _Row:
        body, iss, at, jti, rid, own_cid, read, received = message
        jti = new_jti if jti is None else jti
        cid = cid if own_cid is None else own_cid
        return (number, jti, iss, cid, rid, body, at, at, at, read, received)

    def _key(self, created: int, order: Order) -> int:
        return local_order(created, self._zone) if order == "local" else created

    def newest(self, app_id: str, connection_id: str) -> int | None:
        """Return when a conversation's newest message was created, None where it has none."""
        with self._lock:
            known = self._find(app_id, connection_id)
            if known is None:
                return None
            (newest,) = self._db.execute(_SELECT_NEWEST, known[:1]).fetchone()
            return cast("int | None", newest)

    def get(self, app_id: str, connection_id: str, jti: str) -> StoredMessage | None:
        """Return one message, None where there is none."""
        with self._lock:
            known = self._find(app_id, connection_id)
            return None if known is None else self._get(known[0], jti)

    def get_anywhere(self, jti: str) -> StoredMessage | None:
        """Return one message of any conversation, None where none has it."""
        with self._lock:
            found = self._db.execute(_SELECT_ANYWHERE, (jti,)).fetchone()
            return None if found is None else self._get(found[0], jti)

    def _get(self, number: int, jti: str) -> StoredMessage | None:
        row = self._db.execute(_SELECT_ONE, (number, jti)).fetchone()
        return None if row is None else _stored(row)

    def edit(
        self, app_id: str, connection_id: str, jti: str, body: str, at: int
    ) -> StoredMessage | None:
        """Replace a message's text; None where there is no such message."""
        with self._lock:
            known = self._find(app_id, connection_id)
            if known is None:
                return None
            self._db.execute(_UPDATE, (body, at, known[0], jti))
            return self._get(known[0], jti)

    def delete(self, app_id: str | None, connection_id: str | None, jti: str | None) -> int:
        """Delete the messages that fit (None fits all); return how many. Connections stay."""
        fitting = {"app_id": app_id, "connection_id": connection_id, "jti": jti}
        with self._lock:
            self._forget_order()
            return self._db.execute(_DELETE_FITTING, fitting).rowcount

    def clear(self) -> None:
        """Forget all connections and messages; row numbers begin at 1 again."""
        with self._lock, self._db as db:
            db.execute("BEGIN IMMEDIATE")
            db.execute("DELETE FROM message")
            db.execute("DELETE FROM connection")
            db.execute("DELETE FROM sqlite_sequence")
            self._known.clear()
            self._without_order.clear()
            self._forget_order()

    def messages(
        self, app_id: str | None = None, connection_id: str | None = None
    ) -> list[StoredMessage]:
        """Return the messages that fit (None fits all), oldest first."""
        fitting = {"app_id": app_id, "connection_id": connection_id}
        with self._lock:
            rows = self._db.execute(_SELECT_FITTING, fitting).fetchall()
        return [_stored(row) for row in rows]

    def page(
        self,
        app_id: str,
        connection_id: str,
        *,
        since: int,
        page: int,
        per_page: int,
        count_everything: bool,
        order: Order,
    ) -> Page | None:
        """Return a page of a conversation, newest first; None where the connection is unknown.

        A `page` past the end is the last page again. With `count_everything` the end is that
        of all messages of the server, as in 2023, so that pages can be empty.
        """
        with self._lock:
            known = self._find(app_id, connection_id)
            if known is None:
                return None
            ranks = self._ranked(known[0], order).since(since)
            total = self._count_everything() if count_everything else len(ranks)
            page_count = -(-total // per_page)
            page = max(1, min(page, page_count))
            offset = (page - 1) * per_page
            if offset >= len(ranks):
                numbers = []
            elif order == "ties vary":
                draw = random.Random(f"{self._seed}/{per_page}/{offset}")  # noqa: S311
                numbers = ranks.newest_with_ties(per_page, offset, self._without_order, draw)
            else:
                numbers = ranks.newest(per_page, offset)
            return Page(self._numbered(numbers), page, page_count, per_page, total)

    def _ranked(self, connection: int, order: Order) -> Ranks:
        # Another process may have changed the same file.
        (version,) = self._db.execute("PRAGMA data_version").fetchone()
        if version != self._data_version:
            self._data_version = version
            self._forget_order()
        kind: Order = "local" if order == "local" else "exact"
        ranks = self._ranks.get((connection, kind))
        if ranks is None:
            rows = self._db.execute(_SELECT_RANKS, (connection,)).fetchall()
            if kind == "local":
                rows = sorted((self._key(created, kind), number) for created, number in rows)
            ranks = self._ranks[connection, kind] = Ranks(rows)
        return ranks

    def _count_everything(self) -> int:
        if self._everything is None:
            (self._everything,) = self._db.execute("SELECT count(*) FROM message").fetchone()
        return cast("int", self._everything)

    def _forget_order(self) -> None:
        self._ranks.clear()
        self._everything = None

    def _numbered(self, numbers: list[int]) -> list[StoredMessage]:
        found: dict[int, StoredMessage] = {}
        for start in range(0, len(numbers), _ROWS_AT_ONCE):
            some = numbers[start : start + _ROWS_AT_ONCE]
            query = _SELECT_NUMBERED.format(",".join("?" * len(some)))
            for row in self._db.execute(query, some):
                message = _stored(row)
                found[message.number] = message
        return [found[number] for number in numbers if number in found]


def _ascending_ids() -> Iterator[str]:
    """Make random UUIDs that ascend, so that an index of a million of them grows at its end."""
    chance = random.Random()  # noqa: S311 - they need not be secret
    for number in itertools.count(chance.getrandbits(31)):
        rest = f"{chance.getrandbits(96):024x}"
        yield f"{number:08x}-{rest[:4]}-4{rest[5:8]}-a{rest[9:12]}-{rest[12:]}"


_Row = tuple[int, str, str, str, str, str, int, int, int, bool, bool]


def _stored(row: tuple[Any, ...]) -> StoredMessage:
    """Read a row of the view; its last column, the connection's number, is for queries."""
    return StoredMessage._make(row[:-1])
