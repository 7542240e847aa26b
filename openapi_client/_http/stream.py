"""A socket that waits no longer than a call may take."""

from __future__ import annotations

import math
import select
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from urllib3.exceptions import TimeoutError as LimitReached

from openapi_client._http.call import Call

if TYPE_CHECKING:
    from openapi_client._http.tls_in_tls import AnySocket

T = TypeVar("T")

_RECEIVE_BYTES = 65536
_SEND_BYTES = 1 << 17
# One read gives one record of TLS at most (RFC 8446, section 5.1).
_RECORD_BYTES = 16384
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
# `poll` takes the milliseconds of a 32-bit number; a longer wait is made of several.
LONGEST_WAIT = 2_000_000.0
# RFC 9110, section 15.2: what begins so comes before the response, and does not end the request.
_INTERIM = b"HTTP/1.1 1"


class Stream:
    """Sends and receives within the limits of a `Call`.

    The socket does not block: a write mostly succeeds at once and a read is waited for with one
    `poll`, so that a call costs as few system calls as one without limits.
    """

    def __init__(self, sock: AnySocket) -> None:
        self._sock = sock
        # By what it can do: programs put classes of their own into the place of `socket.socket`.
        self._pending: Callable[[], int] | None = getattr(sock, "pending", None)
        self._poll: select.poll | None = None
        # What was received while the request was still being written.
        self._early = b""
        sock.settimeout(0)
        if hasattr(select, "poll"):
            self._poll = select.poll()
            self._poll.register(sock, select.POLLIN)

    def is_quiet(self) -> bool:
        """Return whether there is nothing to read: no bytes, and not the connection's end."""
        return not (self._early or self._is_readable(0))

    def _is_readable(self, timeout: float | None) -> bool:
        if self._pending is not None and self._pending():
            return True
        if self._poll is None:
            return _wait(self._sock, timeout, read=True)
        return bool(self._poll.poll(None if timeout is None else math.ceil(timeout * 1000)))

    def send(self, data: bytes, call: Call) -> bool:
        """Write `data`; stop, and return `False`, if the response comes before all is written.

        RFC 9112, section 9.3: a server may answer early, and read no further.

        Raises:
            urllib3.exceptions.TimeoutError: a limit was reached.
            OSError: the connection broke.
        """
        sent = 0
        view = memoryview(data)
        while sent < len(data):
            if sent:
                call.remaining(None)
            try:
                # In pieces, because TLS takes all that it is given before it comes back.
                sent += self._sock.send(view[sent : sent + _SEND_BYTES])
            except _WOULD_BLOCK as error:
                wait = call.remaining(call.limits.read)
                wait = None if wait is None else min(wait, LONGEST_WAIT)
                # For something to read, too: it may be the response.
                write = not isinstance(error, ssl.SSLWantReadError)
                if not _wait(self._sock, wait, read=True, write=write) and wait != LONGEST_WAIT:
                    raise LimitReached("The request could not be written in time") from None
                if self._is_answered_early():
                    return False
        return True

    def _is_answered_early(self) -> bool:
        if not self._is_readable(0):
            return False
        try:
            data = self._sock.recv(_RECORD_BYTES)
        except _WOULD_BLOCK:
            return False  # a record of TLS that is no data
        self._early += data
        interim = self._early.startswith(_INTERIM) or _INTERIM.startswith(self._early)
        return not (data and interim and len(self._early) < _RECEIVE_BYTES)

    def receive(self, call: Call, *, awaited: bool) -> bytes:
        """Return the next bytes; empty at the connection's end.

        Args:
            call: whose limits count.
            awaited: whether they have most likely not arrived yet. Waiting before the first read
                then saves a system call.

        Raises:
            urllib3.exceptions.TimeoutError: a limit was reached.
            OSError: the connection broke.
        """
        if self._early:
            early, self._early = self._early, b""
            return early
        # Small enough for memory that is at hand: room that the system has to give and take each
        # time costs more than the bytes that would fill it.
        size = _RECORD_BYTES if self._pending else _RECEIVE_BYTES
        return self._receive(call, awaited, self._sock.recv, size)

    def receive_into(self, call: Call, buffer: memoryview) -> int:
        """Receive into `buffer`, as much as is there: the number of bytes; 0 at the end.

        Raises:
            urllib3.exceptions.TimeoutError: a limit was reached.
            OSError: the connection broke.
        """
        return self._receive(call, False, self._sock.recv_into, buffer)

    def _receive(
        self, call: Call, awaited: bool, receive: Callable[[Any], T], argument: object
    ) -> T:
        while True:
            limit = call.remaining(call.limits.read)
            if limit is not None and limit > LONGEST_WAIT:
                limit = LONGEST_WAIT
            if awaited and not self._is_readable(limit):
                call.remaining(None)
                if limit == LONGEST_WAIT:
                    continue
                raise LimitReached("Nothing came in time")
            try:
                return receive(argument)
            except _WOULD_BLOCK:
                awaited = True  # nothing yet, or a record of TLS that is not complete, or not data


def wait_until_ready(sock: AnySocket, would_block: OSError, timeout: float | None) -> bool:
    """Wait for what `would_block` says is missing; return whether it came within `timeout`."""
    read = isinstance(would_block, ssl.SSLWantReadError)
    return _wait(sock, timeout, read=read, write=not read)


def _wait(sock: AnySocket, timeout: float | None, *, read: bool, write: bool = False) -> bool:
    # Looked up at each use: eventlet takes `poll` away whenever its `monkey_patch` is called, and
    # urllib3's own way to wait has chosen by then.
    if not hasattr(select, "poll"):
        return any(select.select([sock] if read else [], [sock] if write else [], [], timeout))
    poll = select.poll()
    poll.register(sock, (select.POLLIN if read else 0) | (select.POLLOUT if write else 0))
    return bool(poll.poll(None if timeout is None else math.ceil(timeout * 1000)))
