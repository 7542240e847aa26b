"""JSON that one careless writer has made unreadable for all: read once more, repaired."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# RFC 8259, section 8.1: a reader may pass over a mark at the beginning.
_MARK = b"\xef\xbb\xbf"
# Pairs of surrogates and all other escapes are taken so that what is left stands alone.
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}"
    rb"|(\\u[dD][89a-fA-F][0-9A-Fa-f]{2})|\\.",
    re.DOTALL,
)
# What it is where the escape has been written out (CESU-8).
_WRITTEN_OUT = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")


def read_json(read: Callable[[str | bytes], T], content: str | bytes) -> T:
    """Return what `read` makes of `content`, if need be of the same without its faults.

    The faults are a byte order mark at the beginning, and half of a surrogate pair (RFC 8259,
    section 8.2), which becomes U+FFFD: what one message holds must not hide the others of its page.

    Raises:
        ValueError: what `read` raised.
    """
    try:
        return read(content)
    except ValueError:
        given = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
        repaired = _WRITTEN_OUT.sub("\ufffd".encode(), given.removeprefix(_MARK))
        repaired = _ESCAPE.sub(_whole, repaired)
        if repaired == given:
            raise
    return read(repaired)


def _whole(escape: re.Match[bytes]) -> bytes:
    return b"\\ufffd" if escape[1] else escape[0]
