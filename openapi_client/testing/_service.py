"""From a request to its reply: routing, authentication, the four operations, delivery."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable
from datetime import tzinfo
from typing import Literal, NamedTuple

from openapi_client.testing._clock import Clock
from openapi_client.testing._generations import (
    LOGIN_REFUSED,
    ROUTE_NOT_FOUND,
    TOKEN_INVALID,
    TOKEN_MISSING,
    Generation,
    internal_error,
)
from openapi_client.testing._go import (
    decode_object,
    decode_text,
    go_path,
    parse_integer,
    parse_query,
    to_json,
)
from openapi_client.testing._listener import AcceptedConnection
from openapi_client.testing._store import NewMessage, Store
from openapi_client.testing._wire import ReceivedRequest, Reply, render, render_head

BASE_PATH = "/v1"
LOGIN_PATH = f"{BASE_PATH}/login"
DEFAULT_PER_PAGE = 100
MAX_PER_PAGE = 1000

_BEARER = "bearer "


Operation = Literal["list", "get", "edit", "send"]


class Target(NamedTuple):
    """Where a request goes: one of the four operations and its path parameters."""

    operation: Operation
    app_id: str
    connection_id: str
    jti: str  # "" for list and send


def target_of(method: str, raw_path: str) -> Target | None:
    """Find where a request goes, None where the router knows no such path.

    Raises:
        MalformedRequestError: the path has a `%` that begins no escape.
    """
    parts = go_path(raw_path).split("/")
    match parts:
        case ["", "v1", "apps", app_id, "connections", connection_id, "messages"]:
            jti = ""
        case ["", "v1", "apps", app_id, "connections", connection_id, "messages", jti]:
            pass
        case _:
            return None
    operation = _OPERATIONS.get((method, len(parts)))
    return Target(operation, app_id, connection_id, jti) if operation and all(parts[1:]) else None


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

    def answer(self, request: ReceivedRequest, target: Target | None) -> Reply:
        """The answer to one request that goes to `target`."""
        if self.users and (request.method, request.path) == ("POST", LOGIN_PATH):
            return self._login(request)
        refused = self._authenticate(request.header("authorization"))
        if refused is not None:
            return refused
        if target is None:
            return ROUTE_NOT_FOUND
        return _HANDLERS[target.operation](self, target, request)

    def _authenticate(self, authorization: str | None) -> Reply | None:
        if authorization is None or len(authorization) <= len(_BEARER):
            return TOKEN_MISSING
        if authorization[: len(_BEARER)].lower() != _BEARER:
            return TOKEN_MISSING
        token = authorization[len(_BEARER) :]
        return None if token == self.token != self.expired_token else TOKEN_INVALID

    def _login(self, request: ReceivedRequest) -> Reply:
        given = decode_object(request)
        name, password = (given or {}).get("username"), (given or {}).get("password")
        if not isinstance(name, str) or password is None or self.users.get(name) != password:
            return LOGIN_REFUSED
        if self.token == self.expired_token:
            self.token = new_token()
        return Reply(200, to_json({"token": self.token}))

    def list_messages(self, target: Target, request: ReceivedRequest) -> Reply:
        """Reply with a page of a conversation."""
        given = parse_query(request.query)
        per_page = parse_integer(given.get("per_page"), DEFAULT_PER_PAGE)
        per_page = DEFAULT_PER_PAGE if per_page < 1 else min(per_page, MAX_PER_PAGE)
        page = self.store.page(
            target.app_id,
            target.connection_id,
            since=parse_integer(given.get("messages_since"), 0),
            page=parse_integer(given.get("page"), 1),
            per_page=per_page,
            count_everything=self.generation.counts_everything,
        )
        if page is None:
            return self.generation.list_unknown_connection
        return self.generation.page(page, self.zone)

    def get_message(self, target: Target, request: ReceivedRequest) -> Reply:
        """Reply with one message."""
        message = self.store.get(target.app_id, target.connection_id, target.jti)
        if message is None:
            return self.generation.message_not_found
        return self.generation.message(message, self.zone)

    def edit_message(self, target: Target, request: ReceivedRequest) -> Reply:
        """Replace a message's text."""
        text = self._text(request)
        if isinstance(text, Reply):
            return text
        now = self.clock.nanoseconds()
        message = self.store.edit(target.app_id, target.connection_id, target.jti, text, now)
        if message is None:
            return self.generation.edit_not_found()
        return self.generation.message(message, self.zone)

    def send_message(self, target: Target, request: ReceivedRequest) -> Reply:
        """Store a message of the app itself."""
        text = self._text(request)
        if isinstance(text, Reply):
            return text
        generation = self.generation
        app_id, connection_id = target.app_id, target.connection_id
        refused = generation.send_unknown_connection
        if refused is not None and not self.store.has_connection(app_id, connection_id):
            return refused
        sent = NewMessage(body=text, iss="me", at=self.clock.nanoseconds())
        message = self.store.add(app_id, connection_id, sent)
        return generation.message(message, self.zone, generation.sent_status)

    def _text(self, request: ReceivedRequest) -> str | Reply:
        """The text in a request's body, or the answer that refuses it."""
        text = ""
        # Where nothing was sent, the service does not look at the Content-Type either.
        if request.body:
            decoded = decode_text(request, null_is_blank=self.generation.null_is_blank)
            if decoded is None:
                return self.generation.invalid_json
            text = decoded
        return self.generation.refuse_body(text) or text


# A request of an operation that has no handler fails here, not as another operation.
_HANDLERS: dict[Operation, Callable[[Service, Target, ReceivedRequest], Reply]] = {
    "list": Service.list_messages,
    "get": Service.get_message,
    "edit": Service.edit_message,
    "send": Service.send_message,
}


class PendingRequest:
    """A request on its way to its reply: processed at most once, then delivered, or not.

    Args:
        request: the request.
        target: where it goes.
        connection: where the answer goes.
        service: what answers.
        note: told the status before the client can see it.
        closing: whether the connection has to end after this answer.
    """

    def __init__(
        self,
        request: ReceivedRequest,
        target: Target | None,
        connection: AcceptedConnection,
        service: Service,
        note: Callable[[int], None],
        *,
        closing: bool,
    ) -> None:
        self.request = request
        self.target = target
        self.connection = connection
        self.service = service
        self._note = note
        self._closing = closing or not request.keep_alive
        self._response: Reply | None = None

    def process(self) -> Reply:
        """The service's answer; the first time that it is asked for, the request takes effect."""
        if self._response is None:
            try:
                self._response = self.service.answer(self.request, self.target)
            except sqlite3.Error:  # a full disk, a file locked by another program
                self._response = internal_error()
        return self._response

    def deliver(self, response: Reply) -> bool:
        """Sends an answer as it should be; tells whether the connection goes on."""
        self._note(response.status)
        request = self.request
        self.connection.send(
            render(
                response,
                head_only=request.method == "HEAD",
                http10=request.http10,
                close=self._closing,
            )
        )
        return not self._closing

    def head(self, response: Reply, length: int) -> bytes:
        """The head of an answer that is sent in pieces, with that Content-Length."""
        self._note(response.status)
        return render_head(response, (("Content-Length", str(length)),), close=self._closing)

    @property
    def goes_on(self) -> bool:
        """Whether the connection may be used again after this reply."""
        return not self._closing
