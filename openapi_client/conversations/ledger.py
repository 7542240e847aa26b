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

import os
import time
from functools import partial
from typing import Any

from typing_extensions import Self

from openapi_client._limits import seconds
from openapi_client.conversations.store import Store
from openapi_client.exceptions import ApiTypeError

_DAY = 86_400.0


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

    @property
    def store(self) -> Store:
        """Where the sends are kept."""
        return self._store

    def forget(self) -> None:
        """Forget the keys that are too old; new sends do so by themselves, now and then."""
        self._store.forget(time.time() - self._forget_after)


def check_ledger(ledger: object) -> Ledger | None:
    """Return what is a ledger or `None`.

    Raises:
        ApiTypeError: it is neither.
    """
    if ledger is None or isinstance(ledger, Ledger):
        return ledger
    raise ApiTypeError(f"ledger must be a Ledger, not {type(ledger).__name__}")


def _opened(store: str | os.PathLike[str] | Store) -> Store:
    if isinstance(store, str) and store.startswith(("postgresql://", "postgres://")):
        from openapi_client.conversations.postgres import PostgresStore

        return PostgresStore(store)
    if isinstance(store, (str, os.PathLike)):
        from openapi_client.conversations._sqlite_store import SqliteStore

        return SqliteStore(store)
    if not hasattr(store, "claim"):
        raise ApiTypeError(f"store must be a path, a URL or a Store, not {type(store).__name__}")
    return store
