"""The policy of repeats: pure decisions, each for itself."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openapi_client.retries import RetryBudget, RetryPolicy, parse_retry_after
from test.support.threads import in_threads

NOW = datetime(2024, 2, 29, 12, 0, 0, tzinfo=timezone.utc)
FAR = datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc)


def http_date(seconds: float) -> str:
    return format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)


RETRY_AFTER: list[tuple[str | None, float | None]] = [
    (None, None),
    ("0", 0.0),
    ("1", 1.0),
    ("120", 120.0),
    (" 5 ", 5.0),
    ("\t5", 5.0),
    ("1.5", 1.5),
    ("1.", 1.0),
    ("007", 7.0),
    (str(10**35), 1e35),
    ("9" * 400, None),
    ("", None),
    ("   ", None),
    ("-1", None),
    ("-0", None),
    ("+5", None),
    ("1e35", None),
    ("1e3", None),
    ("inf", None),
    ("-inf", None),
    ("infinity", None),
    ("nan", None),
    ("0x10", None),
    ("1_000", None),
    ("1,5", None),
    ("5 seconds", None),
    ("soon", None),
    ("None", None),
    ("5, 10", None),
    ("5;q=1", None),
    ("\u0665", None),
    ("\u00b2", None),
    (http_date(0), 0.0),
    (http_date(30), 30.0),
    (http_date(-30), 0.0),
    (http_date(86400 * 365), 86400.0 * 365),
    ("Thu, 29 Feb 2024 12:00:30 +0000", 30.0),
    ("Thu, 29 Feb 2024 14:00:30 +0200", 30.0),
    ("Thursday, 29-Feb-24 12:00:30 GMT", 30.0),
    ("Thu Feb 29 12:00:30 2024", 30.0),
    ("Thu, 29 Feb 2024 12:00:30 -0000", 30.0),
    ("Fri, 31 Dec 9999 23:59:59 GMT", (FAR - NOW).total_seconds()),
    ("Fri, 31 Dec 99999 23:59:59 GMT", None),
    ("Fri, 31 Dec 100000 23:59:59 GMT", None),
    ("Wed, 32 Feb 2024 12:00:00 GMT", None),
    ("Thu, 29 Feb 2024 25:00:00 GMT", None),
    ("Thu, 29 Feb 2024 12:00:00 +9999", None),
    ("2024-02-29T12:00:30Z", None),
]


@pytest.fixture(params=["UTC", "Asia/Tokyo", "America/New_York"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The computer's time zone."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(("value", "seconds"), RETRY_AFTER)
def test_retry_after(value: str | None, seconds: float | None, zone: str) -> None:
    parsed = parse_retry_after(value, NOW.timestamp())
    assert parsed == seconds or (parsed is None and seconds is None)


@given(st.text(max_size=40))
def test_any_retry_after_is_seconds_or_nothing(value: str) -> None:
    parsed = parse_retry_after(value, NOW.timestamp())
    assert parsed is None or (parsed >= 0 and math.isfinite(parsed))


# Method, whether it was sent, status, Retry-After, whether it may be repeated.
REPEATED: list[tuple[str, bool, int | None, float | None, bool]] = [
    *[
        (method, sent, None, None, True)
        for method in ("GET", "PUT", "HEAD", "DELETE", "OPTIONS")
        for sent in (True, False)
    ],
    *[(method, False, None, None, True) for method in ("POST", "PATCH")],
    *[(method, True, None, None, False) for method in ("POST", "PATCH")],
    *[
        (method, True, 429, after, True)
        for method in ("GET", "PUT", "POST")
        for after in (None, 5.0)
    ],
    *[("GET", True, status, None, True) for status in (502, 503, 504)],
    *[("PUT", True, status, None, True) for status in (502, 503, 504)],
    *[("POST", True, status, None, False) for status in (502, 503, 504)],
    ("POST", True, 503, 5.0, True),
    ("POST", True, 503, 0.0, True),
    ("POST", True, 502, 5.0, False),
    ("POST", True, 504, 5.0, False),
    ("PATCH", True, 503, 5.0, True),
    *[
        (method, True, status, 5.0, False)
        for method in ("GET", "PUT", "POST")
        for status in (200, 202, 301, 400, 401, 403, 404, 408, 409, 413, 422, 423, 500, 501, 599)
    ],
]


@pytest.mark.parametrize(("method", "sent", "status", "retry_after", "repeated"), REPEATED)
def test_what_may_be_repeated(
    method: str, sent: bool, status: int | None, retry_after: float | None, repeated: bool
) -> None:
    policy = RetryPolicy()
    assert policy.may_repeat(method, sent=sent, status=status, retry_after=retry_after) is repeated


def test_waits_grow_to_their_cap() -> None:
    policy = RetryPolicy(repeats=10)
    waits = [policy.wait(done, None, lambda: 1.0) for done in range(11)]
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0, None]


@given(st.integers(0, 2000), st.floats(0, 1, exclude_max=True))
def test_a_wait_is_drawn_evenly_from_zero_to_its_limit(done: int, drawn: float) -> None:
    wait = RetryPolicy(repeats=10**9).wait(done, None, lambda: drawn)
    assert wait == drawn * min(8.0, 0.5 * 2.0 ** min(done, 10))


@pytest.mark.parametrize(
    ("retry_after", "wait"), [(0.0, 0.0), (3.0, 3.0), (60.0, 60.0), (60.5, None), (1e35, None)]
)
def test_retry_after_rules_over_the_backoff_up_to_a_minute(
    retry_after: float, wait: float | None
) -> None:
    assert RetryPolicy().wait(0, retry_after, lambda: 0.5) == wait


def test_no_repeat_after_the_last() -> None:
    assert RetryPolicy(repeats=2).wait(2, 0.0, lambda: 0.5) is None
    assert RetryPolicy(repeats=0).wait(0, None, lambda: 0.5) is None


# -- the budget --------------------------------------------------------------------------------


def test_a_budget_gives_out_what_it_holds() -> None:
    budget = RetryBudget(capacity=3.0, refill=0.5)
    assert [budget.take() for _ in range(4)] == [True, True, True, False]
    budget.give()
    assert budget.take() is False
    budget.give()
    assert [budget.take(), budget.take()] == [True, False]


def test_a_budget_never_holds_more_than_its_capacity() -> None:
    budget = RetryBudget(capacity=2.0, refill=0.75)
    assert budget.take()
    for _ in range(5):
        budget.give()
    assert budget.level == 2.0


@given(st.lists(st.booleans(), max_size=100))
def test_repeats_are_never_more_than_capacity_and_refills(steps: list[bool]) -> None:
    budget = RetryBudget(capacity=5.0, refill=0.5)
    taken = given_back = 0
    for take in steps:
        if take:
            taken += budget.take()
        else:
            budget.give()
            given_back += 1
        assert taken <= 5 + 0.5 * given_back
        assert 0 <= budget.level <= 5


def test_threads_share_a_budget() -> None:
    budget = RetryBudget(capacity=1000.0, refill=0.5)
    taken: list[int] = []
    start = threading.Barrier(8)

    def take() -> None:
        start.wait()
        taken.append(sum(budget.take() for _ in range(500)))

    in_threads([take] * 8)
    assert sum(taken) == 1000
