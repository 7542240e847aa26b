"""Where the two generations of generators differ from each other: which one is followed here.

The page "Differences from the generated package" has a row for each test.
"""

from __future__ import annotations

import copy
import importlib
import inspect
import logging
from decimal import Decimal
from email import policy
from email.parser import BytesParser
from typing import Any

import pytest
import urllib3

import openapi_client
from openapi_client import (
    ApiClient,
    ApiException,
    ApiResponse,
    ApiValueError,
    Configuration,
    MessageMessage,
    MessagesApi,
    rest,
)
from openapi_client.exceptions import DeserializationException
from test.support.recorder import Recorder, http_answer

# -- surface ---------------------------------------------------------------------------------------

# In the order in which generator 7.1 has them; it has the rest as attributes alone.
OLDER_SETTINGS = [
    *("host", "api_key", "api_key_prefix", "username", "password", "access_token", "server_index"),
    *("server_variables", "server_operation_index", "server_operation_variables", "ssl_ca_cert"),
]
NEWER_SETTINGS: dict[str, Any] = {
    "ignore_operation_servers": True,
    "retries": 3,
    "ca_cert_data": "PEM",
    "cert_file": "client.pem",
    "key_file": "client.key",
    "verify_ssl": False,
    "assert_hostname": False,
    "tls_server_name": "server.example",
    "connection_pool_maxsize": 3,
    "proxy": "http://proxy.example:3128",
    "no_proxy": "direct.example",
    "proxy_headers": {"X-Proxy": "1"},
    "proxy_ssl_context": None,
    "safe_chars_for_path_param": "/",
    "client_side_validation": False,
    "socket_options": [(6, 1, 1)],
    "datetime_format": "%Y",
    "date_format": "%d",
    "debug": True,
}


def test_the_order_of_settings_is_that_of_7_1() -> None:
    parameters = inspect.signature(Configuration).parameters.values()
    ordered = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert ordered == OLDER_SETTINGS
    ca: Any = [None] * 10 + ["ca.pem"]
    assert Configuration(*ca).ssl_ca_cert == "ca.pem"
    ca[10] = True
    with pytest.raises(ApiValueError, match="ssl_ca_cert must be the name of a file"):
        Configuration(*ca)


@pytest.mark.parametrize(("name", "value"), NEWER_SETTINGS.items())
def test_settings_are_keywords_and_attributes(name: str, value: Any) -> None:
    given: Any = {name: value}
    configuration = Configuration(**given)
    assert getattr(configuration, name) == value
    assigned = Configuration()
    setattr(assigned, name, value)
    assert getattr(assigned, name) == getattr(copy.deepcopy(configuration), name) == value


def test_idle_connections_are_64_a_host() -> None:
    assert Configuration(connection_pool_maxsize=None).connection_pool_maxsize == 64


def test_the_prefix_of_an_alias_counts() -> None:
    configuration = Configuration(api_key={"new": "k"}, api_key_prefix={"old": "P"})
    assert configuration.get_api_key_with_prefix("new", alias="old") == "P k"
    configuration.api_key_prefix["new"] = "Q"
    assert configuration.get_api_key_with_prefix("new", alias="old") == "Q k"


def test_proxy_settings_show_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "direct.example")
    configuration = Configuration("https://server.example")
    assert (configuration.proxy, configuration.no_proxy) == (
        "http://proxy.example:3128",
        "direct.example",
    )
    configuration.host = "https://direct.example"
    assert configuration.proxy is None
    configuration.proxy = "http://other.example:3128"
    assert configuration.proxy_for("https", "direct.example", 443) == "http://other.example:3128"


def test_debug_given_or_not_leaves_loggers_alone() -> None:
    package = logging.getLogger("openapi_client")
    before = package.level
    for debug in (None, False):
        assert Configuration(debug=debug).debug is False
        assert package.level == before


def test_an_error_keeps_the_status_and_reason_that_it_is_given() -> None:
    response = urllib3.HTTPResponse(status=404, reason="Not Found", body=b"gone")
    given = ApiException(status=1, reason="mine", http_resp=response)
    assert (given.status, given.reason, given.body) == (1, "mine", "gone")
    told = ApiException(http_resp=response)
    assert (told.status, told.reason) == (404, "Not Found")


def test_from_response_raises() -> None:
    response = urllib3.HTTPResponse(status=409, reason="Conflict", body=b"")
    with pytest.raises(openapi_client.exceptions.ConflictException) as caught:
        ApiException.from_response(http_resp=response, body="text", data={"a": 1})
    assert (caught.value.body, caught.value.data) == ("text", {"a": 1})


def test_headers_are_an_attribute_and_a_method(recorder: Recorder, client: ApiClient) -> None:
    response = client.call_api("GET", f"{recorder.url}/x")
    assert response.headers == response.getheaders()
    assert response.headers["content-type"] == response.getheader("Content-Type")
    answer: ApiResponse[Any] = client.response_deserialize(response, {"200": "object"})
    assert type(answer.headers) is dict


def test_fields_that_are_not_known_are_additional_properties() -> None:
    message = MessageMessage.model_validate({"jti": "j", "tags": ["a"]})
    assert message.additional_properties == message.model_extra == {"tags": ["a"]}
    message.additional_properties["more"] = 1
    assert message.to_dict() == {"jti": "j", "tags": ["a"], "more": 1}


def test_what_a_message_is_made_of_is_in_param_serialize() -> None:
    names = [name for name in dir(MessagesApi) if name.endswith("_serialize")]
    assert names == []
    assert callable(ApiClient.param_serialize)


@pytest.mark.parametrize("module", ["rest", "api_client", "configuration", "exceptions"])
def test_modules_have_what_is_theirs_alone(module: str) -> None:
    names = set(vars(importlib.import_module(f"openapi_client.{module}")))
    assert not names & {"urllib3", "getproxies", "multiprocessing", "httplib", "mimetypes"}


def test_the_package_has_all() -> None:
    everything: dict[str, Any] = {}
    exec("from openapi_client import *", everything)
    assert set(openapi_client.__all__) <= everything.keys()


# -- core ------------------------------------------------------------------------------------------


def test_deserialize_takes_two_arguments_or_three(client: ApiClient) -> None:
    assert client.deserialize("[1]", "List[int]") == [1]
    assert client.deserialize("[1]", "List[int]", "application/json") == [1]
    assert client.deserialize("[1]", "List[int]", None) == [1]
    assert client.deserialize("null", None) is None
    assert client.deserialize("", "str", "application/json") == ""


@pytest.mark.parametrize("kind", ["str", "object", "int", "date", "MessageMessage"])
def test_what_says_it_is_json_has_to_be(recorder: Recorder, client: ApiClient, kind: str) -> None:
    recorder.answer = http_answer(200, b"<html>", {"Content-Type": "application/json"})
    response = client.call_api("GET", f"{recorder.url}/x")
    with pytest.raises(DeserializationException) as caught:
        client.response_deserialize(response, {"200": kind})
    assert isinstance(caught.value, ValueError)
    assert caught.value.body == "<html>"


@pytest.mark.parametrize(
    "content_type", ["application/xml", "text", "text/n0t!", "application/jsonn", "image/png", None]
)
def test_other_media_types_are_read_as_what_they_are(
    client: ApiClient, content_type: str | None
) -> None:
    assert client.deserialize('{"a": "b"}', "Dict[str, str]", content_type) == {"a": "b"}
    assert client.deserialize("<a/>", "str", content_type) == "<a/>"


def test_a_text_may_hold_a_model(client: ApiClient) -> None:
    message = client.deserialize('{"jti": "j"}', "MessageMessage", "text/plain")
    assert message == MessageMessage(jti="j")
    assert client.deserialize("[1]", "object", "text/plain") == [1]


def test_a_text_for_a_text_is_left_alone(client: ApiClient) -> None:
    for text in ('{"a": "b"}', '"quoted"', "null", "true", "1.0"):
        assert client.deserialize(text, "str", "text/plain") == text


def test_decimals_are_read_as_they_are_written(client: ApiClient) -> None:
    for text in ("1.1", '"1.10"', "3"):
        value = client.deserialize(text, "decimal", "application/json")
        assert (type(value), str(value)) == (Decimal, text.strip('"'))


def test_a_format_for_what_is_no_collection_changes_nothing(client: ApiClient) -> None:
    for collection_format in ("csv", "ssv", "tsv", "pipes", "multi"):
        formats = {"p": collection_format}
        assert client.parameters_to_tuples({"p": "abc"}, formats) == [("p", "abc")]
        assert client.parameters_to_url_query({"p": 15}, formats) == "p=15"


def test_a_response_need_not_be_read_first(recorder: Recorder, client: ApiClient) -> None:
    response = client.call_api("GET", f"{recorder.url}/x")
    assert response.data is not None
    answer: ApiResponse[Any] = client.response_deserialize(response, {"200": "object"})
    assert answer.data == {"jti": "j1", "body": "hello"}
    response.data = None
    with pytest.raises(ApiValueError, match="must have been read"):
        client.response_deserialize(response, {"200": "object"})


def test_files_are_paths_bytes_pairs_and_lists(client: ApiClient) -> None:
    octets = "application/octet-stream"
    assert client.files_parameters({"f": b"x", "g": None, "h": [("a.txt", b"y")]}) == [
        ("f", ("f", b"x", octets)),
        ("h", ("a.txt", b"y", "text/plain")),
    ]
    assert client.files_parameters() == []


def test_objects_are_exploded_on_demand(client: ApiClient) -> None:
    message = MessageMessage(jti="j", body="a b")
    pairs = client.explode_query_object("filter", message)
    assert sorted(pairs) == [("body", "a b"), ("jti", "j")]
    url = client.param_serialize("GET", "/x", query_params=[("filter", message)])[1]
    assert url.endswith("?filter=%7B%22body%22%3A%20%22a%20b%22%2C%20%22jti%22%3A%20%22j%22%7D")


# -- wire ------------------------------------------------------------------------------------------


def sent_body(
    recorder: Recorder, client: ApiClient, content_type: str, body: Any = None, **more: Any
) -> bytes:
    client.call_api("POST", f"{recorder.url}/x", {"Content-Type": content_type}, body, **more)
    return recorder.received[-1].body


def test_names_in_a_query_are_encoded(client: ApiClient) -> None:
    query = client.parameters_to_url_query([("a b[x]", 1), ("@at", 2)], None)
    assert query == "a%20b%5Bx%5D=1&@at=2"


def test_accept_of_a_call_is_kept(recorder: Recorder, api: MessagesApi) -> None:
    api.get("a", "c", "j", _headers={"Accept": "text/csv"})
    assert recorder.only.headers["Accept"] == "text/csv"


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_form_type_may_have_parameters(recorder: Recorder, client: ApiClient, kind: str) -> None:
    assert b"a" in sent_body(recorder, client, f"{kind}; charset=utf-8", post_params=[("a", "1")])
    assert recorder.only.headers["Content-Type"].startswith(kind)


def test_a_truth_value_is_a_text(recorder: Recorder, client: ApiClient) -> None:
    assert sent_body(recorder, client, "text/plain", True) == b"true"


@pytest.mark.parametrize("content_type", ["text/plain", "application/octet-stream"])
def test_no_body_of_a_type_that_is_not_json(
    recorder: Recorder, client: ApiClient, content_type: str
) -> None:
    assert sent_body(recorder, client, content_type) == b""
    assert recorder.only.headers["Content-Type"] == content_type


def test_a_form_without_fields_is_an_empty_form(recorder: Recorder, client: ApiClient) -> None:
    body = sent_body(recorder, client, "multipart/form-data")
    head = f"Content-Type: {recorder.only.headers['Content-Type']}\r\n\r\n".encode()
    message: Any = BytesParser(policy=policy.HTTP).parsebytes(head + body)
    assert message.get_content_type() == "multipart/form-data"


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_form_that_is_written_already_goes_out_as_it_is(
    recorder: Recorder, client: ApiClient, kind: str
) -> None:
    assert sent_body(recorder, client, kind, "a=1&b=2") == b"a=1&b=2"


def test_floats_and_truth_values_in_a_multipart_form(recorder: Recorder, client: ApiClient) -> None:
    body = sent_body(
        recorder, client, "multipart/form-data", post_params=[("a", 1.5), ("b", True), ("c", {})]
    )
    assert [line for line in body.split(b"\r\n") if line in (b"1.5", b"true", b"{}")] == [
        *(b"1.5", b"true", b"{}")
    ]


def test_the_transport_alone_adds_no_header(recorder: Recorder) -> None:
    transport = rest.RESTClientObject(Configuration(recorder.url))
    transport.request("GET", f"{recorder.url}/x")
    transport.close()
    assert recorder.only.headers.keys() == {"Host", "Accept-Encoding"}


@pytest.mark.parametrize("text", ["café", "k€y"])
def test_a_key_outside_ascii_is_refused(recorder: Recorder, api: MessagesApi, text: str) -> None:
    api.api_client.configuration.api_key["BearerAuth"] = text
    with pytest.raises(ApiValueError, match="contains a character that is not ASCII"):
        api.get("a", "c", "j")
    assert recorder.received == []


@pytest.mark.parametrize("verify_ssl", [0, 1, None, "no"])
def test_verify_ssl_is_true_or_false(verify_ssl: Any) -> None:
    with pytest.raises(ApiValueError, match="verify_ssl must be True or False"):
        Configuration(verify_ssl=verify_ssl)


@pytest.mark.parametrize("timeout", [0, (), (1, 2, 3), "1"])
def test_timeouts_that_mean_nothing_are_refused(
    recorder: Recorder, client: ApiClient, timeout: Any
) -> None:
    with pytest.raises(ApiValueError, match="_request_timeout"):
        client.call_api("GET", f"{recorder.url}/x", _request_timeout=timeout)
    assert recorder.received == []
