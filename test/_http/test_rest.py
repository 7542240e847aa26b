"""What is refused before anything is sent, and what a client does over plain HTTP."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from openapi_client import ApiClient, ApiValueError, Configuration, MessagesApi
from openapi_client.exceptions import ClientClosedException, InsecureTransportWarning
from test.support.calls import TOKEN, FakeTime, api_for, client_for, failure_of, get, send
from test.support.proxies import answering
from test.support.recorder import http_answer
from test.support.scripted import Peer, ScriptedServer, always, message

GOOD = always(message("good"))


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(GOOD) as running:
        yield running


@pytest.fixture
def api(server: ScriptedServer) -> Iterator[MessagesApi]:
    with api_for(server) as api:
        yield api


@pytest.fixture(autouse=True)
def nothing_is_sent_that_is_refused(
    request: pytest.FixtureRequest, server: ScriptedServer
) -> Iterator[None]:
    yield
    if "refused" in request.node.name:
        assert server.connections == 0


# -- path parameters ---------------------------------------------------------------------------

NO_SEGMENTS = ["", ".", "..", "%2e", "%2E%2e", ".%2e", "%2E."]
CONTROLS = ["a\nb", "a\r", "\0", "a\x1fb", "\x7f", "a\tb", "%00", "a%0Ab"]


@pytest.mark.parametrize("value", [*NO_SEGMENTS, *CONTROLS])
@pytest.mark.parametrize("name", ["app_id", "connection_id", "jti"])
@pytest.mark.parametrize("operation", ["list", "get", "edit", "send"])
def test_a_path_parameter_that_names_another_resource_is_refused_by_name(
    operation: str, name: str, value: str, api: MessagesApi
) -> None:
    values = {"app_id": "app", "connection_id": "connection", "jti": "jti", "request": "text"}
    taken = {
        "list": ("app_id", "connection_id"),
        "get": ("app_id", "connection_id", "jti"),
        "edit": ("app_id", "connection_id", "jti", "request"),
        "send": ("app_id", "connection_id", "request"),
    }[operation]
    if name not in taken:
        return
    values[name] = value
    with pytest.raises(ApiValueError, match=name):
        getattr(api, operation)(*(values[each] for each in taken))


@pytest.mark.parametrize("value", ["../x", "a/../b", "a/..", "./a", "a/%2e%2e/b"])
def test_a_slash_that_is_allowed_does_not_lead_elsewhere_and_is_refused(
    value: str, server: ScriptedServer
) -> None:
    with client_for(server) as client:
        client.configuration.safe_chars_for_path_param = "/"
        with pytest.raises(ApiValueError, match="jti"):
            MessagesApi(client).get("app", "connection", value)


def test_a_slash_that_is_allowed_stays_one(server: ScriptedServer) -> None:
    with client_for(server) as client:
        client.configuration.safe_chars_for_path_param = "/"
        MessagesApi(client).get("app", "connection", "a/b")
    assert server.requests[0].target.endswith("/messages/a/b")


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"page": "1"}, "page"),
        ({"per_page": 1.5}, "per_page"),
        ({"messages_since": True}, "messages_since"),
        ({"page": b"1"}, "page"),
        ({"_request_timeout": 0}, "_request_timeout"),
        ({"_request_timeout": -1}, "_request_timeout"),
        ({"_request_timeout": float("nan")}, "_request_timeout"),
        ({"_request_timeout": float("inf")}, "_request_timeout"),
        ({"_request_timeout": "5"}, "_request_timeout"),
        ({"_request_timeout": (1, 2, 3)}, "_request_timeout"),
        ({"_request_timeout": (0, 1)}, "_request_timeout"),
        ({"_request_auth": "token"}, "_request_auth"),
        ({"_headers": "X: y"}, "_headers"),
        ({"_host_index": 1}, "_host_index"),
    ],
)
def test_a_wrong_argument_is_refused_by_name(
    arguments: dict[str, Any], name: str, api: MessagesApi
) -> None:
    with pytest.raises(ValidationError) as raised:
        api.list("app", "connection", **arguments)
    assert name in str(raised.value)
    with pytest.raises(ValidationError) as raised:
        api.apps_app_id_connections_connection_id_messages_get("app", "connection", **arguments)
    assert name in str(raised.value)


@pytest.mark.parametrize("value", [None, 5, b"app", ["app"]])
def test_a_path_parameter_of_another_type_is_refused_by_name(value: Any, api: MessagesApi) -> None:
    with pytest.raises(ValidationError, match="connection_id"):
        api.list("app", value)


def test_an_option_that_does_not_exist_is_refused_by_name(api: MessagesApi) -> None:
    unknown: Any = {"_timeout": 5}
    with pytest.raises(TypeError, match="_timeout"):
        api.list("app", "connection", **unknown)


# -- headers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["a\r\nX-Evil: b", "a\nb", "a\rb", "a\0b", "a\x7f", "\u20ac"])
def test_a_header_that_cannot_be_sent_is_refused_by_name(
    value: str, server: ScriptedServer
) -> None:
    with client_for(server) as client:
        api = MessagesApi(client)
        with pytest.raises(ApiValueError, match="X-Given"):
            get(api, _headers={"X-Given": value})
        client.set_default_header("X-Default", value)
        with pytest.raises(ApiValueError, match="X-Default"):
            get(api)


@pytest.mark.parametrize("name", ["", "X Y", "X:Y", "X\r\nY", "X\0", "\u00e4", "X\n"])
def test_a_header_whose_name_is_no_token_is_refused(name: str, api: MessagesApi) -> None:
    with pytest.raises(ApiValueError, match="header's name"):
        get(api, _headers={name: "value"})


@pytest.mark.parametrize("name", ["Transfer-Encoding", "transfer-encoding"])
def test_a_framing_that_is_not_ours_is_refused(name: str, api: MessagesApi) -> None:
    with pytest.raises(ApiValueError, match=name):
        send(api, _headers={name: "chunked"})


@pytest.mark.parametrize("length", ["0", "5", "100000"])
def test_a_length_that_is_given_does_not_change_what_is_sent(
    length: str, server: ScriptedServer
) -> None:
    with api_for(server) as api:
        try:
            send(api, _headers={"Content-Length": length})
        except ApiValueError:
            assert server.connections == 0
            return
        assert get(api) == "good"
    fields = [field for field in server.requests[0].fields if field[0].lower() == "content-length"]
    assert fields == [("Content-Length", str(len(server.requests[0].body)))]


@pytest.mark.parametrize(
    "value", ["canary\nX: y", "canary\r\n", "canary\0", "\u20accanary", "", "  "]
)
@pytest.mark.parametrize("place", ["header", "query", "cookie"])
def test_a_credential_that_cannot_be_sent_is_refused_and_not_shown(
    place: str, value: str, api: MessagesApi
) -> None:
    if place == "query" and value:
        return  # percent-encoded, any text can be sent
    auth = {"type": "api_key", "in": place, "key": "X-Key", "value": value}
    with pytest.raises(ApiValueError) as raised:
        get(api, _request_auth=auth)
    assert "canary" not in str(raised.value)


# -- the generic client ------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "", "GET /x HTTP/1.1\r\n", "get\n"])
def test_a_method_that_is_none_is_refused(method: str, server: ScriptedServer) -> None:
    with client_for(server) as client, pytest.raises(ApiValueError, match="method"):
        client.call_api(method, server.url)


@pytest.mark.parametrize(
    "url",
    [
        "localhost/x",
        "/x",
        "",
        "ftp://localhost/x",
        "http://",
        "http:///x",
        "http://user:canary@localhost/x",
        "http://local host/x",
        "http://localhost:99999/x",
        "http://localhost:x/x",
        "http://[::1/x",
        "http://localhost/x\r\nX: y",
        "http://localhost/a b",
        "http://localhost/\0",
        "http://localhost?x=y",
        "http://localhost\\@evil.test/x",
        "http://a\tb/x",
    ],
)
def test_a_url_that_is_none_is_refused(url: str, server: ScriptedServer) -> None:
    with client_for(server) as client, pytest.raises(ApiValueError) as raised:
        client.call_api("GET", url)
    assert "canary" not in str(raised.value)


def test_what_is_not_ascii_in_a_url_is_encoded_and_a_fragment_stays_here(
    server: ScriptedServer,
) -> None:
    with client_for(server) as client:
        client.call_api("GET", f"{server.origin}/\u00e9?q=\u20ac#part")
    assert server.requests[0].target == "/%C3%A9?q=%E2%82%AC"


# -- credentials over plain http ---------------------------------------------------------------

EXPOSED = "http://service.test/v1"
CREDENTIALS: dict[str, dict[str, Any]] = {
    "token": {},
    "custom header": {"_headers": {"X-Custom": "canary"}},
    "cookie": {"_headers": {"Cookie": "a=canary"}},
    "query": {"_request_auth": {"type": "api_key", "in": "query", "key": "k", "value": "canary"}},
}


@pytest.fixture
def forwarding() -> Iterator[ScriptedServer]:
    """How a host that is not this one is reached without leaving it: through a proxy."""
    with ScriptedServer(answering(message("good"))) as proxy:
        yield proxy


@pytest.mark.parametrize("kind", CREDENTIALS)
def test_credentials_over_plain_http_are_warned_of_once_a_host(
    kind: str, forwarding: ScriptedServer
) -> None:
    key = {"BearerAuth": TOKEN} if kind == "token" else {}
    with api_for(EXPOSED, proxy=forwarding.origin, api_key=key) as api:
        with pytest.warns(InsecureTransportWarning, match="service.test") as told:
            get(api, **CREDENTIALS[kind])
        get(api, **CREDENTIALS[kind])
    assert len(told) == 1
    assert "canary" not in str(told[0].message)


@pytest.mark.parametrize("kind", CREDENTIALS)
def test_credentials_over_plain_http_can_be_forbidden(
    kind: str, forwarding: ScriptedServer
) -> None:
    key = {"BearerAuth": TOKEN} if kind == "token" else {}
    settings = {"proxy": forwarding.origin, "api_key": key, "allow_insecure": False}
    with api_for(EXPOSED, **settings) as api, pytest.raises(ApiValueError, match="allow_insecure"):
        get(api, **CREDENTIALS[kind])
    assert forwarding.connections == 0


@pytest.mark.parametrize("kind", CREDENTIALS)
def test_credentials_over_plain_http_can_be_allowed(kind: str, forwarding: ScriptedServer) -> None:
    with api_for(EXPOSED, proxy=forwarding.origin, allow_insecure=True) as api:
        assert get(api, **CREDENTIALS[kind]) == "good"


@pytest.mark.parametrize("allowed", [None, False])
def test_plain_http_without_credentials_is_nobodys_business(
    allowed: bool | None, forwarding: ScriptedServer
) -> None:
    settings: dict[str, Any] = {
        "proxy": forwarding.origin,
        "api_key": {},
        "allow_insecure": allowed,
    }
    with api_for(EXPOSED, **settings) as api:
        assert api.list("app", "connection", page=2).items is None


@pytest.mark.parametrize(
    "host",
    [
        "http://127.0.0.1.evil.test",
        "http://127.evil.test",
        "http://localhost.evil.test",
        "http://10.0.0.1",
        "http://[::2]",
        "http://0.0.0.0",
    ],
)
def test_a_host_that_looks_like_loopback_is_none(host: str, forwarding: ScriptedServer) -> None:
    settings = {"proxy": forwarding.origin, "allow_insecure": False}
    with api_for(host, **settings) as api, pytest.raises(ApiValueError, match="allow_insecure"):
        get(api)


@pytest.mark.parametrize(
    "host",
    [
        "http://localhost",
        "http://LOCALHOST",
        "http://127.0.0.1",
        "http://127.9.9.9",
        "http://[::1]",
        "http://api.localhost",
    ],
)
def test_loopback_is_not_exposed(host: str, forwarding: ScriptedServer) -> None:
    settings = {"proxy": forwarding.origin, "allow_insecure": False}
    with api_for(host, **settings) as api, warnings.catch_warnings():
        warnings.simplefilter("error")
        assert get(api) == "good"


# -- closing -----------------------------------------------------------------------------------


def test_a_closed_client_says_so(server: ScriptedServer, tls: bool) -> None:
    with api_for(server) as api:
        assert get(api) == "good"
    for call in (get, send):
        error = failure_of(call, api)
        assert isinstance(error, ClientClosedException)
        assert error.outcome == "not_sent"
        assert "closed" in str(error)
    assert len(server.requests) == 1


def test_a_client_that_was_never_used_can_be_closed_and_closed_again() -> None:
    client = ApiClient(Configuration())
    client.close()
    client.close()
    assert isinstance(failure_of(get, MessagesApi(client)), ClientClosedException)


def test_a_call_whose_client_is_closed_meanwhile_is_not_repeated() -> None:
    clients: list[ApiClient] = []

    def script(peer: Peer) -> None:
        while True:
            peer.request()
            clients[0].close()
            peer.send(http_answer(503, {}))

    time = FakeTime()
    with ScriptedServer(script) as server, client_for(server, time) as client:
        clients.append(client)
        error = failure_of(get, MessagesApi(client))
    assert isinstance(error, ClientClosedException)
    assert [attempt.status for attempt in error.attempts] == [503, None]
    assert time.waits == [0.5]
