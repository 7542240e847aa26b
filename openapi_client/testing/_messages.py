"""Messages, moments and their order as the server keeps them, and how moments are written."""

from __future__ import annotations

import functools
import itertools
import random
import time
from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone, tzinfo
from operator import itemgetter, lt
from typing import Literal, NamedTuple

from typing_extensions import Self

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)
NANOSECONDS = 1_000_000_000
MAX_FRACTION_DIGITS = 9


def to_nanoseconds(moment: datetime, name: str = "moment") -> int:
    """Return an aware datetime as nanoseconds since the epoch.

    Raises:
        ValueError: the datetime has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{name} must have a time zone, such as datetime.timezone.utc: {moment!r}")
    return (moment - _EPOCH) // _MICROSECOND * 1000


def to_datetime(nanoseconds: int) -> datetime:
    """Return nanoseconds since the epoch as an aware UTC datetime, cut to microseconds."""
    return _EPOCH + timedelta(microseconds=nanoseconds // 1000)


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


def rfc3339(
    nanoseconds: int,
    zone: tzinfo | None,
    *,
    always_z: bool = False,
    digits: int = MAX_FRACTION_DIGITS,
) -> str:
    """Write a moment as RFC 3339, with 0 to 9 fraction digits: trailing zeros are cut.

    Args:
        nanoseconds: since the epoch.
        zone: the time zone to write it in; None for the computer's own.
        always_z: write `Z` whatever the offset is.
        digits: at most so many fraction digits; the others are cut.
    """
    seconds, fraction = divmod(nanoseconds, NANOSECONDS)
    text, offset = _second(seconds, zone)
    if fraction:
        text = f"{text}.{f'{fraction:09}'[:digits]}".rstrip("0").rstrip(".")
    return text + ("Z" if always_z else offset)


@functools.lru_cache(maxsize=4096)
def _second(seconds: int, zone: tzinfo | None) -> tuple[str, str]:
    # Messages of one page lie close together: most share their second with a neighbour.
    moment = (_EPOCH + timedelta(seconds=seconds)).astimezone(zone)
    offset = moment.strftime("%z")
    written = "Z" if not moment.utcoffset() else f"{offset[:3]}:{offset[3:5]}"
    return moment.replace(tzinfo=None).isoformat(), written


def local_order(nanoseconds: int, zone: tzinfo | None) -> int:
    """Make a key that sorts moments as their texts in local time sort: by clock, then by offset.

    A text with an offset that is further from UTC comes after one with the same clock. The key has
    64 bits, so it tells the two offsets of a year apart, by its last bit, and no others.
    """
    offset, is_further = _offset(nanoseconds // (_OFFSET_SECONDS * NANOSECONDS), zone)
    return (nanoseconds + offset) << 1 | is_further


# Offsets change on the quarter of an hour, so all moments of one share what is asked once.
_OFFSET_SECONDS = 900
# Within half a year, both ways, any other offset of the zone is met.
_SEASONS = [timedelta(days=days) for days in (-182, -91, 0, 91, 182)]


@functools.lru_cache(maxsize=4096)
def _offset(quarter: int, zone: tzinfo | None) -> tuple[int, bool]:
    """Return the offset in nanoseconds, and whether another one of the year is nearer to UTC."""
    moment = _EPOCH + timedelta(seconds=quarter * _OFFSET_SECONDS)
    offsets = [(moment + season).astimezone(zone).utcoffset() or timedelta() for season in _SEASONS]
    now = offsets[_SEASONS.index(timedelta())]
    return now // _MICROSECOND * 1000, abs(now) > min(map(abs, offsets))


class StoredMessage(NamedTuple):
    """A message as the server keeps it, whatever the generation that shows it.

    `number` is the hidden row number that `messages_since` is compared with. The `*_ns` fields
    are nanoseconds since the epoch; beside each there is an aware `datetime` in UTC.
    """

    app_id: str
    connection_id: str
    number: int
    jti: str
    iss: str
    cid: str
    rid: str
    body: str
    iat_ns: int
    created_ns: int
    updated_ns: int
    read: int
    received: int

    @property
    def iat(self) -> datetime:
        """When the message was issued."""
        return to_datetime(self.iat_ns)

    @property
    def created_at(self) -> datetime:
        """When the message was stored; what lists are ordered by."""
        return to_datetime(self.created_ns)

    @property
    def updated_at(self) -> datetime:
        """When the message was last edited; `created_at` where it never was."""
        return to_datetime(self.updated_ns)

    @property
    def is_own(self) -> bool:
        """True for a message that the app sent, False for one that it received."""
        return self.iss == "me"


class NewMessage(NamedTuple):
    """What is needed to store a message."""

    body: str
    iss: str
    at: int
    jti: str | None = None
    rid: str = ""
    cid: str | None = None
    read: bool = False
    received: bool = False


class Page(NamedTuple):
    """One page of a conversation, newest first, with what was counted for it."""

    items: list[StoredMessage]
    page: int
    page_count: int
    per_page: int
    total_count: int


# Order.

# "exact": by `created_at`, then by row number.
# "ties vary": as PostgreSQL orders by `created_at` alone: those of one microsecond may come in any
#     order, another one for another LIMIT or OFFSET. Only what was imported in bulk has such ties:
#     messages that come one by one differ by more, and those of a clock that a test has stopped
#     keep their order.
# "local": as SQLite orders by the text of `created_at`: by the local clock, then by its offset.
Order = Literal["exact", "ties vary", "local"]

TIE_NANOSECONDS = 1000  # PostgreSQL keeps microseconds


class Ranks:
    """Row numbers in the order of a key, then of themselves: 16 bytes for each message.

    SQLite finds an OFFSET by stepping over all the rows before it; a slice of an array costs the
    same anywhere.

    Args:
        rows: keys and row numbers, in that order already.
    """

    __slots__ = ("_ascending", "_keys", "_numbers")

    def __init__(self, rows: Sequence[tuple[int, int]] = ()) -> None:
        self._keys = array("q", map(itemgetter(0), rows))
        self._numbers = array("q", map(itemgetter(1), rows))
        self._ascending = all(map(lt, self._numbers, itertools.islice(self._numbers, 1, None)))

    def __len__(self) -> int:
        return len(self._numbers)

    def add(self, key: int, number: int) -> None:
        """Add a row whose number is above that of all rows with the same key."""
        keys, numbers = self._keys, self._numbers
        place = len(keys) if not keys or key >= keys[-1] else bisect_right(keys, key)
        if (place < len(keys)) or (numbers and number < numbers[-1]):
            self._ascending = False
        keys.insert(place, key)
        numbers.insert(place, number)

    def since(self, number: int) -> Self:
        """Keep the rows whose number is above one."""
        if number <= 0:
            return self
        if self._ascending:
            first = bisect_right(self._numbers, number)
            kept = type(self)()
            kept._keys, kept._numbers = self._keys[first:], self._numbers[first:]
            return kept
        rows = zip(self._keys, self._numbers, strict=True)
        return type(self)([row for row in rows if row[1] > number])

    def newest(self, limit: int, offset: int) -> list[int]:
        """List row numbers from the last one down."""
        start = max(0, len(self) - offset - limit)
        return self._numbers[start : max(0, len(self) - offset)].tolist()[::-1]

    def newest_with_ties(
        self, limit: int, offset: int, without_order: set[int], draw: random.Random
    ) -> list[int]:
        """List row numbers likewise, those of some microseconds in an order drawn for this page.

        They are drawn from those at most one page away, so that a page costs the same however many
        tie.
        """
        if not without_order:
            return self.newest(limit, offset)
        before = min(offset, limit)
        end = len(self) - offset + before
        start = max(0, end - before - 2 * limit)
        rows = list(zip(self._keys[start:end], self._numbers[start:end], strict=True))[::-1]
        numbers: list[int] = []
        for microsecond, tied in itertools.groupby(rows, lambda row: row[0] // TIE_NANOSECONDS):
            group = [number for _, number in tied]
            if microsecond in without_order:
                draw.shuffle(group)
            numbers += group
        return numbers[before : before + limit]
