"""The body of an answer: three framings, one reader (RFC 9112, sections 6 and 7)."""

from __future__ import annotations

import io
import re
from typing import Protocol

from urllib3.exceptions import IncompleteRead, ProtocolError

from openapi_client._transport.head import (
    CHUNKED,
    MAX_HEAD_BYTES,
    UNTIL_CLOSE,
    Framing,
    parse_fields,
)

# Section 7.1. 16 hex digits are more than any length that can be received. Compiled, and kept by
# `re`, when the first chunk comes: many programs never see one.
_CHUNK_LINE = rb"([0-9A-Fa-f]{1,16})[\t ]*(?:;[^\r\n]*)?"
_MAX_CHUNK_LINE = 4096
_PART_BYTES = 1 << 20


class Source(Protocol):
    """Where bytes come from: what was read ahead, then the socket."""

    buffer: bytes
    position: int
    """Where in `buffer` the bytes begin that nobody has taken yet."""
    serial: int
    """Another number for each connection that is made."""

    def receive(self, size: int) -> bytes:
        """The next bytes of the socket, of which `size` are wanted; empty at its end."""
        ...

    def finished(self, *, keep_alive: bool) -> None:
        """The body has ended; the connection may be used again if `keep_alive`."""
        ...


class Body:
    """A body that is read from a connection, decoded from its framing.

    Looks to urllib3 like the `http.client` response that it expects under its own: `read`,
    `close`, `closed`, `isclosed`. A `ProtocolError` ends it when the framing is broken, an
    `IncompleteRead` when the connection ends before the body does.
    """

    def __init__(self, source: Source, framing: Framing) -> None:
        self._source = source
        self._serial = source.serial
        self._left, self._keep_alive = framing
        self._received = 0
        # Bytes left of the chunk that is being read; a chunk's CRLF is still to come at its end.
        self._chunk = 0
        self._first_chunk = True
        self.closed = False
        if self._left == 0:
            self._finish()

    def isclosed(self) -> bool:
        """Whether the body has been read to its end."""
        return self.closed

    def close(self) -> None:
        """Give the rest of the body up, and with it the connection."""
        if not self.closed:
            self._keep_alive = False
            self._finish()

    def _finish(self) -> None:
        self.closed = True
        if self._serial == self._source.serial:
            self._source.finished(keep_alive=self._keep_alive)

    def read(self, amt: int | None = None) -> bytes:
        """Up to `amt` bytes, at least one until the end; everything if `amt` is not given."""
        if amt is None:
            return self.read_all(None).getvalue()
        if self.closed or amt == 0:
            return b""
        if self._serial != self._source.serial:
            # Whoever gave the connection back too early must not read what others ask for on it.
            raise ProtocolError("The connection of this answer is closed")
        part = self._chunked(amt) if self._left == CHUNKED else self._plain(amt)
        self._received += len(part)
        return part

    def read_all(self, limit: int | None, into: io.BytesIO | None = None) -> io.BytesIO:
        """Everything, or the first bytes of it once they are more than `limit`.

        Args:
            limit: bytes after which it is enough.
            into: what the bytes go to; it has those that came if this ends in an error.
        """
        content = io.BytesIO() if into is None else into
        step = _PART_BYTES if limit is None else min(_PART_BYTES, limit + 1)
        while part := self.read(step):
            content.write(part)
            if limit is not None:
                if self._received > limit:
                    break
                step = min(_PART_BYTES, limit + 1 - self._received)
        return content

    def _plain(self, amt: int) -> bytes:
        if self._left == UNTIL_CLOSE:
            part = self._take(amt)
            if not part:
                self._finish()
            return part
        part = self._take(min(amt, self._left))
        if not part:
            raise IncompleteRead(self._received, self._left)
        self._left -= len(part)
        if self._left == 0:
            self._finish()
        return part

    def _chunked(self, amt: int) -> bytes:
        if self._chunk == 0 and not self._next_chunk():
            return b""
        part = self._take(min(amt, self._chunk))
        if not part:
            raise IncompleteRead(self._received, self._chunk)
        self._chunk -= len(part)
        return part

    def _next_chunk(self) -> bool:
        """Go to the next chunk's data; `False` if that was the last one."""
        if not self._first_chunk and self._line(2) != b"":
            raise ProtocolError("A chunk is longer than it says (RFC 9112, 7.1)")
        self._first_chunk = False
        line = re.fullmatch(_CHUNK_LINE, self._line(_MAX_CHUNK_LINE))
        if line is None:
            raise ProtocolError("The answer has a chunk without a size (RFC 9112, 7.1)")
        self._chunk = int(line[1], 16)
        if self._chunk:
            return True
        self._trailers()
        self._finish()
        return False

    def _trailers(self) -> None:
        # Section 7.1.2. Nothing here uses trailer fields; they are only checked and passed over.
        size = 0
        while line := self._line(MAX_HEAD_BYTES - size):
            size += len(line) + 2
            parse_fields(line.decode("latin-1") + "\r\n")

    def _take(self, amt: int) -> bytes:
        source = self._source
        begin = source.position
        if begin == len(source.buffer):
            source.buffer, begin = source.receive(amt), 0
        end = begin + amt
        if begin == 0 and end >= len(source.buffer):
            part, source.buffer, source.position = source.buffer, b"", 0
            return part
        source.position = min(end, len(source.buffer))
        return source.buffer[begin:end]

    def _line(self, limit: int) -> bytes:
        source = self._source
        while (end := source.buffer.find(b"\r\n", source.position)) < 0:
            data = source.buffer[source.position :]
            if len(data) > limit:
                raise ProtocolError("The answer has a chunk line that does not end")
            more = source.receive(0)
            if not more:
                raise IncompleteRead(self._received, 0)
            source.buffer, source.position = data + more, 0
        line = source.buffer[source.position : end]
        source.position = end + 2
        if len(line) > limit:
            raise ProtocolError("The answer has a chunk line that is too long")
        return line
