"""What programs put into the place of the transport: doubles, wrappers, patches."""

from __future__ import annotations

import copy
import io
import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import urllib3

from openapi_client import (
    ApiClient,
    ApiException,
    ApiResponse,
    Configuration,
    MessageMessage,
    MessageResponse,
    MessagesApi,
)
from openapi_client.exceptions import NotFoundException
from openapi_client.rest import RESTClientObject, RESTResponse
from test.support.recorder import HELLO, TOKEN, Recorder, http_answer
from test.support.wire.arguments import CALLS, VARIANTS
from test.support.wire.case import LIST, Case

HOST = "https://service.example/v1"
MESSAGES = f"{HOST}/apps/a/connections/c/messages"


@pytest.fixture
def client(recorder: Recorder) -> Iterator[ApiClient]:
    """A client whose host nobody is to ask."""
    with ApiClient(Configuration(HOST, {"BearerAuth": TOKEN})) as client:
        yield client


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


class HeadersOnly:
    """As programs for newer generators make one."""

    def __init__(self, response: urllib3.HTTPResponse) -> None:
        self.response = response
        self.status = response.status
        self.reason = response.reason
        self.data: bytes | None = None
        self.headers = dict(response.headers)

    def read(self) -> bytes:
        self.data = self.response.data
        return self.data


class MethodOnly(HeadersOnly):
    """With pairs, as `http.client` has them."""

    def __init__(self, response: urllib3.HTTPResponse) -> None:
        super().__init__(response)
        del self.headers

    def getheaders(self) -> list[tuple[str, str]]:
        return list(self.response.headers.items())


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


RESPONSES = [RESTResponse, PlainResponse, DerivedResponse, HeadersOnly, MethodOnly]


@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("operation", "arguments", "case"), CALLS)
def test_rest_client_can_be_replaced(
    client: ApiClient,
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    arguments: tuple[Any, ...],
    case: Case,
    variant: str,
    response: Any,
) -> None:
    told = urllib3_answer()
    double = Double(response(told))
    monkeypatch.setattr(client, "rest_client", double)
    call = getattr(MessagesApi(client), operation + variant)
    result = call(*arguments, _request_timeout=(1.5, 2.5))
    method, _, path = case.line.partition(" ")
    (asked,) = double.asked
    assert asked[:2] == (method, HOST + path)
    assert asked[2]["Authorization"] == f"Bearer {TOKEN}"
    assert asked[2]["Accept"] == "application/json"
    assert asked[2].get("Content-Type") == ("application/json" if case.body else None)
    assert asked[3:] == (case.body, [], (1.5, 2.5))
    if variant == "_without_preload_content":
        assert result is told
        assert json.loads(result.read()) == HELLO
    else:
        data = result.data if variant else result
        assert type(data) is (MessageResponse if operation in ("list", LIST) else MessageMessage)
    if variant == "_with_http_info":
        assert isinstance(result, ApiResponse)
        assert (result.status_code, result.raw_data) == (200, json.dumps(HELLO).encode())
        assert result.headers == {"Content-Type": "application/json"}


@pytest.mark.parametrize("response", RESPONSES)
def test_replaced_rest_client_tells_an_error(
    client: ApiClient, monkeypatch: pytest.MonkeyPatch, response: Any
) -> None:
    told = urllib3_answer(404, {"message": "no"})
    monkeypatch.setattr(client, "rest_client", Double(response(told)))
    with pytest.raises(NotFoundException) as caught:
        MessagesApi(client).get("a", "c", "j1")
    error = caught.value
    assert (error.status, error.reason, error.body) == (404, "Told", '{"message": "no"}')
    assert error.headers == {"Content-Type": "application/json"}


def test_replaced_rest_client_raises_what_it_likes(
    client: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing:
        def request(self, *args: Any, **kwargs: Any) -> Any:
            raise ApiException(status=0, reason="No way")

    monkeypatch.setattr(client, "rest_client", Failing())
    with pytest.raises(ApiException, match="No way"):
        MessagesApi(client).get("a", "c", "j1")


def test_client_with_a_replaced_rest_client_can_be_closed() -> None:
    client: Any = ApiClient(Configuration(HOST))
    with client:
        client.rest_client = Double(None)


def test_rest_client_can_be_wrapped(
    client: ApiClient, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Counting:
        def __init__(self, inner: RESTClientObject) -> None:
            self.inner = inner
            self.count = 0

        def request(self, *args: Any, **kwargs: Any) -> RESTResponse:
            self.count += 1
            return self.inner.request(*args, **kwargs)

    client.configuration.host = recorder.url
    counting = Counting(client.rest_client)
    monkeypatch.setattr(client, "rest_client", counting)
    api = MessagesApi(client)
    assert api.get("a", "c", "j1").body == "hello"
    assert api.send("a", "c", "hello").body == "hello"
    assert api.get_without_preload_content("a", "c", "j1").json() == HELLO
    assert (counting.count, len(recorder.received)) == (3, 3)
    counting.inner.close()


def test_request_can_be_patched(client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []

    def request(self: RESTClientObject, *args: Any, **kwargs: Any) -> RESTResponse:
        asked.append(args)
        return RESTResponse(urllib3_answer())

    monkeypatch.setattr("openapi_client.rest.RESTClientObject.request", request)
    assert MessagesApi(client).get("a", "c", "j1").body == "hello"
    assert asked == [("GET", f"{MESSAGES}/j1")]


def test_class_of_the_rest_client_can_be_patched() -> None:
    with mock.patch("openapi_client.rest.RESTClientObject") as made:
        made.return_value.request.return_value = RESTResponse(urllib3_answer())
        with ApiClient(Configuration(HOST)) as client:
            assert MessagesApi(client).get("a", "c", "j1").body == "hello"


def test_pool_of_urllib3_can_be_patched(client: ApiClient) -> None:
    """Tools that stub or watch urllib3 do it there."""
    with mock.patch.object(urllib3.HTTPConnectionPool, "urlopen", autospec=True) as urlopen:
        urlopen.return_value = urllib3_answer()
        assert MessagesApi(client).get("a", "c", "j1").body == "hello"
    pool, method, url = urlopen.call_args.args[:3]
    assert (pool.host, method) == ("service.example", "GET")
    assert url == "/v1/apps/a/connections/c/messages/j1"


@pytest.mark.parametrize("response", RESPONSES)
def test_exception_can_be_made_of_a_response(response: Any) -> None:
    told = response(urllib3_answer(404, {"message": "no"}))
    told.read()
    error = NotFoundException(http_resp=told)
    assert (error.status, error.reason, error.body) == (404, "Told", '{"message": "no"}')
    assert error.detail == "no"
    assert error.headers is not None
    assert error.headers["Content-Type"] == "application/json"
    by_position = ApiException(418, "Mine", told)
    assert (by_position.status, by_position.reason) == (418, "Mine")


@pytest.mark.parametrize("status", [200, 404])
def test_a_mock_with_headers_is_enough(client: ApiClient, status: int) -> None:
    fields = {"content-type": "application/json"}
    told = mock.Mock(status=status, reason="Told", data=b'{"body": "hello"}', headers=fields)
    if status == 200:
        answer = client.response_deserialize(told, {"200": "MessageMessage"})
        assert (answer.data.body, answer.headers, answer.attempts) == ("hello", fields, ())
        return
    with pytest.raises(NotFoundException) as caught:
        client.response_deserialize(told, {})
    assert (caught.value.headers, caught.value.attempts) == (fields, ())


@pytest.mark.parametrize("preloaded", [True, False])
@pytest.mark.parametrize("body", [HELLO, ""])
def test_response_of_urllib3_is_one_object_and_reads_to_its_end(
    recorder: Recorder, client: ApiClient, preloaded: bool, body: object
) -> None:
    recorder.answer = http_answer(200, body)
    client.configuration.host = recorder.url
    if preloaded:
        whole = client.call_api("GET", f"{recorder.url}/x")
        response = whole.response
        assert whole.response is response
    else:
        response = MessagesApi(client).get_without_preload_content("a", "c", "j")
    parts: list[bytes] = []
    while not response.closed:
        parts.append(response.read(8))
    assert b"".join(parts) == (json.dumps(body).encode() if body else b"")
    assert response.read(8) == b""


def test_response_of_urllib3_is_closed_once_read(recorder: Recorder, client: ApiClient) -> None:
    response = client.call_api("GET", f"{recorder.url}/x").response
    assert not response.closed
    assert json.loads(response.read()) == HELLO
    assert response.closed


def test_response_that_has_been_read_is_closed(recorder: Recorder, client: ApiClient) -> None:
    whole = client.call_api("GET", f"{recorder.url}/x")
    body = whole.read()
    assert json.loads(body) == HELLO
    assert whole.response.closed
    assert whole.response.read() == b""
    assert whole.response.data == whole.data == whole.read() == body


def test_from_response_raises_by_itself() -> None:
    told = RESTResponse(urllib3_answer(404, {"message": "no"}))
    with pytest.raises(NotFoundException, match="no"):
        ApiException.from_response(http_resp=told, body='{"message": "no"}', data={"x": 1})
    with pytest.raises(NotFoundException) as caught:
        raise ApiException.from_response(http_resp=told, body="", data={"x": 1})
    assert caught.value.data == {"x": 1}


# -- mocks, as the tests of generated packages make them -------------------------------------------


def mocked(status: int, data: bytes, content_type: str) -> Any:
    """Has every attribute; `getheader` takes a name alone, and knows it in lower case only."""
    response = mock.Mock()
    response.status = status
    response.data = data
    response.getheaders.return_value = {}
    response.getheader = lambda name: content_type if name == "content-type" else mock.Mock()
    return response


@pytest.mark.parametrize(
    ("kind", "data", "content_type", "value"),
    [
        ("str", b"string", "text/plain", "string"),
        ("str", b'{"a": "a"}', "text/plain", '{"a": "a"}'),
        ("str", b'"a"', "application/json", "a"),
        ("int", b"1", "text/plain", 1),
        ("float", b"3.4", "application/json", 3.4),
        ("bool", b"true", "text/plain", True),
        ("bytearray", b"\xff", "text/plain", b"\xff"),
        ("str", "grün".encode("latin-1"), "text/plain; charset=iso-8859-1", "grün"),
        ("MessageMessage", b'{"jti": "j"}', "application/json", MessageMessage(jti="j")),
        (None, b"", "text/plain", None),
    ],
)
def test_a_mock_whose_getheader_takes_a_name_alone(
    client: ApiClient, kind: str | None, data: bytes, content_type: str, value: object
) -> None:
    with mock.patch.object(ApiClient, "call_api", return_value=mocked(200, data, content_type)):
        response: Any = client.call_api("GET", f"{HOST}/x")
    response.read()
    assert client.response_deserialize(response, {"200": kind}).data == value


def test_a_mock_of_an_error_is_raised_with_its_data(client: ApiClient) -> None:
    response = mocked(404, b'{"message": "no"}', "application/json")
    with pytest.raises(NotFoundException) as caught:
        client.response_deserialize(response, {"404": "ErrorMessage"})
    assert caught.value.data.message == "no"
    assert caught.value.body == '{"message": "no"}'


def test_a_double_names_the_file_with_getheader(client: ApiClient, tmp_path: Path) -> None:
    response = mocked(200, b"text", "text/plain")
    response.getheader = {"Content-Disposition": "attachment; filename=a.txt"}.get
    client.configuration.temp_folder_path = str(tmp_path)
    path = client.response_deserialize(response, {"200": "file"}).data
    assert path == str(tmp_path / "a.txt")


@pytest.mark.parametrize("kind", [mock.Mock, mock.MagicMock])
@pytest.mark.parametrize(
    ("told", "reason", "body"),
    [
        ({"reason": "Gone", "data": b"gone"}, "Gone", "gone"),
        ({"reason": "Gone", "data": "gone", "headers": {"A": "b"}}, "Gone", "gone"),
        ({"reason": None, "data": None}, None, None),
    ],
)
def test_an_error_is_made_of_a_mock(
    kind: type[mock.Mock], told: dict[str, Any], reason: str | None, body: str | None
) -> None:
    error = ApiException(http_resp=kind(status=404, **told))
    assert (error.status, error.reason, error.body) == (404, reason, body)
    assert str(error).startswith("404")
    assert error.attempts == ()
    assert dict(error.headers or {}) == told.get("headers", {})
    assert copy.deepcopy(error).status == pickle.loads(pickle.dumps(error)).status == 404


def test_an_error_of_a_mock_without_a_reason_has_a_text() -> None:
    assert "404" in str(ApiException(http_resp=mock.Mock(status=404, data=b"")))


# -- a double of the client itself -----------------------------------------------------------------


class PlainClient:
    """Has what generated packages call of a client, and no more."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}

    def param_serialize(self, **parameters: Any) -> tuple[Any, ...]:
        self.asked = parameters
        return "GET", f"{HOST}/x", {}, None, []

    def call_api(self, *request: Any, _request_timeout: Any = None) -> Any:
        assert request == ("GET", f"{HOST}/x", {}, None, [])
        assert _request_timeout == 5.0
        return RESTResponse(urllib3_answer())

    def response_deserialize(self, response_data: Any, response_types_map: Any) -> Any:
        assert response_types_map
        return ApiResponse(status_code=200, data="told", raw_data=response_data.data)


def client_mock() -> Any:
    """What says that it is an `ApiClient`, and has the methods of one alone."""
    plain, double = PlainClient(), mock.Mock(spec=ApiClient)
    for seam in ("param_serialize", "call_api", "response_deserialize"):
        setattr(double, seam, mock.Mock(side_effect=getattr(plain, seam)))
    return double


@pytest.mark.parametrize("make", [PlainClient, client_mock])
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("operation", "arguments", "case"), CALLS)
def test_the_client_can_be_a_double(
    make: Any, operation: str, arguments: tuple[Any, ...], case: Case, variant: str
) -> None:
    double = make()
    api: Any = MessagesApi(double)
    assert api.api_client is double
    result = getattr(api, operation + variant)(*arguments, _request_timeout=5.0)
    if variant == "_without_preload_content":
        assert result.status == 200
    else:
        assert (result.data if variant else result) == "told"
    if make is PlainClient:
        assert double.asked["method"] == case.line.partition(" ")[0]
        assert double.asked["auth_settings"] == ["BearerAuth"]
