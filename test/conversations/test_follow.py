"""New messages as they come: in order, each once, for as long as wanted."""

from __future__ import annotations

import contextlib
import logging
import threading
from datetime import timedelta

import pytest

from openapi_client import ApiClient, Configuration, MessagesApi
from openapi_client.conversations import Follower, Times
from openapi_client.exceptions import (
    ApiValueError,
    ClientClosedException,
    ConnectException,
    NotFoundException,
    ServiceException,
    TooManyRequestsException,
    UnauthorizedException,
)
from openapi_client.models import MessageMessage
from openapi_client.testing import MessagesServer
from test.support.world import APP, CONNECTION, World, texts


class Enough(Exception):
    """Ends a follower's wait, as Ctrl-C does."""


def read_until_idle(here: World, follower: Follower) -> list[MessageMessage]:
    """What comes before the follower, having asked at least once, waits for more."""
    asked = here.asked

    def enough(seconds: float) -> None:
        if here.asked > asked:
            raise Enough

    read: list[MessageMessage] = []
    before, here.times.meanwhile = here.times.meanwhile, enough
    with contextlib.suppress(Enough):
        read.extend(iter(follower.__next__, None))
    here.times.meanwhile = before
    return read


def test_new_messages_come_in_the_order_of_their_creation_each_once(here: World) -> None:
    here.receive("old")
    follower = here.conversation.follow()
    here.receive("one", "two", "three")
    assert [next(follower).body for _ in range(3)] == ["one", "two", "three"]
    here.times.meanwhile = lambda seconds: here.receive("four", "five")
    assert [next(follower).body for _ in range(2)] == ["four", "five"]


def test_what_was_there_before_is_not_new(here: World) -> None:
    here.receive("one", "two")
    follower = here.conversation.follow()
    here.receive("three")
    assert texts(read_until_idle(here, follower)) == ["three"]


def test_the_first_message_of_a_conversation_is_new(here: World) -> None:
    follower = here.conversation.follow()
    assert read_until_idle(here, follower) == []
    here.receive("one")
    assert texts(read_until_idle(here, follower)) == ["one"]


@pytest.mark.parametrize("interval", [0, 1])
def test_a_burst_of_thousands_between_two_polls_comes_whole(here: World, interval: int) -> None:
    here.receive("old")
    follower = here.conversation.follow()
    later = here.server.clock.now() + timedelta(hours=2)
    here.server.load(APP, CONNECTION, 3456, interval=interval, until=later)
    wanted = [f"message {number}" for number in range(1, 3457)]
    assert texts(read_until_idle(here, follower)) == wanted


def test_a_burst_into_an_empty_conversation_comes_whole(here: World) -> None:
    follower = here.conversation.follow()
    here.server.load(APP, CONNECTION, 1234)
    assert len(read_until_idle(here, follower)) == 1234


def test_a_burst_is_held_a_part_at_a_time(here: World) -> None:
    here.receive("old")
    follower = here.conversation.follow()
    here.server.load(APP, CONNECTION, 3000, interval=0)
    next(follower)
    sizes = [int(request.query["per_page"]) for request in here.server.requests]
    assert max(sizes) <= 1000


def test_an_edit_is_not_a_new_message(here: World) -> None:
    old, older = here.receive("old", "older")
    follower = here.conversation.follow()
    (new,) = here.receive("new")
    assert texts(read_until_idle(here, follower)) == ["new"]
    for message in (old, older, new):
        here.edit(message, "edited")
    assert read_until_idle(here, follower) == []


def test_own_messages_come_too(here: World) -> None:
    follower = here.conversation.follow()
    here.conversation.send("mine")
    assert next(follower).iss == "me"


def test_a_message_that_comes_in_between_two_that_were_read_is_new(here: World) -> None:
    _, middle, _ = here.receive("one", "two", "three")
    follower = here.conversation.follow()
    here.server.receive(APP, CONNECTION, "late", at=middle.created_at)
    assert texts(read_until_idle(here, follower)) == ["late"]
    assert read_until_idle(here, follower) == []


def test_it_survives_failures_of_the_server_for_as_long_as_wanted(here: World) -> None:
    follower = here.conversation.follow()
    here.receive("one")
    here.changes = [
        lambda: here.server.faults.status(503, times=1),
        lambda: here.server.faults.reset(times=1),
        lambda: here.server.faults.garble(times=1),
        lambda: here.server.faults.truncate(times=1),
        lambda: here.server.faults.status(502, times=1),
        *[lambda: here.server.faults.status(500, times=1)] * 200,
    ]
    assert next(follower).body == "one"
    assert here.changes == []


def test_it_backs_off_while_the_server_fails_and_polls_as_before_afterwards(here: World) -> None:
    follower = here.conversation.follow(poll_interval=1.5)
    here.server.faults.status(500, times=9)
    here.times.meanwhile = lambda seconds: here.receive("one")
    assert next(follower).body == "one"
    assert here.times.waits == [1.5, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    here.times.waits.clear()
    read_until_idle(here, follower)
    assert here.times.waits == [1.5, 1.5]


def test_the_wait_that_the_server_asks_for_is_kept(here: World) -> None:
    follower = here.conversation.follow()
    here.server.faults.status(503, retry_after=77, times=1)
    here.server.faults.status(429, retry_after=100_000, times=1)
    here.receive("one")
    assert next(follower).body == "one"
    assert here.times.waits == [1.0, 77.0, 300.0]


def test_a_failure_is_told_to_the_log(here: World, caplog: pytest.LogCaptureFixture) -> None:
    follower = here.conversation.follow()
    here.server.faults.status(503, times=1)
    here.receive("one")
    with caplog.at_level(logging.WARNING, logger="openapi_client"):
        next(follower)
    assert "following goes on in 0.5 s: 503" in caplog.text
    assert here.server.token not in caplog.text


def test_after_the_time_that_is_wanted_it_gives_up_and_can_go_on(here: World) -> None:
    follower = here.conversation.follow(give_up_after=20)
    here.receive("one")
    with here.server.faults.status(502):
        with pytest.raises(ServiceException):
            next(follower)
        assert sum(here.times.waits[1:]) == pytest.approx(0.5 + 1 + 2 + 4 + 8 + 16)
    assert next(follower).body == "one"


def test_each_poll_is_one_attempt_whatever_the_client_repeats(here: World) -> None:
    here.client.configuration.retries = 5
    follower = here.conversation.follow()
    here.receive("one")
    with here.server.faults.status(503, retry_after=30, times=1):
        next(follower)
    assert [request.status for request in here.server.requests] == [200, 503, 200]


def test_what_the_server_refuses_is_raised_and_it_can_go_on(here: World) -> None:
    follower = here.conversation.follow()
    here.receive("one")
    with here.server.faults.expire_token(), pytest.raises(UnauthorizedException):
        next(follower)
    assert next(follower).body == "one"


def test_an_unknown_connection_is_refused_at_once(here: World) -> None:
    with pytest.raises(NotFoundException):
        here.messages.conversation(APP, "nobody").follow()


def test_it_can_begin_while_the_server_is_down(here: World) -> None:
    here.receive("old")
    here.server.faults.status(503, times=3)
    follower = here.conversation.follow(poll_interval=7)
    here.times.meanwhile = lambda seconds: seconds == 7 and here.receive("one")
    assert next(follower).body == "one"
    assert here.times.waits == [0.5, 1.0, 2.0, 7.0]


def test_a_closed_client_ends_it_with_an_error(here: World) -> None:
    follower = here.conversation.follow()
    here.client.close()
    with pytest.raises(ClientClosedException):
        next(follower)


def test_a_server_that_is_not_there_is_waited_for() -> None:
    waits: list[float] = []

    def wait(stop: object, seconds: float) -> bool:
        waits.append(seconds)
        return len(waits) == 5

    configuration = Configuration(host="http://127.0.0.1:1", retries=0)
    with ApiClient(configuration) as client:
        conversation = type(MessagesApi(client).conversation(APP, CONNECTION))(
            MessagesApi(client), APP, CONNECTION, Times(wait=wait, draw=lambda: 1.0)
        )
        assert list(conversation.follow(after="some-jti")) == []
        with pytest.raises(ConnectException):
            list(conversation.follow(after="some-jti", give_up_after=1e-9))
    assert waits[:5] == [0.5, 1.0, 2.0, 4.0, 8.0]


@pytest.mark.parametrize("missed", [3, 40, 1500])
def test_it_goes_on_in_another_process_after_the_last_jti(
    here: World, server: MessagesServer, missed: int
) -> None:
    here.receive("old", "last")
    jti = here.stored()[-1].jti
    here.server.load(APP, CONNECTION, missed, interval=0)
    with ApiClient(server.configuration()) as another:
        conversation = MessagesApi(another).conversation(APP, CONNECTION)
        follower = conversation.follow(after=jti)
        read = [next(follower).body for _ in range(missed)]
    assert read == [f"message {number}" for number in range(1, missed + 1)]


@pytest.mark.parametrize("given", ["jti", "message"])
def test_it_goes_on_after_the_newest_message(here: World, given: str) -> None:
    here.receive("old", "last")
    last = here.conversation.get(here.stored()[-1].jti)
    follower = here.conversation.follow(after=last if given == "message" else last.jti)
    assert read_until_idle(here, follower) == []
    here.receive("new")
    assert texts(read_until_idle(here, follower)) == ["new"]


@pytest.mark.parametrize("missed", [0, 3, 40, 1500])
def test_it_goes_on_after_a_message_that_was_deleted_meanwhile(here: World, missed: int) -> None:
    here.server.load(APP, CONNECTION, 50)
    (last,) = here.receive("last")
    message = here.conversation.get(last.jti)
    later = here.server.clock.now() + timedelta(hours=1)
    here.server.load(APP, CONNECTION, missed, until=later)
    here.delete(last)
    follower = here.conversation.follow(after=message)
    wanted = [f"message {number}" for number in range(1, missed + 1)]
    assert texts(read_until_idle(here, follower)) == wanted


def test_it_goes_on_if_its_last_message_is_deleted_while_it_follows(here: World) -> None:
    here.server.load(APP, CONNECTION, 50)
    follower = here.conversation.follow()
    (last,) = here.receive("one")
    assert texts(read_until_idle(here, follower)) == ["one"]
    here.delete(last)
    here.receive("two")
    assert texts(read_until_idle(here, follower)) == ["two"]


def test_it_goes_on_if_everything_is_deleted_while_it_follows(here: World) -> None:
    here.server.load(APP, CONNECTION, 50)
    follower = here.conversation.follow()
    here.delete(*here.stored())
    assert read_until_idle(here, follower) == []
    here.receive("one")
    assert texts(read_until_idle(here, follower)) == ["one"]


def test_a_jti_that_is_gone_is_an_error_that_says_what_to_give(here: World) -> None:
    here.receive("one")
    follower = here.conversation.follow(after="gone")
    with pytest.raises(NotFoundException, match="'gone' to go on after is gone; keep a Cursor"):
        next(follower)


def test_a_wait_ends_at_once_when_stop_is_set(server: MessagesServer) -> None:
    server.reset()
    server.add_connection(APP, CONNECTION)
    stop = threading.Event()
    read: list[MessageMessage] = []
    with ApiClient(server.configuration()) as client:
        conversation = MessagesApi(client).conversation(APP, CONNECTION)
        follower = conversation.follow(poll_interval=3600, stop=stop)
        thread = threading.Thread(target=lambda: read.extend(follower))
        thread.start()
        stop.set()
        thread.join(20)
        assert not thread.is_alive()
    assert read == []


def test_a_backoff_ends_at_once_when_stop_is_set(server: MessagesServer) -> None:
    server.reset()
    server.add_connection(APP, CONNECTION)
    stop = threading.Event()
    with ApiClient(server.configuration()) as client:
        conversation = MessagesApi(client).conversation(APP, CONNECTION)
        follower = conversation.follow(poll_interval=1e-3, stop=stop)
        server.faults.status(503, retry_after=250)
        thread = threading.Thread(target=lambda: list(follower))
        thread.start()
        server.requests.wait_for(1, status=503)
        stop.set()
        thread.join(20)
        assert not thread.is_alive()
        server.reset()


def test_when_stop_is_set_nothing_more_comes(here: World) -> None:
    stop = threading.Event()
    follower = here.conversation.follow(stop=stop)
    here.receive("one", "two")
    assert next(follower).body == "one"
    stop.set()
    asked = len(here.server.requests)
    assert list(follower) == []
    assert len(here.server.requests) == asked


def test_idle_it_makes_one_small_request_per_poll(here: World) -> None:
    here.server.load(APP, CONNECTION, 500)
    follower = here.conversation.follow(poll_interval=2.5)
    here.server.requests.clear()
    polls = 20

    def count(seconds: float) -> None:
        if len(here.times.waits) > polls:
            raise Enough

    here.times.meanwhile = count
    with pytest.raises(Enough):
        next(follower)
    assert here.times.waits == [2.5] * (polls + 1)
    here.server.requests.assert_received(times=polls, query={"page": "1", "per_page": "10"})
    assert len(here.server.requests) == polls


def test_after_a_burst_its_requests_are_small_again(here: World) -> None:
    follower = here.conversation.follow()
    here.server.load(APP, CONNECTION, 500)
    read_until_idle(here, follower)
    here.server.requests.clear()
    read_until_idle(here, follower)
    read_until_idle(here, follower)
    assert {request.query["per_page"] for request in here.server.requests} <= {"10"}


def test_options_go_with_each_request(here: World) -> None:
    (old,) = here.receive("old")
    here.server.load(APP, CONNECTION, 30, interval=0)
    follower = here.conversation.follow(after=old.jti, _headers={"X-Follower": "me"})
    read_until_idle(here, follower)
    operations = {request.operation for request in here.server.requests}
    assert operations == {"list", "get"}
    assert len(here.server.requests) == len(
        here.server.requests.matching(headers={"X-Follower": "me"})
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"poll_interval": 0}, "poll_interval must be a positive, finite number of seconds, not 0"),
        ({"poll_interval": float("nan")}, "poll_interval must be a positive"),
        ({"give_up_after": -1}, "give_up_after must be a positive"),
        ({"after": ""}, "after must be a str that is not empty, not ''"),
        ({"after": 7}, "after must be a str that is not empty, not 7"),
        ({"after": MessageMessage()}, "the jti of after must be a str that is not empty, not None"),
    ],
)
def test_an_argument_that_makes_no_sense_is_refused_at_once(
    arguments: dict[str, float], message: str
) -> None:
    with (
        ApiClient(Configuration(host="http://localhost:1")) as client,
        pytest.raises(ApiValueError, match=message),
    ):
        MessagesApi(client).conversation("app", "friend").follow(**arguments)  # type: ignore[arg-type]


def test_a_busy_server_is_waited_for(here: World) -> None:
    follower = here.conversation.follow(give_up_after=5)
    with here.server.faults.status(429), pytest.raises(TooManyRequestsException):
        next(follower)
    assert len(here.times.waits) > 3
