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

from typing import NamedTuple

from openapi_client.conversations._cursor import Cursor, Stamp, identity, stamp_of
from openapi_client.conversations._late import LateSearch, missing_before
from openapi_client.conversations._memory import Drift, Memory
from openapi_client.conversations._search import Move, Presence, Search
from openapi_client.conversations._ties import is_of_one_time, part_around, unreadable
from openapi_client.conversations._windows import LARGEST, Snapshot, Window, window_over
from openapi_client.models import MessageMessage

# A page that holds a given part can be found if the part is well below the largest page.
_WIDEST = LARGEST // 2

# Requests in a row for a larger part with messages of one time; each is for twice as many.
_MOST_AROUND = 16

_UNMEASURED = 4
"""Requests at a time while it is not known yet how much changes between them."""


class _Last(NamedTuple):
    """The message that was read last."""

    key: str
    created_at: str | None
    stamp: Stamp | None


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
        self._memory = Memory(2 * (LARGEST if follows else reach))
        self._drift = Drift()
        self._search = Search(newest_first=newest_first)
        self._is_resumed = False  # whether nothing was read yet after the place to begin after
        self._last: _Last | None = None
        self._around: tuple[int, int] | None = None
        self._arounds = 0
        self._is_unordered = False  # whether messages of one time are shown in any order
        self._is_lost = False  # whether nothing is shown that was read
        self._late_search: LateSearch | None = None
        self._watches = follows or after is not None
        if after is not None:
            self._begin_after(after)

    def _begin_after(self, after: Cursor) -> None:
        self._is_resumed = True
        self._memory.digests = frozenset(after.read)
        self._search.guess = self.rank = after.rank
        if after.jti is not None:
            self._last = _Last(after.jti, after.created_at, stamp_of(after.created_at))
            self._memory.add_place(after.jti, after.created_at)
        elif after.created_at is not None:
            self._last = _Last("", after.created_at, stamp_of(after.created_at))

    # -- what to ask for --------------------------------------------------------------------------

    def is_steady(self, requests: int) -> bool:
        """Tell whether so many requests can be planned: it does not search, and little changes."""
        if not self._drift.is_known and requests > _UNMEASURED:
            return False
        spread = 4 * requests * max(abs(self._drift.low), abs(self._drift.high))
        most = min(self._base, self._largest - self._base)
        return self._reach == self._base and self._around is None and spread <= max(0, most)

    def next_window(self) -> Window:
        """Return the part to ask for."""
        if self._late_search is not None:
            return self._late_search.next_window()
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
        low, high = self._drift.low, self._drift.high
        if requests > 1:  # in threads: any number of them may be answered first
            low, high = min(0, requests * low), max(0, requests * high)
        again = self._memory.again if self._last is not None else 0
        if not self.newest_first:
            # Where it will stand, and as much towards the newest as comes in, beside the reach.
            start = max(0, position + low - self._reach - max(0, high))
            end = max(position + max(0, high) + 1 + again, min(start + self._reach, self._largest))
            return window_over(start, end, max(start, position + high), self._largest)
        if self._last is None:
            return Window(1, self._reach)
        # One message that has been read before those to come, and room for one after them, so that
        # a response that is not full shows where the conversation ends.
        start = max(0, position + low - again)
        end = max(start, position + high) + self._reach + 2
        return window_over(start, end, start, self._largest)

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
        self._memory.add(newest[::-1])
        if newest:
            self._read_to(newest[0])
            self._drift.begin(0)

    def settle(self, message: MessageMessage | None) -> bool:
        """Take the message that was in doubt, or `None` if there is none.

        Returns:
            Whether reading can go on: `False` if the place is lost with the message.
        """
        self.doubt = None
        self._search.presence = Presence.GONE if message is None else Presence.THERE
        if message is not None and self._last is not None:
            stamp = stamp_of(message.created_at)
            if self._last.stamp is None or stamp is None:
                # Now its time is known, and tells more than looking at one part after another.
                self._search.presence = Presence.UNKNOWN if stamp is not None else Presence.THERE
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
        self.late = 0
        if self._late_search is not None:
            self._late_search.note(snapshot)
            return self._found_late(self._late_search)
        items = snapshot.items if self.newest_first else snapshot.items[::-1]
        keys = [item.jti or identity(item) for item in items]
        at = (
            None if self._last is None or self._last.key not in keys else keys.index(self._last.key)
        )
        self._drift.note(None if at is None else self._position_of(at, snapshot))
        if at is not None and self._begins_late_search(keys, at, snapshot):
            return []
        unread = self._unread(items, keys, at, snapshot)
        if isinstance(unread, Move):
            self._look_elsewhere(unread, snapshot)
            return []
        self._around, self._arounds = None, 0
        self._search.end()
        unread, left = self._within(limit, items, unread)
        self.finished = not left and self._shows_end(snapshot)
        if (unread and not self._follows) or self.finished:
            self._reach = self._base
        else:
            self._widen()
        final = unread[-1] if left else len(items) - 1
        self.position = self._position_of(final, snapshot) if items else snapshot.start
        if items and (unread or at is not None or self._follows):
            self.late = sum(index < at for index in unread) if at is not None else 0
            self._move_on(items, unread, final, snapshot)
        return [items[index] for index in unread]

    def _within(
        self, limit: int | None, items: list[MessageMessage], unread: list[int]
    ) -> tuple[list[int], list[int]]:
        """Part the unread messages of a response into those to take now and those to leave."""
        has_to_take_all = self._is_unordered or (self._drift.high > 0 and not self.newest_first)
        if limit is None or has_to_take_all:
            return unread, []
        # Those of one time are not parted: another response may show them in another order.
        while 0 < limit < len(unread) and is_of_one_time(items, unread, limit):
            limit += 1
        return unread[:limit], unread[limit:]

    def _move_on(
        self, items: list[MessageMessage], unread: list[int], final: int, snapshot: Snapshot
    ) -> None:
        """Note where reading is after a response that is read up to an item."""
        # Who follows knows those around them too, so as to see what comes in between.
        begin = 0 if self._follows else min([final, *unread[:1]])
        self._memory.add(items[begin : final + 1])
        self._read_to(items[final])
        self._drift.begin(self.position)
        total = snapshot.total_count
        self.rank = None if total is None else total - self.position

    def _position_of(self, index: int, snapshot: Snapshot) -> int:
        """Return the position of an item, counted in the order of reading."""
        return snapshot.start + index if self.newest_first else snapshot.end - 1 - index

    def _unread(
        self, items: list[MessageMessage], keys: list[str], at: int | None, snapshot: Snapshot
    ) -> list[int] | Move:
        """Return where in `items`, which are in the order of reading, the unread ones are."""
        everything = range(len(items))
        at_beginning = self._shows_beginning(snapshot)
        if not items and not at_beginning:
            # Past the oldest message.
            return Move.BACK if self.newest_first else Move.FURTHER
        if self._last is None:
            return list(everything) if at_beginning else Move.BACK
        self._is_unordered = False
        is_read = [key in self._memory for key in keys]
        if at is None or self._is_disordered(items, keys, is_read, at, snapshot):
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
        """Return the unread ones, where a message is shown that was read."""
        if self._follows and at is not None:
            first = self._memory.known_from(keys)
        else:
            first = at if at is not None else len(items) - 1 - is_read[::-1].index(True)
        unread = [index for index in range(first, len(items)) if not is_read[index]]
        if self._follows or at is not None:
            return unread
        before = items[first]
        return [index for index in unread if not self._came_late(items[index], before)]

    def _unread_by_time(self, items: list[MessageMessage], snapshot: Snapshot) -> list[int] | Move:
        """Return the unread ones, where no message is shown that was read."""
        last = self._last
        if last is not None and last.stamp is None and self._search.presence is Presence.UNKNOWN:
            return Move.ASK
        unread = [index for index, item in enumerate(items) if not self._is_before(item)]
        if not unread and not self._shows_end(snapshot):
            return Move.FURTHER
        at_beginning = self._shows_beginning(snapshot)
        if unread and unread[0] == 0 and not at_beginning:
            return Move.BACK
        if last is not None and last.key and self._search.presence is Presence.UNKNOWN:
            return Move.ASK
        if self._search.presence is Presence.THERE and not at_beginning:
            # Its time misleads, as where summer time ends: it is further back.
            return Move.BACK
        return unread

    def _is_before(self, message: MessageMessage) -> bool:
        """Return whether a message is among the read ones, by its time of storage."""
        difference = self._after_last(message)
        return difference is not None and (difference > 0 if self.newest_first else difference < 0)

    def _after_last(self, message: MessageMessage) -> int | None:
        """How much later than the last one a message was stored; `None` if that is not known."""
        last, stamp = self._last, stamp_of(message.created_at)
        if last is None or last.stamp is None or stamp is None:
            return None
        return stamp.compared_to(last.stamp, exactly=not self._is_resumed)

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
        difference = later.compared_to(earlier, exactly=True)
        # Of one time with that one: its place says nothing, and by its time it was read.
        return difference <= 0 if self.newest_first else difference >= 0

    # -- messages of the same time, which servers of 2023 give in any order -----------------------

    def _is_tied(self, message: MessageMessage) -> bool:
        last = self._last
        if last is None or last.created_at is None:
            return False
        return message.created_at == last.created_at or self._after_last(message) == 0

    def _is_disordered(
        self,
        items: list[MessageMessage],
        keys: list[str],
        is_read: list[bool],
        at: int,
        snapshot: Snapshot,
    ) -> bool:
        """Whether the response contradicts the order in which messages of one time were read."""
        if self._is_resumed:
            return True  # nothing tells in which order they were read
        read = self._memory.last_of_one_time()
        shown = keys[max(0, at + 1 - len(read)) : at + 1]
        if len(read) > 1 and shown != read[-len(shown) :]:
            return True
        # Whether the place can be trusted: all of that time that were read, and one before them.
        goes_on = self._is_tied(items[at + 1]) if at + 1 < len(items) else self._shows_end(snapshot)
        if goes_on and at < self._memory.again and not self._shows_beginning(snapshot):
            return True
        if True in is_read[at + 1 :]:
            return self._is_tied(items[at + 1 + is_read[at + 1 :].index(True)])
        return any(not is_read[index] and self._is_tied(items[index]) for index in range(at))

    def _unread_of_one_time(
        self, items: list[MessageMessage], is_read: list[bool], snapshot: Snapshot
    ) -> list[int] | Move | None:
        """The unread ones, where messages of the time of the last one are shown without order.

        On one page each of them is there once. `None`: there are none, or they are in order.
        """
        tied = [index for index, item in enumerate(items) if self._is_tied(item)]
        if not tied:
            return None
        first, final = tied[0], tied[-1]
        begins = first > 0 or self._shows_beginning(snapshot)
        if begins and all(is_read[index] for index in tied):
            return None
        ends = final < len(items) - 1 or self._shows_end(snapshot)
        if begins and ends:
            self._is_unordered = True
            self._drift = Drift()  # where the last one was seen among them says nothing
            return [index for index in range(first, len(items)) if not is_read[index]]
        newest, oldest = sorted(self._position_of(index, snapshot) for index in (first, final))
        newer, older = (begins, ends) if self.newest_first else (ends, begins)
        around = part_around(newest, oldest, self._largest, newer=newer, older=older)
        self._arounds += 1
        if around is not None and self._arounds <= _MOST_AROUND:
            self._around = around
            return Move.AROUND
        order = [is_read[index] for index in tied]
        if self.newest_first and begins and True in order:
            order = order[order.index(True) :]  # those before may have come in meanwhile
        if order == sorted(order, reverse=True):
            return None
        raise unreadable(items[first].created_at, len(tied), self._largest)

    # -- messages that stand where nobody looks for new ones --------------------------------------

    def _begins_late_search(self, keys: list[str], at: int, snapshot: Snapshot) -> bool:
        """Look for messages before the last one, if the server counts more of them."""
        last, position = self._last, self._position_of(at, snapshot)
        if not self._watches or self.newest_first or last is None or last.stamp is None:
            return False
        missing = missing_before(last.stamp, self.rank, position, snapshot.total_count)
        known_from = self._memory.known_from(keys)
        if missing <= sum(key not in self._memory for key in keys[known_from:at]):
            return False
        self._late_search = LateSearch(last.stamp, missing, position)
        return True

    def _found_late(self, search: LateSearch) -> list[MessageMessage]:
        if not search.is_over:
            return []
        self._late_search = None
        self.position = search.position
        self.rank = (self.rank or 0) + search.missing
        found = {key: one for key, one in search.found().items() if key not in self._memory}
        self._memory.add_late(found)
        self.late = len(found)
        return list(found.values())

    # -- searching --------------------------------------------------------------------------------

    def _shows_beginning(self, snapshot: Snapshot) -> bool:
        """Return whether there is nothing to read before what a response shows."""
        if self.newest_first:
            return snapshot.start == 0
        # An empty page is past the oldest message, nobody knows how far; unless there is none.
        return snapshot.ends and (bool(snapshot.items) or snapshot.start == 0)

    def _shows_end(self, snapshot: Snapshot) -> bool:
        """Return whether there is nothing to read after what a response shows."""
        return snapshot.ends if self.newest_first else snapshot.start == 0

    def _look_elsewhere(self, move: Move, snapshot: Snapshot) -> None:
        if move is Move.ASK and self._last is not None:
            self.doubt = self._last.key
            return
        if move is Move.AROUND:
            return
        self._around = None
        self._widen()
        self.position = self._search.probe(move, snapshot, self._reach, is_lost=self._is_lost)

    def _widen(self) -> None:
        self._reach = max(self._base, min(2 * self._reach, _WIDEST))

    def _read_to(self, message: MessageMessage) -> None:
        key = message.jti or identity(message)
        created_at = message.created_at
        if self._memory.digests and not self._is_tied(message):
            self._memory.digests = frozenset()  # of another time: from here on the ids tell
        self._last = _Last(key, created_at, stamp_of(created_at))
        self._is_resumed = False
        self._watches = self._follows
        self._search.presence = Presence.UNKNOWN if message.jti else Presence.GONE
