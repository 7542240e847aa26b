"""How many messages a conversation has."""

from __future__ import annotations

from bisect import bisect_left

from openapi_client.conversations._windows import LARGEST, FetchPage, Snapshot, Window
from openapi_client.exceptions import DeserializationException

# More messages than any conversation has; a server that has more gives the same ones for each page.
_MOST = 2**31


class MessageCount:
    """The number of messages of a conversation, as it was when it was first looked at.

    Servers of 2023 count the messages of all conversations, so what they say is tested, by one
    small request; if it is too much, the end is found by halving: a request per power of two. If
    the server says nothing sensible, the end is looked for by doubling first.

    Args:
        fetch: makes a request.
        first: a response that begins with the newest message, if there is one.
    """

    def __init__(self, fetch: FetchPage, first: Snapshot) -> None:
        self._fetch = fetch
        self.shown: int = first.end
        """How many messages the first response has shown to be there."""
        total = first.total_count
        self.claimed: int = first.end if first.ends or total is None else max(total, first.end)
        """What the server says; nobody has tested it."""
        self._is_known = first.ends
        self._is_claimed = total is not None and total >= first.end
        self._value: int | None = None

    def value(self) -> int:
        """Return the number of messages.

        Raises:
            ApiException: a request failed.
        """
        if self._value is None:
            self._value = self._counted()
        return self._value

    def _counted(self) -> int:
        shown, most = self.shown, self.claimed
        if self._is_known:
            return shown
        if self._is_claimed:
            if most == shown or self._is_there(most - 1):
                return most
        else:
            most = max(1, shown)
            while self._is_there(most):
                most *= 2
                if most > _MOST:
                    raise DeserializationException(
                        200,
                        "The server says no count, and has a message for each page",
                    )
        # The first of the largest pages that is not there; the one before it holds the end.
        page = bisect_left(
            range(most // LARGEST + 1),
            True,
            lo=max(1, shown // LARGEST),
            key=lambda number: not self._is_there(number * LARGEST),
        )
        return max(shown, self._fetch(Window(page, LARGEST)).end)

    def _is_there(self, position: int) -> bool:
        snapshot = self._fetch(Window(position + 1, 1))
        return snapshot.start == position and bool(snapshot.items)
