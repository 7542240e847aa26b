"""How many messages a conversation has."""

from __future__ import annotations

from bisect import bisect_left

from openapi_client.conversations._windows import LARGEST, FetchPage, Snapshot, Window


class MessageCount:
    """The number of messages of a conversation, as it was when it was first looked at.

    Servers of 2023 count the messages of all conversations, so what they say is tested, by one
    small request; if it is too much, the end is found by halving: a request per power of two.

    Args:
        fetch: makes a request.
        first: an answer that begins with the newest message, if there is one.
    """

    def __init__(self, fetch: FetchPage, first: Snapshot) -> None:
        self._fetch = fetch
        self.shown: int = first.end
        """How many messages the first answer has shown to be there."""
        claimed = first.response.total_count
        self.claimed: int = first.end if first.ends or claimed is None else claimed
        """What the server says; nobody has tested it."""
        self._value: int | None = None

    def value(self) -> int:
        """The number of messages.

        Raises:
            ApiException: a request failed.
        """
        if self._value is None:
            self._value = self._counted()
        return self._value

    def _counted(self) -> int:
        claimed = self.claimed
        if claimed <= self.shown or self._is_there(claimed - 1):
            return claimed
        # The first of the largest pages that is not there; the one before it holds the end.
        page = bisect_left(
            range(claimed // LARGEST + 1),
            True,
            lo=max(1, self.shown // LARGEST),
            key=lambda number: not self._is_there(number * LARGEST),
        )
        return self._fetch(Window(page, LARGEST)).end

    def _is_there(self, position: int) -> bool:
        snapshot = self._fetch(Window(position + 1, 1))
        return snapshot.start == position and bool(snapshot.items)
