"""A conversation on a real server that changes between any two requests of its reader."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

from openapi_client import ApiClient, MessagesApi
from openapi_client.conversations import Conversation, Stop, Times
from openapi_client.rest import RESTResponse
from openapi_client.testing import GenerationName, MessagesServer, StoredMessage

APP, CONNECTION = "app", "friend"
OTHER = "somebody else"


class HookedClient(ApiClient):
    """A client that lets something happen before each of its requests."""

    before: Callable[[], object] | None = None

    def call_api(self, *args: Any, **kwargs: Any) -> RESTResponse:
        if self.before is not None:
            self.before()
        return super().call_api(*args, **kwargs)


class FakeTimes:
    """A clock that only waiting moves; what happens meanwhile can be handed in."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []
        self.meanwhile: Callable[[float], object] = lambda seconds: None
        self._lock = threading.Lock()

    def clock(self) -> float:
        return self.now

    def wait(self, stop: Stop, seconds: float) -> bool:
        with self._lock:
            self.waits.append(seconds)
            self.now += seconds
            self.meanwhile(seconds)
            return stop.is_set()

    def as_times(self, draw: Callable[[], float] = lambda: 1.0) -> Times:
        return Times(self.clock, self.wait, draw)


class World:
    """A server, a client, and changes that happen before the client's next requests.

    Args:
        server: the server; it is emptied.
        generation: which generation answers.
        options: settings of the client.
    """

    def __init__(self, server: MessagesServer, generation: GenerationName, **options: Any) -> None:
        server.reset(generation=generation)
        server.add_connection(APP, CONNECTION)
        self.server = server
        self.times = FakeTimes()
        self.changes: list[Callable[[], object]] = []
        """What happens before the next requests, one of these before each."""
        self.client = HookedClient(server.configuration(**options))
        self.client.before = self._change
        self.messages = MessagesApi(self.client)
        self.conversation = Conversation(
            self.messages, APP, CONNECTION, times=self.times.as_times()
        )
        self.asked = 0
        self.most_requests = 2000
        self._lock = threading.Lock()

    def _change(self) -> None:
        with self._lock:
            self.asked += 1
            assert self.asked < self.most_requests, "it asks and asks"
            if self.changes:
                self.changes.pop(0)()

    def close(self) -> None:
        self.client.close()

    def receive(self, *bodies: str) -> list[StoredMessage]:
        return [self.server.receive(APP, CONNECTION, body) for body in bodies]

    def stored(self) -> list[StoredMessage]:
        """The messages of the conversation, oldest first."""
        return self.server.messages(APP, CONNECTION)

    def bodies(self) -> list[str]:
        """Their texts, oldest first."""
        return [message.body for message in self.stored()]

    def conversation_total(self) -> int | None:
        """What the server says how many messages the conversation has."""
        generation, count = self.server.generation, len(self.stored())
        return len(self.server.messages()) if generation == "2023" else count

    def delete(self, *messages: StoredMessage) -> None:
        for message in messages:
            self.server.delete(APP, CONNECTION, message.jti)

    def edit(self, message: StoredMessage, body: str) -> None:
        self.server.edit(APP, CONNECTION, message.jti, body)


@contextmanager
def world(server: MessagesServer, generation: GenerationName, **options: Any) -> Generator[World]:
    """A world that is closed at the end."""
    made = World(server, generation, **options)
    try:
        yield made
    finally:
        made.close()


def texts(messages: Sequence[Any]) -> list[Any]:
    """The texts of messages of either side."""
    return [message.body for message in messages]
