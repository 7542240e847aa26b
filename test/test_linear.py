"""Four times as many bytes of a server cost four times as many steps, whatever they say."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from test.support.readers import READERS, read

# What the grammars of heads, fields, chunks, JSON, URLs and escapes are made of.
PIECES = [
    *(b"\r\n", b" ", b"\t", b"\r\n ", b":", b"a: b\r\n", b";", b",", b"=", b'"', b"\\", b'\\"'),
    *(b"1\r\nx\r\n", b"0\r\n", b"f", b";ext", b"Content-Length: 1\r\n", b"Connection: ,close\r\n"),
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b'{"items":[',
        b"{},",
        b'"jti":"1",',
        b"null,",
        b"1",
        b"\\u",
        b"\\ud83d",
    ),
    *(b"/", b"../", b"//", b"@", b"http://", b"%41", b"%25", b"?", b"#", b".", b"\xe9"),
    *(
        b"&#65;",
        b"&amp;",
        b"\0",
        b"canary-t",
        b"canary-token-9f8e7d6c5b4a",
        b"\xef\xbb\xbf",
        b"Wed, ",
    ),
]


def steps(name: str, data: bytes) -> int:
    """How many functions of Python and of C are called while a reader reads."""
    count = 0

    def note(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        read(name, data)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("name", READERS)
@given(pieces=st.lists(st.sampled_from(PIECES), min_size=1, max_size=6))
def test_four_times_the_bytes_cost_four_times_the_steps(name: str, pieces: list[bytes]) -> None:
    data = b"".join(pieces) * 100
    read(name, data)  # what is made once is made
    # A few thousand steps more: objects are counted one by one from 1,000 of them on.
    assert steps(name, data * 4) <= 4 * steps(name, data) + 3000
