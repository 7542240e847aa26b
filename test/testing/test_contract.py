"""The embedded server answers as servers of each generation do, row by row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from openapi_client.testing import GENERATIONS, Clock, GenerationName, MessagesServer
from test.support.raw import APP, CONNECTION, MESSAGES, RawClient, exchange_bytes

NOT_FOUND = {
    "status": 404,
    "error": "Not found",
    "details": "The requested resource does not exist, or you don't have permissions to access it",
}
ROUTER_NOT_FOUND = {"message": "Not Found"}
NO_ROWS = "sql: no rows in result set"
INVALID_INPUT = {"status": 400, "error": "Invalid input"}
INVALID_BODY = {**INVALID_INPUT, "details": "The provided body is not valid"}
NO_CONNECTION = "connection not found"
NUL = 'pq: invalid byte sequence for encoding "UTF8": 0x00'
BLANK = "body: cannot be blank."
TOO_LONG = "body: the length must be no more than 128."

FIELDS_2023 = {"body", "cid", "created_at", "iat", "iss", "jti", "rid", "updated_at"}
FIELDS_2024 = {
    *("id", "connection_id", "cid", "rid", "body", "iat", "read", "received"),
    *("created_at", "updated_at"),
}
UNKNOWN = f"/apps/{APP}/connections/unknown/messages"
CREATED = datetime(2024, 2, 29, 23, 30, tzinfo=timezone.utc)


@pytest.fixture
def call(messages_server: MessagesServer) -> Iterator[RawClient]:
    messages_server.receive(APP, CONNECTION, "Hello", jti="known", at=CREATED)
    with RawClient(messages_server) as client:
        yield client


class Row(NamedTuple):
    """A case, and what each generation answers to it: status and body, None for success."""

    case: str
    method: str
    path: str
    body: object
    documented: tuple[int, object]
    in_2023: tuple[int, object]
    in_2024: tuple[int, object]


ANY: object = object()
LONG = {"body": "x" * 129}
LONG_IN_BYTES = {"body": "é" * 65}
KNOWN = f"{MESSAGES}/known"
OBJECT = {"link": "https://x.test/1", "name": "picture", "mime": "image/png", "key": "k" * 10}
BLANK_OBJECT = {
    **INVALID_INPUT,
    "details": "; ".join(f"{name}: cannot be blank" for name in sorted(OBJECT)) + ".",
}
SHORT_NAME = {**INVALID_INPUT, "details": "name: the length must be between 3 and 128."}

OPTIONS: list[tuple[str, object, int, object]] = [
    ("options that are none", 5, 400, INVALID_BODY),
    ("objects that are none", {"objects": {}}, 400, INVALID_BODY),
    ("an object of another type", {"objects": [5]}, 400, INVALID_BODY),
    ("a link of another type", {"objects": [{"link": 5}]}, 400, INVALID_BODY),
    ("an expiry of another type", {"objects": [{"expires": 1.5}]}, 400, INVALID_BODY),
    ("an empty object", {"objects": [{}]}, 400, BLANK_OBJECT),
    ("an object that is null", {"objects": [None]}, 400, BLANK_OBJECT),
    (
        "an object with a short name",
        {"objects": [{**OBJECT, "name": "x"}]},
        400,
        SHORT_NAME,
    ),
    ("a whole object", {"objects": [OBJECT, {**OBJECT, "expires": 5}]}, 202, ANY),
    ("no objects", {"objects": []}, 202, ANY),
    ("null options", None, 202, ANY),
]
MORE_FIELDS: list[tuple[str, str, str, dict[str, Any], tuple[int, int, int]]] = [
    ("send", "POST", MESSAGES, {"objects": [{}], "rid": 5}, (200, 201, 202)),
    ("edit", "PUT", KNOWN, {"options": 5}, (200, 200, 200)),
]

ROWS = [
    Row("send", "POST", MESSAGES, {"body": "x"}, (200, ANY), (201, ANY), (202, ANY)),
    Row("list", "GET", MESSAGES, None, (200, ANY), (200, ANY), (200, ANY)),
    Row("get", "GET", KNOWN, None, (200, ANY), (200, ANY), (200, ANY)),
    Row("edit", "PUT", KNOWN, {"body": "x"}, (200, ANY), (200, ANY), (200, ANY)),
    Row(
        "get, no such message",
        *("GET", f"{MESSAGES}/no", None),
        *((404, NOT_FOUND), (404, NO_ROWS), (404, NOT_FOUND)),
    ),
    Row(
        "get, unknown connection",
        *("GET", f"{UNKNOWN}/known", None),
        *((404, NOT_FOUND), (200, ANY), (404, NOT_FOUND)),
    ),
    Row(
        "get, unknown app",
        *("GET", f"/apps/unknown/connections/{CONNECTION}/messages/known", None),
        *((404, NOT_FOUND), (200, ANY), (404, NOT_FOUND)),
    ),
    Row(
        "get, unknown connection and message",
        *("GET", f"{UNKNOWN}/no", None),
        *((404, NOT_FOUND), (404, NO_ROWS), (404, NOT_FOUND)),
    ),
    Row(
        "edit, unknown connection",
        *("PUT", f"{UNKNOWN}/known", {"body": "x"}),
        *((404, NOT_FOUND), (200, ANY), (404, NOT_FOUND)),
    ),
    Row(
        "edit, unknown connection and message",
        *("PUT", f"{UNKNOWN}/no", {"body": "x"}),
        *((404, NOT_FOUND), (500, NO_ROWS), (404, NOT_FOUND)),
    ),
    Row(
        "send, unknown connection, empty body",
        *("POST", UNKNOWN, {"body": ""}),
        *((200, ANY), (404, NO_CONNECTION), (400, {**INVALID_INPUT, "details": BLANK})),
    ),
    Row(
        "send, unknown connection, 129 bytes",
        *("POST", UNKNOWN, LONG),
        *((200, ANY), (404, NO_CONNECTION), (400, {**INVALID_INPUT, "details": TOO_LONG})),
    ),
    *(
        Row(
            f"send, {case}",
            *("POST", MESSAGES, {"body": "x", "options": options}),
            *((200, ANY), (201, ANY), (status, error)),
        )
        for case, options, status, error in OPTIONS
    ),
    *(
        Row(f"{name}, more fields", method, path, {"body": "x", **more}, *((s, ANY) for s in ok))
        for name, method, path, more, ok in MORE_FIELDS
    ),
    *(
        Row(
            f"{name}, a null character",
            *(method, path, {"body": "a\0b"}),
            *((200, ANY), (500, NUL), (ok_2024, ANY)),
        )
        for name, method, path, ok_2024 in (
            ("send", "POST", MESSAGES, 202),
            ("edit", "PUT", KNOWN, 200),
        )
    ),
    *(
        Row(f"send, {case}", "POST", MESSAGES, body, (200, ANY), (201, ANY), (202, ANY))
        for case, body in (
            ("two values", b'{"body": "x"} {}'),
            ("text after the object", b'{"body": "x"} and so on'),
            ("a number of 5,000 digits", b'{"body": "x", "n": ' + b"9" * 5000 + b"}"),
            ("a null after the text", b'{"body": "x", "body": null}'),
            ("a name in capitals", b'{"BODY": "x"}'),
        )
    ),
    Row(
        "edit, no such message",
        *("PUT", f"{MESSAGES}/no", {"body": "x"}),
        *((404, NOT_FOUND), (500, NO_ROWS), (500, ANY)),
    ),
    Row(
        "list, unknown connection",
        *("GET", UNKNOWN, None),
        *((404, NOT_FOUND), (404, NO_ROWS), (404, NOT_FOUND)),
    ),
    Row(
        "send, unknown connection",
        *("POST", UNKNOWN, {"body": "x"}),
        *((200, ANY), (404, NO_CONNECTION), (404, NOT_FOUND)),
    ),
    *(
        Row(
            f"{name}, {case}",
            *(method, path, body),
            *((200, ANY), (500, reason), (400, {**INVALID_INPUT, "details": reason})),
        )
        for name, method, path in (("send", "POST", MESSAGES), ("edit", "PUT", KNOWN))
        for case, body, reason in (
            ("no body", None, BLANK),
            ("empty body", b"", BLANK),
            ("null body field", {"body": None}, BLANK),
            ("no body field", {}, BLANK),
            ("empty body field", {"body": ""}, BLANK),
            ("129 bytes", LONG, TOO_LONG),
            ("130 bytes in 65 characters", LONG_IN_BYTES, TOO_LONG),
        )
    ),
    *(
        Row(
            f"{name}, null",
            *(method, path, b"null"),
            *((400, INVALID_BODY), (500, BLANK), (400, {**INVALID_INPUT, "details": BLANK})),
        )
        for name, method, path in (("send", "POST", MESSAGES), ("edit", "PUT", KNOWN))
    ),
    *(
        Row(
            f"{name}, {case}",
            *(method, path, body),
            *((400, INVALID_BODY), (400, ""), (400, INVALID_BODY)),
        )
        for name, method, path in (("send", "POST", MESSAGES), ("edit", "PUT", KNOWN))
        for case, body in (
            ("broken JSON", b'{"body": "x"'),
            ("NaN", b'{"body": NaN}'),
            ("a list", b"[]"),
            ("a text", b'"x"'),
            ("a number as body", b'{"body": 5}'),
            ("deeply nested", b"[" * 100_000),
        )
    ),
    *(
        Row(case, method, path, body, *((404, ROUTER_NOT_FOUND),) * 3)
        for case, method, path, body in (
            ("an unknown path", "GET", "/nothing", None),
            ("the base path", "GET", "", None),
            ("a trailing slash, list", "GET", f"{MESSAGES}/", None),
            ("an empty id, put", "PUT", f"{MESSAGES}/", {"body": "x"}),
            ("a wrong method for a list", "DELETE", MESSAGES, None),
            ("a wrong method for a message", "POST", KNOWN, {"body": "x"}),
            ("a put of a list", "PUT", MESSAGES, {"body": "x"}),
        )
    ),
    *(
        Row(case, "GET", path, None, (404, NOT_FOUND), (404, NO_ROWS), (404, NOT_FOUND))
        for case, path in (
            ("an empty connection", f"/apps/{APP}/connections//messages"),
            ("an empty app", f"/apps//connections/{CONNECTION}/messages"),
        )
    ),
    Row(
        "an id with a slash at its end",
        *("GET", f"{KNOWN}/", None),
        *((404, ROUTER_NOT_FOUND), (404, NO_ROWS), (404, ROUTER_NOT_FOUND)),
    ),
    Row(
        "an id with a slash",
        *("GET", f"{KNOWN}/more", None),
        *((404, ROUTER_NOT_FOUND), (404, NO_ROWS), (404, ROUTER_NOT_FOUND)),
    ),
]


@pytest.mark.off_description
@pytest.mark.messages_server(generation="all")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.case)
def test_answers_of_the_table(messages_server: MessagesServer, call: RawClient, row: Row) -> None:
    expected = {
        "documented": row.documented,
        "2023": row.in_2023,
        "2024": row.in_2024,
    }[messages_server.generation]
    answer = call(row.method, row.path, row.body)
    assert answer.status == expected[0], answer.body
    if expected[1] is not ANY:
        assert answer.json == expected[1]
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert answer.headers["Vary"] == "Origin"
    assert answer.body.endswith(b"\n")


@pytest.mark.off_description
@pytest.mark.messages_server(generation="all")
@pytest.mark.parametrize("kind", ["text/plain", "APPLICATION/JSON", " ", "text/json"])
def test_another_content_type_is_refused(
    messages_server: MessagesServer, call: RawClient, kind: str
) -> None:
    answer = call("POST", MESSAGES, {"body": "x"}, headers={"Content-Type": kind})
    assert answer.status == 400
    assert answer.json == ("" if messages_server.generation == "2023" else INVALID_BODY)
    for accepted in ("application/json; charset=utf-8", "application/jsonx"):
        headers = {"Content-Type": accepted}
        assert call("POST", MESSAGES, {"body": "x"}, headers=headers).status < 300


@pytest.mark.off_description
@pytest.mark.messages_server(generation="all")
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"body=x"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nx\r\n--b--\r\n"),
        ("multipart/form-data", b'{"body": "x"}'),
    ],
)
def test_forms_are_read_as_no_text(
    messages_server: MessagesServer, call: RawClient, kind: str, body: bytes
) -> None:
    answer = call("POST", MESSAGES, body, headers={"Content-Type": kind})
    assert (answer.status, answer.json) == {
        "documented": (400, INVALID_BODY),
        "2023": (500, BLANK),
        "2024": (400, {**INVALID_INPUT, "details": BLANK}),
    }[messages_server.generation]


@pytest.mark.off_description
@pytest.mark.messages_server(generation="all")
def test_empty_chunked_body_is_invalid(messages_server: MessagesServer) -> None:
    messages_server.add_connection(APP, CONNECTION)
    head = (
        f"POST /v1{MESSAGES} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Authorization: Bearer {messages_server.token}\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    )
    received = exchange_bytes(messages_server, head.encode())
    assert received.startswith(b"HTTP/1.1 400 ")
    assert b'""' in received or b"The provided body is not valid" in received


@pytest.mark.messages_server(generation="all")
@pytest.mark.parametrize("body", ["x" * 128, "é" * 64, " ", "\n", "\U0001f600" * 32])
def test_texts_up_to_128_bytes_are_taken(call: RawClient, body: str) -> None:
    answer = call("POST", MESSAGES, {"body": body})
    assert answer.status in (200, 201, 202)
    assert answer.json["body"] == body


@pytest.mark.messages_server(generation="2024")
def test_edit_of_no_message_in_2024_has_a_new_error_code_each_time(call: RawClient) -> None:
    details: set[str] = set()
    for _ in range(2):
        error = call("PUT", f"{MESSAGES}/no", {"body": "x"}).json
        assert (error["status"], error["error"]) == (500, "Internal error")
        details.add(error["details"])
    assert len(details) == 2
    for text in details:
        assert re.fullmatch(
            r"There was a problem with your request\. Error code \[[0-9a-f-]{36}\]", text
        )


@pytest.mark.messages_server(generation="all")
def test_fields_of_a_message(messages_server: MessagesServer, call: RawClient) -> None:
    received = call("GET", KNOWN).json
    sent = call("POST", MESSAGES, {"body": "x"}).json
    in_2024 = messages_server.generation == "2024"
    for message in (sent, received, *call("GET").json["items"]):
        assert set(message) == (FIELDS_2024 if in_2024 else FIELDS_2023)
    sender, jti = ("connection_id", "id") if in_2024 else ("iss", "jti")
    assert (sent[sender], sent["rid"]) == ("me", "")
    assert (received[sender], received[jti]) == (CONNECTION, "known")
    another = call("POST", MESSAGES, {"body": "x"}).json
    if messages_server.generation == "documented":
        assert sent["cid"] == received["cid"] == another["cid"]
    else:
        assert received["cid"] == ""
        assert "" != sent["cid"] != another["cid"] != ""
    if in_2024:
        for message in (sent, received):
            assert (message["read"], message["received"]) == (False, False)


MISSING, INVALID = (
    {"message": f"{what} jwt"} for what in ("missing or malformed", "invalid or expired")
)


@pytest.mark.messages_server(generation="all")
@pytest.mark.parametrize(
    ("authorization", "error"),
    [
        (None, MISSING),
        ("{token}", MISSING),
        ("Basic {token}", MISSING),
        ("Bearer", MISSING),
        ("Bearer wrong", INVALID),
        ("Bearer {token}x", INVALID),
        ("Bearer  {token}", INVALID),
    ],
)
def test_credentials_are_judged_before_anything_else(
    call: RawClient, authorization: str | None, error: dict[str, str]
) -> None:
    given = authorization and authorization.format(token=call.server.token)
    for method, path, body in (
        ("GET", MESSAGES, None),
        ("GET", "/apps", None),
        ("DELETE", MESSAGES, None),
        ("POST", UNKNOWN, b"no JSON"),
    ):
        answer = call(method, path, body, authorization=given)
        assert (answer.status, answer.json) == (401, error)
    outside = call("GET", "/nothing", authorization=given)
    in_2024 = call.server.generation == "2024"
    assert (outside.status, outside.json) == ((404, ROUTER_NOT_FOUND) if in_2024 else (401, error))
    elsewhere = exchange_bytes(
        call.server, b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    assert elsewhere.startswith(b"HTTP/1.1 404 ")


@pytest.mark.messages_server(generation="all")
def test_one_good_authorization_header_among_two(messages_server: MessagesServer) -> None:
    messages_server.add_connection(APP, CONNECTION)
    good, bad = f"Bearer {messages_server.token}", "Bearer wrong"
    statuses: list[bytes] = []
    for first, second in ((good, bad), (bad, good)):
        head = (
            f"GET /v1{MESSAGES} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"Authorization: {first}\r\nAuthorization: {second}\r\n\r\n"
        )
        statuses.append(exchange_bytes(messages_server, head.encode())[9:12])
    assert statuses == [b"200", b"200"]


@pytest.mark.messages_server(generation="all")
@pytest.mark.parametrize("path", ["", "/nothing", MESSAGES, KNOWN, "/login"])
def test_options_are_answered_to_anyone(call: RawClient, path: str) -> None:
    answer = call("OPTIONS", path, authorization=None, headers={"Origin": "http://elsewhere.test"})
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Vary"] == "Origin"


def test_any_page_may_read_an_answer(call: RawClient) -> None:
    answer = call("GET", headers={"Origin": "http://elsewhere.test"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in call("GET").headers


@pytest.mark.messages_server(generation="all")
@pytest.mark.parametrize(
    ("path", "allow"),
    [
        (MESSAGES, "OPTIONS, GET, POST"),
        (KNOWN, "OPTIONS, GET, PUT"),
        (
            "/apps/x",
            "OPTIONS, CONNECT, DELETE, GET, HEAD, PATCH, POST, PROPFIND, PUT, TRACE, REPORT",
        ),
    ],
)
def test_unknown_method_is_not_allowed(call: RawClient, path: str, allow: str) -> None:
    answer = call("BREW", path, authorization=None)
    assert (answer.status, answer.json) == (405, {"message": "Method Not Allowed"})
    assert answer.headers["Allow"] == allow


# Logging in.

NAME, PASSWORD = "friend-of-mine", "s3cret-word"
REFUSED = {
    "2023": {
        "status": 401,
        "message": "You are not authenticated to perform the requested action.",
    },
    "2024": {
        "status": 401,
        "error": "You're unauthorized to perform this action",
        "details": "Provided auth credentials are invalid",
    },
}
SHORT = "the length must be between 5 and 128"


@pytest.fixture
def login(messages_server: MessagesServer) -> Iterator[RawClient]:
    messages_server.users[NAME] = PASSWORD
    with RawClient(messages_server) as client:
        yield client


@pytest.mark.messages_server(generation=["2023", "2024"])
def test_login_and_refresh(messages_server: MessagesServer, login: RawClient) -> None:
    given = {"username": NAME, "password": PASSWORD}
    answer = login("POST", "/login", given, authorization=None)
    assert (answer.status, set(answer.json)) == (200, {"token", "refresh_token"})
    assert answer.json["token"] == messages_server.token
    messages_server.faults.expire_token()
    refresh = {"refresh_token": answer.json["refresh_token"]}
    answer = login("POST", "/refresh", refresh, authorization=None)
    assert (answer.status, answer.json) == (200, {"token": messages_server.token})
    refused = REFUSED[messages_server.generation]
    for wrong in ({**given, "password": "another"}, {**given, "username": "nobody-here"}):
        answer = login("POST", "/login", wrong, authorization=None)
        assert (answer.status, answer.json) == (401, refused)
    if messages_server.generation == "2024":
        refused = {**refused, "details": "You've provided a refresh_token, but it's not valid"}
    answer = login("POST", "/refresh", {"refresh_token": "wrong" * 7}, authorization=None)
    assert (answer.status, answer.json) == (401, refused)
    for path in ("/login", "/refresh"):
        answer = login("GET", path, authorization=None)
        assert (answer.status, answer.headers["Allow"]) == (405, "OPTIONS, POST")


@pytest.mark.messages_server(generation="2024")
@pytest.mark.parametrize("given", [{}, None, {"refresh_token": "x" * 31}])
def test_refresh_token_that_could_be_nobodys_is_invalid(login: RawClient, given: object) -> None:
    answer = login("POST", "/refresh", given, authorization=None)
    details = "You must provide a refresh_token"
    assert (answer.status, answer.json) == (400, {**INVALID_INPUT, "details": details})
    assert login("POST", "/refresh", b"no JSON", authorization=None).json == INVALID_BODY


@pytest.mark.messages_server(generation=["2023", "2024"])
@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({}, {"password": "cannot be blank", "username": "cannot be blank"}),
        ({"username": NAME}, {"password": "cannot be blank"}),
        ({"username": NAME, "password": ""}, {"password": "cannot be blank"}),
        ({"username": "four", "password": PASSWORD}, {"username": SHORT}),
        ({"username": NAME, "password": "x" * 129}, {"password": SHORT}),
        ({"username": NAME, "password": "é" * 65}, {"password": SHORT}),
        (None, {"password": "cannot be blank", "username": "cannot be blank"}),
        (b"no JSON", None),
        ({"username": 5, "password": PASSWORD}, None),
    ],
)
def test_login_that_could_be_nobodys_is_invalid(
    messages_server: MessagesServer, login: RawClient, given: object, errors: dict[str, str] | None
) -> None:
    answer = login("POST", "/login", given, authorization=None)
    assert answer.status == 400
    if messages_server.generation == "2024":
        told = errors and "; ".join(f"{name}: {error}" for name, error in errors.items()) + "."
        assert answer.json == {**INVALID_INPUT, "details": told or INVALID_BODY["details"]}
    elif errors is None:
        assert answer.json == ""
    else:
        told_2023 = [{"field": name, "error": error} for name, error in errors.items()]
        assert answer.json["details"] == told_2023


def test_the_scheme_bearer_is_read_in_any_case(call: RawClient) -> None:
    assert call("GET", authorization=f"bearer {call.server.token}").status == 200


def paging(page: dict[str, Any]) -> tuple[int, int, int, int, int]:
    return (
        *(page["page"], page["per_page"], page["page_count"], page["total_count"]),
        len(page["items"]),
    )


@pytest.mark.off_description
@pytest.mark.messages_server(generation=["documented", "2024"])
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", (1, 100, 11, 1001, 100)),
        ("page=1&per_page=10", (1, 10, 101, 1001, 10)),
        ("page=0", (1, 100, 11, 1001, 100)),
        ("page=-3", (1, 100, 11, 1001, 100)),
        ("page=abc", (1, 100, 11, 1001, 100)),
        ("page=1_0", (1, 100, 11, 1001, 100)),
        ("page=99999999999999999999", (1, 100, 11, 1001, 100)),
        ("page=9223372036854775807", (11, 100, 11, 1001, 1)),
        ("page=11", (11, 100, 11, 1001, 1)),
        ("page=12", (11, 100, 11, 1001, 1)),
        ("per_page=0", (1, 100, 11, 1001, 100)),
        ("per_page=-1", (1, 100, 11, 1001, 100)),
        ("per_page=x", (1, 100, 11, 1001, 100)),
        ("per_page=1000", (1, 1000, 2, 1001, 1000)),
        ("per_page=1001", (1, 1000, 2, 1001, 1000)),
        ("per_page=1001&page=2", (2, 1000, 2, 1001, 1)),
        ("per_page=1&page=1001", (1001, 1, 1001, 1001, 1)),
        ("messages_since=1000", (1, 100, 1, 2, 2)),
        ("messages_since=1002", (1, 100, 0, 0, 0)),
        ("messages_since=0", (1, 100, 11, 1001, 100)),
        ("messages_since=-1", (1, 100, 11, 1001, 100)),
        ("messages_since=x", (1, 100, 11, 1001, 100)),
        ("page=2&page=3", (2, 100, 11, 1001, 100)),
        ("page=%zz&per_page=5", (1, 5, 201, 1001, 5)),
        ("page=%zz&page=2", (2, 100, 11, 1001, 100)),
        ("page=2;per_page=5", (1, 100, 11, 1001, 100)),
        (f"page={'0' * 30}2", (2, 100, 11, 1001, 100)),
        ("page=%2B2", (2, 100, 11, 1001, 100)),
        ("page=+2", (1, 100, 11, 1001, 100)),
    ],
)
def test_paging_is_clamped(
    messages_server: MessagesServer,
    call: RawClient,
    query: str,
    expected: tuple[int, int, int, int, int],
) -> None:
    messages_server.receive(APP, "other", "of another conversation")
    messages_server.load(APP, CONNECTION, 1000)
    assert paging(call("GET", f"{MESSAGES}?{query}").json) == expected


@pytest.mark.messages_server(generation="all")
def test_page_of_an_empty_conversation(messages_server: MessagesServer) -> None:
    messages_server.add_connection(APP, "empty")
    with RawClient(messages_server) as call:
        page = call("GET", f"/apps/{APP}/connections/empty/messages?page=7").json
    expected: dict[str, object] = {
        "page": 1,
        "per_page": 100,
        "page_count": 0,
        "total_count": 0,
        "items": [],
    }
    assert page == expected


@pytest.mark.messages_server(generation="2023")
def test_2023_counts_all_messages_of_the_server(
    messages_server: MessagesServer, call: RawClient
) -> None:
    messages_server.load(APP, "other", 20)
    messages_server.load("another app", "other", 4)
    assert paging(call("GET", f"{MESSAGES}?per_page=10").json) == (1, 10, 3, 25, 1)
    assert paging(call("GET", f"{MESSAGES}?per_page=10&page=2").json) == (2, 10, 3, 25, 0)
    assert paging(call("GET", f"{MESSAGES}?per_page=10&page=9").json) == (3, 10, 3, 25, 0)
    assert paging(call("GET", f"{MESSAGES}?messages_since=1").json) == (1, 100, 1, 25, 0)


@pytest.mark.messages_server(generation="all")
def test_order_is_newest_first_and_an_edit_does_not_move_a_message(
    messages_server: MessagesServer, call: RawClient
) -> None:
    at = datetime(2024, 5, 1, tzinfo=timezone.utc)
    for body, minutes in (("second", 2), ("third", 3), ("first", 1), ("second again", 2)):
        messages_server.receive(
            APP, "ordered", body, jti=body.replace(" ", "-"), at=at + timedelta(minutes=minutes)
        )
    path = f"/apps/{APP}/connections/ordered/messages"
    newest_first = ["third", "second again", "second", "first"]
    assert [message["body"] for message in call("GET", path).json["items"]] == newest_first
    edited = call("PUT", f"{path}/second", {"body": "edited"}).json
    assert edited["created_at"] != edited["updated_at"]
    newest_first[2] = "edited"
    assert [message["body"] for message in call("GET", path).json["items"]] == newest_first


@pytest.mark.messages_server(generation=["documented", "2024"])
def test_messages_since_is_compared_with_the_row_number_not_with_the_time(
    messages_server: MessagesServer, call: RawClient
) -> None:
    old = messages_server.receive(
        APP, CONNECTION, "stored later, created earlier", at=CREATED - timedelta(days=1)
    )
    assert old.number == 2
    page = call("GET", f"{MESSAGES}?messages_since=1").json
    assert [message["body"] for message in page["items"]] == ["stored later, created earlier"]


@pytest.mark.parametrize(
    ("microseconds", "fraction"),
    [(0, ""), (1, ".000001"), (120_000, ".12"), (999_999, ".999999"), (500_000, ".5")],
)
@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("minutes", [0, 120, -210, 345])
def test_timestamps(
    generation: GenerationName, minutes: int, microseconds: int, fraction: str
) -> None:
    zone = timezone(timedelta(minutes=minutes))
    moment = CREATED + timedelta(microseconds=microseconds)
    with MessagesServer(generation=generation, tls=False, timezone=zone) as server:
        server.receive(APP, CONNECTION, "x", jti="known", at=moment)
        with RawClient(server) as call:
            message = call("GET", KNOWN).json
    offset = (
        "Z" if generation == "2023" or minutes == 0 else moment.astimezone(zone).isoformat()[-6:]
    )
    expected = f"{moment.astimezone(zone):%Y-%m-%dT%H:%M:%S}{fraction}{offset}"
    assert message["created_at"] == message["iat"] == message["updated_at"] == expected


@pytest.mark.messages_server(generation="2023")
def test_times_of_2023_have_up_to_six_digits_and_that_of_an_edit_up_to_nine() -> None:
    ticks = iter(range(1_700_000_000_123_456_789, 10**19, 10**9))
    with MessagesServer(generation="2023", tls=False) as server, RawClient(server) as call:
        server.clock = server._service.clock = Clock(lambda: next(ticks))  # pyright: ignore[reportPrivateUsage]
        server.add_connection(APP, CONNECTION)
        sent = call("POST", MESSAGES, {"body": "x"}).json
        assert sent["created_at"].endswith(".123456Z")
        edited = call("PUT", f"{MESSAGES}/{sent['jti']}", {"body": "y"}).json
        assert edited["updated_at"].endswith(".123456789Z")
        assert call("GET").json["items"][0]["updated_at"].endswith(".123456Z")


def test_time_of_a_send_has_up_to_nine_fraction_digits(call: RawClient) -> None:
    written = {call("POST", MESSAGES, {"body": "x"}).json["created_at"] for _ in range(20)}
    for text in written:
        assert re.fullmatch(r"[-\d]{10}T[:\d]{8}(\.\d{0,8}[1-9])?(Z|[+-]\d\d:\d\d)", text)


@pytest.mark.messages_server(generation="all")
def test_json_is_escaped_as_go_escapes_it(call: RawClient) -> None:
    body = "<a href='x'>&é\u2028\u2029"
    answer = call("POST", MESSAGES, {"body": body})
    assert answer.json["body"] == body
    assert "\\u003ca href='x'\\u003e\\u0026é\\u2028\\u2029".encode() in answer.body


def test_lone_surrogates_become_replacement_characters(call: RawClient) -> None:
    assert call("POST", MESSAGES, b'{"body": "a\\ud800b"}').json["body"] == "a\ufffdb"


@pytest.mark.off_description
@pytest.mark.messages_server(generation="all")
def test_each_byte_that_is_no_utf_8_becomes_a_replacement_character(call: RawClient) -> None:
    sent = b'{"body": "a\xe2\x82b\xed\xa0\x80"}'
    assert call("POST", MESSAGES, sent).json["body"] == "a\ufffd\ufffdb" + "\ufffd" * 3


@pytest.mark.messages_server(generation="2023")
def test_id_with_a_slash_can_be_addressed_in_2023(
    messages_server: MessagesServer, call: RawClient
) -> None:
    messages_server.receive(APP, CONNECTION, "Hello", jti="a/b")
    assert call("GET", f"{MESSAGES}/a/b").json["jti"] == "a/b"


@pytest.mark.messages_server(generation="all")
@pytest.mark.parametrize(("length", "chunked"), [(1, False), (60, True)])
def test_answers_above_2_kilobytes_are_chunked(
    messages_server: MessagesServer, call: RawClient, length: int, chunked: bool
) -> None:
    messages_server.load(APP, "chunky", length)
    answer = call("GET", f"/apps/{APP}/connections/chunky/messages")
    assert len(answer.json["items"]) == length
    assert (len(answer.body) > 2048) == chunked
    assert answer.headers.get("Transfer-Encoding") == ("chunked" if chunked else None)
    length_field = None if chunked else str(len(answer.body))
    assert answer.headers.get("Content-Length") == length_field


@pytest.mark.messages_server(generation="all")
def test_answers_have_no_other_header_fields(
    messages_server: MessagesServer, call: RawClient
) -> None:
    messages_server.load(APP, CONNECTION, 100)
    framing = {"Content-Length"}, {"Transfer-Encoding"}
    for method, path in (("GET", KNOWN), ("GET", MESSAGES), ("GET", "/nothing"), ("PUT", KNOWN)):
        fields = set(call(method, path).headers) - {"Content-Type", "Date", "Vary"}
        assert fields in framing


@pytest.mark.messages_server(generation="all")
def test_a_message_that_arrives_pushes_one_onto_the_next_page_and_a_deletion_pulls_one_back(
    messages_server: MessagesServer,
) -> None:
    messages_server.load(APP, CONNECTION, 4)

    def page(number: int) -> list[str]:
        items = call("GET", f"{MESSAGES}?per_page=2&page={number}").json["items"]
        return [message["body"] for message in items]

    with RawClient(messages_server) as call:
        assert page(1) == ["message 4", "message 3"]
        newest = messages_server.receive(APP, CONNECTION, "new")
        assert page(2) == ["message 3", "message 2"]
        messages_server.delete(APP, CONNECTION, newest.jti)
        assert page(1) == ["message 4", "message 3"]
        messages_server.delete(APP, CONNECTION, messages_server.messages()[-1].jti)
        assert page(2) == ["message 1"]


@pytest.mark.messages_server(generation="all")
def test_a_send_that_was_interrupted_is_at_the_top_of_the_list(
    messages_server: MessagesServer, call: RawClient
) -> None:
    messages_server.faults.reset(operation="send", stored=True)
    with pytest.raises(ConnectionResetError):
        call("POST", MESSAGES, {"body": "x"})
    call.connection.close()
    newest = call("GET").json["items"][0]
    assert newest["body"] == "x"
    assert "me" in (newest.get("iss"), newest.get("connection_id"))


@pytest.mark.parametrize("generation", ["2023", "2024"])
def test_message_byte_by_byte(generation: GenerationName) -> None:
    at = "2024-02-29T23:30:00Z"
    with MessagesServer(generation=generation, tls=False, timezone=timezone.utc) as server:
        server.receive(APP, CONNECTION, "<é>", jti="known", at=CREATED)
        with RawClient(server) as call:
            body = call("GET", KNOWN).body
    assert (
        body.decode()
        == {
            "2023": (
                f'{{"iss":"{CONNECTION}","cid":"","jti":"known","rid":"","body":"\\u003cé\\u003e",'
                f'"iat":"{at}","created_at":"{at}","updated_at":"{at}"}}\n'
            ),
            "2024": (
                f'{{"id":"known","connection_id":"{CONNECTION}","cid":"","rid":"",'
                f'"body":"\\u003cé\\u003e","iat":"{at}","read":false,"received":false,'
                f'"created_at":"{at}","updated_at":"{at}"}}\n'
            ),
        }[generation]
    )


ID = "user:7@example"
SPELLINGS = {
    "user:7@example": True,
    "user%3A7@example": False,
    "user%3a7%40example": False,
    "user:7@ex%61mple": False,
}


@pytest.mark.messages_server(generation="all")
@pytest.mark.parametrize(
    ("identifier", "spelling", "found"),
    [
        *((ID, spelling, found) for spelling, found in SPELLINGS.items()),
        ("a b", "a%20b", True),
        ("a b", "a+b", False),
        ("é", "%C3%A9", True),
        ("é", "%c3%a9", False),
        ("$&+,:;=@", "$&+,:;=@", True),
        ("a$b", "a%24b", False),
        ("(a)!*'", "%28a%29%21%2A%27", True),
        ("(a)!*'", "(a)!*'", True),
        ("(a) b", "(a)%20b", False),
        ("a/b", "a%2Fb", False),
        ("a%2Fb", "a%2Fb", True),
        ("~._-", "~._-", True),
        ("~", "%7E", False),
        ("?", "%3F", True),
        ("#", "%23", True),
        ("a%b", "a%25b", True),
    ],
)
def test_path_is_decoded_only_if_it_is_spelled_as_go_spells_it(
    messages_server: MessagesServer, identifier: str, spelling: str, found: bool
) -> None:
    messages_server.receive(APP, identifier, "Hello", jti="known")
    messages_server.receive(APP, CONNECTION, "Hello", jti=identifier)
    with RawClient(messages_server) as call:
        expected = 200 if found else 404
        path = f"/apps/{APP}/connections/{spelling}/messages"
        assert call("GET", path).status == expected
        if messages_server.generation != "2023":  # where the id alone decides
            assert call("GET", f"{path}/known").status == expected
        assert call("GET", f"{MESSAGES}/{spelling}").status == expected


@pytest.mark.messages_server(generation=["2023", "2024"])
def test_send_to_another_spelling_of_a_connection_is_refused(
    messages_server: MessagesServer,
) -> None:
    messages_server.add_connection(APP, ID)
    with RawClient(messages_server) as call:
        path = f"/apps/{APP}/connections/user%3A7%40example/messages"
        assert call("POST", path, {"body": "x"}).status == 404
        assert call("POST", f"/apps/{APP}/connections/{ID}/messages", {"body": "x"}).status < 300


@pytest.mark.messages_server(generation="2024")
def test_password_change_due(messages_server: MessagesServer, call: RawClient) -> None:
    messages_server.faults.status(423)
    answer = call("GET")
    assert answer.status == 423
    assert answer.json == {
        "status": 423,
        "error": "You're required to change your password",
        "details": "Please change your password before consuming the api.",
    }


@pytest.mark.messages_server(generation="documented")
def test_documented_connections_are_known_once_something_was_sent_to_them(
    messages_server: MessagesServer,
) -> None:
    with RawClient(messages_server) as call:
        assert call("GET", UNKNOWN).status == 404
        assert call("POST", UNKNOWN, {"body": "x"}).status == 200
        assert [message["body"] for message in call("GET", UNKNOWN).json["items"]] == ["x"]


# Order where times are equal, and where the local clock goes back.


def bodies_of_pages(call: RawClient, per_page: int, pages: int) -> list[str]:
    return [
        message["body"]
        for page in range(1, pages + 1)
        for message in call("GET", f"{MESSAGES}?per_page={per_page}&page={page}").json["items"]
    ]


@pytest.mark.messages_server(generation="all")
def test_order_of_messages_imported_with_one_time(messages_server: MessagesServer) -> None:
    messages_server.load(APP, CONNECTION, 300, created_at=CREATED)
    with RawClient(messages_server) as call:
        read = [bodies_of_pages(call, 100, 3) for _ in range(2)]
        whole = bodies_of_pages(call, 300, 1)
    assert read[0] == read[1]
    assert len(read[0]) == len(set(whole)) == 300
    newest_first = [f"message {number}" for number in range(300, 0, -1)]
    if messages_server.generation == "2023":
        # Two pages repeat some messages and leave out others.
        assert len(set(read[0])) < 300
        assert newest_first != whole != read[0]
    else:
        assert read[0] == whole == newest_first


@pytest.mark.messages_server(generation="2023")
def test_only_what_was_imported_lacks_an_order(messages_server: MessagesServer) -> None:
    messages_server.clock.set(CREATED + timedelta(hours=1))
    messages_server.load(APP, CONNECTION, 30, interval=0)
    moments = [CREATED] * 2 + [CREATED + timedelta(seconds=1)]
    messages_server.load(APP, CONNECTION, ["a", "b", "c"], created_at=moments)
    with RawClient(messages_server) as call:
        whole = bodies_of_pages(call, 100, 1)
    assert whole[:31] == [*(f"message {number}" for number in range(30, 0, -1)), "c"]
    assert set(whole[31:]) == {"a", "b"}


@pytest.mark.parametrize("generation", GENERATIONS)
def test_hour_that_comes_twice_is_ordered_by_the_local_clock_in_2024(
    generation: GenerationName,
) -> None:
    zone = ZoneInfo("Europe/Berlin")
    end_of_summer_time = datetime(2024, 10, 27, 1, 0, tzinfo=timezone.utc)
    with MessagesServer(generation=generation, tls=False, timezone=zone) as server:
        server.receive(APP, CONNECTION, "2:59", at=end_of_summer_time - timedelta(minutes=1))
        server.load(
            *(APP, CONNECTION, 40),
            until=end_of_summer_time + timedelta(minutes=39),
            interval=60,
        )
        server.receive(APP, CONNECTION, "3:00", at=end_of_summer_time + timedelta(hours=1))
        with RawClient(server) as call:
            read = bodies_of_pages(call, 100, 1)
    again = [f"message {number}" for number in range(40, 0, -1)]
    assert read == ["3:00", *(["2:59", *again] if generation == "2024" else [*again, "2:59"])]


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
def test_2024_orders_by_the_text_of_the_local_time(name: str) -> None:
    zone = ZoneInfo(name)
    ends = {"Europe/Berlin": (10, 27, 1), "America/New_York": (11, 3, 6)}
    month, day, hour = ends.get(name, (4, 6, 15))
    until = datetime(2024, month, day, hour, tzinfo=timezone.utc) + timedelta(minutes=90)
    with MessagesServer(generation="2024", tls=False, timezone=zone) as server:
        server.load(APP, CONNECTION, 240, until=until, interval=60)
        stored = server.messages()
        with RawClient(server) as call:
            read = bodies_of_pages(call, 100, 3)
    texts = {message.body: str(message.created_at.astimezone(zone)) for message in stored}
    assert len({text[:19] for text in texts.values()}) < 240  # an hour's clock, or a half's, twice
    assert read == sorted(texts, key=texts.__getitem__, reverse=True)


def test_load_refuses_times_that_do_not_fit(messages_server: MessagesServer) -> None:
    with pytest.raises(ValueError, match="cannot both be given"):
        messages_server.load(APP, CONNECTION, 2, created_at=CREATED, until=CREATED)
    with pytest.raises(ValueError, match="as many as the messages: 2, not 1"):
        messages_server.load(APP, CONNECTION, 2, created_at=[CREATED])
    with pytest.raises(ValueError, match="created_at must have a time zone"):
        messages_server.load(APP, CONNECTION, 2, created_at=CREATED.replace(tzinfo=None))
