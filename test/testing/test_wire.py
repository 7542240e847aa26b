"""What the embedded server does with the bytes of HTTP/1.1, clean or not."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openapi_client.testing import MessagesServer, _wire
from openapi_client.testing._wire import MalformedRequestError, RequestReader
from test.support.raw import MESSAGES, RawClient, exchange_bytes

HEAD = b"GET /v1/nothing HTTP/1.1\r\nHost: localhost\r\n"
ROUTER_404 = b'{"message":"Not Found"}\n'


def authorized(server: MessagesServer, request: bytes) -> bytes:
    first, _, rest = request.partition(b"\r\n")
    return first + b"\r\nAuthorization: Bearer " + server.token.encode() + b"\r\n" + rest


def statuses(received: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3})", received)]


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/1.1 \r\nHost: localhost\r\n\r\n", 400),
        (b"GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET x HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: y\r\n\r\n", 400),
        (HEAD + b"Name : value\r\n\r\n", 400),
        (HEAD + b"Name: one\r\n two\r\n\r\n", 400),
        (HEAD + b"Name: a\x00b\r\n\r\n", 400),
        (HEAD + b"no colon\r\n\r\n", 400),
        (HEAD + b"Content-Length: -1\r\n\r\n", 400),
        (HEAD + b"Content-Length: 1x\r\n\r\n", 400),
        (HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na", 400),
        (HEAD + b"Transfer-Encoding: gzip\r\n\r\n", 400),
        (HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 400),
        (HEAD + b"Transfer-Encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"a: b\r\n" * 300_000, 431),
        (b"GET / HTTP/1.1\r\nHost: rebound.test\r\n\r\n", 421),
        (b"GET / HTTP/1.1\r\nHost: rebound.test:80\r\n\r\n", 421),
        (b"GET / HTTP/1.1\r\nHost: localhost.rebound.test\r\n\r\n", 421),
        (HEAD + b"Content-Length: 99999999999\r\n\r\n", 413),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n", 400),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", 400),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n", 400),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;a\nb\r\na\r\n0\r\n\r\n", 400),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;a\rb\r\na\r\n0\r\n\r\n", 400),
        (HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
        (HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400),
        (HEAD + b"Content-Length: 1, 1\r\n\r\na", 400),
        (HEAD + b"Content-Length: +1\r\n\r\na", 400),
        (HEAD + b"X: a\rContent-Length: 1\r\n\r\na", 400),
        (b"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffffffff\r\n", 413),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * ((1 << 20) + 1), 431),
        (b"GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (HEAD + b"Long: " + b"x" * (1 << 20) + b"\r\n\r\n", 431),
    ],
)
def test_what_is_no_request_is_refused_and_the_connection_ends(
    messages_server: MessagesServer, request_bytes: bytes, status: int
) -> None:
    received = exchange_bytes(messages_server, request_bytes)
    assert statuses(received) == [status]
    assert b"Connection: close\r\n" in received


def test_requests_in_one_piece_are_answered_in_order(messages_server: MessagesServer) -> None:
    first = b"\r\n\r\nGET /v1/a HTTP/1.1\r\nHost: localhost\r\n\r\n"
    second = b"GET /v1/b HTTP/1.1\nHost: localhost\n\n"
    last = b"POST /v1/c HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
    ignored = b"GET /v1/d HTTP/1.1\r\nHost: localhost\r\n\r\n"
    received = exchange_bytes(messages_server, first + second + last + ignored)
    assert statuses(received) == [401, 401, 401]
    assert [r.path for r in messages_server.requests] == ["/v1/a", "/v1/b", "/v1/c"]


@pytest.mark.parametrize("tls", [False, True])
def test_a_connection_is_kept_for_many_requests(tls: bool) -> None:
    with MessagesServer(tls=tls) as server, RawClient(server) as call:
        call.connection.connect()
        kept = call.connection.sock
        for _ in range(10):
            assert call("GET", "/nothing").body == ROUTER_404
        assert call.connection.sock is kept


def test_http_1_0_gets_no_chunks_and_its_connection_ends(messages_server: MessagesServer) -> None:
    messages_server.load("app-1", "connection-1", 100)
    request = f"GET /v1{MESSAGES} HTTP/1.0\r\n\r\n".encode()
    received = exchange_bytes(messages_server, authorized(messages_server, request))
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"Transfer-Encoding" not in head
    assert f"Content-Length: {len(body)}".encode() in head
    assert b"Connection: close" in head


def test_http_1_0_can_ask_for_the_connection_to_be_kept(messages_server: MessagesServer) -> None:
    request = b"GET /v1/a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    received = exchange_bytes(messages_server, request * 2)
    assert statuses(received) == [401, 401]
    assert received.count(b"Connection: keep-alive\r\n") == 2


@pytest.mark.parametrize(
    "target", ["http://localhost/v1{path}", "HTTPS://elsewhere.test:80/v1{path}"]
)
def test_the_absolute_form_of_a_target_is_understood(
    messages_server: MessagesServer, target: str
) -> None:
    messages_server.add_connection("app-1", "connection-1")
    request = f"GET {target.format(path=MESSAGES)} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    assert statuses(exchange_bytes(messages_server, authorized(messages_server, request))) == [200]


def test_answer_to_head_has_no_body(messages_server: MessagesServer) -> None:
    request = b"HEAD /v1/nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"
    received = exchange_bytes(messages_server, authorized(messages_server, request))
    assert statuses(received) == [404]
    assert f"Content-Length: {len(ROUTER_404)}\r\n".encode() in received
    assert received.endswith(b"\r\n\r\n")


def test_chunked_body_of_a_request_is_read(messages_server: MessagesServer) -> None:
    request = (
        f"POST /v1{MESSAGES} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
        "Content-Type: application/json\r\n\r\n"
        '9;x=y\r\n{"body":"\r\n7\r\nchunked\r\n2\r\n"}\r\n0\r\nTrailer: x\r\n\r\n'
    ).encode()
    received = exchange_bytes(messages_server, authorized(messages_server, request) * 2)
    assert statuses(received) == [200, 200]
    assert [message.body for message in messages_server.messages()] == ["chunked"] * 2


def test_client_that_expects_it_is_told_to_continue(messages_server: MessagesServer) -> None:
    head = authorized(
        messages_server,
        f"POST /v1{MESSAGES} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
        "Content-Type: application/json\r\nContent-Length: 14\r\n\r\n".encode(),
    )
    with socket.create_connection(("localhost", messages_server.port), 10) as connection:
        connection.sendall(head)
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b'{"body":"yes"}')
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")


def test_request_cut_off_in_its_body_has_no_effect(messages_server: MessagesServer) -> None:
    request = (
        f"POST /v1{MESSAGES} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 14\r\n\r\n".encode()
    )
    assert exchange_bytes(messages_server, request + b'{"body":') == b""
    assert messages_server.messages() == []
    assert len(messages_server.requests) == 0


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    noise=st.binary(max_size=200),
    cut=st.integers(0, 200),
    before=st.sampled_from([b"", HEAD, HEAD + b"Transfer-Encoding: chunked\r\n\r\n"]),
)
def test_no_bytes_can_stop_the_server(
    messages_server: MessagesServer, noise: bytes, cut: int, before: bytes
) -> None:
    sent = before[:cut] + noise
    assert set(statuses(exchange_bytes(messages_server, sent))) <= {
        400,
        401,
        405,
        413,
        421,
        431,
        505,
    }
    with RawClient(messages_server) as call:
        assert call("GET", "/nothing").status == 404


def test_plain_http_to_a_tls_port_is_told_so() -> None:
    with MessagesServer() as server:
        received = exchange_bytes(server, HEAD + b"\r\n")
        assert statuses(received) == [400]
        assert received.endswith(b"plain HTTP to a port that speaks HTTPS")
        with RawClient(server) as call:
            assert call("GET", "/nothing").status == 404


def test_end_of_a_tls_connection_is_announced() -> None:
    with MessagesServer() as server:
        context = ssl.create_default_context(cafile=server.ca_cert)
        with (
            socket.create_connection(("localhost", server.port), 10) as plain,
            context.wrap_socket(
                plain, server_hostname="localhost", suppress_ragged_eofs=False
            ) as connection,
        ):
            connection.sendall(HEAD + b"Connection: close\r\n\r\n")
            received = b""
            while data := connection.recv(1000):  # raises SSLEOFError where it is not announced
                received += data
    assert statuses(received) == [401]


@pytest.mark.parametrize(
    "name", ["localhost", "LOCALHOST:80", "127.0.0.1", "127.0.0.1:80", "[::1]:80", "a.localhost"]
)
def test_names_of_the_machine_itself_are_served(messages_server: MessagesServer, name: str) -> None:
    request = f"GET /v1/nothing HTTP/1.1\r\nHost: {name}\r\n\r\n".encode()
    assert statuses(exchange_bytes(messages_server, request)) == [401]


def test_server_for_other_machines_may_be_called_anything() -> None:
    with MessagesServer(tls=False, host="0.0.0.0") as server:
        request = b"GET /v1/nothing HTTP/1.1\r\nHost: elsewhere.test\r\n\r\n"
        assert statuses(exchange_bytes(server, request)) == [401]


class CountingPattern:
    """A pattern that counts the bytes that it looks at."""

    def __init__(self, pattern: re.Pattern[bytes]) -> None:
        self.pattern = pattern
        self.seen = 0

    def search(self, data: bytearray, start: int) -> re.Match[bytes] | None:
        found = self.pattern.search(data, start)
        self.seen += (found.end() if found else len(data)) - start
        return found


CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("size", [1, 7, 1 << 16])
@pytest.mark.parametrize(
    ("before", "repeated", "after"),
    [
        (b"Name: a", b" ", b"b\r\n"),
        (b"Name: ", b"x", b"\r\n"),
        (b"", b"\r", b"\r\n"),
        (b"", b"a:\r\n", b""),
        (CHUNKED, b"1\r\nx\r\n", b"0\r\n\r\n"),
        (CHUNKED + b"1;", b"x", b"\r\nx\r\n0\r\n\r\n"),
        (CHUNKED + b"0\r\n", b"a: b\r\n", b"\r\n"),
    ],
    ids=["blanks", "value", "returns", "fields", "chunks", "chunk extension", "trailers"],
)
def test_requests_are_read_in_linear_time(
    monkeypatch: pytest.MonkeyPatch, before: bytes, repeated: bytes, after: bytes, size: int
) -> None:
    def looked_at(count: int) -> int:
        patterns = [
            CountingPattern(re.compile(rb"\r?\n\r?\n")),
            CountingPattern(re.compile(rb"\r?\n")),
        ]
        monkeypatch.setattr(_wire, "_HEAD_END", patterns[0])
        monkeypatch.setattr(_wire, "_LINE_END", patterns[1])
        garbage = before + repeated * (count // len(repeated)) + after
        data = memoryview(HEAD + garbage + b"\r\n")
        pieces = iter(range(0, len(data), size))

        def receive(_: int) -> bytes:
            start = next(pieces, None)
            return b"" if start is None else bytes(data[start : start + size])

        with contextlib.suppress(MalformedRequestError):
            RequestReader(receive, lambda _: None).next()
        return sum(pattern.seen for pattern in patterns)

    few, many = looked_at(3_000), looked_at(12_000)
    assert 0 < many <= 4.5 * few
    assert many <= 5 * 13_000  # the longest end overlaps three bytes of the piece before


def test_a_field_of_blanks_is_read_once() -> None:
    # Adjacent repeats in a pattern would go over the blanks for each of them: days.
    head = HEAD + b"Name: a" + b" " * 900_000 + b"\x01\r\n\r\n"
    pieces = iter([head, b""])
    with pytest.raises(MalformedRequestError):
        RequestReader(lambda _: next(pieces), lambda _: None).next()
