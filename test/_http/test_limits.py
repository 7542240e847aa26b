"""A call ends by its deadline, whatever the server does.

Where time can be handed in, it is: a clock that goes on when the client looks at it. What is left
to the system (a connection that is not accepted, a handshake) is shown with short true limits; the
figures are printed by `python -m test._http.deadlines`.
"""

from __future__ import annotations

import os
import socket
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import urllib3

from openapi_client import MessagesApi
from openapi_client.exceptions import (
    ApiException,
    ConnectTimeoutException,
    ProtocolException,
    TimeoutException,
)
from test.support.addresses import full_backlog
from test.support.calls import OPERATIONS, FakeTime, api_for, failure_of, finishes, get, send
from test.support.misbehaviour import DRIPPING, FOR_EVER, deaf, silent
from test.support.scripted import PATIENCE, Peer, ScriptedServer, always, message
from test.support.threads import in_threads

DEADLINE = 60.0


def nothing() -> None:
    """No pause."""


@pytest.mark.parametrize("what", DRIPPING)
def test_a_call_ends_at_its_deadline_while_the_server_drips(what: str, tls: bool) -> None:
    time = FakeTime(tick=0.5)
    server = ScriptedServer(DRIPPING[what](time.keep_pace), tls=tls)
    with server, api_for(server, time) as api:
        error = failure_of(finishes, lambda: get(api))
    assert isinstance(error, TimeoutException)
    assert error.outcome == ("unknown" if what == "a head" else "answered")
    assert DEADLINE <= time.passed <= DEADLINE * 1.1
    assert len(error.attempts) == 1


@pytest.mark.parametrize("what", DRIPPING)
def test_a_number_as_request_timeout_is_the_deadline_of_that_call(what: str) -> None:
    time = FakeTime(tick=0.05)
    server = ScriptedServer(DRIPPING[what](time.keep_pace))
    with server, api_for(server, time) as api:
        error = failure_of(finishes, lambda: get(api, _request_timeout=5))
    assert isinstance(error, TimeoutException)
    assert 5 <= time.passed <= 5.5


@pytest.mark.parametrize("what", DRIPPING)
def test_reading_an_answer_later_ends_at_the_deadline_too(what: str, tls: bool) -> None:
    time = FakeTime(tick=0.5)

    def read(api: MessagesApi) -> None:
        answer = api.get_without_preload_content("app", "connection", "jti")
        with pytest.raises(urllib3.exceptions.TimeoutError):
            answer.read()

    server = ScriptedServer(DRIPPING[what](time.keep_pace), tls=tls)
    with server, api_for(server, time) as api:
        if what == "a head":
            assert isinstance(failure_of(finishes, lambda: read(api)), TimeoutException)
        else:
            finishes(lambda: read(api))
    assert DEADLINE <= time.passed <= DEADLINE * 1.1


@pytest.mark.parametrize("operation", ["get", "edit"])
@pytest.mark.parametrize("what", FOR_EVER)
def test_repeats_and_waits_end_at_the_deadline(what: str, operation: str) -> None:
    time = FakeTime(tick=0.01)
    server = ScriptedServer(FOR_EVER[what](lambda: time.advance(0.2)))
    with server, api_for(server, time, retries=10**6) as api:
        error = failure_of(finishes, lambda: OPERATIONS[operation](api))
    assert time.passed <= DEADLINE * 1.1
    assert len(error.attempts) > 5


def test_no_deadline_means_none(tls: bool) -> None:
    time = FakeTime()
    answer = message("at last")

    def script(peer: Peer) -> None:
        peer.request()
        for at in range(len(answer)):
            peer.send(answer[at : at + 1])
            time.advance(100.0)

    server = ScriptedServer(script, tls=tls)
    with server, api_for(server, time, deadline=None, timeout=None) as api:
        assert finishes(lambda: get(api)) == "at last"
    assert time.passed > 10_000


# -- true time ---------------------------------------------------------------------------------

SHORT = 0.1


@pytest.mark.parametrize(
    "settings", [{"deadline": SHORT}, {"timeout": SHORT}, {"timeout": (5, SHORT)}]
)
@pytest.mark.parametrize("operation", ["get", "edit", "send"])
def test_a_server_that_says_nothing(operation: str, settings: dict[str, Any], tls: bool) -> None:
    with (
        ScriptedServer(silent(nothing), tls=tls) as server,
        api_for(server, retries=0, **settings) as api,
    ):
        error = failure_of(finishes, lambda: OPERATIONS[operation](api))
    assert isinstance(error, TimeoutException)
    assert not isinstance(error, ConnectTimeoutException)
    assert error.outcome == "unknown"


@pytest.mark.parametrize("limit", [SHORT, (5, SHORT), (None, SHORT)])
def test_a_server_that_says_nothing_within_the_limits_of_the_call(limit: Any, tls: bool) -> None:
    with ScriptedServer(silent(nothing), tls=tls) as server, api_for(server, retries=0) as api:
        error = failure_of(finishes, lambda: get(api, _request_timeout=limit))
    assert isinstance(error, TimeoutException)
    assert error.outcome == "unknown"


@pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\nx"])
def test_limits_hold_where_a_program_has_replaced_the_socket_class(
    begin: bytes, tls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Replacement(socket.socket):
        """As SOCKS libraries put it into the place of the class for the whole process."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(message())
        peer.request()
        if begin:
            peer.send(begin)
        peer.wait_closed()

    with ScriptedServer(script, tls=tls) as server:
        monkeypatch.setattr(socket, "socket", Replacement)
        with api_for(server, timeout=None, deadline=None, retries=0) as api:
            assert get(api) == "hello"
            error = failure_of(finishes, lambda: get(api, _request_timeout=SHORT))
    assert isinstance(error, TimeoutException)


def test_a_server_that_does_not_read_a_large_request(tls: bool) -> None:
    server = ScriptedServer(deaf(nothing), tls=tls)
    with server, api_for(server, timeout=(5, SHORT)) as api:
        error = failure_of(finishes, lambda: send(api, "x" * 2**24))
    assert isinstance(error, TimeoutException)
    assert error.outcome == "unknown"
    assert server.connections == 1


def test_a_server_that_reads_a_large_request_slowly(tls: bool) -> None:
    time = FakeTime()
    received = 0

    def script(peer: Peer) -> None:
        nonlocal received
        while True:
            time.advance(1)
            received += len(peer.receive())

    size = 2**24
    with ScriptedServer(script, tls=tls) as server, api_for(server, time) as api:
        error = failure_of(finishes, lambda: send(api, "x" * size))
    assert isinstance(error, TimeoutException)
    assert error.outcome == "unknown"
    assert received < size


@pytest.mark.parametrize(
    "settings", [{"deadline": SHORT}, {"timeout": SHORT}, {"timeout": (SHORT, 5)}]
)
@pytest.mark.parametrize("operation", ["get", "send"])
def test_a_server_that_never_accepts(operation: str, settings: dict[str, Any], tls: bool) -> None:
    scheme = "https" if tls else "http"
    with full_backlog() as port, api_for(f"{scheme}://127.0.0.1:{port}", **settings) as api:
        error = failure_of(finishes, lambda: OPERATIONS[operation](api))
    assert isinstance(error, ConnectTimeoutException)
    assert error.outcome == "not_sent"
    assert len(error.attempts) == (1 if "deadline" in settings else 3)


def tls_silent(peer: Peer) -> None:
    """Says nothing to the greeting of TLS."""
    peer.wait_closed()


def tls_dripping(peer: Peer) -> None:
    """Answers the greeting of TLS byte by byte, with a record that never ends."""
    peer.receive()
    peer.send(b"\x16\x03\x03\x3f\xff\x02\x00\x3f\xfb")
    while True:
        peer.send(b"\x00")
        peer.wait_for_more(timeout=0.01)


@pytest.mark.parametrize("script", [tls_silent, tls_dripping])
@pytest.mark.parametrize("settings", [{"deadline": SHORT}, {"timeout": (SHORT, 5)}])
def test_a_server_whose_handshake_does_not_end(script: Any, settings: dict[str, Any]) -> None:
    server = ScriptedServer(script)
    with server, api_for(server.url.replace("http:", "https:"), retries=0, **settings) as api:
        error = failure_of(finishes, lambda: send(api))
    assert isinstance(error, ConnectTimeoutException)
    assert error.outcome == "not_sent"


# -- what has no end, but comes at once --------------------------------------------------------


def endless(begin: bytes, more: bytes) -> Any:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(begin)
        while True:
            peer.send(more)

    return script


ENDLESS = {
    "status line": (b"HTTP/1.1 200 ", b"OK" * 1000),
    "field": (b"HTTP/1.1 200 OK\r\nX: ", b"x" * 1000),
    "fields": (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 100),
    "folded field": (b"HTTP/1.1 200 OK\r\nX: y", b"\r\n y" * 100),
    "line ends": (b"", b"\r\n" * 100),
    "zero bytes": (b"", b"\0" * 100),
    "interim answers": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 10),
    "chunk size": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0" * 1000),
    "chunk extension": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x" * 1000),
    "trailer fields": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        b"X: y\r\n" * 100,
    ),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_what_has_no_end_ends_the_call(what: str, tls: bool) -> None:
    server = ScriptedServer(endless(*ENDLESS[what]), tls=tls)
    with server, api_for(server, FakeTime(), retries=0) as api:
        error = failure_of(finishes, lambda: get(api))
    assert isinstance(error, ProtocolException)


@pytest.mark.parametrize(
    "head", [b"Transfer-Encoding: chunked\r\n\r\n", b"\r\n", b"Content-Encoding: gzip\r\n\r\n"]
)
def test_a_body_without_an_end_ends_the_call(head: bytes) -> None:
    import gzip

    more = b"10\r\n" + b" " * 16 + b"\r\n" if b"chunked" in head else b" " * 1000
    if b"gzip" in head:
        more = gzip.compress(b" " * 1000)
    server = ScriptedServer(endless(b"HTTP/1.1 200 OK\r\n" + head, more))
    with server, api_for(server, FakeTime(), retries=0, max_response_bytes=10**6) as api:
        error = failure_of(finishes, lambda: get(api))
    assert isinstance(error, ApiException)
    assert "1000000 bytes" in str(error)
    assert error.outcome == "answered"


@pytest.mark.parametrize("limits", [{"deadline": 0.2}, {"timeout": (0.2, None), "deadline": None}])
@pytest.mark.parametrize("proxy", ["", "http://proxy.example:3128"])
def test_a_resolver_that_hangs_holds_up_no_call(
    monkeypatch: pytest.MonkeyPatch, limits: dict[str, Any], proxy: str
) -> None:
    ended = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: ended.wait(PATIENCE))
    url = "http://service.example/v1"
    with api_for(url, proxy=proxy, allow_insecure=True, retries=0, **limits) as api:
        error = failure_of(finishes, lambda: get(api))
    ended.set()
    assert isinstance(error, ConnectTimeoutException)
    assert error.outcome == "not_sent"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
@pytest.mark.parametrize("setting", ["ssl_ca_cert", "cert_file"])
def test_a_file_of_the_tls_settings_that_hangs_holds_up_no_call(
    tmp_path: Path, setting: str
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    settings: dict[str, Any] = {setting: str(pipe), "retries": 0, "deadline": 0.2}
    with api_for("https://127.0.0.1:1/v1", **settings) as api:
        errors: list[BaseException] = []
        call = partial(failure_of, finishes, lambda: get(api))
        in_threads([lambda: errors.append(call())] * 4)
    # It was opened once for all of them; what comes through it lets the thread end.
    pipe.write_bytes(b"")
    assert {type(error) for error in errors} == {ConnectTimeoutException}


def test_a_call_within_its_limits_is_not_hurried() -> None:
    limits = {"deadline": PATIENCE, "timeout": PATIENCE}
    with ScriptedServer(always(message())) as server, api_for(server, **limits) as api:
        assert get(api) == "hello"
