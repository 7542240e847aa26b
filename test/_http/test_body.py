"""Bodies: every framing, however the network cuts it, and nothing after it."""

from __future__ import annotations

import gzip
import io
import tracemalloc
import zlib
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.exceptions import IncompleteRead, ProtocolError

from openapi_client._http.body import Body
from openapi_client._http.head import CHUNKED, UNTIL_CLOSE
from openapi_client.exceptions import (
    ApiException,
    DeserializationException,
    IncompleteResponseException,
    ProtocolException,
    ResponseTooLargeException,
)
from test.support.calls import FakeTime, api_for, failure_of, get, send
from test.support.scripted import Peer, Script, ScriptedServer, message


class Pieces:
    """A connection on which these pieces come, one with each look at the socket."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.buffer = b""
        self.position = 0
        self.epoch = 0
        self.kept: bool | None = None
        self.placed = 0
        self._pieces = deque(pieces)

    def receive(self, *, awaited: bool) -> bytes:
        return self._pieces.popleft() if self._pieces else b""

    def receive_into(self, buffer: memoryview) -> int:
        piece = self.receive(awaited=False)
        came, rest = piece[: len(buffer)], piece[len(buffer) :]
        if rest:
            self._pieces.appendleft(rest)
        buffer[: len(came)] = came
        self.placed += len(came)
        return len(came)

    def finished(self, *, keep_alive: bool) -> None:
        self.kept = keep_alive

    @property
    def left(self) -> bytes:
        """What was received and belongs to nobody yet."""
        return self.buffer[self.position :] + b"".join(self._pieces)


@st.composite
def cut(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """`data` in pieces, none of them empty."""
    ends = sorted(draw(st.sets(st.integers(1, max(1, len(data) - 1)), max_size=8)))
    pieces = [data[begin:end] for begin, end in zip([0, *ends], [*ends, len(data)], strict=True)]
    return [piece for piece in pieces if piece]


@st.composite
def chunked(draw: st.DrawFn, content: bytes) -> bytes:
    """`content` as RFC 9112, section 7.1 lets a server write it."""
    coded = b""
    for part in draw(cut(content)):
        size = draw(st.sampled_from([b"%x", b"%X", b"%08x"])) % len(part)
        extension = draw(st.sampled_from([b"", b";a", b" ; a=b", b';a="b c"']))
        coded += size + extension + b"\r\n" + part + b"\r\n"
    trailers = draw(st.sampled_from([b"", b"A: b\r\n", b"A: b\r\nC: d\r\n"]))
    return coded + draw(st.sampled_from([b"0", b"000", b"0;x=y"])) + b"\r\n" + trailers + b"\r\n"


# Long ones, too, which are received into their place.
contents = st.one_of(
    st.binary(max_size=200),
    st.builds(lambda part, times: part * times, st.binary(min_size=20, max_size=99), st.just(200)),
)
sizes = st.sampled_from([None, 1, 2, 7, 65536])


def read_by(body: Body, amount: int | None) -> bytes:
    """The body, read in steps of `amount`."""
    if amount is None:
        return body.read()
    parts: list[bytes] = []
    while part := body.read(amount):
        assert len(part) <= amount
        parts.append(part)
    return b"".join(parts)


@given(st.data(), contents, sizes)
def test_a_chunked_body_is_what_was_sent(
    data: st.DataObject, content: bytes, amount: int | None
) -> None:
    after = data.draw(st.sampled_from([b"", b"HTTP/1.1 200 OK"]))
    coded = data.draw(chunked(content))
    source = Pieces(data.draw(cut(coded + after)))
    body = Body(source, (CHUNKED, True))
    assert read_by(body, amount) == content
    assert (source.kept, source.left, body.isclosed()) == (True, after, True)


@given(st.data(), contents.filter(bool), sizes)
def test_a_body_with_a_length_is_what_was_sent(
    data: st.DataObject, content: bytes, amount: int | None
) -> None:
    after = data.draw(st.sampled_from([b"", b"HTTP/1.1 200 OK"]))
    source = Pieces(data.draw(cut(content + after)))
    body = Body(source, (len(content), True))
    assert read_by(body, amount) == content
    assert (source.kept, source.left) == (True, after)


@given(st.data(), contents, sizes)
def test_a_body_until_the_end_is_what_was_sent(
    data: st.DataObject, content: bytes, amount: int | None
) -> None:
    source = Pieces(data.draw(cut(content)))
    assert read_by(Body(source, (UNTIL_CLOSE, False)), amount) == content
    assert source.kept is False


@given(st.data(), contents.filter(bool), sizes)
def test_a_chunked_body_that_is_cut_off_is_an_error(
    data: st.DataObject, content: bytes, amount: int | None
) -> None:
    coded = data.draw(chunked(content))
    source = Pieces(data.draw(cut(coded[: data.draw(st.integers(0, len(coded) - 1))])))
    with pytest.raises(IncompleteRead):
        read_by(Body(source, (CHUNKED, True)), amount)
    assert source.kept is None


@given(st.data(), contents, sizes)
def test_a_body_shorter_than_its_length_is_an_error(
    data: st.DataObject, content: bytes, amount: int | None
) -> None:
    source = Pieces(data.draw(cut(content)))
    with pytest.raises(IncompleteRead):
        read_by(Body(source, (len(content) + 1, True)), amount)


@given(st.data(), contents, st.integers(-1, 30_000))
def test_what_came_before_an_end_or_a_limit_is_kept(
    data: st.DataObject, content: bytes, limit: int
) -> None:
    coming = len(content) + data.draw(st.sampled_from([0, 1, 9000]))
    source = Pieces(data.draw(cut(content)))
    kept = io.BytesIO()
    ended = False
    try:
        Body(source, (coming, True)).read_all(limit, kept)
    except IncompleteRead:
        ended = True
    assert ended == (len(content) <= limit and coming > len(content))
    assert kept.getvalue() == content[: limit + 1]
    assert kept.tell() == min(len(content), limit + 1)


def test_a_connection_that_goes_to_another_request_within_a_body_is_an_error() -> None:
    class GivenAway(Pieces):
        """Belongs to another request as soon as it has received into a place."""

        def receive_into(self, buffer: memoryview) -> int:
            self.epoch += 1
            return super().receive_into(buffer)

    source = GivenAway([b"ours" * 10, b"ours" * 1000, b"another's" * 1000])
    kept = io.BytesIO()
    with pytest.raises(ProtocolError, match="is closed"):
        Body(source, (9_000, True)).read_all(None, kept)
    assert kept.getvalue() == b"ours" * 1010
    assert source.left == b"another's" * 1000


def test_a_long_body_is_received_into_its_place() -> None:
    content = bytes(range(256)) * 256
    source = Pieces([content[:100], content[100:]])
    assert Body(source, (len(content), True)).read() == content
    assert source.placed == len(content) - 100


@given(st.binary(max_size=200), st.data())
def test_arbitrary_bytes_are_a_chunked_body_or_an_error(coded: bytes, data: st.DataObject) -> None:
    source = Pieces(data.draw(cut(coded)))
    try:
        Body(source, (CHUNKED, True)).read()
    except (ProtocolError, IncompleteRead):
        return
    assert source.kept is True


@pytest.mark.parametrize(
    "coded",
    [
        b"\r\n",
        b"x\r\n",
        b"-1\r\n",
        b"+1\r\n",
        b"0x1\r\n",
        b"1_0\r\n",
        b" 1\r\n",
        b"1 x\r\nx\r\n",
        b"11111111111111111\r\n",
        b"2\r\nabc\r\n0\r\n\r\n",
        b"3\r\nabc0\r\n\r\n",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"1\nx\n0\n\n" + b"x" * 5000,
        b"0\r\nno field\r\n\r\n",
        b"0\r\n A: b\r\n\r\n",
        b"0\r\n" + b"A: b\r\n" * 20000 + b"\r\n",
        b"0" * 5000 + b"\r\n\r\n",
        b"0;" + b"x" * 5000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_chunked_body_is_an_error(coded: bytes) -> None:
    with pytest.raises(ProtocolError):
        Body(Pieces([coded]), (CHUNKED, True)).read()


def test_a_body_that_is_given_up_takes_the_connection_with_it() -> None:
    source = Pieces([b"abc"])
    body = Body(source, (5, True))
    assert body.read(2) == b"ab"
    body.close()
    assert (source.kept, body.read(), body.isclosed()) == (False, b"", True)


def test_a_body_whose_connection_was_closed_is_an_error_and_leaves_it_alone() -> None:
    source = Pieces([b"abcde"])
    body = Body(source, (5, True))
    assert body.read(2) == b"ab"
    source.epoch += 1
    with pytest.raises(ProtocolError):
        body.read()
    body.close()
    assert source.kept is None


# -- over the wire -----------------------------------------------------------------------------

CONTENT = message("whole").partition(b"\r\n\r\n")[2]


def sending(head: bytes, body: bytes, *, end: bool = False) -> Script:
    """A server that answers each request with this."""

    answer = b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + body

    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(answer)
            if end:
                peer.end()
                return

    return script


def chunks(content: bytes, size: int) -> bytes:
    parts = (content[at : at + size] for at in range(0, len(content), size))
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def deflated(content: bytes, bits: int) -> bytes:
    packer = zlib.compressobj(wbits=bits)
    return packer.compress(content) + packer.flush()


CODINGS = {
    "identity": (b"", CONTENT),
    "gzip": (b"Content-Encoding: gzip\r\n", gzip.compress(CONTENT)),
    "x-gzip": (b"content-encoding: X-GZIP\r\n", gzip.compress(CONTENT)),
    "deflate": (b"Content-Encoding: deflate\r\n", deflated(CONTENT, 15)),
    "raw deflate": (b"Content-Encoding: deflate\r\n", deflated(CONTENT, -15)),
    "gzip twice": (b"Content-Encoding: gzip, gzip\r\n", gzip.compress(gzip.compress(CONTENT))),
    "two members": (
        b"Content-Encoding: gzip\r\n",
        gzip.compress(CONTENT[:9]) + gzip.compress(CONTENT[9:]),
    ),
}


@pytest.mark.parametrize("framing", ["length", "chunked", "tiny chunks", "until the end"])
@pytest.mark.parametrize("coding", CODINGS)
def test_every_framing_and_coding(coding: str, framing: str, tls: bool) -> None:
    head, body = CODINGS[coding]
    if framing == "length":
        head += b"Content-Length: %d\r\n" % len(body)
    elif framing != "until the end":
        head += b"Transfer-Encoding: chunked\r\n"
        body = chunks(body, 1 if framing == "tiny chunks" else 100)
    script = sending(head, body, end=framing == "until the end")
    with ScriptedServer(script, tls=tls) as server, api_for(server) as api:
        for _ in range(3):
            assert get(api) == "whole"
            unread = api.get_without_preload_content("app", "connection", "jti")
            assert b"whole" in unread.read(decode_content=True)
            unread.release_conn()
    assert server.connections == (6 if framing == "until the end" else 1)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "gzip, gzip"])
def test_a_body_that_cannot_be_unpacked_is_an_error_of_the_answer(coding: str) -> None:
    head = f"Content-Encoding: {coding}\r\nContent-Length: {len(CONTENT)}\r\n".encode()
    with ScriptedServer(sending(head, CONTENT)) as server, api_for(server) as api:
        error = failure_of(send, api)
    assert isinstance(error, DeserializationException)
    assert (error.status, error.outcome) == (200, "answered")


def test_a_coding_that_nobody_knows_is_an_error_of_the_answer() -> None:
    head = b"Content-Encoding: canary\r\nContent-Length: 3\r\n"
    with ScriptedServer(sending(head, b"\1\2\3")) as server, api_for(server) as api:
        error = failure_of(send, api)
    assert isinstance(error, DeserializationException)
    assert error.raw_data == b"\1\2\3"


@pytest.mark.parametrize("coding", CODINGS)
def test_a_truncated_answer_keeps_what_came(coding: str, tls: bool) -> None:
    head, body = CODINGS[coding]
    head += b"Content-Length: %d\r\n" % len(body)
    server = ScriptedServer(sending(head, body[:-20], end=True), tls=tls)
    with server, api_for(server) as api:
        error = failure_of(send, api)
    assert isinstance(error, IncompleteResponseException)
    assert (error.status, error.outcome) == (200, "answered")
    if coding == "identity":
        assert error.raw_data == CONTENT[:-20]


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_long_answer_is_read_whole_or_what_came_of_it_is_kept(framing: str, tls: bool) -> None:
    whole = message("x" * 3_000_000).partition(b"\r\n\r\n")[2]
    head, body = b"Content-Length: %d\r\n" % len(whole), whole
    if framing == "chunked":
        head, body = b"Transfer-Encoding: chunked\r\n", chunks(whole, 2_000_000)
    with ScriptedServer(sending(head, body), tls=tls) as server, api_for(server) as api:
        assert [len(get(api) or "") for _ in range(2)] == [3_000_000] * 2
    assert server.connections == 1
    with (
        ScriptedServer(sending(head, body[:2_500_000], end=True), tls=tls) as server,
        api_for(server) as api,
    ):
        error = failure_of(send, api)
    assert isinstance(error, IncompleteResponseException)
    kept = error.raw_data or b""
    assert len(kept) > 2_499_900
    assert whole.startswith(kept)


# -- the largest answer ------------------------------------------------------------------------

LIMIT = 2**20


def too_large(head: bytes, body: bytes, *, limit: int = LIMIT) -> ApiException:
    script = sending(head, body, end=b"chunked" not in head and b"Length" not in head)
    settings = {"max_response_bytes": limit, "retries": 0}
    with ScriptedServer(script) as server, api_for(server, FakeTime(), **settings) as api:
        return failure_of(get, api)


@pytest.mark.parametrize("framing", ["length", "chunked", "until the end"])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_an_answer_above_the_limit_is_an_error_that_names_it(packed: bool, framing: str) -> None:
    body = b" " * (LIMIT + 1)
    head = b""
    if packed:
        head, body = b"Content-Encoding: gzip\r\n", gzip.compress(body)
    if framing == "length":
        head += b"Content-Length: %d\r\n" % len(body)
    elif framing == "chunked":
        head, body = head + b"Transfer-Encoding: chunked\r\n", chunks(body, 5000)
    error = too_large(head, body)
    assert isinstance(error, ResponseTooLargeException)
    assert error.outcome == "answered"
    assert str(LIMIT) in str(error)


@pytest.mark.parametrize("framing", ["length", "chunked", "until the end"])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_an_answer_of_exactly_the_limit_is_none(packed: bool, framing: str) -> None:
    content = CONTENT + b" " * (LIMIT - len(CONTENT))
    head, body = b"", content
    if packed:
        head, body = b"Content-Encoding: gzip\r\n", gzip.compress(body)
    if framing == "length":
        head += b"Content-Length: %d\r\n" % len(body)
    elif framing == "chunked":
        head, body = head + b"Transfer-Encoding: chunked\r\n", chunks(body, 5000)
    server = ScriptedServer(sending(head, body, end=framing == "until the end"))
    with server, api_for(server, max_response_bytes=LIMIT) as api:
        assert get(api) == "whole"


def test_an_answer_that_says_it_is_too_large_is_not_even_read() -> None:
    error = too_large(b"Content-Length: 100000000000\r\n", b"")
    assert isinstance(error, ResponseTooLargeException)


@pytest.mark.parametrize("what", ["tiny chunks", "gzip", "gzip twice", "plain"])
def test_an_answer_above_the_limit_costs_little_memory(what: str) -> None:
    limit = 2**15 if what == "tiny chunks" else 2**18
    content = b" " * (8 * limit)
    head, body = b"Content-Encoding: gzip\r\n", gzip.compress(content)
    if what == "tiny chunks":
        head, body = b"Transfer-Encoding: chunked\r\n", chunks(content[: limit + 10], 2)
    elif what == "gzip twice":
        head = b"Content-Encoding: gzip, gzip\r\n"
        body = gzip.compress(gzip.compress(content * 32))
    elif what == "plain":
        head, body = b"", content
    peaks: list[int] = []
    for _ in range(2):  # the first time, modules are imported as well
        tracemalloc.start()
        error = too_large(head, body, limit=limit)
        assert isinstance(error, ResponseTooLargeException)
        # What the server sends was made after the start, too.
        peaks.append(tracemalloc.get_traced_memory()[1] - len(body))
        tracemalloc.stop()
    assert peaks[1] < 1.5 * limit + 2**18  # what sockets, threads and the error need


def test_thousands_of_fields_end_the_call() -> None:
    head = b"".join(b"X-%d: y\r\n" % number for number in range(5000))
    error = too_large(head + b"Content-Length: 0\r\n", b"")
    assert isinstance(error, ProtocolException)
    assert error.outcome == "unknown"
