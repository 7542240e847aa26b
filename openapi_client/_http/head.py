"""The head of an HTTP/1.1 answer: from bytes to status, fields and framing, or an error.

Strict where RFC 9112 lets a client be: what is not clean is an error, because a head that two
readers understand differently is how one call gets the answer of another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from urllib3.exceptions import ProtocolError

MAX_HEAD_BYTES = 65536
MAX_FIELDS = 100
_MAX_LENGTH_DIGITS = 18

# RFC 9112, section 4: the reason may be empty, and servers leave out the space before it then.
_STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-9][0-9][0-9])(?: ([\t\x20-\x7e\x80-\xff]*))?\r\n")
# RFC 9110, sections 5.1 and 5.5. No space before the colon (RFC 9112, section 5.1), no control
# characters in a value. The white space around a value is stripped afterwards: next to a repeat
# that also takes white space, a pattern for it would backtrack in quadratic time.
_FIELD = re.compile(r"(?m)^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([^\x00-\x08\x0a-\x1f\x7f]*)\r\n")
_FOLD = re.compile(r"\r\n[\t ]+")

# How the end of a body is known (RFC 9112, section 6.3).
CHUNKED = -1
UNTIL_CLOSE = -2


class Fields(Mapping[str, str]):
    """Header fields; names without regard to case, values of the same name joined by commas.

    Nothing is indexed: an answer has a handful of fields, and most are never looked at.
    """

    __slots__ = ("pairs",)

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self.pairs: list[tuple[str, str]] = pairs

    def __getitem__(self, name: str) -> str:
        lower = name.lower()
        values = [value for other, value in self.pairs if other.lower() == lower]
        if not values:
            raise KeyError(name)
        return values[0] if len(values) == 1 else ", ".join(values)

    def get(self, name: str, default: Any = None) -> Any:
        """Return one field, or `default`."""
        size = len(name)
        for other, _ in self.pairs:
            if len(other) == size and other.lower() == name.lower():
                return self[name]
        return default

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for name, _ in self.pairs))

    def __len__(self) -> int:
        return len({name.lower() for name, _ in self.pairs})


class Head:
    """A status line and its fields.

    Args:
        minor: 1 for HTTP/1.1, 0 for HTTP/1.0.
        status: the status.
        reason: the reason phrase.
        fields: names as they came, values without the white space around them.
    """

    __slots__ = ("fields", "minor", "reason", "status")

    def __init__(self, minor: int, status: int, reason: str, fields: list[tuple[str, str]]) -> None:
        self.minor: int = minor
        self.status: int = status
        self.reason: str = reason
        self.fields: list[tuple[str, str]] = fields


def parse_head(head: bytes) -> Head:
    """Read a head, from its first byte to the line end of its last field.

    Args:
        head: status line and fields, each with its CRLF, without the empty line.

    Raises:
        ProtocolError: it is not an HTTP/1.1 or HTTP/1.0 head.
    """
    text = head.decode("latin-1")
    line = _STATUS_LINE.match(text)
    if line is None:
        raise ProtocolError("The answer does not begin with an HTTP/1.1 status line (RFC 9112, 4)")
    start = line.end()
    return Head(int(line[1]), int(line[2]), (line[3] or "").strip(), parse_fields(text, start))


def parse_fields(text: str, start: int = 0) -> list[tuple[str, str]]:
    """Read field lines, each with its CRLF, from `start` to the end of `text`.

    Raises:
        ProtocolError: a line is not a field (RFC 9112, section 5), or there are too many.
    """
    if text.startswith((" ", "\t"), start):
        raise ProtocolError("White space between status line and fields (RFC 9112, 2.2)")
    if "\r\n " in text or "\r\n\t" in text:
        text, start = _unfold(text[start:]), 0
    fields = [(name, value.strip("\t ")) for name, value in _FIELD.findall(text, start)]
    # A field begins a line and holds no line end but its own: as many fields as line ends means
    # that there is nothing else.
    if len(fields) != text.count("\n", start):
        raise ProtocolError("The answer has a line that is not a header field (RFC 9112, 5)")
    if len(fields) > MAX_FIELDS:
        raise ProtocolError(f"The answer has more than {MAX_FIELDS} header fields")
    return fields


def _unfold(text: str) -> str:
    """Replace each fold, and the white space around it, by a space (RFC 9112, section 5.2)."""
    *folded, last = _FOLD.split(text)
    return " ".join([*(part.rstrip("\t ") for part in folded), last])


# Bytes of the body, or how its end is known; and whether the connection can be used after it.
Framing: TypeAlias = tuple[int, bool]


def framing_of(head: Head, method: str) -> Framing:
    """Where the body ends and whether the connection goes on (RFC 9112, sections 6.3 and 9.3).

    Raises:
        ProtocolError: the fields contradict each other, or name a coding that nobody asked for.
    """
    length: str | None = None
    coding: str | None = None
    connection = ""
    for name, value in head.fields:
        size = len(name)
        if size == 14 and name.lower() == "content-length":
            if length is not None and length != value:
                raise ProtocolError("The answer has two lengths (RFC 9112, 6.3)")
            length = value
        elif size == 17 and name.lower() == "transfer-encoding":
            coding = value if coding is None else f"{coding}, {value}"
        elif size == 10 and name.lower() == "connection":
            connection = f"{connection},{value}"
    options = {option.strip().lower() for option in connection.split(",")} if connection else ()
    keep_alive = "close" not in options and (head.minor == 1 or "keep-alive" in options)
    if method == "HEAD" or head.status in (204, 304) or head.status < 200:
        return 0, keep_alive
    if coding is not None:
        # Section 6.1: neither with HTTP/1.0 nor beside a length; both are signs of smuggling.
        if head.minor == 0 or length is not None:
            raise ProtocolError("The answer has a Transfer-Encoding that it must not have")
        if coding.lower() != "chunked":
            raise ProtocolError("The answer has a transfer coding other than chunked")
        return CHUNKED, keep_alive
    if length is None:
        return UNTIL_CLOSE, False
    if not (length.isascii() and length.isdigit() and len(length) <= _MAX_LENGTH_DIGITS):
        raise ProtocolError("The answer has a Content-Length that is not a number (RFC 9110, 8.6)")
    return int(length), keep_alive
