"""Configurations, clients, exceptions, models and answers are values: copied, pickled, apart."""

from __future__ import annotations

import copy
import http.client
import logging
import os
import pickle
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from openapi_client import (
    ApiClient,
    ApiException,
    Configuration,
    MessageCreateMessageRequest,
    MessageMessage,
    MessageResponse,
    MessagesApi,
    MessageUpdateMessageRequest,
    exceptions,
)
from openapi_client.retries import Attempt
from test.support.recorder import TOKEN, Recorder, http_answer


def pickled(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


WAYS = pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickled])
DEEP_WAYS = pytest.mark.parametrize("copied", [copy.deepcopy, pickled])
Copied = Callable[[Any], Any]


# -- configurations --------------------------------------------------------------------------------


class Derived(Configuration):
    """A program's own configuration."""


def refresh(configuration: Configuration) -> None:
    configuration.api_key["BearerAuth"] = TOKEN


def provide() -> str:
    return TOKEN


def every_setting() -> Configuration:
    configuration = Derived(
        "https://service.example/v1",
        {"BearerAuth": "k"},
        {"BearerAuth": "Token"},
        "user",
        "password",
        provide,
        None,
        {"a": "b"},
        {1: 2},
        {1: {"a": "b"}},
        "ca.pem",
        ca_cert_data="data",
        retries=urllib3.Retry(5),
        timeout=(1, 2),
        deadline=3,
        verify_ssl=False,
        cert_file="client.pem",
        key_file="key.pem",
        assert_hostname="other.example",
        tls_server_name="another.example",
        proxy="http://proxy.example",
        proxy_headers={"X-Proxy": "1"},
        connection_pool_maxsize=5,
        max_response_bytes=6,
        allow_insecure=True,
        socket_options=[(6, 1, 1)],
        no_proxy="example.com",
        key_password="key password",
        ignore_operation_servers=True,
        safe_chars_for_path_param="/",
        client_side_validation=False,
        date_format="%d",
        datetime_format="%d %H",
        debug=True,
    )
    configuration.refresh_api_key_hook = refresh
    configuration.temp_folder_path = "folder"
    configuration.logger_format = "%(message)s"
    return configuration


def settings(configuration: Configuration) -> dict[str, Any]:
    names = {name for name in vars(configuration) if not name.startswith("_")}
    names |= {"host", "proxy", "debug", "logger_file", "logger_format", "limits"}
    shown = {name: getattr(configuration, name) for name in names}
    # A Retry has no equality of its own.
    return {**shown, "retries": vars(shown["retries"])} if shown["retries"] else shown


@WAYS
def test_configuration_is_copied_whole(copied: Copied) -> None:
    original = every_setting()
    twin = copied(original)
    assert type(twin) is Derived
    assert settings(twin) == settings(original)
    assert twin.auth_settings() == original.auth_settings()


@WAYS
def test_copied_configuration_shares_nothing(copied: Copied) -> None:
    original = every_setting()
    before = copy.deepcopy(settings(original))
    twin = copied(original)
    twin.host = "https://other.example"
    for name in ("api_key", "api_key_prefix", "server_variables", "logger", "proxy_headers"):
        getattr(twin, name)["more"] = "x"
    twin.server_operation_variables[1]["more"] = "x"
    twin.socket_options.append((6, 1, 2))
    twin.debug = False
    twin.logger_format = "%(name)s"
    twin.deadline = 99
    assert settings(original) == before


@WAYS
def test_copy_of_a_configuration_writes_to_the_same_file(copied: Copied, tmp_path: Path) -> None:
    path = str(tmp_path / "client.log")
    original = Configuration()
    original.logger_file = path
    twin = copied(original)
    assert twin.logger_file == path
    assert twin.logger_file_handler is not original.logger_file_handler
    twin.logger_file = None
    assert original.logger_file == path
    original.logger_file = None


@WAYS
def test_copy_asks_a_callable_token_itself(copied: Copied) -> None:
    original = Configuration(access_token=provide)
    original.auth_settings()
    twin = copied(original)
    assert twin.auth_settings() == original.auth_settings()
    assert vars(twin)["_token"] is not vars(original)["_token"]


def test_two_configurations_share_nothing() -> None:
    given: dict[str, Any] = {
        "api_key": {"BearerAuth": "k"},
        "api_key_prefix": {"BearerAuth": "Token"},
        "server_variables": {"a": "b"},
        "server_operation_index": {1: 2},
        "server_operation_variables": {1: {"a": "b"}},
    }
    before = copy.deepcopy(given)
    for one, other in (
        (Configuration(), Configuration()),
        (Configuration(**given), Configuration(**given)),
    ):
        for name in (*given, "logger"):
            getattr(one, name)["more"] = {}
            assert "more" not in getattr(other, name), name
        one.host = "https://one.example"
        assert other.host == "https://localhost:8080/v1"
    assert given == before


# -- the process is left alone ---------------------------------------------------------------------


def global_state() -> dict[str, Any]:
    """What a library might be tempted to change for everybody."""
    state: dict[str, Any] = {
        "http.client": http.client.HTTPConnection.debuglevel,
        "warnings": list(warnings.filters),
        "environment": dict(os.environ),
        "logging": logging.root.manager.disable,
    }
    for name in ("", "openapi_client", "urllib3", "urllib3.connectionpool"):
        logger = logging.getLogger(name)
        state[f"logger {name}"] = (
            logger.level,
            logger.propagate,
            logger.disabled,
            list(logger.handlers),
            list(logger.filters),
        )
    return state


@pytest.fixture
def application_loggers() -> Iterator[None]:
    """An application that has set up its logging."""
    handler = logging.NullHandler()
    loggers = [logging.getLogger("urllib3"), logging.getLogger("openapi_client")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.INFO)
        logger.addHandler(handler)
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
        logger.removeHandler(handler)


@pytest.mark.usefixtures("application_loggers")
def test_building_and_using_changes_no_global_state(recorder: Recorder, tmp_path: Path) -> None:
    before = global_state()
    configuration = Configuration(recorder.url)
    assert global_state() == before
    configuration.debug = True
    configuration.logger_file = str(tmp_path / "client.log")
    assert global_state() == before
    with ApiClient(configuration) as client:
        MessagesApi(client).get("a", "c", "j")
        assert global_state() == before
    configuration.debug = False
    configuration.logger_file = None
    for way in (copy.copy, copy.deepcopy, pickled):
        way(configuration)
    assert global_state() == before


# -- clients ---------------------------------------------------------------------------------------


@WAYS
@pytest.mark.parametrize("of", ["client", "api"])
def test_client_is_copied_with_what_is_set_on_it(
    recorder: Recorder, copied: Copied, of: str
) -> None:
    recorder.answer = http_answer(200, {"jti": "j"})
    configuration = Configuration(recorder.url, api_key={"BearerAuth": TOKEN})
    with ApiClient(configuration, "X-Tenant", "blue", "a=1") as client:
        client.user_agent = "mine/1"
        MessagesApi(client).get("a", "c", "j")
        twin = copied(client if of == "client" else MessagesApi(client))
        twin_client: ApiClient = twin if of == "client" else twin.api_client
        if of == "api" and copied is copy.copy:
            assert twin_client is client
        else:
            assert twin_client.rest_client is not client.rest_client
        MessagesApi(twin_client).get("a", "c", "j")
        twin_client.close()
    first, second = recorder.received
    assert first == second


@DEEP_WAYS
def test_copied_client_shares_nothing(copied: Copied) -> None:
    with ApiClient(Configuration(), "X-Tenant", "blue") as client, copied(client) as twin:
        twin.set_default_header("X-Tenant", "red")
        twin.configuration.host = "https://other.example"
        assert client.default_headers["X-Tenant"] == "blue"
        assert client.configuration.host == "https://localhost:8080/v1"
        assert twin.rest_client.configuration is twin.configuration


def test_repr_of_a_client_tells_its_host() -> None:
    with ApiClient(Configuration("https://service.example/v1", {"BearerAuth": TOKEN})) as client:
        assert repr(client) == "<ApiClient of <Configuration https://service.example/v1>>"


# -- exceptions ------------------------------------------------------------------------------------

API_EXCEPTIONS = [
    value
    for value in vars(exceptions).values()
    if isinstance(value, type) and issubclass(value, ApiException)
]


def filled(kind: type[ApiException]) -> ApiException:
    error = kind(409, "Not Today", body='{"message": "no"}', data={"message": "no"})
    error.headers = {"Content-Type": "application/json", "X-Secret": TOKEN}
    error.attempts = (Attempt(503, None, 0.1, 0.5), Attempt(None, "reset", 0.2, 0.0))
    error.outcome = "unknown"
    error.retry_after = 7.0
    error.request = "GET /v1/x"
    error.hint = "Do it again."
    return error


@WAYS
@pytest.mark.parametrize("kind", API_EXCEPTIONS)
def test_api_exception_is_copied_whole(copied: Copied, kind: type[ApiException]) -> None:
    original = filled(kind)
    twin = copied(original)
    assert type(twin) is kind
    assert str(twin) == str(original)
    assert repr(twin) == repr(original)
    assert twin.args == original.args
    expected = dict(vars(original))
    if copied is pickled:
        # What leaves the process has no header in it that may be a secret.
        expected["headers"] = {"Content-Type": "application/json", "X-Secret": "***"}
    assert vars(twin) == expected


@WAYS
def test_deserialization_exception_keeps_the_raw_body(copied: Copied) -> None:
    original = exceptions.DeserializationException(200, "OK")
    original.raw_data = b"\xff"
    assert copied(original).raw_data == b"\xff"


@WAYS
@pytest.mark.parametrize(
    "original",
    [
        exceptions.OpenApiException("wrong", 7),
        exceptions.ApiTypeError("wrong", ["items", 0], (int,), True),
        exceptions.ApiValueError("wrong", ["items", 0]),
        exceptions.ApiAttributeError("wrong", ["items"]),
        exceptions.ApiKeyError("wrong"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_exception_is_copied_whole(copied: Copied, original: Exception) -> None:
    twin = copied(original)
    assert type(twin) is type(original)
    assert (str(twin), twin.args, vars(twin)) == (str(original), original.args, vars(original))


@WAYS
@pytest.mark.parametrize(
    "answer",
    [
        http_answer(404, {"message": "no"}, {"X-Answer": "42"}),
        http_answer(503, "later", {"Retry-After": "120"}),
        http_answer(200, '{"body": 5}'),
        http_answer(200, b"{}", {"Content-Encoding": "gzip"}),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n",
        b"nonsense\r\n\r\n",
    ],
    ids=["404", "503", "wrong type", "not compressed", "no chunk", "no HTTP"],
)
def test_exception_of_a_call_is_copied_whole(
    recorder: Recorder, copied: Copied, answer: bytes
) -> None:
    recorder.answer = answer
    with (
        ApiClient(Configuration(recorder.url, retries=0)) as client,
        pytest.raises(ApiException) as caught,
    ):
        MessagesApi(client).get("a", "c", "j")
    twin = copied(caught.value)
    assert type(twin) is type(caught.value)
    assert str(twin) == str(caught.value)
    for name in ("status", "reason", "body", "outcome", "attempts", "retry_after", "detail"):
        assert getattr(twin, name) == getattr(caught.value, name), name


# -- models and answers ----------------------------------------------------------------------------

MODELS = [
    MessageCreateMessageRequest(body="hi"),
    MessageUpdateMessageRequest(),
    MessageMessage.model_validate({"id": "j", "body": "hi", "read": True, "tags": ["blue"]}),
    MessageResponse.model_validate({"items": [{"jti": "j", "tags": {}}], "page": 1, "next": "n"}),
]


@WAYS
@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_model_is_copied_whole(copied: Copied, model: Any) -> None:
    twin = copied(model)
    assert twin == model
    assert type(twin) is type(model)
    assert twin.to_dict() == model.to_dict()
    assert twin.model_extra == model.model_extra
    assert twin.model_fields_set == model.model_fields_set


@DEEP_WAYS
def test_copied_model_shares_nothing(copied: Copied) -> None:
    page = MessageResponse.model_validate({"items": [{"jti": "j", "tags": ["blue"]}]})
    twin = copied(page)
    twin.items[0].jti = "other"
    twin.items[0].tags.append("red")
    twin.items.append(MessageMessage())
    assert page.to_dict() == {"items": [{"jti": "j", "tags": ["blue"]}]}


@WAYS
def test_answer_is_copied_whole(recorder: Recorder, copied: Copied) -> None:
    recorder.answer = http_answer(202, {"jti": "j", "tags": ["blue"]})
    with ApiClient(Configuration(recorder.url)) as client:
        answer = MessagesApi(client).send_with_http_info("a", "c", "hi")
    twin = copied(answer)
    assert type(twin) is type(answer)
    assert twin == answer
    assert (twin.data, twin.raw_data) == (answer.data, answer.raw_data)
    assert (twin.headers, twin.attempts) == (answer.headers, answer.attempts)
