"""From a request to its answer: authentication, paths, the four operations."""

from __future__ import annotations

import json
import re
import secrets
from datetime import tzinfo
from typing import Literal, NamedTuple, NoReturn, cast
from urllib.parse import parse_qsl, quote, unquote_to_bytes

from openapi_client.testing._clock import Clock
from openapi_client.testing._generations import (
    LOGIN_REFUSED,
    ROUTE_NOT_FOUND,
    TOKEN_INVALID,
    TOKEN_MISSING,
    Generation,
    to_json,
)
from openapi_client.testing._store import NewMessage, Store
from openapi_client.testing._wire import MalformedRequestError, Request, Response

BASE_PATH = "/v1"
LOGIN_PATH = f"{BASE_PATH}/login"
DEFAULT_PER_PAGE = 100
MAX_PER_PAGE = 1000

# What Go's net/url leaves as it is in a path; also the spelling in which it decodes one.
_GO_SAFE = "/$&+,:;=@"
_PLAIN_PATH = re.compile(r"[0-9A-Za-z\-._~/$&+,:;=@]*")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_BEARER = "bearer "


Operation = Literal["list", "get", "edit", "send"]


class Route(NamedTuple):
    """Where a request goes: one of the four operations and its path parameters."""

    operation: Operation
    app_id: str
    connection_id: str
    jti: str  # "" for list and send


def route_of(method: str, raw_path: str) -> Route | None:
    """The route of a request, None where there is none.

    Raises:
        MalformedRequestError: the path has a `%` that begins no escape.
    """
    parts = _go_path(raw_path).split("/")
    match parts:
        case ["", "v1", "apps", app_id, "connections", connection_id, "messages"]:
            jti = ""
        case ["", "v1", "apps", app_id, "connections", connection_id, "messages", jti]:
            pass
        case _:
            return None
    operation = _OPERATIONS.get((method, len(parts)))
    return Route(operation, app_id, connection_id, jti) if operation and all(parts[1:]) else None


_OPERATIONS: dict[tuple[str, int], Operation] = {
    ("GET", 7): "list",
    ("POST", 7): "send",
    ("GET", 8): "get",
    ("PUT", 8): "edit",
}


def new_token() -> str:
    """A token that nobody can guess."""
    return secrets.token_urlsafe(24)


class Service:
    """What the server answers, from its state: store, clock, generation, token.

    The attributes may be changed between two requests, from any thread.

    Args:
        store: connections and messages.
        clock: what time it is.
        generation: which generation answers.
        token: the token that is accepted.
        zone: the time zone of the timestamps; None for the computer's own.

    `expired_token` is a token that is refused although it is `token`. `users` are names and
    passwords of those who may log in.
    """

    def __init__(
        self, store: Store, clock: Clock, generation: Generation, token: str, zone: tzinfo | None
    ) -> None:
        self.store = store
        self.clock = clock
        self.generation = generation
        self.token = token
        self.zone = zone
        self.expired_token: str | None = None
        self.users: dict[str, str] = {}

    def answer(self, request: Request, route: Route | None) -> Response:
        """The answer to one request that goes to `route`."""
        if self.users and (request.method, request.path) == ("POST", LOGIN_PATH):
            return self._login(request)
        refused = self._authenticate(request.header("authorization"))
        if refused is not None:
            return refused
        if route is None:
            return ROUTE_NOT_FOUND
        conversation = (route.app_id, route.connection_id)
        if route.operation == "list":
            return self._list(*conversation, request.query)
        if route.operation == "send":
            return self._send(*conversation, request)
        if route.operation == "get":
            return self._get(*conversation, route.jti)
        return self._edit(*conversation, route.jti, request)

    def _authenticate(self, authorization: str | None) -> Response | None:
        if authorization is None or len(authorization) <= len(_BEARER):
            return TOKEN_MISSING
        if authorization[: len(_BEARER)].lower() != _BEARER:
            return TOKEN_MISSING
        token = authorization[len(_BEARER) :]
        return None if token == self.token != self.expired_token else TOKEN_INVALID

    def _login(self, request: Request) -> Response:
        given = _decode_object(request)
        name, password = (given or {}).get("username"), (given or {}).get("password")
        if not isinstance(name, str) or password is None or self.users.get(name) != password:
            return LOGIN_REFUSED
        if self.token == self.expired_token:
            self.token = new_token()
        return Response(200, to_json({"token": self.token}))

    def _list(self, app_id: str, connection_id: str, query: str) -> Response:
        given = parse_query(query)
        per_page = _integer(given.get("per_page"), DEFAULT_PER_PAGE)
        per_page = DEFAULT_PER_PAGE if per_page < 1 else min(per_page, MAX_PER_PAGE)
        page = self.store.page(
            app_id,
            connection_id,
            since=_integer(given.get("messages_since"), 0),
            page=_integer(given.get("page"), 1),
            per_page=per_page,
            count_everything=self.generation.counts_everything,
        )
        if page is None:
            return self.generation.list_unknown_connection
        return self.generation.page(page, self.zone)

    def _get(self, app_id: str, connection_id: str, jti: str) -> Response:
        message = self.store.get(app_id, connection_id, jti)
        if message is None:
            return self.generation.message_not_found
        return self.generation.message(message, self.zone)

    def _edit(self, app_id: str, connection_id: str, jti: str, request: Request) -> Response:
        text = self._text(request)
        if isinstance(text, Response):
            return text
        now = self.clock.nanoseconds()
        message = self.store.edit(app_id, connection_id, jti, text, now)
        if message is None:
            return self.generation.edit_not_found()
        return self.generation.message(message, self.zone)

    def _send(self, app_id: str, connection_id: str, request: Request) -> Response:
        text = self._text(request)
        if isinstance(text, Response):
            return text
        generation = self.generation
        refused = generation.send_unknown_connection
        if refused is not None and not self.store.has_connection(app_id, connection_id):
            return refused
        sent = NewMessage(body=text, iss="me", at=self.clock.nanoseconds())
        message = self.store.add(app_id, connection_id, sent)
        return generation.message(message, self.zone, generation.sent_status)

    def _text(self, request: Request) -> str | Response:
        """The text in a request's body, or the answer that refuses it."""
        text = ""
        # Where nothing was sent, the service does not look at the Content-Type either.
        if request.body:
            decoded = _decode_text(request, null_is_blank=self.generation.null_is_blank)
            if decoded is None:
                return self.generation.invalid_json
            text = decoded
        return self.generation.refuse_body(text) or text


def _go_path(raw: str) -> str:
    """The path as the service reads it: decoded only if it is spelled as Go spells it.

    Any other spelling of the same path stands for itself, so that `user%3A7` is not `user:7`.
    """
    if _PLAIN_PATH.fullmatch(raw):
        return raw
    if _BAD_ESCAPE.search(raw):
        raise MalformedRequestError(400, "bad escape in the path")
    octets = raw.encode("latin-1")
    decoded = unquote_to_bytes(octets)
    return (decoded if quote(decoded, safe=_GO_SAFE) == raw else octets).decode(errors="replace")


def parse_query(query: str) -> dict[str, str]:
    """The first value of each query parameter."""
    given: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        given.setdefault(name, value)
    return given


def _integer(value: str | None, default: int) -> int:
    if value is None or not _INTEGER.fullmatch(value):
        return default
    number = int(value)
    return number if -(1 << 63) <= number < 1 << 63 else default


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def _decode_text(request: Request, *, null_is_blank: bool) -> str | None:
    """The `body` of a JSON object ("" where there is none), None where it is not valid."""
    if null_is_blank and request.body.strip() == b"null" and _is_json(request):
        return ""
    value = _decode_object(request)
    if value is None:
        return None
    text = value.get("body")
    if text is None:
        return ""
    return _LONE_SURROGATE.sub("\ufffd", text) if isinstance(text, str) else None


def _decode_object(request: Request) -> dict[str, object] | None:
    """The JSON object that is a request's body, None where it is none."""
    if not _is_json(request):
        return None
    try:
        # As Go reads JSON: UTF-8 alone, and what is no UTF-8 is replaced.
        value = _DECODER.decode(request.body.decode(errors="replace"))
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def _is_json(request: Request) -> bool:
    media_type = (request.header("content-type") or "").partition(";")[0].strip().lower()
    return media_type == "application/json"
