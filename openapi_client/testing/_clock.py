"""The server's clock, and how its timestamps are written."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone, tzinfo

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)
NANOSECONDS = 1_000_000_000


def _unfrozen_clock() -> Callable[[], float]:
    clock_gettime: Callable[[int], float] | None = getattr(time, "clock_gettime", None)
    if clock_gettime is None:
        return time.monotonic
    number = time.CLOCK_MONOTONIC
    return lambda: clock_gettime(number)


def steady_seconds(_read: Callable[[], float] = _unfrozen_clock()) -> float:  # noqa: B008 - once
    """Read a clock that only ever runs, for waits and durations.

    Programs that freeze time for a test put fakes in place of `time.monotonic`, also where a
    module has imported it. Defaults of arguments are not replaced, and `clock_gettime` is real
    even where this module is imported while time is frozen.
    """
    return _read()


def to_nanoseconds(moment: datetime, name: str = "moment") -> int:
    """An aware datetime as nanoseconds since the epoch.

    Raises:
        ValueError: the datetime has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{name} must have a time zone, such as datetime.timezone.utc: {moment!r}")
    return (moment - _EPOCH) // _MICROSECOND * 1000


def to_datetime(nanoseconds: int) -> datetime:
    """Nanoseconds since the epoch as an aware datetime in UTC; below a microsecond is cut."""
    return _EPOCH + timedelta(microseconds=nanoseconds // 1000)


class Clock:
    """What time it is on the server. It runs with the computer's clock until it is set.

    Args:
        source: nanoseconds since the epoch.
    """

    def __init__(self, source: Callable[[], int] = time.time_ns) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._fixed: int | None = None
        self._offset = 0

    def nanoseconds(self) -> int:
        """The time now, in nanoseconds since the epoch."""
        with self._lock:
            base = self._source() if self._fixed is None else self._fixed
            return base + self._offset

    def now(self) -> datetime:
        """The time now, as an aware datetime in UTC."""
        return to_datetime(self.nanoseconds())

    def set(self, moment: datetime) -> None:
        """Stops the clock at a moment (an aware datetime); `advance` moves it on.

        Raises:
            ValueError: the datetime has no time zone.
        """
        fixed = to_nanoseconds(moment)
        with self._lock:
            self._fixed = fixed
            self._offset = 0

    def advance(self, seconds: float) -> None:
        """Moves the clock, stopped or running, by a number of seconds; negative moves it back."""
        with self._lock:
            self._offset += round(seconds * NANOSECONDS)

    def reset(self) -> None:
        """Lets the clock run with the computer's clock again."""
        with self._lock:
            self._fixed = None
            self._offset = 0


def rfc3339(nanoseconds: int, zone: tzinfo | None, *, always_z: bool = False) -> str:
    """A moment as RFC 3339, with 0 to 9 fraction digits: trailing zeros are cut.

    Args:
        nanoseconds: since the epoch.
        zone: the time zone to write it in; None for the computer's own.
        always_z: write `Z` whatever the offset is, as servers of 2023 do.
    """
    seconds, fraction = divmod(nanoseconds, NANOSECONDS)
    text, offset = _second(seconds, zone)
    if fraction:
        text = f"{text}.{fraction:09}".rstrip("0")
    return text + ("Z" if always_z else offset)


@functools.lru_cache(maxsize=4096)
def _second(seconds: int, zone: tzinfo | None) -> tuple[str, str]:
    # Messages of one page lie close together: most share their second with a neighbour.
    moment = (_EPOCH + timedelta(seconds=seconds)).astimezone(zone)
    offset = moment.strftime("%z")
    written = "Z" if not moment.utcoffset() else f"{offset[:3]}:{offset[3:5]}"
    return moment.replace(tzinfo=None).isoformat(), written
