"""Messages of the hour that comes twice, when summer time ends.

Servers of 2024 order by what their clock showed. A message of the second pass of that hour stands
among those of the first, up to an hour before messages that were stored earlier: far from where
somebody who follows looks for new ones. The count of the messages tells that they are there.
"""

from __future__ import annotations

from openapi_client.conversations._cursor import Stamp, identity, stamp_of
from openapi_client.conversations._windows import LARGEST, Snapshot, Window, window_over
from openapi_client.models import MessageMessage

_LONGEST_SHIFT = 3 * 3600 * 10**9
"""Nanoseconds by which a clock is set back at most."""

_WIDTH = LARGEST // 2
_MOST_WINDOWS = 20


def missing_before(last: Stamp, rank: int | None, position: int, total: int | None) -> int:
    """Return how many messages have come to stand before the one that was read last.

    Only where the server tells its offset: those of 2023 count the messages of others too.

    Args:
        last: when that one was stored.
        rank: its number when it was read.
        position: where it stands now.
        total: how many messages the server counts now.
    """
    if last.offset is None or rank is None or total is None:
        return 0
    return total - position - rank


class LateSearch:
    """Looks for messages that stand before the one that was read last, and were stored after it.

    Args:
        last: when the one that was read last was stored.
        missing: how many there should be.
        position: where that one stands.
    """

    def __init__(self, last: Stamp, missing: int, position: int) -> None:
        self.position = position
        """Where the one that was read last stands."""
        self.missing = missing
        self.is_over = False
        """Whether all were found, or nothing more can be."""
        self._last = last
        self._next = position
        self._windows = 0
        self._found: dict[str, MessageMessage] = {}

    def next_window(self) -> Window:
        """Return the part to ask for."""
        return window_over(self._next, self._next + _WIDTH, self._next)

    def note(self, snapshot: Snapshot) -> None:
        """See what a response shows."""
        self._windows += 1
        oldest = None
        for message in snapshot.items:
            stamp = oldest = stamp_of(message.created_at)
            if stamp is not None and self._came_late(stamp):
                self._found[message.jti or identity(message)] = message
        self._next = max(self._next, snapshot.end - 1)
        self.is_over = (
            len(self._found) >= self.missing
            or snapshot.ends
            or self._windows >= _MOST_WINDOWS
            or oldest is None
            or oldest.local < self._last.local - _LONGEST_SHIFT
        )

    def _came_late(self, stamp: Stamp) -> bool:
        """Return whether a message stands before the last one, and was stored after it."""
        last = self._last
        if stamp.arrival <= last.arrival:
            return False
        if stamp.local != last.local:
            return stamp.local < last.local
        # Equal clocks are ordered by the text of the offset: "+01:00" stands before "+02:00".
        return stamp.offset is not None and 0 <= stamp.offset < (last.offset or 0)

    def found(self) -> dict[str, MessageMessage]:
        """Return them by their ids, in the order in which they were stored.

        Others that were stored in that hour may have been read: those that are missing came last.
        """

        def arrival(one: tuple[str, MessageMessage]) -> int:
            stamp = stamp_of(one[1].created_at)
            return 0 if stamp is None else stamp.arrival

        return dict(sorted(self._found.items(), key=arrival)[-self.missing :])
