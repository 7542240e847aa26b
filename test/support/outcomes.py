"""What can become of a call that fails: the table of the documentation, each row as a case."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from openapi_client import ApiException, MessagesApi, exceptions
from test.support.authority import authority
from test.support.calls import FakeTime, api_for
from test.support.proxies import answering
from test.support.recorder import http_answer
from test.support.scripted import Peer, Script, ScriptedServer, always, message

GOOD = message("good")
_WELL = always(GOOD)


def _reading(then: Callable[[Peer], None]) -> Script:
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            then(peer)

    return script


def _reset_handshake(peer: Peer) -> None:
    peer.receive()
    peer.reset()


def _handshake(peer: Peer) -> None:
    with contextlib.suppress(OSError):  # the client ends it, because of the name
        peer.secure(authority().server_context())


def _cut(peer: Peer) -> None:
    peer.send(GOOD[:-9])
    peer.close()


@dataclass(frozen=True)
class Case:
    """A way to fail.

    Attributes:
        what: what happens, in words.
        error: the class of the exception.
        outcome: its `outcome`.
        get: whether GET and PUT are repeated.
        send: whether POST is.
        status: its `status`.
        script: what the server does.
        tls: whether the client speaks TLS to it.
        settings: of the client's configuration.
        arrange: what else has to be arranged; gives the URL if it is not the server's.
    """

    what: str
    error: type[ApiException]
    outcome: str
    get: bool
    send: bool
    status: int = 0
    script: Script = _WELL
    tls: bool = False
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    arrange: Callable[[ExitStack, pytest.MonkeyPatch], str | None] = lambda _, __: None

    @contextmanager
    def met(self, time: FakeTime, patch: pytest.MonkeyPatch) -> Generator[MessagesApi]:
        """Operations that meet this failure at each attempt."""
        with ExitStack() as stack:
            server = stack.enter_context(ScriptedServer(self.script))
            url = self.arrange(stack, patch) or server.url
            if self.tls:
                url = url.replace("http:", "https:")
            yield stack.enter_context(api_for(url, time, **self.settings))


def _no_name(_: ExitStack, patch: pytest.MonkeyPatch) -> None:
    def resolve(*_: object, **__: object) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    patch.setattr(socket, "getaddrinfo", resolve)


def _closed_port(stack: ExitStack, _: pytest.MonkeyPatch) -> str:
    unused = stack.enter_context(socket.socket())
    unused.bind(("127.0.0.1", 0))
    return f"http://127.0.0.1:{unused.getsockname()[1]}"


def _full_queue(stack: ExitStack, _: pytest.MonkeyPatch) -> str:
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
    for _number in range(4):
        waiting = stack.enter_context(socket.socket())
        waiting.setblocking(False)
        waiting.connect_ex(listener.getsockname())
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def _refusing_proxy(stack: ExitStack, patch: pytest.MonkeyPatch) -> str:
    proxy = ScriptedServer(answering(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"))
    patch.setenv("HTTPS_PROXY", stack.enter_context(proxy).origin)
    for name in ("NO_PROXY", "no_proxy"):
        patch.delenv(name, raising=False)
    # Loopback is never reached through a proxy of the environment.
    return "http://service.example"


def _status(code: int, **headers: str) -> Script:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return always(http_answer(code, {"message": "told"}, fields))


SHORT = (0.1, 0.2)

CASES = [
    Case(
        "the host has no address",
        exceptions.ConnectException,
        "not_sent",
        get=True,
        send=True,
        arrange=_no_name,
    ),
    Case(
        "the connection is refused",
        exceptions.ConnectException,
        "not_sent",
        get=True,
        send=True,
        arrange=_closed_port,
    ),
    Case(
        "no connection within the limit",
        exceptions.ConnectTimeoutException,
        "not_sent",
        get=True,
        send=True,
        settings={"timeout": SHORT},
        arrange=_full_queue,
    ),
    Case(
        "no TLS, because the handshake fails",
        exceptions.TLSException,
        "not_sent",
        get=True,
        send=True,
        script=lambda peer: peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        tls=True,
    ),
    Case(
        "a certificate that is not trusted",
        exceptions.TLSException,
        "not_sent",
        get=False,
        send=False,
        settings={"tls_server_name": "another.example"},
        script=_handshake,
        tls=True,
    ),
    Case(
        "the connection ends within the TLS handshake",
        exceptions.ConnectException,
        "not_sent",
        get=True,
        send=True,
        script=_reset_handshake,
        tls=True,
    ),
    Case(
        "the proxy cannot be reached or opens no tunnel",
        exceptions.ProxyException,
        "not_sent",
        get=True,
        send=True,
        tls=True,
        arrange=_refusing_proxy,
    ),
    Case(
        "the connection ends before an answer",
        exceptions.ProtocolException,
        "unknown",
        get=True,
        send=False,
        script=_reading(lambda peer: peer.reset()),
    ),
    Case(
        "what comes is not HTTP/1.1",
        exceptions.ProtocolException,
        "unknown",
        get=True,
        send=False,
        script=_reading(lambda peer: peer.send(b"SSH-2.0-OpenSSH\r\n")),
    ),
    Case(
        "no answer within the limit",
        exceptions.TimeoutException,
        "unknown",
        get=True,
        send=False,
        script=_reading(lambda peer: peer.wait_closed()),
        settings={"timeout": SHORT},
    ),
    Case(
        "the body of a 2xx is cut off",
        exceptions.IncompleteResponseException,
        "answered",
        get=True,
        send=False,
        status=200,
        script=_reading(_cut),
    ),
    Case(
        "the body does not come within the limit",
        exceptions.TimeoutException,
        "answered",
        get=True,
        send=False,
        script=_reading(lambda peer: peer.send(GOOD[:-9])),
        settings={"timeout": SHORT},
    ),
    Case(
        "the body is larger than `max_response_bytes`",
        exceptions.ResponseTooLargeException,
        "answered",
        get=False,
        send=False,
        settings={"max_response_bytes": 10},
    ),
    Case(
        "a 2xx that is not what was promised",
        exceptions.DeserializationException,
        "answered",
        get=False,
        send=False,
        status=200,
        script=always(http_answer(200, b"<html>")),
    ),
    Case(
        "400",
        exceptions.BadRequestException,
        "answered",
        get=False,
        send=False,
        status=400,
        script=_status(400),
    ),
    Case(
        "401",
        exceptions.UnauthorizedException,
        "answered",
        get=False,
        send=False,
        status=401,
        script=_status(401),
    ),
    Case(
        "403",
        exceptions.ForbiddenException,
        "answered",
        get=False,
        send=False,
        status=403,
        script=_status(403),
    ),
    Case(
        "404",
        exceptions.NotFoundException,
        "answered",
        get=False,
        send=False,
        status=404,
        script=_status(404),
    ),
    Case(
        "409",
        exceptions.ConflictException,
        "answered",
        get=False,
        send=False,
        status=409,
        script=_status(409),
    ),
    Case(
        "422",
        exceptions.UnprocessableEntityException,
        "answered",
        get=False,
        send=False,
        status=422,
        script=_status(422),
    ),
    Case(
        "423, and any other 4xx",
        ApiException,
        "answered",
        get=False,
        send=False,
        status=423,
        script=_status(423),
    ),
    Case(
        "429",
        exceptions.TooManyRequestsException,
        "answered",
        get=True,
        send=True,
        status=429,
        script=_status(429),
    ),
    Case(
        "500, and any other 5xx",
        exceptions.ServiceException,
        "answered",
        get=False,
        send=False,
        status=500,
        script=_status(500),
    ),
    Case(
        "503 with `Retry-After`",
        exceptions.ServiceException,
        "answered",
        get=True,
        send=True,
        status=503,
        script=_status(503, Retry_After="1"),
    ),
    Case(
        "502, 503 or 504 without it",
        exceptions.ServiceException,
        "answered",
        get=True,
        send=False,
        status=502,
        script=_status(502),
    ),
]


def table() -> list[str]:
    """The cases as the rows of a table in Markdown."""
    yes_no = {True: "yes", False: "no"}
    rows = [
        "| what happens | error | `outcome` | GET, PUT repeated | POST repeated |",
        "|---|---|---|---|---|",
    ]
    rows += [
        f"| {case.what} | `{case.error.__name__}` | `{case.outcome}` "
        f"| {yes_no[case.get]} | {yes_no[case.send]} |"
        for case in CASES
    ]
    return rows


if __name__ == "__main__":
    print("\n".join(table()))
