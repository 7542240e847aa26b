"""The records of a ledger in PostgreSQL, for any number of machines; needs the extra `[postgres]`.

    ledger = Ledger("postgresql://user@host/database")

It makes one table, `openapi_client_sends`, in the first schema of the search path. A connection has
to be a session of the server: a pooler in its mode "transaction" gives locks to the wrong client.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from itertools import chain
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.errors import UniqueViolation
from psycopg.pq import TransactionStatus

from openapi_client.conversations.store import FORMAT, SqlStore, Taken, unusable
from openapi_client.exceptions import ApiValueError

# The first of the two numbers of each advisory lock; the second is the slot.
_LOCKS = 0x6F617073
# A session whose machine is cut off ends within a minute, and no statement takes longer than 10 s.
_OPTIONS = """-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3
    -c statement_timeout=10s"""
_LIMITS = {"connect_timeout": "10", "tcp_user_timeout": "10000"}
# Connections of the parent, in a forked child: not to be closed, nor to be collected.
_left_to_parent: list[object] = []


class PostgresStore(SqlStore):
    """The records in a table; it opens as many connections as it runs statements at a time.

    Args:
        conninfo: a URL or keywords, as libpq takes them.

    Raises:
        ApiValueError: `conninfo` makes no sense; it is not shown, for it may hold a password.
        LedgerException: the server cannot be reached, or refuses, or holds another format.
    """

    def __init__(self, conninfo: str) -> None:
        try:
            parameters = _LIMITS | conninfo_to_dict(conninfo)
        except psycopg.Error:
            raise ApiValueError("conninfo must be a URL or keywords as libpq takes them") from None
        self._given = conninfo
        self._name = f"{parameters.get('dbname')} at {parameters.get('host')} (PostgreSQL)"
        options = f"{_OPTIONS} {parameters.get('options') or ''}"
        self._conninfo = make_conninfo("", **{**parameters, "options": options})
        self._closed = False
        self._process = os.getpid()
        self._idle: deque[psycopg.Connection[Any]] = deque()
        self._locked: dict[int, list[psycopg.Connection[Any]]] = {}
        self._make_table()

    def __repr__(self) -> str:
        return self._name

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._given,)

    def _make_table(self) -> None:
        # Two that make a table at once fail, even if they say that it may be there.
        self.run(
            f"""DO $$ BEGIN PERFORM pg_advisory_xact_lock({_LOCKS}, 0);
            IF to_regclass('openapi_client_sends') IS NULL THEN
            {self.TABLE.format(number="bigserial", float="double precision")};
            COMMENT ON TABLE openapi_client_sends IS 'format {FORMAT}'; END IF; END $$"""
        )
        _, rows = self.run("SELECT obj_description('openapi_client_sends'::regclass, 'pg_class')")
        if rows[0][0] != f"format {FORMAT}":
            self.close()
            raise unusable(self._name, f"it has {rows[0][0]}, and this version reads {FORMAT}")

    def _own(self) -> None:
        """Begin anew in a forked child: the parent's connections and locks are the parent's."""
        if self._process != os.getpid():
            _left_to_parent.extend((self._idle, self._locked))
            self._process, self._idle, self._locked = os.getpid(), deque(), {}

    def run(self, statement: str, *values: Any) -> tuple[int, Sequence[Sequence[Any]]]:
        """See `SqlStore`."""
        cursor = self._run(statement.replace("?", "%s"), *values)
        return cursor.rowcount, cursor.fetchall() if cursor.description else []

    def _run(self, statement: str, *values: Any) -> psycopg.Cursor[Any]:
        """Run a statement, once more if a connection was lost while it was idle."""
        self._own()
        while not self._closed:
            was_idle = bool(self._idle)
            connection: psycopg.Connection[Any] | None = None
            try:
                idle = self._idle.pop() if was_idle else None
                connection = idle or psycopg.connect(self._conninfo, autocommit=True)
                return connection.execute(statement.encode(), values or None)
            except UniqueViolation:
                raise Taken from None
            except IndexError:
                continue  # another thread was faster
            except psycopg.Error as error:
                if connection is None or not (was_idle and connection.broken):
                    raise unusable(self._name, error) from error
            finally:
                if connection is not None:
                    idle_again = connection.info.transaction_status == TransactionStatus.IDLE
                    (self._idle.append if idle_again else psycopg.Connection.close)(connection)
        raise unusable(self._name, "it was closed")

    def lock(self, slot: int) -> bool:
        """See `Store`."""
        self._own()
        mine: list[psycopg.Connection[Any]] = []
        # A session is given its own lock again, whichever thread asks.
        if self._locked.setdefault(slot, mine) is mine:
            try:
                cursor = self._run("SELECT pg_try_advisory_lock(%s, %s)", _LOCKS, slot)
                mine += [cursor.connection] * cursor.fetchall()[0][0]
            finally:
                if not mine:
                    del self._locked[slot]
        return bool(mine)

    def holds(self, slot: int) -> bool:
        """See `Store`."""
        try:
            self._locked[slot][0].execute("SELECT 1")
        except (psycopg.Error, LookupError):
            return False
        return True

    def unlock(self, slot: int) -> None:
        """See `Store`."""
        for connection in self._locked.get(slot, ()):
            try:
                connection.execute("SELECT pg_advisory_unlock(%s, %s)", (_LOCKS, slot))
            except psycopg.Error:  # noqa: PERF203
                connection.close()  # its locks end with it
        self._locked.pop(slot, None)

    def close(self) -> None:
        """See `Store`."""
        self._closed = True
        if self._process == os.getpid():
            for connection in (*self._idle, *chain(*self._locked.values())):
                connection.close()
