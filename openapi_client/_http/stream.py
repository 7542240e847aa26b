"""A socket that waits no longer than a call may take."""

from __future__ import annotations

import math
import select
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from urllib3.exceptions import TimeoutError as LimitReached
from urllib3.util import wait_for_read, wait_for_write

from openapi_client._http.call import Exchange

if TYPE_CHECKING:
    from openapi_client._http.tls_in_tls import AnySocket

T = TypeVar("T")

_RECEIVE_BYTES = 65536
_SEND_BYTES = 1 << 17
# One read gives one record of TLS at most (RFC 8446, section 5.1).
_RECORD_BYTES = 16384
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_HAS_POLL = hasattr(select, "poll")


class Line:
    """Sends and receives within the limits of an `Exchange`.

    The socket does not block: a write mostly succeeds at once and a read is waited for with one
    `poll`, so that a call costs as few system calls as one without limits.
    """

    def __init__(self, sock: AnySocket) -> None:
        self._sock = sock
        # By what it can do: programs put classes of their own into the place of `socket.socket`.
        self._pending: Callable[[], int] | None = getattr(sock, "pending", None)
        self._poll: select.poll | None = None
        sock.settimeout(0)
        if _HAS_POLL:
            self._poll = select.poll()
            self._poll.register(sock, select.POLLIN)

    def is_quiet(self) -> bool:
        """Whether there is nothing to read: no bytes, and not the connection's end either."""
        return not self._is_readable(0)

    def _is_readable(self, timeout: float | None) -> bool:
        if self._pending is not None and self._pending():
            return True
        if self._poll is None:
            return wait_for_read(cast("Any", self._sock), timeout)
        return bool(self._poll.poll(None if timeout is None else math.ceil(timeout * 1000)))

    def send(self, data: bytes, exchange: Exchange) -> None:
        """Write all of `data`.

        Raises:
            urllib3.exceptions.TimeoutError: a limit was reached.
            OSError: the connection broke.
        """
        sent = 0
        view = memoryview(data)
        while sent < len(data):
            if sent:
                exchange.remaining(None)
            try:
                # In pieces, because TLS takes all that it is given before it comes back.
                sent += self._sock.send(view[sent : sent + _SEND_BYTES])
            except _WOULD_BLOCK as error:
                wait = exchange.remaining(exchange.limits.read)
                if not wait_until_ready(self._sock, error, wait):
                    raise LimitReached("The request could not be written in time") from None

    def receive(self, exchange: Exchange, *, awaited: bool) -> bytes:
        """The next bytes; empty at the connection's end.

        Args:
            exchange: whose limits count.
            awaited: they are hardly there yet, so they are waited for before they are read.

        Raises:
            urllib3.exceptions.TimeoutError: a limit was reached.
            OSError: the connection broke.
        """
        # Small enough for memory that is at hand: room that the system has to give and take each
        # time costs more than the bytes that would fill it.
        size = _RECORD_BYTES if self._pending else _RECEIVE_BYTES
        return self._receive(exchange, awaited, self._sock.recv, size)

    def receive_into(self, exchange: Exchange, buffer: memoryview) -> int:
        """Receive into `buffer`, as much as is there: the number of bytes; 0 at the end.

        Raises:
            urllib3.exceptions.TimeoutError: a limit was reached.
            OSError: the connection broke.
        """
        return self._receive(exchange, False, self._sock.recv_into, buffer)

    def _receive(
        self, exchange: Exchange, awaited: bool, receive: Callable[[Any], T], argument: object
    ) -> T:
        while True:
            limit = exchange.remaining(exchange.limits.read)
            if awaited and not self._is_readable(limit):
                exchange.remaining(None)
                raise LimitReached("Nothing came in time")
            try:
                return receive(argument)
            except _WOULD_BLOCK:
                awaited = True  # nothing yet, or a record of TLS that is not complete, or not data


def wait_until_ready(sock: AnySocket, would_block: OSError, timeout: float | None) -> bool:
    """Wait for what `would_block` says is missing; whether it came within `timeout` seconds."""
    wait = wait_for_read if isinstance(would_block, ssl.SSLWantReadError) else wait_for_write
    return wait(cast("Any", sock), timeout)
