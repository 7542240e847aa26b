"""The rule that reading makes progress, and what both ways of reading ask beside pages."""

from __future__ import annotations

from collections.abc import Callable

from openapi_client.conversations._reader import Reader
from openapi_client.conversations._times import Stop, Times
from openapi_client.conversations._windows import Snapshot
from openapi_client.exceptions import DeserializationException, NotFoundException
from openapi_client.models import MessageMessage

_MOST_FRUITLESS = 100
"""Requests in a row that bring nothing new. A search takes some, by doubling and halving."""

_MOST_REPEATED = 6
"""Responses in a row that are the same: a cache that gives one page for every request."""

_FIRST_WAIT = 0.05


class Progress:
    """Spaces requests that bring nothing new, and ends them.

    Args:
        times: time and chance.
        stop: ends the waits.
    """

    def __init__(self, times: Times, stop: Stop) -> None:
        self._times = times
        self._stop = stop
        self.made()

    def made(self) -> None:
        """Note that a request has brought something."""
        self._fruitless = 0
        self._repeated = 0
        self._last: tuple[object, ...] = ()

    def missed(self, snapshot: Snapshot) -> None:
        """Note that a request has brought nothing; wait if it has shown the same as the last one.

        Raises:
            DeserializationException: too many have brought nothing.
        """
        items = snapshot.items
        shown = (snapshot.start, len(items), *(item.jti for item in (*items[:1], *items[-1:])))
        self._fruitless += 1
        self._repeated = self._repeated + 1 if shown == self._last else 0
        self._last = shown
        if self._fruitless >= _MOST_FRUITLESS or self._repeated >= _MOST_REPEATED:
            count = self._fruitless
            self.made()
            raise DeserializationException(
                200, f"{count} requests in a row have brought nothing new"
            )
        if self._repeated:
            self._times.wait(self._stop, _FIRST_WAIT * 2**self._repeated)


def settle_doubt(reader: Reader, get: Callable[[str], MessageMessage]) -> None:
    """Ask the server for the message that a reader is in doubt about, if there is one.

    Raises:
        NotFoundException: it is gone, and with it the place where reading was to go on.
        ApiException: the request failed; the doubt remains.
    """
    if reader.doubt is None:
        return
    jti = reader.doubt
    try:
        message = get(jti)
    except NotFoundException as error:
        if not reader.settle(None):
            error.hint = (
                f"The message {jti!r} to go on after is gone; keep a Cursor, or the message itself,"
                " whose created_at tells where to go on."
            )
            raise
    else:
        reader.settle(message)
