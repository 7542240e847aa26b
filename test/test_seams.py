"""Where programs reach into a generated package, they reach into this one."""

from __future__ import annotations

import json
from typing import Any

import pytest
import urllib3

import openapi_client
from openapi_client import (
    ApiClient,
    ApiResponse,
    Configuration,
    MessagesApi,
)
from openapi_client.exceptions import (
    ApiException,
    NotFoundException,
    ServiceException,
    TimeoutException,
)
from openapi_client.rest import RESTResponse
from test.support.recorder import TOKEN, Recorder, http_answer
from test.support.wire.arguments import CALLS, VARIANTS
from test.support.wire.case import Case

HOST = "https://service.example/v1"


# -- a subclass of ApiClient -----------------------------------------------------------------------


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("operation", "arguments", "case"), CALLS)
def test_call_api_can_be_overridden(
    recorder: Recorder, operation: str, arguments: tuple[Any, ...], case: Case, variant: str
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
            return super().call_api(method, url, header_params, body, post_params, _request_timeout)

    with Signing(Configuration(recorder.url)) as client:
        result = getattr(MessagesApi(client), operation + variant)(*arguments)
        if variant == "_without_preload_content":
            result.close()
    assert recorder.only.headers["X-Signature"] == f"{case.line} {json.dumps(case.body)}"


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

    with Mapped(Configuration(recorder.url, {"BearerAuth": TOKEN})) as client:
        api: Any = MessagesApi(client)
        assert api.get("a", "c", "j1") == "HELLO"
        assert api.send_with_http_info("a", "c", "hello").data == "HELLO"
        recorder.answer = http_answer(404, "gone")
        with pytest.raises(LookupError, match="gone"):
            api.get("a", "c", "j1")


def test_param_serialize_can_be_overridden(recorder: Recorder) -> None:
    def param_serialize(self: ApiClient, **kwargs: Any) -> Any:
        kwargs["resource_path"] = "/tenant" + kwargs["resource_path"]
        kwargs["header_params"]["X-Tenant"] = "blue"
        kwargs["query_params"].append(("trace", "1"))
        return ApiClient.param_serialize(self, **kwargs)

    prefixed = type("Prefixed", (ApiClient,), {"param_serialize": param_serialize})
    with prefixed(Configuration(recorder.url, {"BearerAuth": TOKEN})) as client:
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

    with Signed(Configuration(recorder.url, {"BearerAuth": TOKEN})) as client:
        MessagesApi(client).list("a", "c")
    assert recorder.only.headers["X-Signed"] == f"BEARER {TOKEN.upper()}"


# -- urllib3.Retry ---------------------------------------------------------------------------------


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


# -- the hook --------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("raised", [OSError("no vault"), ApiException(503, "the vault's")])
def test_what_the_refresh_hook_raises_is_an_api_exception(
    client: ApiClient, recorder: Recorder, raised: Exception
) -> None:
    def refresh(configuration: Configuration) -> None:
        raise raised

    client.configuration.refresh_api_key_hook = refresh
    with pytest.raises(ApiException) as caught:
        MessagesApi(client).get("a", "c", "j1")
    assert caught.value.outcome == "not_sent"
    assert caught.value.__cause__ is raised
    client.configuration.refresh_api_key_hook = None
    MessagesApi(client).get("a", "c", "j1")
    assert len(recorder.received) == 1


def test_ctrl_c_in_the_refresh_hook_stays_what_it_is(client: ApiClient) -> None:
    def refresh(configuration: Configuration) -> None:
        raise KeyboardInterrupt

    client.configuration.refresh_api_key_hook = refresh
    with pytest.raises(KeyboardInterrupt):
        MessagesApi(client).get("a", "c", "j1")


def test_the_time_of_the_refresh_hook_counts(client: ApiClient, recorder: Recorder) -> None:
    client.configuration.deadline = 1e-9
    client.configuration.refresh_api_key_hook = lambda configuration: None
    with pytest.raises(TimeoutException) as caught:
        MessagesApi(client).get("a", "c", "j1")
    assert caught.value.outcome == "not_sent"
    assert not recorder.received


# -- the defaults of the process -------------------------------------------------------------------


@pytest.fixture
def no_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Configuration, "_default", None)
    monkeypatch.setattr(ApiClient, "_default", None)


@pytest.mark.usefixtures("no_defaults")
def test_configuration_set_default_is_for_clients_that_are_given_none(recorder: Recorder) -> None:
    Configuration.set_default(Configuration(recorder.url, {"BearerAuth": TOKEN}))
    with ApiClient() as client:
        assert MessagesApi(client).get("a", "c", "j1").body == "hello"
    assert recorder.only.headers["Authorization"] == f"Bearer {TOKEN}"
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
    Configuration.set_default(Configuration(recorder.url, {"BearerAuth": TOKEN}))
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


# -- modules ---------------------------------------------------------------------------------------


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
