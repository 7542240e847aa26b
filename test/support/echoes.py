"""Servers that repeat what they are sent, in each place where an answer has room for text."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

from openapi_client import ApiException
from openapi_client.exceptions import (
    DeserializationException,
    IncompleteResponseException,
    ProtocolException,
    ResponseTooLargeException,
    TimeoutException,
    exception_class,
)
from test.support.recorder import Received, http_answer
from test.support.scripted import Peer, Script


def said_by(request: Received) -> str:
    """A request as one line of text."""
    return "; ".join([request.line, *(f"{name}: {value}" for name, value in request.fields)])


def echo(status: int, make: Callable[[str], object] = lambda said: {"message": said}) -> Script:
    """Each request is repeated in the body, the reason phrase, and fields of the answer."""

    def script(peer: Peer) -> None:
        while True:
            said = said_by(peer.request())
            fields = {"X-Said": said, "Set-Cookie": said, "Server": said, "Date": said}
            peer.send(http_answer(status, make(said), fields, reason=said))

    return script


def cut(status: int) -> Script:
    def script(peer: Peer) -> None:
        said = said_by(peer.request())
        answer = http_answer(status, {"message": said}, {"X-Said": said}, reason=said)
        peer.send(answer[:-1])

    return script


def redirect(location: str, status: int = 307) -> Script:
    def script(peer: Peer) -> None:
        while True:
            said = said_by(peer.request()).replace(" ", "+").replace(";", "/")
            peer.send(http_answer(status, said, {"Location": location.replace("{}", said)}))

    return script


def raw(begin: bytes, then: Callable[[Peer], None] = lambda peer: None) -> Script:
    def script(peer: Peer) -> None:
        said = said_by(peer.request())
        peer.send(begin.replace(b"{}", said.encode("latin-1")))
        then(peer)

    return script


def resetting(peer: Peer) -> None:
    peer.request()
    peer.reset()


def silent(peer: Peer) -> None:
    peer.request()
    peer.wait_closed()


_OK = b"HTTP/1.1 200 OK\r\nX-Said: {}\r\n"

FAILURES: dict[str, tuple[Script, type[ApiException]]] = {
    **{
        f"{status}": (echo(status), exception_class(status))
        for status in (400, 401, 403, 404, 409, 422, 423, 429, 500, 503)
    },
    "400 as a JSON string": (echo(400, json.dumps), exception_class(400)),
    "400 with an error object": (
        echo(400, lambda said: {"status": 400, "error": said, "details": said}),
        exception_class(400),
    ),
    "400 as text": (echo(400, str), exception_class(400)),
    "502 as HTML": (echo(502, lambda said: f"<p>{said}</p>"), exception_class(502)),
    "500 cut off": (cut(500), exception_class(500)),
    "200 cut off": (cut(200), IncompleteResponseException),
    "200 with text": (echo(200, str), DeserializationException),
    "200 with wrong types": (echo(200, lambda said: {"jti": [said]}), DeserializationException),
    "200 with a key": (echo(200, lambda said: {"body": {said: said}}), DeserializationException),
    "200 with a wrong charset": (
        raw(_OK + b"Content-Type: text/plain; charset={}\r\nContent-Length: 2\r\n\r\n{}\r\n"),
        ApiException,
    ),
    "200 not compressed": (
        raw(_OK + b"Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\n{}"),
        DeserializationException,
    ),
    "too large": (echo(200, lambda said: {"body": said * 50}), ResponseTooLargeException),
    "too large, compressed": (
        raw(
            _OK + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n",
            lambda peer: peer.send(gzip.compress(b" " * 100_000)),
        ),
        ResponseTooLargeException,
    ),
    "no HTTP": (raw(b"{}\r\n\r\n"), ProtocolException),
    "no field": (raw(b"HTTP/1.1 200 OK\r\n{}\x01\r\n\r\n"), ProtocolException),
    "no length": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n"), ProtocolException),
    "no chunk": (raw(_OK + b"Transfer-Encoding: chunked\r\n\r\n{}\r\n"), ProtocolException),
    "reset": (resetting, ProtocolException),
    "silence": (silent, TimeoutException),
    "body stops": (raw(_OK + b"Content-Length: 9\r\n\r\n", Peer.wait_closed), TimeoutException),
    "redirect elsewhere": (redirect("https://other.test/{}?key={}#{}"), ApiException),
    "redirect to credentials": (redirect("https://{}@other.test/"), ApiException),
    "redirect to no URL": (redirect("https://[{}"), ApiException),
    "redirects within": (redirect("/v1/{}"), ApiException),
}
SETTINGS: dict[str, dict[str, Any]] = {
    "silence": {"timeout": (5, 0.05)},
    "body stops": {"timeout": (5, 0.05)},
}
