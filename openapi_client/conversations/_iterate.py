"""Every message of a conversation, lazily: page by page, and one by one."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from math import ceil

from typing_extensions import Self

from openapi_client.conversations._arguments import check_at_least
from openapi_client.conversations._count import MessageCount
from openapi_client.conversations._prefetch import Prefetch
from openapi_client.conversations._reader import Reader
from openapi_client.conversations._windows import LARGEST, FetchPage, Snapshot, Window
from openapi_client.exceptions import DeserializationException
from openapi_client.models import MessageMessage, MessageResponse

# A search for the place where reading goes on takes some; a cache that gives the same page for each
# request would make it endless.
_MOST_FRUITLESS = 100


class PageIterator(Iterator[MessageResponse]):
    """The pages of a conversation; each message is on one of them.

    They are cut as if the conversation stood still: `page`, `per_page` and `page_count` say so,
    whatever the requests were. A page has fewer than `per_page` messages if it is the last one, or
    if others came in or were deleted meanwhile. `len()` is the number of pages to come; the first
    `len()`, like the first `next()`, makes requests.

    An error leaves it where it was: `next()` asks again. Safe for several threads.

    Args:
        fetch: makes a request.
        per_page: messages on a page, from 1; more than 1000 are as 1000.
        max_items: messages on all pages together; `None` for all.
        workers: requests at a time.
        newest_first: from the newest message to the oldest, or the other way.

    Raises:
        ApiValueError: an argument makes no sense.
    """

    def __init__(
        self,
        fetch: FetchPage,
        *,
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
        self._per_page = min(per_page, LARGEST)
        self._left = max_items
        self._done = max_items == 0
        self._count: MessageCount | None = None
        self._held: Snapshot | None = None
        self._reader = Reader(newest_first=newest_first, reach=self._per_page)
        self._prefetch = Prefetch(fetch, workers)
        self._planned_to = 0
        self._page_number = 0
        self._items_given = 0
        self._lock = threading.Lock()

    def __iter__(self) -> Self:
        return self

    def __bool__(self) -> bool:
        return True

    def __next__(self) -> MessageResponse:
        with self._lock:
            for _ in range(_MOST_FRUITLESS):
                if self._done:
                    break
                page = self._next_page()
                if page is not None:
                    return page
            if not self._done:
                raise DeserializationException(
                    200, f"{_MOST_FRUITLESS} requests in a row have brought nothing new"
                )
            self._prefetch.close()
            raise StopIteration

    def __len__(self) -> int:
        return ceil(self.items_left / self._per_page)

    def __length_hint__(self) -> int:
        return len(self)

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
            if self._done:
                return 0
            count, given = self._opened(), self._items_given
            if self._left is not None and count.shown - given >= self._left:
                return self._left
            left = max(0, count.value() - given)
            return left if self._left is None else min(left, self._left)

    def close(self) -> None:
        """End the iteration, and its threads as soon as their requests have ended."""
        with self._lock:
            self._done = True
            self._held = None
            self._prefetch.close()

    def _opened(self) -> MessageCount:
        """Look at the conversation for the first time, if that has not been done."""
        if self._count is None:
            reader = self._reader
            if reader.newest_first:
                self._held = first = self._fetch(reader.next_window())
                self._count = MessageCount(self._fetch, first)
            else:
                count = MessageCount(self._fetch, self._fetch(Window(1, 1)))
                reader.position = count.value()
                self._count = count
        return self._count

    def _next_page(self) -> MessageResponse | None:
        count = self._opened()
        snapshot, self._held = self._held, None
        if snapshot is None:
            self._plan(count)
            snapshot = self._prefetch.take()
        room = self._per_page if self._left is None else min(self._per_page, self._left)
        taken = self._reader.take(snapshot, room)
        self._done = self._reader.finished
        if not taken:
            # What was planned is for another place than where the reader is.
            self._prefetch.discard()
            return None
        if self._left is not None:
            self._left -= len(taken)
            self._done = self._done or self._left == 0
        self._items_given += len(taken)
        self._page_number += 1
        return self._page(snapshot.response, taken)

    def _plan(self, count: MessageCount) -> None:
        reader, prefetch, step = self._reader, self._prefetch, self._per_page
        while prefetch.room:
            position = reader.position
            if prefetch.planned:
                if not reader.steady or (
                    self._left is not None and prefetch.planned * step >= self._left
                ):
                    return
                position = self._planned_to
                if not 0 < position < count.claimed - 1:
                    return
            window = reader.window_at(position)
            # Where reading will be after that window: a page, or as far as the window goes. The
            # largest pages have no room for the overlap, so a window of them brings a little less.
            if reader.newest_first:
                self._planned_to = min(position + step, window.start + window.size - 1)
            else:
                self._planned_to = max(position - step, window.start)
            prefetch.plan(window)

    def _page(self, response: MessageResponse, items: list[MessageMessage]) -> MessageResponse:
        told: dict[str, object] = {
            "items": items,
            "page": self._page_number,
            "per_page": self._per_page,
        }
        if response.total_count is not None:
            told["page_count"] = ceil(response.total_count / self._per_page)
        return response.model_copy(update=told)


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
        self._items: deque[MessageMessage] = deque()
        self._lock = threading.Lock()

    def __iter__(self) -> Self:
        return self

    def __bool__(self) -> bool:
        return True

    def __next__(self) -> MessageMessage:
        with self._lock:
            while not self._items:
                self._items.extend(next(self._pages).items or ())
            return self._items.popleft()

    def __len__(self) -> int:
        with self._lock:
            return len(self._items) + self._pages.items_left

    def __length_hint__(self) -> int:
        return len(self)

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
            self._items.clear()
            self._pages.close()
