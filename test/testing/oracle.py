"""What the contract says of any request: `python -m test.testing.oracle`.

Requests are put together from parts whose meaning is known (a path that names a known message, a
body that is too long, a token that is wrong), so that the oracle decides by those meanings alone
and reads no request itself. Prints how many of them a server of each generation answers as the
oracle says, and each that it does not.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, cast

from openapi_client.testing import GenerationName, MessagesServer
from test.support.raw import exchange_bytes

REQUESTS = 1314
APP, FRIEND, LISTED, ID = "app", "user:7@example", "listed", "known id"
LISTED_MESSAGES = 250
NAME, PASSWORD = "friend-of-mine", "s3cret-word"

Meaning = Literal[
    "list", "no list", "one", "no one", "elsewhere's one", "router", "outside", "root"
]
PATHS: list[tuple[Meaning | Literal["login", "refresh", "slash"], str]] = [
    ("list", "/v1/apps/app/connections/user:7@example/messages"),
    ("list", "/v1/apps/app/connections/listed/messages"),
    ("list", "/v1/apps/app/connections/a%20b%C3%A9/messages"),
    ("list", "/v1/apps/app/connections/$&+,:;=@/messages"),
    ("no list", "/v1/apps/app/connections/user%3A7%40example/messages"),
    ("no list", "/v1/apps/app/connections/user%3a7@example/messages"),
    ("no list", "/v1/apps/app/connections/a%20b%c3%a9/messages"),
    ("no list", "/v1/apps/app/connections/a+b%C3%A9/messages"),
    ("no list", "/v1/apps/app/connections/lis%74ed/messages"),
    ("no list", "/v1/apps/app/connections/nobody/messages"),
    ("no list", "/v1/apps/nothing/connections/listed/messages"),
    ("no list", "/v1/apps/app/connections//messages"),
    ("no list", "/v1/apps//connections/listed/messages"),
    ("no list", "/v1/apps/app/connections/../messages"),
    ("no list", "/v1/apps/app/connections/%2E%2E/messages"),
    ("one", "/v1/apps/app/connections/user:7@example/messages/known%20id"),
    ("no one", "/v1/apps/app/connections/user:7@example/messages/unknown"),
    ("no one", "/v1/apps/app/connections/user:7@example/messages/known+id"),
    ("no one", "/v1/apps/app/connections/user:7@example/messages/known%20i%64"),
    ("no one", "/v1/apps/app/connections/listed/messages/%00"),
    ("elsewhere's one", "/v1/apps/app/connections/nobody/messages/known%20id"),
    ("elsewhere's one", "/v1/apps/nothing/connections/user:7@example/messages/known%20id"),
    ("slash", "/v1/apps/app/connections/user:7@example/messages/known%20id/more"),
    ("router", "/v1/apps/app/connections/user:7@example/messages/"),
    ("router", "/v1/apps/app/connections/user:7@example/message"),
    ("router", "/v1/apps/app/nothing/at/all"),
    ("router", "/v1/apps"),
    ("outside", "/v1/nothing"),
    ("outside", "/v1/appsx/app/connections/listed/messages"),
    ("outside", "/v1"),
    ("root", "/"),
    ("root", "/v2/apps/app/connections/listed/messages"),
    ("login", "/v1/login"),
    ("refresh", "/v1/refresh"),
]
Body = Literal["text", "blank", "long", "invalid", "nul", "options", "none", "chunked none"]
BODIES: list[tuple[Body, bytes]] = [
    ("none", b""),
    ("chunked none", b""),
    ("text", b'{"body":"Hello"}'),
    ("text", b' \r\n\t{"BODY" : "caf\xc3\xa9 <&>"} and so on'),
    ("text", b'{"body":"a","body":null,"n":' + b"9" * 5000 + b"}"),
    ("text", b'{"body":"\\u00e9\xe2\x82","x":[1e999,{"y":null}]}'),
    ("text", b'{"body":"' + b"x" * 128 + b'"}'),
    ("text", b'{"body":" ","objects":[{}]}'),
    ("blank", b"{}"),
    ("blank", b'{"body":null}'),
    ("blank", b'{"body":""}'),
    ("blank", b'{"bodys":"x"}'),
    ("blank", b"null"),
    ("long", b'{"body":"' + b"x" * 129 + b'"}'),
    ("long", '{"body":"{}"}'.replace("{}", "é" * 65, 1).encode()),
    ("nul", b'{"body":"a\\u0000b"}'),
    ("options", b'{"body":"x","options":5}'),
    ("options", b'{"options":{"objects":[5]},"body":"x"}'),
    *(
        ("invalid", body)
        for body in (
            b"{",
            b'{"body":"x"',
            b'{"body":5}',
            b'{"body":["x"]}',
            b'{"body":"x",}',
            b"{'body':'x'}",
            b'{"body":NaN}',
            b'{"body":"\x01"}',
            b'{"body":"\\x"}',
            b"[]",
            b'"x"',
            b"5",
            b"\xef\xbb\xbf{}",
            b'{"body":01}',
            b"[" * 20_000,
        )
    ),
]
CONTENT_TYPES: list[tuple[str, str | None]] = [
    *[("json", "application/json")] * 6,
    ("json", "application/json; charset=utf-16"),
    ("json", "application/jsonx"),
    ("form", "application/x-www-form-urlencoded"),
    ("other", "APPLICATION/JSON"),
    ("other", "text/plain"),
    ("form", "multipart/form-data; boundary=x"),
    ("other", "application/problem+json"),
    ("other", None),
]
AUTHORIZATIONS: list[tuple[str, tuple[str, ...]]] = [
    *[("good", ("Bearer {token}",))] * 8,
    ("good", ("bearer {token}",)),
    ("good", ("Basic x", "Bearer {token}")),
    ("good", ("Bearer wrong", "BEARER {token}")),
    ("missing", ()),
    ("missing", ("{token}",)),
    ("missing", ("Basic {token}",)),
    ("missing", ("Bearer",)),
    ("missing", ("Bearer{token}",)),
    ("invalid", ("Bearer wrong",)),
    ("invalid", ("Bearer  {token}",)),
    ("invalid", ("Bearer {token}, Bearer {token}",)),
]
METHODS = [
    *(*["GET"] * 5, *["POST"] * 6, *["PUT"] * 4),
    *("DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW", "get"),
]
# Queries, and the page and the size of pages that they mean.
QUERIES = [
    ("", 1, 100),
    ("page=2", 2, 100),
    ("page=0&per_page=0", 1, 100),
    ("page=-1&per_page=-1", 1, 100),
    ("page=2&per_page=7&page=3", 2, 7),
    ("per_page=1001", 1, 1000),
    ("page=99999999&per_page=10", 10**9, 10),
    ("page=%32&per_page=%2B20", 2, 20),
    ("page=x&per_page=1_0", 1, 100),
    ("page=1.5&per_page=1e2", 1, 100),
    ("page=9223372036854775808", 1, 100),
    ("PAGE=2&Per_Page=7", 1, 100),
    ("page=2;per_page=7", 1, 100),
    ("page=%zz&per_page=50&messages_since=-5", 1, 50),
    ("messages_since=0&unknown=1&page=", 1, 100),
]
HEADERS = [
    "",
    "Accept: text/html\r\n",
    "Origin: http://elsewhere.test\r\n",
    "X-Http-Method-Override: DELETE\r\n",
    "Accept-Encoding: gzip\r\nCookie: a=b\r\n",
    "If-None-Match: *\r\n",
]
LOGINS: list[tuple[str, dict[str, str]]] = [
    ("good", {"username": NAME, "password": PASSWORD}),
    ("refused", {"username": NAME, "password": "another-word"}),
    ("refused", {"username": "nobody-here", "password": PASSWORD}),
    ("invalid", {"username": NAME}),
    ("invalid", {"username": "four", "password": PASSWORD}),
    ("invalid", {"username": NAME, "password": "é" * 65}),
]

NOT_FOUND = {
    "status": 404,
    "error": "Not found",
    "details": "The requested resource does not exist, or you don't have permissions to access it",
}
ROUTER = 404, {"message": "Not Found"}
NO_ROWS = "sql: no rows in result set"
INVALID = {"status": 400, "error": "Invalid input", "details": "The provided body is not valid"}
BLANK, LONG = "body: cannot be blank.", "body: the length must be no more than 128."
NUL = 'pq: invalid byte sequence for encoding "UTF8": 0x00'
ANY: object = object()

Answer = tuple[int, object]


@dataclass(frozen=True)
class Case:
    """A request, and what its parts mean."""

    method: str
    path: str
    to: str
    query: tuple[str, int, int]
    body: tuple[Body, bytes]
    kind: tuple[str, str | None]
    authorization: tuple[str, tuple[str, ...]]
    headers: str
    login: str = ""

    def request(self, token: str) -> bytes:
        """The bytes that are sent, on a connection of their own."""
        target = f"{self.path}?{self.query[0]}" if self.query[0] else self.path
        head = f"{self.method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        for value in self.authorization[1]:
            head += f"Authorization: {value.format(token=token)}\r\n"
        if self.kind[1] is not None:
            head += f"Content-Type: {self.kind[1]}\r\n"
        meaning, body = self.body
        if meaning == "chunked none":
            body, framing = b"0\r\n\r\n", "Transfer-Encoding: chunked\r\n"
        else:
            framing = f"Content-Length: {len(body)}\r\n" if body else ""
        return f"{head}{self.headers}{framing}\r\n".encode() + body


def cases(seed: int, count: int = REQUESTS) -> Iterator[Case]:
    """That many requests: each path with each method first, then any part with any other."""
    chance = random.Random(seed)
    pairs = list(itertools.product(PATHS, dict.fromkeys(METHODS)))
    for number in range(count):
        if number < len(pairs):
            (to, path), method = pairs[number]
        else:
            (to, path), method = chance.choice(PATHS), chance.choice(METHODS)
        kind, body, login = chance.choice(CONTENT_TYPES), chance.choice(BODIES), ""
        if to in ("login", "refresh") and kind[0] == "json":
            login, given = chance.choice(LOGINS)
            body = ("text", json.dumps(given).encode())
        query = chance.choice(QUERIES) if to == "list" else QUERIES[0]
        authorization, headers = chance.choice(AUTHORIZATIONS), chance.choice(HEADERS)
        yield Case(method, path, to, query, body, kind, authorization, headers, login)


class Oracle:
    """What a server of one generation answers, from the contract's rows.

    Args:
        generation: `"2023"` or `"2024"`.
        total: how many messages the server holds.
    """

    def __init__(self, generation: GenerationName, total: int) -> None:
        self.is_2023 = generation == "2023"
        self.total = total
        self.listed = LISTED_MESSAGES

    def answer(self, case: Case) -> Answer:
        """The status, and the JSON or `ANY`."""
        if case.method == "OPTIONS":
            return 204, None
        if case.to in ("login", "refresh"):
            return self._session(case) if case.method == "POST" else (405, ANY)
        if case.to == "root" or (case.to == "outside" and not self.is_2023):
            return ROUTER
        if case.method in ("BREW", "get"):
            return 405, {"message": "Method Not Allowed"}
        if case.authorization[0] != "good":
            missing = case.authorization[0] == "missing"
            return 401, {
                "message": f"{'missing or malformed' if missing else 'invalid or expired'} jwt"
            }
        return self._operation(case)

    def _operation(self, case: Case) -> Answer:
        match case.method, case.to:
            case "GET", "list":
                return self._page(case)
            case "GET", "no list":
                return 404, NO_ROWS if self.is_2023 else NOT_FOUND
            case "POST", "list" | "no list":
                return self._send(case)
            case "GET", "one":
                return 200, ANY
            case "GET", "elsewhere's one":
                return (200, ANY) if self.is_2023 else (404, NOT_FOUND)
            case "GET", "no one":
                return 404, NO_ROWS if self.is_2023 else NOT_FOUND
            case "GET", "slash":
                return (404, NO_ROWS) if self.is_2023 else ROUTER
            case "PUT", "one" | "no one" | "elsewhere's one":
                return self._edit(case)
            case "PUT", "slash":
                return self._edit(case) if self.is_2023 else ROUTER
            case _:
                return ROUTER

    def _page(self, case: Case) -> Answer:
        _, page, per_page = case.query
        if case.path.split("/")[5] != LISTED and not self.is_2023:
            return 200, ANY  # sends change how many there are
        total = self.total if self.is_2023 else self.listed
        pages = -(-total // per_page)
        told = {
            "page": max(1, min(page, pages)),
            "per_page": per_page,
            "page_count": pages,
            "total_count": total,
        }
        return 200, told

    def _body(self, case: Case, *, send: bool) -> Answer | None:
        """What is answered to a body, None where it is taken."""
        meaning, kind = case.body[0], case.kind[0]
        if meaning == "none" or kind == "form":
            meaning = "blank"
        elif kind == "other" or meaning == "chunked none":
            meaning = "invalid"
        elif meaning == "options":
            meaning = "invalid" if send and not self.is_2023 else "text"
        if meaning == "invalid":
            return 400, "" if self.is_2023 else INVALID
        wrong = {"blank": BLANK, "long": LONG}.get(meaning)
        if wrong is not None:
            return (500, wrong) if self.is_2023 else (400, {**INVALID, "details": wrong})
        return (500, NUL) if meaning == "nul" and self.is_2023 else None

    def _send(self, case: Case) -> Answer:
        refused = self._body(case, send=True)
        unknown = (404, "connection not found" if self.is_2023 else NOT_FOUND)
        if case.to == "no list" and self.is_2023 and not (refused and refused[0] == 400):
            return unknown
        if refused is not None:
            return refused
        if case.to == "no list":
            return unknown
        self.total += 1
        self.listed += case.path.split("/")[5] == LISTED
        return 201 if self.is_2023 else 202, ANY

    def _edit(self, case: Case) -> Answer:
        refused = self._body(case, send=False)
        if refused is not None:
            return refused
        if case.to == "one" or (self.is_2023 and case.to == "elsewhere's one"):
            return 200, ANY
        if self.is_2023:
            return 500, NO_ROWS
        return (500, ANY) if case.to == "no one" else (404, NOT_FOUND)

    def _session(self, case: Case) -> Answer:
        if not case.login:
            blank = case.body[0] == "none" or case.kind[0] == "form"
            if case.to == "refresh" and self.is_2023 and blank:
                return 401, ANY
            return 400, ANY
        if case.to == "refresh":  # none of the logins has a refresh token
            return 401 if self.is_2023 else 400, ANY
        return {"good": 200, "refused": 401, "invalid": 400}[case.login], ANY


class Difference(NamedTuple):
    """A request that was not answered as the oracle says."""

    request: bytes
    expected: Answer
    received: bytes


def differences(generation: GenerationName, seed: int = 0) -> list[Difference]:
    """Put the requests to a server, and return those that differ."""
    found: list[Difference] = []
    with MessagesServer(
        generation=generation, tls=False, users={NAME: PASSWORD}, keep_requests=0
    ) as server:
        for connection in (FRIEND, "a bé", "$&+,:;=@"):
            server.add_connection(APP, connection)
        server.receive(APP, FRIEND, "Hello", jti=ID)
        server.load(APP, LISTED, LISTED_MESSAGES)
        oracle = Oracle(generation, LISTED_MESSAGES + 1)
        for case in cases(seed):
            expected = oracle.answer(case)
            request = case.request(server.token)
            received = exchange_bytes(server, request)
            if not agrees(case, expected, received):
                found.append(Difference(request, expected, received))
    return found


def agrees(case: Case, expected: Answer, received: bytes) -> bool:
    """Whether an answer has the status, the headers and the body that are expected."""
    head, _, body = received.partition(b"\r\n\r\n")
    status, content = expected
    if int(head.split()[1]) != status or b"\r\nVary: Origin" not in head:
        return False
    if content is None or case.method == "HEAD":
        return body == b""
    if content is ANY:
        return body.endswith(b"\n") or b"chunked" in head
    if status == 200 and isinstance(content, Mapping):
        pieces = body.split(b"\r\n")
        page: dict[str, object] = json.loads(pieces[1] if b"chunked" in head else body)
        told = cast("Mapping[str, object]", content)
        return all(page[name] == value for name, value in told.items())
    return body == json.dumps(content, separators=(",", ":")).encode() + b"\n"


def main() -> None:
    """Print how many requests agree, and fail where fewer than 1,290 of 1,314 do."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    generations: tuple[GenerationName, ...] = ("2023", "2024")
    for generation in generations:
        found = differences(generation, given.seed)
        print(f"{generation}: {REQUESTS - len(found)} of {REQUESTS} agree")
        for request, expected, received in found:
            print(f"  {request[:300]!r}\n    {expected}\n    {received[:400]!r}")
        if len(found) > REQUESTS - 1290:
            raise SystemExit(1)


if __name__ == "__main__":
    main()
