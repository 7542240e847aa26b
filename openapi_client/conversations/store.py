"""Where a ledger keeps its sends: what a store has to do, and what is common to those in SQL."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from openapi_client.exceptions import LedgerException

FORMAT = 1
"""The version of what is kept; another one is not read."""


class Record(NamedTuple):
    """A send with a key, as it is kept."""

    digest: str
    """The SHA-256 of the text, in hexadecimal: the same key belongs to the same text."""
    slot: int
    """What is locked while the send is under way, from 1 to 2**31 - 1."""
    since: str
    """What was known before the send, as text: no message of this send is older."""
    jti: str | None = None
    """The message of the send, claimed for it alone; `None` until it is known."""
    message: str | None = None
    """The message as JSON; `None` until it is known."""


class Store(Protocol):
    """Keeps the records of sends, by conversation and key.

    Whatever a method has changed when it returns survives the process and the machine. Each method
    is safe to call from any thread and after a fork, and raises `LedgerException` if it fails.
    """

    def find(self, conversation: str, key: str) -> Record | None:
        """Return the record of a key."""
        ...

    def add(self, conversation: str, key: str, record: Record, at: float) -> bool:
        """Keep a record, made `at` seconds since the epoch; `False` if the key has one already."""
        ...

    def claim(self, conversation: str, key: str, jti: str, message: str) -> bool:
        """Give a key its message.

        Returns:
            `False`, with nothing changed, if the message belongs to another key of the
            conversation, or the key has no record, or has a message already.
        """
        ...

    def remove(self, conversation: str, key: str) -> None:
        """Forget a key whose message is not stored."""
        ...

    def forget(self, before: float) -> None:
        """Forget the records that were added before that time."""
        ...

    def lock(self, slot: int) -> bool:
        """Lock a slot until `unlock`, or until the process ends, however it ends.

        Returns:
            `False`, at once, if anybody has locked it, another thread of this process included.
        """
        ...

    def holds(self, slot: int) -> bool:
        """Return whether a slot that was locked is locked still."""
        ...

    def unlock(self, slot: int) -> None:
        """Unlock a slot that was locked. It never fails."""
        ...

    def close(self) -> None:
        """Give back what the store has opened; twice is once."""
        ...


class Taken(Exception):
    """A statement would have given a key or a message to two sends."""


def unusable(name: str, why: object) -> LedgerException:
    """Return the error of a store that fails before anything was sent."""
    failure = LedgerException(0, f"The ledger {name} cannot be used: {why}")
    failure.outcome = "not_sent"
    return failure


class SqlStore(ABC):
    """The records in a table; each method is one statement, and each statement one commit."""

    TABLE = """CREATE TABLE IF NOT EXISTS openapi_client_sends (
        number {number} PRIMARY KEY,
        conversation text NOT NULL,
        key text NOT NULL,
        digest text NOT NULL,
        slot integer NOT NULL,
        since text NOT NULL,
        added {float} NOT NULL,
        jti text,
        message text,
        UNIQUE (conversation, key),
        UNIQUE (conversation, jti)
    )"""

    @abstractmethod
    def run(self, statement: str, *values: Any) -> tuple[int, Sequence[Sequence[Any]]]:
        """Run a statement with `?` for each value; return how many rows it changed, and its rows.

        Raises:
            Taken: the statement would break a `UNIQUE`; nothing was changed.
            LedgerException: it failed.
        """

    def find(self, conversation: str, key: str) -> Record | None:
        """See `Store`."""
        _, rows = self.run(
            "SELECT digest, slot, since, jti, message FROM openapi_client_sends"
            " WHERE conversation = ? AND key = ?",
            conversation,
            key,
        )
        return Record(*rows[0]) if rows else None

    def add(self, conversation: str, key: str, record: Record, at: float) -> bool:
        """See `Store`."""
        try:
            self.run(
                "INSERT INTO openapi_client_sends"
                " (conversation, key, digest, slot, since, jti, message, added)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                conversation,
                key,
                *record,
                at,
            )
        except Taken:
            return False
        return True

    def claim(self, conversation: str, key: str, jti: str, message: str) -> bool:
        """See `Store`."""
        try:
            changed, _ = self.run(
                "UPDATE openapi_client_sends SET jti = ?, message = ?"
                " WHERE conversation = ? AND key = ? AND jti IS NULL",
                jti,
                message,
                conversation,
                key,
            )
        except Taken:
            return False
        return changed == 1

    def remove(self, conversation: str, key: str) -> None:
        """See `Store`."""
        self.run(
            "DELETE FROM openapi_client_sends WHERE conversation = ? AND key = ? AND jti IS NULL",
            conversation,
            key,
        )

    def forget(self, before: float) -> None:
        """See `Store`."""
        # From the oldest on, so that the cost is that of what is forgotten.
        self.run(
            "DELETE FROM openapi_client_sends WHERE number < (SELECT number FROM"
            " openapi_client_sends WHERE added >= ? ORDER BY number LIMIT 1)",
            before,
        )
