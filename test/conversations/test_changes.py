"""Iterating and following while messages arrive, are edited and deleted between any two requests.

Each machine keeps a list of changes that its world makes before the client's next requests, one
before each, and compares what was read with what the server holds.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from openapi_client.conversations import Follower, MessageIterator
from openapi_client.exceptions import ServiceException
from openapi_client.models import MessageMessage
from openapi_client.testing import GENERATIONS, GenerationName, MessagesServer, StoredMessage
from test.support.world import APP, CONNECTION, OTHER, World

SETTINGS = settings(
    max_examples=25,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

counts = st.integers(1, 4) | st.integers(5, 30)
places = st.floats(0, 1, exclude_max=True)
"""Where in the conversation, from the oldest message to the newest."""
steps = st.sampled_from([0.0, 0.0, 1e-9, 1e-6, 1.0])
"""Seconds from one message to the next: equal times of storage are frequent."""


class Changing(RuleBasedStateMachine):
    """What all machines share: the world and its changes."""

    server: ClassVar[MessagesServer]
    generation: ClassVar[GenerationName]

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.server, self.generation, retries=0)
        self.server.clock.set(self.server.clock.now())
        self.read: list[MessageMessage] = []
        self.ever: dict[str, StoredMessage] = {}

    def teardown(self) -> None:
        self.world.close()

    def arrive(self, count: int, step: float) -> None:
        for _ in range(count):
            self.server.clock.advance(step)
            (message,) = self.world.receive(f"message {len(self.ever)}")
            self.ever[message.jti] = message

    def arrive_in_the_past(self, place: float) -> None:
        stored = self.world.stored()
        if stored:
            at = stored[int(place * len(stored))].created_at
            message = self.server.receive(APP, CONNECTION, "late", at=at)
            self.ever[message.jti] = message

    def delete(self, place: float, count: int) -> None:
        stored = self.world.stored()
        start = int(place * len(stored))
        self.world.delete(*stored[start : start + count])

    def edit(self, place: float) -> None:
        stored = self.world.stored()
        if stored:
            self.world.edit(stored[int(place * len(stored))], "edited")

    def soon(self, change: Callable[[], object]) -> None:
        """Let it happen before one of the next requests."""
        self.world.changes.append(change)

    @initialize(count=st.integers(0, 60), step=steps, per_page=st.integers(1, 12))
    def begin(self, count: int, step: float, per_page: int) -> None:
        self.arrive(count, step)
        self.at_first = set(self.ever)
        self.open(per_page)

    def open(self, per_page: int) -> None:
        """Begin to read."""
        raise NotImplementedError

    @rule(count=counts, step=steps)
    def messages_arrive(self, count: int, step: float) -> None:
        self.soon(lambda: self.arrive(count, step))

    @rule(place=places, count=counts)
    def messages_are_deleted(self, place: float, count: int) -> None:
        self.soon(lambda: self.delete(place, count))

    @rule(count=counts)
    def the_newest_are_deleted(self, count: int) -> None:
        self.soon(lambda: self.world.delete(*self.world.stored()[-count:]))

    @rule(count=counts)
    def the_oldest_are_deleted(self, count: int) -> None:
        self.soon(lambda: self.world.delete(*self.world.stored()[:count]))

    @rule(place=places)
    def a_message_is_edited(self, place: float) -> None:
        self.soon(lambda: self.edit(place))

    @rule(count=counts)
    def messages_of_others_arrive(self, count: int) -> None:
        def others() -> None:
            self.server.load("other app", OTHER, count, interval=0)

        self.soon(others)

    @rule(count=counts, place=places)
    def one_goes_and_another_conversation_gets_as_many(self, count: int, place: float) -> None:
        def swap() -> None:
            before = len(self.world.stored())
            self.delete(place, count)
            gone = before - len(self.world.stored())
            self.server.load(APP, OTHER, gone, interval=0)

        self.soon(swap)

    @rule()
    def nothing_happens(self) -> None:
        self.soon(lambda: None)

    @rule()
    def a_request_fails(self) -> None:
        self.soon(lambda: self.server.faults.status(500, nth=1, times=1))

    @invariant()
    def each_message_is_read_once(self) -> None:
        ids = [message.jti for message in self.read]
        assert len(ids) == len(set(ids))

    def place(self, message: MessageMessage) -> int:
        """Where a message stands in the order of the server."""
        created = self.ever[str(message.jti)].created_ns
        # What servers of 2023 do not keep can order nothing.
        return created // 1000 if self.generation == "2023" else created


class Iterating(Changing):
    """`messages()`: begun, and read on between changes."""

    newest_first: ClassVar[bool]
    workers: ClassVar[int]

    iterator: MessageIterator
    ended = False

    def open(self, per_page: int) -> None:
        self.iterator = self.world.conversation.messages(
            per_page=per_page, newest_first=self.newest_first, workers=self.workers
        )

    @rule(count=st.integers(1, 15))
    def read_on(self, count: int) -> None:
        for _ in range(count):
            with contextlib.suppress(ServiceException):
                message = next(self.iterator, None)
                if message is None:
                    self.ended = True
                    return
                self.read.append(message)

    @precondition(lambda self: self.ended)
    @invariant()
    def it_stays_ended(self) -> None:
        assert next(self.iterator, None) is None

    @invariant()
    def what_is_read_is_in_order(self) -> None:
        places = [self.place(message) for message in self.read]
        assert places == sorted(places, reverse=self.newest_first)

    def teardown(self) -> None:
        try:
            self.world.changes.clear()
            self.server.faults.clear()
            while not self.ended:
                self.read_on(100)
            self.each_message_is_read_once()
            self.what_is_read_is_in_order()
            there = {message.jti for message in self.world.stored()}
            missed = (self.at_first & there) - {str(message.jti) for message in self.read}
            assert not missed, [self.ever[jti] for jti in missed]
        finally:
            super().teardown()


class NewestFirst(Iterating):
    newest_first = True
    workers = 1

    @rule(place=places)
    def a_message_arrives_in_the_past(self, place: float) -> None:
        self.soon(lambda: self.arrive_in_the_past(place))


class OldestFirst(Iterating):
    newest_first = False
    workers = 1

    @rule(place=places)
    def a_message_arrives_in_the_past(self, place: float) -> None:
        self.soon(lambda: self.arrive_in_the_past(place))


class NewestFirstAhead(Iterating):
    newest_first = True
    workers = 3


class OldestFirstAhead(Iterating):
    newest_first = False
    workers = 3


class Following(Changing):
    """`follow()`: polls between changes."""

    follower: Follower

    def open(self, per_page: int) -> None:
        self.follower = self.world.conversation.follow()

    @rule(count=st.integers(1, 15))
    def read_on(self, count: int) -> None:
        """Read until that many polls have brought nothing."""
        polls = 0

        def poll(seconds: float) -> None:
            nonlocal polls
            polls += 1
            if polls > count:
                raise Enough

        self.world.times.meanwhile = poll
        with contextlib.suppress(Enough):
            self.read.extend(iter(self.follower.__next__, None))

    @invariant()
    def what_is_read_is_in_order(self) -> None:
        places = [self.place(message) for message in self.read]
        assert places == sorted(places)

    @invariant()
    def nothing_is_read_that_was_there_before(self) -> None:
        assert not {message.jti for message in self.read} & self.at_first

    def teardown(self) -> None:
        try:
            self.world.changes.clear()
            self.server.faults.clear()
            self.read_on(2)
            self.each_message_is_read_once()
            self.what_is_read_is_in_order()
            self.nothing_is_read_that_was_there_before()
            there = {message.jti for message in self.world.stored()}
            missed = there - self.at_first - {str(message.jti) for message in self.read}
            assert not missed, [self.ever[jti] for jti in missed]
        finally:
            super().teardown()


class Enough(Exception):
    """Ends a follower's wait, as Ctrl-C does."""


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize(
    "machine", [NewestFirst, OldestFirst, NewestFirstAhead, OldestFirstAhead, Following]
)
def test_each_message_is_read_once_and_in_order_whatever_happens_between_two_requests(
    machine: type[Changing], generation: GenerationName, server: MessagesServer
) -> None:
    machine.server, machine.generation = server, generation
    run_state_machine_as_test(machine, settings=SETTINGS)
