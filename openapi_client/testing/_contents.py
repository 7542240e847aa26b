"""What the server holds, seen and changed from the other side: without any request."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime

from openapi_client.testing._messages import (
    NANOSECONDS,
    NewMessage,
    StoredMessage,
    to_datetime,
    to_nanoseconds,
)
from openapi_client.testing._store import Store

EXAMPLE_APP_ID = "app_id_example"
EXAMPLE_CONNECTION_ID = "connection_id_example"
EXAMPLE_JTI = "jti_example"


class Clock:
    """What time it is on the server. It runs with the computer's clock until it is set.

    Args:
        source: nanoseconds since the epoch.
    """

    def __init__(self, source: Callable[[], int] = time.time_ns) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._fixed: int | None = None
        self._offset = 0

    def nanoseconds(self) -> int:
        """Return the time now, in nanoseconds since the epoch."""
        with self._lock:
            base = self._source() if self._fixed is None else self._fixed
            return base + self._offset

    def now(self) -> datetime:
        """Return the time now, as an aware datetime in UTC."""
        return to_datetime(self.nanoseconds())

    def set(self, moment: datetime) -> None:
        """Stop the clock at a moment (an aware datetime); `advance` moves it on.

        Raises:
            ValueError: the datetime has no time zone.
        """
        fixed = to_nanoseconds(moment)
        with self._lock:
            self._fixed = fixed
            self._offset = 0

    def advance(self, seconds: float) -> None:
        """Move the clock, stopped or running, by a number of seconds; negative moves it back."""
        with self._lock:
            self._offset += round(seconds * NANOSECONDS)

    def reset(self) -> None:
        """Let the clock run with the computer's clock again."""
        with self._lock:
            self._fixed = None
            self._offset = 0


class Contents:
    """The connections and messages of a server, and its clock.

    Args:
        store: where they are kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.clock: Clock = Clock()

    def add_connection(self, app_id: str, connection_id: str) -> None:
        """Make a connection known, with no messages.

        Generations 2023 and 2024 answer 404 to anything about a connection that neither was
        made known so nor has got a message.
        """
        self._store.add_connection(app_id, connection_id)

    def receive(
        self,
        app_id: str,
        connection_id: str,
        body: str,
        *,
        at: datetime | None = None,
        jti: str | None = None,
        rid: str = "",
        cid: str | None = None,
        read: bool = False,
        received: bool = False,
        own: bool = False,
    ) -> StoredMessage:
        """Put in a message as if the connection had sent it to the app.

        Args:
            app_id: the app that receives it.
            connection_id: who sent it; known from now on.
            body: its text, of any length.
            at: when it was created (an aware datetime); None for now, by the server's clock.
            jti: its id; None makes one.
            rid: what it answers.
            cid: what the generation would give it if None: the one that all messages of the
                conversation share, or with 2023 and 2024 none for an incoming one, and a new one
                for an own one.
            read: what generation 2024 says of it.
            received: what generation 2024 says of it.
            own: True: as if the app had sent it.

        Raises:
            ValueError: the conversation has a message of that `jti`, or `at` has no time zone.
        """
        message = NewMessage(
            body=body,
            iss="me" if own else connection_id,
            at=self._moment(at),
            jti=jti,
            rid=rid,
            cid=self._new_cid(own=own) if cid is None else cid,
            read=read,
            received=received,
        )
        return self._store.add(app_id, connection_id, message)

    def load(
        self,
        app_id: str,
        connection_id: str,
        messages: int | Iterable[str],
        *,
        until: datetime | None = None,
        interval: float | None = None,
        created_at: datetime | Iterable[datetime] | None = None,
        own: bool = False,
    ) -> int:
        """Put in many messages at once; 1,000,000 take seconds. Return how many.

        Args:
            app_id: the app that receives them.
            connection_id: who sent them; known from now on.
            messages: the texts, oldest first, or a number: `message 1`, `message 2`, ...
            until: when the last one was created (an aware datetime); None for now.
            interval: seconds from each to the next, 0 or more. None for 1, or for as much less as
                it takes to be newer than what the conversation holds, as what arrives now is.
            created_at: when they were created, in place of `until` and `interval`, as after a bulk
                import: one aware datetime for all of them, or one for each. With 2023 those of
                the same microsecond have no order: it is another one for another page.
            own: True: as if the app had sent them.

        Raises:
            ValueError: `interval` is negative, a datetime has no time zone, both `until` and
                `created_at` are given, or not as many of the latter as messages.
        """
        if isinstance(messages, int):
            bodies: list[str] = [f"message {number}" for number in range(1, messages + 1)]
        else:
            bodies = list(messages)
        if created_at is None:
            newest = self._store.newest(app_id, connection_id) if until is None else None
            moments = _spread(len(bodies), self._moment(until), interval, newest)
        elif until is None:
            moments = _moments(created_at, len(bodies))
        else:
            raise ValueError("until and created_at cannot both be given")
        iss = "me" if own else connection_id
        return self._store.add_many(
            app_id,
            connection_id,
            (
                NewMessage(body=body, iss=iss, at=at, cid=self._new_cid(own=own))
                for body, at in zip(bodies, moments, strict=True)
            ),
            without_order=() if created_at is None else _repeated(moments),
        )

    def messages(
        self, app_id: str | None = None, connection_id: str | None = None
    ) -> list[StoredMessage]:
        """Return what is stored, oldest first: of a conversation, an app, or the whole server."""
        return self._store.messages(app_id, connection_id)

    def edit(self, app_id: str, connection_id: str, jti: str, body: str) -> StoredMessage:
        """Change the text of a message; it keeps its place.

        Raises:
            LookupError: there is no such message.
        """
        now = self.clock.nanoseconds()
        message = self._store.edit(app_id, connection_id, jti, body, now)
        if message is None:
            raise LookupError(f"no message {jti!r} in the conversation with {connection_id!r}")
        return message

    def delete(
        self, app_id: str | None = None, connection_id: str | None = None, jti: str | None = None
    ) -> int:
        """Delete the messages that fit; what is None fits all. Return how many they were.

        Their connections stay known.
        """
        return self._store.delete(app_id, connection_id, jti)

    def clear(self) -> None:
        """Forget all messages and all connections."""
        self._store.clear()

    def seed_example(self) -> None:
        """Put in the documentation's example conversation, if it is not there.

        That is app `app_id_example`, connection `connection_id_example`, message `jti_example`.
        """
        if self._store.get(EXAMPLE_APP_ID, EXAMPLE_CONNECTION_ID, EXAMPLE_JTI) is None:
            self.receive(
                EXAMPLE_APP_ID,
                EXAMPLE_CONNECTION_ID,
                "Hello, this is the example message.",
                jti=EXAMPLE_JTI,
            )

    def _new_cid(self, *, own: bool) -> str | None:
        """Make the `cid` of a new message; None for the one that its conversation shares."""
        raise NotImplementedError

    def _moment(self, moment: datetime | None) -> int:
        return self.clock.nanoseconds() if moment is None else to_nanoseconds(moment)


def _spread(count: int, end: int, interval: float | None, newest: int | None) -> list[int]:
    """List moments up to `end`, all after the newest one that is there if no interval is given."""
    if interval is None:
        step = NANOSECONDS
        if newest is not None and count:
            step = min(step, max(0, end - newest) // count)
    elif interval >= 0:
        step = round(interval * NANOSECONDS)
    else:
        raise ValueError(f"interval must be a number of seconds from 0 up, not {interval}")
    return [end - step * before for before in reversed(range(count))]


def _moments(created_at: datetime | Iterable[datetime], count: int) -> list[int]:
    if isinstance(created_at, datetime):
        return [to_nanoseconds(created_at, "created_at")] * count
    moments = [to_nanoseconds(moment, "created_at") for moment in created_at]
    if len(moments) != count:
        raise ValueError(f"created_at must be as many as the messages: {count}, not {len(moments)}")
    return moments


def _repeated(moments: Iterable[int]) -> list[int]:
    return [moment for moment, times in Counter(moments).items() if times > 1]
