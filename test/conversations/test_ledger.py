"""Which messages belong to which sends, remembered for as long as needed."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from openapi_client.conversations._marker import Marker, marker_at, moment_of
from openapi_client.conversations.ledger import Known, Ledger, Ledgers
from openapi_client.models import MessageMessage

NOON = datetime(2024, 5, 1, 12, tzinfo=timezone.utc)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(clock: Clock) -> Ledger:
    return Ledger(clock)


def marker(number: int) -> Marker:
    return Marker(f"jti {number}", (NOON + timedelta(seconds=number), "000"))


def test_a_message_is_claimed_by_one_send(ledger: Ledger) -> None:
    one, two = ledger.begin(lambda: None), ledger.begin(lambda: None)
    assert ledger.claim(one, marker(1), answered=True)
    assert not ledger.claim(two, marker(1), answered=True)
    assert ledger.is_claimed("jti 1")
    assert not ledger.is_claimed("jti 2")


def test_the_marker_of_a_send_is_the_message_of_the_one_before(ledger: Ledger) -> None:
    first = ledger.begin(lambda: marker(0))
    assert first.marker == marker(0)
    ledger.claim(first, marker(1), answered=True)
    ledger.end(first)
    assert ledger.begin(lambda: marker(99)).marker == marker(1)


def test_a_message_that_was_looked_for_is_no_marker(ledger: Ledger) -> None:
    first = ledger.begin(lambda: marker(0))
    ledger.claim(first, marker(1), answered=False)
    ledger.end(first)
    assert ledger.begin(lambda: marker(99)).marker == marker(0)


def test_a_slow_answer_does_not_put_the_marker_back(ledger: Ledger) -> None:
    slow = ledger.begin(lambda: None)
    quick = ledger.begin(lambda: None)
    ledger.claim(quick, marker(1), answered=True)
    ledger.end(quick)
    later = ledger.begin(lambda: None)
    ledger.claim(later, marker(2), answered=True)
    ledger.claim(slow, marker(0), answered=True)
    assert ledger.begin(lambda: None).marker == marker(2)


def test_claims_do_not_pile_up(ledger: Ledger) -> None:
    for number in range(1000):
        ticket = ledger.begin(lambda: None)
        ledger.claim(ticket, marker(number), answered=True)
        ledger.end(ticket)
    assert ledger.size <= 2
    assert ledger.idle


def test_claims_are_kept_while_a_send_may_come_upon_them(ledger: Ledger) -> None:
    waiting = ledger.begin(lambda: None)
    for number in range(100):
        ticket = ledger.begin(lambda: None)
        ledger.claim(ticket, marker(number), answered=True)
        ledger.end(ticket)
    assert all(ledger.is_claimed(f"jti {number}") for number in range(100))
    ledger.end(waiting)
    assert ledger.size <= 2


def test_a_send_knows_the_servers_time_at_least(ledger: Ledger, clock: Clock) -> None:
    first = ledger.begin(lambda: marker(0))
    ledger.claim(first, marker(1), answered=True)
    ledger.end(first)
    clock.now += 1000
    not_before = ledger.begin(lambda: None).not_before
    # Two seconds and a thousandth are left to the clocks.
    assert not_before == NOON + timedelta(seconds=1 + 1000 - 2 - 1)


def test_without_a_time_of_storage_the_servers_time_is_not_known() -> None:
    assert Known(Marker("jti", None), 0.0).server_time(10.0) is None


def test_the_ledgers_used_last_are_kept_and_those_in_use(clock: Clock) -> None:
    ledgers = Ledgers(most=3)
    in_use = ledgers.of(("host", "app", "0"), clock)
    in_use.begin(lambda: None)
    for number in range(1, 10):
        ledgers.of(("host", "app", str(number)), clock)
    assert ledgers.of(("host", "app", "0"), clock) is in_use
    assert len(ledgers) <= 4


def test_moments_are_compared_to_the_nanosecond() -> None:
    earlier = moment_of(MessageMessage(created_at="2024-05-01T12:00:00.123456788Z"))
    later = moment_of(MessageMessage(created_at="2024-05-01T14:00:00.123456789+02:00"))
    assert earlier is not None
    assert later is not None
    assert earlier < later


@pytest.mark.parametrize("created_at", [None, "", "yesterday"])
def test_a_message_without_a_time_of_storage_has_a_place_all_the_same(
    created_at: str | None,
) -> None:
    assert marker_at(MessageMessage(jti="1", created_at=created_at)) == Marker("1", None)
