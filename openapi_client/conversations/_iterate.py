"""Every message of a conversation, lazily: page by page, and one by one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from math import ceil

from typing_extensions import Self

from openapi_client._forks import renew_after_fork
from openapi_client.conversations._arguments import check_at_least
from openapi_client.conversations._count import MessageCount
from openapi_client.conversations._cursor import Batch, Cursor, cursor_after
from openapi_client.conversations._prefetch import Prefetch
from openapi_client.conversations._progress import Progress, settle_doubt
from openapi_client.conversations._reader import Reader
from openapi_client.conversations._times import NEVER, Times
from openapi_client.conversations._turn import Turn
from openapi_client.conversations._windows import LARGEST, FetchPage, Snapshot, Window
from openapi_client.models import MessageMessage, MessageResponse


class PageIterator(Iterator[MessageResponse]):
    """The pages of a conversation; each message is on one of them.

    They are cut as if the conversation stood still: `page`, `per_page` and `page_count` say so,
    whatever the requests were. A page has fewer than `per_page` messages if it is the last one, or
    if others came in or were deleted meanwhile. `len()` is the number of pages to come; the first
    `len()`, like the first `next()`, makes requests.

    An error leaves it where it was: `next()` asks again. Safe for several threads.

    Args:
        fetch: makes a request for a page.
        get: gets a message by its `jti`.
        after: the place to begin after; `None` for the beginning.
        times: time and chance.
        per_page: messages on a page, from 1; more than 1000 count as 1000.
        max_items: messages on all pages together; `None` for all.
        workers: requests at a time.
        newest_first: from the newest message to the oldest, or the other way.

    Raises:
        ApiValueError: an argument makes no sense.
    """

    def __init__(
        self,
        fetch: FetchPage,
        get: Callable[[str], MessageMessage],
        *,
        after: Cursor | None,
        times: Times,
        per_page: int,
        max_items: int | None,
        workers: int,
        newest_first: bool,
    ) -> None:
        check_at_least("per_page", per_page, 1)
        check_at_least("workers", workers, 1)
        if max_items is not None:
            check_at_least("max_items", max_items, 0)
            per_page = max(1, min(per_page, max_items))
        self._fetch = fetch
        self._get = get
        self._per_page = min(per_page, LARGEST)
        self._left = max_items
        self._done = max_items == 0
        self._is_resumed = after is not None and after != Cursor()
        self._count: MessageCount | None = None
        self._held: Snapshot | None = None
        self._reader = Reader(newest_first=newest_first, reach=self._per_page, after=after)
        self._prefetch = Prefetch(fetch, workers)
        self._progress = Progress(times, NEVER)
        self._planned_to = 0
        self._page_number = 0
        self._given = 0
        self._late: int = 0
        self.late: int = 0
        """How many messages on the last page stand before those that had been read."""
        self._response = MessageResponse()
        self._unread: deque[MessageMessage] = deque()
        self._place = after or Cursor()
        self._lock = Turn()
        renew_after_fork(self)

    def __iter__(self) -> Self:
        return self

    def __bool__(self) -> bool:
        return True

    def __next__(self) -> MessageResponse:
        with self._lock:
            while not self._done and len(self._unread) < self._room:
                self._read_on()
            if not self._unread or not self._room:
                self._done = True
                self._prefetch.close()
                raise StopIteration
            return self._next_page()

    def __len__(self) -> int:
        return ceil(self.items_left / self._per_page)

    def __length_hint__(self) -> int:
        return len(self)

    @property
    def newest_first(self) -> bool:
        """The direction."""
        return self._reader.newest_first

    @property
    def cursor(self) -> Cursor:
        """The place after the page that was given last."""
        return self._place

    @property
    def total_count(self) -> int:
        """How many messages the conversation had at first.

        This is the truth where servers of 2023 count the messages of all conversations.

        Raises:
            ApiException: a request failed.
        """
        with self._lock:
            return self._opened().value()

    @property
    def items_left(self) -> int:
        """How many messages are to come, as far as `total_count` and `max_items` tell.

        Raises:
            ApiException: a request failed.
        """
        with self._lock:
            left = self._left
            if self._done:
                return len(self._unread) if left is None else min(len(self._unread), left)
            count = self._opened()
            if self._is_resumed:
                while not (self._done or self._unread or self._given):
                    self._read_on()
                to_come = len(self._unread) + self._reader.to_come(count.value())
            elif left is not None and count.shown - self._given >= left:
                return left
            else:
                to_come = max(0, count.value() - self._given)
            return to_come if left is None else min(left, to_come)

    def close(self) -> None:
        """End the iteration, and its threads as soon as their requests have ended."""
        with self._lock:
            self._done = True
            self._held = None
            self._unread.clear()
            self._prefetch.close()

    def after_fork(self) -> None:
        """Go on in a forked child, with a lock and threads of its own."""
        self._lock = Turn()
        self._prefetch.after_fork()

    @property
    def _room(self) -> int:
        """How many messages the next page has room for."""
        return self._per_page if self._left is None else min(self._per_page, self._left)

    def _opened(self) -> MessageCount:
        """Look at the conversation for the first time, if that has not been done."""
        if self._count is None:
            reader = self._reader
            if reader.newest_first or self._is_resumed:
                first = self._fetch(Window(1, self._per_page))
                self._held, self._count = first, MessageCount(self._fetch, first)
            else:
                count = MessageCount(self._fetch, self._fetch(Window(1, 1)))
                reader.position = count.value()
                self._count = count
        return self._count

    def _read_on(self) -> None:
        count = self._opened()
        settle_doubt(self._reader, self._get)
        snapshot, self._held = self._held, None
        if snapshot is None:
            self._plan(count)
            snapshot = self._prefetch.take()
        taken = self._reader.take(snapshot, self._per_page)
        self._done = self._reader.finished
        if taken or self._done:
            self._progress.made()
            self._response = snapshot.response.model_copy(update={"items": []})
            self._late = self._late if self._unread else self._reader.late
            self._unread.extend(taken)
            return
        # What was planned is for another place than where the reader is.
        self._prefetch.discard()
        if self._reader.doubt is None:
            self._progress.missed(snapshot)

    def _plan(self, count: MessageCount) -> None:
        reader, prefetch, step = self._reader, self._prefetch, self._per_page
        while prefetch.room:
            position, number = reader.position, prefetch.planned + 1
            if prefetch.planned:
                position = self._planned_to
                if (
                    not reader.is_steady(number)
                    or not 0 < position < count.claimed - 1
                    or (self._left is not None and prefetch.planned * step >= self._left)
                ):
                    return
            window = reader.next_window() if number == 1 else reader.window_at(position, number)
            # Where reading will be after that window: a page, or as far as the window goes. The
            # largest pages have no room for the overlap, so a window of them brings a little less.
            if reader.newest_first:
                self._planned_to = min(position + step, window.start + window.size - 1)
            else:
                self._planned_to = max(position - step, window.start)
            prefetch.plan(window)

    def _next_page(self) -> MessageResponse:
        items = [self._unread.popleft() for _ in range(min(self._room, len(self._unread)))]
        if self._left is not None:
            self._left -= len(items)
            self._done = self._done or self._left == 0
        self._given += len(items)
        self._page_number += 1
        self.late = min(self._late, len(items))
        self._late -= self.late
        rank = self._reader.rank_before(len(self._unread))
        self._place = cursor_after(self._place, items, rank, self.late)
        told: dict[str, object] = {
            "items": items,
            "page": self._page_number,
            "per_page": self._per_page,
        }
        total = self._response.total_count
        if total is not None:
            told["page_count"] = ceil(total / self._per_page)
        return self._response.model_copy(update=told)


class MessageIterator(Iterator[MessageMessage]):
    """The messages of a conversation, each once.

    It asks for a page when the one before it is used up. `len()` is the number of messages to come,
    so that progress bars know it; the first `len()`, like the first `next()`, makes requests.

    An error leaves it where it was: `next()` asks again. Safe for several threads.

    Args:
        pages: where the messages are.
    """

    def __init__(self, pages: PageIterator) -> None:
        self._pages = pages
        self._batch = Batch(pages.cursor, [], deque())
        self._lock = Turn()
        renew_after_fork(self)

    def __iter__(self) -> Self:
        return self

    def __bool__(self) -> bool:
        return True

    def __next__(self) -> MessageMessage:
        with self._lock:
            while not self._batch.to_come:
                start, pages = self._batch.cursor, self._pages
                page = next(pages).items or []
                self._batch = Batch(
                    start, page, deque(page), pages.cursor.rank, pages.newest_first, pages.late
                )
            return self._batch.to_come.popleft()

    def __len__(self) -> int:
        with self._lock:
            return len(self._batch.to_come) + self._pages.items_left

    def __length_hint__(self) -> int:
        return len(self)

    @property
    def cursor(self) -> Cursor:
        """The place after the message that was given last.

        Keep it once that message was dealt with; `messages(after=...)` and `follow(after=...)` go
        on there.
        """
        return self._batch.cursor

    @property
    def total_count(self) -> int:
        """How many messages the conversation had at first; see `PageIterator.total_count`.

        Raises:
            ApiException: a request failed.
        """
        return self._pages.total_count

    def close(self) -> None:
        """End the iteration, and its threads as soon as their requests have ended."""
        with self._lock:
            self._batch = Batch(self._batch.cursor, [], deque())
            self._pages.close()

    def after_fork(self) -> None:
        """Go on in a forked child, with a lock of its own."""
        self._lock = Turn()
