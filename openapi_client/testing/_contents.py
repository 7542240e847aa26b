"""What the server holds, seen and changed from the other side: without any request."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from openapi_client.testing._clock import NANOSECONDS, Clock, to_nanoseconds
from openapi_client.testing._store import NewMessage, Store, StoredMessage

EXAMPLE_APP_ID = "app_id_example"
EXAMPLE_CONNECTION_ID = "connection_id_example"
EXAMPLE_JTI = "jti_example"


class Contents:
    """The connections and messages of a server, and its clock.

    Args:
        store: where they are kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.clock = Clock()

    def add_connection(self, app_id: str, connection_id: str) -> None:
        """Makes a connection known, with no messages.

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
        own: bool = False,
    ) -> StoredMessage:
        """Puts in a message as if the connection had sent it to the app.

        Args:
            app_id: the app that receives it.
            connection_id: who sent it; known from now on.
            body: its text, of any length.
            at: when it was created (an aware datetime); None for now, by the server's clock.
            jti: its id; None makes one.
            rid: what it answers.
            cid: the conversation's id; None for the one that all its messages share.
            read: what generation 2024 says of it.
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
            cid=cid,
            read=read,
            received=not own,
        )
        return self._store.add(app_id, connection_id, message)

    def load(
        self,
        app_id: str,
        connection_id: str,
        messages: int | Iterable[str],
        *,
        until: datetime | None = None,
        interval: float = 1.0,
        own: bool = False,
    ) -> int:
        """Puts in many messages at once; 100,000 take seconds. Returns how many.

        Args:
            app_id: the app that receives them.
            connection_id: who sent them; known from now on.
            messages: the texts, oldest first, or a number: `message 1`, `message 2`, ...
            until: when the last one was created (an aware datetime); None for now.
            interval: seconds from each to the next, 0 or more.
            own: True: as if the app had sent them.

        Raises:
            ValueError: `interval` is negative, or `until` has no time zone.
        """
        if not interval >= 0:
            raise ValueError(f"interval must be a number of seconds from 0 up, not {interval}")
        if isinstance(messages, int):
            bodies: list[str] = [f"message {number}" for number in range(1, messages + 1)]
        else:
            bodies = list(messages)
        step = round(interval * NANOSECONDS)
        first = self._moment(until) - step * (len(bodies) - 1)
        iss = "me" if own else connection_id
        return self._store.add_many(
            app_id,
            connection_id,
            (
                NewMessage(body=body, iss=iss, at=first + step * index, received=not own)
                for index, body in enumerate(bodies)
            ),
        )

    def messages(
        self, app_id: str | None = None, connection_id: str | None = None
    ) -> list[StoredMessage]:
        """What is stored, oldest first: of one conversation, one app, or the whole server."""
        return self._store.messages(app_id, connection_id)

    def edit(self, app_id: str, connection_id: str, jti: str, body: str) -> StoredMessage:
        """Changes the text of a message; it keeps its place.

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
        """Deletes the messages that fit; what is None fits all. Returns how many they were.

        Their connections stay known.
        """
        return self._store.delete(app_id, connection_id, jti)

    def clear(self) -> None:
        """Forgets all messages and all connections."""
        self._store.clear()

    def seed_example(self) -> None:
        """Puts in the documentation's example conversation, if it is not there.

        That is app `app_id_example`, connection `connection_id_example`, message `jti_example`.
        """
        if self._store.get(EXAMPLE_APP_ID, EXAMPLE_CONNECTION_ID, EXAMPLE_JTI) is None:
            self.receive(
                EXAMPLE_APP_ID,
                EXAMPLE_CONNECTION_ID,
                "Hello, this is the example message.",
                jti=EXAMPLE_JTI,
            )

    def _moment(self, moment: datetime | None) -> int:
        return self.clock.nanoseconds() if moment is None else to_nanoseconds(moment)
