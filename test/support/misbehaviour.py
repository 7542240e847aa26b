"""What servers do that keep a client waiting, as scripts that go on until the client ends them."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Callable, Iterator

from test.support.recorder import http_answer
from test.support.scripted import Peer, Script, message

Pace = Callable[[], None]
"""Called after each piece that is sent: a pause, or the wait for the client to take it."""
Misbehaviour = Callable[[Pace], Script]


def silent(pace: Pace) -> Script:
    """Reads the request and says nothing."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.wait_closed()

    return script


def deaf(pace: Pace) -> Script:
    """Accepts the connection and does not read the request."""

    def script(peer: Peer) -> None:
        peer.wait_end()

    return script


def _dripping(begin: bytes, drops: Callable[[], Iterator[bytes]]) -> Misbehaviour:
    def misbehaviour(pace: Pace) -> Script:
        def script(peer: Peer) -> None:
            peer.request()
            if begin:
                peer.send(begin)
            for drop in drops():
                peer.send(drop)
                pace()

        return script

    return misbehaviour


def _slow_gzip() -> Iterator[bytes]:
    packed = gzip.compress(b"x" * 100_000, compresslevel=0)
    return (packed[at : at + 1] for at in range(len(packed)))


_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

DRIPPING: dict[str, Misbehaviour] = {
    "a head": _dripping(_HEAD + b"X: ", lambda: itertools.repeat(b"x")),
    "a body with a length": _dripping(
        _HEAD + b"Content-Length: 100000\r\n\r\n", lambda: itertools.repeat(b" ")
    ),
    "a chunked body": _dripping(
        _HEAD + b"Transfer-Encoding: chunked\r\n\r\n", lambda: itertools.repeat(b"1\r\n \r\n")
    ),
    "one chunk": _dripping(
        _HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n", lambda: itertools.repeat(b" ")
    ),
    "the line before a chunk": _dripping(
        _HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", lambda: itertools.repeat(b"x")
    ),
    "trailer fields": _dripping(
        _HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: ", lambda: itertools.repeat(b"x")
    ),
    "a body until the end": _dripping(_HEAD + b"\r\n", lambda: itertools.repeat(b" ")),
    "a compressed body": _dripping(_HEAD + b"Content-Encoding: gzip\r\n\r\n", _slow_gzip),
    "compressed nothing": _dripping(
        _HEAD + b"Content-Encoding: gzip\r\n\r\n", lambda: itertools.repeat(gzip.compress(b""))
    ),
}
"""A piece of the answer at a time, without an end; each piece in time by itself."""


def _answering(answer: bytes) -> Misbehaviour:
    def misbehaviour(pace: Pace) -> Script:
        def script(peer: Peer) -> None:
            while True:
                peer.request()
                pace()
                peer.send(answer)

        return script

    return misbehaviour


def _resetting(pace: Pace) -> Script:
    def script(peer: Peer) -> None:
        peer.request()
        pace()
        peer.reset()

    return script


def _cut(pace: Pace) -> Script:
    def script(peer: Peer) -> None:
        peer.request()
        pace()
        peer.send(message()[:-1])

    return script


FOR_EVER: dict[str, Misbehaviour] = {
    "resets": _resetting,
    "503": _answering(http_answer(503, {"message": "later"})),
    "503 with Retry-After": _answering(http_answer(503, "", {"Retry-After": "1"})),
    "answers cut off": _cut,
}
"""An attempt fails, and the next, and the next."""
