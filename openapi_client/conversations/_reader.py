"""Reading a conversation in one direction while it changes: each message once, none missed.

Pages shift: a message that comes in pushes all others one position further from the newest, a
deletion pulls those behind it one nearer. So a position says little. What holds is that one
response shows messages that stood beside each other. Each request therefore asks for a part that
overlaps what has been read; if the response shows the message that was read last, whatever follows
it is what comes next. How far that message moves between two requests is measured, and the next
request makes room for as much. If a response does not show it, the times of storage tell on which
side to look, by jumps that double and then halve; if it was deleted, they tell where to go on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from enum import Enum, auto
from typing import NamedTuple

from openapi_client.conversations._cursor import Cursor, Stamp, digest, identity, stamp_of
from openapi_client.conversations._windows import LARGEST, Snapshot, Window, window_over
from openapi_client.exceptions import ApiException
from openapi_client.models import MessageMessage

# A page that holds a given part can be found if the part is well below the largest page.
_WIDEST = LARGEST // 2

# Requests in a row that look for a message whose time does not tell where it is, before the server
# is asked again whether it is there.
_MOST_LINEAR = 8


class _Move(Enum):
    """Where to look if a response does not show where reading goes on."""

    BACK = auto()
    """Before what it shows: messages that have not been read may be there."""
    FURTHER = auto()
    """After what it shows: all of that has been read, or came in beside what has been read."""
    AROUND = auto()
    """On both sides: messages of the same time are to be seen on one page."""
    ASK = auto()
    """Nowhere yet: it is to be asked whether the message that was read last is still there."""


class _Last(NamedTuple):
    """The message that was read last."""

    key: str
    created_at: str | None
    stamp: Stamp | None


class _Presence(Enum):
    """Whether the message that was read last exists, as far as the server was asked."""

    UNKNOWN = auto()
    THERE = auto()
    GONE = auto()


class Reader:
    """Tells which part to ask for next, and which messages of the response have not been read.

    It makes no requests. It remembers the ids of the messages that were read last, not of all.

    Args:
        newest_first: the direction: from the newest message to the oldest, or the other way.
        reach: unread messages that a request should make room for.
        after: the place to begin after; `None` for the beginning.
        follows: reading comes to the newest message and goes on there. Then a message that came in
            late, between two that were read, is unread too, and requests grow while many wait.
    """

    def __init__(
        self, *, newest_first: bool, reach: int, after: Cursor | None = None, follows: bool = False
    ) -> None:
        self.newest_first = newest_first
        self.position: int = 0
        """Where the message that was read last stood when it was last seen; or where to begin."""
        self.finished: bool = False
        """Whether the last response has shown that there is nothing more to read."""
        self.rank: int | None = None
        """The number of the message that was read last, counted from the oldest by the server."""
        self.late: int = 0
        """How many of the messages that were taken last stand before those that had been read."""
        self.doubt: str | None = None
        """The `jti` of a message of which `settle` has to be told whether it is there."""
        self._base = self._reach = reach
        self._follows = follows
        self._largest = LARGEST
        self._remembered = 2 * (LARGEST if follows else reach)
        self._recent: dict[str, str | None] = {}
        self._digests: frozenset[str] = frozenset()
        self._last: _Last | None = None
        self._presence = _Presence.UNKNOWN
        # How far the message that was read last has moved per request, in the last few requests.
        self._moves: deque[int] = deque(maxlen=4)
        self._seen_at: int | None = None
        self._requests_since = 0
        self._around: tuple[int, int] | None = None
        self._linear = 0
        self._guess: int | None = None
        self._end_search()
        if after is not None:
            self._begin_after(after)

    def _begin_after(self, after: Cursor) -> None:
        self._digests = frozenset(after.read)
        self._guess = after.rank
        if after.jti is not None:
            self._last = _Last(after.jti, after.created_at, stamp_of(after.created_at))
            self._recent[after.jti] = after.created_at
        elif after.created_at is not None:
            self._last = _Last("", after.created_at, stamp_of(after.created_at))

    # -- what to ask for --------------------------------------------------------------------------

    def is_steady(self, requests: int) -> bool:
        """Tell whether so many requests can be planned: it does not search, and little changes."""
        return (
            self._reach == self._base
            and self._around is None
            and 2 * requests * max(abs(self._low), abs(self._high)) <= self._base
        )

    @property
    def _low(self) -> int:
        return min(self._moves, default=0)

    @property
    def _high(self) -> int:
        return max(self._moves, default=0)

    def next_window(self) -> Window:
        """Return the part to ask for."""
        if self._around is not None:
            start, end = self._around
            return window_over(start, end, start, self._largest)
        return self.window_at(self.position)

    def window_at(self, position: int, requests: int = 1) -> Window:
        """Return the part to ask for if the message that was read last was seen at `position`.

        Args:
            position: where it was seen.
            requests: how many requests are made since then, this one included.
        """
        low, high = requests * self._low, requests * self._high
        expected = max(0, position + (low + high) // 2)
        if not self.newest_first:
            # Where it will stand, and as much towards the newest as comes in, beside the reach.
            start = max(0, position + low - self._reach - max(0, high))
            end = max(position + max(0, high) + 1, min(start + self._reach, self._largest))
            return window_over(start, end, max(start, expected), self._largest)
        if self._last is None:
            return Window(1, self._reach)
        # One message that has been read before those to come, and room for one after them, so that
        # a response that is not full shows where the conversation ends.
        start = max(0, position + low)
        end = max(start, position + high) + self._reach + 2
        return window_over(start, end, expected, self._largest)

    def rank_before(self, ungiven: int) -> int | None:
        """Return the number of the message before so many that were read and not given."""
        if self.rank is None:
            return None
        return self.rank + (ungiven if self.newest_first else -ungiven)

    def to_come(self, count: int) -> int:
        """Return how many of `count` messages are unread, as far as the position tells."""
        return max(0, count - 1 - self.position) if self.newest_first else self.position

    # -- what the server has shown ----------------------------------------------------------------

    def mark_read(self, newest: list[MessageMessage]) -> None:
        """Begin after these messages, which are the newest ones, newest first."""
        self._remember(newest[::-1])
        if newest:
            self._read_to(newest[0])
            self._seen_at, self._requests_since = 0, 0

    def settle(self, message: MessageMessage | None) -> bool:
        """Take the message that was in doubt, or `None` if there is none.

        Returns:
            Whether reading can go on: `False` if the place is lost with the message.
        """
        self.doubt = None
        self._presence = _Presence.GONE if message is None else _Presence.THERE
        if message is not None and self._last is not None:
            stamp = stamp_of(message.created_at)
            if self._last.stamp is None or stamp is None:
                # Now its time is known, and tells more than looking at one part after another.
                self._presence = _Presence.UNKNOWN if stamp is not None else _Presence.THERE
            self._last = _Last(self._last.key, message.created_at, stamp)
            return True
        return self._last is not None and self._last.stamp is not None

    def take(self, snapshot: Snapshot, limit: int | None = None) -> list[MessageMessage]:
        """Return the unread messages of a response, in the order of reading; they are read now.

        There may be none although reading is not finished: then the next response will tell more.

        Args:
            snapshot: the response.
            limit: leave what is above so many unread, unless reading has to catch up or no other
                response would show it in the same order.

        Raises:
            ApiException: the server gives messages of the same time in another order each time, and
                they do not fit on one page.
        """
        if snapshot.size < snapshot.asked:
            self._largest = snapshot.size
        self.finished = False
        items = snapshot.items if self.newest_first else snapshot.items[::-1]
        keys = [item.jti or identity(item) for item in items]
        at = (
            None if self._last is None or self._last.key not in keys else keys.index(self._last.key)
        )
        self._note_move(None if at is None else self._position_of(at, snapshot))
        unread = self._unread(items, keys, at, snapshot)
        if isinstance(unread, _Move):
            self._look_elsewhere(unread, snapshot)
            return []
        has_to_take_all = self._is_unordered or (self._high > 0 and not self.newest_first)
        self._end_search()
        if limit is not None and not has_to_take_all:
            unread, left = unread[:limit], unread[limit:]
        else:
            left = []
        self.finished = not left and self._shows_end(snapshot)
        if (unread and not self._follows) or self.finished:
            self._reach = self._base
        else:
            self._widen()
        if unread or at is not None or self._follows:
            self._move_on(items, unread, unread[-1] if left else len(items) - 1, snapshot)
        else:
            self.position = snapshot.start
        return [items[index] for index in unread]

    def _move_on(
        self, items: list[MessageMessage], unread: list[int], final: int, snapshot: Snapshot
    ) -> None:
        """Note where reading is after a response that is read up to an item."""
        if not items:
            self.position = snapshot.start
            return
        self.position = self._position_of(final, snapshot)
        # Who follows knows those around them too, so as to see what comes in between.
        begin = 0 if self._follows else min([final, *unread[:1]])
        self._remember(items[begin : final + 1])
        self._read_to(items[final])
        self._seen_at, self._requests_since = self.position, 0
        total = snapshot.total_count
        self.rank = None if total is None else total - self.position

    def _position_of(self, index: int, snapshot: Snapshot) -> int:
        """The position of an item, counted in the order of reading."""
        return snapshot.start + index if self.newest_first else snapshot.end - 1 - index

    def _note_move(self, position: int | None) -> None:
        """See how far the message that was read last has moved, per request, since it was seen."""
        self._requests_since += 1
        if position is None:
            return
        if self._seen_at is not None:
            moved = position - self._seen_at
            self._moves.append(moved // self._requests_since)
            if moved % self._requests_since:
                self._moves.append(-(-moved // self._requests_since))
        self._seen_at, self._requests_since = position, 0

    def _unread(
        self, items: list[MessageMessage], keys: list[str], at: int | None, snapshot: Snapshot
    ) -> list[int] | _Move:
        """Where in `items`, which are in the order of reading, the unread ones are."""
        everything = range(len(items))
        at_beginning = self._shows_beginning(snapshot)
        if not items and not at_beginning:
            # Past the oldest message.
            return _Move.BACK if self.newest_first else _Move.FURTHER
        if self._last is None:
            return list(everything) if at_beginning else _Move.BACK
        self._is_unordered = False
        is_read = [self._is_read(key) for key in keys]
        if at is None or self._is_disordered(items, is_read, at):
            tied = self._unread_of_one_time(items, is_read, snapshot)
            if tied is not None:
                return tied
        self._is_lost = True not in is_read
        if not self._is_lost:
            return self._unread_by_place(items, keys, is_read, at)
        return self._unread_by_time(items, snapshot)

    def _unread_by_place(
        self, items: list[MessageMessage], keys: list[str], is_read: list[bool], at: int | None
    ) -> list[int]:
        """The unread ones, where a message is shown that was read."""
        if self._follows and at is not None:
            # What this follower has seen is known; of what is before that only the place.
            first = min(index for index, key in enumerate(keys) if key in self._recent)
        else:
            first = at if at is not None else len(items) - 1 - is_read[::-1].index(True)
        unread = [index for index in range(first, len(items)) if not is_read[index]]
        if self._follows or at is not None:
            return unread
        before = items[first]
        return [index for index in unread if not self._came_late(items[index], before)]

    def _unread_by_time(self, items: list[MessageMessage], snapshot: Snapshot) -> list[int] | _Move:
        """The unread ones, where no message is shown that was read."""
        last = self._last
        if last is not None and last.stamp is None and self._presence is _Presence.UNKNOWN:
            return _Move.ASK
        unread = [index for index, item in enumerate(items) if not self._is_before(item)]
        if not unread and not self._shows_end(snapshot):
            return _Move.FURTHER
        at_beginning = self._shows_beginning(snapshot)
        if unread and unread[0] == 0 and not at_beginning:
            return _Move.BACK
        if last is not None and last.key and self._presence is _Presence.UNKNOWN:
            return _Move.ASK
        if self._presence is _Presence.THERE and not at_beginning:
            # Its time misleads, as where summer time ends: it is further back.
            return _Move.BACK
        return unread

    def _is_read(self, key: str) -> bool:
        return key in self._recent or (bool(self._digests) and digest(key) in self._digests)

    def _is_before(self, message: MessageMessage) -> bool:
        """Whether a message is among the read ones, by its time of storage."""
        difference = self._after_last(message)
        return difference is not None and (difference > 0 if self.newest_first else difference < 0)

    def _after_last(self, message: MessageMessage) -> int | None:
        """How much later than the last one a message was stored; `None` if that is not known."""
        last, stamp = self._last, stamp_of(message.created_at)
        if last is None or last.stamp is None or stamp is None:
            return None
        return stamp.compared_to(last.stamp)

    def _came_late(self, message: MessageMessage, before: MessageMessage) -> bool:
        """Whether a message, by its time, came in between one that was read and the last one.

        The last one was deleted, or the place would tell. A time that contradicts the place, as
        when summer time ends on a server of 2023, tells nothing.
        """
        if not self._is_before(message):
            return False
        earlier, later = stamp_of(before.created_at), stamp_of(message.created_at)
        if earlier is None or later is None:
            return False
        difference = later.compared_to(earlier)
        return difference < 0 if self.newest_first else difference > 0

    # -- messages of the same time, which servers of 2023 give in any order -----------------------

    def _is_tied(self, message: MessageMessage) -> bool:
        last = self._last
        if last is None or last.created_at is None:
            return False
        return message.created_at == last.created_at or self._after_last(message) == 0

    def _is_disordered(self, items: list[MessageMessage], is_read: list[bool], at: int) -> bool:
        """Whether the response contradicts the order in which messages of one time were read."""
        if True in is_read[at + 1 :]:
            return self._is_tied(items[at + 1 + is_read[at + 1 :].index(True)])
        first = is_read.index(True)
        return False in is_read[first:at] and any(
            self._is_tied(items[index]) for index in range(first, at) if not is_read[index]
        )

    def _unread_of_one_time(
        self, items: list[MessageMessage], is_read: list[bool], snapshot: Snapshot
    ) -> list[int] | _Move | None:
        """The unread ones, where messages of the time of the last one are shown without order.

        On one page each of them is there once. `None`: there are none, or they are in order.
        """
        tied = [index for index, item in enumerate(items) if self._is_tied(item)]
        if all(is_read[index] for index in tied):
            return None
        first, final = tied[0], tied[-1]
        begins = first > 0 or self._shows_beginning(snapshot)
        ends = final < len(items) - 1 or self._shows_end(snapshot)
        if begins and ends:
            self._is_unordered = True
            return [index for index in range(first, len(items)) if not is_read[index]]
        if self._widened_around(snapshot, begins=begins, ends=ends):
            return _Move.AROUND
        order = [is_read[index] for index in tied]
        if order == sorted(order, reverse=True):
            return None
        raise unreadable(items[first].created_at, len(tied), self._largest)

    def _widened_around(self, snapshot: Snapshot, *, begins: bool, ends: bool) -> bool:
        """Ask for a larger part, which may show all messages of one time; tell whether there is."""
        width = max(1, snapshot.end - snapshot.start)
        newer, older = (begins, ends) if self.newest_first else (ends, begins)
        start = snapshot.start if newer else max(0, snapshot.start - width)
        end = snapshot.end if older else snapshot.end + width
        limit = self._largest
        if end - start > limit:
            end = min(end, start + limit) if newer else end
            start = max(start, end - limit)
        window = window_over(start, end, start, limit)
        if window.start >= snapshot.start and window.start + window.size <= snapshot.end:
            return False
        if self._around == (start, end):
            return False
        self._around = (start, end)
        return True

    # -- searching --------------------------------------------------------------------------------

    def _shows_beginning(self, snapshot: Snapshot) -> bool:
        """Whether there is nothing to read before what a response shows."""
        if self.newest_first:
            return snapshot.start == 0
        # An empty page is past the oldest message, nobody knows how far; unless there is none.
        return snapshot.ends and (bool(snapshot.items) or snapshot.start == 0)

    def _shows_end(self, snapshot: Snapshot) -> bool:
        """Whether there is nothing to read after what a response shows."""
        return snapshot.ends if self.newest_first else snapshot.start == 0

    def _end_search(self) -> None:
        self._around = None
        self._linear = 0
        self._is_unordered = False  # whether messages of one time are shown in any order
        self._is_lost = False  # whether nothing is shown that was read
        self._unread_at: int | None = None
        self._read_at: int | None = None
        self._stride = 0

    def _look_elsewhere(self, move: _Move, snapshot: Snapshot) -> None:
        if move is _Move.ASK and self._last is not None:
            self.doubt = self._last.key
            return
        if move is _Move.AROUND:
            return
        self._around = None
        self._widen()
        newest, oldest = snapshot.start, max(snapshot.start, snapshot.end - 1)
        if move is _Move.BACK:
            self._unread_at = newest if self.newest_first else oldest
        else:
            self._read_at = oldest if self.newest_first else newest
        self.position = max(0, self._probe(move, snapshot))

    def _probe(self, move: _Move, snapshot: Snapshot) -> int:
        """Where to look for the message that was read last."""
        back = -1 if self.newest_first else 1
        if self._guess is not None and snapshot.total_count is not None:
            guess, self._guess = max(0, snapshot.total_count - self._guess), None
            if not snapshot.start <= guess < snapshot.end:
                return guess
        unread, read = self._unread_at, self._read_at
        if unread is not None and read is not None:
            if (read - unread) * back > 0:
                gap = abs(read - unread)
                return read if gap <= self._reach else (read + unread) // 2
            self._read_at = self._unread_at = None  # everything has moved meanwhile
        if move is _Move.FURTHER:
            edge, direction = read or 0, -back
        else:
            edge, direction = unread or 0, back
        if self._presence is _Presence.THERE:
            self._linear += 1
            if self._linear > _MOST_LINEAR:
                self._linear, self._presence = 0, _Presence.UNKNOWN
        if self._presence is _Presence.THERE or (move is _Move.FURTHER and not self._is_lost):
            self._stride = 0
        else:
            self._stride = max(self._reach, 2 * self._stride)
        jump = self._reach if move is _Move.BACK else 0
        return edge + direction * max(jump, self._stride)

    def _widen(self) -> None:
        self._reach = max(self._base, min(2 * self._reach, _WIDEST))

    def _read_to(self, message: MessageMessage) -> None:
        key = message.jti or identity(message)
        created_at = message.created_at
        if self._digests and not self._is_tied(message):
            self._digests = frozenset()  # of another time: from here on the ids tell
        self._last = _Last(key, created_at, stamp_of(created_at))
        self._presence = _Presence.UNKNOWN if message.jti else _Presence.GONE

    def _remember(self, messages: Iterable[MessageMessage]) -> None:
        recent = self._recent
        created_at = None
        for message in messages:
            created_at = message.created_at
            key = message.jti or identity(message)
            recent.pop(key, None)
            recent[key] = created_at
        while len(recent) > self._remembered:
            oldest = next(iter(recent))
            if recent[oldest] == created_at and len(recent) <= self._remembered + LARGEST:
                break
            del recent[oldest]


def unreadable(created_at: str | None, count: int, largest: int) -> ApiException:
    """Make the error for messages whose order cannot be read."""
    return ApiException(
        0,
        f"More than {count} messages were stored at {created_at}, and the server gives them in "
        f"another order each time. They can be read only on one page that holds them all: with a "
        f"per_page of more than {largest}, which the server does not give",
    )
