"""How often a request is sent, when, and what is told about it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import pytest
from urllib3 import Retry

from openapi_client import ApiException
from openapi_client.exceptions import (
    ConnectException,
    ProtocolException,
    ServiceException,
    TooManyRequestsException,
    TransportException,
)
from openapi_client.retries import Attempt
from test.support.authority import authority
from test.support.calls import OPERATIONS, FakeTime, api_for, failure_of, get, send
from test.support.recorder import http_answer
from test.support.scripted import (
    Peer,
    ScriptedServer,
    Step,
    always,
    in_turn,
    message,
)

GOOD = message("good")


def reset(peer: Peer) -> None:
    """The request has been read; the connection is reset instead of an answer."""
    peer.reset()


def cut(peer: Peer) -> None:
    """The body of the answer ends too early."""
    peer.send(GOOD[:-5])
    peer.close()


def vanish(peer: Peer) -> None:
    """The connection ends where the answer should begin."""
    peer.end()


def garbage(peer: Peer) -> None:
    """What comes is not HTTP."""
    peer.send(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    peer.wait_closed()


def status(code: int, **headers: str) -> bytes:
    """An answer of this status."""
    return http_answer(
        code,
        {"message": "told"},
        {name.replace("_", "-"): value for name, value in headers.items()},
    )


# Failure, how often it is sent by get/edit and by send, and the outcome that the error tells.
FAILURES: list[tuple[str, Step, int, int, str]] = [
    ("reset", reset, 3, 1, "unknown"),
    ("closed", vanish, 3, 1, "unknown"),
    ("garbage", garbage, 3, 1, "unknown"),
    ("truncated", cut, 3, 1, "answered"),
    ("429", status(429), 3, 3, "answered"),
    ("429 with Retry-After", status(429, Retry_After="1"), 3, 3, "answered"),
    ("502", status(502), 3, 1, "answered"),
    ("502 with Retry-After", status(502, Retry_After="1"), 3, 1, "answered"),
    ("503", status(503), 3, 1, "answered"),
    ("503 with Retry-After", status(503, Retry_After="1"), 3, 3, "answered"),
    ("503 with Retry-After that is no time", status(503, Retry_After="soon"), 3, 1, "answered"),
    ("504", status(504), 3, 1, "answered"),
    ("400", status(400), 1, 1, "answered"),
    ("401", status(401), 1, 1, "answered"),
    ("404", status(404), 1, 1, "answered"),
    ("500", status(500), 1, 1, "answered"),
    ("501", status(501), 1, 1, "answered"),
]


@pytest.mark.parametrize("operation", ["get", "edit", "send"])
@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure[0])
def test_a_request_is_repeated_only_where_that_is_safe(
    failure: tuple[str, Step, int, int, str], operation: str, tls: bool
) -> None:
    _, step, repeatable, not_repeatable, outcome = failure
    count = not_repeatable if operation == "send" else repeatable
    time = FakeTime()
    with ScriptedServer(in_turn(*[step] * 3), tls=tls) as server, api_for(server, time) as api:
        error = failure_of(OPERATIONS[operation], api)
    assert len(server.requests) == count
    assert error.outcome == outcome
    assert len(error.attempts) == count
    assert len(time.waits) == count - 1


@pytest.mark.parametrize("operation", ["get", "edit", "send"])
@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure[0])
def test_a_repeat_that_succeeds_gives_the_result(
    failure: tuple[str, Step, int, int, str], operation: str, tls: bool
) -> None:
    _, step, repeatable, not_repeatable, _ = failure
    if (not_repeatable if operation == "send" else repeatable) == 1:
        steps: list[Step] = [GOOD]
    else:
        steps = [step, step, GOOD]
    with ScriptedServer(in_turn(*steps), tls=tls) as server, api_for(server) as api:
        assert OPERATIONS[operation](api) == "good"
    assert len(server.requests) == len(steps)


def refuse_first(monkeypatch: pytest.MonkeyPatch, times: int, error: OSError) -> list[str]:
    """The first connections to a server fail with `error`, as the system would tell it."""
    seen: list[str] = []
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def failing(what: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            if len(seen) < times:
                seen.append(what)
                raise error
            return call(*args, **kwargs)

        return wrapped

    if isinstance(error, socket.gaierror):
        monkeypatch.setattr(socket, "getaddrinfo", failing("resolve", resolve))
    else:
        monkeypatch.setattr(socket.socket, "connect", failing("connect", connect))
    return seen


# `localhost` may have two addresses, each of which is tried.
@pytest.mark.parametrize("operation", ["get", "edit", "send"])
def test_a_host_that_cannot_be_resolved_is_asked_again_whatever_the_operation(
    operation: str, tls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedServer(always(GOOD), tls=tls) as server, api_for(server) as api:
        refuse_first(monkeypatch, 2, socket.gaierror(socket.EAI_AGAIN, "try again"))
        assert OPERATIONS[operation](api) == "good"
    assert len(server.requests) == 1


@pytest.mark.parametrize("operation", ["get", "edit", "send"])
def test_a_refused_connection_is_tried_again_whatever_the_operation(
    operation: str, tls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedServer(always(GOOD), tls=tls) as server:
        url = server.url.replace("localhost", "127.0.0.1")
        with api_for(url) as api:
            refuse_first(monkeypatch, 2, ConnectionRefusedError(111, "Connection refused"))
            assert OPERATIONS[operation](api) == "good"
    assert len(server.requests) == 1


@pytest.mark.parametrize("operation", ["get", "edit", "send"])
def test_a_port_that_stays_closed_is_tried_three_times_and_nothing_was_sent(
    operation: str, tls: bool
) -> None:
    time = FakeTime()
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        scheme = "https" if tls else "http"
        url = f"{scheme}://127.0.0.1:{unused.getsockname()[1]}"
        with api_for(url, time) as api:
            error = failure_of(OPERATIONS[operation], api)
    assert isinstance(error, ConnectException)
    assert error.outcome == "not_sent"
    assert len(error.attempts) == 3
    assert time.waits == [0.5, 1.0]
    assert "refused" in str(error)


@pytest.mark.parametrize("operation", ["get", "send"])
def test_a_connection_that_can_be_seen_to_be_closed_is_not_used(operation: str, tls: bool) -> None:
    def once(peer: Peer) -> None:
        peer.request()
        peer.send(GOOD)
        peer.end()

    with ScriptedServer(once, tls=tls) as server, api_for(server, retries=0) as api:
        for _ in range(3):
            assert OPERATIONS[operation](api) == "good"
            server.join()
    assert (len(server.requests), server.connections) == (3, 3)


def test_a_post_on_a_kept_connection_that_dies_before_the_answer_is_not_repeated(tls: bool) -> None:
    def stale(peer: Peer) -> None:
        peer.request()
        peer.send(GOOD)
        peer.request()
        peer.reset()

    with ScriptedServer(stale, tls=tls) as server, api_for(server) as api:
        assert send(api) == "good"
        error = failure_of(send, api)
    assert isinstance(error, ProtocolException)
    assert error.outcome == "unknown"
    assert (len(server.requests), server.connections) == (2, 1)


def test_a_get_on_a_kept_connection_that_dies_before_the_answer_is_repeated(tls: bool) -> None:
    def stale(peer: Peer) -> None:
        peer.request()
        peer.send(GOOD)
        peer.request()
        peer.reset()

    with ScriptedServer(stale, tls=tls) as server, api_for(server) as api:
        assert get(api) == "good"
        assert get(api) == "good"
    assert (len(server.requests), server.connections) == (3, 2)


@pytest.mark.parametrize("operation", ["get", "edit", "send"])
def test_a_failed_handshake_is_repeated_whatever_the_operation(operation: str) -> None:
    def third_time_lucky(peer: Peer) -> None:
        if peer.number < 2:
            peer.receive()
            peer.reset()
        else:
            peer.secure(authority().server_context())
            always(GOOD)(peer)

    server = ScriptedServer(third_time_lucky)
    with server, api_for(server.url.replace("http:", "https:")) as api:
        assert OPERATIONS[operation](api) == "good"
    assert (server.connections, len(server.requests)) == (3, 1)


# -- how long is waited ------------------------------------------------------------------------


def waits(
    *steps: Step, draw: Any = 1.0, call: Any = get, **settings: Any
) -> tuple[list[float], ApiException | None]:
    """The waits of a call whose attempts meet `steps`, and its error."""
    time = FakeTime()
    error: ApiException | None = None
    server = ScriptedServer(in_turn(*steps))
    with server, api_for(server, time, draw, **settings) as api:
        try:
            call(api)
        except ApiException as caught:
            error = caught
    return time.waits, error


def test_waits_double_from_half_a_second_to_eight() -> None:
    waited, _ = waits(*[status(503)] * 8, retries=7)
    assert waited == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]


@pytest.mark.parametrize("draw", [0.0, 0.25, 0.999])
def test_waits_are_drawn_from_zero_to_that(draw: float) -> None:
    waited, _ = waits(*[status(503)] * 3, draw=draw)
    assert waited == [wait for wait in (0.5 * draw, 1.0 * draw) if wait]


def test_two_repeats_are_the_default_and_none_means_the_default() -> None:
    for settings in ({}, {"retries": None}):
        waited, error = waits(*[status(503)] * 3, **settings)
        assert len(waited) == 2
        assert error is not None
        assert error.status == 503


@pytest.mark.parametrize("retries", [0, False])
def test_no_repeats_if_the_configuration_says_so(retries: int) -> None:
    waited, error = waits(status(503), retries=retries)
    assert (waited, error and error.status) == ([], 503)


@pytest.mark.parametrize("code", [429, 503])
@pytest.mark.parametrize("value", ["0", "1", "7", "59.5", "60"])
def test_retry_after_is_honoured_up_to_a_minute(code: int, value: str) -> None:
    waited, error = waits(status(code, Retry_After=value), GOOD, call=send, deadline=100)
    assert error is None
    assert waited == [float(value)] if value != "0" else waited == []


def test_retry_after_as_a_date_is_honoured() -> None:
    soon = formatdate(FakeTime().now + 30, usegmt=True)
    waited, error = waits(status(429, Retry_After=soon), GOOD)
    assert (waited, error) == ([30.0], None)


def test_retry_after_beyond_a_minute_is_raised_at_once_with_its_value() -> None:
    waited, error = waits(status(429, Retry_After="61"), deadline=None)
    assert isinstance(error, TooManyRequestsException)
    assert (waited, error.retry_after) == ([], 61.0)
    assert "retry after 61 s" in str(error)


def test_retry_after_beyond_the_deadline_is_raised_at_once_with_its_value() -> None:
    waited, error = waits(status(503, Retry_After="6"), deadline=5)
    assert isinstance(error, ServiceException)
    assert (waited, error.retry_after) == ([], 6.0)


@pytest.mark.parametrize(
    "value", ["-1", "inf", "nan", "1e35", "soon", "", "Fri, 31 Dec 100000 23:59:59 GMT", "0x10"]
)
def test_retry_after_that_makes_no_sense_leaves_the_backoff(value: str) -> None:
    waited, error = waits(status(503, Retry_After=value), GOOD)
    assert (waited, error) == ([0.5], None)


def test_a_wait_that_would_end_after_the_deadline_is_not_begun() -> None:
    waited, error = waits(*[status(503)] * 2, deadline=1.2, retries=5)
    assert waited == [0.5]
    assert error is not None
    assert len(error.attempts) == 2


# -- what is told ------------------------------------------------------------------------------


def test_the_result_tells_its_attempts() -> None:
    time = FakeTime()

    def slowly(answer: bytes) -> Callable[[Peer], None]:
        def step(peer: Peer) -> None:
            time.advance(0.25)
            peer.send(answer)

        return step

    steps = in_turn(slowly(status(503)), reset, slowly(GOOD))
    with ScriptedServer(steps) as server, api_for(server, time) as api:
        answer = api.get_with_http_info("app", "connection", "jti")
    first, second, third = answer.attempts
    assert first == Attempt(503, None, 0.25, 0.5)
    assert second.status is None
    assert "reset" in (second.cause or "")
    assert second.wait == 1.0
    assert third == Attempt(200, None, 0.25, 0.0)


def test_the_error_tells_its_attempts() -> None:
    time = FakeTime()
    with ScriptedServer(in_turn(status(429), cut, reset)) as server, api_for(server, time) as api:
        error = failure_of(get, api)
    assert isinstance(error, TransportException)
    first, second, third = error.attempts
    assert (first.status, first.cause, first.wait) == (429, None, 0.5)
    assert (second.status, second.wait) == (200, 1.0)
    assert "cut off" in (second.cause or "")
    assert (third.status, third.wait) == (None, 0.0)
    assert "3 attempts" in str(error)


def test_a_call_that_is_answered_at_once_has_one_attempt() -> None:
    with ScriptedServer(always(GOOD)) as server, api_for(server, FakeTime()) as api:
        answer = api.get_with_http_info("app", "connection", "jti")
    assert answer.attempts == (Attempt(200, None, 0.0, 0.0),)


# -- no retry storm ----------------------------------------------------------------------------


def test_repeats_stop_when_most_calls_fail() -> None:
    with ScriptedServer(always(status(503))) as server, api_for(server) as api:
        for _ in range(100):
            failure_of(get, api)
        # 100 calls and the 50 repeats that the budget begins with, instead of 300 requests.
        assert len(server.requests) == 150


def test_successes_bring_repeats_back() -> None:
    failing = True

    def either(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(status(503) if failing else GOOD)

    with ScriptedServer(either) as server, api_for(server) as api:
        for _ in range(60):
            failure_of(get, api)
        failing = False
        for _ in range(4):
            get(api)
        failing = True
        before = len(server.requests)
        for _ in range(2):
            failure_of(get, api)
        # Four successes are worth two repeats.
        assert len(server.requests) - before == 4


# -- a urllib3.Retry rules ---------------------------------------------------------------------


def requests_under(retry: Retry, *steps: Step, call: Callable[..., Any] = get) -> int:
    server = ScriptedServer(in_turn(*steps))
    with server, api_for(server, FakeTime(), retries=retry) as api:
        failure_of(call, api)
    return len(server.requests)


def test_a_urllib3_retry_says_how_often() -> None:
    assert requests_under(Retry(1), reset, reset) == 2
    assert requests_under(Retry(4), *[reset] * 5) == 5
    assert requests_under(Retry(0), reset) == 1


def test_a_urllib3_retry_says_which_statuses() -> None:
    assert requests_under(Retry(3), status(503)) == 1
    assert requests_under(Retry(2, status_forcelist=[500]), *[status(500)] * 3) == 3


def test_a_urllib3_retry_says_which_methods() -> None:
    assert requests_under(Retry(3), reset, call=send) == 1
    assert requests_under(Retry(1, allowed_methods=None), reset, reset, call=send) == 2


def test_a_urllib3_retry_says_how_long() -> None:
    retry = Retry(3, status_forcelist=[503], backoff_factor=2)
    waited, _ = waits(*[status(503)] * 4, retries=retry)
    assert waited == [4.0, 8.0]
    waited, _ = waits(status(503, Retry_After="7"), GOOD, retries=retry)
    assert waited == [7.0]


def test_a_urllib3_retry_keeps_to_the_deadline() -> None:
    retry = Retry(50, status_forcelist=[503], backoff_factor=2)
    waited, error = waits(*[status(503)] * 50, retries=retry, deadline=10)
    assert sum(waited) < 10
    assert error is not None
    assert error.status == 503


def test_a_urllib3_retry_is_not_changed() -> None:
    retry = Retry(2)
    assert requests_under(retry, *[reset] * 3) == 3
    assert (retry.total, retry.history) == (2, ())
    assert requests_under(retry, *[reset] * 3) == 3
