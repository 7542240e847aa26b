"""Reading a conversation in one direction while it changes: each message once, none missed.

Pages shift: a message that comes in pushes all others one position further from the newest, a
deletion pulls those behind it one nearer. So what is at a position says nothing. What holds is that
one answer shows messages that stood beside each other. Each request therefore asks for a part that
overlaps what has been read; if the answer shows a message that has been read, whatever follows it
is what comes next. If it shows none (so many came in or were deleted), the times of storage tell
whether to look further back or further on; and if all that are remembered were deleted, they tell
where to go on.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto

from openapi_client.conversations._marker import Marker, Moment, marker_at, moment_of
from openapi_client.conversations._windows import LARGEST, Snapshot, Window, window_over
from openapi_client.models import MessageMessage

# A page that holds a given part can be found if the part is well below the largest page.
_WIDEST = LARGEST // 2


class _Elsewhere(Enum):
    """Where to look if an answer does not show where reading goes on."""

    BACK = auto()
    """Before what it shows: messages that have not been read may be there."""
    FURTHER = auto()
    """After what it shows: all of that has been read, or came in beside what has been read."""
    WIDER = auto()
    """Around it: messages that were stored at the same time as the last one go on beyond it."""


class _Side(Enum):
    """Which side of the message that was read last another is on, by its time of storage."""

    READ = auto()
    UNREAD = auto()
    UNKNOWN = auto()


class Reader:
    """Tells which part to ask for next, and which messages of the answer have not been read.

    It makes no requests. It remembers the ids of the messages that were read last, not of all; more
    of them only while many were stored at the same time, whose order servers leave open.

    Args:
        newest_first: the direction: from the newest message to the oldest, or the other way.
        reach: unread messages that a request should make room for.
        follows: reading comes to the newest message and goes on there. Then a message that came in
            late, between two that were read, is unread too, and requests grow while many wait.
    """

    def __init__(self, *, newest_first: bool, reach: int, follows: bool = False) -> None:
        self.newest_first = newest_first
        self.position: int = 0
        """Where the message that was read last stood when it was last seen; or where to begin."""
        self.last: Marker | None = None
        """The message that was read last."""
        self.finished: bool = False
        """Whether the last answer has shown that there is nothing more to read."""
        self._base = self._reach = reach
        self._follows = follows
        self._largest = LARGEST
        self._remembered = 2 * (LARGEST if follows else reach)
        self._recent: dict[str | None, str | None] = {}
        self._skips_equal = False
        # How many messages come in between two requests, as last seen: each pushes all others one
        # position further from the newest, away from where the next request would look for them.
        self._drift = 0
        self._seen_at = 0
        self._requests_since = 0

    @property
    def steady(self) -> bool:
        """Whether it reads on, and neither searches nor catches up, nor do messages come in."""
        return self._reach == self._base and self._drift == 0

    def next_window(self) -> Window:
        """The part to ask for."""
        return self.window_at(self.position)

    def window_at(self, position: int) -> Window:
        """The part to ask for if the message that was read last stands at `position`."""
        if not self.newest_first:
            # Where it will stand when the answer is made, and as much beyond it again.
            expected = position + self._drift
            start = max(0, expected - self._reach)
            end = max(expected + self._drift + 1, min(start + self._reach, self._largest))
            return window_over(start, end, expected, self._largest)
        if self.last is None:
            return Window(1, self._reach)
        # One message that has been read before those to come, and room for one after them, so that
        # an answer that is not full shows where the conversation ends.
        end = position + self._drift + self._reach + 2
        return window_over(position, end, position + self._drift, self._largest)

    def mark_read(self, last: Marker, messages: Iterable[MessageMessage] = ()) -> None:
        """Begin after a message that was read by somebody else, or earlier.

        Args:
            last: that message.
            messages: others that were read.
        """
        self._remember(messages)
        self._recent[last.jti] = None
        self.last = last

    def take(self, snapshot: Snapshot, limit: int | None = None) -> list[MessageMessage]:
        """The unread messages of an answer, in the order of reading; they count as read now.

        There may be none although reading is not finished: then the next answer will tell more.

        Args:
            snapshot: the answer.
            limit: take at most so many, and leave the others unread.
        """
        if snapshot.size < snapshot.asked:
            self._largest = snapshot.size
        self.finished = False
        self._note_drift(snapshot)
        items = snapshot.items if self.newest_first else snapshot.items[::-1]
        unread = self._unread(items, snapshot)
        if isinstance(unread, _Elsewhere):
            self._look_elsewhere(unread, snapshot)
            return []
        self._skips_equal = False
        chosen = unread if limit is None else unread[:limit]
        if len(chosen) == len(unread):
            at = len(items) - 1
            self.finished = self._shows_end(snapshot)
        else:
            at = chosen[-1]
        self.position = max(0, snapshot.start + at if self.newest_first else snapshot.end - 1 - at)
        self._seen_at, self._requests_since = self.position, 0
        if self.finished or (chosen and not self._follows):
            self._reach = self._base
        else:
            self._widen()
        taken = [items[index] for index in chosen]
        if taken or (items and (self._follows or self._shows_last(items))):
            self.last = marker_at(items[at])
            # Who follows knows those around them too, so as to see what comes in between.
            self._remember(items if self._follows else [*taken, items[at]])
        return taken

    def _note_drift(self, snapshot: Snapshot) -> None:
        """See how far the message that was read last has moved, per request, since it was seen."""
        self._requests_since += 1
        if self.last is None:
            return
        jti = self.last.jti
        for index, message in enumerate(snapshot.items):
            if message.jti == jti:
                moved = snapshot.start + index - self._seen_at
                # Up at once, down slowly: to look too far costs a little room, too near a request.
                self._drift = max(0, -(-moved // self._requests_since), self._drift - 1)
                return

    def _unread(self, items: list[MessageMessage], snapshot: Snapshot) -> list[int] | _Elsewhere:
        """Where in `items`, which are in the order of reading, the unread ones are."""
        everything = range(len(items))
        at_beginning = self._shows_beginning(snapshot)
        if not items and not at_beginning:
            # Past the oldest message.
            return _Elsewhere.BACK if self.newest_first else _Elsewhere.FURTHER
        if self.last is None:
            return list(everything) if at_beginning else _Elsewhere.BACK
        seen = [index for index in everything if items[index].jti in self._recent]
        if seen:
            later = everything[seen[0] if self._follows else seen[-1] :]
            unread = [index for index in later if items[index].jti not in self._recent]
            if self._follows or self._shows_last(items):
                return unread
            self._skips_equal = False
            return [index for index in unread if not self._came_late(items[index], items[seen[-1]])]
        sides = [self._side(message) for message in items]
        if all(side is _Side.READ for side in sides):
            return [] if self._shows_end(snapshot) else _Elsewhere.FURTHER
        if sides[0] is not _Side.READ and not at_beginning:
            return _Elsewhere.BACK
        if sides[-1] is _Side.UNKNOWN and not self._shows_end(snapshot):
            if self._reach < _WIDEST:
                return _Elsewhere.WIDER
            # Too many of the same time to see them at once: go through them to the first other one.
            self._skips_equal = True
            return _Elsewhere.FURTHER
        return [index for index in everything if sides[index] is not _Side.READ]

    def _shows_last(self, items: list[MessageMessage]) -> bool:
        """Whether the message that was read last is among `items`."""
        return self.last is not None and any(item.jti == self.last.jti for item in items)

    def _came_late(self, message: MessageMessage, before: MessageMessage) -> bool:
        """Whether a message, by its time, came in between one that was read and the last one.

        The last one was deleted, or the place would tell. A time that contradicts the place, as
        when summer time ends on a server of 2023, tells nothing.
        """
        is_read = self._side(message) is _Side.READ
        return is_read and self._side_of(message, moment_of(before)) is not _Side.READ

    def _side(self, message: MessageMessage) -> _Side:
        return self._side_of(message, None if self.last is None else self.last.moment)

    def _side_of(self, message: MessageMessage, read: Moment | None) -> _Side:
        moment = moment_of(message)
        if read is None or moment is None or moment == read:
            return _Side.READ if self._skips_equal else _Side.UNKNOWN
        return _Side.READ if (moment > read) is self.newest_first else _Side.UNREAD

    def _shows_beginning(self, snapshot: Snapshot) -> bool:
        """Whether there is nothing to read before what an answer shows."""
        if self.newest_first:
            return snapshot.start == 0
        # An empty page is past the oldest message, nobody knows how far; unless there is none.
        return snapshot.ends and (bool(snapshot.items) or snapshot.start == 0)

    def _shows_end(self, snapshot: Snapshot) -> bool:
        """Whether there is nothing to read after what an answer shows."""
        return snapshot.ends if self.newest_first else snapshot.start == 0

    def _look_elsewhere(self, where: _Elsewhere, snapshot: Snapshot) -> None:
        self._widen()
        first, last = snapshot.start, max(snapshot.start, snapshot.end - 1)
        if where is _Elsewhere.BACK:
            back = max(0, first - self._reach)
            self.position = back if self.newest_first else last + self._reach
        elif where is _Elsewhere.FURTHER:
            self.position = last if self.newest_first else first
        else:
            self.position = first if self.newest_first else last

    def _widen(self) -> None:
        self._reach = max(self._base, min(2 * self._reach, _WIDEST))

    def _remember(self, messages: Iterable[MessageMessage]) -> None:
        recent = self._recent
        created_at = None
        for message in messages:
            created_at = message.created_at
            recent.pop(message.jti, None)
            recent[message.jti] = created_at
        while len(recent) > self._remembered:
            oldest = next(iter(recent))
            if recent[oldest] == created_at and len(recent) <= self._remembered + LARGEST:
                break
            del recent[oldest]
