"""`Configuration`: what each setting means, and what is no setting."""

from __future__ import annotations

import copy
import inspect
import logging
import math
import ssl
import traceback
from pathlib import Path
from typing import Any

import pytest
import urllib3
from pydantic import ValidationError

from openapi_client import ApiClient, ApiValueError, Configuration, MessagesApi
from openapi_client import configuration as settings_types
from openapi_client.configuration import HostSetting, HostSettingVariable
from openapi_client.retries import RetryPolicy
from test.support.recorder import TOKEN, Recorder, http_answer

# -- the host --------------------------------------------------------------------------------------


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
        ("", "host must begin with https:// or http://"),
        ("localhost:8080", "host must begin with https:// or http://"),
        ("service.example/v1", "host must begin with https:// or http://"),
        ("//service.example/v1", "host must begin with https:// or http://"),
        ("ftp://service.example", "host must begin with https:// or http://"),
        ("https://", "host names no host"),
        ("https:///v1", "host names no host"),
        ("https://service.example:port/v1", "host is not a URL"),
        ("https://service.example:99999/v1", "host is not a URL"),
        ("https://[::1/v1", "host is not a URL"),
        (" https://service.example", "host contains a space"),
        ("https://service.example/v 1", "host contains a space"),
        ("https://service.example/\r\nX: y", "host contains a space"),
        ("https://service.example/v1?a=b", "host must not have a query"),
        ("https://service.example/v1#top", "host must not have a fragment"),
        (f"https://user:{TOKEN}@service.example/v1", "host must not have user info"),
        (b"https://service.example", "host must be a URL as str, not bytes"),
        (8080, "host must be a URL as str, not int"),
    ],
)
def test_host_that_makes_no_sense(host: Any, message: str) -> None:
    with pytest.raises(ApiValueError, match=message) as caught:
        Configuration(host)
    assert TOKEN not in str(caught.value)
    configuration = Configuration()
    with pytest.raises(ApiValueError, match=message):
        configuration.host = host
    assert configuration.host == "https://localhost:8080/v1"


class Servers(Configuration):
    """An API whose description names two servers, one with variables."""

    def get_host_settings(self) -> list[HostSetting]:
        region: HostSettingVariable = {
            "default_value": "eu",
            "enum_values": ["eu", "us"],
            "description": "where",
        }
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
    assert configuration.host == "https://other.example"
    assert configuration.get_host_from_settings(None) == "https://other.example"
    assert configuration.get_host_from_settings(0) == "https://one.example/v1"
    assert Servers().get_host_from_settings(None) == "https://one.example/v1"
    servers: list[HostSetting] = [
        {"url": "https://{a}.example", "variables": {"a": {"default_value": "x"}}}
    ]
    assert configuration.get_host_from_settings(0, {"a": "y"}, servers) == "https://y.example"


@pytest.mark.parametrize(
    ("index", "variables", "message"),
    [
        (2, {}, "server_index must be from 0 to 1, not 2"),
        (-1, {}, "server_index must be from 0 to 1, not -1"),
        (
            1,
            {"region": "mars"},
            r"server_variables\['region'\] must be one of .*'us'.*",
        ),
    ],
)
def test_server_that_does_not_exist(index: int, variables: dict[str, str], message: str) -> None:
    configuration = Servers(server_index=index, server_variables=variables)
    with pytest.raises(ApiValueError, match=message):
        _ = configuration.host
    with pytest.raises(ApiValueError, match=message):
        configuration.get_host_from_settings(index, variables)


# -- limits, repeats and the rest ------------------------------------------------------------------


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


def policy_with(field: str, value: Any) -> RetryPolicy:
    changed: dict[str, Any] = {field: value}
    return RetryPolicy(**changed)


SECONDS = r"must be a positive, finite number of seconds, not"
BAD_SETTINGS: list[tuple[str, Any, str]] = [
    *[
        (name, value, f"{name} {SECONDS}")
        for name in ("timeout", "deadline")
        for value in (0, -1, 0.0, math.nan, math.inf, -math.inf, True, "5", 10**309, 10**5000)
    ],
    ("timeout", (1, 2, 3), r"timeout must be a pair \(connect, read\), not 3 items"),
    ("timeout", (0, 1), f"timeout {SECONDS} 0"),
    ("timeout", (1, math.nan), f"timeout {SECONDS} nan"),
    ("deadline", (1, 2), f"deadline {SECONDS}"),
    *[
        (
            "retries",
            value,
            "retries must be a number of repeats from 0, a RetryPolicy, a urllib3.Retry, or None",
        )
        for value in (-1, 1.5, True, "3", 10**5000, -(10**5000))
    ],
    *[
        (name, value, f"{name} must be a positive int, not")
        for name in ("connection_pool_maxsize", "max_response_bytes", "max_response_expansion")
        for value in (0, -1, 1.5, True, "64", 10**5000)
    ],
    *[
        ("retries", policy_with(field, value), f"retries: {field} must be")
        for field in ("base", "cap", "longest_retry_after")
        for value in (-1.0, math.nan, math.inf, True, "1", 10**5000)
    ],
    *[
        ("retries", policy_with("repeats", value), "retries: repeats must be")
        for value in (-1, True, 10**5000, "1")
    ],
    ("retries", RetryPolicy(cap=1e300), "retries: cap must be"),
    ("max_response_bytes", None, "max_response_bytes must be a positive int, not None"),
    *[("server_index", value, "server_index must be an int") for value in (True, "1", 0.0)],
    *[
        (name, value, f"{name} must be the name of a file")
        for name in ("ssl_ca_cert", "cert_file", "key_file")
        for value in (7, True, "", f"-----BEGIN PRIVATE KEY-----\n{TOKEN}", f"{TOKEN}\n")
    ],
    ("key_password", 7, "key_password must be str or bytes, not int"),
    ("key_password", TOKEN * 99, "key_password must have at most 1024 bytes"),
    *[
        (name, TOKEN, f"{name} must be an ssl.SSLContext, not str")
        for name in ("ssl_context", "proxy_ssl_context")
    ],
    *[
        (name, value, f"{name} must be the name of a host")
        for name in ("assert_hostname", "tls_server_name")
        for value in ("", ".test", "a b", 7, f"{TOKEN}\n")
    ],
    ("tls_server_name", False, "tls_server_name must be the name of a host"),
    ("no_proxy", ["a.test"], "no_proxy must be a str with commas, not list"),
    # A text is never shown: it may be a secret in the wrong place.
    *[
        (name, TOKEN, f"{name} (must|names)")
        for name in ("host", "timeout", "deadline", "retries", "proxy", "verify_ssl")
    ],
    *[
        (name, TOKEN, f"{name} must")
        for name in ("allow_insecure", "socket_options", "max_response_bytes", "proxy_headers")
    ],
    *[("verify_ssl", value, "verify_ssl must be True or False, not") for value in (None, 0, "no")],
    ("proxy_headers", "X-One: 1", "proxy_headers must be a dict of headers, not str"),
    ("proxy_headers", {"X-One": "a\r\nb"}, "proxy_headers: the value of the header X-One"),
    ("proxy_headers", {"X One": "a"}, "proxy_headers: a header's name must be a token"),
    ("ca_cert_data", 7, "ca_cert_data must be .*, not int"),
    *[
        ("socket_options", value, "socket_options must be a list of")
        for value in ("TCP_NODELAY", [1], [(1, 2)], [("a", 1, 1)], [(1, 2, 10**5000)])
    ],
    ("allow_insecure", "no", "allow_insecure must be True, False or None, not str"),
    ("proxy", "proxy.example:3128", "proxy must begin with https:// or http://"),
    ("proxy", "socks5://proxy.example", "proxy must be an http:// or https:// URL"),
    ("proxy", f"socks5://u:{TOKEN}@proxy.example", "proxy must be an http:// or https:// URL"),
    ("proxy", f"http://u:{TOKEN}@", "proxy names no host"),
    ("proxy", 3128, "proxy must be a URL as str, not int"),
]


FOREIGN: list[Any] = [
    TOKEN,
    f"-----BEGIN PRIVATE KEY-----\n{TOKEN}\n-----END PRIVATE KEY-----\n",
    TOKEN.encode(),
    {TOKEN: TOKEN},
    {"BearerAuth": TOKEN},
    [TOKEN],
    (TOKEN, TOKEN),
    10**5000,
    -(10**5000),
    math.inf,
    math.nan,
    True,
    object(),
]


@pytest.mark.parametrize("setting", list(inspect.signature(Configuration).parameters))
@pytest.mark.parametrize("number", range(len(FOREIGN)))
def test_whatever_a_setting_is_given_it_is_taken_or_refused_without_being_shown(
    setting: str, number: int
) -> None:
    refused = None
    shown = ""
    try:
        configuration = Configuration(**{setting: FOREIGN[number]})
        shown = repr(configuration) + configuration.to_debug_report()
    except ApiValueError as error:
        refused = error
    if refused is not None:
        assert setting in str(refused)
        shown = "".join(traceback.format_exception(refused))
    assert TOKEN not in shown


# By their types, because numbers of 5,000 digits have no text.
@pytest.mark.parametrize(
    ("name", "value", "message"),
    BAD_SETTINGS,
    ids=[f"{name}-{type(value).__name__}" for name, value, _ in BAD_SETTINGS],
)
def test_setting_that_makes_no_sense(name: str, value: Any, message: str) -> None:
    with pytest.raises(ApiValueError, match=message) as caught:
        Configuration(**{name: value})
    assert TOKEN not in str(caught.value)
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
        ("no_proxy", "example.com,10.0.0.0/8"),
        ("ignore_operation_servers", True),
        ("client_side_validation", False),
        ("datetime_format", "%d %H"),
        ("date_format", "%d"),
        ("debug", True),
        ("proxy_ssl_context", ssl.create_default_context()),
        ("ssl_context", ssl.create_default_context()),
        ("key_password", "secret"),
        ("safe_chars_for_path_param", "/"),
    ],
)
def test_setting_given_or_assigned(name: str, value: Any) -> None:
    assert getattr(Configuration(**{name: value}), name) == value
    configuration = Configuration()
    setattr(configuration, name, value)
    assert getattr(configuration, name) == value


@pytest.mark.parametrize("value", [5e-324, 1e-9, 1, 1e308, 2**1023])
def test_any_positive_number_of_seconds_is_a_limit(value: float) -> None:
    assert Configuration(timeout=value, deadline=value).limits == (value, value, value)


def test_no_pool_size_is_the_default_one() -> None:
    assert Configuration(connection_pool_maxsize=None).connection_pool_maxsize == 64


def test_server_index_of_many_digits_is_refused() -> None:
    with pytest.raises(ApiValueError, match="a number with more digits"):
        Configuration().get_host_from_settings(10**5000)


@pytest.mark.parametrize(
    "options",
    [
        {"page": 10**5000},
        {"per_page": -(10**5000)},
        {"messages_since": 10**5000},
        {"_headers": {"X": 10**5000}},
        {"_retries": 10**5000},
        {"_request_timeout": 10**5000},
        {"_host_index": 10**5000},
    ],
    ids=lambda options: next(iter(options)),
)
def test_argument_of_5000_digits_is_refused_by_its_name(
    recorder: Recorder, options: dict[str, Any]
) -> None:
    with ApiClient(Configuration(recorder.url)) as client, pytest.raises(ValueError) as caught:  # noqa: PT011 - either of two classes
        MessagesApi(client).list("a", "c", **options)
    assert isinstance(caught.value, (ApiValueError, ValidationError))
    name = next(iter(options))
    assert ("header X" if name == "_headers" else name) in str(caught.value)
    assert recorder.received == []


def test_retries_false_is_none_at_all() -> None:
    assert Configuration(retries=False).retries == 0


def test_setting_that_does_not_exist_is_refused_by_the_constructor() -> None:
    typo: dict[str, Any] = {"tiemout": 5}
    with pytest.raises(TypeError, match="tiemout"):
        Configuration(**typo)


# -- as programs for newer generators have it ------------------------------------------------------


def test_setting_types_can_be_imported_and_built() -> None:
    variable: HostSettingVariable = {
        "description": "where",
        "default_value": "eu",
        "enum_values": ["eu", "us"],
    }
    host: HostSetting = {
        "url": "https://{region}.example",
        "description": "the service",
        "variables": {"region": variable},
    }
    variables: settings_types.ServerVariablesT = {"region": "us"}
    url = Configuration().get_host_from_settings(0, variables, [host])
    assert url == "https://us.example"
    key: settings_types.APIKeyAuthSetting = {
        "type": "api_key",
        "in": "header",
        "key": "Authorization",
        "value": "Bearer k",
    }
    expected: settings_types.AuthSettings = {"BearerAuth": key}
    assert Configuration(api_key={"BearerAuth": "k"}).auth_settings() == expected
    for name in ("Generic", "OAuth2", "Basic", "BearerFormat", "Bearer", "HTTPSignature"):
        setting = getattr(settings_types, f"{name}AuthSetting")
        assert {"type", "in", "key", "value"} <= setting.__annotations__.keys()


@pytest.mark.parametrize(
    ("prefixes", "value"),
    [
        ({}, "Bearer k"),
        ({"Other": "Token"}, "Token k"),
        ({"BearerAuth": "Own", "Other": "Token"}, "Own k"),
        ({"BearerAuth": "", "Other": "Token"}, "k"),
    ],
)
def test_prefix_is_that_of_the_scheme_or_else_of_its_alias(
    prefixes: dict[str, str], value: str
) -> None:
    configuration = Configuration(api_key={"Other": "k"}, api_key_prefix=prefixes)
    assert configuration.get_api_key_with_prefix("BearerAuth", alias="Other") == value


@pytest.mark.parametrize("ignored", [False, True])
def test_hosts_of_operations_can_be_ignored(recorder: Recorder, ignored: bool) -> None:
    configuration = Configuration(recorder.url, ignore_operation_servers=ignored)
    with ApiClient(configuration) as client:
        _, url, *_ = client.param_serialize("GET", "/x", _host="https://operation.example")
    assert url == ("https://operation.example/x" if not ignored else f"{recorder.url}/x")


def test_safe_characters_of_path_parameters_can_be_given(recorder: Recorder) -> None:
    recorder.answer = http_answer(200, {})
    configuration = Configuration(recorder.url, safe_chars_for_path_param="/")
    with ApiClient(configuration) as client:
        MessagesApi(client).get("a", "c", "x/y:z")
    assert recorder.only.line.endswith("/messages/x/y%3Az HTTP/1.1")


@pytest.mark.parametrize("debug", [None, False, True])
def test_debug_can_be_given(debug: bool | None) -> None:
    assert Configuration(debug=debug).debug is bool(debug)


# -- logging ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("debug", [False, True])
def test_debug_tells_attempts_of_its_own_clients_only(
    recorder: Recorder, caplog: pytest.LogCaptureFixture, debug: bool
) -> None:
    recorder.answer = http_answer(200, {})
    watched = Configuration(recorder.url, api_key={"BearerAuth": TOKEN})
    watched.debug = debug
    assert watched.debug is debug
    with ApiClient(watched) as one, ApiClient(Configuration(recorder.url)) as other:
        MessagesApi(one).get("a", "c", "j1", _headers={"X-Key": TOKEN})
        MessagesApi(other).get("a", "c", "j2")
    told = [record.getMessage() for record in caplog.records if record.name == "openapi_client"]
    assert len(told) == int(debug)
    assert all("/messages/j1: 200" in line for line in told)
    assert TOKEN not in caplog.text


def test_a_log_that_cannot_be_written_ends_no_call(
    recorder: Recorder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise OSError("no space left")

    configuration = Configuration(recorder.url, {"BearerAuth": TOKEN}, debug=True)
    broken, logger = Broken(), logging.getLogger("openapi_client")
    with ApiClient(configuration) as client:
        configuration.logger_file = str(tmp_path / "missing" / "log")
        assert MessagesApi(client).get("a", "c", "j").jti == "j1"
        configuration.logger_file = None
        logger.addHandler(broken)
        try:
            assert MessagesApi(client).get("a", "c", "j").jti == "j1"
        finally:
            logger.removeHandler(broken)
    told = capsys.readouterr().err
    assert "FileNotFoundError" in told
    assert "no space left" in told
    assert TOKEN not in told


def test_logger_file_has_the_records_in_its_format(recorder: Recorder, tmp_path: Path) -> None:
    path = tmp_path / "client.log"
    configuration = Configuration(recorder.url, api_key={"BearerAuth": TOKEN})
    configuration.logger_format = "%(name)s|%(message)s"
    configuration.logger_file = str(path)
    configuration.debug = True
    with ApiClient(configuration) as client:
        MessagesApi(client).get("a", "c", "j1")
    assert configuration.logger_file == str(path)
    handler = configuration.logger_file_handler
    assert handler is not None
    assert handler.baseFilename == str(path)
    configuration.logger_file = None
    assert configuration.logger_file is None
    (line,) = path.read_text("utf-8").splitlines()
    assert line.startswith("openapi_client|GET /v1/apps/a/connections/c/messages/j1: 200")


def test_logger_format_of_an_open_file_can_change(recorder: Recorder, tmp_path: Path) -> None:
    path = tmp_path / "client.log"
    configuration = Configuration(recorder.url)
    configuration.logger_file = str(path)
    configuration.debug = True
    with ApiClient(configuration) as client:
        for number in (1, 2):
            configuration.logger_format = f"{number}: %(message)s"
            MessagesApi(client).get("a", "c", f"j{number}")
    configuration.logger_file = str(tmp_path / "other.log")
    configuration.logger_file = None
    first, second = path.read_text("utf-8").splitlines()
    assert first.startswith("1: GET /v1/apps/a/connections/c/messages/j1")
    assert second.startswith("2: GET /v1/apps/a/connections/c/messages/j2")


def test_logger_at_debug_tells_attempts_of_all_clients(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    client = ApiClient(Configuration(recorder.url, {"BearerAuth": TOKEN}))
    with caplog.at_level(logging.DEBUG, "openapi_client"), client:
        MessagesApi(client).get("a", "c", "j1")
    (record,) = [record for record in caplog.records if record.name == "openapi_client"]
    assert (record.levelname, "/messages/j1: 200" in record.getMessage()) == ("DEBUG", True)
    assert TOKEN not in caplog.text


def test_debug_without_any_handler_goes_to_standard_error(
    recorder: Recorder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    configuration = Configuration(recorder.url)
    configuration.debug = True
    with ApiClient(configuration) as client:
        MessagesApi(client).get("a", "c", "j1")
    assert "/messages/j1: 200" in capsys.readouterr().err


# -- what is shown ---------------------------------------------------------------------------------


def test_repr_and_report_show_no_secret() -> None:
    configuration = Configuration(
        "https://service.example/v1",
        api_key={"BearerAuth": TOKEN},
        username="user",
        password=TOKEN,
        access_token=TOKEN,
        proxy=f"http://user:{TOKEN}@proxy.example:3128",
        proxy_headers={"Proxy-Authorization": TOKEN},
    )
    assert repr(configuration) == "<Configuration https://service.example/v1>"
    report = configuration.to_debug_report()
    assert TOKEN not in report
    lines = dict(line.split(": ", 1) for line in report.splitlines()[1:])
    assert report.startswith("Python SDK Debug Report:\nOS: ")
    assert lines["SDK Package Version"] == "1.0.0"
    assert lines["Host"] == "https://service.example/v1"
    assert lines["Proxy"] == "http://proxy.example:3128"


def test_no_proxy_shows_what_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert Configuration().no_proxy is None
    configuration = Configuration()
    monkeypatch.setenv("NO_PROXY", "one.example")
    assert configuration.no_proxy == "one.example"
    monkeypatch.setenv("no_proxy", "two.example")
    assert Configuration().no_proxy == copy.deepcopy(configuration).no_proxy == "two.example"
    configuration.no_proxy = "three.example"
    assert configuration.no_proxy == "three.example"
    assert Configuration(no_proxy="").no_proxy == ""
