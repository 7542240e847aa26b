"""The body of an answer: three framings, one reader (RFC 9112, sections 6 and 7)."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Protocol

from urllib3.exceptions import IncompleteRead, ProtocolError

from openapi_client._http.head import (
    CHUNKED,
    MAX_HEAD_BYTES,
    UNTIL_CLOSE,
    Framing,
    parse_fields,
)

# Section 7.1. 16 hex digits are more than any length that can be received.
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})[\t ]*(?:;[^\r\n]*)?")
_MAX_CHUNK_LINE = 4096
_PART_BYTES = 1 << 20
# As many that are still to come are received into their place; for fewer none is made.
_DIRECT_BYTES = 4096


class Source(Protocol):
    """Where bytes come from: what was read ahead, then the socket."""

    buffer: bytes
    position: int
    """Where in `buffer` the bytes begin that nobody has taken yet."""
    epoch: int
    """Another number for each connection that is made."""

    def receive(self, *, awaited: bool) -> bytes:
        """Return the next bytes of the socket; empty at its end.

        Args:
            awaited: whether they have most likely not arrived yet.
        """
        ...

    def receive_into(self, buffer: memoryview) -> int:
        """Receive into `buffer`: the number of bytes; 0 at the socket's end."""
        ...

    def finished(self, *, keep_alive: bool) -> None:
        """End the body; the connection may be used again if `keep_alive`."""
        ...


class Body:
    """A body that is read from a connection, decoded from its framing.

    Looks to urllib3 like the `http.client` response that it expects under its own: `read`,
    `close`, `closed`, `isclosed`. A `ProtocolError` ends it when the framing is broken, an
    `IncompleteRead` when the connection ends before the body does.
    """

    def __init__(self, source: Source, framing: Framing) -> None:
        self._source = source
        self._epoch = source.epoch
        length, self._keep_alive = framing
        self.received: int = 0
        """Bytes that were read so far."""
        self.at_end: Callable[[], object] | None = None
        """Called once the body has been read to its end, or given up."""
        self._chunked = length == CHUNKED
        # Bytes still to come of the body or, if it is chunked, of the chunk that is being read,
        # whose CRLF is still to come after them; or `UNTIL_CLOSE`.
        self._coming = 0 if self._chunked else length
        self._first_chunk = True
        self.closed: bool = False
        if length == 0:
            self._finish()

    def isclosed(self) -> bool:
        """Return whether the body has been read to its end."""
        return self.closed

    def close(self) -> None:
        """Give the rest of the body up, and with it the connection."""
        if not self.closed:
            self._keep_alive = False
            self._finish()

    def _finish(self) -> None:
        self.closed = True
        if self._epoch == self._source.epoch:
            self._source.finished(keep_alive=self._keep_alive)
        at_end, self.at_end = self.at_end, None
        if at_end is not None:
            at_end()

    def read(self, amt: int | None = None) -> bytes:
        """Up to `amt` bytes, at least one until the end; everything if `amt` is not given."""
        if amt is None:
            return self.read_all(None).getvalue()
        if self.closed or amt == 0:
            return b""
        self._check_connection()
        if self._chunked and self._coming == 0 and not self._next_chunk():
            return b""
        until_close = self._coming == UNTIL_CLOSE
        part = self._take(amt if until_close else min(amt, self._coming))
        if part:
            self._took(len(part))
        elif until_close:
            self._finish()
        else:
            raise IncompleteRead(self.received, self._coming)
        return part

    # What `read` gives is what `io.BufferedIOBase.read1` promises.
    read1 = read

    def _check_connection(self) -> None:
        """Whoever gave the connection back too early must not read what others ask for on it."""
        if self._epoch != self._source.epoch:
            raise ProtocolError("The connection of this answer is closed")

    def _took(self, size: int) -> None:
        self.received += size
        if self._coming != UNTIL_CLOSE:
            self._coming -= size
            if self._coming == 0 and not self._chunked:
                self._finish()

    def read_all(self, limit: int | None, into: io.BytesIO | None = None) -> io.BytesIO:
        """Return everything, or the first bytes of it once they are more than `limit`.

        Args:
            limit: bytes after which it is enough.
            into: what the bytes go to; it has those that came if this ends in an error.
        """
        content = io.BytesIO() if into is None else into
        room = self._room(limit)
        while room and (part := self.read(room)):
            content.write(part)
            room = self._room(limit)
            coming = min(self._coming, room)
            if coming >= _DIRECT_BYTES and self._source.position == len(self._source.buffer):
                self._receive_into(content, coming)
                room = self._room(limit)
        return content

    def _room(self, limit: int | None) -> int:
        """Return how much to read next; nothing once there is more than `limit`."""
        if limit is None:
            return _PART_BYTES
        return max(0, min(_PART_BYTES, limit + 1 - self.received))

    def _receive_into(self, content: io.BytesIO, size: int) -> None:
        """Receive `size` bytes that are to come into their place in `content`, with no copy."""
        begin = content.tell()
        # All of its room at once: what grows piece by piece is moved again and again.
        content.seek(begin + size - 1)
        content.write(b"\0")
        end = begin
        try:
            with content.getbuffer() as buffer:
                while end < begin + size:
                    self._check_connection()
                    # Released in any case: a traceback that holds a part would hold the whole.
                    with buffer[end : begin + size] as place:
                        came = self._source.receive_into(place)
                    if came == 0:
                        raise IncompleteRead(self.received, self._coming)
                    end += came
                    self._took(came)
        finally:
            content.seek(end)
            content.truncate()

    def _next_chunk(self) -> bool:
        """Go to the next chunk's data; `False` if that was the last one."""
        if not self._first_chunk and self._line(2) != b"":
            raise ProtocolError("A chunk is longer than it says (RFC 9112, 7.1)")
        self._first_chunk = False
        line = _CHUNK_LINE.fullmatch(self._line(_MAX_CHUNK_LINE))
        if line is None:
            raise ProtocolError("The answer has a chunk without a size (RFC 9112, 7.1)")
        self._coming = int(line[1], 16)
        if self._coming:
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
            source.buffer, begin = source.receive(awaited=False), 0
        end = begin + amt
        if begin == 0 and end >= len(source.buffer):
            part, source.buffer, source.position = source.buffer, b"", 0
            return part
        source.position = min(end, len(source.buffer))
        return source.buffer[begin:end]

    def _line(self, limit: int) -> bytes:
        source = self._source
        end = source.buffer.find(b"\r\n", source.position)
        if end < 0:
            return self._line_in_pieces(limit)
        line = source.buffer[source.position : end]
        source.position = end + 2
        if len(line) > limit:
            raise ProtocolError("The answer has a chunk line that is too long")
        return line

    def _line_in_pieces(self, limit: int) -> bytes:
        """Receive the rest of a line; each byte is searched and copied once, however few come."""
        source = self._source
        data = bytearray(source.buffer[source.position :])
        source.buffer, source.position = b"", 0
        end = -1
        while end < 0:
            # One more than the limit, which may be the first byte of the line's end.
            if len(data) > limit + 1:
                raise ProtocolError("The answer has a chunk line that does not end")
            more = source.receive(awaited=True)
            if not more:
                raise IncompleteRead(self.received, 0)
            unsearched = max(0, len(data) - 1)
            data += more
            end = data.find(b"\r\n", unsearched)
        if end > limit:
            raise ProtocolError("The answer has a chunk line that is too long")
        source.buffer = bytes(data[end + 2 :])
        return bytes(data[:end])
