"""`ApiClient` as a client of other endpoints: parameters, bodies, files, and types by name.

Every call goes the way `param_serialize` -> `call_api` -> `response_deserialize`.
"""

from __future__ import annotations

import datetime
import decimal
import email.message
import email.parser
import email.policy
import enum
import uuid
from pathlib import Path
from typing import Any

import pytest
import urllib3
from pydantic import BaseModel, SecretStr

from openapi_client import (
    ApiClient,
    ApiException,
    ApiResponse,
    ApiValueError,
    Configuration,
    MessageCreateMessageRequest,
    MessageMessage,
)
from openapi_client.exceptions import ApiTypeError
from test.support.recorder import TOKEN, Recorder, http_answer


def call(
    client: ApiClient,
    method: str,
    path: str,
    types: dict[str, Any] | None = None,
    **parameters: Any,
) -> ApiResponse[Any]:
    response = client.call_api(*client.param_serialize(method, path, **parameters))
    response.read()
    return client.response_deserialize(response, types or {})


NOON = "2024-02-29T12:00:00"


class Colour(enum.Enum):
    BLUE = "blue"


class Point(BaseModel):
    x: int
    label: str | None = None


class Old:
    """An object with plain attributes, as older generators made them."""

    def __init__(self) -> None:
        self.name = "old"
        self.day = datetime.date(2024, 2, 29)


# -- query, header and path parameters -------------------------------------------------------------

QUERIES: list[tuple[str, Any, str | None, str]] = [
    ("text", "a b&c=d", None, "p=a%20b%26c%3Dd"),
    ("slash", "a/b", None, "p=a/b"),
    ("not ASCII", "é😀", None, "p=%C3%A9%F0%9F%98%80"),
    ("percent", "100%", None, "p=100%25"),
    ("empty", "", None, "p="),
    ("int", 7, None, "p=7"),
    ("float", 1.5, None, "p=1.5"),
    ("true", True, None, "p=true"),
    ("false", False, None, "p=false"),
    ("dict", {"a": [1, None]}, None, "p=%7B%22a%22%3A%20%5B1%2C%20null%5D%7D"),
    ("enum", Colour.BLUE, None, "p=blue"),
    ("date", datetime.date(2024, 2, 29), None, "p=2024-02-29"),
    (
        "time",
        datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.timezone.utc),
        None,
        "p=2024-02-29T12%3A00%3A00%2B00%3A00",
    ),
    ("decimal", decimal.Decimal("1.50"), None, "p=1.50"),
    ("uuid", uuid.UUID(int=1), None, "p=00000000-0000-0000-0000-000000000001"),
    ("csv", ["a", "b c", "d,e"], "csv", "p=a,b%20c,d%2Ce"),
    ("ssv", ["a", "b"], "ssv", "p=a%20b"),
    ("tsv", ["a", "b"], "tsv", "p=a%09b"),
    ("pipes", ["a", "b"], "pipes", "p=a%7Cb"),
    ("multi", ["a", "b c"], "multi", "p=a&p=b%20c"),
    ("tuple", ("a", 2), "csv", "p=a,2"),
    ("one item", ["a"], "csv", "p=a"),
    ("no item, multi", [], "multi", ""),
]


@pytest.mark.parametrize(
    ("value", "collection", "query"), [row[1:] for row in QUERIES], ids=[row[0] for row in QUERIES]
)
def test_query(
    recorder: Recorder, client: ApiClient, value: object, collection: str | None, query: str
) -> None:
    formats = {"p": collection} if collection else {}
    call(client, "GET", "/x", query_params=[("p", value)], collection_formats=formats)
    assert recorder.only.target.partition("?")[2] == query


def test_query_parameters_keep_their_order(recorder: Recorder, client: ApiClient) -> None:
    call(
        client,
        "GET",
        "/x",
        query_params=[("b", 1), ("a", [2, 3]), ("c", 4)],
        collection_formats={"a": "multi"},
    )
    call(client, "GET", "/x", query_params={"b": 1, "a": 2})
    assert [request.target for request in recorder.received] == [
        "/v1/x?b=1&a=2&a=3&c=4",
        "/v1/x?b=1&a=2",
    ]


@pytest.mark.parametrize(
    ("value", "collection", "path"),
    [
        ("a b/c", None, "a%20b%2Fc"),
        (7, None, "7"),
        (True, None, "true"),
        (Colour.BLUE, None, "blue"),
        (datetime.date(2024, 2, 29), None, "2024-02-29"),
        (["a", "b c"], "csv", "a,b%20c"),
        (["a", "b"], "ssv", "a%20b"),
        (["a", "b"], "pipes", "a%7Cb"),
    ],
)
def test_path(
    recorder: Recorder, client: ApiClient, value: object, collection: str | None, path: str
) -> None:
    formats = {"p": collection} if collection else None
    call(client, "GET", "/x/{p}/y", path_params={"p": value}, collection_formats=formats)
    assert recorder.only.target == f"/v1/x/{path}/y"


@pytest.mark.parametrize(
    ("value", "collection", "sent"),
    [
        ("text", None, "text"),
        (7, None, "7"),
        (False, None, "false"),
        (Colour.BLUE, None, "blue"),
        (datetime.date(2024, 2, 29), None, "2024-02-29"),
        (uuid.UUID(int=1), None, "00000000-0000-0000-0000-000000000001"),
        (["a", "b"], "csv", "a,b"),
        (["a", "b"], "ssv", "a b"),
        (["a", "b"], "tsv", "a\tb"),
        (["a", "b"], "pipes", "a|b"),
    ],
)
def test_header(
    recorder: Recorder, client: ApiClient, value: object, collection: str | None, sent: str
) -> None:
    formats = {"X-P": collection} if collection else None
    call(client, "GET", "/x", header_params={"X-P": value}, collection_formats=formats)
    assert recorder.only.headers["X-P"] == sent


def test_credentials_are_those_of_the_schemes_asked_for(
    recorder: Recorder, client: ApiClient
) -> None:
    for schemes in (["BearerAuth"], ["Other", "BearerAuth"], ["Other"], [], None):
        call(client, "GET", "/x", auth_settings=schemes)
    sent = [request.headers.get("Authorization") for request in recorder.received]
    assert sent == [f"Bearer {TOKEN}"] * 2 + [None] * 3


def test_cookie_of_a_call_goes_before_the_clients(recorder: Recorder, client: ApiClient) -> None:
    client.cookie = "a=1"
    call(client, "GET", "/x", header_params={"cookie": "b=2"})
    sent = {name.lower(): value for name, value in recorder.only.headers.items()}
    assert sent["cookie"] == "b=2"


def test_another_host(recorder: Recorder, client: ApiClient) -> None:
    client.configuration.host = "http://127.0.0.1:1/never"
    call(client, "GET", "/x", _host=recorder.url.replace("/v1", "/v7"))
    assert recorder.only.target == "/v7/x"


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "POST", "PUT", "PATCH", "OPTIONS"])
def test_methods(recorder: Recorder, client: ApiClient, method: str) -> None:
    recorder.answer = http_answer(204)
    call(client, method.lower(), "/x")
    assert recorder.only.line == f"{method} /v1/x HTTP/1.1"


def test_method_that_does_not_exist_is_refused(recorder: Recorder, client: ApiClient) -> None:
    with pytest.raises(ApiValueError, match=r"method must be one of .*, not 'FETCH'"):
        client.call_api("FETCH", f"{recorder.url}/x")
    assert recorder.received == []


# -- bodies ----------------------------------------------------------------------------------------

JSON_BODIES: list[tuple[str, Any, Any]] = [
    ("dict", {"a": 1}, {"a": 1}),
    ("list", [1, "a", None], [1, "a", None]),
    ("text", "a", "a"),
    ("empty text", "", ""),
    ("zero", 0, 0),
    ("false", False, False),
    ("empty dict", {}, {}),
    ("empty list", [], []),
    ("float", 1.5, 1.5),
    ("model", MessageCreateMessageRequest(body="hi"), {"body": "hi"}),
    (
        "models",
        [MessageCreateMessageRequest(body="a"), MessageCreateMessageRequest()],
        [{"body": "a"}, {}],
    ),
    ("model inside", {"m": MessageMessage(jti="j", read=True)}, {"m": {"jti": "j", "read": True}}),
    ("any pydantic model", Point(x=1), {"x": 1, "label": None}),
    ("object", Old(), {"name": "old", "day": "2024-02-29"}),
    (
        "times",
        {"d": datetime.date(2024, 2, 29), "t": datetime.datetime.fromisoformat(NOON)},
        {"d": "2024-02-29", "t": NOON},
    ),
    (
        "others",
        [Colour.BLUE, decimal.Decimal("1.50"), uuid.UUID(int=1), SecretStr("s"), (1, 2)],
        ["blue", "1.50", "00000000-0000-0000-0000-000000000001", "s", [1, 2]],
    ),
]


@pytest.mark.parametrize(
    ("body", "sent"), [row[1:] for row in JSON_BODIES], ids=[row[0] for row in JSON_BODIES]
)
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("content_type", [None, "application/json", "application/merge-patch+json"])
def test_json(
    recorder: Recorder,
    client: ApiClient,
    method: str,
    content_type: str | None,
    body: object,
    sent: object,
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    call(client, method, "/x", header_params=headers, body=body)
    assert recorder.only.json == sent
    assert recorder.only.headers.get("Content-Type") == content_type


@pytest.mark.parametrize(
    ("content_type", "body", "sent"),
    [
        ("text/plain", "grün\n", "grün\n".encode()),
        ("text/plain", True, b"true"),
        ("text/plain", False, b"false"),
        ("text/plain", "", b""),
        ("application/xml", "<a/>", b"<a/>"),
        ("application/octet-stream", b"\x00\xff", b"\x00\xff"),
        ("image/png", b"", b""),
        ("application/x-www-form-urlencoded", "a=1&b=2", b"a=1&b=2"),
        ("multipart/form-data; boundary=b", b"--b--\r\n", b"--b--\r\n"),
    ],
)
def test_text_and_bytes_as_they_are(
    recorder: Recorder, client: ApiClient, content_type: str, body: object, sent: bytes
) -> None:
    call(client, "POST", "/x", header_params={"Content-Type": content_type}, body=body)
    assert recorder.only.body == sent
    assert recorder.only.headers["Content-Type"] == content_type
    assert recorder.only.headers["Content-Length"] == str(len(sent))


@pytest.mark.parametrize(
    ("content_type", "body", "sent"),
    [
        ("application/x-ndjson", '{"a": 1}\n', b'{"a": 1}\n'),
        ("application/json-seq", "x", b"x"),
        ("application/json; charset=utf-8", "x", b'"x"'),
        ("Application/Problem+JSON", "x", b'"x"'),
        ("application/yaml", {"a": [1]}, b'{"a": [1]}'),
        ("text/x-yaml; charset=utf-8", [1], b"[1]"),
        ("application/yaml", "a: 1", b"a: 1"),
        ("text/yaml", None, b""),
        ("", {"a": 1}, b'{"a": 1}'),
    ],
)
def test_json_goes_by_the_media_type(
    recorder: Recorder, client: ApiClient, content_type: str, body: object, sent: bytes
) -> None:
    call(client, "POST", "/x", header_params={"Content-Type": content_type}, body=body)
    assert recorder.only.body == sent
    ndjson = {"Content-Type": "application/x-ndjson"}
    with pytest.raises(ApiException, match="cannot be sent as application/x-ndjson"):
        call(client, "POST", "/x", header_params=ndjson, body={"a": 1})


@pytest.mark.parametrize(
    ("auth", "client_cookie", "sent"),
    [
        (("sid", "a b;c"), None, "sid=a%20b%3Bc"),
        (("sid", "sid=a"), None, "sid=a"),
        (("sid", "dGVzdA=="), None, "sid=dGVzdA=="),
        (("sid", "x"), "a=1", "a=1; sid=x"),
        (("", "sid=x"), "a=1", "a=1; sid=x"),
    ],
)
def test_a_cookie_credential_is_a_pair_beside_the_clients(
    recorder: Recorder,
    client: ApiClient,
    auth: tuple[str, str],
    client_cookie: str | None,
    sent: str,
) -> None:
    client.cookie = client_cookie
    key, value = auth
    setting = {"type": "api_key", "in": "cookie", "key": key, "value": value}
    call(client, "GET", "/x", auth_settings=["BearerAuth"], _request_auth=setting)
    assert recorder.only.headers["Cookie"] == sent
    assert "Authorization" not in recorder.only.headers


@pytest.mark.parametrize("more", [{}, {"value": None}])
def test_a_signature_is_left_to_the_program(
    recorder: Recorder, client: ApiClient, more: dict[str, Any]
) -> None:
    setting = {"type": "http-signature", "in": "header", "key": "Authorization", **more}
    call(client, "GET", "/x", auth_settings=["BearerAuth"], _request_auth=setting)
    assert "Authorization" not in recorder.only.headers


def test_credentials_are_applied_by_a_method_that_can_be_overridden(recorder: Recorder) -> None:
    class Signing(ApiClient):
        def _apply_auth_params(
            self,
            headers: dict[str, str],
            queries: list[tuple[str, Any]],
            resource_path: str,
            method: str,
            body: Any,
            auth_setting: Any,
        ) -> None:
            headers["Signature"] = f"{method} {resource_path} {auth_setting['type']} {body}"

    with Signing(Configuration(recorder.url, {"BearerAuth": TOKEN})) as client:
        call(client, "POST", "/x", body={"a": 1}, auth_settings=["BearerAuth"])
    assert recorder.only.headers["Signature"] == "POST /x api_key {'a': 1}"
    assert "Authorization" not in recorder.only.headers


class Foreign(BaseModel):
    """A model as a generated module has it, which reads itself."""

    kind: str

    @classmethod
    def from_dict(cls, obj: Any) -> Any:
        return cls(kind=f"from_dict of {obj['type']}")


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-16"])
def test_models_of_other_modules_read_themselves(
    recorder: Recorder, client: ApiClient, content_type: str
) -> None:
    text = '{"type": "cat"}'.encode("utf-16" if "16" in content_type else "utf-8")
    recorder.answer = http_answer(200, text, {"Content-Type": content_type})
    assert call(client, "GET", "/x", {"200": Foreign}).data == Foreign(kind="from_dict of cat")


@pytest.mark.parametrize("content_type", [None, "application/json", "text/plain"])
def test_no_body(recorder: Recorder, client: ApiClient, content_type: str | None) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    call(client, "DELETE", "/x", header_params=headers)
    assert recorder.only.body == b""


@pytest.mark.parametrize(
    ("fields", "formats", "sent"),
    [
        ([("a", "1"), ("b", "x y&z=é")], {}, b"a=1&b=x+y%26z%3D%C3%A9"),
        ([("n", 7), ("f", 1.5), ("t", True)], {}, b"n=7&f=1.5&t=true"),
        ([("l", ["a", "b"])], {"l": "csv"}, b"l=a%2Cb"),
        ([("l", ["a", "b"])], {"l": "ssv"}, b"l=a+b"),
        ([("l", ["a", "b"])], {"l": "multi"}, b"l=a&l=b"),
        ({"a": "1", "day": datetime.date(2024, 2, 29)}, {}, b"a=1&day=2024-02-29"),
        ([], {}, b""),
    ],
)
def test_form(
    recorder: Recorder, client: ApiClient, fields: Any, formats: dict[str, str], sent: bytes
) -> None:
    content_type = {"Content-Type": "application/x-www-form-urlencoded"}
    call(
        client,
        "POST",
        "/x",
        header_params=content_type,
        post_params=fields,
        collection_formats=formats,
    )
    assert recorder.only.body == sent
    assert recorder.only.headers["Content-Type"] == "application/x-www-form-urlencoded"


def parts(recorder: Recorder) -> list[tuple[str | None, str | None, str | None, bytes]]:
    """The parts of the form that came: field, file name, media type and content of each."""
    head = f"Content-Type: {recorder.only.headers['Content-Type']}\r\n\r\n".encode()
    parser = email.parser.BytesParser(policy=email.policy.HTTP)
    form = parser.parsebytes(head + recorder.only.body)
    found: list[tuple[str | None, str | None, str | None, bytes]] = []
    for part in form.iter_parts():
        assert isinstance(part, email.message.EmailMessage)
        disposition = part["Content-Disposition"].params
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        found.append((disposition["name"], part.get_filename(), part["Content-Type"], content))
    return found


MULTIPART = {"Content-Type": "multipart/form-data"}


def test_parts(recorder: Recorder, client: ApiClient) -> None:
    fields = [("a", "é"), ("n", 7), ("o", {"x": [1]}), ("l", ["a", "b"]), ("m", ["c", "d"])]
    formats = {"l": "csv", "m": "multi"}
    call(
        client,
        "POST",
        "/x",
        header_params=MULTIPART,
        post_params=fields,
        collection_formats=formats,
    )
    assert [(name, content) for name, _, _, content in parts(recorder)] == [
        ("a", "é".encode()),
        ("n", b"7"),
        ("o", b'{"x": [1]}'),
        ("l", b"a,b"),
        ("m", b"c"),
        ("m", b"d"),
    ]
    assert MULTIPART == {"Content-Type": "multipart/form-data"}


def test_files_out(recorder: Recorder, client: ApiClient, tmp_path: Path) -> None:
    path = tmp_path / "notes é.txt"
    path.write_bytes(b"from a path")
    files = {
        "path": str(path),
        "pathlike": path,
        "bytes": b"\x00\xff",
        "pair": ("picture.png", b"\x89PNG"),
        "list": [str(path), b"two", ("three.json", b"{}")],
        "none": None,
    }
    call(client, "POST", "/x", header_params=MULTIPART, post_params=[("a", "1")], files=files)
    assert parts(recorder) == [
        ("a", None, None, b"1"),
        ("path", "notes é.txt", "text/plain", b"from a path"),
        ("pathlike", "notes é.txt", "text/plain", b"from a path"),
        ("bytes", "bytes", "application/octet-stream", b"\x00\xff"),
        ("pair", "picture.png", "image/png", b"\x89PNG"),
        ("list", "notes é.txt", "text/plain", b"from a path"),
        ("list", "list", "application/octet-stream", b"two"),
        ("list", "three.json", "application/json", b"{}"),
    ]


@pytest.mark.parametrize(
    ("content_type", "body", "error", "message"),
    [
        ("application/json", b"bytes", ApiTypeError, "body is not a JSON value"),
        ("application/json", {"a": {1, 2}}, TypeError, "set"),
        ("text/plain", {"a": 1}, ApiException, "dict cannot be sent as text/plain"),
        ("image/png", [1], ApiException, "list cannot be sent as image/png"),
        ("text/plain", "\ud83d", ApiValueError, "body is not valid Unicode"),
    ],
)
def test_body_that_cannot_be_sent(
    recorder: Recorder,
    client: ApiClient,
    content_type: str,
    body: object,
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message) as caught:
        call(client, "POST", "/x", header_params={"Content-Type": content_type}, body=body)
    assert getattr(caught.value, "outcome", "not_sent") == "not_sent"
    assert recorder.received == []


def test_body_and_form_together_are_refused(recorder: Recorder, client: ApiClient) -> None:
    with pytest.raises(ApiValueError, match="body and post_params cannot be given together"):
        call(client, "POST", "/x", body={"a": 1}, post_params=[("a", "1")])
    assert recorder.received == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"path_params": {}}, "path parameter 'p'"),
        ({"path_params": {"p": ""}}, "p must not be empty"),
        ({"path_params": {"p": "a"}, "header_params": {"X-A": None}}, "X-A must be str, not None"),
        ({"path_params": {"p": "a"}, "header_params": {"X-A": "a\r\nb"}}, "X-A contains a control"),
        ({"path_params": {"p": "a"}, "header_params": {"X A": "a"}}, "name must be a token"),
        (
            {
                "path_params": {"p": "a"},
                "query_params": [("q", [1])],
                "collection_formats": {"q": "tabs"},
            },
            r"collection_formats\['q'\] must be one of csv, ssv, tsv, pipes, multi, not 'tabs'",
        ),
        ({"path_params": {"p": "a"}, "files": {"f": 7}}, r"files\['f'\] must be a path, bytes"),
    ],
)
def test_parameter_that_cannot_be_sent(
    recorder: Recorder, client: ApiClient, wrong: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        call(client, "POST", "/x/{p}", **{"header_params": MULTIPART, **wrong})
    assert recorder.received == []


@pytest.mark.parametrize(
    ("kind", "value"),
    [("str", ""), ("bytes", b""), ("bytearray", b""), ("int", None), (None, None)],
)
def test_an_empty_body_is_read_as_what_can_be_empty(
    recorder: Recorder, client: ApiClient, kind: str | None, value: object
) -> None:
    for content_type in ("text/plain", "application/json"):
        recorder.answer = http_answer(200, b"", {"Content-Type": content_type})
        assert call(client, "GET", "/x", {"200": kind}).data == value
    recorder.answer = http_answer(204, b"")
    assert call(client, "GET", "/x", {"200": kind}).data is None


def test_an_empty_file_is_a_file(recorder: Recorder, client: ApiClient, tmp_path: Path) -> None:
    recorder.answer = http_answer(200, b"")
    client.configuration.temp_folder_path = str(tmp_path)
    path = call(client, "GET", "/x", {"200": "file"}).data
    assert Path(path).read_bytes() == b""


def test_a_cookie_that_is_empty_leaves_no_mark(client: ApiClient) -> None:
    auth = {"type": "api_key", "in": "cookie", "key": "sid", "value": "one"}
    for cookie, sent in (("", "sid=one"), ("a=1", "a=1; sid=one")):
        request = client.param_serialize(
            "GET", "/x", header_params={"cookie": cookie}, auth_settings=["x"], _request_auth=auth
        )
        assert {name.lower(): value for name, value in request[2].items()}["cookie"] == sent


@pytest.mark.parametrize("content_type", [None, "multipart/form-data"])
def test_a_header_that_comes_twice_goes_out_whole(
    recorder: Recorder, client: ApiClient, content_type: str | None
) -> None:
    headers = urllib3.HTTPHeaderDict({"Content-Type": content_type} if content_type else {})
    headers.add("X-List", "a")
    headers.add("X-List", "b")
    client.call_api("POST", f"{recorder.url}/x", headers)
    assert recorder.only.headers["X-List"] == "a, b"


@pytest.mark.parametrize(
    "content_type",
    ["application/yaml", "text/x-yaml", "application/apply-patch+yaml; charset=utf-8"],
)
def test_a_value_goes_out_as_yaml(recorder: Recorder, client: ApiClient, content_type: str) -> None:
    for body in ({"kind": "Example"}, "kind: Example\n"):
        client.call_api("PATCH", f"{recorder.url}/x", {"Content-Type": content_type}, body)
    sent = [request.body for request in recorder.received]
    assert sent == [b'{"kind": "Example"}', b"kind: Example\n"]


@pytest.mark.parametrize("headers", [{}, {"Content-Type": ""}, {"content-type": ""}])
def test_without_a_content_type_a_body_is_json(
    recorder: Recorder, client: ApiClient, headers: dict[str, str]
) -> None:
    client.call_api("POST", f"{recorder.url}/x", headers, {"a": [1]})
    assert recorder.only.body == b'{"a": [1]}'
