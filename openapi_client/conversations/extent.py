"""How many messages a conversation has."""

from __future__ import annotations

from bisect import bisect_left

from openapi_client.conversations.windows import LARGEST, Look, Snapshot, Window


class Extent:
    """The number of messages of a conversation, as it was when it was first looked at.

    Servers of 2023 count the messages of all conversations, so what they say is tested, by one
    small request; if it is too much, the end is found by halving: a request per power of two.

    Args:
        look: makes a request.
        first: an answer that begins with the newest message, if there is one.
    """

    def __init__(self, look: Look, first: Snapshot) -> None:
        self._look = look
        self.shown: int = first.end
        """How many messages the first answer has shown to be there."""
        claimed = first.response.total_count
        self.claimed: int = first.end if first.ends or claimed is None else claimed
        """What the server says; nobody has tested it."""
        self._count: int | None = None

    def count(self) -> int:
        """The number of messages.

        Raises:
            ApiException: a request failed.
        """
        if self._count is None:
            self._count = self._counted()
        return self._count

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
        return self._look(Window(page, LARGEST)).end

    def _is_there(self, position: int) -> bool:
        snapshot = self._look(Window(position + 1, 1))
        return snapshot.start == position and bool(snapshot.items)
