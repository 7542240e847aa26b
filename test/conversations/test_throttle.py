"""What slows all workers together."""

from __future__ import annotations

import threading

import pytest

from openapi_client.conversations._throttle import Throttle
from test.support.world import FakeTimes


@pytest.fixture
def times() -> FakeTimes:
    return FakeTimes()


@pytest.fixture
def throttle(times: FakeTimes) -> Throttle:
    return Throttle(times.as_times(), threading.Event())


def test_an_open_gate_makes_nobody_wait(throttle: Throttle, times: FakeTimes) -> None:
    throttle.enter()
    throttle.passed()
    throttle.enter()
    assert times.waits == []


def test_one_who_is_refused_closes_it_for_everybody(throttle: Throttle, times: FakeTimes) -> None:
    throttle.refused(throttle.enter(), 7)
    times.now += 2
    throttle.enter()
    assert times.waits == [5]
    throttle.enter()
    assert times.waits == [5]


def test_several_who_went_in_together_close_it_once(throttle: Throttle, times: FakeTimes) -> None:
    together = [throttle.enter() for _ in range(4)]
    for entered in together:
        throttle.refused(entered, None)
    throttle.enter()
    assert times.waits == [0.5]


def test_the_longest_time_that_the_server_asks_for_counts(
    throttle: Throttle, times: FakeTimes
) -> None:
    together = [throttle.enter() for _ in range(4)]
    for entered, seconds in zip(together, (3, 9, None, 5), strict=True):
        throttle.refused(entered, seconds)
    throttle.enter()
    assert times.waits == [9]


def test_refused_again_and_again_it_stays_closed_longer(
    throttle: Throttle, times: FakeTimes
) -> None:
    for _ in range(5):
        throttle.refused(throttle.enter(), None)
    assert times.waits == [0.5, 1.0, 2.0, 4.0]


def test_once_one_has_passed_it_begins_with_short_times_again(
    throttle: Throttle, times: FakeTimes
) -> None:
    for _ in range(4):
        throttle.refused(throttle.enter(), None)
    throttle.enter()
    throttle.passed()
    times.waits.clear()
    throttle.refused(throttle.enter(), None)
    throttle.enter()
    assert times.waits == [0.5]


def test_stop_ends_the_wait(times: FakeTimes) -> None:
    stop = threading.Event()
    throttle = Throttle(times.as_times(), stop)
    throttle.refused(throttle.enter(), 1000)
    times.meanwhile = lambda seconds: stop.set()
    throttle.enter()
    assert times.waits == [300.0]
