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
        unread, place_known = self._unread(items, snapshot)
        if unread is None:
            self._widen()
            if self.newest_first:
                self.position = max(0, snapshot.start - self._reach)
            else:
                self.position = snapshot.end - 1 + self._reach
            return None
        chosen = unread if limit is None else unread[:limit]
        at = len(items) - 1 if len(chosen) == len(unread) else chosen[-1]
        if self.newest_first:
            self.position = max(0, snapshot.start + at)
        else:
            self.position = max(0, snapshot.end - 1 - at)
        at_end = snapshot.ends if self.newest_first else snapshot.start == 0
        self.finished = at_end and len(chosen) == len(unread)
        if self.finished or (chosen and not self._follows):
            self._reach = self._base
        else:
            self._widen()
        taken = [items[index] for index in chosen]
        if place_known and items:
            # Who follows knows those around them too, so as to see what comes in between.
            self._remember(message.jti for message in (items if self._follows else taken))
            self.last = marker_at(items[at])
            self._remember([self.last.jti])
        return taken

    def _widen(self) -> None:
        # A page that holds a given part can be found if the part is well below the largest page.
        self._reach = max(self._base, min(2 * self._reach, LARGEST // 2))

    def _remember(self, ids: Iterable[str | None]) -> None:
        for jti in ids:
            self._recent.pop(jti, None)
            self._recent[jti] = None
        while len(self._recent) > self._remembered:
            del self._recent[next(iter(self._recent))]

    def _unread(
        self, items: list[MessageMessage], snapshot: Snapshot
    ) -> tuple[list[int] | None, bool]:
        """Where in `items`, which are in the order of reading, the unread ones are.

        `None` if that cannot be told. And whether the others are known to have been read.
        """
        if self.newest_first:
            at_beginning = snapshot.start == 0
        elif items:
            at_beginning = snapshot.ends
        else:
            return [], False  # beyond the oldest message: those to read are nearer to the newest
        everything = range(len(items))
        if self.last is None:
            return (list(everything), True) if at_beginning else (None, False)
        seen = [index for index in everything if items[index].jti in self._recent]
        if seen:
            later = everything[seen[0] if self._follows else seen[-1] :]
            return [index for index in later if items[index].jti not in self._recent], True
        unread = [index for index in everything if not self._is_passed(items[index])]
        if items and not unread:
            return [], False  # all were read, or came in beside those that were
        if len(unread) == len(items) and not at_beginning:
            return None, False
        return unread, True

    def _is_passed(self, message: MessageMessage) -> bool:
        """Whether its time of storage puts a message before the one that was read last."""
        last = None if self.last is None else self.last.moment
        moment = moment_of(message)
        if last is None or moment is None:
            return False
        return moment > last if self.newest_first else moment < last
