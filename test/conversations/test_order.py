"""The orders of servers: equal times without order in 2023, the local clock in 2024."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openapi_client import ApiClient, ApiException, Cursor, MessagesApi
from openapi_client.conversations import Conversation, Follower, Stop, Times
from openapi_client.testing import GENERATIONS, GenerationName, MessagesServer
from test.support.world import APP, CONNECTION, World, texts, world

MOMENT = datetime(2024, 1, 1, tzinfo=timezone.utc)
DAY = timedelta(days=1)


@pytest.fixture
def unordered(server: MessagesServer) -> Iterator[World]:
    """A server of 2023."""
    with world(server, "2023", retries=0) as made:
        yield made


def load(here: World, older: int, equal: int, newer: int) -> list[str]:
    """Put in messages of one time between others; return the ids of all."""
    here.server.load(APP, CONNECTION, older, until=MOMENT - DAY)
    here.server.load(APP, CONNECTION, equal, created_at=MOMENT)
    here.server.load(APP, CONNECTION, newer, until=MOMENT + DAY)
    return [message.jti for message in here.stored()]


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("per_page", [10, 100, 1000])
@pytest.mark.parametrize("counts", [(0, 300, 0), (30, 300, 57), (400, 400, 700), (0, 999, 0)])
def test_messages_of_one_time_come_once(
    unordered: World, counts: tuple[int, int, int], per_page: int, workers: int, newest_first: bool
) -> None:
    stored = load(unordered, *counts)
    read = unordered.conversation.messages(
        per_page=per_page, workers=workers, newest_first=newest_first
    )
    assert sorted(str(message.jti) for message in read) == sorted(stored)


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("per_page", [10, 1000])
def test_too_many_of_one_time_are_an_error_that_says_so(
    unordered: World, per_page: int, newest_first: bool
) -> None:
    load(unordered, 20, 2500, 20)
    iterator = unordered.conversation.messages(per_page=per_page, newest_first=newest_first)
    with pytest.raises(ApiException, match=r"order cannot be read.* a per_page of .* at least"):
        list(iterator)
    with pytest.raises(ApiException, match="order cannot be read"):
        next(iterator)
    assert unordered.asked < 40


def test_a_bulk_import_comes_once_to_a_follower(unordered: World) -> None:
    unordered.receive("old")
    follower = unordered.conversation.follow()
    unordered.server.load(APP, CONNECTION, 400, created_at=MOMENT + 3000 * DAY)
    read = [next(follower).jti for _ in range(400)]
    assert sorted(map(str, read)) == sorted(one.jti for one in unordered.stored()[1:])


@pytest.mark.parametrize("count", [1, 12, 150, 999])
def test_now_is_after_all_of_one_time(unordered: World, count: int) -> None:
    unordered.server.load(APP, CONNECTION, count, created_at=MOMENT)
    cursor = Cursor.parse(str(unordered.conversation.cursor()))
    unordered.receive("new")
    read = unordered.conversation.messages(after=cursor, newest_first=False)
    assert texts(list(read)) == ["new"]


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    groups=st.lists(st.integers(1, 40), min_size=1, max_size=12),
    per_page=st.integers(1, 50),
    newest_first=st.booleans(),
    stops=st.lists(st.integers(1, 60), max_size=4),
)
def test_any_groups_of_one_time_come_once_over_restarts(
    server: MessagesServer,
    groups: list[int],
    per_page: int,
    newest_first: bool,
    stops: list[int],
) -> None:
    with world(server, "2023", retries=0) as here:
        for number, count in enumerate(groups):
            here.server.load(APP, CONNECTION, count, created_at=MOMENT + number * DAY)
        read: list[str | None] = []
        cursor: Cursor | None = None
        for stop in [*stops, 1000]:
            iterator = here.conversation.messages(
                per_page=per_page, newest_first=newest_first, after=cursor
            )
            for message in itertools.islice(iterator, stop):
                read.append(message.jti)
                cursor = Cursor.parse(str(iterator.cursor))
        assert sorted(map(str, read)) == sorted(message.jti for message in here.stored())


class Idle(Exception):
    """Ends a follower's wait."""


def until_idle(follower: Follower) -> list[str | None]:
    """What comes before the follower waits."""
    read: list[str | None] = []
    with contextlib.suppress(Idle):
        read.extend(message.body for message in follower)
    return read


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("zone", ["Europe/Berlin", "Europe/London", "Australia/Lord_Howe"])
@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize(("first_pass", "second_pass"), [(10, 10), (60, 3), (3, 40)])
def test_at_the_end_of_summer_time_a_follower_misses_nothing(
    generation: GenerationName, zone: str, restarted: bool, first_pass: int, second_pass: int
) -> None:
    if zone not in available_timezones():
        pytest.skip("no time zones here")
    begin = {
        "Europe/Berlin": datetime(2023, 10, 29, 0, 0, tzinfo=timezone.utc),
        "Europe/London": datetime(2023, 10, 29, 0, 0, tzinfo=timezone.utc),
        "Australia/Lord_Howe": datetime(2023, 4, 1, 14, 30, tzinfo=timezone.utc),
    }[zone]
    idle = threading.Event()

    def wait(stop: Stop, seconds: float) -> bool:
        if idle.is_set():
            raise Idle
        idle.set()
        return False

    with (
        MessagesServer(tls=False, generation=generation, timezone=ZoneInfo(zone)) as server,
        ApiClient(server.configuration()) as client,
    ):
        server.clock.set(begin)
        server.receive(APP, CONNECTION, "old")
        conversation = Conversation(MessagesApi(client), APP, CONNECTION, Times(wait=wait))
        follower = conversation.follow()
        expected: list[str | None] = []
        read: list[str | None] = []
        for count in [first_pass] * 6 + [second_pass] * 6 + [5] * 3:
            for _ in range(count):
                server.clock.advance(600 / count)
                expected.append(server.receive(APP, CONNECTION, str(len(expected))).body)
            if restarted:
                follower = conversation.follow(after=Cursor.parse(str(follower.cursor)))
            idle.clear()
            read += until_idle(follower)
    assert len(read) == len(expected)
    assert set(read) == set(expected)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_what_came_in_the_hour_that_comes_twice_is_exported(generation: GenerationName) -> None:
    if "Europe/Berlin" not in available_timezones():
        pytest.skip("no time zones here")
    with (
        MessagesServer(
            tls=False, generation=generation, timezone=ZoneInfo("Europe/Berlin")
        ) as server,
        ApiClient(server.configuration()) as client,
    ):
        server.clock.set(datetime(2023, 10, 29, 0, 0, tzinfo=timezone.utc))
        for number in range(40):
            server.receive(APP, CONNECTION, f"first {number}")
            server.clock.advance(85)
        conversation = MessagesApi(client).conversation(APP, CONNECTION)
        cursor = conversation.cursor()
        server.clock.set(datetime(2023, 10, 29, 1, 0, tzinfo=timezone.utc))
        for number in range(40):
            server.receive(APP, CONNECTION, f"second {number}")
            server.clock.advance(10)
        iterator = conversation.messages(after=cursor, newest_first=False, per_page=10)
        read = [next(iterator).body for _ in range(15)]
        again = Cursor.parse(str(iterator.cursor))
        read += texts(list(conversation.messages(after=again, newest_first=False)))
    assert read == [f"second {number}" for number in range(40)]
