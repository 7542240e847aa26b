"""Reading a conversation in one direction while it changes: each message once, none missed.

Pages shift: a message that comes in pushes all others one position further from the newest, a
deletion pulls those behind it one nearer. So what is at a position says nothing. What holds is that
one answer shows messages that stood beside each other. Each request therefore asks for a part that
overlaps what has been read; if the answer shows a message that has been read, whatever follows it
is what comes next. If it shows none (so many came in or were deleted), the reader looks further
back until it finds one; if all that it remembers were deleted, the times of storage tell.
"""

from __future__ import annotations

from collections.abc import Iterable

from openapi_client.conversations.marker import Marker, marker_at, moment_of
from openapi_client.conversations.windows import LARGEST, Snapshot, Window, window_over
from openapi_client.models import MessageMessage


class Reader:
    """Tells which part to ask for next, and which messages of the answer have not been read.

    It makes no requests, and remembers the ids of some of the messages that were read last, not of
    all.

    Args:
        newest_first: the direction: from the newest message to the oldest, or the other way.
        reach: unread messages that a request should make room for.
        position: where reading begins, counted from the newest message.
        follows: reading comes to the newest message and goes on there. Then a message that came in
            late, between two that were read, is unread too, and requests grow while many wait.
    """

    def __init__(
        self, *, newest_first: bool, reach: int, position: int = 0, follows: bool = False
    ) -> None:
        self.newest_first = newest_first
        self.position = position
        """Where the message that was read last stood when it was last seen."""
        self.last: Marker | None = None
        """The message that was read last."""
        self.finished = False
        """Whether the last answer has shown that there is nothing more to read."""
        self._base = self._reach = reach
        self._follows = follows
        self._largest = LARGEST
        self._recent: dict[str | None, None] = {}
        self._remembered = 2 * (LARGEST if follows else reach)

    @property
    def steady(self) -> bool:
        """Whether it reads on, and neither searches nor catches up."""
        return self._reach == self._base

    def next_window(self) -> Window:
        """The part to ask for."""
        return self.window_at(self.position)

    def window_at(self, position: int) -> Window:
        """The part to ask for if the message that was read last stands at `position`."""
        if not self.newest_first:
            start = max(0, position - self._reach)
            end = max(position + 1, start + self._reach)
            return window_over(start, end, position, self._largest)
        if self.last is None:
            return Window(1, self._reach)
        # One message that has been read before those to come, and room for one after them, so that
        # an answer that is not full shows where the conversation ends.
        return window_over(position, position + self._reach + 2, position, self._largest)

    def mark_read(self, last: Marker, messages: Iterable[MessageMessage] = ()) -> None:
        """Begin after a message that was read by somebody else, or earlier."""
        self.last = last
        self._remember([last.jti, *(message.jti for message in messages)])

    def take(self, snapshot: Snapshot, limit: int | None = None) -> list[MessageMessage] | None:
        """The unread messages of an answer, in the order of reading; they count as read now.

        Args:
            snapshot: the answer.
            limit: take at most so many, and leave the others unread.

        Returns:
            `None` if the answer does not show where it stands to what has been read: then the
            next one will.
        """
        if snapshot.size < snapshot.asked:
            self._largest = snapshot.size
        self.finished = False
        items = snapshot.items if self.newest_first else snapshot.items[::-1]
        place = self._place(items, snapshot)
        if not isinstance(place, list):
            self._look_elsewhere(place, snapshot)
            return [] if place is _Elsewhere.FURTHER else None
        chosen = place if limit is None else place[:limit]
        is_all = len(chosen) == len(place)
        at = len(items) - 1 if is_all else chosen[-1]
        if self.newest_first:
            self.position = max(0, snapshot.start + at)
        else:
            self.position = max(0, snapshot.end - 1 - at)
        self.finished = is_all and self._shows_end(snapshot)
        self._skips_equal = False
        if self.finished or (chosen and not self._follows):
            self._reach = self._base
        else:
            self._widen()
        taken = [items[index] for index in chosen]
        if items:
            # Who follows knows those around them too, so as to see what comes in between.
            self._remember(items if self._follows else taken)
            self.last = marker_at(items[at])
            self._remember([items[at]])
        return taken

    def _place(self, items: list[MessageMessage], snapshot: Snapshot) -> list[int] | _Elsewhere:
        """Where in `items`, which are in the order of reading, the unread ones are."""
        at_beginning = snapshot.start == 0 if self.newest_first else snapshot.ends and bool(items)
        everything = range(len(items))
        if self.last is None:
            return list(everything) if at_beginning else _Elsewhere.BACK
        seen = [index for index in everything if items[index].jti in self._recent]
        if seen:
            later = everything[seen[0] if self._follows else seen[-1] :]
            return [index for index in later if items[index].jti not in self._recent]
        sides = [self._side(message) for message in items]
        if not items:
            # Past the oldest message. Nothing is there to be read but for one direction's end.
            if self.newest_first and not at_beginning:
                return _Elsewhere.BACK
            return [] if self._shows_end(snapshot) else _Elsewhere.FURTHER
        if all(side is _Side.READ for side in sides):
            return [] if self._shows_end(snapshot) else _Elsewhere.FURTHER
        if sides[0] is not _Side.READ and not at_beginning:
            return _Elsewhere.BACK
        if sides[-1] is _Side.UNKNOWN and not self._shows_end(snapshot):
            # Those stored at the same time go on, and one that was read may be among them.
            if self._reach < LARGEST // 2:
                return _Elsewhere.WIDER
            self._skips_equal = True
            return _Elsewhere.FURTHER
        return [index for index in everything if sides[index] is not _Side.READ]

    def _side(self, message: MessageMessage) -> _Side:
        """On which side of the message that was read last one stands, by its time of storage."""
        last = None if self.last is None else self.last.moment
        moment = moment_of(message)
        if last is None or moment is None or moment == last:
            return _Side.READ if self._skips_equal else _Side.UNKNOWN
        return _Side.READ if (moment > last) is self.newest_first else _Side.UNREAD

    def _shows_end(self, snapshot: Snapshot) -> bool:
        """Whether there is nothing to read after what an answer shows."""
        return snapshot.ends if self.newest_first else snapshot.start == 0

    def _look_elsewhere(self, where: _Elsewhere, snapshot: Snapshot) -> None:
        self._widen()
        ...
