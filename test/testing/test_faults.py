"""Faults on command: each does what it says, to the requests that it is told to strike."""

from __future__ import annotations

import http.client
import threading
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openapi_client import MessagesApi
from openapi_client.exceptions import UnauthorizedException
from openapi_client.testing import MessagesServer
from test.support.raw import APP, CONNECTION, MESSAGES, Answer, RawClient, exchange_bytes

TEXT = {"body": "Hello"}


def send(server: MessagesServer, *, timeout: float = 10) -> Answer:
    with RawClient(server, timeout=timeout) as call:
        return call("POST", MESSAGES, TEXT)


def stored(server: MessagesServer) -> int:
    return len(server.messages())


def outcome(server: MessagesServer) -> str:
    """A request on a connection of its own, in one word."""
    try:
        return str(send(server).status)
    except ConnectionRefusedError:
        return "refused"
    except ConnectionResetError:
        return "reset"


# What each of them does.


def test_status_with_body_and_headers(messages_server: MessagesServer) -> None:
    messages_server.faults.status(
        *(429, {"slow": "down"}), headers={"X-Proxy": "yes"}, retry_after=7
    )
    answer = send(messages_server)
    assert (answer.status, answer.json) == (429, {"slow": "down"})
    assert (answer.headers["X-Proxy"], answer.headers["Retry-After"]) == ("yes", "7")
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert stored(messages_server) == 0


@pytest.mark.parametrize(
    ("body", "headers", "sent", "kind"),
    [
        ("<html>", {}, b"<html>", "text/html; charset=utf-8"),
        ("no luck", {}, b"no luck", "text/plain; charset=utf-8"),
        (b"\xff", {}, b"\xff", "application/octet-stream"),
        (["x"], {}, b'["x"]\n', "application/json; charset=UTF-8"),
        ("{}", {"content-type": "application/json"}, b"{}", "application/json"),
    ],
)
def test_body_of_a_status_has_a_fitting_type(
    messages_server: MessagesServer, body: object, headers: dict[str, str], sent: bytes, kind: str
) -> None:
    messages_server.faults.status(500, body, headers=headers)
    answer = send(messages_server)
    assert (answer.body, answer.headers["Content-Type"]) == (sent, kind)


@pytest.mark.parametrize("status", [429, 502, 503, 504, 599])
def test_status_of_a_proxy_has_a_page_in_html(messages_server: MessagesServer, status: int) -> None:
    messages_server.faults.status(status)
    answer = send(messages_server)
    assert answer.status == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert f"<h1>{status} ".encode() in answer.body


@pytest.mark.messages_server(generation="2024")
@pytest.mark.parametrize(
    ("status", "text"),
    [
        (400, "The provided body is not valid"),
        (401, "invalid or expired jwt"),
        (404, "does not exist"),
        (423, "change your password"),
        (500, "Error code ["),
    ],
)
def test_status_of_the_service_has_its_own_body(
    messages_server: MessagesServer, status: int, text: str
) -> None:
    messages_server.faults.status(status)
    assert text.encode() in send(messages_server).body


def test_status_204_has_no_body(messages_server: MessagesServer) -> None:
    messages_server.faults.status(204)
    answer = send(messages_server)
    assert (answer.status, answer.body) == (204, b"")
    assert "Content-Length" not in answer.headers


def test_status_can_come_after_the_request_was_stored(messages_server: MessagesServer) -> None:
    messages_server.faults.status(502, stored=True)
    assert send(messages_server).status == 502
    assert stored(messages_server) == 1


@pytest.mark.parametrize("was_stored", [False, True])
def test_latency_delays_before_or_after_the_request_is_stored(
    messages_server: MessagesServer, was_stored: bool
) -> None:
    messages_server.faults.latency(30, stored=was_stored)
    with RawClient(messages_server) as call:
        body = b'{"body":"Hello"}'
        headers = {
            "Authorization": f"Bearer {messages_server.token}",
            "Content-Type": "application/json",
        }
        call.connection.request("POST", f"/v1{MESSAGES}", body, headers)
        messages_server.requests.wait_for()
        if was_stored:
            while not stored(messages_server):
                pass
        else:
            assert stored(messages_server) == 0


def test_latency_is_waited_for_before_the_answer(messages_server: MessagesServer) -> None:
    messages_server.faults.latency(0.02)
    started = time.monotonic()
    assert send(messages_server).status == 200
    assert time.monotonic() - started >= 0.02


@pytest.mark.parametrize("was_stored", [False, True])
def test_no_answer(messages_server: MessagesServer, was_stored: bool) -> None:
    messages_server.faults.no_answer(stored=was_stored)
    with pytest.raises(TimeoutError):
        send(messages_server, timeout=0.1)
    assert stored(messages_server) == was_stored
    assert messages_server.requests[0].status is None


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("was_stored", [False, True])
def test_reset_before_or_after_the_request_was_stored(tls: bool, was_stored: bool) -> None:
    with MessagesServer(tls=tls) as server:
        server.faults.reset(stored=was_stored)
        with pytest.raises(ConnectionResetError):
            send(server)
        assert stored(server) == was_stored


@pytest.mark.parametrize("keep", [0, 0.5, 0.99999])
def test_truncated_body(messages_server: MessagesServer, keep: float) -> None:
    messages_server.faults.truncate(keep)
    with pytest.raises(http.client.IncompleteRead) as caught:
        send(messages_server)
    missing = caught.value.expected or 0
    whole = len(caught.value.partial) + missing
    assert missing >= 1
    assert len(caught.value.partial) == min(int(whole * keep), whole - 1)
    assert stored(messages_server) == 1


def test_garbled_body_is_neither_json_nor_text(messages_server: MessagesServer) -> None:
    messages_server.faults.garble()
    answer = send(messages_server)
    assert answer.status == 200
    assert len(answer.body) == int(answer.headers["Content-Length"])
    with pytest.raises(UnicodeDecodeError):
        answer.body.decode()
    assert stored(messages_server) == 1


def test_dripping_body(messages_server: MessagesServer) -> None:
    messages_server.faults.drip(0.001, size=10)
    started = time.monotonic()
    answer = send(messages_server)
    assert answer.json["body"] == "Hello"
    assert time.monotonic() - started >= 0.001 * (len(answer.body) // 10)


def test_content_length_too_large_lets_the_client_wait(messages_server: MessagesServer) -> None:
    messages_server.faults.wrong_length(5)
    with pytest.raises(TimeoutError):
        send(messages_server, timeout=0.1)
    assert stored(messages_server) == 1


def test_content_length_too_small_leaves_bytes_on_the_connection(
    messages_server: MessagesServer,
) -> None:
    messages_server.faults.wrong_length(-4, nth=1)
    request = (
        "GET /v1/nothing HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {messages_server.token}\r\n\r\n"
    )
    received = exchange_bytes(messages_server, request.encode() * 2)
    wrong, right = received.split(b"HTTP/1.1 404 Not Found\r\n")[1:]
    body = b'{"message":"Not Found"}\n'
    for answer, length in ((wrong, len(body) - 4), (right, len(body))):
        assert answer.endswith(body)
        assert f"Content-Length: {length}\r\n".encode() in answer


def test_expired_token_from_now_on(messages_server: MessagesServer) -> None:
    old = f"Bearer {messages_server.token}"
    with RawClient(messages_server) as call:
        with messages_server.faults.expire_token():
            for _ in range(2):
                answer = call("GET", "/nothing")
                assert (answer.status, answer.json) == (401, {"message": "invalid or expired jwt"})
            messages_server.token = "renewed"
            assert call("GET", "/nothing").status == 404
            assert call("GET", "/nothing", authorization=old).status == 401
        assert call("GET", "/nothing").status == 404


def test_expired_token_is_valid_again_afterwards(messages_server: MessagesServer) -> None:
    with messages_server.faults.expire_token():
        assert outcome(messages_server) == "401"
    assert outcome(messages_server) == "200"


def test_token_expires_at_the_nth_request(messages_server: MessagesServer) -> None:
    messages_server.faults.expire_token(nth=3)
    assert [outcome(messages_server) for _ in range(5)] == ["200", "200", "401", "401", "401"]


def test_another_generation_from_now_on(messages_server: MessagesServer) -> None:
    messages_server.add_connection(APP, CONNECTION)
    with messages_server.faults.generation("2023"):
        with messages_server.faults.generation("2024", nth=2):
            assert [outcome(messages_server) for _ in range(3)] == ["201", "202", "202"]
        assert outcome(messages_server) == "201"
    assert outcome(messages_server) == "200"


# Refused connections.


def test_refused_while_the_fault_lasts(messages_server: MessagesServer) -> None:
    port = messages_server.port
    with RawClient(messages_server) as kept:
        assert kept("GET", "/nothing").status == 404
        with messages_server.faults.refuse() as fault:
            assert kept.connection.sock.recv(1) == b""
            assert [outcome(messages_server) for _ in range(3)] == ["refused"] * 3
            assert fault.strikes == 1
    assert messages_server.port == port
    assert outcome(messages_server) == "200"


def test_refused_from_the_nth_request_on(messages_server: MessagesServer) -> None:
    fault = messages_server.faults.refuse(nth=3)
    with RawClient(messages_server) as call:
        assert call("GET", "/nothing").headers.get("Connection") is None
        assert call("GET", "/nothing").headers["Connection"] == "close"
    assert outcome(messages_server) == "refused"
    fault.remove()
    assert outcome(messages_server) == "200"


def test_refused_for_a_time(messages_server: MessagesServer) -> None:
    messages_server.faults.refuse(0.05, nth=2)
    assert outcome(messages_server) == "200"
    assert outcome(messages_server) == "refused"
    outcomes = set[str]()
    while "200" not in outcomes:
        outcomes.add(outcome(messages_server))
    assert outcomes <= {"refused", "200"}


def test_refused_by_share(messages_server: MessagesServer) -> None:
    fault = messages_server.faults.refuse(0.001, share=0.5)
    answered = 0
    while fault.strikes < 5:
        answered += outcome(messages_server) == "200"
    fault.remove()
    assert stored(messages_server) == answered


def test_refusing_server_can_be_stopped_and_started() -> None:
    server = MessagesServer(tls=False)
    server.faults.refuse()
    server.start()
    assert outcome(server) == "refused"
    before = threading.active_count()
    server.stop()
    assert threading.active_count() <= before
    with server:
        assert outcome(server) == "200"


# Which requests are struck.


def test_a_fault_lasts_until_it_is_removed(messages_server: MessagesServer) -> None:
    fault = messages_server.faults.status(503)
    assert [outcome(messages_server) for _ in range(2)] == ["503", "503"]
    assert fault.strikes == 2
    fault.remove()
    fault.remove()
    assert outcome(messages_server) == "200"


def test_a_fault_lasts_to_the_end_of_its_block_whatever_happens(
    messages_server: MessagesServer,
) -> None:
    def fail() -> None:
        assert outcome(messages_server) == "503"
        raise KeyError

    with pytest.raises(KeyError), messages_server.faults.status(503):
        fail()
    assert outcome(messages_server) == "200"


def test_nth_and_times(messages_server: MessagesServer) -> None:
    messages_server.faults.status(503, nth=3)
    assert [outcome(messages_server) for _ in range(4)] == ["200", "200", "503", "200"]
    messages_server.faults.status(502, times=2)
    assert [outcome(messages_server) for _ in range(4)] == ["502", "502", "200", "200"]


def test_operation(messages_server: MessagesServer) -> None:
    messages_server.receive(APP, CONNECTION, "Hello", jti="j")
    requests = {
        "list": ("GET", MESSAGES, None),
        "get": ("GET", f"{MESSAGES}/j", None),
        "edit": ("PUT", f"{MESSAGES}/j", TEXT),
        "send": ("POST", MESSAGES, TEXT),
    }
    with RawClient(messages_server) as call:
        for operation in ("list", "get", "edit", "send"):
            with messages_server.faults.status(503, operation=operation, nth=1):
                struck = [name for name, asked in requests.items() if call(*asked).status == 503]
            assert struck == [operation]


def outcomes_of_a_share(server: MessagesServer, share: float) -> list[str]:
    with server.faults.status(503, share=share) as fault, RawClient(server) as call:
        found = [str(call("GET", "/nothing").status) for _ in range(200)]
        assert fault.strikes == found.count("503")
    return found


def test_share_is_drawn_from_the_seed(messages_server: MessagesServer) -> None:
    runs: list[list[str]] = []
    for seed in (1, 1, 2):
        messages_server.faults.seed(seed)
        runs.append(outcomes_of_a_share(messages_server, 0.25))
    assert runs[0] == runs[1] != runs[2]
    for run in runs:
        assert 25 <= run.count("503") <= 75
    assert outcomes_of_a_share(messages_server, 1) == ["503"] * 200


def test_seed_can_be_given_to_the_server() -> None:
    runs: list[list[str]] = []
    for seed in (1, 1, 2):
        with MessagesServer(tls=False, seed=seed) as server:
            runs.append(outcomes_of_a_share(server, 0.5))
    assert runs[0] == runs[1] != runs[2]


def test_clear_ends_all_faults(messages_server: MessagesServer) -> None:
    faults = messages_server.faults
    faults.status(503)
    faults.generation("2023")
    faults.expire_token()
    faults.refuse()
    faults.clear()
    assert outcome(messages_server) == "200"


# How they compose.


def test_delays_compose_with_an_answer(messages_server: MessagesServer) -> None:
    messages_server.faults.latency(0.01)
    messages_server.faults.status(503)
    messages_server.faults.latency(0.02)
    started = time.monotonic()
    assert outcome(messages_server) == "503"
    assert time.monotonic() - started >= 0.03
    assert messages_server.requests[0].fault == "latency, latency, status"


def test_first_fault_that_decides_the_answer_takes_the_request(
    messages_server: MessagesServer,
) -> None:
    messages_server.faults.status(503, times=2)
    messages_server.faults.reset(nth=1)
    messages_server.faults.status(502, nth=1)
    outcomes = [outcome(messages_server) for _ in range(5)]
    assert outcomes == ["503", "503", "reset", "502", "200"]


# Wrong commands.


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("status", {"status": 99}, "status must be from 200 to 599, not 99"),
    ("status", {"status": 503, "body": object()}, "body must be text, bytes or JSON"),
    ("status", {"status": 503, "headers": {"X": "a\r\nb"}}, "'X' must have no line break"),
    ("latency", {"seconds": -1}, "seconds must be a number of seconds from 0 up, not -1"),
    ("latency", {"seconds": float("nan")}, "seconds must be a number of seconds"),
    ("truncate", {"keep": 1}, "keep must be from 0 to below 1, not 1"),
    ("drip", {"size": 0}, "size must be at least 1"),
    ("wrong_length", {"by": 0}, "by must not be 0"),
    ("generation", {"name": "2022"}, "generation must be one of"),
    ("refuse", {"share": 0.5}, "needs seconds"),
    ("refuse", {"seconds": -1}, "seconds must be a number"),
    ("refuse", {"nth": 0}, "nth must be at least 1"),
    ("reset", {"nth": 0}, "nth must be at least 1, not 0"),
    ("reset", {"times": 0}, "times must be at least 1"),
    ("reset", {"share": 0}, "share must be above 0 and at most 1, not 0"),
    ("reset", {"share": 1.5}, "share must be above 0"),
    ("reset", {"operation": "post"}, "operation must be one of"),
]


@pytest.mark.parametrize(("name", "arguments", "message"), WRONG)
def test_wrong_command_is_refused(
    messages_server: MessagesServer, name: str, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        getattr(messages_server.faults, name)(**arguments)
    assert outcome(messages_server) == "200"


def test_mistyped_argument_is_refused(messages_server: MessagesServer) -> None:
    wrong: dict[str, Any] = {"time": 1}
    with pytest.raises(TypeError, match=r"no argument time; .* operation, nth, share, times"):
        messages_server.faults.reset(**wrong)


def test_fault_shows_what_it_is(messages_server: MessagesServer) -> None:
    fault = messages_server.faults.reset(nth=2, operation="send")
    assert repr(fault) == "<Fault reset nth=2 operation=send, 0 strikes>"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    commands=st.lists(
        st.tuples(
            st.sampled_from(["503", "reset"]),
            st.fixed_dictionaries(
                {}, optional={"nth": st.integers(1, 6), "times": st.integers(1, 3)}
            ),
        ),
        max_size=4,
    )
)
def test_faults_compose_as_their_model_says(
    messages_server: MessagesServer, commands: list[tuple[str, dict[str, Any]]]
) -> None:
    for name, when in commands:
        if name == "503":
            messages_server.faults.status(503, **when)
        else:
            messages_server.faults.reset(**when)
    expected: list[str] = []
    seen, struck = [0] * len(commands), [0] * len(commands)
    for _ in range(8):
        result = "200"
        for index, (name, when) in enumerate(commands):
            if struck[index] >= when.get("times", 99):
                continue
            seen[index] += 1
            if when.get("nth", seen[index]) == seen[index]:
                struck[index] += 1
                result = name
                break
        expected.append(result)
    assert [outcome(messages_server) for _ in range(8)] == expected
    messages_server.faults.clear()


# Single answers.


def test_answers_come_in_place_of_the_service(
    messages_server: MessagesServer, messages_api: MessagesApi
) -> None:
    added = messages_server.answers.add(operation="get", json={"jti": "j", "body": "<Hello>"})
    messages_server.token = "another"
    assert messages_api.get("no app", "nobody", "nothing").body == "<Hello>"
    with pytest.raises(UnauthorizedException):
        messages_api.list(APP, CONNECTION)
    added.remove()
    with pytest.raises(UnauthorizedException):
        messages_api.get(APP, CONNECTION, "j")
    assert added.strikes == 1


def test_answers_come_one_after_another(messages_server: MessagesServer) -> None:
    for number in (1, 2):
        messages_server.answers.add(status=200 + number, json=[number], times=1)
    messages_server.answers.add(status=503, body="no more", headers={"Retry-After": "1"})
    with RawClient(messages_server) as call:
        answers = [call("GET") for _ in range(4)]
    assert [answer.status for answer in answers] == [201, 202, 503, 503]
    assert [answer.body for answer in answers[:3]] == [b"[1]\n", b"[2]\n", b"no more"]
    assert answers[0].headers["Content-Type"] == "application/json; charset=UTF-8"
    assert answers[2].headers["Retry-After"] == "1"


def test_answer_has_a_body_of_one_kind(messages_server: MessagesServer) -> None:
    with pytest.raises(ValueError, match="either json or body"):
        messages_server.answers.add(json={}, body="x")
    with pytest.raises(ValueError, match="status must be from 200 to 599"):
        messages_server.answers.add(status=99)
    messages_server.answers.add(json="text", headers={"content-type": "text/x-json"}, times=1)
    messages_server.answers.add(times=1)
    with RawClient(messages_server) as call:
        told, empty = call("GET"), call("GET")
    assert (told.body, told.headers["Content-Type"]) == (b'"text"\n', "text/x-json")
    assert (empty.status, empty.body) == (200, b"")
