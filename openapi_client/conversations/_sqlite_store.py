"""The records of a ledger in a file of SQLite, and locks beside it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Sequence
from typing import Any

from openapi_client.conversations._byte_locks import ByteLocks, locks_of, release
from openapi_client.conversations.store import FORMAT, SqlStore, Taken, unusable
from openapi_client.exceptions import ApiValueError, LedgerException

_APPLICATION_ID = 0x6F617073
_BUSY_SECONDS = 10.0
_stores: weakref.WeakSet[SqliteStore] = weakref.WeakSet()


class SqliteStore(SqlStore):
    """The records in a file, for the threads and processes of one machine.

    Args:
        path: the file; it is made if it is not there. Three more stand beside it: `-wal` and
            `-shm`, which are SQLite's own, and `-locks`.

    Raises:
        ApiValueError: it is no path of a file.
        LedgerException: the file cannot be opened, or holds something else.
    """

    _closed = True

    def __init__(self, path: str | os.PathLike[str]) -> None:
        given = os.fspath(path)
        if not given or given == ":memory:" or "\0" in given:
            raise ApiValueError(f"The path of a ledger must name a file, not {given!r}")
        self.path = os.path.abspath(given)  # noqa: PTH100 - pathlib would not resolve `..`
        # Reentrant, because a signal handler may send while its thread holds it.
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._locks: ByteLocks | None = None
        self._closed = False
        _stores.add(self)
        try:
            self.run("SELECT 1")
            self._locks = locks_of(self.path + "-locks")
        except OSError as error:
            self.close()
            raise self._failure(error) from error
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        return repr(self.path)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path,)

    def __del__(self) -> None:
        self.close()

    def run(self, statement: str, *values: Any) -> tuple[int, Sequence[Sequence[Any]]]:
        """See `SqlStore`."""
        if not self._lock.acquire(timeout=_BUSY_SECONDS):
            raise self._failure("it is busy")
        try:
            if self._closed:
                raise self._failure("it was closed")
            if self._connection is None:
                self._connection = self._opened()
            cursor = self._connection.execute(statement, values)
            return cursor.rowcount, cursor.fetchall()
        except sqlite3.IntegrityError:
            raise Taken from None
        except sqlite3.Error as error:
            raise self._failure(error) from error
        finally:
            self._lock.release()

    def _opened(self) -> sqlite3.Connection:
        # It holds the texts of messages. Not opened if it exists: to close it again would take the
        # locks away that SQLite has on it in this process.
        with contextlib.suppress(FileExistsError):
            try:
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL, 0o600))
            except FileExistsError:
                raise
            except OSError as error:
                raise self._failure(error) from error
        connection = sqlite3.connect(
            self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            self._check_format(connection)
            # A send that was begun must not be forgotten when the power fails.
            connection.execute("PRAGMA synchronous = FULL")
        except BaseException:
            connection.close()
            raise
        return connection

    def _check_format(self, connection: sqlite3.Connection) -> None:
        (application_id,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if (application_id, version, tables) == (0, 0, 0):
            _use_wal(connection)
            connection.executescript(
                "BEGIN IMMEDIATE;"
                + self.TABLE.format(number="integer", float="real")
                + f"; PRAGMA application_id = {_APPLICATION_ID}; PRAGMA user_version = {FORMAT};"
                "COMMIT"
            )
        elif application_id != _APPLICATION_ID:
            raise self._failure("it is a database of another program")
        elif version != FORMAT:
            raise self._failure(
                f"it has format {version}, and this version of openapi_client reads {FORMAT}"
            )

    def _failure(self, why: object) -> LedgerException:
        if type(why) is sqlite3.DatabaseError:
            why = f"it is damaged, or no ledger ({why})"
        return unusable(repr(self), why)

    def lock(self, slot: int) -> bool:
        """See `Store`."""
        if self._locks is None:
            raise self._failure("it was closed")
        try:
            return self._locks.lock(slot)
        except OSError as error:
            raise self._failure(error) from error

    def holds(self, slot: int) -> bool:
        """See `Store`."""
        return self._locks is not None

    def unlock(self, slot: int) -> None:
        """See `Store`."""
        if self._locks is not None:
            self._locks.unlock(slot)

    def close(self) -> None:
        """See `Store`."""
        if not self._closed:
            with self._lock:
                self._closed = True
                self.disconnect()
                locks, self._locks = self._locks, None
            if locks is not None:
                release(locks)

    def disconnect(self) -> None:
        """Close the connection; the next statement opens one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def before_fork(self) -> None:
        """Leave nothing of SQLite to the child: it would trust in locks that it does not have."""
        self._lock.acquire()
        self.disconnect()

    def after_fork(self) -> None:
        """Go on, in the parent."""
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """Go on, in the child: the locks of other threads stayed with the parent."""
        self._lock = threading.RLock()


def _use_wal(connection: sqlite3.Connection) -> None:
    give_up = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:  # noqa: PERF203
            # While another process does the same, SQLite does not wait by itself.
            if time.monotonic() > give_up:
                raise
            time.sleep(0.01)
        else:
            return


class _Fork(threading.local):
    """The stores that are being taken through a fork by this thread."""

    stores: Sequence[SqliteStore] = ()

    def before(self) -> None:
        self.stores = list(_stores)
        for store in self.stores:
            store.before_fork()

    def after_in_parent(self) -> None:
        for store in self.stores:
            store.after_fork()

    def after_in_child(self) -> None:
        for store in self.stores:
            store.after_fork_in_child()


_fork = _Fork()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_fork.before,
        after_in_parent=_fork.after_in_parent,
        after_in_child=_fork.after_in_child,
    )
