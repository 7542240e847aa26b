"""The page "Differences from the generated package" keeps its promises.

Each row of the page names the test that holds it. Those that stand nowhere else stand here and in
`test_differences_of_requests` and `test_generations`, named after their rows.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import urllib3
from pydantic import ValidationError

from openapi_client import ApiClient, ApiException, ApiValueError, Configuration, MessagesApi
from openapi_client.exceptions import (
    InsecureTransportWarning,
    ResponseTooLargeException,
    ServiceException,
    TimeoutException,
    TooManyRequestsException,
    UnauthorizedException,
)
from openapi_client.models import MessageMessage
from openapi_client.rest import RESTClientObject
from openapi_client.testing import MessagesServer
from test.support.recorder import HELLO, TOKEN, Recorder, closed_port, http_answer

TESTS = Path(__file__).resolve().parent
PAGE = TESTS.parent / "docs" / "differences.md"


OF_THE_PAGE = {"test_each_row_of_the_page_has_its_test", "test_each_test_stands_for_one_row"}


# -- the page --------------------------------------------------------------------------------------


def rows() -> list[list[str]]:
    """The cells of the tables' rows, without their heads."""
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [row for row in cells if row[-1] not in ("Test", "---")]


@cache
def functions_of(path: Path) -> set[str]:
    module = ast.parse(path.read_text("utf-8"))
    functions = {node.name for node in module.body if isinstance(node, ast.FunctionDef)}
    return {name for name in functions if name.startswith("test_")}


def test_each_row_of_the_page_has_its_test() -> None:
    assert len(rows()) > 40
    for row in rows():
        assert len(row) in (3, 5), row
        path, _, name = row[-1].strip("`").rpartition("::")
        assert name in functions_of(TESTS / (path or Path(__file__).name)), row


def test_each_test_stands_for_one_row() -> None:
    named = [row[-1].strip("`") for row in rows()]
    assert len(set(named)) == len(named)
    here = functions_of(Path(__file__)) - OF_THE_PAGE
    assert here == {name for name in named if "::" not in name}
    for module in ("test_differences_of_requests.py", "test_generations.py"):
        assert {f"{module}::{name}" for name in functions_of(TESTS / module)} <= set(named)


# -- answers ---------------------------------------------------------------------------------------


def test_from_json_of_no_json_raises_validation_error() -> None:
    with pytest.raises(ValidationError) as caught:
        MessageMessage.from_json("{oops")
    assert isinstance(caught.value, ValueError)


def test_answers_have_a_size_limit(recorder: Recorder, api: MessagesApi) -> None:
    assert Configuration().max_response_bytes == 64 * 2**20
    api.api_client.configuration.max_response_bytes = 100
    assert api.get("a", "c", "j1").body == "hello"
    recorder.answer = http_answer(200, {"body": "x" * 100})
    with pytest.raises(ResponseTooLargeException):
        api.get("a", "c", "j1")


def test_interim_answers_are_read_past(recorder: Recorder, api: MessagesApi) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
    recorder.answer = hints + http_answer(200, HELLO)
    assert api.get("a", "c", "j1").jti == "j1"
    recorder.answer = http_answer(200, {"jti": "j2"})
    assert api.get("a", "c", "j2").jti == "j2"


# -- credentials -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "prefixes", "sent"),
    [
        ("k", {}, "Bearer k"),
        ("Bearer k", {}, "Bearer k"),
        ("k", {"BearerAuth": "Bearer"}, "Bearer k"),
        ("k", {"BearerAuth": "Token"}, "Token k"),
        ("k", {"BearerAuth": ""}, "k"),
    ],
)
def test_a_key_goes_out_as_bearer(
    recorder: Recorder, api: MessagesApi, key: str, prefixes: dict[str, str], sent: str
) -> None:
    api.api_client.configuration.api_key = {"BearerAuth": key}
    api.api_client.configuration.api_key_prefix = prefixes
    api.get("a", "c", "j")
    assert recorder.only.headers["Authorization"] == sent


@pytest.mark.parametrize("token", ["t", lambda: "t"], ids=["str", "callable"])
def test_access_token_works(
    recorder: Recorder, api: MessagesApi, token: str | Callable[[], str]
) -> None:
    api.api_client.configuration.api_key = {}
    api.api_client.configuration.access_token = token
    recorder.answer = http_answer(401, {"message": "invalid or expired jwt"})
    with pytest.raises(UnauthorizedException):
        api.get("a", "c", "j")
    sent = [request.headers["Authorization"] for request in recorder.received]
    assert sent == ["Bearer t"] * (2 if callable(token) else 1)


def test_the_refresh_hook_may_bring_the_first_key(recorder: Recorder, api: MessagesApi) -> None:
    def refresh(configuration: Configuration) -> None:
        configuration.api_key["BearerAuth"] = "first"

    api.api_client.configuration.api_key = {}
    api.api_client.configuration.refresh_api_key_hook = refresh
    api.get("a", "c", "j")
    assert recorder.only.headers["Authorization"] == "Bearer first"


def test_basic_tokens_are_utf_8() -> None:
    configuration = Configuration(username="é", password="€")
    assert configuration.get_basic_auth_token() == "Basic w6k64oKs"


def test_credentials_over_plain_http_warn(recorder: Recorder) -> None:
    # The proxy stands for another machine: nothing leaves this one.
    recorder.answer = http_answer(200, HELLO)
    proxy = recorder.url.removesuffix("/v1")
    settings: dict[str, Any] = {"host": "http://service.example", "proxy": proxy}
    with ApiClient(Configuration(api_key={"BearerAuth": TOKEN}, **settings)) as client:
        with pytest.warns(InsecureTransportWarning, match="http://service.example") as warned:
            MessagesApi(client).get("a", "c", "j")
        MessagesApi(client).get("a", "c", "j")
    assert len(warned) == 1
    key = {"BearerAuth": TOKEN}
    with ApiClient(Configuration(api_key=key, allow_insecure=True, **settings)) as client:
        MessagesApi(client).get("a", "c", "j")
    strict = Configuration(api_key=key, allow_insecure=False, **settings)
    with ApiClient(strict) as client, pytest.raises(ApiValueError, match="allow_insecure"):
        MessagesApi(client).get("a", "c", "j")
    assert len(recorder.received) == 3


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_credential_leaves_its_origin(recorder: Recorder, api: MessagesApi, status: int) -> None:
    other = Recorder()
    recorder.answer = http_answer(status, "", {"Location": f"{other.url}/elsewhere"})
    auth = {"type": "api_key", "in": "query", "key": "key", "value": TOKEN}
    calls: list[Callable[[], object]] = [
        lambda: api.get("a", "c", "j"),
        lambda: api.get("a", "c", "j", _request_auth=auth),
        lambda: api.get("a", "c", "j", _headers={"X-Key": TOKEN}),
        lambda: api.send("a", "c", "hello"),
    ]
    for call in calls:
        with pytest.raises(ApiException, match="not followed") as caught:
            call()
        assert caught.value.status == status
    unread = api.get_without_preload_content("a", "c", "j")
    assert unread.status == status
    unread.close()
    other.close()
    assert other.received == []


# -- time and attempts -----------------------------------------------------------------------------


def test_time_is_finite_by_default() -> None:
    assert Configuration().limits == (5.0, 30.0, 60.0)
    assert Configuration(timeout=None, deadline=None).limits == (None, None, None)


@pytest.mark.messages_server(generation="documented")
def test_a_number_as_timeout_is_the_deadline_of_the_call(
    messages_server: MessagesServer, messages_api: MessagesApi
) -> None:
    messages_server.load("a", "c", 100)
    # Each byte comes in time; all of them together take minutes.
    with messages_server.faults.drip(interval=0.02), pytest.raises(TimeoutException):
        messages_api.list("a", "c", _request_timeout=0.2)


def timed(client: ApiClient, waits: list[float]) -> MessagesApi:
    client.rest_client = RESTClientObject(
        client.configuration, sleep=waits.append, draw=lambda: 1.0
    )
    return MessagesApi(client)


def test_attempts_are_visible(recorder: Recorder, client: ApiClient) -> None:
    waits: list[float] = []
    client.configuration.retries = None
    recorder.answer = http_answer(503, "later")
    with pytest.raises(ServiceException) as caught:
        timed(client, waits).get("a", "c", "j")
    assert [(attempt.status, attempt.wait) for attempt in caught.value.attempts] == [
        (503, 0.5),
        (503, 1.0),
        (503, 0.0),
    ]
    assert waits == [0.5, 1.0]
    assert len(recorder.received) == 3


def test_retry_after_is_honoured_up_to_a_cap(recorder: Recorder, client: ApiClient) -> None:
    waits: list[float] = []
    client.configuration.retries = 1
    api = timed(client, waits)
    for seconds in (7, 3600):
        recorder.answer = http_answer(429, "later", {"Retry-After": str(seconds)})
        with pytest.raises(TooManyRequestsException) as caught:
            api.get("a", "c", "j")
        assert caught.value.retry_after == seconds
    assert waits == [7]
    assert len(recorder.received) == 3


def test_a_send_is_not_repeated_once_it_may_have_arrived(
    recorder: Recorder, client: ApiClient
) -> None:
    client.configuration.retries = 5
    api = timed(client, [])
    recorder.answer = b"nonsense\r\n\r\n"
    with pytest.raises(ApiException) as caught:
        api.send("a", "c", "hello")
    assert caught.value.outcome == "unknown"
    recorder.answer = http_answer(503, "later")
    with pytest.raises(ServiceException):
        api.send("a", "c", "hello")
    assert len(recorder.received) == 2


# -- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (None, urllib3.exceptions.HTTPError),
        (b"nonsense\r\n\r\n", urllib3.exceptions.HTTPError),
        (http_answer(200, "{oops"), ValueError),
        (http_answer(200, '{"body": 5}'), ValueError),
        (http_answer(200, b"\xff", {"Content-Type": "text/plain; charset=klingon"}), ValueError),
        (http_answer(200, b"{}", {"Content-Encoding": "gzip"}), ValueError),
        (http_answer(500, "no"), ServiceException),
    ],
    ids=["refused", "no HTTP", "no JSON", "wrong type", "no charset", "not compressed", "500"],
)
def test_every_failure_of_a_call_is_an_api_exception(
    recorder: Recorder, api: MessagesApi, answer: bytes | None, kind: type[Exception]
) -> None:
    if answer is None:
        api.api_client.configuration.host = f"http://127.0.0.1:{closed_port()}"
    else:
        recorder.answer = answer
    with pytest.raises(ApiException) as caught:
        api.get("a", "c", "j")
    assert isinstance(caught.value, kind)


def test_outcome_tells_how_far_the_request_came(recorder: Recorder, api: MessagesApi) -> None:
    outcomes: dict[str, bytes | None] = {
        "answered": http_answer(500, "no"),
        "unknown": b"nonsense\r\n\r\n",
        "not_sent": None,
    }
    for outcome, answer in outcomes.items():
        if answer is None:
            api.api_client.configuration.host = f"http://127.0.0.1:{closed_port()}"
        else:
            recorder.answer = answer
        with pytest.raises(ApiException) as caught:
            api.send("a", "c", "hello")
        assert caught.value.outcome == outcome


def test_the_text_of_an_error_is_one_paragraph(recorder: Recorder, api: MessagesApi) -> None:
    told = {"status": 404, "error": "Not found", "details": "No such\r\nthing. " + "x" * 5000}
    recorder.answer = http_answer(404, told, {"X-Answer": "42"}, reason="Not Found")
    with pytest.raises(ApiException) as caught:
        api.get("a", "c", "j")
    text = str(caught.value)
    assert text.startswith("404 Not Found: Not found: No such thing. xxx")
    assert len(text.encode()) <= 2048
    assert len(text.splitlines()) == 1
    assert "X-Answer" not in text
    assert caught.value.headers is not None
    assert caught.value.headers["X-Answer"] == "42"
    assert caught.value.body == json.dumps(told)


def test_429_has_its_own_class(recorder: Recorder, api: MessagesApi) -> None:
    recorder.answer = http_answer(429, "later")
    with pytest.raises(ApiException) as caught:
        api.get("a", "c", "j")
    assert type(caught.value) is TooManyRequestsException


def test_a_missing_or_unknown_argument_is_a_type_error(
    recorder: Recorder, api: MessagesApi
) -> None:
    wrong: list[tuple[tuple[str, ...], dict[str, Any]]] = [
        (("a",), {}),
        (("a", "c", "j"), {"unknown": 1}),
        (("a", "c", "j"), {"app_id": "b"}),
    ]
    for operation in ("get", "apps_app_id_connections_connection_id_messages_jti_get"):
        for arguments, keywords in wrong:
            with pytest.raises(TypeError):
                getattr(api, operation)(*arguments, **keywords)
    wrong_type: Any = 5
    with pytest.raises(ValidationError):
        api.get("a", "c", wrong_type)
    assert recorder.received == []


def test_what_cannot_be_sent_is_an_api_value_error(recorder: Recorder, client: ApiClient) -> None:
    wrong: list[Callable[[], object]] = [
        lambda: client.call_api("FETCH", f"{recorder.url}/x"),
        lambda: client.call_api("GET", f"{recorder.url}/x", {"X-One": "a\r\nb"}),
        lambda: client.call_api("GET", f"{recorder.url}/x", {"X One": "a"}),
        lambda: client.call_api("GET", "nowhere"),
        lambda: client.response_deserialize(None, {}),
        lambda: MessagesApi(client).get("a", "c", "j", _request_auth={"in": "header"}),
        lambda: MessagesApi(client).get("a", "c", "j", _headers={"X-One": None}),
    ]
    for call in wrong:
        with pytest.raises(ApiValueError):
            call()
    assert recorder.received == []
