"""Redirects: followed for GET within the origin, and never with a credential to another one."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

import pytest

from openapi_client import ApiException, MessagesApi
from test.support.calls import TOKEN, FakeTime, api_for, client_for, edit, failure_of, get, send
from test.support.recorder import http_answer
from test.support.scripted import Peer, ScriptedServer, always, in_turn, message

STATUSES = [301, 302, 303, 307, 308]
GOOD = message("arrived")


def redirect(location: str, status: int = 302) -> bytes:
    return http_answer(status, b"", {"Location": location})


@pytest.mark.parametrize("status", STATUSES)
def test_a_get_follows_a_redirect_within_its_origin(status: int, tls: bool) -> None:
    steps = in_turn(redirect("/v2/elsewhere?page=2#part", status), GOOD)
    with ScriptedServer(steps, tls=tls) as server, api_for(server) as api:
        answer = api.get_with_http_info("app", "connection", "jti")
    assert answer.data.body == "arrived"
    assert [attempt.status for attempt in answer.attempts] == [status, 200]
    assert server.requests[1].line == "GET /v2/elsewhere?page=2 HTTP/1.1"
    assert server.requests[1].headers["Authorization"] == f"Bearer {TOKEN}"
    assert server.connections == 1


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("elsewhere", "/v1/apps/app/connections/connection/messages/elsewhere"),
        ("../messages", "/v1/apps/app/connections/connection/messages"),
        ("?page=2", "/v1/apps/app/connections/connection/messages/jti?page=2"),
        ("//localhost:{port}/x", "/x"),
        ("{scheme}://localhost:{port}", "/"),
        ("{scheme}://localhost:{port}/x/", "/x/"),
        ("{scheme}://LOCALHOST:{port}/x", "/x"),
        ("{SCHEME}://localhost:{port}/x", "/x"),
    ],
)
def test_a_redirect_may_be_relative_or_spelled_otherwise(
    location: str, target: str, tls: bool
) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        scheme = "https" if tls else "http"
        names = {"scheme": scheme, "SCHEME": scheme.upper(), "port": peer.server.port}
        peer.send(redirect(location.format(**names)))
        always(GOOD)(peer)

    with ScriptedServer(script, tls=tls) as server, api_for(server) as api:
        assert get(api) == "arrived"
    assert server.requests[1].target == target


def test_a_default_port_may_be_spelled_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(in_turn(redirect("https://localhost:443/x"), GOOD), tls=True) as server:

        def resolve(*_: object, **__: object) -> list[object]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        with api_for("https://localhost/v1") as api:
            assert get(api) == "arrived"


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("call", [send, edit])
def test_a_redirect_of_a_send_or_edit_is_an_error_that_names_the_target(
    call: Any, status: int
) -> None:
    with ScriptedServer(in_turn(redirect("/elsewhere", status))) as server, api_for(server) as api:
        error = failure_of(call, api)
    assert error.status == status
    assert error.outcome == "answered"
    assert f"{server.origin}/elsewhere" in str(error)
    assert len(server.requests) == 1


CREDENTIALS: dict[str, Any] = {
    "header": {"_headers": {"X-Api-Key": "canary-header"}},
    "other scheme": {
        "_request_auth": {"type": "api_key", "in": "header", "key": "X-Key", "value": "canary-key"}
    },
    "query": {
        "_request_auth": {"type": "api_key", "in": "query", "key": "key", "value": "canary-query"}
    },
    "cookie": {
        "_request_auth": {
            "type": "api_key",
            "in": "cookie",
            "key": "session",
            "value": "session=canary-cookie",
        }
    },
    "default": {},
}


@pytest.mark.parametrize("kind", CREDENTIALS)
@pytest.mark.parametrize("status", STATUSES)
def test_no_credential_goes_to_another_origin(kind: str, status: int, tls: bool) -> None:
    with ScriptedServer(always(GOOD), tls=tls) as other:
        leading_away = redirect(f"{other.origin}/stolen?next=canary", status)
        with (
            ScriptedServer(in_turn(leading_away), tls=tls) as server,
            client_for(server) as client,
        ):
            client.set_default_header("X-Default", "canary-default")
            client.cookie = "a=canary-client-cookie"
            error = failure_of(MessagesApi(client).get, "app", "c", "jti", **CREDENTIALS[kind])
    assert other.connections == 0
    assert error.status == status
    assert f"{other.origin}/stolen" in str(error)
    assert "another origin" in str(error)
    assert "canary" not in str(error)


@pytest.mark.parametrize(
    "location",
    [
        "http://localhost:{other}/",
        "https://localhost:{port}/",
        "//127.0.0.1:{port}/",
        "http://localhost:{port}@evil.test/",
        "http://localhost:{port}.evil.test/",
        "http://user:secret@localhost:{other}/",
        "http://localhost/",
        "http://[::1]:{port}/",
        "ftp://localhost:{port}/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://[",
        "http://localhost:{port}x/",
        "http://localhost:99999/",
        "http://loc\u00e1lhost:{port}/",
    ],
)
def test_a_redirect_elsewhere_is_an_error_and_nothing_is_asked(location: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        port = peer.server.port
        peer.send(redirect(location.format(port=port, other=port - 1)))
        peer.wait_closed()

    with ScriptedServer(script) as server, api_for(server) as api:
        error = failure_of(get, api)
    assert error.status == 302
    assert len(server.requests) == 1
    assert "secret" not in str(error)


@pytest.mark.parametrize("location", ["", "/a b", "/\u00e1"])
def test_a_redirect_to_what_is_no_url_is_an_error(location: str) -> None:
    with ScriptedServer(in_turn(redirect(location))) as server, api_for(server) as api:
        assert failure_of(get, api).status == 302


@pytest.mark.parametrize("location", ["//", "http://", "http:///x", "/a\\b", "x:y", "http:x"])
def test_a_redirect_that_can_be_read_in_two_ways_stays_within_the_origin(location: str) -> None:
    server = ScriptedServer(in_turn(redirect(location), GOOD))
    with server, api_for(server) as api, contextlib.suppress(ApiException):
        assert get(api) == "arrived"
    assert {request.headers["Host"] for request in server.requests} == {f"localhost:{server.port}"}


@pytest.mark.parametrize("status", STATUSES)
def test_a_redirect_without_a_location_is_an_error(status: int) -> None:
    with ScriptedServer(in_turn(http_answer(status))) as server, api_for(server) as api:
        assert failure_of(get, api).status == status


def test_redirects_for_ever_end() -> None:
    with ScriptedServer(always(redirect("/again"))) as server, api_for(server) as api:
        error = failure_of(get, api)
    assert error.status == 302
    assert "redirects" in str(error)
    assert len(server.requests) == 6


def test_redirects_keep_to_the_deadline() -> None:
    time = FakeTime()

    def script(peer: Peer) -> None:
        while True:
            peer.request()
            time.advance(25)
            peer.send(redirect("/again"))

    with ScriptedServer(script) as server, api_for(server, time) as api:
        failure_of(get, api)
    assert len(server.requests) == 3


def test_a_redirect_does_not_take_a_query_credential_along() -> None:
    """Where the server sends us, it says with which query."""
    steps = in_turn(redirect("/elsewhere?page=2"), GOOD)
    with ScriptedServer(steps) as server, api_for(server) as api:
        assert get(api, **CREDENTIALS["query"]) == "arrived"
    assert "canary-query" in server.requests[0].target
    assert server.requests[1].target == "/elsewhere?page=2"
