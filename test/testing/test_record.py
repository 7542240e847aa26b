"""What the server was asked: the record, and assertions that show what differs."""

from __future__ import annotations

import re
import threading
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from openapi_client.testing import MessagesServer
from test.support.raw import APP, CONNECTION, MESSAGES, RawClient, exchange_bytes

TEXT = {"body": "Hello"}


@pytest.fixture
def asked(messages_server: MessagesServer) -> MessagesServer:
    """A server that was asked for a send, a list, and something unknown."""
    with RawClient(messages_server) as call:
        call("POST", MESSAGES, TEXT, headers={"X-Trace": "t-1"})
        call("GET", f"{MESSAGES}?page=2&per_page=5")
        call("DELETE", f"{MESSAGES}/j?api_key=secret&x=1")
    return messages_server


def test_request_is_recorded_with_all_its_parts(asked: MessagesServer) -> None:
    sent, listed, unknown = asked.requests
    assert (sent.method, sent.path, sent.operation) == ("POST", f"/v1{MESSAGES}", "send")
    assert (sent.app_id, sent.connection_id, sent.jti) == (APP, CONNECTION, None)
    assert (sent.json, sent.body) == (TEXT, b'{"body": "Hello"}')
    assert (sent.headers["x-trace"], sent.headers["content-type"]) == ("t-1", "application/json")
    assert (sent.status, sent.fault) == (200, None)
    assert abs(sent.time - datetime.now(timezone.utc)) < timedelta(minutes=1)
    assert sent.time <= listed.time <= unknown.time
    assert (listed.operation, listed.query) == ("list", {"page": "2", "per_page": "5"})
    assert (listed.json, listed.body) == (None, b"")
    assert (unknown.operation, unknown.status, unknown.app_id) == (None, 404, None)


def test_record_is_a_sequence(asked: MessagesServer) -> None:
    requests = asked.requests
    assert len(requests) == 3
    assert [r.method for r in requests] == ["POST", "GET", "DELETE"]
    assert requests[-1].method == "DELETE"
    assert [r.method for r in requests[:2]] == ["POST", "GET"]
    assert repr(requests) == "<RequestRecord of 3>"
    requests.clear()
    assert list(requests) == []


def test_credentials_are_masked(messages_server: MessagesServer) -> None:
    secret = "c4n4ry-token"
    with RawClient(messages_server) as call:
        for authorization in (f"Bearer {secret}", secret, f"Basic {secret}"):
            call("GET", f"/x?access_token={secret}", authorization=authorization)
        call(
            *("GET", f"/x?api_key={secret}&%61pi_key={secret}"),
            headers={"Cookie": f"session={secret}", "X-Api-Key": secret},
        )
    shown = [r.headers["authorization"] for r in messages_server.requests]
    assert shown == ["Bearer ***", "***", "Basic ***", "Bearer ***"]
    last = messages_server.requests[-1]
    assert (last.headers["cookie"], last.headers["x-api-key"]) == ("***", "***")
    assert last.query == {"api_key": "***"}
    for request in messages_server.requests:
        assert secret not in f"{request!r} {request.headers} {request.query} {request.target}"


def test_only_so_many_requests_are_kept() -> None:
    with MessagesServer(tls=False, keep_requests=2) as server, RawClient(server) as call:
        for path in ("/a", "/b", "/c"):
            call("GET", path)
        assert [request.path for request in server.requests] == ["/v1/b", "/v1/c"]
        with pytest.raises(AssertionError, match="1 older requests are no longer kept"):
            server.requests.assert_received(path="/v1/a")


def test_status_and_fault_are_recorded(messages_server: MessagesServer) -> None:
    messages_server.faults.status(503, nth=1)
    messages_server.faults.reset(nth=1)
    with RawClient(messages_server) as call:
        call("GET")
        with pytest.raises(ConnectionResetError):
            call("GET")
    failed, reset = messages_server.requests
    assert (failed.status, failed.fault) == (503, "status")
    assert (reset.status, reset.fault) == (None, "reset")


@pytest.mark.parametrize(
    "criteria",
    [
        {"operation": "send"},
        {"method": "POST"},
        {"path": f"/v1{MESSAGES}", "method": "POST"},
        {"app_id": APP, "connection_id": CONNECTION, "operation": "send"},
        {"json": TEXT},
        {"headers": {"X-TRACE": "t-1"}},
        {"headers": {"Authorization": "Bearer ***"}, "json": TEXT},
    ],
)
def test_assert_received_returns_the_request_that_fits(
    asked: MessagesServer, criteria: dict[str, Any]
) -> None:
    assert asked.requests.assert_received(**criteria) is asked.requests[0]
    assert asked.requests.assert_received(1, **criteria) is asked.requests[0]
    assert asked.requests.matching(**criteria) == [asked.requests[0]]
    with pytest.raises(AssertionError, match="expected none that fit"):
        asked.requests.assert_not_received(**criteria)
    with pytest.raises(AssertionError, match=r"expected exactly 2 that fit .*, got 1"):
        asked.requests.assert_received(2, **criteria)


def test_criteria_of_query_and_headers_name_what_must_be_there(asked: MessagesServer) -> None:
    asked.requests.assert_received(query={"page": "2"})
    asked.requests.assert_not_received(query={"page": "3"})
    asked.requests.assert_not_received(query={"other": "2"})
    asked.requests.assert_not_received(headers={"X-Trace": "t-2"})


def test_failed_assertion_shows_the_difference_to_the_nearest_request(
    asked: MessagesServer,
) -> None:
    with pytest.raises(AssertionError) as caught:
        asked.requests.assert_received(operation="send", json={"body": "Hallo", "to": "you"})
    assert str(caught.value) == (
        "expected at least 1 that fit operation='send', json={'body': 'Hallo', 'to': 'you'}, "
        "got 0\n"
        "3 received:\n"
        f'  1. <POST /v1{MESSAGES} {{"body": "Hello"}} -> 200>\n'
        f"  2. <GET /v1{MESSAGES}?page=2&per_page=5 -> 200>\n"
        f"  3. <DELETE /v1{MESSAGES}/j?api_key=***&x=1 -> 404>\n"
        f'the nearest, <POST /v1{MESSAGES} {{"body": "Hello"}} -> 200>, differs '
        "(- expected, + received):\n"
        "  json:\n"
        "      {\n"
        '    -   "body": "Hallo",\n'
        '    +   "body": "Hello"\n'
        '    -   "to": "you"\n'
        "      }"
    )


def test_failed_assertion_about_no_requests_says_so(messages_server: MessagesServer) -> None:
    with pytest.raises(AssertionError) as caught:
        messages_server.requests.assert_received()
    assert str(caught.value) == "expected at least 1 that fit anything, got 0\nnothing was received"


def test_assert_operations(asked: MessagesServer) -> None:
    asked.requests.clear()
    with RawClient(asked) as call:
        call("POST", MESSAGES, TEXT)
        call("GET")
    asked.requests.assert_operations(["send", "list"])
    with pytest.raises(AssertionError) as caught:
        asked.requests.assert_operations(["send", "get", "list"])
    assert str(caught.value) == (
        "the operations differ (- expected, + received):\n    send\n  - get\n    list"
    )


def test_mistyped_criterion_is_refused(asked: MessagesServer) -> None:
    wrong: dict[str, Any] = {"methods": "GET"}
    with pytest.raises(TypeError, match="no criterion methods; there are operation, method"):
        asked.requests.assert_not_received(**wrong)


def test_wait_for_waits_until_the_requests_arrive(messages_server: MessagesServer) -> None:
    def ask() -> None:
        with RawClient(messages_server) as call:
            call("GET", "/other")
            call("POST", MESSAGES, TEXT)
            call("POST", MESSAGES, TEXT)

    asking = threading.Thread(target=ask)
    asking.start()
    found = messages_server.requests.wait_for(2, operation="send")
    assert [request.operation for request in found] == ["send", "send"]
    asking.join()


def test_wait_for_gives_up(asked: MessagesServer) -> None:
    with pytest.raises(AssertionError, match=r"at least 2 .*, got 1 within 0\.01 s"):
        asked.requests.wait_for(2, timeout=0.01, operation="send")


def test_log_has_one_readable_line_for_each_request() -> None:
    lines: list[str] = []
    finished = threading.Semaphore(0)

    def log(line: str) -> None:
        lines.append(line)
        finished.release()

    with MessagesServer(tls=False, log=log) as server, RawClient(server) as call:
        call("POST", MESSAGES, {"body": "Hello \x1b[31m" + "x" * 100})
        server.faults.reset()
        with pytest.raises(ConnectionResetError):
            call("GET", f"{MESSAGES}?page=1&token=secret")
        for _ in range(2):
            assert finished.acquire(timeout=10)
        token = server.token
    sent, reset = lines
    time, milliseconds = r"\d\d:\d\d:\d\d\.\d{6}", r"\d+\.\d ms"
    assert re.fullmatch(rf"{time}  200  POST /v1{MESSAGES}  {milliseconds}  \{{.*\.\.\.", sent)
    assert re.fullmatch(
        rf"{time}  ---  GET  /v1{MESSAGES}\?page=1&token=\*\*\*  .*  \[reset\]", reset
    )
    assert token not in sent + reset
    assert len(sent) < 150


def test_credentials_are_masked_under_any_path_and_name(messages_server: MessagesServer) -> None:
    secret = "c4n4ry-s3cret"
    with RawClient(messages_server) as call:
        for path in ("/login", "/refresh", "/auth/login", "/session"):
            call("POST", path, {"user": "me", "password": secret, "refresh_token": secret})
        call("GET", f"/x?key={secret}&jwt={secret}&%6bey={secret}", headers={"X-Auth": secret})
        for path in ("/sign%69n", "/log-in", "/logon", "/api/token"):
            call("POST", path, ["me", secret])
        call("GET", f"/x?sig={secret}&sid={secret}", headers={"X-Amz-Security-Token": secret})
        call("POST", "/hook", b'{"p\\u0061ss": "%s"}' % secret.encode())
        call("POST", "/form", f"user=me&p%61ss={secret}".encode())
        call("GET", "/x", headers={"Referer": f"http://x.test/?next=1&jwt={secret}"})
        call("GET", "/x", authorization=f"{secret} again")
        call("GET", "/x?page=1", headers={"Author": "shown"})
    shown = [f"{r!r} {r.headers} {r.query} {r.target} {r.body!r}" for r in messages_server.requests]
    assert secret not in "".join(shown)
    assert messages_server.requests[-1].headers["author"] == "shown"


def test_control_characters_are_shown_escaped() -> None:
    lines: list[str] = []
    with MessagesServer(tls=False, log=lines.append) as server:
        sent = b"POST /v1/\x9b31m HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n\x1b[m"
        exchange_bytes(server, sent)
        (request,) = server.requests
        with pytest.raises(AssertionError) as caught:
            server.requests.assert_received(query={"page": "2"}, json=["\x9b"])
    assert (repr(request) + lines[0] + str(caught.value).replace("\n", "")).isprintable()


def test_only_so_many_bytes_of_requests_are_kept() -> None:
    with MessagesServer(tls=False, keep_bytes=100_000) as server, RawClient(server) as call:
        for _ in range(10):
            call("POST", MESSAGES, {"body": "x" * 40_000})
        assert len(server.requests) == 2
        with pytest.raises(AssertionError, match="8 older requests are no longer kept"):
            server.requests.assert_received(path="/v1/a")
        assert repr(server.requests) == (
            "<RequestRecord of 2 (8 older requests are no longer kept)>"
        )
        with pytest.raises(AssertionError, match="8 older requests"):
            server.requests.assert_operations(["get"])
        call("POST", MESSAGES, {"body": "x" * 200_000})
        assert len(server.requests) == 0
