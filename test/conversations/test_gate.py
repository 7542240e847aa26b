"""What slows all workers together."""

from __future__ import annotations

import threading

import pytest

from openapi_client.conversations.gate import Gate
from test.support.world import FakeTimes


@pytest.fixture
def times() -> FakeTimes:
    return FakeTimes()


@pytest.fixture
def gate(times: FakeTimes) -> Gate:
    return Gate(times.as_times(), threading.Event())


def test_an_open_gate_makes_nobody_wait(gate: Gate, times: FakeTimes) -> None:
    gate.enter()
    gate.passed()
    gate.enter()
    assert times.waits == []


def test_one_who_is_refused_closes_it_for_everybody(gate: Gate, times: FakeTimes) -> None:
    gate.refused(gate.enter(), 7)
    times.now += 2
    gate.enter()
    assert times.waits == [5]
    gate.enter()
    assert times.waits == [5]


def test_several_who_went_in_together_close_it_once(gate: Gate, times: FakeTimes) -> None:
    together = [gate.enter() for _ in range(4)]
    for entered in together:
        gate.refused(entered, None)
    gate.enter()
    assert times.waits == [0.5]


def test_the_longest_time_that_the_server_asks_for_counts(gate: Gate, times: FakeTimes) -> None:
    together = [gate.enter() for _ in range(4)]
    for entered, seconds in zip(together, (3, 9, None, 5), strict=True):
        gate.refused(entered, seconds)
    gate.enter()
    assert times.waits == [9]


def test_refused_again_and_again_it_stays_closed_longer(gate: Gate, times: FakeTimes) -> None:
    for _ in range(5):
        gate.refused(gate.enter(), None)
    assert times.waits == [0.5, 1.0, 2.0, 4.0]


def test_once_one_has_passed_it_begins_with_short_times_again(gate: Gate, times: FakeTimes) -> None:
    for _ in range(4):
        gate.refused(gate.enter(), None)
    gate.enter()
    gate.passed()
    times.waits.clear()
    gate.refused(gate.enter(), None)
    gate.enter()
    assert times.waits == [0.5]


def test_stop_ends_the_wait(times: FakeTimes) -> None:
    stop = threading.Event()
    gate = Gate(times.as_times(), stop)
    gate.refused(gate.enter(), 1000)
    times.meanwhile = lambda seconds: stop.set()
    gate.enter()
    assert times.waits == [300.0]
