"""What each answer becomes: a result, or an exception of the class for it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openapi_client import ApiException, MessageMessage, MessagesApi
from openapi_client._encoding.json_repair import read_json
from openapi_client.exceptions import (
    BadRequestException,
    ConflictException,
    DeserializationException,
    ForbiddenException,
    NotFoundException,
    ServiceException,
    TooManyRequestsException,
    UnauthorizedException,
    UnprocessableEntityException,
)
from test.support.recorder import Recorder, http_answer

HELLO = {"jti": "j1", "body": "hello", "iss": "me", "created_at": "2024-02-29T12:00:00Z"}
HELLO_MESSAGE = MessageMessage(jti="j1", body="hello", iss="me", created_at="2024-02-29T12:00:00Z")
EMPTY_PAGE: dict[str, Any] = {
    "items": [],
    "page": 1,
    "page_count": 0,
    "per_page": 100,
    "total_count": 0,
}
JSON = "application/json; charset=UTF-8"


# -- success ---------------------------------------------------------------------------------------

# An answer of 204 has no body (RFC 9110, section 15.3.5).
WITH_BODY = [status for status in range(200, 300) if status != 204]


@pytest.mark.parametrize("status", WITH_BODY)
def test_any_2xx_with_a_body_is_decoded(recorder: Recorder, api: MessagesApi, status: int) -> None:
    recorder.answer = http_answer(status, HELLO)
    answer = api.send_with_http_info("a", "c", "hello")
    assert answer.status_code == status
    assert answer.data == HELLO_MESSAGE
    assert answer.raw_data == json.dumps(HELLO).encode()
    assert answer.headers is not None
    assert answer.headers["Content-Type"] == JSON


@pytest.mark.parametrize("status", range(200, 300))
def test_any_2xx_without_a_body_gives_none(
    recorder: Recorder, api: MessagesApi, status: int
) -> None:
    recorder.answer = http_answer(status, b"")
    answer: Any = api.get_with_http_info("a", "c", "j")
    assert (answer.status_code, answer.data, answer.raw_data) == (status, None, b"")


@pytest.mark.parametrize(
    ("operation", "arguments", "body", "data"),
    [
        ("list", ("a", "c"), EMPTY_PAGE, EMPTY_PAGE),
        ("get", ("a", "c", "j1"), HELLO, HELLO),
        ("edit", ("a", "c", "j1", "hello"), HELLO, HELLO),
        ("send", ("a", "c", "hello"), HELLO, HELLO),
    ],
)
def test_each_operation_has_its_model(
    recorder: Recorder,
    api: MessagesApi,
    operation: str,
    arguments: tuple[str, ...],
    body: object,
    data: object,
) -> None:
    recorder.answer = http_answer(200, body)
    assert getattr(api, operation)(*arguments).to_dict() == data


def message(**fields: Any) -> MessageMessage:
    return MessageMessage.model_validate(fields)


DECODED: list[tuple[str, str, Any, MessageMessage | None]] = [
    ("null", JSON, "null", None),
    ("null, spaces", JSON, " null\n", None),
    ("no fields", JSON, "{}", message()),
    ("a field that is null", JSON, '{"body": null, "jti": "j1"}', message(jti="j1")),
    ("all null", JSON, '{"body": null, "read": null}', message()),
    ("empty texts", JSON, '{"body": "", "rid": ""}', message(body="", rid="")),
    ("a line end after it", JSON, '{"body": "a"}\n', message(body="a")),
    ("escapes", JSON, r'{"body": "\u003cb\u003e \ud83d\ude00"}', message(body="<b> 😀")),
    ("no escapes", JSON, '{"body": "😀 é"}', message(body="😀 é")),
    ("a name twice", JSON, '{"body": "a", "body": "b"}', message(body="b")),
    ("no charset", "application/json", '{"body": "é"}', message(body="é")),
    ("a problem type", "application/problem+json", '{"body": "é"}', message(body="é")),
    ("another JSON type", "application/vnd.self.v1+json; q=1", '{"body": "a"}', message(body="a")),
    ("large letters", "APPLICATION/JSON;CHARSET=utf-8", '{"body": "é"}', message(body="é")),
    ("quoted", 'application/json; charset="utf-8"', '{"body": "é"}', message(body="é")),
    (
        "Latin-1",
        "application/json; charset=ISO-8859-1",
        '{"body": "é"}'.encode("latin-1"),
        message(body="é"),
    ),
    (
        "UTF-16",
        "application/json; charset=utf-16",
        '{"body": "日本"}'.encode("utf-16"),
        message(body="日本"),
    ),
    (
        "Windows",
        "application/json; charset=windows-1252",
        '{"body": "€"}'.encode("cp1252"),
        message(body="€"),
    ),
    ("plain text that is JSON", "text/plain; charset=utf-8", '{"body": "é"}', message(body="é")),
    ("HTML that is JSON", "text/html", '{"body": "a"}', message(body="a")),
    ("no type that is known", "application/octet-stream", '{"body": "a"}', message(body="a")),
    ("an empty type", "", '{"body": "a"}', message(body="a")),
]


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [row[1:] for row in DECODED],
    ids=[row[0] for row in DECODED],
)
def test_decoded(
    recorder: Recorder,
    api: MessagesApi,
    content_type: str,
    body: str | bytes,
    expected: MessageMessage | None,
) -> None:
    recorder.answer = http_answer(200, body, {"Content-Type": content_type})
    assert api.get("a", "c", "j") == expected


def test_answer_without_a_content_type_is_json(recorder: Recorder, api: MessagesApi) -> None:
    recorder.answer = b'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{"body": "a"}'
    assert api.get("a", "c", "j") == message(body="a")


def test_unknown_fields_are_kept(recorder: Recorder, api: MessagesApi) -> None:
    more = {"tags": ["blue"], "size": 3, "reply_to": {"jti": "j0"}}
    recorder.answer = http_answer(200, {**HELLO, **more})
    got = api.get("a", "c", "j1")
    assert got.model_extra == more
    assert got.to_dict() == {**HELLO, **more}


def test_unknown_fields_of_a_page_are_kept(recorder: Recorder, api: MessagesApi) -> None:
    item = {**HELLO, "tags": ["blue"]}
    recorder.answer = http_answer(200, {**EMPTY_PAGE, "items": [item], "next": "n1"})
    page = api.list("a", "c")
    assert page.model_extra == {"next": "n1"}
    assert page.items is not None
    assert page.items[0].model_extra == {"tags": ["blue"]}


# -- a 2xx that is not what was promised -----------------------------------------------------------

WRONG: list[tuple[str, str, str | bytes]] = [
    ("a number for a text", JSON, '{"body": 5}'),
    ("a text for a bool", JSON, '{"read": "yes"}'),
    ("a number for a bool", JSON, '{"read": 1}'),
    ("a list for a text", JSON, '{"body": ["a"]}'),
    ("an object for a text", JSON, '{"body": {}}'),
    ("a list for a message", JSON, "[]"),
    ("a text for a message", JSON, '"a"'),
    ("a number for a message", JSON, "5"),
    ("true for a message", JSON, "true"),
    ("no JSON", JSON, "hello"),
    ("JSON that ends early", JSON, '{"body": "a"'),
    ("JSON and more", JSON, '{"body": "a"} x'),
    ("spaces", JSON, "   "),
    ("HTML", "text/html", "<html>It works!</html>"),
    ("a text", "text/plain", "It works!"),
    ("bytes that are not UTF-8", JSON, b'{"body": "\xff"}'),
    ("UTF-16 said to be UTF-8", JSON, '{"body": "a"}'.encode("utf-16")),
    ("a charset that does not exist", "application/json; charset=klingon", '{"body": "a"}'),
    ("a coding that is no charset", "application/json; charset=base64", '{"body": "a"}'),
]


@pytest.mark.parametrize(
    ("content_type", "body"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_wrong(recorder: Recorder, api: MessagesApi, content_type: str, body: str | bytes) -> None:
    recorder.answer = http_answer(200, body, {"Content-Type": content_type})
    with pytest.raises(DeserializationException) as caught:
        api.get("a", "c", "j")
    error = caught.value
    assert isinstance(error, ValueError)
    assert (error.status, error.outcome) == (200, "answered")
    assert error.raw_data == (body if isinstance(body, bytes) else body.encode())
    assert error.headers is not None
    assert error.headers["Content-Type"] == content_type
    assert error.__cause__ is not None


def test_wrong_page(recorder: Recorder, api: MessagesApi) -> None:
    recorder.answer = http_answer(200, {**EMPTY_PAGE, "items": [{"body": 5}]})
    with pytest.raises(DeserializationException, match=r"items\.0\.body"):
        api.list("a", "c")


# -- errors ----------------------------------------------------------------------------------------

CLASSES: dict[int, type[ApiException]] = {
    400: BadRequestException,
    401: UnauthorizedException,
    403: ForbiddenException,
    404: NotFoundException,
    409: ConflictException,
    422: UnprocessableEntityException,
    429: TooManyRequestsException,
}


@pytest.mark.parametrize(
    "status", [300, 304, 305, *range(400, 432), 451, 499, *range(500, 512), 520, 599, 600, 999]
)
def test_status_has_its_class(recorder: Recorder, api: MessagesApi, status: int) -> None:
    body = "" if status == 304 else '{"message": "no"}'
    recorder.answer = http_answer(status, body, {"X-Answer": "42"}, reason="Not Today")
    with pytest.raises(ApiException) as caught:
        api.get("a", "c", "j")
    error = caught.value
    expected = CLASSES.get(status, ServiceException if 500 <= status <= 599 else ApiException)
    assert type(error) is expected
    assert (error.status, error.reason, error.body) == (status, "Not Today", body)
    assert error.headers is not None
    assert error.headers["x-answer"] == "42"
    assert error.outcome == "answered"
    assert [attempt.status for attempt in error.attempts] == [status]


BODIES: list[tuple[str, str, str | bytes, str, str | None]] = [
    # what the real servers say, see their two generations
    (
        "a JSON text",
        JSON,
        '"sql: no rows in result set"\n',
        '"sql: no rows in result set"\n',
        "sql: no rows in result set",
    ),
    ("an empty JSON text", JSON, '""\n', '""\n', None),
    ("a message", JSON, '{"message":"Not Found"}', '{"message":"Not Found"}', "Not Found"),
    (
        "an error with details",
        JSON,
        '{"status":400,"error":"Invalid input","details":"body: cannot be blank."}',
        '{"status":400,"error":"Invalid input","details":"body: cannot be blank."}',
        "Invalid input: body: cannot be blank.",
    ),
    # and proxies, frameworks
    (
        "a problem",
        "application/problem+json",
        '{"title": "Gone", "detail": "for ever"}',
        '{"title": "Gone", "detail": "for ever"}',
        "Gone: for ever",
    ),
    ("HTML", "text/html", "<html><h1>502</h1></html>", "<html><h1>502</h1></html>", None),
    ("a text", "text/plain", "upstream timed out", "upstream timed out", "upstream timed out"),
    ("nothing", JSON, "", "", None),
    ("null", JSON, "null", "null", None),
    ("a number", JSON, "42", "42", None),
    ("a list", JSON, '["no"]', '["no"]', None),
    ("no JSON", JSON, "{oops", "{oops", "{oops"),
    ("an object of something else", JSON, '{"code": 7}', '{"code": 7}', None),
    ("a message that is no text", JSON, '{"message": {"a": 1}}', '{"message": {"a": 1}}', None),
    ("UTF-8", "text/plain", "größer", "größer", "größer"),
    ("Latin-1", "text/plain; charset=iso-8859-1", "größer".encode("latin-1"), "größer", "größer"),
    (
        "not what it says",
        "text/plain; charset=utf-8",
        b"gr\xf6\xdfer",
        "gr\ufffd\ufffder",
        "gr\ufffd\ufffder",
    ),
    ("an unknown charset", "text/plain; charset=klingon", "größer", "größer", "größer"),
    ("lines", "text/plain", "one\r\n\ttwo", "one\r\n\ttwo", "one two"),
]


@pytest.mark.parametrize(
    ("content_type", "sent", "body", "detail"),
    [row[1:] for row in BODIES],
    ids=[row[0] for row in BODIES],
)
def test_body_of_an_error_is_text(
    recorder: Recorder,
    api: MessagesApi,
    content_type: str,
    sent: str | bytes,
    body: str,
    detail: str | None,
) -> None:
    recorder.answer = http_answer(400, sent, {"Content-Type": content_type}, reason="Bad Request")
    with pytest.raises(BadRequestException) as caught:
        api.get("a", "c", "j")
    assert caught.value.body == body
    assert caught.value.detail == detail
    assert (detail or "400 Bad Request") in str(caught.value)


# -- unread ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 202, 204, 404, 500])
@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("list", ("a", "c")),
        ("get", ("a", "c", "j1")),
        ("edit", ("a", "c", "j1", "hello")),
        ("send", ("a", "c", "hello")),
    ],
)
def test_without_preload_content_gives_the_answer_unread(
    recorder: Recorder,
    api: MessagesApi,
    operation: str,
    arguments: tuple[str, ...],
    status: int,
) -> None:
    body = b"" if status == 204 else b'{"body":\n "a"}'
    recorder.answer = http_answer(status, body, {"X-Answer": "42"}, reason="Not Today")
    answer = getattr(api, f"{operation}_without_preload_content")(*arguments)
    assert (answer.status, answer.reason) == (status, "Not Today")
    assert answer.headers["x-answer"] == "42"
    assert answer.read(4) == body[:4]
    assert answer.read() == body[4:]
    answer.release_conn()


def test_connection_of_an_unread_answer_is_used_again(recorder: Recorder, api: MessagesApi) -> None:
    recorder.answer = http_answer(200, HELLO)
    for _ in range(3):
        assert api.get_without_preload_content("a", "c", "j1").json() == HELLO
        assert api.get("a", "c", "j1") == HELLO_MESSAGE
    assert recorder.connections == 1


# -- faults that are read past ---------------------------------------------------------------------

REPAIRED = [
    rb"\ud83d",
    rb"\uDE00",
    rb"\ude00\ud83d",
    rb"\ud83d\u0041",
    rb"\ud83d\ud83d\ude00",
    rb"\\\ud83d",
    "\ud83d".encode("utf-8", "surrogatepass"),
]


@pytest.mark.parametrize("text", REPAIRED)
@pytest.mark.parametrize("content_type", [JSON, "application/json; charset=iso-8859-1", None])
def test_half_a_surrogate_pair_hides_no_other_message(
    recorder: Recorder, api: MessagesApi, text: bytes, content_type: str | None
) -> None:
    if content_type != JSON and text.startswith(b"\xed"):
        pytest.skip("three letters in this charset")
    items = b'[{"body": "a%s"}, {"body": "\\ud83d\\ude00 \\\\ud83d"}]' % text
    page = json.dumps(EMPTY_PAGE).encode().replace(b"[]", items)
    headers = {} if content_type is None else {"Content-Type": content_type}
    recorder.answer = http_answer(200, page, headers)
    items_read = api.list("a", "c").items
    assert items_read is not None
    damaged, whole = items_read
    assert whole.body == "\U0001f600 \\ud83d"
    assert damaged.body is not None
    assert damaged.body.startswith("a")
    assert "\ufffd" in damaged.body
    damaged.body.encode()


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_is_read_past(recorder: Recorder, api: MessagesApi, codec: str) -> None:
    charset = codec.removesuffix("-sig")
    body = '{"body": "hello"}'.encode(codec)
    recorder.answer = http_answer(
        200, body, {"Content-Type": f"application/json; charset={charset}"}
    )
    assert api.get("a", "c", "j").body == "hello"
    answer = '{"message": "no"}'.encode(codec)
    recorder.answer = http_answer(
        404, answer, {"Content-Type": f"application/json; charset={charset}"}
    )
    with pytest.raises(NotFoundException) as caught:
        api.get("a", "c", "j")
    assert caught.value.detail == "no"


@given(st.recursive(st.none() | st.text(), st.lists, max_leaves=8), st.booleans())
def test_json_without_faults_is_not_changed(value: object, escaped: bool) -> None:
    text = json.dumps(value, ensure_ascii=escaped)
    assert read_json(json.loads, text) == value
    assert read_json(json.loads, b"\xef\xbb\xbf" + text.encode()) == value


# -- bodies that repeat credentials ----------------------------------------------------------------


@pytest.mark.parametrize(
    "charset", ["utf-8", "utf-16", "utf-16-le", "utf-32", "gb18030", "klingon"]
)
@pytest.mark.parametrize("said", ["true", "false"])
@pytest.mark.parametrize("status", [200, 400])
def test_no_body_repeats_a_credential_in_any_charset(
    recorder: Recorder, api: MessagesApi, status: int, said: str, charset: str
) -> None:
    token = "canary-token-9f8e7d6c5b4a"
    actual = "utf-8" if charset == "klingon" else charset
    body = f'{{"message": "{token}", "jti": 5}}'.encode(actual)
    told = charset if said == "true" else "utf-16-be"
    recorder.answer = http_answer(
        status, body, {"Content-Type": f"application/json; charset={told}"}
    )
    with pytest.raises(ApiException) as caught:
        api.get("a", "c", "j", _headers={"Authorization": f"Bearer {token}"})
    error = caught.value
    raw = getattr(error, "raw_data", b"") + (error.body or "").encode()
    for codec in ("latin-1", "utf-16-le", "utf-16-be"):
        shown = raw.decode(codec, "ignore").replace("\0", "") + str(error)
        assert not any(token[at : at + 8] in shown for at in range(len(token) - 7))
    if status == 400 and said == "true":
        assert error.detail == "***"
