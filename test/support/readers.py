"""What reads the text of a server, each reader by itself: a function of the bytes alone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast

from pydantic_core import from_json
from urllib3.exceptions import HTTPError

from openapi_client import ApiException
from openapi_client._encoding.json_repair import read_json
from openapi_client._encoding.media_types import charset_of
from openapi_client._encoding.response_body import check_expansion
from openapi_client._http.body import Body
from openapi_client._http.head import CHUNKED, framing_of, parse_head
from openapi_client._http.redirects import redirected
from openapi_client._scrubbing import scrub
from openapi_client.models import MessageResponse
from openapi_client.retries import parse_retry_after

_TOKEN = "canary-token-9f8e7d6c5b4a"


class _Bytes:
    """A connection on which bytes have come, and then its end."""

    epoch = 0

    def __init__(self, data: bytes) -> None:
        self.buffer = data
        self.position = 0

    def receive(self, *, awaited: bool) -> bytes:
        return b""

    def receive_into(self, buffer: memoryview) -> int:
        return 0

    def finished(self, *, keep_alive: bool) -> None:
        pass


def _head(data: bytes) -> object:
    return framing_of(parse_head(b"HTTP/1.1 200 OK\r\n" + data + b"\r\n"), "GET")


def _chunks(data: bytes) -> object:
    return Body(_Bytes(data), (CHUNKED, True)).read_all(None)


def _location(data: bytes) -> object:
    origin = SimpleNamespace(base="http://service.example", absolute="")
    call = SimpleNamespace(origin=origin, target="/v1/a?page=1", method="GET", redirects=0)
    return redirected(cast("Any", call), data.decode("latin-1"))


def _page(data: bytes) -> object:
    check_expansion(cast("Any", None), data, 32)
    return read_json(MessageResponse.model_validate_json, data)


READERS: dict[str, Callable[[bytes], object]] = {
    "head": _head,
    "chunks": _chunks,
    "trailers": lambda data: _chunks(b"0\r\n" + data),
    "Location": _location,
    "Retry-After": lambda data: parse_retry_after(data.decode("latin-1"), 0.0),
    "Content-Type": lambda data: charset_of(data.decode("latin-1")),
    "JSON": lambda data: read_json(from_json, data),
    "page": _page,
    "error": lambda data: str(
        ApiException(500, data.decode("latin-1"), body=data.decode("latin-1"))
    ),
    "secrets": lambda data: scrub(data.decode("latin-1"), {_TOKEN}),
}


def read(name: str, data: bytes) -> None:
    """Have a reader read bytes, whatever comes of it."""
    with suppress(ValueError, HTTPError, ApiException):
        READERS[name](data)
