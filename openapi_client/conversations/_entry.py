"""A key of a ledger, from before its send to after it."""

from __future__ import annotations

import hashlib
import os
import random
import time
from collections.abc import Callable
from typing import TypeVar

from openapi_client.conversations._claims import Since
from openapi_client.conversations.ledger import Ledger
from openapi_client.conversations.store import Record, unusable
from openapi_client.exceptions import ApiValueError, LedgerException
from openapi_client.models import MessageMessage

_MOST_CHARACTERS = 255
_LAST_SLOT = 2**31 - 1
# How likely it is that a new key makes the ledger forget the old ones.
_FORGETTING = 0.001

Read = TypeVar("Read")


class Entry:
    """A key of a ledger, in the hands of one send.

    Args:
        ledger: the ledger.
        conversation: names the conversation, the same on every machine.
        key: the key; `None` for one that nobody else has.
        text: the text of the message, as it is stored.

    Attributes:
        message: the message of the key, if it is known.
        since: what was known before the send of this key was first begun; `None` for a new key.
    """

    def __init__(self, ledger: Ledger, conversation: str, key: str | None, text: str) -> None:
        self.message: MessageMessage | None = None
        self.since: Since | None = None
        self._ledger = ledger
        self._store = ledger.store
        self._place = (conversation, os.urandom(16).hex() if key is None else check_key(key))
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
            self.since = _read(Since.from_text, record.since)
        return True

    def _found(self) -> Record | None:
        record = self._store.find(*self._place)
        if record is None:
            return None
        if record.digest != self._digest:
            raise ApiValueError(f"The key {self._place[1]!r} was used with another text")
        if record.message is not None:
            self.message = _read(MessageMessage.from_json, record.message)
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
        if random.random() < _FORGETTING:  # noqa: S311 - no secret
            self._ledger.forget()
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


def entry_of(ledger: Ledger | None, conversation: str, key: str | None, text: str) -> Entry | None:
    """Return the entry of a key; `None` if there is no ledger.

    Raises:
        ApiValueError: the key makes no sense, or has no ledger.
    """
    if ledger is not None:
        return Entry(ledger, conversation, key, text)
    if key is not None:
        raise ApiValueError("key needs a ledger: conversation(..., ledger=Ledger('sends.db'))")
    return None


def check_key(key: object) -> str:
    """Refuse what is no key; return it.

    Raises:
        ApiValueError: it is not a `str` of 1 to 255 characters that can be printed.
    """
    if not isinstance(key, str) or not 1 <= len(key) <= _MOST_CHARACTERS or not key.isprintable():
        shown = key if not isinstance(key, str) or len(key) <= _MOST_CHARACTERS else "a longer one"
        raise ApiValueError(f"key must be a printable str of 1 to 255 characters, not {shown!r}")
    return key


def _read(reader: Callable[[str], Read | None], text: str) -> Read:
    """Read what a record holds.

    Raises:
        LedgerException: it does not hold that.
    """
    try:
        read = reader(text)
    except (ValueError, TypeError) as error:
        raise unusable("of this send", f"a record is damaged ({error})") from error
    if read is None:
        raise unusable("of this send", "a record is damaged")
    return read


def _lost() -> LedgerException:
    failure = LedgerException(0, "The ledger was lost while the send was under way")
    failure.hint = "The message may be stored: the same key will find it."
    return failure
