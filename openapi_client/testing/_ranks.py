"""The order of a conversation's messages, kept in memory so that each page costs the same."""

from __future__ import annotations

import itertools
import random
from array import array
from bisect import bisect_right
from collections.abc import Iterable
from typing import Literal

from typing_extensions import Self

# "exact": by `created_at`, then by row number.
# "ties vary": as PostgreSQL orders by `created_at` alone: those of one microsecond may come in any
#     order, another one for another LIMIT or OFFSET. Only what was imported in bulk has such ties:
#     messages that come one by one differ by more, and those of a clock that a test has stopped
#     keep their order.
# "local": as SQLite orders by the text of `created_at`: by the local clock.
Order = Literal["exact", "ties vary", "local"]

TIE_NANOSECONDS = 1000  # PostgreSQL keeps microseconds


class Ranks:
    """Row numbers in the order of a key, then of themselves: 16 bytes for each message.

    SQLite finds an OFFSET by stepping over all the rows before it; a slice of an array costs the
    same anywhere.
    """

    __slots__ = ("_ascending", "_keys", "_numbers")

    def __init__(self, rows: Iterable[tuple[int, int]] = ()) -> None:
        self._keys = array("q")
        self._numbers = array("q")
        self._ascending = True
        for key, number in rows:
            self.add(key, number)

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
        kept = type(self)()
        if self._ascending:
            first = bisect_right(self._numbers, number)
            kept._keys, kept._numbers = self._keys[first:], self._numbers[first:]
            return kept
        for key, other in zip(self._keys, self._numbers, strict=True):
            if other > number:
                kept.add(key, other)
        return kept

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
