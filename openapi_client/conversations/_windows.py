"""What one request shows of a conversation, and which request shows a given part of it.

Messages are counted from the newest one, which is at position 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from openapi_client.exceptions import DeserializationException
from openapi_client.models import MessageMessage, MessageResponse

LARGEST = 1000
"""Messages on the largest page that servers give."""

_MOST_MESSAGES = 2**48
"""A larger number of messages is none."""


class Window(NamedTuple):
    """A request for a page: positions from `start` to before `start + size`."""

    page: int
    size: int

    @property
    def start(self) -> int:
        """The position of the first message on the page."""
        return (self.page - 1) * self.size


class Snapshot(NamedTuple):
    """What a request has shown: messages that stood beside each other at one moment."""

    start: int
    """The position of the first of them at that moment."""
    size: int
    """The number of messages that there was room for."""
    asked: int
    """The number of messages that room was asked for."""
    response: MessageResponse

    @property
    def items(self) -> list[MessageMessage]:
        """The messages, newest first."""
        return self.response.items or []

    @property
    def end(self) -> int:
        """The position after the last of them."""
        return self.start + len(self.items)

    @property
    def total_count(self) -> int | None:
        """What the server says how many messages there are; `None` if it says nothing sensible."""
        total = self.response.total_count
        return total if total is not None and 0 <= total <= _MOST_MESSAGES else None

    @property
    def ends(self) -> bool:
        """Whether the conversation had no messages after these.

        `total_count` and `page_count` cannot tell: servers count them before they read the page,
        and some count the messages of all conversations.
        """
        return len(self.items) < self.size


FetchPage = Callable[[Window], Snapshot]
"""Makes the request."""


def page_of(response: MessageResponse | None) -> MessageResponse:
    """Return a page if a server has answered with one: `null` and an empty body are none.

    Raises:
        DeserializationException: it has not.
    """
    if response is None:
        raise DeserializationException(200, "The response is not a page of messages")
    return response


def snapshot_of(response: MessageResponse, window: Window) -> Snapshot:
    """Read the response to a request for a page; past the end that may be an earlier page.

    What it says of itself counts only if it can be true.
    """
    page, size = response.page, response.per_page
    if page is None or not 1 <= page <= window.page:
        page = window.page
    if size is None or not max(1, len(response.items or ())) <= size <= LARGEST:
        size = max(window.size, len(response.items or ()))
    return Snapshot(Window(page, size).start, size, window.size, response)


def window_over(start: int, end: int, keep: int, largest: int = LARGEST) -> Window:
    """Return the smallest page that holds the positions from `start` to before `end`.

    A page of `size` messages begins at a multiple of `size`, so not every part of a conversation
    is a page; but a slightly larger page can nearly always be found that holds it. Where there is
    none up to `largest`, it is the page that holds most of that part, `keep` included.
    """
    width = end - start
    for size in range(width, largest + 1):
        if start % size + width <= size:
            return Window(start // size + 1, size)

    def held(size: int) -> int:
        begin = keep - keep % size
        return min(end, begin + size) - max(start, begin)

    size = max(range(largest // 2 + 1, largest + 1), key=held)
    return Window(keep // size + 1, size)
