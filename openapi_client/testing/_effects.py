"""What a fault does to a request. Each effect is one way in which a server fails."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar, Protocol

from openapi_client.testing._exchange import Exchange
from openapi_client.testing._generations import (
    NOT_FOUND,
    PASSWORD_CHANGE_DUE,
    TOKEN_INVALID,
    Generation,
    internal_error,
    to_json,
)
from openapi_client.testing._service import Service
from openapi_client.testing._wire import Response


class Effect(Protocol):
    """Something done to an exchange.

    An effect with `takes_over` writes the answer, or its ruin; `apply` then tells whether the
    connection goes on. The others come before it, and all of them are applied.
    """

    takes_over: ClassVar[bool]

    def apply(self, exchange: Exchange) -> bool:
        """Does it."""
        ...

    def undo(self, service: Service) -> None:
        """Takes back what lasts longer than the exchange; called when the fault is removed."""
        ...


class _Passing:
    """An effect that leaves nothing behind."""

    takes_over: ClassVar[bool] = True

    def undo(self, service: Service) -> None:
        """Nothing to take back."""


@dataclass(frozen=True)
class Answer(_Passing):
    """Another answer; the request takes effect first if `stored`."""

    status: int
    body: object
    headers: Mapping[str, str]
    stored: bool

    def apply(self, exchange: Exchange) -> bool:
        """Sends it."""
        if self.stored:
            exchange.process()
        response = _ready_answer(self.status, exchange.service.generation)
        if self.body is not None or response is None:
            response = _answer(self.status, self.body)
        headers = dict(self.headers)
        given_type = [headers.pop(name) for name in list(headers) if name.lower() == "content-type"]
        content_type = given_type[-1] if given_type else response.content_type
        more = (*response.headers, *headers.items())
        return exchange.deliver(Response(response.status, response.body, content_type, more))


def _ready_answer(status: int, generation: Generation) -> Response | None:
    """The service's own answer of that status, where it has one."""
    if status == 400:
        return generation.invalid_json
    if status == 500:
        return internal_error()
    return {401: TOKEN_INVALID, 404: NOT_FOUND, 423: PASSWORD_CHANGE_DUE}.get(status)


def _answer(status: int, body: object) -> Response:
    if body is None:
        body = _proxy_page(status) if status not in (204, 205, 304) else b""
    if isinstance(body, str):
        kind = "text/html" if body.lstrip()[:1] == "<" else "text/plain"
        return Response(status, body.encode(), f"{kind}; charset=utf-8")
    if isinstance(body, bytes):
        return Response(status, body, None if not body else "application/octet-stream")
    return Response(status, to_json(body))


def _proxy_page(status: int) -> str:
    phrase = HTTPStatus(status).phrase if status in _KNOWN else "Status"
    title = f"{status} {phrase}"
    return (
        f"<html>\n<head><title>{title}</title></head>\n"
        f"<body><center><h1>{title}</h1></center></body>\n</html>\n"
    )


_KNOWN = frozenset(known.value for known in HTTPStatus)


@dataclass(frozen=True)
class Delay(_Passing):
    """A pause, before the request takes effect or, if `stored`, after."""

    takes_over: ClassVar[bool] = False
    seconds: float
    stored: bool

    def apply(self, exchange: Exchange) -> bool:
        """Waits."""
        if self.stored:
            exchange.process()
        exchange.connection.wait(self.seconds)
        return True


@dataclass(frozen=True)
class Silence(_Passing):
    """No answer, until the client gives up."""

    stored: bool

    def apply(self, exchange: Exchange) -> bool:
        """Reads on, and says nothing."""
        if self.stored:
            exchange.process()
        while exchange.connection.receive(1 << 16):
            pass
        return False


@dataclass(frozen=True)
class Reset(_Passing):
    """A TCP reset in place of an answer."""

    stored: bool

    def apply(self, exchange: Exchange) -> bool:
        """Resets."""
        if self.stored:
            exchange.process()
        exchange.connection.reset()
        return False


@dataclass(frozen=True)
class Truncation(_Passing):
    """The connection ends in the middle of the body, of which a fraction arrives."""

    keep: float

    def apply(self, exchange: Exchange) -> bool:
        """Sends what arrives."""
        response = exchange.process()
        size = min(int(len(response.body) * self.keep), len(response.body) - 1)
        head = exchange.head(response, len(response.body))
        exchange.connection.send(head + response.body[: max(size, 0)])
        return False


@dataclass(frozen=True)
class Garbling(_Passing):
    """A body of the right length in which every eighth byte, from the first, is noise."""

    def apply(self, exchange: Exchange) -> bool:
        """Sends it."""
        response = exchange.process()
        body = bytearray(response.body)
        for position in range(0, len(body), 8):
            # No byte of ASCII and none that can begin a character in UTF-8.
            body[position] = 0x80 | body[position] >> 2
        exchange.connection.send(exchange.head(response, len(body)) + body)
        return exchange.goes_on


@dataclass(frozen=True)
class Dripping(_Passing):
    """A body that comes a few bytes at a time."""

    interval: float
    size: int

    def apply(self, exchange: Exchange) -> bool:
        """Sends the head at once, then the body piece by piece, each after the interval."""
        response = exchange.process()
        exchange.connection.send(exchange.head(response, len(response.body)))
        for start in range(0, len(response.body), self.size):
            exchange.connection.wait(self.interval)
            exchange.connection.send(response.body[start : start + self.size])
        return exchange.goes_on


@dataclass(frozen=True)
class WrongLength(_Passing):
    """A Content-Length that is wrong by so many bytes; the connection stays open."""

    by: int

    def apply(self, exchange: Exchange) -> bool:
        """Sends the whole body under the wrong length."""
        response = exchange.process()
        length = max(0, len(response.body) + self.by)
        exchange.connection.send(exchange.head(response, length) + response.body)
        return exchange.goes_on


class TokenExpiry:
    """The token that is in force expires, and stays so until the fault is removed."""

    takes_over: ClassVar[bool] = False

    def begin(self, service: Service) -> None:
        """Lets it expire."""
        service.expired_token = service.token

    def apply(self, exchange: Exchange) -> bool:
        """Lets it expire, for this request already."""
        self.begin(exchange.service)
        return True

    def undo(self, service: Service) -> None:
        """Makes it valid again."""
        service.expired_token = None


class GenerationChange:
    """Another generation answers, until the fault is removed.

    Args:
        generation: the one that answers.
    """

    takes_over: ClassVar[bool] = False

    def __init__(self, generation: Generation) -> None:
        self._generation = generation
        self._before: Generation | None = None

    def begin(self, service: Service) -> None:
        """Changes it."""
        if self._before is None:
            self._before = service.generation
            service.generation = self._generation

    def apply(self, exchange: Exchange) -> bool:
        """Changes it, for this request already."""
        self.begin(exchange.service)
        return True

    def undo(self, service: Service) -> None:
        """Brings back the generation that answered before."""
        if self._before is not None:
            service.generation = self._before
            self._before = None


def check_body(body: object) -> None:
    """Refuses what cannot be a body.

    Raises:
        ValueError: it is neither text, bytes nor JSON.
    """
    if not isinstance(body, bytes):
        try:
            json.dumps(body)
        except TypeError as error:
            raise ValueError(f"body must be text, bytes or JSON: {error}") from None
