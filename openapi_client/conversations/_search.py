"""Looking for the place where reading goes on, if a response does not show it."""

from __future__ import annotations

from enum import Enum, auto

from openapi_client.conversations._windows import Snapshot

# Requests in a row that look for a message whose time does not tell where it is, before the server
# is asked again whether it is there.
_MOST_LINEAR = 8

_LEAST_JUMP = 8
"""Messages to look back by at least."""


class Move(Enum):
    """Where to look if a response does not show where reading goes on."""

    BACK = auto()
    """Before what it shows: messages that have not been read may be there."""
    FURTHER = auto()
    """After what it shows: all of that has been read, or came in beside what has been read."""
    AROUND = auto()
    """On both sides: messages of the same time are to be seen on one page."""
    ASK = auto()
    """Nowhere yet: it is to be asked whether the message that was read last is still there."""


class Presence(Enum):
    """Whether the message that was read last exists, as far as the server was asked."""

    UNKNOWN = auto()
    THERE = auto()
    GONE = auto()


class Search:
    """Probes positions: by jumps that double until they are beyond the place, then by halving.

    Args:
        newest_first: the direction of reading.
    """

    def __init__(self, *, newest_first: bool) -> None:
        self._newest_first = newest_first
        self.presence = Presence.UNKNOWN
        self.guess: int | None = None
        """The number of the message that was read last, counted from the oldest: a first guess."""
        self.end()

    def end(self) -> None:
        """Forget where it looked: the place was found."""
        self._unread_at: int | None = None
        self._read_at: int | None = None
        self._stride = 0
        self._linear = 0

    def probe(self, move: Move, snapshot: Snapshot, reach: int, *, is_lost: bool) -> int:
        """Return where the message that was read last may stand.

        Args:
            move: on which side of what is shown, `BACK` or `FURTHER`.
            snapshot: what is shown.
            reach: the messages that a request shows.
            is_lost: whether nothing is shown that was read.
        """
        newest, oldest = snapshot.start, max(snapshot.start, snapshot.end - 1)
        if move is Move.BACK:
            self._unread_at = newest if self._newest_first else oldest
        else:
            self._read_at = oldest if self._newest_first else newest
        guess = self._guessed(snapshot)
        return max(0, self._next(move, reach, is_lost=is_lost) if guess is None else guess)

    def _guessed(self, snapshot: Snapshot) -> int | None:
        if self.guess is None or snapshot.total_count is None:
            return None
        guess, self.guess = max(0, snapshot.total_count - self.guess), None
        return None if snapshot.start <= guess < snapshot.end else guess

    def _next(self, move: Move, reach: int, *, is_lost: bool) -> int:
        back = -1 if self._newest_first else 1
        unread, read = self._unread_at, self._read_at
        if unread is not None and read is not None:
            if (read - unread) * back > 0:
                return read if abs(read - unread) <= reach else (read + unread) // 2
            self._read_at = self._unread_at = None  # everything has moved meanwhile
        if self.presence is Presence.THERE:
            self._linear += 1
            if self._linear > _MOST_LINEAR:
                self._linear, self.presence = 0, Presence.UNKNOWN
        # Near enough to see what comes next, too, unless one part after another is looked through.
        is_linear = self.presence is Presence.THERE
        jump = reach if is_linear else max(_LEAST_JUMP, reach // 4)
        if is_linear or (move is Move.FURTHER and not is_lost):
            self._stride = 0
        else:
            self._stride = max(jump, 2 * self._stride)
        if move is Move.FURTHER:
            return (read or 0) - back * self._stride
        return (unread or 0) + back * max(jump, self._stride)
