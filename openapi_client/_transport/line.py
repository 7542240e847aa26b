"""A socket that waits no longer than a call may take."""

from __future__ import annotations

import math
import select
import socket
import ssl
from typing import cast

from urllib3.exceptions import TimeoutError as LimitReached
from urllib3.util import wait_for_read, wait_for_write

from openapi_client._transport.exchange import Exchange

_RECEIVE_BYTES = 65536
# One read gives one record of TLS at most (RFC 8446, section 5.1).
_RECORD_BYTES = 16384
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_HAS_POLL = hasattr(select, "poll")


class Line:
    """Sends and receives within the limits of an `Exchange`.

    The socket does not block: a write mostly succeeds at once and a read is waited for with one
    `poll`, so that a call costs as few system calls as one without limits.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        # TLS within TLS is done by a class of urllib3 that can only block.
        self._blocks = not isinstance(cast("object", sock), socket.socket)
        self._tls = sock if isinstance(sock, ssl.SSLSocket) else None
        self._poll: select.poll | None = None
        if not self._blocks:
            sock.settimeout(0)
            if _HAS_POLL:
                self._poll = select.poll()
                self._poll.register(sock, select.POLLIN)

    def is_quiet(self) -> bool:
        """Whether there is nothing to read: no bytes, and not the connection's end either."""
        # Bytes that a blocking class has decrypted ahead cannot be seen from here.
        return not self._blocks and not self._is_readable(0)

    def _is_readable(self, timeout: float | None) -> bool:
        if self._tls is not None and self._tls.pending():
            return True
        if self._poll is None:
            return wait_for_read(self._sock, timeout)
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
            if self._blocks:
                self._sock.settimeout(exchange.remaining(exchange.limits.read))
            try:
                sent += self._sock.send(view[sent:] if sent else data)
            except _WOULD_BLOCK as error:
                wait = exchange.remaining(exchange.limits.read)
                if isinstance(error, ssl.SSLWantReadError):
                    ready = wait_for_read(self._sock, wait)
                else:
                    ready = wait_for_write(self._sock, wait)
                if not ready:
                    raise LimitReached("The request could not be written in time") from None

    def receive(self, exchange: Exchange, size: int) -> bytes:
        """The next bytes, of which `size` are wanted; empty at the connection's end.

        Raises:
            urllib3.exceptions.TimeoutError: a limit was reached.
            OSError: the connection broke.
        """
        # The rest of a body is mostly there already; for the begin of an answer one has to wait.
        waits = size == 0
        while True:
            limit = exchange.remaining(exchange.limits.read)
            if self._blocks:
                self._sock.settimeout(limit)
            elif waits and not self._is_readable(limit):
                exchange.remaining(None)
                raise LimitReached("Nothing came in time")
            try:
                return self._sock.recv(_RECORD_BYTES if self._tls else max(size, _RECEIVE_BYTES))
            except _WOULD_BLOCK:
                waits = True  # nothing yet, or a record of TLS that is not complete, or not data
