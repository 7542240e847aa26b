"""Messages of the same time, which servers of 2023 give in another order on each page.

On one page each of them is there once. So a page is asked for that holds all of them.
"""

from __future__ import annotations

from openapi_client.conversations._windows import window_over
from openapi_client.exceptions import ApiException
from openapi_client.models import MessageMessage


def is_of_one_time(items: list[MessageMessage], indexes: list[int], number: int) -> bool:
    """Tell whether the item at an index has the time of the one at the index before it."""
    before, item = items[indexes[number - 1]], items[indexes[number]]
    return item.created_at is not None and item.created_at == before.created_at


def part_around(
    first: int, final: int, largest: int, *, newer: bool, older: bool
) -> tuple[int, int] | None:
    """Return a larger part than messages of one time were shown on, from a position to before one.

    Args:
        first: the position of the newest of them that was shown.
        final: the position of the oldest of them that was shown.
        largest: messages on the largest page.
        newer: whether another one, or the end, was shown beside the newest of them.
        older: whether another one, or the end, was shown beside the oldest of them.

    Returns:
        `None` if no page holds more of them.
    """
    growth = final - first + 1
    while growth:
        start = max(0, first - (1 if newer else growth))
        end = final + 1 + (1 if older else growth)
        window = window_over(start, end, start, largest)
        if window.start <= start and window.start + window.size >= end:
            return start, end
        growth //= 2
    return None


def unreadable(created_at: str | None, count: int, largest: int) -> ApiException:
    """Make the error for messages that no page holds all of."""
    return ApiException(
        0,
        f"The server's order cannot be read: at least {count} messages were stored at "
        f"{created_at}, and it gives them in another order on each page. A page that holds all of "
        f"them can be read, with a per_page of {count + 1} at least; the server gives {largest} at "
        "most",
    )
