"""One HTTP/1.1 connection: writes a request in one piece, reads exactly its response."""

from __future__ import annotations

import errno
import io
import ssl
from collections.abc import Mapping
from typing import Any

from urllib3.connection import HTTPConnection
from urllib3.exceptions import ProtocolError

from openapi_client._forks import renew_after_fork
from openapi_client._http.body import Body
from openapi_client._http.call import Exchange
from openapi_client._http.connect import Route, connect
from openapi_client._http.head import (
    MAX_HEAD_BYTES,
    Fields,
    Framing,
    Head,
    framing_of,
    parse_head,
)
from openapi_client._http.response import PreloadedResponse, ResponseTooLarge, unread_response
from openapi_client._http.stream import Stream

# Interim responses (RFC 9110, section 15.2) that are read past before the connection is given up.
_MAX_INTERIM = 32
# Small, so that bytes which unpack to very many cost little memory before they are refused.
_DECODE_BYTES = 16384
_MEANT_TO_HAVE_A_BODY = frozenset({"POST", "PUT", "PATCH"})
# How the system tells that the peer reads no further; its response may have come nevertheless.
_CLOSED_BY_PEER = frozenset({errno.EPIPE, errno.ECONNRESET, errno.EPROTOTYPE})


class Connection(HTTPConnection):
    """The connection class of this package's pools.

    It finds the `Exchange` that it serves in its `timeout`, keeps that call's limits to the byte,
    and is never used again once something is on it that nobody asked for.

    Args:
        route: how the connection is made.
    """

    timeout: Any

    def __init__(self, *args: Any, route: Route, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.buffer = b""
        self.position = 0
        self.epoch = 0
        self._route = route
        self._stream: Stream | None = None
        self._exchange: Exchange | None = None
        # From the first byte of a request to the last of its response.
        self._busy = False
        self._written_whole = True
        renew_after_fork(self)

    # -- the state that urllib3's pool asks for ---------------------------------------------------

    @property
    def is_connected(self) -> bool:
        """Whether the connection is open and quiet: nothing to read, not even its end.

        Bytes that wait here, or are still to come of a response that nobody read to its end, belong
        to no other request. Used again, they would be taken for its response.
        """
        stream = self._stream
        return stream is not None and not (self._busy or self._has_unread()) and stream.is_quiet()

    def _has_unread(self) -> bool:
        return self.position < len(self.buffer)

    def close(self) -> None:
        """Close the socket and forget what was read from it."""
        self.buffer = b""
        self.position = 0
        self.epoch += 1
        self._busy = False
        self._stream = None
        self._forget_exchange()
        super().close()

    def after_fork(self) -> None:
        """In a forked child: give it up, also if it is in use; the parent keeps it.

        Closing a descriptor here sends nothing, because the parent still has it open.
        """
        self.close()

    def _forget_exchange(self) -> None:
        """Keep nothing of a request, with its credentials and body, while the connection idles."""
        self._exchange = None
        self.timeout = None

    # -- sending ----------------------------------------------------------------------------------

    def request(
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Any = None,
        **_: Any,
    ) -> None:
        """Connect if need be and write a request.

        Raises:
            NewConnectionError, ConnectTimeoutError, SSLError, ProxyError: no connection.
            urllib3.exceptions.TimeoutError: a limit was reached.
            OSError: the connection broke.
        """
        exchange: Exchange = self.timeout
        self._exchange = exchange
        stream = self._stream
        if stream is None:
            self.sock = connect(self, self._route, exchange.call)
            stream = self._stream = Stream(self.sock)
            exchange.connection = "new"
        else:
            exchange.connection = "kept"
        message = self._render(method, exchange.target, headers or {}, body)
        exchange.sent = self._busy = True
        try:
            self._written_whole = stream.send(message, exchange.call)
        except OSError as error:
            if not (isinstance(error, ssl.SSLEOFError) or error.errno in _CLOSED_BY_PEER):
                raise
            self._written_whole = False

    def _render(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> bytes:
        start = f"{method} {target} HTTP/1.1\r\n{_field_lines(self._route.host_header, headers)}"
        if body is None:
            # RFC 9110, section 8.6: a method that is meant to have a body says when it has none.
            end = "Content-Length: 0\r\n\r\n" if method in _MEANT_TO_HAVE_A_BODY else "\r\n"
            return (start + end).encode("latin-1")
        return f"{start}Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body

    # -- receiving --------------------------------------------------------------------------------

    def receive(self, *, awaited: bool) -> bytes:
        """Return the next bytes of the socket, within the limits of the call; empty at its end."""
        stream, exchange = self._stream, self._exchange
        if stream is None or exchange is None:
            return b""
        return stream.receive(exchange.call, awaited=awaited)

    def receive_into(self, buffer: memoryview) -> int:
        """Receive into `buffer`: the number of bytes; 0 at the end."""
        stream, exchange = self._stream, self._exchange
        return (
            0 if stream is None or exchange is None else stream.receive_into(exchange.call, buffer)
        )

    def finished(self, *, keep_alive: bool) -> None:
        """Note that the response has been read to its end."""
        self._busy = False
        self._forget_exchange()
        # What is read ahead of the next request belongs to no request at all; and after half a
        # request nobody knows what the server would take the next one for.
        if not (keep_alive and self._written_whole) or self._has_unread():
            self.close()

    def getresponse(self) -> Any:
        """Return the response: its body read if the call says so, else ready to be read.

        Raises:
            ProtocolError: the response is not HTTP/1.1, or was cut off (`IncompleteRead`).
            ResponseTooLarge: the body is larger than the call allows.
            TimeoutError: a limit was reached.
            OSError: the connection broke.
        """
        exchange: Exchange = self.timeout
        head = self._read_head()
        exchange.head = head
        framing = framing_of(head, exchange.call.method)
        if not exchange.call.preload:
            exchange.body = Body(self, framing)
            return unread_response(exchange.body, head, exchange)
        if framing[0] != 0 and Fields(head.fields).get("Content-Encoding"):
            return PreloadedResponse(head, self._decoded(exchange, head, framing))
        return PreloadedResponse(head, self._read_body(exchange, framing))

    def _read_head(self) -> Head:
        data = self.receive(awaited=True)
        for _ in range(_MAX_INTERIM):
            end = data.find(b"\r\n\r\n")
            if end < 0:
                data, end = self._read_head_on(data)
            if end > MAX_HEAD_BYTES:
                raise ProtocolError(f"The response's head exceeds {MAX_HEAD_BYTES} bytes")
            head = parse_head(data[: end + 2])
            data = data[end + 4 :]
            if head.status >= 200:
                self.buffer, self.position = data, 0
                return head
            if head.status == 101:
                raise ProtocolError("The server switched to a protocol that nobody asked for")
            data = data or self.receive(awaited=True)
        raise ProtocolError(f"More than {_MAX_INTERIM} interim responses")

    def _read_head_on(self, data: bytes) -> tuple[bytes, int]:
        """Receive until a head has come whole; return what came, and where the head ends."""
        if not data:
            raise ProtocolError("The connection was closed without a response")
        head = bytearray(data)
        while len(head) <= MAX_HEAD_BYTES:
            if not head.startswith(b"HTTP/"[: len(head)]):
                raise ProtocolError("What came is not an HTTP response")
            more = self.receive(awaited=True)
            if not more:
                raise ProtocolError("The connection was closed within the response's head")
            # Only what is new is searched, so that single bytes cost no more than one piece.
            searched = max(0, len(head) - 3)
            head += more
            end = head.find(b"\r\n\r\n", searched)
            if end >= 0:
                return bytes(head), end
        raise ProtocolError(f"The response's head exceeds {MAX_HEAD_BYTES} bytes")

    def _read_body(self, exchange: Exchange, framing: Framing) -> bytes:
        length, keep_alive = framing
        limit = exchange.call.max_bytes
        if length > limit:
            raise _too_large(limit)
        if length == len(self.buffer):
            data, self.buffer = self.buffer, b""
            self.finished(keep_alive=keep_alive)
            return data
        content = io.BytesIO()
        complete = False
        try:
            Body(self, framing).read_all(limit, content)
            complete = True
        finally:
            if not complete:
                exchange.partial = content.getvalue()
        if content.tell() > limit:
            raise _too_large(limit)
        return content.getvalue()

    def _decoded(self, exchange: Exchange, head: Head, framing: Framing) -> bytes:
        exchange.body = Body(self, framing)
        packed = unread_response(exchange.body, head, exchange)
        content = io.BytesIO()
        limit = exchange.call.max_bytes
        complete = False
        try:
            # `read1` gives what it has, so that nothing decoded is lost if the rest does not come.
            while part := packed.read1(_DECODE_BYTES, decode_content=True):
                content.write(part)
                if content.tell() > limit:
                    raise _too_large(limit)
            complete = True
        finally:
            if not complete:
                exchange.partial = content.getvalue()
        return content.getvalue()


def _too_large(limit: int) -> ResponseTooLarge:
    return ResponseTooLarge(f"The response's body has more than {limit} bytes (max_response_bytes)")


def _field_lines(host: str, headers: Mapping[str, str]) -> str:
    """Return the request's field lines; `Host` and `Accept-Encoding` unless they are given."""
    names = {name.lower() for name in headers}
    lines = "" if "host" in names else f"Host: {host}\r\n"
    if "accept-encoding" not in names:
        lines += "Accept-Encoding: identity\r\n"
    return lines + "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
