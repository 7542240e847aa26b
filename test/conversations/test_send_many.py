"""Many sends at a time: lazily, in order, in bounded memory, slowed together."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from openapi_client import ApiClient, Configuration, MessagesApi
from openapi_client.conversations import Conversation, Outcome, Stop, Times
from openapi_client.exceptions import ApiException, ApiValueError, TooManyRequestsException
from openapi_client.models import MessageCreateMessageRequest, MessageMessage
from openapi_client.testing import MessagesServer
from test.support.world import APP, CONNECTION, FakeTimes, World, texts


def test_each_body_has_one_outcome_in_order(here: World) -> None:
    bodies = [f"message {number}" for number in range(100)]
    outcomes = list(here.conversation.send_many(bodies))
    assert all(isinstance(outcome, MessageMessage) for outcome in outcomes)
    assert texts(outcomes) == bodies
    assert sorted(here.bodies()) == sorted(bodies)


def test_with_one_worker_they_are_stored_in_order(here: World) -> None:
    bodies = [f"message {number}" for number in range(30)]
    list(here.conversation.send_many(bodies, workers=1))
    assert here.bodies() == bodies


def test_models_and_dicts_are_bodies_too(here: World) -> None:
    bodies: list[Any] = ["one", MessageCreateMessageRequest(body="two"), {"body": "three"}]
    assert texts(list(here.conversation.send_many(bodies))) == ["one", "two", "three"]


def test_no_bodies_have_no_outcomes(here: World) -> None:
    assert list(here.conversation.send_many([])) == []


def test_any_iterable_is_taken_lazily(here: World) -> None:
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        while True:
            taken += 1
            yield f"message {taken}"

    outcomes = here.conversation.send_many(endless(), workers=2)
    assert taken == 0
    assert len(here.server.requests) == 0
    for number in range(1, 50):
        assert texts([next(outcomes)]) == [f"message {number}"]
        assert taken <= number + 8
    outcomes.close()


def test_closing_it_sends_no_more_and_leaves_no_threads(here: World) -> None:
    outcomes = here.conversation.send_many((str(number) for number in range(1000)), workers=4)
    next(outcomes)
    outcomes.close()
    stored = len(here.stored())
    assert stored <= 17
    assert list(outcomes) == []
    assert not [t for t in threading.enumerate() if t.name.startswith("openapi-client-sends")]
    assert len(here.stored()) == stored


def test_workers_send_at_the_same_time(here: World) -> None:
    at_a_time = threading.Barrier(8)
    here.client.before = lambda: at_a_time.wait(20)
    assert len(list(here.conversation.send_many(map(str, range(1, 17)), workers=8))) == 16
    assert not at_a_time.broken


def failures(outcomes: list[Outcome]) -> list[tuple[int, str]]:
    """Which outcomes are errors, and what they say about the message."""
    return [
        (number, outcome.outcome)
        for number, outcome in enumerate(outcomes)
        if isinstance(outcome, ApiException)
    ]


def test_one_failure_stops_nothing(here: World) -> None:
    here.server.faults.status(403, operation="send", nth=3)
    here.server.faults.reset(operation="send", nth=5)
    outcomes = list(here.conversation.send_many(map(str, range(1, 11)), workers=1))
    assert failures(outcomes) == [(2, "answered"), (5, "unknown")]
    assert len(here.stored()) == 8


def test_a_body_that_cannot_be_sent_is_a_failure_of_its_own(here: World) -> None:
    bodies: list[Any] = ["one", 2, {"body": 3}, "four"]
    outcomes = list(here.conversation.send_many(bodies))
    assert failures(outcomes) == [(1, "not_sent"), (2, "not_sent")]
    assert isinstance(outcomes[1], ApiException)
    assert isinstance(outcomes[1].__cause__, ValidationError)
    assert "The body cannot be sent" in str(outcomes[1])


def test_if_asked_to_a_failure_stops_the_rest(here: World) -> None:
    taken: list[str] = []

    def bodies() -> Iterator[str]:
        for number in range(1000):
            taken.append(str(number))
            yield str(number)

    here.server.faults.status(403, operation="send", nth=10)
    outcomes = list(here.conversation.send_many(bodies(), workers=4, stop_on_error=True))
    assert len(outcomes) == len(taken) < 100
    stored = [outcome for outcome in outcomes if isinstance(outcome, MessageMessage)]
    assert sorted(texts(stored)) == sorted(here.bodies())
    assert {kind for _, kind in failures(outcomes)} <= {"answered", "not_sent"}
    assert texts(stored) == [
        body
        for body, outcome in zip(taken, outcomes, strict=True)
        if isinstance(outcome, MessageMessage)
    ]


def test_an_error_of_the_iterable_comes_after_the_outcomes_before_it(here: World) -> None:
    def bodies() -> Iterator[str]:
        yield "one"
        yield "two"
        raise KeyError("three")

    outcomes = here.conversation.send_many(bodies())
    assert texts([next(outcomes), next(outcomes)]) == ["one", "two"]
    with pytest.raises(KeyError):
        next(outcomes)
    assert here.bodies() in (["one", "two"], ["two", "one"])


def test_429_slows_all_workers_together(server: MessagesServer) -> None:
    """One of two workers is refused; the other, whose send succeeds, waits all the same."""
    server.reset()
    times = FakeTimes()
    both_send, waiting = threading.Barrier(2), threading.Semaphore(0)
    refused, release = threading.Event(), threading.Event()
    numbers = itertools.count(1)

    class Paced(ApiClient):
        def call_api(self, *args: Any, **kwargs: Any) -> Any:
            if next(numbers) > 2:
                return super().call_api(*args, **kwargs)
            both_send.wait(20)
            response = super().call_api(*args, **kwargs)
            # The one that succeeds hears so after the other one has heard that it was refused.
            assert response.status == 429 or refused.wait(20)
            return response

    def wait(stop: Stop, seconds: float) -> bool:
        refused.set()
        waiting.release()
        assert release.wait(20)
        times.now = 1007.0
        return stop.is_set()

    outcomes: list[Outcome] = []
    bodies = [str(number) for number in range(1, 13)]
    with Paced(server.configuration(retries=2)) as client:
        conversation = Conversation(
            MessagesApi(client), APP, CONNECTION, Times(times.clock, wait, lambda: 1.0)
        )
        with server.faults.status(429, operation="send", retry_after=7, nth=1):
            sending = threading.Thread(
                target=lambda: outcomes.extend(conversation.send_many(bodies, workers=2))
            )
            sending.start()
            for _ in range(2):
                assert waiting.acquire(timeout=20)
            assert len(server.messages(APP, CONNECTION)) == 1
            release.set()
            sending.join(20)
            assert not sending.is_alive()
    assert texts(outcomes) == bodies
    assert sorted(texts(server.messages(APP, CONNECTION))) == sorted(bodies)


def test_a_body_that_was_refused_with_429_is_offered_again(here: World) -> None:
    here.client.configuration.retries = 2
    here.server.faults.status(429, operation="send", retry_after=3, times=5)
    outcomes = list(here.conversation.send_many(["one", "two"], workers=1))
    assert texts(outcomes) == ["one", "two"]
    assert here.times.waits == [3.0] * 5
    assert here.bodies() == ["one", "two"]


def test_429_without_a_time_backs_off_longer_and_longer(here: World) -> None:
    here.client.configuration.retries = 2
    here.server.faults.status(429, operation="send", times=5)
    list(here.conversation.send_many(["one"]))
    assert here.times.waits == [0.5, 1.0, 2.0, 4.0, 8.0]


def test_429_is_an_outcome_if_it_lasts_longer_than_a_call_may(here: World) -> None:
    here.client.configuration.retries = 2
    here.server.faults.status(429, operation="send", retry_after=25)
    (outcome,) = here.conversation.send_many(["one"])
    assert isinstance(outcome, TooManyRequestsException)
    assert here.times.waits == [25.0, 25.0]
    assert here.times.now - 1000.0 <= 60.0
    here.times.waits.clear()
    (outcome,) = here.conversation.send_many(["one"], _request_timeout=30.0)
    assert isinstance(outcome, TooManyRequestsException)
    assert here.times.waits == [25.0]


def test_429_is_an_outcome_at_once_if_nothing_is_to_be_repeated(here: World) -> None:
    here.server.faults.status(429, operation="send", nth=1)
    first, second = here.conversation.send_many(["one", "two"], workers=1)
    assert isinstance(first, TooManyRequestsException)
    assert isinstance(second, MessageMessage)


def test_429_without_a_deadline_is_waited_for_without_end(here: World) -> None:
    here.client.configuration.retries = 2
    here.client.configuration.deadline = None
    here.server.faults.status(429, operation="send", retry_after=100, times=20)
    assert texts(list(here.conversation.send_many(["one"]))) == ["one"]


def test_other_failures_are_repeated_as_the_client_does(here: World) -> None:
    here.client.configuration.retries = 2
    here.server.faults.status(503, operation="send", retry_after=0, times=2)
    assert texts(list(here.conversation.send_many(["one"]))) == ["one"]
    here.server.faults.status(503, operation="send", times=1)
    (outcome,) = here.conversation.send_many(["two"])
    assert isinstance(outcome, ApiException)


def test_options_go_with_each_send(here: World) -> None:
    list(here.conversation.send_many(["one", "two"], _headers={"X-Sender": "me"}))
    assert len(here.server.requests.matching(headers={"X-Sender": "me"})) == 2


@pytest.mark.parametrize("workers", [0, -1, 1.5, True])
def test_a_number_of_workers_that_makes_no_sense_is_refused_at_once(workers: int) -> None:
    with (
        ApiClient(Configuration(host="http://localhost:1")) as client,
        pytest.raises(ApiValueError, match="workers must be an int from 1, not"),
    ):
        MessagesApi(client).conversation("app", "friend").send_many(["one"], workers=workers)


def test_once_sends_each_exactly_once(here: World) -> None:
    bodies = ["same", "same", "other"] * 10
    here.server.faults.reset(operation="send", share=0.2)
    here.server.faults.reset(operation="send", share=0.2, stored=True)
    # The waits of all workers would add up on one fake clock, and run ahead of the server's.
    times = Times(time.monotonic, lambda stop, seconds: stop.is_set(), lambda: 1.0)
    conversation = Conversation(here.messages, APP, CONNECTION, times)
    outcomes = list(conversation.send_many(bodies, once=True, workers=4))
    assert texts(outcomes) == bodies
    assert sorted(here.bodies()) == sorted(bodies)
    assert len({outcome.jti for outcome in outcomes if isinstance(outcome, MessageMessage)}) == 30


def test_once_is_slowed_by_429_too(here: World) -> None:
    here.client.configuration.retries = 2
    here.server.faults.status(429, retry_after=3, times=4)
    assert texts(list(here.conversation.send_many(["one"], once=True))) == ["one"]
    assert here.times.waits == [3.0] * 4
