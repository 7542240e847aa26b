"""Where programs reach into a generated package, they reach into this one."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
import urllib3

import openapi_client
from openapi_client import (
    ApiClient,
    ApiException,
    ApiResponse,
    Configuration,
    MessageMessage,
    MessageResponse,
    MessagesApi,
)
from openapi_client.exceptions import NotFoundException, ServiceException
from openapi_client.rest import RESTClientObject, RESTResponse
from test.recorder import Recorder, http_answer

HELLO = {"jti": "j1", "body": "hello"}
MESSAGES = "https://service.example/v1/apps/a/connections/c/messages"
OPERATIONS: list[tuple[str, tuple[Any, ...], str, str, object]] = [
    ("list", ("a", "c"), "GET", f"{MESSAGES}", None),
    ("get", ("a", "c", "j1"), "GET", f"{MESSAGES}/j1", None),
    ("edit", ("a", "c", "j1", {"body": "x"}), "PUT", f"{MESSAGES}/j1", {"body": "x"}),
    ("send", ("a", "c", {"body": "x"}), "POST", f"{MESSAGES}", {"body": "x"}),
    ("apps_app_id_connections_connection_id_messages_get", ("a", "c"), "GET", MESSAGES, None),
    (
        "apps_app_id_connections_connection_id_messages_jti_get",
        ("a", "c", "j1"),
        "GET",
        f"{MESSAGES}/j1",
        None,
    ),
    (
        "apps_app_id_connections_connection_id_messages_jti_put",
        ("a", "c", "j1", {"body": "x"}),
        "PUT",
        f"{MESSAGES}/j1",
        {"body": "x"},
    ),
    (
        "apps_app_id_connections_connection_id_messages_post",
        ("a", "c", {"body": "x"}),
        "POST",
        MESSAGES,
        {"body": "x"},
    ),
]
VARIANTS = ["", "_with_http_info", "_without_preload_content"]


def configured(**settings: Any) -> Configuration:
    key = {"BearerAuth": "t0ken"}
    return Configuration(**{"host": "https://service.example/v1", "api_key": key, **settings})


@pytest.fixture
def client(recorder: Recorder) -> Iterator[ApiClient]:
    recorder.answer = http_answer(200, HELLO)
    with ApiClient(configured(host=recorder.url)) as client:
        yield client


# -- a test double in the place of `rest_client` ------------------------------------------------------


def urllib3_answer(status: int = 200, body: object = HELLO) -> urllib3.HTTPResponse:
    return urllib3.HTTPResponse(
        io.BytesIO(json.dumps(body).encode()),
        {"Content-Type": "application/json"},
        status,
        reason="Told",
        preload_content=False,
    )


class PlainResponse:
    """What a program may have written before there was a class to derive from."""

    def __init__(self, response: urllib3.HTTPResponse) -> None:
        self.response = response
        self.status = response.status
        self.reason = response.reason
        self.data: bytes | None = None

    def read(self) -> bytes:
        self.data = self.response.data
        return self.data

    def getheaders(self) -> dict[str, str]:
        return dict(self.response.headers)

    def getheader(self, name: str, default: str | None = None) -> str | None:
        return self.response.headers.get(name, default)


class DerivedResponse(RESTResponse):
    """What sets the attributes itself."""

    def __init__(self, response: urllib3.HTTPResponse) -> None:
        self.response = response
        self.status = response.status
        self.reason = response.reason
        self.data = None


class Double:
    """Has what `ApiClient` needs of a `RESTClientObject`, with exactly its parameters."""

    def __init__(self, response: Any) -> None:
        self.response = response
        self.asked: list[tuple[Any, ...]] = []

    def request(
        self,
        method: str,
        url: str,
        headers: Any = None,
        body: Any = None,
        post_params: Any = None,
        _request_timeout: Any = None,
    ) -> Any:
        self.asked.append((method, url, headers, body, post_params, _request_timeout))
        return self.response


RESPONSES = [RESTResponse, PlainResponse, DerivedResponse]


@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("operation", "arguments", "method", "url", "body"), OPERATIONS)
def test_rest_client_can_be_replaced(
    operation: str,
    arguments: tuple[Any, ...],
    method: str,
    url: str,
    body: object,
    variant: str,
    response: Any,
) -> None:
    told = urllib3_answer()
    double = Double(response(told))
    with ApiClient(configured()) as client:
        client.rest_client = double  # type: ignore[assignment]  # what programs do
        result = getattr(MessagesApi(client), operation + variant)(
            *arguments, _request_timeout=(1.5, 2.5)
        )
    (asked,) = double.asked
    assert asked[:2] == (method, url)
    assert asked[2]["Authorization"] == "Bearer t0ken"
    assert asked[2]["Accept"] == "application/json"
    assert asked[2].get("Content-Type") == ("application/json" if body else None)
    assert asked[3] == body
    assert asked[4:] == ([], (1.5, 2.5))
    if variant == "_without_preload_content":
        assert result is told
        assert json.loads(result.read()) == HELLO
    else:
        data = result.data if variant else result
        model = MessageResponse if method == "GET" and url == MESSAGES else MessageMessage
        assert type(data) is model
        if variant:
            assert type(result).__mro__[-4:] == ApiResponse.__mro__[-4:]
            assert (result.status_code, result.raw_data) == (200, json.dumps(HELLO).encode())
            assert result.headers == {"Content-Type": "application/json"}


@pytest.mark.parametrize("response", RESPONSES)
def test_replaced_rest_client_tells_an_error(response: Any) -> None:
    with ApiClient(configured()) as client:
        client.rest_client = Double(  # type: ignore[assignment]  # what programs do
            response(urllib3_answer(404, {"message": "no"}))
        )
        with pytest.raises(NotFoundException) as caught:
            MessagesApi(client).get("a", "c", "j1")
    error = caught.value
    assert (error.status, error.reason, error.body) == (404, "Told", '{"message": "no"}')
    assert error.headers == {"Content-Type": "application/json"}


def test_replaced_rest_client_raises_what_it_likes() -> None:
    class Failing:
        def request(self, *args: Any, **kwargs: Any) -> Any:
            raise ApiException(status=0, reason="No way")

    with ApiClient(configured()) as client:
        client.rest_client = Failing()  # type: ignore[assignment]  # what programs do
        with pytest.raises(ApiException, match="No way"):
            MessagesApi(client).get("a", "c", "j1")


def test_rest_client_can_be_wrapped(client: ApiClient, recorder: Recorder) -> None:
    class Counting:
        def __init__(self, inner: RESTClientObject) -> None:
            self.inner = inner
            self.count = 0

        def request(self, *args: Any, **kwargs: Any) -> RESTResponse:
            self.count += 1
            return self.inner.request(*args, **kwargs)

    inner = client.rest_client
    counting = Counting(inner)
    client.rest_client = counting  # type: ignore[assignment]  # what programs do
    api = MessagesApi(client)
    assert api.get("a", "c", "j1").body == "hello"
    assert api.send("a", "c", "hello").body == "hello"
    assert api.get_without_preload_content("a", "c", "j1").json() == HELLO
    assert (counting.count, len(recorder.received)) == (3, 3)
    inner.close()


def test_request_can_be_patched() -> None:
    asked: list[tuple[Any, ...]] = []

    def request(self: RESTClientObject, *args: Any, **kwargs: Any) -> RESTResponse:
        asked.append(args)
        return RESTResponse(urllib3_answer())

    with mock.patch("openapi_client.rest.RESTClientObject.request", request):
        with ApiClient(configured()) as client:
            assert MessagesApi(client).get("a", "c", "j1") == MessageMessage(jti="j1", body="hello")
    assert asked == [("GET", f"{MESSAGES}/j1")]


def test_class_of_the_rest_client_can_be_patched() -> None:
    with mock.patch("openapi_client.rest.RESTClientObject") as made:
        made.return_value.request.return_value = RESTResponse(urllib3_answer())
        with ApiClient(configured()) as client:
            assert MessagesApi(client).get("a", "c", "j1").body == "hello"


def test_pool_of_urllib3_can_be_patched() -> None:
    """Tools that stub or watch urllib3 do it there."""
    with mock.patch.object(urllib3.HTTPConnectionPool, "urlopen", autospec=True) as urlopen:
        urlopen.return_value = urllib3_answer()
        with ApiClient(configured()) as client:
            assert MessagesApi(client).get("a", "c", "j1").body == "hello"
    pool, method, url = urlopen.call_args.args[:3]
    assert (pool.host, method, url) == ("service.example", "GET", "/v1/apps/a/connections/c/messages/j1")


# -- a subclass of ApiClient --------------------------------------------------------------------------


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("operation", "arguments", "method", "url", "body"), OPERATIONS)
def test_call_api_can_be_overridden(
    recorder: Recorder,
    operation: str,
    arguments: tuple[Any, ...],
    method: str,
    url: str,
    body: object,
    variant: str,
) -> None:
    class Signing(ApiClient):
        def call_api(
            self,
            method: str,
            url: str,
            header_params: Any = None,
            body: Any = None,
            post_params: Any = None,
            _request_timeout: Any = None,
        ) -> RESTResponse:
            header_params["X-Signature"] = f"{method} {url.rpartition('/v1')[2]} {json.dumps(body)}"
            return super().call_api(
                method, url, header_params, body, post_params, _request_timeout
            )

    recorder.answer = http_answer(200, HELLO)
    with Signing(configured(host=recorder.url)) as client:
        result = getattr(MessagesApi(client), operation + variant)(*arguments)
        if variant == "_without_preload_content":
            result.release_conn()
    path = url.rpartition("/v1")[2]
    assert recorder.only.headers["X-Signature"] == f"{method} {path} {json.dumps(body)}"


def test_response_deserialize_can_be_overridden(recorder: Recorder) -> None:
    class Mapped(ApiClient):
        def response_deserialize(
            self, response_data: Any = None, response_types_map: Any = None
        ) -> ApiResponse[Any]:
            try:
                answer = super().response_deserialize(response_data, response_types_map)
            except NotFoundException as error:
                raise LookupError(error.body) from error
            data = answer.data and answer.data.body.upper()
            return ApiResponse(
                status_code=answer.status_code,
                headers=answer.headers,
                data=data,
                raw_data=answer.raw_data,
            )

    recorder.answer = http_answer(200, HELLO)
    with Mapped(configured(host=recorder.url)) as client:
        api = MessagesApi(client)
        assert api.get("a", "c", "j1") == "HELLO"
        assert api.send_with_http_info("a", "c", "hello").data == "HELLO"
        recorder.answer = http_answer(404, "gone")
        with pytest.raises(LookupError, match="gone"):
            api.get("a", "c", "j1")


def test_param_serialize_can_be_overridden(recorder: Recorder) -> None:
    class Prefixed(ApiClient):
        def param_serialize(self, **kwargs: Any) -> Any:  # type: ignore[override]  # as seen in use
            kwargs["resource_path"] = "/tenant" + kwargs["resource_path"]
            kwargs["header_params"]["X-Tenant"] = "blue"
            kwargs["query_params"].append(("trace", "1"))
            return super().param_serialize(**kwargs)

    with Prefixed(configured(host=recorder.url)) as client:
        MessagesApi(client).list("a", "c", page=2)
        MessagesApi(client).list("a", "c")
    first, second = recorder.received
    assert first.target == "/v1/tenant/apps/a/connections/c/messages?page=2&trace=1"
    assert second.target == "/v1/tenant/apps/a/connections/c/messages?trace=1"
    assert second.headers["X-Tenant"] == "blue"


def test_update_params_for_auth_can_be_overridden(recorder: Recorder) -> None:
    class Signed(ApiClient):
        def update_params_for_auth(self, headers: Any, *args: Any, **kwargs: Any) -> None:
            super().update_params_for_auth(headers, *args, **kwargs)
            headers["X-Signed"] = headers["Authorization"].upper()

    with Signed(configured(host=recorder.url)) as client:
        MessagesApi(client).list("a", "c")
    assert recorder.only.headers["X-Signed"] == "BEARER T0KEN"


# -- urllib3.Retry ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("retry", "operation", "requests"),
    [
        (urllib3.Retry(3, status_forcelist=[503], backoff_factor=0), "get", 4),
        (urllib3.Retry(total=None, status=1, status_forcelist=[503]), "get", 2),
        (urllib3.Retry(3, status_forcelist=[500]), "get", 1),
        (urllib3.Retry(0, status_forcelist=[503]), "get", 1),
        (urllib3.Retry(3, status_forcelist=[503]), "edit", 4),
        (urllib3.Retry(3, status_forcelist=[503]), "send", 1),
        (urllib3.Retry(3, status_forcelist=[503], allowed_methods={"POST"}), "send", 4),
        (urllib3.Retry(3, status_forcelist=[503], allowed_methods=None), "send", 4),
        (urllib3.Retry(3, status_forcelist=[503], allowed_methods={"POST"}), "get", 1),
    ],
)
def test_a_retry_of_urllib3_rules(
    client: ApiClient, recorder: Recorder, retry: urllib3.Retry, operation: str, requests: int
) -> None:
    client.configuration.retries = retry
    recorder.answer = http_answer(503, "later")
    arguments = {"get": ("a", "c", "j"), "edit": ("a", "c", "j", "x"), "send": ("a", "c", "x")}
    with pytest.raises(ServiceException) as caught:
        getattr(MessagesApi(client), operation)(*arguments[operation])
    assert len(recorder.received) == requests
    assert [attempt.status for attempt in caught.value.attempts] == [503] * requests


def test_a_retry_of_urllib3_is_not_used_up(client: ApiClient, recorder: Recorder) -> None:
    client.configuration.retries = urllib3.Retry(1, status_forcelist=[503], backoff_factor=0)
    recorder.answer = http_answer(503, "later")
    for _ in range(3):
        with pytest.raises(ServiceException):
            MessagesApi(client).get("a", "c", "j")
    assert len(recorder.received) == 6
    assert client.configuration.retries.total == 1


# -- the hook -----------------------------------------------------------------------------------------


def test_refresh_api_key_hook_is_called_before_each_key_is_read(
    client: ApiClient, recorder: Recorder
) -> None:
    given: list[Configuration] = []

    def refresh(configuration: Configuration) -> None:
        given.append(configuration)
        configuration.api_key["BearerAuth"] = f"key-{len(given)}"

    client.configuration.refresh_api_key_hook = refresh
    for _ in range(3):
        MessagesApi(client).get("a", "c", "j1")
    sent = [request.headers["Authorization"] for request in recorder.received]
    assert sent == ["Bearer key-1", "Bearer key-2", "Bearer key-3"]
    assert all(configuration is client.configuration for configuration in given)


# -- the defaults of the process ----------------------------------------------------------------------


@pytest.fixture
def no_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Configuration, "_default", None)
    monkeypatch.setattr(ApiClient, "_default", None)


@pytest.mark.usefixtures("no_defaults")
def test_configuration_set_default_is_for_clients_that_are_given_none(recorder: Recorder) -> None:
    recorder.answer = http_answer(200, HELLO)
    Configuration.set_default(configured(host=recorder.url))
    with ApiClient() as client:
        assert MessagesApi(client).get("a", "c", "j1").body == "hello"
    assert recorder.only.headers["Authorization"] == "Bearer t0ken"
    with ApiClient(Configuration()) as client:
        assert client.configuration.host == "https://localhost:8080/v1"


@pytest.mark.usefixtures("no_defaults")
def test_configuration_get_default_is_one_object() -> None:
    first = Configuration.get_default()
    assert first.host == "https://localhost:8080/v1"
    assert Configuration.get_default() is first
    assert Configuration.get_default_copy() is not first
    Configuration.set_default(None)
    assert Configuration.get_default() is not first


@pytest.mark.usefixtures("no_defaults")
def test_messages_api_without_a_client_uses_the_default_one(recorder: Recorder) -> None:
    recorder.answer = http_answer(200, HELLO)
    Configuration.set_default(configured(host=recorder.url))
    api = MessagesApi()
    assert api.api_client is ApiClient.get_default()
    assert MessagesApi(None).api_client is api.api_client
    assert api.get("a", "c", "j1").body == "hello"
    api.api_client.close()


@pytest.mark.usefixtures("no_defaults")
def test_api_client_set_default_takes_the_client_itself(client: ApiClient) -> None:
    ApiClient.set_default(client)
    assert ApiClient.get_default() is client
    assert MessagesApi().get("a", "c", "j1").body == "hello"
    ApiClient.set_default(None)
    with ApiClient.get_default() as other:
        assert other is not client


# -- modules ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "module",
    [
        "api",
        "api.messages_api",
        "api_client",
        "api_response",
        "configuration",
        "exceptions",
        "models",
        "models.message_create_message_request",
        "models.message_message",
        "models.message_response",
        "models.message_update_message_request",
        "rest",
    ],
)
def test_modules_are_there_without_importing_them(module: str) -> None:
    found: Any = openapi_client
    for name in module.split("."):
        found = getattr(found, name)
    assert found.__name__ == f"openapi_client.{module}"
