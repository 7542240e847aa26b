"""The four operations: both names, all variants, every generation of servers."""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from dateutil.parser import isoparse
from pydantic import ValidationError
from urllib3.exceptions import InsecureRequestWarning

from openapi_client import (
    ApiClient,
    ApiResponse,
    ApiValueError,
    Configuration,
    MessageCreateMessageRequest,
    MessageMessage,
    MessageResponse,
    MessagesApi,
    MessageUpdateMessageRequest,
)
from openapi_client.exceptions import (
    ApiException,
    BadRequestException,
    NotFoundException,
    ServiceException,
    TLSException,
    UnauthorizedException,
)
from openapi_client.testing import MessagesServer
from test.support.recorder import Recorder

APP, CONNECTION = "app-1", "user:7@example"
NAMES = {
    "list": "apps_app_id_connections_connection_id_messages_get",
    "get": "apps_app_id_connections_connection_id_messages_jti_get",
    "edit": "apps_app_id_connections_connection_id_messages_jti_put",
    "send": "apps_app_id_connections_connection_id_messages_post",
}
VARIANTS = ["", "_with_http_info", "_without_preload_content"]

every_generation = pytest.mark.messages_server(generation="all")
both_names = pytest.mark.parametrize("generated", [False, True], ids=["short", "generated"])


@pytest.fixture
def api(messages_server: MessagesServer, messages_api: MessagesApi) -> MessagesApi:
    messages_server.add_connection(APP, CONNECTION)
    return messages_api


def operation(
    api: MessagesApi, name: str, generated: bool, variant: str = ""
) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(api, (NAMES[name] if generated else name) + variant)
    return found


# -- the operations --------------------------------------------------------------------------------


def send_list_get_and_edit(api: MessagesApi, generated: bool) -> None:
    sent = operation(api, "send", generated)(APP, CONNECTION, {"body": "one"})
    assert (sent.body, sent.iss, sent.rid) == ("one", "me", "")
    second = operation(api, "send", generated)(APP, CONNECTION, {"body": "two"})
    listed = operation(api, "list", generated)(APP, CONNECTION)
    assert {message.body for message in listed.items} == {"two", "one"}
    assert (listed.total_count, listed.page, listed.page_count) == (2, 1, 1)
    assert operation(api, "get", generated)(APP, CONNECTION, sent.jti) == sent
    edited = operation(api, "edit", generated)(APP, CONNECTION, second.jti, {"body": "zwei"})
    assert (edited.jti, edited.body) == (second.jti, "zwei")
    kept = operation(api, "get", generated)(APP, CONNECTION, second.jti)
    assert without_nanoseconds(kept) == without_nanoseconds(edited)


def without_nanoseconds(message: MessageMessage) -> dict[str, Any]:
    """Return what a message says, but for digits that servers of 2023 answer and do not keep."""
    times = ("created_at", "iat", "updated_at")
    return message.to_dict() | {
        name: isoparse(getattr(message, name)[:26].rstrip("Z") + "Z") for name in times
    }


@every_generation
@both_names
def test_the_four_operations(api: MessagesApi, generated: bool) -> None:
    send_list_get_and_edit(api, generated)


@pytest.mark.messages_server(generation="all", tls=True)
@both_names
def test_the_four_operations_over_tls(api: MessagesApi, generated: bool) -> None:
    send_list_get_and_edit(api, generated)


@every_generation
@both_names
@pytest.mark.parametrize("variant", VARIANTS)
def test_variants(
    messages_server: MessagesServer, api: MessagesApi, generated: bool, variant: str
) -> None:
    sent = {"documented": 200, "2023": 201, "2024": 202}[messages_server.generation]
    stored = messages_server.receive(APP, CONNECTION, "hello")
    calls: list[tuple[str, tuple[Any, ...], int, type[Any]]] = [
        ("list", (APP, CONNECTION), 200, MessageResponse),
        ("get", (APP, CONNECTION, stored.jti), 200, MessageMessage),
        ("edit", (APP, CONNECTION, stored.jti, {"body": "x"}), 200, MessageMessage),
        ("send", (APP, CONNECTION, {"body": "x"}), sent, MessageMessage),
    ]
    for name, arguments, status, model in calls:
        result = operation(api, name, generated, variant)(*arguments)
        if variant == "_without_preload_content":
            assert result.status == status
            assert model.from_json(result.read().decode()) is not None
        elif variant == "_with_http_info":
            assert ApiResponse in type(result).__mro__
            assert (result.status_code, type(result.data)) == (status, model)
            assert json.loads(result.raw_data) is not None
            assert result.headers is not None
            assert result.headers["Content-Type"] == "application/json; charset=UTF-8"
            assert [attempt.status for attempt in result.attempts] == [status]
        else:
            assert type(result) is model


@every_generation
def test_send_and_edit_take_a_text_a_model_or_a_dict(api: MessagesApi) -> None:
    def bodies(model: type[Any]) -> list[Any]:
        return ["hello", model(body="hello"), {"body": "hello"}]

    for request in bodies(MessageCreateMessageRequest):
        message = api.send(APP, CONNECTION, request)
        assert message.body == "hello"
        assert message.jti is not None
        for change in bodies(MessageUpdateMessageRequest):
            assert api.edit(APP, CONNECTION, message.jti, change).body == "hello"


@every_generation
def test_messages_of_every_generation_read_the_same(
    messages_server: MessagesServer, api: MessagesApi
) -> None:
    stored = messages_server.receive(APP, CONNECTION, "hello", read=True)
    message = api.get(APP, CONNECTION, stored.jti)
    assert (message.jti, message.body, message.iss) == (stored.jti, "hello", CONNECTION)
    known = messages_server.generation == "2024"
    assert (message.read, message.received) == ((True, False) if known else (None, None))
    assert message.created_at is not None
    assert message.created_at_datetime is not None
    assert message.created_at_datetime.tzinfo is not None
    sent = api.send(APP, CONNECTION, "mine")
    assert (sent.iss, sent.rid) == ("me", "")


@every_generation
def test_paging(messages_server: MessagesServer, api: MessagesApi) -> None:
    messages_server.load(APP, CONNECTION, 25)
    page = api.list(APP, CONNECTION, page=2, per_page=10)
    assert page.items is not None
    assert (page.page, page.per_page, page.page_count, page.total_count) == (2, 10, 3, 25)
    assert len(page.items) == 10
    by_position = api.apps_app_id_connections_connection_id_messages_get(
        APP, CONNECTION, None, 2, 10, 2.5
    )
    assert by_position == page


# -- credentials and TLS ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {"api_key": {"BearerAuth": "TOKEN"}},
        {"api_key": {"BearerAuth": "Bearer TOKEN"}},
        {"api_key": {"BearerAuth": "TOKEN"}, "api_key_prefix": {"BearerAuth": "Bearer"}},
        {"api_key": {"BearerAuth": "Bearer TOKEN"}, "api_key_prefix": {"BearerAuth": ""}},
        {"api_key": {}, "access_token": "TOKEN"},
        {"api_key": {}, "access_token": "callable"},
    ],
    ids=["key", "with Bearer", "prefix", "no prefix", "token", "callable"],
)
def test_credentials(messages_server: MessagesServer, settings: dict[str, Any]) -> None:
    token = messages_server.token
    given = json.loads(json.dumps(settings).replace("TOKEN", token))
    if given.get("access_token") == "callable":
        given["access_token"] = lambda: token
    with ApiClient(messages_server.configuration(**given)) as client:
        assert MessagesApi(client).send(APP, CONNECTION, "hello").body == "hello"


def unauthorized(server: MessagesServer, **settings: Any) -> UnauthorizedException:
    client = ApiClient(server.configuration(**settings))
    with client, pytest.raises(UnauthorizedException) as caught:
        MessagesApi(client).send(APP, CONNECTION, "hello")
    assert not server.messages()
    return caught.value


def test_401_for_a_token_without_bearer_says_how_to_set_it(messages_server: MessagesServer) -> None:
    error = unauthorized(messages_server, api_key_prefix={"BearerAuth": ""})
    assert error.detail == "missing or malformed jwt"
    assert "configuration.api_key_prefix['BearerAuth'] = 'Bearer'" in str(error)
    assert messages_server.token not in str(error)


def test_401_for_no_token_says_how_to_set_one(messages_server: MessagesServer) -> None:
    error = unauthorized(messages_server, api_key={})
    assert error.detail == "missing or malformed jwt"
    assert "configuration.api_key['BearerAuth']" in str(error)


def test_401_for_a_wrong_token_says_no_more_than_the_server(
    messages_server: MessagesServer,
) -> None:
    error = unauthorized(messages_server, api_key={"BearerAuth": "wrong-token"})
    assert error.detail == "invalid or expired jwt"
    assert "api_key" not in str(error)
    assert "wrong-token" not in str(error)


@pytest.mark.messages_server(tls=True)
def test_certificates(messages_server: MessagesServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def send(**settings: Any) -> str | None:
        with ApiClient(messages_server.configuration(**settings)) as client:
            return MessagesApi(client).send(APP, CONNECTION, "hello").body

    assert messages_server.ca_cert is not None
    assert send() == "hello"
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with pytest.raises(TLSException):
        send(ssl_ca_cert=None, retries=0)
    monkeypatch.setenv("SSL_CERT_FILE", messages_server.ca_cert)
    assert send(ssl_ca_cert=None) == "hello"
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.warns(InsecureRequestWarning, match="not verified"):
        assert send(ssl_ca_cert=None, verify_ssl=False) == "hello"


# -- errors ----------------------------------------------------------------------------------------


@every_generation
def test_errors_of_every_generation_have_words(
    messages_server: MessagesServer, api: MessagesApi
) -> None:
    api.send(APP, CONNECTION, "hello")
    with pytest.raises(NotFoundException) as missing:
        api.get(APP, CONNECTION, "no-such-message")
    assert missing.value.status == 404
    with pytest.raises(ApiException) as unknown:
        api.edit(APP, CONNECTION, "no-such-message", "hello")
    known = messages_server.generation != "documented"
    assert type(unknown.value) is (ServiceException if known else NotFoundException)
    for error in (missing.value, unknown.value):
        assert error.outcome == "answered"
        assert error.detail
        assert error.detail in str(error)
        assert not error.detail.startswith(("{", '"'))


@pytest.mark.off_description
@pytest.mark.parametrize(
    ("generation", "error", "detail"),
    [
        ("2023", ServiceException, "body: cannot be blank."),
        ("2024", BadRequestException, "Invalid input: body: cannot be blank."),
    ],
)
def test_empty_body(
    messages_server: MessagesServer,
    api: MessagesApi,
    generation: Any,
    error: type[ApiException],
    detail: str,
) -> None:
    messages_server.generation = generation
    messages_server.add_connection(APP, CONNECTION)
    with pytest.raises(error) as caught:
        api.send(APP, CONNECTION, "")
    assert caught.value.detail == detail


def test_any_other_status_has_words_too(messages_server: MessagesServer, api: MessagesApi) -> None:
    body = {"status": 423, "error": "You're required to change your password", "details": "Now."}
    with messages_server.faults.status(423, body=body), pytest.raises(ApiException) as caught:
        api.list(APP, CONNECTION)
    assert type(caught.value) is ApiException
    assert caught.value.detail == "You're required to change your password: Now."


# -- arguments -------------------------------------------------------------------------------------

WRONG: list[tuple[str, tuple[Any, ...], dict[str, Any], str]] = [
    *[("list", (value, "c"), {}, "app_id") for value in (1, None, b"a", ["a"], True)],
    *[("get", ("a", value, "j"), {}, "connection_id") for value in (1, None, b"a")],
    *[("edit", ("a", "c", value, {}), {}, "jti") for value in (1, None, b"a")],
    *[
        ("list", ("a", "c"), {name: value}, name)
        for name in ("messages_since", "page", "per_page")
        for value in ("1", 1.0, True, [1], "")
    ],
    *[("send", ("a", "c", value), {}, "request") for value in (5, ["hi"], b"hi")],
    *[("edit", ("a", "c", "j", value), {}, "request") for value in (5, ["hi"], b"hi")],
    *[("send", ("a", "c", {"body": value}), {}, "request.body") for value in (5, b"hi", ["hi"])],
    ("send", ("a", "c", MessageUpdateMessageRequest(body="hi")), {}, "request"),
    ("edit", ("a", "c", "j", MessageCreateMessageRequest(body="hi")), {}, "request"),
    *[
        ("get", ("a", "c", "j"), {"_request_timeout": value}, "_request_timeout")
        for value in (0, -1, math.nan, math.inf, "5", (1, 2, 3), (0, 1), (1,), (1, "2"))
    ],
    ("get", ("a", "c", "j"), {"_content_type": 5}, "_content_type"),
    ("get", ("a", "c", "j"), {"_headers": ["X-One"]}, "_headers"),
    ("get", ("a", "c", "j"), {"_headers": {1: "x"}}, "_headers"),
    ("get", ("a", "c", "j"), {"_request_auth": "token"}, "_request_auth"),
    ("get", ("a", "c", "j"), {"_host_index": 1}, "_host_index"),
    ("get", ("a", "c", "j"), {"_host_index": -1}, "_host_index"),
    ("get", ("a", "c", "j"), {"_host_index": "0"}, "_host_index"),
]


@both_names
@pytest.mark.parametrize(("name", "arguments", "keywords", "named"), WRONG)
def test_argument_of_the_wrong_type_is_named(
    messages_server: MessagesServer,
    api: MessagesApi,
    name: str,
    arguments: tuple[Any, ...],
    keywords: dict[str, Any],
    named: str,
    generated: bool,
) -> None:
    with pytest.raises(ValidationError) as caught:
        operation(api, name, generated)(*arguments, **keywords)
    places = {".".join(map(str, error["loc"])) for error in caught.value.errors()}
    assert any(place.startswith(named) for place in places), places
    assert len(messages_server.requests) == 0


BODIES = [("send", "message_create_message_request"), ("edit", "message_update_message_request")]


@pytest.mark.parametrize("variant", ["", "_with_http_info", "_without_preload_content"])
@pytest.mark.parametrize("generated", [True, False])
@pytest.mark.parametrize(("name", "keyword"), BODIES)
def test_body_goes_by_the_keyword_of_either_generator(
    recorder: Recorder,
    client: ApiClient,
    name: str,
    keyword: str,
    generated: bool,
    variant: str,
) -> None:
    ids = {"app_id": APP, "connection_id": CONNECTION, **({"jti": "j"} if name == "edit" else {})}
    method = operation(MessagesApi(client), name, generated, variant)
    body = {"body": "hi"}
    for keywords in ({"request": body}, {keyword: body}):
        result = method(**ids, **keywords)
        if variant == "_without_preload_content":
            result.close()
    assert [received.json for received in recorder.received] == [body, body]
    with pytest.raises(TypeError, match=f"request.*{keyword}"):
        method(**ids, **{"request": body, keyword: body})
    with pytest.raises(TypeError, match="request"):
        method(*ids.values(), body, **{keyword: body})
    with pytest.raises(TypeError, match=r"message_x"):
        method(**ids, message_x=body)
    assert len(recorder.received) == 2


@pytest.mark.parametrize(("name", "keyword"), BODIES)
def test_generated_names_send_without_a_body(
    recorder: Recorder, client: ApiClient, name: str, keyword: str
) -> None:
    api = MessagesApi(client)
    ids = (APP, CONNECTION) if name == "send" else (APP, CONNECTION, "j")
    generated = operation(api, name, True)
    generated(*ids)
    generated(*ids, None)
    generated(*ids, **{keyword: None})
    assert [received.body for received in recorder.received] == [b""] * 3
    with pytest.raises(TypeError, match="request"):
        operation(api, name, False)(*ids)
    with pytest.raises(ValidationError, match="request"):
        operation(api, name, False)(*ids, None)
    assert len(recorder.received) == 3


@pytest.mark.parametrize("name", ["send", "edit"])
def test_generated_names_take_no_text(api: MessagesApi, name: str) -> None:
    arguments = (APP, CONNECTION) if name == "send" else (APP, CONNECTION, "j")
    with pytest.raises(ValidationError, match="request"):
        operation(api, name, True)(*arguments, "hello")


PLACES: list[tuple[str, list[Any], int, str]] = [
    ("list", ["a", "c"], 0, "app_id"),
    ("send", ["a", "c", {}], 1, "connection_id"),
    ("get", ["a", "c", "j"], 2, "jti"),
    ("edit", ["a", "c", "j", {}], 2, "jti"),
]
REFUSED = ["", ".", "..", "%2e", "%2E%2e", "a\nb", "a\x00b", "%00", "\x7f", "\ud800"]


@both_names
@pytest.mark.parametrize("value", REFUSED, ids=ascii)
@pytest.mark.parametrize(("name", "arguments", "position", "named"), PLACES)
def test_id_that_would_name_another_resource_is_refused(
    messages_server: MessagesServer,
    api: MessagesApi,
    name: str,
    arguments: list[Any],
    position: int,
    named: str,
    value: str,
    generated: bool,
) -> None:
    given = [*arguments[:position], value, *arguments[position + 1 :]]
    with pytest.raises(ValueError, match=named):
        operation(api, name, generated)(*given)
    assert len(messages_server.requests) == 0


@pytest.mark.parametrize(
    ("auth", "message"),
    [
        ({"type": "api_key", "in": "header", "key": "X-Key"}, "'value'"),
        ({"type": "api_key", "key": "X-Key", "value": "v"}, "'in'"),
        ({"type": "api_key", "in": "header", "value": "v"}, "'key'"),
        ({"in": "body", "key": "X-Key", "value": "v"}, "not in 'body'"),
        ({"in": "header", "key": "X-Key", "value": ""}, "the credential in X-Key is empty"),
        ({"in": "header", "key": "X-Key", "value": 5}, "must be a str, not int"),
        ({"in": "header", "key": "X-Key", "value": "a\nb"}, "control character"),
    ],
)
def test_credentials_of_a_call_that_make_no_sense(
    messages_server: MessagesServer,
    api: MessagesApi,
    auth: dict[str, Any],
    message: str,
) -> None:
    with pytest.raises(ApiValueError, match=message):
        api.list(APP, CONNECTION, _request_auth=auth)
    assert len(messages_server.requests) == 0


@both_names
def test_option_that_does_not_exist_is_refused(
    messages_server: MessagesServer, api: MessagesApi, generated: bool
) -> None:
    with pytest.raises(TypeError, match="_request_timeuot"):
        operation(api, "list", generated)(APP, CONNECTION, _request_timeuot=5)
    assert len(messages_server.requests) == 0


# -- how they look ---------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", VARIANTS)
@both_names
@pytest.mark.parametrize("name", NAMES)
def test_operations_look_like_methods(name: str, generated: bool, variant: str) -> None:
    full = (NAMES[name] if generated else name) + variant
    method = getattr(MessagesApi, full)
    assert method.__name__ == full
    assert method.__qualname__ == f"MessagesApi.{full}"
    assert method.__module__ == "openapi_client.api.messages_api"
    assert inspect.getdoc(method)
    parameters = list(inspect.signature(method).parameters)
    assert parameters[:3] == ["self", "app_id", "connection_id"]
    with ApiClient(Configuration()) as client:
        bound = getattr(MessagesApi(client), full)
    assert list(inspect.signature(bound).parameters) == parameters[1:]
