"""TLS within TLS: through the tunnel of a proxy that is itself reached over TLS."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import Any, TypeVar, cast

T = TypeVar("T")

_RECORD_BYTES = 16384


class NestedTLS:
    """A TLS connection whose bytes go over another one, with as much of a socket as is used.

    `ssl` does this over memory only. Nothing here waits: what cannot be done yet ends in
    `SSLWantReadError` or `SSLWantWriteError`, as on a socket that does not block, so that whoever
    waits keeps the time however slowly single bytes come.

    Args:
        outer: the connection to the proxy.
        context: the settings of the inner connection.
        server_name: the name sent in its handshake and, if the context says so, verified.
    """

    def __init__(self, outer: ssl.SSLSocket, context: ssl.SSLContext, server_name: str) -> None:
        self._outer = outer
        self.settimeout(0)
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        self._unsent = b""
        self._accepted = 0

    def do_handshake(self) -> None:
        """Go on with the handshake.

        Raises:
            ssl.SSLError: there is no TLS, or the certificate is not good.
        """
        self._step(self._tls.do_handshake)
        self._flush()

    def getpeercert(self) -> dict[str, Any] | None:
        """Return the server's certificate, decoded."""
        return self._tls.getpeercert()

    def pending(self) -> int:
        """Return more than zero if there may be something to read although the socket is quiet."""
        return self._tls.pending() or self._incoming.pending or self._outer.pending()

    def send(self, data: bytes | memoryview) -> int:
        """Write some of `data`; call it with the same again if it could not be written yet."""
        if not self._accepted:
            self._accepted = self._step(self._tls.write, data[:_RECORD_BYTES])
        self._flush()
        accepted, self._accepted = self._accepted, 0
        return accepted

    def recv(self, size: int) -> bytes:
        """Return the next bytes; empty at the end that the server announced."""
        try:
            return self._step(self._tls.read, size)
        except ssl.SSLZeroReturnError:
            return b""

    def recv_into(self, buffer: memoryview) -> int:
        """Receive into `buffer`; return the number of bytes."""
        try:
            return cast("int", self._step(self._tls.read, len(buffer), buffer))
        except ssl.SSLZeroReturnError:
            return 0

    def settimeout(self, seconds: float | None) -> None:
        """Set how long the socket beneath waits."""
        self._outer.settimeout(seconds)

    def fileno(self) -> int:
        """Return the descriptor of the socket beneath."""
        return self._outer.fileno()

    def close(self) -> None:
        """Close the socket beneath."""
        self._outer.close()

    def _step(self, action: Callable[..., T], *arguments: Any) -> T:
        """Do `action`, moving what it reads and writes."""
        while True:
            self._flush()
            try:
                return action(*arguments)
            except ssl.SSLWantReadError:
                self._flush()
                received = self._outer.recv(_RECORD_BYTES)
                if received:
                    self._incoming.write(received)
                else:
                    self._incoming.write_eof()

    def _flush(self) -> None:
        while unsent := self._unsent or self._outgoing.read():
            self._unsent = unsent
            self._unsent = unsent[self._outer.send(unsent) :]


AnySocket = socket.socket | NestedTLS
