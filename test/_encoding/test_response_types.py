"""What `response_types_map` makes of an answer: types by name, and files."""

from __future__ import annotations

import datetime
import decimal
from pathlib import Path
from typing import Any

import pytest

from openapi_client import ApiClient, MessageMessage, MessageResponse
from openapi_client.exceptions import (
    ApiException,
    ApiValueError,
    DeserializationException,
    NotFoundException,
)
from test.support.recorder import Recorder, http_answer

JSON = "application/json; charset=UTF-8"
UTC = datetime.timezone.utc
NOON = "2024-02-29T12:00:00"


@pytest.fixture
def client(client: ApiClient, tmp_path: Path) -> ApiClient:
    client.configuration.temp_folder_path = str(tmp_path)
    return client


def decoded(client: ApiClient, types: dict[str, Any]) -> Any:
    response = client.call_api(*client.param_serialize("GET", "/x"))
    response.read()
    return client.response_deserialize(response, types).data


TYPES: list[tuple[Any, str, str | bytes, Any]] = [
    ("str", JSON, '"é"', "é"),
    ("str", "text/plain", '"é"', '"é"'),
    ("str", "text/plain; charset=iso-8859-1", "é".encode("latin-1"), "é"),
    ("str", "text/html", "<p>", "<p>"),
    ("str", JSON, "null", None),
    ("int", JSON, "7", 7),
    ("int", "text/plain", "7", 7),
    ("long", JSON, "9007199254740993", 9007199254740993),
    ("float", JSON, "1.5", 1.5),
    ("float", JSON, "1", 1.0),
    ("bool", JSON, "true", True),
    ("bool", JSON, "false", False),
    ("bytes", "application/octet-stream", b"\x00\xff", b"\x00\xff"),
    ("bytearray", "image/png", b"\x89PNG", b"\x89PNG"),
    ("date", JSON, '"2024-02-29"', datetime.date(2024, 2, 29)),
    ("datetime", JSON, '"2024-02-29T12:00:00Z"', datetime.datetime(2024, 2, 29, 12, tzinfo=UTC)),
    ("datetime", JSON, f'"{NOON}.5"', datetime.datetime.fromisoformat(f"{NOON}.500000")),
    ("decimal", JSON, '"1.50"', decimal.Decimal("1.50")),
    ("object", JSON, '{"a": [1, null]}', {"a": [1, None]}),
    ("object", JSON, "null", None),
    ("object", "text/plain", "hello", "hello"),
    ("List[int]", JSON, "[1, 2]", [1, 2]),
    ("List[str]", JSON, "[]", []),
    ("List[List[float]]", JSON, "[[1], [2.5, 3]]", [[1.0], [2.5, 3.0]]),
    ("Dict[str, int]", JSON, '{"a": 1}', {"a": 1}),
    ("Dict[str, List[date]]", JSON, '{"a": ["2024-02-29"]}', {"a": [datetime.date(2024, 2, 29)]}),
    ("Dict[str, object]", JSON, '{"a": [1]}', {"a": [1]}),
    ("list[str]", JSON, '["a"]', ["a"]),
    ("dict[str, str]", JSON, '{"a": "b"}', {"a": "b"}),
    ("MessageMessage", JSON, '{"jti": "j"}', MessageMessage(jti="j")),
    ("MessageMessage", JSON, "null\n", None),
    ("List[MessageMessage]", JSON, '[{"jti": "j"}, null]', [MessageMessage(jti="j"), None]),
    ("Dict[str, MessageMessage]", JSON, '{"a": {}}', {"a": MessageMessage()}),
    ("MessageResponse", JSON, '{"items": [{}]}', MessageResponse(items=[MessageMessage()])),
    (MessageMessage, JSON, '{"jti": "j"}', MessageMessage(jti="j")),
    (int, JSON, "7", 7),
    (None, JSON, '{"a": 1}', None),
]


@pytest.mark.parametrize(("kind", "content_type", "body", "expected"), TYPES)
def test_types(
    recorder: Recorder,
    client: ApiClient,
    kind: object,
    content_type: str,
    body: str | bytes,
    expected: object,
) -> None:
    recorder.answer = http_answer(200, body, {"Content-Type": content_type})
    got = decoded(client, {"200": kind})
    assert got == expected
    assert type(got) is type(expected)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("int", '"seven"'),
        ("int", "[]"),
        ("float", "{}"),
        ("date", '"yesterday"'),
        ("date", "7"),
        ("datetime", '"2024-02-30"'),
        ("decimal", '"x"'),
        ("List[int]", '{"a": 1}'),
        ("List[int]", '[1, "b"]'),
        ("Dict[str, int]", "[1]"),
        ("List[MessageMessage]", '[{"jti": 7}]'),
        ("NoSuchModel", "{}"),
        ("List[NoSuchModel]", "[{}]"),
        ("object", "{oops"),
    ],
)
def test_answer_that_is_not_of_the_type(
    recorder: Recorder, client: ApiClient, kind: str, body: str
) -> None:
    recorder.answer = http_answer(200, body)
    with pytest.raises(DeserializationException) as caught:
        decoded(client, {"200": kind})
    assert caught.value.body == body


@pytest.mark.parametrize(
    ("status", "types", "expected"),
    [
        (200, {"200": "int"}, 7),
        (200, {"2XX": "int"}, 7),
        (200, {"200": "str", "2XX": "int"}, "7"),
        (201, {"200": "str", "2XX": "int"}, 7),
        (201, {"200": "int", "404": "str"}, 7),
        (206, {"4XX": "int"}, None),
        (200, {"200": None}, None),
        (200, {}, None),
    ],
)
def test_type_is_chosen_by_status(
    recorder: Recorder, client: ApiClient, status: int, types: dict[str, Any], expected: object
) -> None:
    recorder.answer = http_answer(status, "7")
    assert decoded(client, types) == expected


@pytest.mark.parametrize("types", [{"404": "object"}, {"4XX": "object"}])
def test_error_has_its_data(recorder: Recorder, client: ApiClient, types: dict[str, Any]) -> None:
    recorder.answer = http_answer(404, {"message": "no"})
    with pytest.raises(NotFoundException) as caught:
        decoded(client, {"200": "str", **types})
    assert caught.value.data == {"message": "no"}
    assert caught.value.body == '{"message": "no"}'


def test_error_that_is_not_of_its_type_has_no_data(recorder: Recorder, client: ApiClient) -> None:
    recorder.answer = http_answer(404, "<html>")
    with pytest.raises(NotFoundException) as caught:
        decoded(client, {"404": "MessageMessage"})
    assert (caught.value.data, caught.value.body) == (None, "<html>")


def test_answer_must_have_been_read(client: ApiClient) -> None:
    response = client.call_api(*client.param_serialize("GET", "/x"))
    response.data = None
    with pytest.raises(ApiValueError, match=r"call its read\(\)"):
        client.response_deserialize(response, {})
    with pytest.raises(ApiValueError, match="response_data must be given"):
        client.response_deserialize()


# -- files in --------------------------------------------------------------------------------------

DISPOSITIONS: list[tuple[str | None, str]] = [
    ("attachment; filename=report.pdf", "report.pdf"),
    ('attachment; filename="my report.pdf"', "my report.pdf"),
    ("inline; filename='a.txt'", "a.txt"),
    ("attachment; filename*=UTF-8''caf%C3%A9.txt", "café.txt"),
    ("attachment; filename=a.txt; filename*=UTF-8''b.txt", "b.txt"),
    ("attachment; FILENAME=a.txt", "a.txt"),
    ("attachment; filename=../../etc/passwd", "passwd"),
    ('attachment; filename="/etc/passwd"', "passwd"),
    ("attachment; filename*=UTF-8''..%2F..%2Fpasswd", "passwd"),
    ('attachment; filename="..\\\\..\\\\boot.ini"', "boot.ini"),
    ('attachment; filename="C:\\\\boot.ini"', "boot.ini"),
    ('attachment; filename="a/../b"', "b"),
    ('attachment; filename=".bashrc"', "bashrc"),
    ('attachment; filename="a%00b"', "a%00b"),
]


@pytest.mark.parametrize(("disposition", "name"), DISPOSITIONS)
def test_file_in(
    recorder: Recorder, client: ApiClient, tmp_path: Path, disposition: str, name: str
) -> None:
    body = b"\x00content\xff"
    headers = {"Content-Type": "application/pdf", "Content-Disposition": disposition}
    recorder.answer = http_answer(200, body, headers)
    path = Path(decoded(client, {"200": "file"}))
    assert path == tmp_path / name
    assert path.read_bytes() == body


@pytest.mark.parametrize(
    "disposition",
    [
        None,
        "attachment",
        "attachment; filename=",
        'attachment; filename=".."',
        "attachment; filename=.",
        'attachment; filename="/"',
        "attachment; filename=a/..",
        "attachment; filename*=UTF-8''%2E%2E",
        "attachment; filename*=klingon''a",
    ],
)
def test_file_without_a_usable_name_gets_one(
    recorder: Recorder, client: ApiClient, tmp_path: Path, disposition: str | None
) -> None:
    headers = {} if disposition is None else {"Content-Disposition": disposition}
    recorder.answer = http_answer(200, b"content", headers)
    path = Path(decoded(client, {"200": "file"}))
    assert path.parent == tmp_path
    assert path.read_bytes() == b"content"


def test_file_never_replaces_another(recorder: Recorder, client: ApiClient, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"old")
    (tmp_path / "link.txt").symlink_to(elsewhere)
    (tmp_path / "taken.txt").write_bytes(b"old")
    for name in ("taken.txt", "link.txt"):
        headers = {"Content-Disposition": f"attachment; filename={name}"}
        recorder.answer = http_answer(200, b"new", headers)
        path = Path(decoded(client, {"200": "file"}))
        assert path.name == name
        assert tmp_path in path.parents
        assert path.read_bytes() == b"new"
        assert (tmp_path / name).read_bytes() == b"old"


def test_file_that_cannot_be_written(recorder: Recorder, client: ApiClient, tmp_path: Path) -> None:
    client.configuration.temp_folder_path = str(tmp_path / "missing")
    recorder.answer = http_answer(200, b"content")
    with pytest.raises(ApiException, match="No such file or directory") as caught:
        decoded(client, {"200": "file"})
    assert caught.value.outcome == "answered"


# -- the methods on their own ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepts", "chosen"),
    [
        ([], None),
        (["application/json"], "application/json"),
        (["text/html", "application/json"], "application/json"),
        (["text/html", "application/vnd.api+JSON", "application/json"], "application/vnd.api+JSON"),
        (["text/html", "text/plain"], "text/html"),
    ],
)
def test_select_header_accept(client: ApiClient, accepts: list[str], chosen: str | None) -> None:
    assert client.select_header_accept(accepts) == chosen


@pytest.mark.parametrize(
    ("kinds", "chosen"),
    [
        ([], None),
        (["multipart/form-data"], "multipart/form-data"),
        (["text/plain", "application/json"], "application/json"),
        (["text/plain", "text/html"], "text/plain"),
    ],
)
def test_select_header_content_type(
    client: ApiClient, kinds: list[str], chosen: str | None
) -> None:
    assert client.select_header_content_type(kinds) == chosen


def test_update_params_for_auth_changes_what_it_is_given(client: ApiClient) -> None:
    client.configuration.api_key["BearerAuth"] = "t0ken"
    headers: dict[str, str] = {}
    queries: list[tuple[str, Any]] = [("page", 1)]
    client.update_params_for_auth(headers, queries, ["BearerAuth"], "/x", "GET", None)
    assert headers == {"Authorization": "Bearer t0ken"}
    auth = {"type": "api_key", "in": "query", "key": "key", "value": "k"}
    client.update_params_for_auth(headers, queries, ["BearerAuth"], "/x", "GET", None, auth)
    assert queries == [("page", 1), ("key", "k")]
    auth = {"type": "api_key", "in": "cookie", "key": "sid", "value": "sid=1"}
    client.update_params_for_auth(
        headers, queries, ["BearerAuth"], "/x", "GET", None, request_auth=auth
    )
    assert headers["Cookie"] == "sid=1"
    for schemes in (None, [], ["Other"]):
        client.update_params_for_auth(headers, queries, schemes, "/x", "GET", None)
    assert (len(headers), len(queries)) == (2, 2)


def test_deserialize(client: ApiClient) -> None:
    assert client.deserialize('{"jti": "j"}', "MessageMessage") == MessageMessage(jti="j")
    assert client.deserialize("hello", "str") == "hello"
    with pytest.raises(ValueError, match="date"):
        client.deserialize('"yesterday"', "date")


def test_files_parameters_of_nothing(client: ApiClient) -> None:
    assert client.files_parameters() == []
    assert client.files_parameters(None) == []


@pytest.mark.parametrize("params", [{"a b": 1, "c": "d"}, [("a b", 1), ("c", "d")]])
def test_parameters_to_url_query(client: ApiClient, params: Any) -> None:
    assert client.parameters_to_url_query(params, None) == "a%20b=1&c=d"
    assert client.parameters_to_url_query({"page": 1, "per_page": 2}, {}) == "page=1&per_page=2"


def test_parameters_to_tuples(client: ApiClient) -> None:
    assert client.parameters_to_tuples({"a": [1, 2], "b": 3}, {"a": "csv"}) == [
        ("a", "1,2"),
        ("b", 3),
    ]
