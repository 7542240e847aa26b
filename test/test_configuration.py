"""`Configuration`: what each setting means, and what is no setting."""

from __future__ import annotations

import logging
import math
import threading
from pathlib import Path
from typing import Any

import pytest
import urllib3

from openapi_client import ApiClient, ApiException, ApiValueError, Configuration, MessagesApi
from test.recorder import Recorder, http_answer

SECRET = "s3cret-t0ken-of-the-test"


# -- the host -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "base"),
    [
        (None, "https://localhost:8080/v1"),
        ("https://service.example", "https://service.example"),
        ("https://service.example/", "https://service.example"),
        ("https://service.example/v1/", "https://service.example/v1"),
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
        ("https://[::1]:8080/v1", "https://[::1]:8080/v1"),
        ("HTTPS://Service.Example/V1", "HTTPS://Service.Example/V1"),
        ("https://bücher.example/v1", "https://bücher.example/v1"),
    ],
)
def test_host(host: str | None, base: str) -> None:
    assert Configuration(host).host == base
    configuration = Configuration()
    if host is not None:
        configuration.host = host
    assert configuration.host == base


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("", "host must begin with https:// or http://, not ''"),
        ("localhost:8080", "host must begin with https:// or http://, not 'localhost:8080'"),
        ("service.example/v1", "host must begin with https:// or http://"),
        ("//service.example/v1", "host must begin with https:// or http://"),
        ("ftp://service.example", "host must begin with https:// or http://"),
        ("https://", "host names no host"),
        ("https:///v1", "host names no host"),
        ("https://service.example:port/v1", "host is not a URL"),
        ("https://service.example:99999/v1", "host is not a URL"),
        ("https://[::1/v1", "host is not a URL"),
        (" https://service.example", "host contains a space or control character"),
        ("https://service.example/v 1", "host contains a space or control character"),
        ("https://service.example/\r\nX: y", "host contains a space or control character"),
        ("https://service.example/v1?a=b", "host must not have a query"),
        ("https://service.example/v1#top", "host must not have a fragment"),
        (f"https://user:{SECRET}@service.example/v1", "host must not have user info"),
        (b"https://service.example", "host must be a URL as str, not bytes"),
        (8080, "host must be a URL as str, not int"),
    ],
)
def test_host_that_makes_no_sense(host: Any, message: str) -> None:
    with pytest.raises(ApiValueError, match=message) as caught:
        Configuration(host)
    assert SECRET not in str(caught.value)
    configuration = Configuration()
    with pytest.raises(ApiValueError, match=message):
        configuration.host = host
    assert configuration.host == "https://localhost:8080/v1"


class Servers(Configuration):
    """An API whose description names two servers, one with variables."""

    def get_host_settings(self) -> list[dict[str, Any]]:
        region = {"default_value": "eu", "enum_values": ["eu", "us"], "description": "where"}
        return [
            {"url": "https://one.example/v1", "description": "the first"},
            {
                "url": "https://{region}.two.example/{path}",
                "description": "the second",
                "variables": {"region": region, "path": {"default_value": "v1"}},
            },
        ]


@pytest.mark.parametrize(
    ("settings", "host"),
    [
        ({}, "https://one.example/v1"),
        ({"server_index": 0}, "https://one.example/v1"),
        ({"server_index": 1}, "https://eu.two.example/v1"),
        ({"server_index": 1, "server_variables": {"region": "us"}}, "https://us.two.example/v1"),
        ({"server_index": 1, "server_variables": {"path": "v2"}}, "https://eu.two.example/v2"),
        ({"server_variables": {"region": "us"}}, "https://one.example/v1"),
        ({"host": "https://other.example"}, "https://other.example"),
        ({"host": "https://other.example", "server_index": 1}, "https://other.example"),
    ],
)
def test_servers(settings: dict[str, Any], host: str) -> None:
    assert Servers(**settings).host == host


def test_server_can_be_chosen_later() -> None:
    configuration = Servers("https://other.example")
    configuration.server_index = 1
    configuration.server_variables["region"] = "us"
    assert configuration.host == "https://us.two.example/v1"
    configuration.host = "https://other.example"
    assert (configuration.host, configuration.server_index) == ("https://other.example", None)
    assert configuration.get_host_from_settings(None) == "https://other.example"
    assert configuration.get_host_from_settings(0) == "https://one.example/v1"
    assert Servers().get_host_from_settings(None) == "https://one.example/v1"
    servers = [{"url": "https://{a}.example", "variables": {"a": {"default_value": "x"}}}]
    assert configuration.get_host_from_settings(0, {"a": "y"}, servers) == "https://y.example"


@pytest.mark.parametrize(
    ("index", "variables", "message"),
    [
        (2, {}, "server_index must be from 0 to 1, not 2"),
        (-1, {}, "server_index must be from 0 to 1, not -1"),
        (1, {"region": "mars"}, r"server_variables\['region'\] must be one of .*'us'.*, not 'mars'"),
    ],
)
def test_server_that_does_not_exist(index: int, variables: dict[str, str], message: str) -> None:
    configuration = Servers(server_index=index, server_variables=variables)
    with pytest.raises(ApiValueError, match=message):
        _ = configuration.host
    with pytest.raises(ApiValueError, match=message):
        configuration.get_host_from_settings(index, variables)


# -- credentials --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "prefixes", "identifier", "alias", "expected"),
    [
        ({}, {}, "BearerAuth", None, None),
        ({"BearerAuth": "k"}, {}, "BearerAuth", None, "Bearer k"),
        ({"BearerAuth": "k"}, {"BearerAuth": "Token"}, "BearerAuth", None, "Token k"),
        ({"BearerAuth": "k"}, {"BearerAuth": ""}, "BearerAuth", None, "k"),
        ({"BearerAuth": "Bearer k"}, {}, "BearerAuth", None, "Bearer k"),
        ({"BearerAuth": "bearer k"}, {}, "BearerAuth", None, "bearer k"),
        ({"Other": "k"}, {}, "Other", None, "k"),
        ({"Other": "k"}, {"Other": "Token"}, "Other", None, "Token k"),
        ({"Other": "k"}, {}, "BearerAuth", "Other", "Bearer k"),
        ({"Other": "k"}, {"BearerAuth": "JWT"}, "BearerAuth", "Other", "JWT k"),
        ({"Other": "k", "BearerAuth": "b"}, {}, "BearerAuth", "Other", "Bearer b"),
        ({"BearerAuth": "k"}, {}, "Other", None, None),
        ({"BearerAuth": "k"}, {}, "Other", "Another", None),
    ],
)
def test_get_api_key_with_prefix(
    keys: dict[str, str],
    prefixes: dict[str, str],
    identifier: str,
    alias: str | None,
    expected: str | None,
) -> None:
    configuration = Configuration(api_key=keys, api_key_prefix=prefixes)
    for _ in range(2):
        assert configuration.get_api_key_with_prefix(identifier, alias) == expected


def test_key_is_read_anew_each_time() -> None:
    configuration = Configuration(api_key={"BearerAuth": "one"})
    values = [configuration.auth_settings()["BearerAuth"]["value"]]
    configuration.api_key["BearerAuth"] = "two"
    values.append(configuration.auth_settings()["BearerAuth"]["value"])
    configuration.api_key_prefix["BearerAuth"] = "Token"
    values.append(configuration.auth_settings()["BearerAuth"]["value"])
    configuration.api_key = {"BearerAuth": "three"}
    configuration.api_key_prefix = {}
    values.append(configuration.auth_settings()["BearerAuth"]["value"])
    assert values == ["Bearer one", "Bearer two", "Token two", "Bearer three"]


@pytest.mark.parametrize(
    ("settings", "value"),
    [
        ({}, None),
        ({"api_key": {"BearerAuth": "k"}}, "Bearer k"),
        ({"access_token": "t"}, "Bearer t"),
        ({"access_token": "Token t"}, "Token t"),
        ({"access_token": lambda: "t"}, "Bearer t"),
        ({"api_key": {"BearerAuth": "k"}, "access_token": "t"}, "Bearer k"),
        ({"api_key": {"Other": "k"}, "access_token": "t"}, "Bearer t"),
        ({"username": "u", "password": "p"}, None),
    ],
)
def test_auth_settings(settings: dict[str, Any], value: str | None) -> None:
    expected = {
        "BearerAuth": {
            "type": "api_key",
            "in": "header",
            "key": "Authorization",
            "value": value,
        }
    }
    assert Configuration(**settings).auth_settings() == (expected if value else {})


@pytest.mark.parametrize(
    ("user", "password", "token"),
    [
        ("user", "secret", "Basic dXNlcjpzZWNyZXQ="),
        (None, None, "Basic Og=="),
        ("user", None, "Basic dXNlcjo="),
        ("é", "€", "Basic w6k64oKs"),
    ],
)
def test_get_basic_auth_token(user: str | None, password: str | None, token: str) -> None:
    assert Configuration(username=user, password=password).get_basic_auth_token() == token


BAD_CREDENTIALS: list[tuple[dict[str, Any], str]] = [
    ({"api_key": {"BearerAuth": ""}}, r"api_key\['BearerAuth'\] is empty"),
    ({"api_key": {"BearerAuth": "  "}}, r"api_key\['BearerAuth'\] is empty"),
    ({"api_key": {"BearerAuth": None}}, r"api_key\['BearerAuth'\] must be a str, not NoneType"),
    ({"api_key": {"BearerAuth": SECRET.encode()}}, "must be a str, not bytes"),
    ({"api_key": {"BearerAuth": f"{SECRET}\n"}}, "contains a control character"),
    ({"api_key": {"BearerAuth": f"{SECRET}\r\nX: y"}}, "contains a control character"),
    ({"api_key": {"BearerAuth": f"{SECRET}é"}}, "contains a character that is not ASCII"),
    ({"api_key": {"Bearer": SECRET}}, "api_key has 'Bearer'; the API's scheme is 'BearerAuth'"),
    ({"access_token": ""}, "access_token is empty"),
    ({"access_token": f"{SECRET}\n"}, "access_token contains a control character"),
    ({"access_token": lambda: None}, r"what access_token\(\) returned must be a str"),
    ({"access_token": lambda: ""}, r"what access_token\(\) returned is empty"),
]


@pytest.mark.parametrize(("settings", "message"), BAD_CREDENTIALS)
def test_credentials_that_cannot_be_sent_stop_the_call(
    recorder: Recorder, settings: dict[str, Any], message: str
) -> None:
    with ApiClient(Configuration(recorder.url, **settings)) as client:
        with pytest.raises(ApiValueError, match=message) as caught:
            MessagesApi(client).list("a", "c")
    assert SECRET not in str(caught.value)
    assert recorder.received == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"api_key": SECRET}, r"api_key must be a dict .*'BearerAuth'.*, not str"),
        ({"api_key_prefix": "Bearer"}, "api_key_prefix must be a dict .*, not str"),
        ({"access_token": SECRET.encode()}, "access_token must be a str or a callable, not bytes"),
        ({"access_token": 7}, "access_token must be a str or a callable, not int"),
    ],
)
def test_credentials_of_the_wrong_type(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ApiValueError, match=message) as caught:
        Configuration(**settings)
    assert SECRET not in str(caught.value)
    ((name, value),) = settings.items()
    with pytest.raises(ApiValueError, match=message):
        setattr(Configuration(), name, value)


def test_callable_token_is_kept_until_a_401(recorder: Recorder) -> None:
    asked: list[str] = []

    def provide() -> str:
        asked.append(f"token-{len(asked) + 1}")
        return asked[-1]

    recorder.answer = http_answer(200, {})
    with ApiClient(Configuration(recorder.url, access_token=provide)) as client:
        api = MessagesApi(client)
        for _ in range(3):
            api.get("a", "c", "j")
        assert asked == ["token-1"]
        recorder.answer = http_answer(401, {"message": "invalid or expired jwt"})
        with pytest.raises(ApiException, match="invalid or expired jwt"):
            api.get("a", "c", "j")
    assert asked == ["token-1", "token-2"]
    sent = [request.headers["Authorization"] for request in recorder.received]
    assert sent == ["Bearer token-1"] * 4 + ["Bearer token-2"]


def test_callable_token_is_asked_for_once_by_many_threads() -> None:
    asked: list[int] = []
    gate = threading.Barrier(8)

    def provide() -> str:
        asked.append(1)
        return "token"

    configuration = Configuration(access_token=provide)

    def use() -> None:
        gate.wait()
        configuration.auth_settings()

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 1


# -- limits, repeats and the rest ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timeout", "deadline", "limits"),
    [
        ((5.0, 30.0), 60.0, (5.0, 30.0, 60.0)),
        (7, 9.5, (7, 7, 9.5)),
        ((1, None), None, (1, None, None)),
        ([None, 2], 3, (None, 2, 3)),
        (None, None, (None, None, None)),
    ],
)
def test_limits(timeout: Any, deadline: float | None, limits: tuple[float | None, ...]) -> None:
    assert Configuration(timeout=timeout, deadline=deadline).limits == limits
    configuration = Configuration()
    assert configuration.limits == (5.0, 30.0, 60.0)
    configuration.timeout = timeout
    configuration.deadline = deadline
    assert configuration.limits == limits


SECONDS = r"must be a positive, finite number of seconds, not"
BAD_SETTINGS: list[tuple[str, Any, str]] = [
    *[
        (name, value, f"{name} {SECONDS}")
        for name in ("timeout", "deadline")
        for value in (0, -1, 0.0, math.nan, math.inf, -math.inf, True, "5")
    ],
    ("timeout", (1, 2, 3), r"timeout must be a pair \(connect, read\), not \(1, 2, 3\)"),
    ("timeout", (0, 1), f"timeout {SECONDS} 0"),
    ("timeout", (1, math.nan), f"timeout {SECONDS} nan"),
    ("deadline", (1, 2), f"deadline {SECONDS}"),
    *[
        ("retries", value, "retries must be a number of repeats from 0, a urllib3.Retry, or None")
        for value in (-1, 1.5, True, "3")
    ],
    *[
        (name, value, f"{name} must be a positive int, not")
        for name in ("connection_pool_maxsize", "max_response_bytes")
        for value in (0, -1, 1.5, True, "64", None)
    ],
    ("allow_insecure", "no", "allow_insecure must be True, False or None, not 'no'"),
    ("proxy", "proxy.example:3128", "proxy must begin with https:// or http://"),
    ("proxy", "socks5://proxy.example", "proxy must be an http:// or https:// URL"),
    ("proxy", f"socks5://u:{SECRET}@proxy.example", "proxy must be an http:// or https:// URL"),
    ("proxy", f"http://u:{SECRET}@", "proxy names no host"),
    ("proxy", 3128, "proxy must be a URL as str, not int"),
]


@pytest.mark.parametrize(("name", "value", "message"), BAD_SETTINGS)
def test_setting_that_makes_no_sense(name: str, value: Any, message: str) -> None:
    with pytest.raises(ApiValueError, match=message) as caught:
        Configuration(**{name: value})
    assert SECRET not in str(caught.value)
    configuration = Configuration()
    before = getattr(configuration, name)
    with pytest.raises(ApiValueError, match=message):
        setattr(configuration, name, value)
    assert getattr(configuration, name) == before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("retries", None),
        ("retries", 0),
        ("retries", 7),
        ("retries", urllib3.Retry(3)),
        ("allow_insecure", True),
        ("proxy", "http://proxy.example:3128"),
        ("proxy", "https://user:pass@proxy.example"),
        ("proxy", None),
        ("proxy_headers", {"X-Proxy": "1"}),
        ("verify_ssl", False),
        ("cert_file", "client.pem"),
        ("key_file", "key.pem"),
        ("assert_hostname", False),
        ("tls_server_name", "other.example"),
        ("ssl_ca_cert", "ca.pem"),
        ("ca_cert_data", "-----BEGIN CERTIFICATE-----"),
        ("socket_options", [(6, 1, 1)]),
        ("connection_pool_maxsize", 3),
        ("max_response_bytes", 1),
    ],
)
def test_setting_given_or_assigned(name: str, value: Any) -> None:
    assert getattr(Configuration(**{name: value}), name) == value
    configuration = Configuration()
    setattr(configuration, name, value)
    assert getattr(configuration, name) == value


def test_retries_false_is_none_at_all() -> None:
    assert Configuration(retries=False).retries == 0


def test_setting_that_does_not_exist_is_refused_by_the_constructor() -> None:
    with pytest.raises(TypeError, match="tiemout"):
        Configuration(tiemout=5)  # type: ignore[call-arg]  # the typo is what is tested


# -- logging ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("debug", [False, True])
def test_debug_tells_attempts_of_its_own_clients_only(
    recorder: Recorder, caplog: pytest.LogCaptureFixture, debug: bool
) -> None:
    recorder.answer = http_answer(200, {})
    watched = Configuration(recorder.url, api_key={"BearerAuth": SECRET})
    watched.debug = debug
    assert watched.debug is debug
    with ApiClient(watched) as one, ApiClient(Configuration(recorder.url)) as other:
        MessagesApi(one).get("a", "c", "j1", _headers={"X-Key": SECRET})
        MessagesApi(other).get("a", "c", "j2")
    told = [record.getMessage() for record in caplog.records if record.name == "openapi_client"]
    assert len(told) == int(debug)
    assert all("/messages/j1: 200" in line for line in told)
    assert SECRET not in caplog.text


def test_logger_file_has_the_records_in_its_format(recorder: Recorder, tmp_path: Path) -> None:
    path = tmp_path / "client.log"
    configuration = Configuration(recorder.url, api_key={"BearerAuth": SECRET})
    configuration.logger_format = "%(name)s|%(message)s"
    configuration.logger_file = str(path)
    configuration.debug = True
    with ApiClient(configuration) as client:
        MessagesApi(client).get("a", "c", "j1")
    assert configuration.logger_file == str(path)
    assert isinstance(configuration.logger_file_handler, logging.FileHandler)
    configuration.logger_file = None
    assert configuration.logger_file_handler is None
    (line,) = path.read_text("utf-8").splitlines()
    assert line.startswith("openapi_client|GET /v1/apps/a/connections/c/messages/j1: 200")


def test_debug_without_any_handler_goes_to_standard_error(
    recorder: Recorder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    configuration = Configuration(recorder.url)
    configuration.debug = True
    with ApiClient(configuration) as client:
        MessagesApi(client).get("a", "c", "j1")
    assert "/messages/j1: 200" in capsys.readouterr().err


# -- what is shown ------------------------------------------------------------------------------------


def test_repr_and_report_show_no_secret() -> None:
    configuration = Configuration(
        "https://service.example/v1",
        api_key={"BearerAuth": SECRET},
        username="user",
        password=SECRET,
        access_token=SECRET,
        proxy=f"http://user:{SECRET}@proxy.example:3128",
        proxy_headers={"Proxy-Authorization": SECRET},
    )
    assert repr(configuration) == "<Configuration https://service.example/v1>"
    report = configuration.to_debug_report()
    assert SECRET not in report
    lines = dict(line.split(": ", 1) for line in report.splitlines()[1:])
    assert report.startswith("Python SDK Debug Report:\nOS: ")
    assert lines["SDK Package Version"] == "1.0.0"
    assert lines["Host"] == "https://service.example/v1"
    assert lines["Proxy"] == "http://proxy.example:3128"
