"""Which messages were read lately, and how far they move."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from openapi_client.conversations._cursor import digest, identity
from openapi_client.conversations._windows import LARGEST
from openapi_client.models import MessageMessage

_MOST_OF_ONE_TIME = 10
"""Messages of one time that are shown again, to see whether the server keeps their order."""


class Memory:
    """The messages that were read last, by their identities; not all that ever were.

    More of them are kept while many were stored at the same time.

    Args:
        most: how many are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._recent: dict[str, str | None] = {}
        self._late: dict[str, None] = {}
        self.digests: frozenset[str] = frozenset()
        """Digests of messages that were read before a cursor."""

    def __contains__(self, key: str) -> bool:
        if key in self._recent or key in self._late:
            return True
        return bool(self.digests) and digest(key) in self.digests

    def add(self, messages: Iterable[MessageMessage]) -> None:
        """Note that messages were read, or are shown among those that were."""
        recent = self._recent
        created_at = None
        for message in messages:
            created_at = message.created_at
            key = message.jti or identity(message)
            recent.pop(key, None)
            recent[key] = created_at
        while len(recent) > self._most:
            oldest = next(iter(recent))
            if recent[oldest] == created_at and len(recent) <= self._most + LARGEST:
                break
            del recent[oldest]

    def add_place(self, key: str, created_at: str | None) -> None:
        """Note the message of a cursor."""
        self._recent[key] = created_at

    def add_late(self, keys: Iterable[str]) -> None:
        """Note that messages were read of whose neighbours nothing is known."""
        self._late.update(dict.fromkeys(keys))
        while len(self._late) > self._most:
            del self._late[next(iter(self._late))]

    @property
    def again(self) -> int:
        """How many messages before the last one are to be shown again.

        All of its time, and one before them; or a few of them, if they are many.
        """
        return min(len(self.last_of_one_time()), _MOST_OF_ONE_TIME - 1)

    def last_of_one_time(self) -> list[str]:
        """Return the keys of the last few messages that have the same time, in their order."""
        keys: list[str] = []
        created_at = None
        for key in reversed(self._recent):
            if keys and self._recent[key] != created_at:
                break
            created_at = self._recent[key]
            keys.append(key)
            if created_at is None or len(keys) == _MOST_OF_ONE_TIME:
                break
        return keys[::-1]

    def known_from(self, keys: list[str]) -> int:
        """Return the index from which on it is known of each key whether it was read.

        Raises:
            StopIteration: of none of them.
        """
        return next(index for index, key in enumerate(keys) if key in self._recent)


class Drift:
    """How far the message that was read last moves per request, in the last few requests.

    Each message that comes in pushes it one position further, each one that is deleted may pull it
    one nearer.
    """

    def __init__(self) -> None:
        self._moves: deque[int] = deque(maxlen=4)
        self._seen_at: int | None = None
        self._requests = 0

    @property
    def is_known(self) -> bool:
        """Whether it was ever seen twice."""
        return bool(self._moves)

    @property
    def low(self) -> int:
        """The least that it may have moved until the next request."""
        return min(self._moves, default=0) - self._margin

    @property
    def high(self) -> int:
        """The most that it may have moved until the next request."""
        return max(self._moves, default=0) + self._margin

    @property
    def _margin(self) -> int:
        """What more to allow for where the moves are left to chance."""
        spread = max(self._moves, default=0) - min(self._moves, default=0)
        return (spread + 1) // 2

    def note(self, position: int | None) -> None:
        """Note where it stands now; `None` if a response does not show it."""
        self._requests += 1
        if position is None:
            return
        if self._seen_at is not None:
            moved = position - self._seen_at
            self._moves.append(moved // self._requests)
            if moved % self._requests:
                self._moves.append(-(-moved // self._requests))
        self.begin(position)

    def begin(self, position: int) -> None:
        """Measure from here on: another message is the last one."""
        self._seen_at, self._requests = position, 0
