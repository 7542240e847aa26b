"""Whatever bytes come as an answer: a result or an `ApiException`, and nothing of the next call."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from openapi_client import ApiException, MessagesApi
from openapi_client.exceptions import ClientClosedException
from openapi_client.models import MessageMessage, MessageResponse
from test.support.calls import api_for, failure_of
from test.support.recorder import http_answer
from test.support.scripted import PATIENCE, Peer, ScriptedServer, always, message

STATUS_LINES = [
    b"HTTP/1.1 200 OK",
    b"HTTP/1.0 200 OK",
    b"HTTP/1.1 201 Created",
    b"HTTP/1.1 204 No Content",
    b"HTTP/1.1 103 Early Hints",
    b"HTTP/1.1 101 Switching",
    b"HTTP/1.1 302 Found",
    b"HTTP/1.1 304 Not Modified",
    b"HTTP/1.1 404 Not Found",
    b"HTTP/1.1 500 ",
    b"HTTP/1.1 999 What",
    b"HTTP/1.1 200",
    b"HTTP/2 200 OK",
    b"",
]
FIELDS = [
    b"Content-Length: 0",
    b"Content-Length: 5",
    b"Content-Length: 28",
    b"Content-Length: -1",
    b"Content-Length: 99999999999999999999",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: gzip",
    b"Content-Encoding: gzip",
    b"Content-Encoding: deflate, gzip",
    b"Content-Encoding: " + b"gzip, " * 9 + b"gzip",
    b"Content-Type: application/json",
    b"Content-Type: text/html; charset=\xff",
    b"Content-Type: application/json; charset=utf-16",
    b"Content-Type: application/json; charset=rot13",
    b"Content-Type: application/json; charset=\xe9",
    b"Content-Type: ;;=;",
    b"Connection: close",
    b"Location: /v1",
    b"Location: http://[",
    b"Location: //\xff:99999/",
    b"Retry-After: 1e400",
    b"Retry-After: Wed, 99 Foo 2024 99:99:99 GMT",
    b"Set-Cookie: a=b",
    b" folded",
    b"no field",
    b": empty",
    b"X: \x00",
]
BODIES = [
    b"",
    b"{}",
    b"null",
    b"[]",
    b'{"body": 5}',
    b'{"items": [{"jti": "x"}], "page": 1e400}',
    b'{"body": "\\ud800"}',
    b'{"body": "\xff"}',
    b"[" * 5000,
    b'{"a":' * 5000,
    b"9" * 5000,
    b"NaN",
    b"\xef\xbb\xbf{}",
    b"5\r\nhello\r\n0\r\n\r\n",
    b"5\r\nhel",
    b"ffffffffffffffff\r\n",
    b"1f8b08",
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
    b"\x78\x9c\x00",
]

lines = st.one_of(st.sampled_from(STATUS_LINES), st.binary(max_size=30))
fields = st.lists(st.one_of(st.sampled_from(FIELDS), st.binary(max_size=20)), max_size=5)
bodies = st.one_of(st.sampled_from(BODIES), st.binary(max_size=200))


def _answer(line: bytes, fields: list[bytes], body: bytes) -> bytes:
    return b"\r\n".join([line, *fields, b"", b""]) + body


answers = st.builds(_answer, lines, fields, bodies)


class Hostile:
    """A server that answers the first request of a connection with these bytes, then hangs up.

    Attributes:
        answer: the bytes; with `None` it answers as it should.
        pieces: in how many pieces they are sent.
    """

    def __init__(self) -> None:
        self.answer: bytes | None = None
        self.pieces = 1

    def __call__(self, peer: Peer) -> None:
        while True:
            request = peer.request()
            answer = self.answer
            if answer is None:
                peer.send(message(request.target.rpartition("/")[2]))
                continue
            size = max(1, len(answer) // self.pieces)
            for at in range(0, len(answer), size):
                peer.send(answer[at : at + size])
            peer.end()
            return


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "tls"])
def hostile(request: pytest.FixtureRequest) -> Iterator[tuple[Hostile, MessagesApi]]:
    """The server and a client of it."""
    script = Hostile()
    with (
        ScriptedServer(script, tls=request.param) as server,
        api_for(server, retries=1, max_response_bytes=10_000) as api,
    ):
        yield script, api


def result_of(api: MessagesApi, operation: str) -> object:
    """What an operation returns, or the `ApiException` that it raises."""
    try:
        if operation == "list":
            return api.list("app", "connection")
        if operation == "get":
            return api.get("app", "connection", "jti")
        if operation == "edit":
            return api.edit("app", "connection", "jti", "text")
        return api.send("app", "connection", "text")
    except ApiException as error:
        return error


@settings(max_examples=150, deadline=None)
@given(answers, st.sampled_from(["list", "get", "edit", "send"]), st.integers(1, 9))
@example(b"", "get", 1)
@example(b"\r\n\r\n", "send", 1)
@example(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "list", 1)
@example(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n\r\n", "get", 1)
@example(b"HTTP/1.1 100 Continue\r\n\r\n" * 40, "send", 3)
@example(b"HTTP/1.1 302 Found\r\nLocation: /v1\r\nContent-Length: 0\r\n\r\n", "get", 1)
def test_any_bytes_are_a_result_or_an_api_exception(
    hostile: tuple[Hostile, MessagesApi], answer: bytes, operation: str, pieces: int
) -> None:
    script, api = hostile
    script.answer, script.pieces = answer, pieces
    result = result_of(api, operation)
    if isinstance(result, ApiException):
        assert result.outcome in ("answered", "unknown")
        assert len(str(result).encode()) <= 2048
    else:
        assert result is None or isinstance(result, (MessageMessage, MessageResponse))
    # The next call gets its own answer, whatever was left of this one.
    script.answer = None
    assert api.get("app", "connection", "next").body == "next"


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_good_answer_with_some_bytes_changed(
    hostile: tuple[Hostile, MessagesApi], data: st.DataObject
) -> None:
    script, api = hostile
    answer = bytearray(message("good"))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(answer) - 1))
        answer[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    script.answer, script.pieces = bytes(answer), data.draw(st.integers(1, 5))
    result = result_of(api, "get")
    assert isinstance(result, (MessageMessage, ApiException, type(None)))
    script.answer = None
    assert api.get("app", "connection", "next").body == "next"


# -- programs in the midst of a call ---------------------------------------------------------------


def test_a_provider_that_fails_while_an_answer_is_unread_holds_no_socket() -> None:
    given = ["first-token"]
    refusal = http_answer(401, {"message": "x" * 100_000})
    with (
        ScriptedServer(always(refusal)) as server,
        api_for(server, api_key=None, access_token=given.pop) as api,
    ):
        error = failure_of(api.get_without_preload_content, "app", "connection", "jti")
        assert error.outcome == "answered"
        assert isinstance(error.__cause__, IndexError)
        assert server.connections_left(0) == 0


def test_a_signal_handler_calls_in_the_midst_of_a_call() -> None:
    answered: list[str | None] = []

    def script(peer: Peer) -> None:
        while True:
            if not peer.request().target.endswith("handler"):
                os.kill(os.getpid(), signal.SIGUSR1)
            peer.send(message())

    with ScriptedServer(script) as server, api_for(server) as api:

        def handle(number: int, frame: object) -> None:
            answered.append(api.get("app", "connection", "handler").body)

        before = signal.signal(signal.SIGUSR1, handle)
        try:
            for _ in range(20):
                assert api.get("app", "connection", "jti").body == "hello"
        finally:
            signal.signal(signal.SIGUSR1, before)
    assert answered
    assert set(answered) == {"hello"}


def test_a_client_that_is_closed_in_the_midst_leaves_no_socket() -> None:
    ended: list[object] = []
    asked = threading.Event()

    def script(peer: Peer) -> None:
        while True:
            peer.request()
            asked.set()
            peer.send(message())

    with ScriptedServer(script) as server, api_for(server) as api:

        def work() -> None:
            result: object = None
            while not isinstance(result, ApiException):
                result = result_of(api, "get")
            ended.append(type(result))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        assert asked.wait(PATIENCE)
        api.api_client.close()
        for thread in threads:
            thread.join(PATIENCE)
        assert ended == [ClientClosedException] * 8
        assert server.connections_left(0) == 0
