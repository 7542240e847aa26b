"""Which messages belong to which sends, remembered for as long as needed."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone

import pytest

from openapi_client.conversations._claims import Claims, ClaimsByConversation, Known, Since
from openapi_client.conversations._marker import Marker, marker_at, moment_of
from openapi_client.exceptions import ApiException, ServiceException
from openapi_client.models import MessageMessage
from test.support.threads import in_threads

NOON = datetime(2024, 5, 1, 12, tzinfo=timezone.utc)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def claims(clock: Clock) -> Claims:
    return Claims(clock)


def nothing() -> Known:
    return Known(None, 1000.0, empty=True)


def seen(number: int) -> Known:
    return Known(marker(number), 1000.0)


def marker(number: int) -> Marker:
    return Marker(f"jti {number}", (NOON + timedelta(seconds=number), "000"))


def test_a_message_is_claimed_by_one_send(claims: Claims) -> None:
    one, two = claims.begin(nothing), claims.begin(nothing)
    assert claims.claim(one, marker(1), answered=True)
    assert not claims.claim(two, marker(1), answered=True)
    assert claims.is_claimed("jti 1")
    assert not claims.is_claimed("jti 2")


def test_the_marker_of_a_send_is_the_message_of_the_one_before(claims: Claims) -> None:
    first = claims.begin(lambda: seen(0))
    assert first.since.jti == "jti 0"
    claims.claim(first, marker(1), answered=True)
    claims.end(first)
    assert claims.begin(lambda: seen(99)).since.jti == "jti 1"


def test_a_message_that_was_looked_for_is_no_marker(claims: Claims) -> None:
    first = claims.begin(lambda: seen(0))
    claims.claim(first, marker(1), answered=False)
    claims.end(first)
    assert claims.begin(lambda: seen(99)).since.jti == "jti 0"


def test_a_slow_answer_does_not_put_the_marker_back(claims: Claims) -> None:
    slow = claims.begin(nothing)
    quick = claims.begin(nothing)
    claims.claim(quick, marker(1), answered=True)
    claims.end(quick)
    later = claims.begin(nothing)
    claims.claim(later, marker(2), answered=True)
    claims.claim(slow, marker(0), answered=True)
    assert claims.begin(nothing).since.jti == "jti 2"


def test_claims_do_not_pile_up(claims: Claims) -> None:
    for number in range(1000):
        ticket = claims.begin(nothing)
        claims.claim(ticket, marker(number), answered=True)
        claims.end(ticket)
    assert claims.size <= 2
    assert claims.idle


def test_claims_are_kept_while_a_send_may_come_upon_them(claims: Claims) -> None:
    waiting = claims.begin(nothing)
    for number in range(100):
        ticket = claims.begin(nothing)
        claims.claim(ticket, marker(number), answered=True)
        claims.end(ticket)
    assert all(claims.is_claimed(f"jti {number}") for number in range(100))
    claims.end(waiting)
    assert claims.size <= 2


def test_a_send_knows_the_servers_time_at_least(claims: Claims, clock: Clock) -> None:
    first = claims.begin(lambda: seen(0))
    claims.claim(first, marker(1), answered=True)
    claims.end(first)
    clock.now += 1000
    not_before = claims.begin(nothing).since.not_before
    # Two seconds and a thousandth are left to the clocks.
    assert not_before == NOON + timedelta(seconds=1 + 1000 - 2 - 1)


def test_without_a_time_of_storage_the_servers_time_is_not_known() -> None:
    assert Known(Marker("jti", None), 0.0).server_time(10.0) is None


def test_the_claims_used_last_are_kept_and_those_in_use(clock: Clock) -> None:
    kept = ClaimsByConversation(most=3)
    in_use = kept.of("0", clock)
    in_use.begin(nothing)
    for number in range(1, 10):
        kept.of(str(number), clock)
    assert kept.of("0", clock) is in_use
    assert len(kept) <= 4


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


@pytest.mark.parametrize(
    "since",
    [
        Since("jti", NOON + timedelta(microseconds=1), empty=False),
        Since(None, None, empty=True),
        Since("jti", None, empty=False),
    ],
)
def test_what_was_known_survives_as_text(since: Since) -> None:
    assert Since.from_text(since.to_text()) == since


def test_what_is_known_without_a_time_is_asked_for_again_after_a_minute(
    claims: Claims, clock: Clock
) -> None:
    """Others may have sent the same text since."""
    timeless = Known(Marker("jti 1", None), 1000.0)
    assert claims.begin(lambda: timeless).since.jti == "jti 1"
    clock.now += 59
    assert claims.begin(lambda: seen(2)).since.jti == "jti 1"
    clock.now += 2
    assert claims.begin(lambda: seen(2)).since.jti == "jti 2"


def test_a_thread_that_waits_for_anothers_look_shares_its_failure(claims: Claims) -> None:
    looking, release = threading.Event(), threading.Event()
    failures: list[ApiException] = []
    looks: list[int] = []

    def newest() -> Known:
        looks.append(1)
        looking.set()
        assert release.wait(20)
        raise ServiceException(503, "busy")

    def send() -> None:
        with pytest.raises(ServiceException) as caught:
            claims.begin(newest)
        failures.append(caught.value)

    def last() -> None:
        assert looking.wait(20)
        threading.Timer(0.05, release.set).start()
        send()

    in_threads([send, last])
    assert [failure.outcome for failure in failures] == ["not_sent", "not_sent"]
    assert len(looks) <= 2


def test_a_look_may_itself_begin_a_send(claims: Claims) -> None:
    """A program's own code runs in it: a provider of tokens, or a signal handler."""
    assert claims.begin(lambda: claims.begin(lambda: seen(1)) and seen(2)).since.jti == "jti 2"
