"""A memory of sends that outlives the process.

    with Ledger("sends.db") as ledger:
        conversation = messages.conversation(app_id, connection_id, ledger=ledger)
        conversation.send_once("Your order is on its way", key="order-7")

A send with a key is kept before it is made, with what was known of the conversation, and again when
its message is known. The same key returns that message from then on. If a process dies between the
two, whoever comes with the key next looks for the message and sends it only if it is not there. The
message of a key is claimed for it in the ledger, so that sends of equal texts by any number of
processes are told apart.

**Who is alive.** While a send is under way, its process holds a lock on a slot that the record
names. No clock and no process id tells whether it lives, but who gives the locks:

* In a file: the operating system, by a lock on a byte of the file `-locks`. It takes the lock from
  a process that ends, however it ends, at once. A process that was stopped, or a machine that was
  suspended for a night, still has its locks. A process that was given the id of a dead one, or was
  forked from a living one, has none of theirs.
* In PostgreSQL: the server, by an advisory lock of a session. It ends with its connection: at once
  if the process ends, within a minute if its machine is cut off. A process that lives on, but was
  cut off, finds that out before it sends again, and stops; one request that it was making at that
  time can be stored after another process has looked for it (see `settle` of `send_once`).

The lock is taken before the record can be seen, so there is no moment in which a living send looks
dead.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import random
import time
from functools import partial
from typing import Any

from pydantic import ValidationError
from typing_extensions import Self

from openapi_client._settings import seconds
from openapi_client.conversations._claims import Since
from openapi_client.conversations.store import Record, Store, unusable
from openapi_client.exceptions import ApiTypeError, ApiValueError, LedgerException
from openapi_client.models import MessageMessage

_DAY = 86_400.0
_MOST_CHARACTERS = 255
_LAST_SLOT = 2**31 - 1
_ADDS_PER_CLEANING = 1000


class Ledger:
    """The sends that were made with keys; safe for threads, processes and forks.

    Args:
        store: the path of a file, for the processes of one machine; a URL `postgresql://...`, or
            any other `Store`, for those of several machines.
        forget_after: seconds after which a key is forgotten; it can then be used for another send.
            A key must not come again so late, from a queue or by hand.

    Raises:
        ApiValueError: an argument makes no sense.
        LedgerException: the store cannot be opened: no such folder, no permission, a file that is
            damaged, is no ledger, or has the format of another version.
    """

    def __init__(
        self, store: str | os.PathLike[str] | Store, *, forget_after: float = 30 * _DAY
    ) -> None:
        self._forget_after = seconds("forget_after", forget_after)
        self._store = _opened(store)
        self._adds = itertools.count()

    def __repr__(self) -> str:
        return f"<Ledger of {self._store!r}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), forget_after=self._forget_after), (self._store,)

    def close(self) -> None:
        """Close the file, or the connections; sends that are under way fail. Twice is once."""
        self._store.close()

    def entry(self, conversation: str, key: str | None, text: str) -> Entry:
        """Return what `send_once` needs of the ledger for one send; for its use.

        Args:
            conversation: names the conversation, the same on every machine.
            key: the key; `None` for one that nobody else has.
            text: the text of the message.
        """
        checked = os.urandom(16).hex() if key is None else check_key(key)
        return Entry(self, self._store, conversation, checked, text)

    def clean(self) -> None:
        """Forget old keys, now and then."""
        if next(self._adds) % _ADDS_PER_CLEANING == 0:
            self._store.forget(time.time() - self._forget_after)


class Entry:
    """A key of a ledger, in the hands of one send.

    Attributes:
        message: the message of the key, if it is known.
        since: what was known before the send of this key was first begun; `None` for a new key.
    """

    def __init__(
        self, ledger: Ledger, store: Store, conversation: str, key: str, text: str
    ) -> None:
        self.message: MessageMessage | None = None
        self.since: Since | None = None
        self._ledger = ledger
        self._store = store
        self._place = (conversation, key)
        self._digest = hashlib.sha256(text.encode()).hexdigest()
        self._slot = 0

    def take(self) -> bool:
        """Take the key, unless its message is known; `False` if another send has it.

        Raises:
            ApiValueError: the key was used with another text.
            LedgerException: the ledger cannot be read.
        """
        record = self._found()
        if record is None:
            self._slot = self._new_slot()
            return True
        if record.message is not None:
            return True
        if not self._store.lock(record.slot):
            return False
        self._slot = record.slot
        # It may have ended between the two.
        record = self._found()
        if record is None or record.slot != self._slot:
            self.release()
            return self.take()
        if record.message is None:
            self.since = Since.from_text(record.since)
        return True

    def _found(self) -> Record | None:
        record = self._store.find(*self._place)
        if record is None:
            return None
        if record.digest != self._digest:
            raise ApiValueError(f"The key {self._place[1]!r} was used with another text")
        if record.message is not None:
            self.message = _message_of(record)
        return record

    def _new_slot(self) -> int:
        while True:
            # Drawn by the system: forked processes would draw the same numbers.
            slot = random.SystemRandom().randint(1, _LAST_SLOT)
            if self._store.lock(slot):
                return slot

    def add(self, since: Since) -> bool:
        """Keep a new key, before it is sent; `False` if another send was faster.

        Raises:
            LedgerException: it cannot be kept; nothing was sent.
        """
        record = Record(self._digest, self._slot, since.to_text())
        if not self._store.add(*self._place, record, time.time()):
            return False
        self._ledger.clean()
        return True

    def claim(self, message: MessageMessage) -> bool:
        """Give the key its message; `False` if it belongs to another key.

        Raises:
            LedgerException: that cannot be kept, so whether it is stored is not known for certain.
        """
        try:
            if self._store.claim(*self._place, str(message.jti), message.to_json()):
                return True
            record = self._store.find(*self._place)
        except LedgerException as error:
            error.outcome = "unknown"
            error.hint = "The message may be stored: the same key will find it."
            raise
        if record is not None and record.jti is None:
            return False
        if record is not None and record.jti == message.jti:
            return True
        raise _lost()

    def check(self) -> None:
        """Make sure that the key is still in the hands of this send.

        Raises:
            LedgerException: the store, or the connection to it, was lost meanwhile.
        """
        if not self._store.holds(self._slot):
            raise _lost()

    def remove(self) -> None:
        """Forget the key: nothing of its send can ever be stored."""
        try:
            self._store.remove(*self._place)
        except LedgerException:
            # Then the next send with the key looks for a message that is not there.
            return

    def release(self) -> None:
        """Let others have the key."""
        self._store.unlock(self._slot)


def check_key(key: object) -> str:
    """Refuse what is no key; return it.

    Raises:
        ApiValueError: it is not a `str` of 1 to 255 characters that can be printed.
    """
    if not isinstance(key, str) or not 1 <= len(key) <= _MOST_CHARACTERS or not key.isprintable():
        shown = key if not isinstance(key, str) or len(key) <= _MOST_CHARACTERS else "a longer one"
        raise ApiValueError(f"key must be a printable str of 1 to 255 characters, not {shown!r}")
    return key


def _opened(store: str | os.PathLike[str] | Store) -> Store:
    if isinstance(store, str) and store.startswith(("postgresql://", "postgres://")):
        from openapi_client.conversations.postgres import PostgresStore

        return PostgresStore(store)
    if isinstance(store, (str, os.PathLike)):
        from openapi_client.conversations._sqlite_store import SqliteStore

        return SqliteStore(store)
    if not hasattr(store, "find"):
        raise ApiTypeError(f"store must be a path, a URL or a Store, not {type(store).__name__}")
    return store


def _message_of(record: Record) -> MessageMessage:
    try:
        message = MessageMessage.from_json(record.message or "")
    except (ValueError, ValidationError) as error:
        raise unusable("of this send", f"its message is damaged ({error})") from error
    if message is None:
        raise unusable("of this send", "its message is damaged")
    return message


def _lost() -> LedgerException:
    failure = LedgerException(0, "The ledger was lost while the send was under way")
    failure.hint = "The message may be stored: the same key will find it."
    return failure
