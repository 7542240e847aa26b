"""Whether a failed attempt is made again, and when.

Nothing in here does I/O, sleeps or reads a clock: time and chance are handed in, so that every
decision can be tested exactly.
"""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from urllib3 import Retry

# RFC 9110, section 9.2.2: repeating these leaves the server in the same state as sending them once.
IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})

# Answers of an overloaded or restarting server, or of a proxy in front of it.
TRANSIENT_STATUSES = frozenset({429, 502, 503, 504})

# The cap of the backoff is reached long before; a higher power of two would be no `float`.
_MAX_EXPONENT = 64


class Attempt(NamedTuple):
    """One attempt of a call, as told by `ApiResponse.attempts` and `ApiException.attempts`."""

    status: int | None
    """The status of the response; `None` if no complete head of a response came."""
    cause: str | None
    """Why the attempt failed without a usable response; `None` if it was answered."""
    duration: float
    """Seconds from the start of the attempt to its end."""
    wait: float
    """Seconds waited after this attempt before the next one; 0.0 after the last."""


class Times:
    """Time and chance, as a program or a test hands them in.

    Args:
        clock: a monotonic clock, seconds.
        wall_clock: seconds since the epoch, for `Retry-After` as a date.
        sleep: waits for some seconds.
        draw: an even random number in [0, 1), for the backoff.
    """

    __slots__ = ("clock", "draw", "sleep", "wall_clock")

    def __init__(
        self,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
        sleep: Callable[[float], None],
        draw: Callable[[], float],
    ) -> None:
        self.clock: Callable[[], float] = clock
        self.wall_clock: Callable[[], float] = wall_clock
        self.sleep: Callable[[float], None] = sleep
        self.draw: Callable[[], float] = draw


class RetryBudget:
    """The retries that a client may still make, shared by its threads.

    A retry takes one from the bucket and a successful call puts `refill` back, so that retries
    stop when most calls fail and a struggling server is not asked several times as often.
    """

    def __init__(self, capacity: float = 50.0, refill: float = 0.5) -> None:
        self.capacity = capacity
        self.refill = refill
        self._level = capacity
        # Reentrant, because a signal handler may make a call while its thread holds it.
        self._lock = threading.RLock()

    @property
    def level(self) -> float:
        """The number of retries left."""
        return self._level

    def take(self) -> bool:
        """Take one retry; return `False` if there is none."""
        with self._lock:
            if self._level < 1.0:
                return False
            self._level -= 1.0
            return True

    def give(self) -> None:
        """Note a successful call."""
        # Read without the lock: a full bucket is the common case, and costs nothing then.
        if self._level < self.capacity:
            with self._lock:
                self._level = min(self.capacity, self._level + self.refill)


class RetryPolicy(NamedTuple):
    """How often, and after how long, a failed attempt is made again.

    Waits grow as `base * 2**n` up to `cap` seconds, each drawn evenly from zero to that ("full
    jitter"), so that clients that failed together do not come back together.

    A value: it is never changed in use, and `policy._replace(repeats=5)` makes another one. Which
    failures may be repeated without a message being sent twice is no field of it: see `may_repeat`.
    """

    repeats: int = 2
    """Attempts after the first one."""
    base: float = 0.5
    """Seconds of the first wait, at most."""
    cap: float = 8.0
    """Seconds of any wait of the backoff, at most."""
    longest_retry_after: float = 60.0
    """Seconds of a `Retry-After` that is waited for; a longer one ends the call."""
    statuses: frozenset[int] = TRANSIENT_STATUSES
    """The statuses after which a request may be sent again."""

    @classmethod
    def of(cls, retries: object) -> RetryPolicy:
        """Return the policy that `Configuration.retries` means, if it is none of urllib3's."""
        if isinstance(retries, RetryPolicy):
            return retries
        return cls(retries) if isinstance(retries, int) else cls()

    def may_repeat(
        self, method: str, *, sent: bool, status: int | None, retry_after: float | None
    ) -> bool:
        """Return whether a failure leaves the request safe, and worthwhile, to send again.

        Args:
            method: the request's method, upper case.
            sent: whether a byte of the request may have reached the server.
            status: the status that the server answered; `None` without a complete response.
            retry_after: the response's `Retry-After` in seconds, if it had one.
        """
        if status is None:
            return not sent or method in IDEMPOTENT_METHODS
        if status not in self.statuses:
            return False
        if method in IDEMPOTENT_METHODS or status == 429:
            return True
        # A 503 that names a time to come back says that the request was not taken; a bare 503, a
        # 502 or a 504 may come from a proxy that had already passed the request on.
        return status == 503 and retry_after is not None

    def wait(
        self,
        repeats_done: int,
        retry_after: float | None,
        draw: Callable[[], float] = random.random,
    ) -> float | None:
        """Return the seconds to wait before the next attempt; `None` if there is to be none.

        Args:
            repeats_done: how many times the call has been repeated so far.
            retry_after: what the server asked for, in seconds; it replaces the backoff.
            draw: gives an even random number in [0, 1).
        """
        if repeats_done >= self.repeats:
            return None
        if retry_after is not None:
            return retry_after if retry_after <= self.longest_retry_after else None
        return draw() * min(self.cap, self.base * 2.0 ** min(repeats_done, _MAX_EXPONENT))


Retries: TypeAlias = RetryPolicy | Retry | int | None
"""What a configuration or a call says of retries: a policy, one of urllib3's, a number, or the
default."""


def parse_retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds that a `Retry-After` field asks for (RFC 9110, section 10.2.3).

    Args:
        value: the field's value: seconds or an HTTP date.
        now: the time, in seconds since the epoch, that a date is compared with.

    Returns:
        Zero or more seconds; `None` if there is no field or it makes no sense.
    """
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.replace(".", "", 1).isdigit() and value[0] != ".":
        seconds = float(value)
        return seconds if math.isfinite(seconds) else None
    from datetime import timezone
    from email.utils import parsedate_to_datetime

    try:
        date = parsedate_to_datetime(value)
        # RFC 9110, section 5.6.7: without a zone, in the obsolete form of asctime, it is UTC.
        date = date if date.tzinfo is not None else date.replace(tzinfo=timezone.utc)
        return max(0.0, date.timestamp() - now)
    except (ValueError, OverflowError, TypeError, IndexError, OSError):
        return None
