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
    """The answer to a request for a page; past the end that may be another page than asked for."""
    shown = Window(response.page or window.page, response.per_page or window.size)
    return Snapshot(shown.start, shown.size, window.size, response)


def window_over(start: int, end: int, keep: int, largest: int = LARGEST) -> Window:
    """The smallest page that holds the positions from `start` to before `end`.

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
