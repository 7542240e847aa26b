"""One HTTP/1.1 connection: writes a request in one piece, reads exactly its answer."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, cast
from weakref import WeakSet

from urllib3 import HTTPHeaderDict, HTTPResponse
from urllib3.connection import HTTPConnection
from urllib3.exceptions import ProtocolError

from openapi_client._http.body import Body
from openapi_client._http.call import Exchange
from openapi_client._http.connect import Route, dial
from openapi_client._http.head import (
    MAX_HEAD_BYTES,
    Fields,
    Framing,
    Head,
    framing_of,
    parse_head,
)
from openapi_client._http.stream import Line

# Interim answers (RFC 9110, section 15.2) that are read past before the connection is given up.
_MAX_INTERIM = 32
_DECODE_BYTES = 16384
_MEANT_TO_HAVE_A_BODY = frozenset({"POST", "PUT", "PATCH"})


_connections: WeakSet[Connection] = WeakSet()


def leave_to_parent() -> None:
    """In a forked child: give up all connections, those in use included; the parent keeps them.

    Closing a descriptor here sends nothing, because the parent still has it open.
    """
    for connection in list(_connections):
        connection.close()


class ResponseTooLarge(ProtocolError):
    """The body of an answer is larger than it may be."""


class Loaded:
    """An answer with its body: what urllib3's pools ask of a response, and no more."""

    __slots__ = (
        "_connection",
        "_pool",
        "data",
        "headers",
        "length_remaining",
        "reason",
        "retries",
        "status",
        "version",
        "version_string",
    )

    def __init__(self, head: Head, data: bytes) -> None:
        self.status = head.status
        self.reason = head.reason
        self.headers = Fields(head.fields)
        self.data = data
        self.version = 10 + head.minor
        self.version_string = "HTTP/1.1" if head.minor else "HTTP/1.0"
        self.length_remaining = 0

    def unread(self) -> HTTPResponse:
        """The same as a response of urllib3, its body to be read again."""
        return HTTPResponse(
            io.BytesIO(self.data),
            headers=HTTPHeaderDict(self.headers.pairs),
            status=self.status,
            reason=self.reason,
            version=self.version,
            version_string=self.version_string,
            preload_content=False,
            decode_content=False,
        )


class Connection(HTTPConnection):
    """The connection class of this package's pools.

    Takes an `Exchange` as the body of each request, keeps its time limits to the byte, and is never
    used again once something is on it that nobody asked for.

    Args:
        route: how the connection is made.
    """

    def __init__(self, *args: Any, route: Route, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.buffer = b""
        self.position = 0
        self.serial = 0
        self._route = route
        self._line: Line | None = None
        self._exchange: Exchange | None = None
        # From the first byte of a request to the last of its answer.
        self._busy = False
        self._rendered: tuple[dict[str, str], str] = ({}, "")
        _connections.add(self)

    # -- the state that urllib3's pool asks for ---------------------------------------------------

    @property
    def is_connected(self) -> bool:
        """Whether the connection is open and quiet: nothing to read, not even its end.

        Bytes that wait here, or are still to come of an answer that nobody read to its end, belong
        to no other request. Used again, they would be taken for its answer.
        """
        line = self._line
        return line is not None and not (self._busy or self._has_unread()) and line.is_quiet()

    def _has_unread(self) -> bool:
        return self.position < len(self.buffer)

    def close(self) -> None:
        """Close the socket and forget what was read from it."""
        self.buffer = b""
        self.position = 0
        self.serial += 1
        self._busy = False
        self._line = None
        self._exchange = None
        super().close()

    # -- sending ----------------------------------------------------------------------------------

    def request(
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Any = None,
        **_: Any,
    ) -> None:
        """Connect if need be and write the request that `body`, an `Exchange`, carries.

        Raises:
            NewConnectionError, ConnectTimeoutError, SSLError, ProxyError: no connection.
            urllib3.exceptions.TimeoutError: a limit was reached.
            OSError: the connection broke.
        """
        exchange = cast("Exchange", body)
        self._exchange = exchange
        line = self._line
        if line is None:
            self.sock = dial(self, self._route, exchange)
            line = self._line = Line(self.sock)
        message = self._render(method, exchange, headers or {})
        exchange.sent = self._busy = True
        line.send(message, exchange)

    def _render(self, method: str, exchange: Exchange, headers: Mapping[str, str]) -> bytes:
        # A client's headers are mostly the same call after call.
        known, lines = self._rendered
        if headers != known:
            lines = _field_lines(self._route.host_header, headers)
            self._rendered = (dict(headers), lines)
        start = f"{method} {exchange.target} HTTP/1.1\r\n{lines}"
        payload = exchange.payload
        if payload is None:
            # RFC 9110, section 8.6: a method that is meant to have a body says when it has none.
            end = "Content-Length: 0\r\n\r\n" if method in _MEANT_TO_HAVE_A_BODY else "\r\n"
            return (start + end).encode("latin-1")
        return f"{start}Content-Length: {len(payload)}\r\n\r\n".encode("latin-1") + payload

    # -- receiving --------------------------------------------------------------------------------

    def receive(self, *, awaited: bool) -> bytes:
        """The next bytes of the socket, within the limits of the call; empty at its end."""
        line, exchange = self._line, self._exchange
        return b"" if line is None or exchange is None else line.receive(exchange, awaited=awaited)

    def receive_into(self, buffer: memoryview) -> int:
        """The same into a buffer: the number of bytes; 0 at the end."""
        line, exchange = self._line, self._exchange
        return 0 if line is None or exchange is None else line.receive_into(exchange, buffer)

    def finished(self, *, keep_alive: bool) -> None:
        """The answer has been read to its end."""
        self._busy = False
        # What is read ahead of the next request belongs to no request at all.
        if not keep_alive or self._has_unread():
            self.close()

    def getresponse(self) -> Any:
        """The answer to the request: its body read if the exchange says so, else ready to be read.

        Raises:
            ProtocolError: the answer is not HTTP/1.1, or was cut off (`IncompleteRead`).
            ResponseTooLarge: the body is larger than the exchange allows.
            TimeoutError: a limit was reached.
            OSError: the connection broke.
        """
        exchange = cast("Exchange", self._exchange)
        head = self._read_head(exchange)
        exchange.head = head
        framing = framing_of(head, exchange.method)
        if not exchange.preload:
            return _response(Body(self, framing), head, exchange)
        if framing[0] != 0 and Fields(head.fields).get("Content-Encoding"):
            return Loaded(head, self._decoded(exchange, head, framing))
        return Loaded(head, self._read_body(exchange, framing))

    def _read_head(self, exchange: Exchange) -> Head:
        data = self.receive(awaited=True)
        for _ in range(_MAX_INTERIM):
            while (end := data.find(b"\r\n\r\n")) < 0:
                if not data:
                    raise ProtocolError("The connection was closed without an answer")
                if len(data) > MAX_HEAD_BYTES:
                    raise ProtocolError(f"The answer's head exceeds {MAX_HEAD_BYTES} bytes")
                if not data.startswith(b"HTTP/"[: len(data)]):
                    raise ProtocolError("What came is not an HTTP answer")
                more = self.receive(awaited=True)
                if not more:
                    raise ProtocolError("The connection was closed within the answer's head")
                data += more
            if end > MAX_HEAD_BYTES:
                raise ProtocolError(f"The answer's head exceeds {MAX_HEAD_BYTES} bytes")
            head = parse_head(data[: end + 2])
            data = data[end + 4 :]
            if head.status >= 200:
                self.buffer, self.position = data, 0
                return head
            if head.status == 101:
                raise ProtocolError("The server switched to a protocol that nobody asked for")
            data = data or self.receive(awaited=True)
        raise ProtocolError(f"More than {_MAX_INTERIM} interim answers")

    def _read_body(self, exchange: Exchange, framing: Framing) -> bytes:
        length, keep_alive = framing
        if length > exchange.max_bytes:
            raise ResponseTooLarge(_too_large(exchange))
        if length == len(self.buffer):
            data, self.buffer = self.buffer, b""
            self.finished(keep_alive=keep_alive)
            return data
        content = io.BytesIO()
        complete = False
        try:
            Body(self, framing).read_all(exchange.max_bytes, content)
            complete = True
        finally:
            if not complete:
                exchange.partial = content.getvalue()
        if content.tell() > exchange.max_bytes:
            raise ResponseTooLarge(_too_large(exchange))
        return content.getvalue()

    def _decoded(self, exchange: Exchange, head: Head, framing: Framing) -> bytes:
        # In small steps, so that a few bytes which unpack to very many cost little memory.
        packed = _response(Body(self, framing), head, exchange)
        content = io.BytesIO()
        while part := packed.read(_DECODE_BYTES, decode_content=True):
            content.write(part)
            if content.tell() > exchange.max_bytes:
                raise ResponseTooLarge(_too_large(exchange))
        return content.getvalue()


def _too_large(exchange: Exchange) -> str:
    return f"The answer's body has more than {exchange.max_bytes} bytes (max_response_bytes)"


def _response(body: Body, head: Head, exchange: Exchange) -> HTTPResponse:
    """urllib3's response over a body that is still to be read."""
    return HTTPResponse(
        body=cast("Any", body),
        headers=HTTPHeaderDict(head.fields),
        status=head.status,
        version=10 + head.minor,
        version_string=f"HTTP/1.{head.minor}",
        reason=head.reason,
        preload_content=False,
        original_response=cast("Any", body),
        request_method=exchange.method,
        request_url=exchange.target,
    )


def _field_lines(host: str, headers: Mapping[str, str]) -> str:
    """The request's field lines; `Host` and `Accept-Encoding` first unless they are given."""
    given = {name.lower() for name in headers}
    lines = [] if "host" in given else [f"Host: {host}\r\n"]
    if "accept-encoding" not in given:
        lines.append("Accept-Encoding: identity\r\n")
    lines += [f"{name}: {value}\r\n" for name, value in headers.items()]
    return "".join(lines)
