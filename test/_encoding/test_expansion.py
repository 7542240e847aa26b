"""JSON takes no more memory than a multiple of its bytes, whatever it is made of."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from openapi_client import ApiException, MessagesApi
from openapi_client.exceptions import ResponseTooLargeException
from test.support.calls import api_for, failure_of
from test.support.scripted import ScriptedServer, always

SIZE = 200_000
EXPANSION = 32


def answer(body: bytes, *, packed: bool = False) -> bytes:
    """A page, as it goes out."""
    coding = b"Content-Encoding: gzip\r\n" if packed else b""
    body = gzip.compress(body) if packed else body
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + coding
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def filled(before: bytes, value: bytes, after: bytes) -> bytes:
    """JSON of `SIZE` bytes that repeats a value."""
    count = (SIZE - len(before) - len(after)) // (len(value) + 1)
    return before + b",".join([value] * count) + after


def many(before: bytes, value: Callable[[int], bytes], after: bytes) -> bytes:
    """JSON of about `SIZE` bytes, all values of which differ."""
    return before + b",".join(map(value, range(SIZE // len(value(10_000))))) + after


ITEMS = [
    b"{}",
    b"null",
    b'{"a":1}',
    b'{"a":[{},{},{},{}]}',
    b'{"jti":"1"}',
    b'{"jti":"12345","body":"1"}',
    b'{"jti":"m1","iss":"me","body":"hello"}',
]
VALUES = [
    b"{}",
    b'{"":{"":{"":{"":{}}}}}',
    b"[]",
    b"[1]",
    b"[[[[[[[[[[[[]]]]]]]]]]]]",
    b"1.5",
    b"1e9",
    b"999",
    b'"\\u00e9"',
    '"\U0001f600"'.encode(),
]
BODIES: list[bytes] = [
    *[filled(b'{"items":[', item, b"]}") for item in ITEMS],
    *[filled(b'{"items":[],"more":[', value, b"]}") for value in VALUES],
    many(b"{", lambda number: b'"%x":1' % number, b"}"),
    many(b'{"more":[', lambda number: b'"%x"' % number, b"]}"),
    many(b'{"items":[', lambda number: b'{"aaaaaaaaaaaaaa%x":1}' % number, b"]}"),
    filled(b'{"body":"', b"a", "\U0001f600".encode() + b'"}'),
]


def list_(api: MessagesApi) -> Any:
    return api.list("app", "connection")


@pytest.mark.parametrize("body", BODIES, ids=[str(body[:30]) for body in BODIES])
def test_a_page_takes_at_most_the_stated_multiple_of_its_bytes(body: bytes) -> None:
    with ScriptedServer(always(answer(body))) as server, api_for(server) as api:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(api.api_client.configuration, "max_response_expansion", 10**6)
            if b"more" not in body[:30]:
                list_(api)  # all that is made once is made
        tracemalloc.start()
        try:
            page = list_(api)
        except ResponseTooLargeException:
            page = None
        finally:
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
    # The body itself is there, too, and what the server's script sends.
    assert peak < (EXPANSION + 4) * len(body)
    del page


def test_what_would_take_more_is_refused_also_where_few_bytes_came() -> None:
    for packed in (False, True):
        script = always(answer(filled(b'{"items":[', b"{}", b"]}"), packed=packed))
        with ScriptedServer(script) as server, api_for(server) as api:
            error = failure_of(list_, api)
        assert isinstance(error, ResponseTooLargeException)
        assert (error.outcome, len(error.attempts)) == ("answered", 1)
        assert "max_response_expansion" in str(error)
        assert "/apps/app/connections/connection/messages" in str(error)


def test_the_limit_can_be_set() -> None:
    body = filled(b'{"items":[', b"{}", b"]}")
    with ScriptedServer(always(answer(body))) as server:
        with api_for(server, max_response_expansion=300) as api:
            assert len(list_(api).items) > 60_000
        with api_for(server, max_response_expansion=299) as api, pytest.raises(ApiException):
            list_(api)


@pytest.mark.parametrize(
    "body",
    [
        b'{"items":[' + b",".join([b"{}"] * 999) + b"]}",
        b'{"items":[{"body":"' + b"{" * SIZE + b'"}]}',
        b'{"items":[{"body":"' + b'\\"{' * SIZE + b'"}]}',
    ],
)
def test_small_pages_and_braces_in_texts_are_taken(body: bytes) -> None:
    with ScriptedServer(always(answer(body))) as server, api_for(server) as api:
        assert list_(api).items
