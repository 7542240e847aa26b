"""What goes over the wire, call by call: the tables of `test.support.wire`, on loopback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from openapi_client import (
    ApiClient,
    Configuration,
    MessageCreateMessageRequest,
    MessagesApi,
    MessageUpdateMessageRequest,
)
from openapi_client.configuration import HostSetting, HostSettingVariable
from test.support.recorder import Recorder
from test.support.wire.arguments import (
    CALLS,
    CONTENT_TYPES,
    IDS,
    PAGES,
    POSITIONS,
    REQUESTS,
    TEXTS,
    VARIANTS,
)
from test.support.wire.case import EDIT, GET, LIST, SEND, USUAL, Case, sent
from test.support.wire.credentials import CREDENTIALS, OPTIONS
from test.support.wire.headers import DEFAULTS, HEADERS


def check(recorder: Recorder, case: Case) -> None:
    """The one request that came is the one that the case tells, to the last header."""
    received = recorder.only
    method, _, target = case.line.partition(" ")
    assert received.line == f"{method} /v1{target} HTTP/1.1"
    expected: dict[str, str | None] = {**USUAL, "Host": recorder.url.split("/")[2]}
    if case.body is None:
        assert received.body == b""
    else:
        assert received.json == case.body
        expected |= {"Content-Type": "application/json", "Content-Length": str(len(received.body))}
    expected |= case.headers
    assert received.headers == {
        name: value for name, value in expected.items() if value is not None
    }


def names(cases: list[Case]) -> list[str]:
    return [case.name for case in cases]


@pytest.mark.parametrize("operation", ["list", LIST])
@pytest.mark.parametrize(("arguments", "query"), PAGES)
def test_paging(
    recorder: Recorder,
    api: MessagesApi,
    operation: str,
    arguments: dict[str, int | None],
    query: str,
) -> None:
    getattr(api, operation)("a", "c", **arguments)
    check(recorder, sent(f"GET /apps/a/connections/c/messages{query}"))


@pytest.mark.parametrize(("value", "spelled", "departs"), IDS)
@pytest.mark.parametrize(
    ("operation", "position", "line"),
    [
        (LIST, 0, "GET /apps/{}/connections/c/messages"),
        (SEND, 1, "POST /apps/a/connections/{}/messages"),
        (GET, 2, "GET /apps/a/connections/c/messages/{}"),
        (EDIT, 2, "PUT /apps/a/connections/c/messages/{}"),
    ],
    ids=["list", "send", "get", "edit"],
)
def test_ids(
    recorder: Recorder,
    api: MessagesApi,
    value: str,
    spelled: str,
    departs: bool,
    operation: str,
    position: int,
    line: str,
) -> None:
    arguments: list[Any] = ["a", "c", "j"] if operation in (GET, EDIT) else ["a", "c"]
    arguments[position] = value
    if operation in (EDIT, SEND):
        arguments.append({"body": "hi"})
    getattr(api, operation)(*arguments)
    body = {"body": "hi"} if operation in (EDIT, SEND) else None
    check(recorder, sent(line.format(spelled), body=body))


SENDS = [
    ("send", ("a", "c"), "POST /apps/a/connections/c/messages", MessageCreateMessageRequest),
    (SEND, ("a", "c"), "POST /apps/a/connections/c/messages", MessageCreateMessageRequest),
    ("edit", ("a", "c", "j"), "PUT /apps/a/connections/c/messages/j", MessageUpdateMessageRequest),
    (EDIT, ("a", "c", "j"), "PUT /apps/a/connections/c/messages/j", MessageUpdateMessageRequest),
]


@pytest.mark.parametrize(("operation", "ids", "line", "model"), SENDS)
@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text)[:20])
def test_texts(
    recorder: Recorder,
    api: MessagesApi,
    operation: str,
    ids: tuple[str, ...],
    line: str,
    model: type[Any],
    text: str,
) -> None:
    getattr(api, operation)(*ids, model(body=text))
    check(recorder, sent(line, body={"body": text}))


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text)[:20])
@pytest.mark.parametrize(("operation", "ids", "line", "model"), [SENDS[0], SENDS[2]])
def test_texts_as_they_are(
    recorder: Recorder,
    api: MessagesApi,
    operation: str,
    ids: tuple[str, ...],
    line: str,
    model: type[Any],
    text: str,
) -> None:
    getattr(api, operation)(*ids, text)
    check(recorder, sent(line, body={"body": text}))


@pytest.mark.parametrize(("operation", "ids", "line", "model"), SENDS)
@pytest.mark.parametrize(("name", "request_of", "body"), REQUESTS)
def test_requests(
    recorder: Recorder,
    api: MessagesApi,
    operation: str,
    ids: tuple[str, ...],
    line: str,
    model: type[Any],
    name: str,
    request_of: Callable[[type[Any]], Any],
    body: object,
) -> None:
    getattr(api, operation)(*ids, request_of(model))
    check(recorder, sent(line, body=body))


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
@pytest.mark.parametrize(("operation", "ids", "line", "model"), SENDS)
def test_content_types(
    recorder: Recorder,
    api: MessagesApi,
    operation: str,
    ids: tuple[str, ...],
    line: str,
    model: type[Any],
    content_type: str,
) -> None:
    getattr(api, operation)(*ids, model(body="hi"), _content_type=content_type)
    check(recorder, sent(line, {"body": "hi"}, {"Content-Type": content_type}))


@pytest.mark.parametrize("case", POSITIONS, ids=names(POSITIONS))
def test_positions(recorder: Recorder, api: MessagesApi, case: Case) -> None:
    case.call(api)
    check(recorder, case)


ROWS = [*HEADERS, *DEFAULTS, *CREDENTIALS, *OPTIONS]


@pytest.mark.parametrize("case", ROWS, ids=names(ROWS))
def test_headers(recorder: Recorder, client: ApiClient, case: Case) -> None:
    case.set_up(client)
    case.call(MessagesApi(client))
    check(recorder, case)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("operation", "arguments", "case"), CALLS)
def test_variants_send_the_same(
    recorder: Recorder,
    api: MessagesApi,
    operation: str,
    arguments: tuple[Any, ...],
    case: Case,
    variant: str,
) -> None:
    answer = getattr(api, operation + variant)(*arguments)
    if variant == "_without_preload_content":
        answer.close()
    check(recorder, case)


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("http://127.0.0.1:{port}", ""),
        ("http://127.0.0.1:{port}/", ""),
        ("http://127.0.0.1:{port}/v1", "/v1"),
        ("http://127.0.0.1:{port}/v1/", "/v1"),
        ("http://127.0.0.1:{port}/a/b%20c/~d", "/a/b%20c/~d"),
        ("HTTP://127.0.0.1:{port}/V1", "/V1"),
    ],
)
def test_hosts(recorder: Recorder, api: MessagesApi, host: str, path: str) -> None:
    port = recorder.url.rpartition(":")[2].partition("/")[0]
    api.api_client.configuration.host = host.format(port=port)
    api.get("a", "c", "j")
    assert recorder.only.line == f"GET {path}/apps/a/connections/c/messages/j HTTP/1.1"
    assert recorder.only.headers["Host"] == f"127.0.0.1:{port}"


def test_host_of_the_servers_settings(recorder: Recorder) -> None:
    class Configured(Configuration):
        def get_host_settings(self) -> list[HostSetting]:
            variable: HostSettingVariable = {"default_value": "v1", "enum_values": ["v1", "v2"]}
            url = recorder.url.replace("v1", "{version}")
            return [{"url": "http://127.0.0.1:1"}, {"url": url, "variables": {"version": variable}}]

    configuration = Configured(server_index=1, server_variables={"version": "v2"})
    with ApiClient(configuration) as client:
        MessagesApi(client).get("a", "c", "j")
    assert recorder.only.target == "/v2/apps/a/connections/c/messages/j"


def test_configurations_side_by_side(recorder: Recorder) -> None:
    """Four clients in turn: each keeps its own host, credentials, headers and cookie."""
    tokens = ["one", "two", "three", "four"]
    clients = [
        ApiClient(
            Configuration(host=f"{recorder.url}/{token}", api_key={"BearerAuth": token}),
            "X-Tenant",
            f"tenant-{token}",
            f"session={token}",
        )
        for token in tokens
    ]
    clients[3].configuration.api_key_prefix["BearerAuth"] = "Token"
    for _ in range(3):
        for client in clients:
            MessagesApi(client).list("a", "c")
    for client in clients:
        client.close()
    seen = [
        (
            request.target.split("/")[2],
            request.headers["Authorization"],
            request.headers["X-Tenant"],
            request.headers["Cookie"],
        )
        for request in recorder.received
    ]
    schemes = ["Bearer", "Bearer", "Bearer", "Token"]
    assert seen == 3 * [
        (token, f"{scheme} {token}", f"tenant-{token}", f"session={token}")
        for scheme, token in zip(schemes, tokens, strict=True)
    ]


def test_nothing_of_the_callers_is_changed(recorder: Recorder, client: ApiClient) -> None:
    headers = {"x-one": "1", "Accept": "text/csv"}
    auth = {"type": "api_key", "in": "query", "key": "key", "value": "k3y-for-one-call"}
    request: dict[str, Any] = {"body": "hi", "tag": ["blue"]}
    client.cookie = "a=1"
    client.set_default_header("X-Tenant", "blue")
    defaults = dict(client.default_headers)
    for _ in range(2):
        MessagesApi(client).send("a", "c", request, _headers=headers, _request_auth=auth)
    first, second = recorder.received
    assert first == second
    assert headers == {"x-one": "1", "Accept": "text/csv"}
    assert auth == {"type": "api_key", "in": "query", "key": "key", "value": "k3y-for-one-call"}
    assert request == {"body": "hi", "tag": ["blue"]}
    assert client.default_headers == defaults
