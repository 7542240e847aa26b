"""HTTP/1.1 as a server sees it: connections, requests read from bytes, answers written as bytes.

Nothing here knows the messages API. The reader is strict (RFC 9112): what is not a clean request
raises `MalformedRequestError`, which carries the status to answer with.
"""

from __future__ import annotations

import contextlib
import functools
import re
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

MAX_HEAD_BYTES = 1 << 20
MAX_BODY_BYTES = 64 << 20
_READ_BYTES = 1 << 16

# Above this many bytes the service's answers are chunked, below they have a Content-Length.
CHUNKED_ABOVE_BYTES = 2048

_HEAD_END = re.compile(rb"\r?\n\r?\n")
# In a chunked body a lone LF ends no line: readers that differ there let requests be smuggled.
_LINE_END = re.compile(rb"\r\n")
# RFC 9112 section 3: method SP request-target SP HTTP-version.
_REQUEST_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e\x80-\xff]+) HTTP/(\d)\.(\d)")
# RFC 9112 section 5: no space before the colon, no folded lines, no control characters. White space
# around a value is stripped afterwards: repeats side by side would backtrack over it.
_FIELD_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\x00-\x08\x0a-\x1f\x7f]*)")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?")
# The service's CORS filter stands before everything else, so each of its replies says so.
VARY_ORIGIN: tuple[tuple[str, str], ...] = (("Vary", "Origin"),)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STATUS_LINES = {s.value: f"HTTP/1.1 {s.value} {s.phrase}\r\n" for s in HTTPStatus}


class MalformedRequestError(Exception):
    """Bytes that are no HTTP/1.1 request; the connection ends after the answer.

    Args:
        status: the HTTP status to answer with.
        reason: what is wrong, in a few words.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class ConnectionEndedError(Exception):
    """The connection ended in the middle of a request."""


@dataclass(slots=True)
class ReceivedRequest:
    """One request: `method`, raw `path` and `query` as they were spelled, header fields, body."""

    method: str
    path: str
    query: str
    fields: list[tuple[str, str]]
    keep_alive: bool
    http10: bool
    body: bytes = b""
    chunked: bool = False
    _first: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        first = self._first
        for name, value in self.fields:
            first.setdefault(name.lower(), value)

    def header(self, lowercase_name: str) -> str | None:
        """Return the first value of a header field, None where the request has no such field."""
        return self._first.get(lowercase_name)


class RequestReader:
    """Cuts a stream of bytes into requests; what follows a request is kept for the next one.

    Args:
        receive: returns up to that many next bytes, b"" at the end of the stream.
        send: writes bytes at once; used for `100 Continue` alone.
    """

    def __init__(self, receive: Callable[[int], bytes], send: Callable[[bytes], None]) -> None:
        self._receive = receive
        self._send = send
        self._buffer = bytearray()
        self._searched = 0  # bytes at its beginning that hold no end of what is looked for

    def next(self) -> ReceivedRequest | None:
        """Return the next request, None where the stream ended between two requests.

        Raises:
            MalformedRequestError: the bytes are no request.
            ConnectionEndedError: the stream ended inside a request.
        """
        head = self._head()
        if head is None:
            return None
        request = _parse_head(head)
        self._read_body(request)
        return request

    def _more(self) -> bool:
        data = self._receive(_READ_BYTES)
        self._buffer += data
        return bool(data)

    def _head(self) -> str | None:
        buffer = self._buffer
        while True:
            # RFC 9112 section 2.2: empty lines before the request line are passed over.
            while buffer.startswith((b"\r\n", b"\n")):
                del buffer[: 1 if buffer.startswith(b"\n") else 2]
            end = self._search(_HEAD_END)
            if end is not None and end.start() <= MAX_HEAD_BYTES:
                head = buffer[: end.start()].decode("latin-1")
                del buffer[: end.end()]
                return head
            if end is not None or len(buffer) > MAX_HEAD_BYTES:
                raise MalformedRequestError(431, "the request's header fields are too large")
            if not self._more():
                if buffer:
                    raise ConnectionEndedError
                return None

    def _search(self, end: re.Pattern[bytes]) -> re.Match[bytes] | None:
        """Find an end in the buffer, without looking twice at bytes that came before."""
        found = end.search(self._buffer, self._searched)
        # The longest end, CR LF CR LF, may have begun in the last three bytes.
        self._searched = 0 if found else max(0, len(self._buffer) - 3)
        return found

    def _read_body(self, request: ReceivedRequest) -> None:
        coding = request.header("transfer-encoding")
        if coding is None and request.header("content-length") is None:
            return
        lengths = {v for n, v in request.fields if n.lower() == "content-length"}
        codings = [v.lower() for n, v in request.fields if n.lower() == "transfer-encoding"]
        if codings and (lengths or codings != ["chunked"] or request.http10):
            # RFC 9112 section 6.1: two framings at once are how requests are smuggled.
            raise MalformedRequestError(400, "the length of the body is not clear")
        size = 0
        if coding is None:
            value = lengths.pop()
            if lengths or not (value.isascii() and value.isdigit()) or len(value) > 18:
                raise MalformedRequestError(400, "bad Content-Length")
            size = int(value)
            if size > MAX_BODY_BYTES:
                raise MalformedRequestError(413, "the request's body is too large")
        if (request.header("expect") or "").lower() == "100-continue" and not self._buffer:
            self._send(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.chunked = coding is not None
        request.body = self._chunked() if request.chunked else self._exactly(size)

    def _exactly(self, size: int) -> bytes:
        buffer = self._buffer
        while len(buffer) < size:
            if not self._more():
                raise ConnectionEndedError
        data = bytes(buffer[:size])
        del buffer[:size]
        return data

    def _line(self) -> bytes:
        while (end := self._search(_LINE_END)) is None:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise MalformedRequestError(431, "a line of the body's framing is too long")
            if not self._more():
                raise ConnectionEndedError
        line = bytes(self._buffer[: end.start()])
        del self._buffer[: end.end()]
        return line

    def _skip_trailers(self) -> None:
        size = 0
        while line := self._line():
            size += len(line)
            if size > MAX_HEAD_BYTES:
                raise MalformedRequestError(431, "the trailer fields are too large")

    def _chunked(self) -> bytes:
        body = bytearray()
        while True:
            size_line = _CHUNK_SIZE.fullmatch(self._line())
            if size_line is None:
                raise MalformedRequestError(400, "bad chunk size")
            size = int(size_line[1], 16)
            if len(body) + size > MAX_BODY_BYTES:
                raise MalformedRequestError(413, "the request's body is too large")
            if size == 0:
                self._skip_trailers()
                return bytes(body)
            body += self._exactly(size)
            if self._line():
                raise MalformedRequestError(400, "a chunk is longer than its size")


def _parse_head(head: str) -> ReceivedRequest:
    lines = head.replace("\r\n", "\n").split("\n")
    start = _REQUEST_LINE.fullmatch(lines[0])
    if start is None:
        raise MalformedRequestError(400, "bad request line")
    method, target, major, minor = start.groups()
    if major != "1":
        raise MalformedRequestError(505, "HTTP version not supported")
    fields: list[tuple[str, str]] = []
    connection = ""
    host = False
    for line in lines[1:]:
        parsed = _FIELD_LINE.fullmatch(line)
        if parsed is None:
            raise MalformedRequestError(400, "bad header field")
        name, value = parsed[1], parsed[2].strip(" \t")
        fields.append((name, value))
        lower = name.lower()
        if lower == "connection":
            connection += "," + value.lower()
        elif lower == "host":
            if host:
                raise MalformedRequestError(400, "more than one Host header")
            host = True
    http10 = minor == "0"
    if not host and not http10:
        raise MalformedRequestError(400, "missing required Host header")
    path, _, query = _origin_form(target).partition("?")
    keep_alive = "keep-alive" in connection if http10 else "close" not in connection
    return ReceivedRequest(method, path, query, fields, keep_alive, http10)


def _origin_form(target: str) -> str:
    # RFC 9112 section 3.2.2: a server takes the absolute form too.
    if target.startswith("/") or target == "*":
        return target
    scheme, separator, rest = target.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        raise MalformedRequestError(400, "bad request target")
    authority, slash, path = rest.partition("/")
    return slash + path if slash else f"/?{authority.partition('?')[2]}"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: status, body in bytes, its media type, and further header fields."""

    status: int
    body: bytes = b""
    content_type: str | None = "application/json; charset=UTF-8"
    headers: tuple[tuple[str, str], ...] = VARY_ORIGIN


def refusal(error: MalformedRequestError) -> Reply:
    """Return the answer to what is no request: plain text, as the HTTP library words it."""
    text = _STATUS_LINES[error.status][9:-2]
    return Reply(error.status, f"{text}: {error}".encode(), "text/plain; charset=utf-8", ())


def render_head(
    response: Reply, framing: Iterable[tuple[str, str]], *, close: bool = False
) -> bytes:
    """Return the head of an answer, with the given framing fields (Content-Length and the like)."""
    status = response.status
    parts = [_STATUS_LINES.get(status) or f"HTTP/1.1 {status} status {status}\r\n"]
    if response.content_type is not None:
        parts.append(f"Content-Type: {response.content_type}\r\n")
    parts.append(f"Date: {http_date(int(time.time()))}\r\n")
    for name, value in (*response.headers, *framing):
        parts.append(f"{name}: {value}\r\n")
    parts.append("Connection: close\r\n\r\n" if close else "\r\n")
    return "".join(parts).encode("latin-1")


def render(
    response: Reply, *, head_only: bool = False, http10: bool = False, close: bool = False
) -> bytes:
    """Return an answer in one piece: chunked above 2 KB, as the service, unless HTTP/1.0."""
    body = response.body
    if len(body) > CHUNKED_ABOVE_BYTES and not http10 and not head_only:
        head = render_head(response, (("Transfer-Encoding", "chunked"),), close=close)
        return b"%b%x\r\n%b\r\n0\r\n\r\n" % (head, len(body), body)
    framing: list[tuple[str, str]] = []
    # RFC 9110 section 8.6: neither 1xx nor 204 has a Content-Length.
    if response.status >= 200 and response.status != 204:
        framing.append(("Content-Length", str(len(body))))
    if http10 and not close:
        framing.append(("Connection", "keep-alive"))
    head = render_head(response, framing, close=close)
    return head if head_only else head + body


@functools.lru_cache(maxsize=4)
def http_date(seconds: int) -> str:
    """Return a moment (seconds since the epoch) as RFC 9110 section 5.6.7 writes it."""
    t = time.gmtime(seconds)
    date = f"{_DAYS[t.tm_wday]}, {t.tm_mday:02} {_MONTHS[t.tm_mon - 1]} {t.tm_year:04}"
    return f"{date} {t.tm_hour:02}:{t.tm_min:02}:{t.tm_sec:02} GMT"


# Connections.

_HANDSHAKE_SECONDS = 30.0
# RFC 8446 section 5.1: the content type that the first record of a TLS connection has.
_TLS_HANDSHAKE = b"\x16"
_LINGER_SECONDS = 0.5
# No fork happens while a socket is in between: accepted or wrapped in TLS, and not yet noted.
changing_sockets = threading.RLock()


class AcceptedConnection:
    """One accepted connection: what an answer, or a fault in its place, is written to."""

    def __init__(self, accepted: socket.socket) -> None:
        self._socket = accepted
        self.is_idle = True
        self._interrupted = threading.Event()

    def handshake(self, context: ssl.SSLContext) -> None:
        """Turn the connection into a TLS connection.

        Raises:
            MalformedRequestError: the peer does not speak TLS.
            OSError: the peer does not agree.
        """
        accepted = self._socket
        accepted.settimeout(_HANDSHAKE_SECONDS)
        first = accepted.recv(1, socket.MSG_PEEK)
        if first not in (b"", _TLS_HANDSHAKE):
            raise MalformedRequestError(400, "plain HTTP to a port that speaks HTTPS")
        with changing_sockets:
            self._socket = context.wrap_socket(
                accepted, server_side=True, do_handshake_on_connect=False
            )
        self.wait(0)  # an interruption while the sockets changed hands reached neither
        self._socket.do_handshake()
        self._socket.settimeout(None)

    def receive(self, size: int) -> bytes:
        """Return the next bytes, b"" at the end of the stream."""
        return self._socket.recv(size)

    def send(self, data: bytes) -> None:
        """Write all of the bytes."""
        self._socket.sendall(data)

    def wait(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            ConnectionEndedError: the connection was interrupted meanwhile.
        """
        if self._interrupted.wait(seconds):
            raise ConnectionEndedError

    def interrupt(self) -> None:
        """End the connection from another thread: what it waits for returns or raises."""
        self._interrupted.set()
        with contextlib.suppress(OSError):
            # Not SSLSocket.shutdown, which pulls the TLS state from under the other thread.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def release(self) -> None:
        """Close this process's descriptor, and leave the connection itself as it is."""
        self._socket.close()

    def reset(self) -> None:
        """Close with a TCP reset, whatever was or was not sent."""
        with contextlib.suppress(OSError):
            linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._socket.close()

    def close(self, *, linger: bool = False) -> None:
        """Close; with `linger` only after what the peer was still sending was read.

        Bytes unread at a close make the kernel send a reset, which can overtake the answer.
        """
        with contextlib.suppress(OSError, ValueError):
            self._socket.settimeout(_LINGER_SECONDS if linger else 0)
            unwrap = getattr(self._socket, "unwrap", None)
            if unwrap is not None:
                unwrap()  # tells the end of the TLS stream; without it the peer sees a cut
            elif linger:
                self._socket.shutdown(socket.SHUT_WR)
                while self._socket.recv(1 << 16):
                    pass
        self._socket.close()
