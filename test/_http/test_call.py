"""A call is one thing over all of its attempts: its outcome, its credentials, its request."""

from __future__ import annotations

import select
import socket
import struct
import sys
import threading
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from urllib3 import HTTPConnectionPool, Retry

from openapi_client import ApiClient, ApiException, Configuration, MessagesApi
from openapi_client.exceptions import IncompleteResponseException
from openapi_client.retries import RetryPolicy
from test.support.calls import TOKEN, FakeTime, api_for, edit, failure_of, get, send
from test.support.recorder import http_answer
from test.support.scripted import PATIENCE, Peer, ScriptedServer, always, in_turn, message

GOOD = message("good")


@pytest.mark.parametrize("retries", [None, Retry(2), RetryPolicy(repeats=4)])
def test_a_call_that_may_have_arrived_is_never_not_sent_again(retries: Any) -> None:
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        peer, _ = listening.accept()
        peer.recv(65536)
        listening.close()  # further attempts are refused
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()

    thread = threading.Thread(target=serve)
    thread.start()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    with api_for(url, retries=retries) as api:
        error = failure_of(edit, api)
    thread.join()
    assert error.outcome == "unknown"
    assert [attempt.status for attempt in error.attempts] == [None] * len(error.attempts)
    assert len(error.attempts) > 1


def test_an_early_answer_is_the_answer(tls: bool) -> None:
    def early(peer: Peer) -> None:
        peer.receive()
        peer.send(http_answer(413, {"message": "too long"}))
        peer.wait_closed()

    with ScriptedServer(early, tls=tls) as server, api_for(server, deadline=20.0) as api:
        error = failure_of(send, api, "x" * 20_000_000)
    assert (error.status, error.outcome, error.detail) == (413, "answered", "too long")


def test_an_interim_answer_does_not_end_the_request() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    received: list[bytes] = []

    def serve() -> None:
        peer, _ = listening.accept()
        received.append(peer.recv(1000))
        peer.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        while not received[-1].endswith(b'"}'):
            received.append(peer.recv(1 << 20))
        peer.sendall(GOOD)
        peer.close()

    thread = threading.Thread(target=serve)
    thread.start()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    with listening, api_for(url, retries=0) as api:
        assert send(api, "x" * 20_000_000) == "good"
    thread.join()
    assert sum(map(len, received)) > 20_000_000


def test_retries_of_one_call_go_before_those_of_the_configuration() -> None:
    unavailable = http_answer(503, {})
    with ScriptedServer(always(unavailable)) as server, api_for(server, FakeTime()) as api:
        assert len(failure_of(get, api, _retries=0).attempts) == 1
        assert len(failure_of(get, api, _retries=RetryPolicy(repeats=3)).attempts) == 4
        assert len(failure_of(get, api).attempts) == 3


@pytest.mark.parametrize("retries", [-1, True, "2", 1.5])
def test_retries_of_one_call_are_checked(retries: Any) -> None:
    with api_for("http://127.0.0.1:9/v1") as api, pytest.raises(ValueError, match="_retries"):
        get(api, _retries=retries)


def test_an_untrusted_certificate_is_tried_once() -> None:
    with ScriptedServer(always(GOOD), tls=True) as server:
        with api_for(server, ssl_ca_cert=None) as api:
            error = failure_of(get, api)
        assert (len(error.attempts), error.outcome) == (1, "not_sent")


def test_a_program_that_repeats_what_it_was_handed_makes_a_call_of_its_own() -> None:
    class Twice(ApiClient):
        def call_api(self, *args: Any, **kwargs: Any) -> Any:
            super().call_api(*args, **kwargs)
            return super().call_api(*args, **kwargs)

    with ScriptedServer(in_turn(GOOD, GOOD)) as server:
        with Twice(Configuration(server.url, {"BearerAuth": TOKEN})) as client:
            response = MessagesApi(client).get_with_http_info("app", "connection", "jti")
        assert len(server.requests) == 2
    assert len(response.attempts) == 1


def test_a_wrapper_of_urlopen_that_binds_by_name_sees_what_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = HTTPConnectionPool.urlopen
    seen: list[tuple[str, str, Any]] = []

    def wrapped(
        pool: HTTPConnectionPool, method: str, url: str, *, headers: Any, body: Any, **named: Any
    ) -> Any:
        seen.append((method, url, body))
        headers = {**headers, "traceparent": "00-1-1-01"}
        return original(pool, method, url, headers=headers, body=body, **named)

    monkeypatch.setattr(HTTPConnectionPool, "urlopen", wrapped)
    with ScriptedServer(always(GOOD)) as server, api_for(server) as api:
        send(api, "hello")
    (request,) = server.requests
    assert seen == [("POST", request.target, b'{"body": "hello"}')]
    assert request.headers["traceparent"] == "00-1-1-01"


def test_an_error_of_a_provider_is_shared_by_all_who_wait() -> None:
    asked, entered, go_on = [], threading.Barrier(8), threading.Event()

    def provide() -> str:
        asked.append(1)
        assert go_on.wait(10)
        raise RuntimeError("no token today")

    errors: list[ApiException] = []
    with ApiClient(Configuration("http://127.0.0.1:9/v1", access_token=provide)) as client:
        api = MessagesApi(client)

        def call() -> None:
            entered.wait(10)
            errors.append(failure_of(get, api))

        threads = [threading.Thread(target=call) for _ in range(7)]
        for thread in threads:
            thread.start()
        entered.wait(10)
        first = failure_of(get, api, _request_timeout=0.3)
        go_on.set()
        for thread in threads:
            thread.join()
    assert first.outcome == "not_sent"
    assert {error.outcome for error in errors} == {"not_sent"}
    assert all(isinstance(error.__cause__, (RuntimeError, type(None))) for error in errors)
    assert len(asked) <= 2


def test_a_provider_that_hangs_holds_no_call_beyond_its_deadline() -> None:
    hanging = threading.Event()

    def provide() -> str:
        hanging.wait(20)
        return TOKEN

    with ApiClient(Configuration("http://127.0.0.1:9/v1", access_token=provide)) as client:
        error = failure_of(get, MessagesApi(client), _request_timeout=0.2)
        hanging.set()
    assert error.outcome == "not_sent"
    assert "token" in str(error)


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_what_came_of_a_compressed_body_that_was_cut_off_is_kept_decoded(framing: str) -> None:
    packed = zlib.compressobj(0, zlib.DEFLATED, 31)
    first = packed.compress(b"x" * 50_000) + packed.flush(zlib.Z_SYNC_FLUSH)

    def cut(peer: Peer) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
        if framing == "length":
            peer.send(head + b"Content-Length: 99999\r\n\r\n" + first)
        else:
            length = f"{len(first):x}".encode()
            peer.send(head + b"Transfer-Encoding: chunked\r\n\r\n" + length + b"\r\n" + first)
        peer.close()

    with ScriptedServer(in_turn(cut)) as server, api_for(server, retries=0) as api:
        error = failure_of(get, api)
    assert isinstance(error, IncompleteResponseException)
    assert error.raw_data == b"x" * 50_000
    assert error.outcome == "answered"


@pytest.mark.parametrize("tls", [False, True])
def test_poll_may_be_taken_away_at_any_time(monkeypatch: pytest.MonkeyPatch, tls: bool) -> None:
    # `eventlet.monkey_patch()` does this, before or after the first call.
    with ScriptedServer(always(message("x" * 100_000)), tls=tls) as server:
        with api_for(server) as api:
            get(api)
            monkeypatch.delattr(select, "poll")
            assert len(get(api) or "") == 100_000
        with api_for(server) as api:
            assert len(send(api, "y" * 1_000_000) or "") == 100_000


PROVIDERS: dict[str, Callable[[], dict[str, Any]]] = {
    "token": dict,
    "provider": lambda: {"access_token": lambda: TOKEN, "api_key": {}},
}


@pytest.mark.parametrize("kind", PROVIDERS)
def test_a_signal_handler_may_make_a_call_at_any_moment_of_another(kind: str) -> None:
    def call_within_call(at: int) -> tuple[int, list[str | None]]:
        """Make a call at the `at`th step of the first call of a client: steps, and the texts."""
        steps, texts = 0, list[str | None]()

        def step(*_: object) -> None:
            nonlocal steps
            steps += 1
            if steps == at:
                sys.setprofile(None)
                texts.append(get(api))

        with api_for(server, deadline=PATIENCE, **PROVIDERS[kind]()) as api:
            before = sys.getprofile()
            sys.setprofile(step)
            try:
                texts.append(get(api))
            finally:
                sys.setprofile(before)
        return steps, texts

    with ScriptedServer(always(GOOD)) as server:
        total, _ = call_within_call(0)
        for at in range(1, total, max(1, total // 200)):
            assert set(call_within_call(at)[1]) == {"good"}
