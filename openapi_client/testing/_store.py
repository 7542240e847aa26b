"""Connections and messages in SQLite, in memory or in a file that survives its process."""

from __future__ import annotations

import os
import sqlite3
import threading
import uuid
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from openapi_client.testing._clock import to_datetime

_APPLICATION_ID = 0x4D534753
_FORMAT_VERSION = 1
_BUSY_SECONDS = 5.0

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
_SELECT_PAGE = (
    "SELECT * FROM stored_message WHERE connection = ? AND number > ? "
    "ORDER BY created DESC, number DESC LIMIT ? OFFSET ?"
)
_COUNT = "SELECT count(*) FROM message WHERE connection = ? AND number > ?"
_COUNT_EVERYTHING = "SELECT count(*) FROM message"
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


class StoredMessage(NamedTuple):
    """A message as the server keeps it, whatever the generation that shows it.

    `number` is the hidden row number that `messages_since` is compared with. The `*_ns` fields
    are nanoseconds since the epoch; beside each there is an aware `datetime` in UTC.
    """

    app_id: str
    connection_id: str
    number: int
    jti: str
    iss: str
    cid: str
    rid: str
    body: str
    iat_ns: int
    created_ns: int
    updated_ns: int
    read: int
    received: int

    @property
    def iat(self) -> datetime:
        """When the message was issued."""
        return to_datetime(self.iat_ns)

    @property
    def created_at(self) -> datetime:
        """When the message was stored; what lists are ordered by."""
        return to_datetime(self.created_ns)

    @property
    def updated_at(self) -> datetime:
        """When the message was last edited; `created_at` where it never was."""
        return to_datetime(self.updated_ns)

    @property
    def is_own(self) -> bool:
        """True for a message that the app sent, False for one that it received."""
        return self.iss == "me"


class NewMessage(NamedTuple):
    """What is needed to store a message."""

    body: str
    iss: str
    at: int
    jti: str | None = None
    rid: str = ""
    cid: str | None = None
    read: bool = False
    received: bool = False


class Page(NamedTuple):
    """One page of a conversation, newest first, with what was counted for it."""

    items: list[StoredMessage]
    page: int
    page_count: int
    per_page: int
    total_count: int


class Store:
    """All connections and messages of one server; safe for any number of threads.

    A file is kept in WAL mode with `synchronous=FULL`: a message that was accepted is on the
    disk before it is answered.

    Args:
        database: the path of the file; None or ":memory:" keeps everything in memory.

    Raises:
        sqlite3.Error: the file cannot be opened, or is not a database of this server.
    """

    def __init__(self, database: str | os.PathLike[str] | None = None) -> None:
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

    def _prepare(self) -> None:
        execute = self._db.execute
        (application,) = execute("PRAGMA application_id").fetchone()
        (tables,) = execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application != _APPLICATION_ID and tables:
            raise sqlite3.DatabaseError("it is the database of another program")
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = FULL")
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

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # Connections.

    def add_connection(self, app_id: str, connection_id: str) -> None:
        """Makes a connection known, if it is not known already."""
        with self._lock:
            self._connection(app_id, connection_id)

    def has_connection(self, app_id: str, connection_id: str) -> bool:
        """Whether a connection is known."""
        with self._lock:
            return self._find(app_id, connection_id) is not None

    def _find(self, app_id: str, connection_id: str) -> tuple[int, str] | None:
        """The number and the `cid` of a connection, None where it is unknown."""
        key = (app_id, connection_id)
        known = self._known.get(key)
        if known is None:
            known = self._db.execute(_SELECT_CONNECTION, key).fetchone()
            if known is not None:
                self._known[key] = known
        return known

    def _connection(self, app_id: str, connection_id: str) -> tuple[int, str]:
        """The same, of a connection that is made known if it is not."""
        while (known := self._find(app_id, connection_id)) is None:
            self._db.execute(_INSERT_CONNECTION, (app_id, connection_id, str(uuid.uuid4())))
        return known

    # Messages.

    def add(self, app_id: str, connection_id: str, message: NewMessage) -> StoredMessage:
        """Stores a message and returns it; committed when this returns.

        Raises:
            ValueError: the connection has a message of that jti already.
        """
        with self._lock:
            number, cid = self._connection(app_id, connection_id)
            row = _row(number, cid, message)
            try:
                cursor = self._db.execute(_INSERT, row)
            except sqlite3.IntegrityError:
                raise ValueError(f"the conversation has a message {row[1]!r} already") from None
        return StoredMessage(app_id, connection_id, cursor.lastrowid or 0, *row[1:])

    def add_many(self, app_id: str, connection_id: str, messages: Iterable[NewMessage]) -> int:
        """Stores any number of messages in one transaction; returns how many."""
        with self._lock:
            number, cid = self._connection(app_id, connection_id)
            with self._transaction() as db:
                rows = (_row(number, cid, message) for message in messages)
                return db.executemany(_INSERT, rows).rowcount

    def get(self, app_id: str, connection_id: str, jti: str) -> StoredMessage | None:
        """One message, None where there is none."""
        with self._lock:
            known = self._find(app_id, connection_id)
            return None if known is None else self._get(known[0], jti)

    def _get(self, number: int, jti: str) -> StoredMessage | None:
        row = self._db.execute(_SELECT_ONE, (number, jti)).fetchone()
        return None if row is None else _stored(row)

    def edit(
        self, app_id: str, connection_id: str, jti: str, body: str, at: int
    ) -> StoredMessage | None:
        """Replaces a message's text; None where there is no such message."""
        with self._lock:
            known = self._find(app_id, connection_id)
            if known is None:
                return None
            self._db.execute(_UPDATE, (body, at, known[0], jti))
            return self._get(known[0], jti)

    def delete(self, app_id: str | None, connection_id: str | None, jti: str | None) -> int:
        """Deletes the messages that fit (None fits all); returns how many. Connections stay."""
        fitting = {"app_id": app_id, "connection_id": connection_id, "jti": jti}
        with self._lock:
            return self._db.execute(_DELETE_FITTING, fitting).rowcount

    def clear(self) -> None:
        """Forgets all connections and messages; row numbers begin at 1 again."""
        with self._lock, self._transaction() as db:
            db.execute("DELETE FROM message")
            db.execute("DELETE FROM connection")
            db.execute("DELETE FROM sqlite_sequence")
            self._known.clear()

    def messages(
        self, app_id: str | None = None, connection_id: str | None = None
    ) -> list[StoredMessage]:
        """The messages that fit (None fits all), oldest first."""
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
    ) -> Page | None:
        """A page of a conversation, newest first; None where the connection is unknown.

        A `page` past the end is the last page again. With `count_everything` the end is that
        of all messages of the server, as in 2023, so that pages can be empty.
        """
        with self._lock:
            known = self._find(app_id, connection_id)
            if known is None:
                return None
            selected = (known[0], max(since, 0))
            count = (_COUNT_EVERYTHING, ()) if count_everything else (_COUNT, selected)
            (total,) = self._db.execute(*count).fetchone()
            page_count = -(-total // per_page)
            page = max(1, min(page, page_count))
            rows = self._db.execute(
                _SELECT_PAGE, (*selected, per_page, (page - 1) * per_page)
            ).fetchall()
        return Page([_stored(row) for row in rows], page, page_count, per_page, total)


_Row = tuple[int, str, str, str, str, str, int, int, int, bool, bool]


def _row(number: int, cid: str, message: NewMessage) -> _Row:
    body, iss, at, jti, rid, own_cid, read, received = message
    jti = str(uuid.uuid4()) if jti is None else jti
    return (number, jti, iss, own_cid or cid, rid, body, at, at, at, read, received)


def _stored(row: tuple[Any, ...]) -> StoredMessage:
    """A row of the view; its last column, the connection's number, is for the queries alone."""
    return StoredMessage._make(row[:-1])
