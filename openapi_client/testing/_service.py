"""From a request to its reply: authentication, the four operations, delivery."""

from __future__ import annotations

import secrets
import sqlite3
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import tzinfo

from openapi_client.testing._contents import Clock
from openapi_client.testing._generations import (
    METHOD_NOT_ALLOWED,
    ROUTE_NOT_FOUND,
    TOKEN_INVALID,
    TOKEN_MISSING,
    Generation,
    internal_error,
)
from openapi_client.testing._go import (
    LOGIN_PATH,
    REFRESH_PATH,
    ROUTER_METHODS,
    Fields,
    GoType,
    Operation,
    Target,
    bind,
    is_below,
    methods_of,
    parse_integer,
    parse_query,
    target_of,
    to_json,
)
from openapi_client.testing._messages import MAX_FRACTION_DIGITS, NewMessage, StoredMessage
from openapi_client.testing._store import Store
from openapi_client.testing._wire import (
    VARY_ORIGIN,
    AcceptedConnection,
    ReceivedRequest,
    Reply,
    render,
    render_head,
)

DEFAULT_PER_PAGE = 100
MAX_PER_PAGE = 1000

_BEARER = "bearer "


def new_token() -> str:
    """Return a token that nobody can guess."""
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
        self.token: str = token
        self.zone = zone
        self.expired_token: str | None = None
        self.users: dict[str, str] = {}
        self._refresh_token = new_token() + new_token()

    def target_of(self, request: ReceivedRequest) -> Target | None:
        """Find where a request goes, None where it is none of the four operations."""
        slash = self.generation.id_with_slash
        return target_of(request.method, request.path, id_with_slash=slash)

    def new_cid(self, *, own: bool) -> str | None:
        """Make the `cid` of a new message; None for the one that its conversation shares."""
        if not self.generation.cid_per_message:
            return None
        return str(uuid.uuid4()) if own else ""

    def answer(self, request: ReceivedRequest, target: Target | None) -> Reply:
        """Answer one request that goes to `target`."""
        if request.method == "OPTIONS":
            return Reply(204, content_type=None)
        session = _SESSION_HANDLERS.get(request.path)
        if session is not None and (self.users or self.generation.always_has_login):
            return session(self, request) if request.method == "POST" else _not_allowed(["POST"])
        if not is_below(request.path, self.generation.guarded):
            return ROUTE_NOT_FOUND
        if request.method not in ROUTER_METHODS:
            return _not_allowed(methods_of(request.path))
        refused = self._authenticate(request)
        if refused is not None:
            return refused
        if target is None:
            return ROUTE_NOT_FOUND
        return _HANDLERS[target.operation](self, target, request)

    def _authenticate(self, request: ReceivedRequest) -> Reply | None:
        refused = TOKEN_MISSING
        for name, authorization in request.fields:
            scheme, token = authorization[: len(_BEARER)], authorization[len(_BEARER) :]
            if name.lower() == "authorization" and scheme.lower() == _BEARER and token:
                if token == self.token != self.expired_token:
                    return None  # one good header is enough
                refused = TOKEN_INVALID
        return refused

    def _bind(self, request: ReceivedRequest, fields: Mapping[str, GoType]) -> Fields | Reply:
        given = bind(request, fields, strict=self.generation.strict_body)
        return self.generation.invalid_json if given is None else given

    # Sessions.

    def log_in(self, request: ReceivedRequest) -> Reply:
        """Reply to a name and a password with the token, a new one where it has expired."""
        given = self._bind(request, {"username": str, "password": str})
        if isinstance(given, Reply):
            return given
        refused = self.generation.refuse_login(given)
        if refused is not None:
            return refused
        password = given.get("password")
        if password is None or self.users.get(str(given.get("username"))) != password:
            return self.generation.login_refused
        return self._session(refresh_token=self._refresh_token)

    def refresh(self, request: ReceivedRequest) -> Reply:
        """Reply to a refresh token with the token likewise."""
        given = self._bind(request, {"refresh_token": str})
        if isinstance(given, Reply):
            return given
        refused = self.generation.refuse_refresh(given)
        if refused is not None:
            return refused
        if given.get("refresh_token") != self._refresh_token:
            return self.generation.refresh_refused
        return self._session()

    def _session(self, **more: str) -> Reply:
        if self.token == self.expired_token:
            self.token = new_token()
        return Reply(200, to_json({"token": self.token, **more}))

    # The four operations.

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
            order=self.generation.order,
        )
        if page is None:
            return self.generation.list_unknown_connection
        return self.generation.page(page, self.zone)

    def get_message(self, target: Target, request: ReceivedRequest) -> Reply:
        """Reply with one message."""
        message = self._find(target)
        if message is None:
            return self.generation.message_not_found
        return self.generation.message(message, self.zone)

    def edit_message(self, target: Target, request: ReceivedRequest) -> Reply:
        """Replace a message's text."""
        generation = self.generation
        given = self._bind(request, {"body": str})
        if isinstance(given, Reply):
            return given
        refused = generation.refuse_text(given)
        if refused is not None:
            return refused
        if generation.edit_unknown_connection is not None and not self._is_known(target):
            return generation.edit_unknown_connection
        found = self._find(target)
        message = found and self.store.edit(
            found.app_id, found.connection_id, found.jti, _text(given), self.clock.nanoseconds()
        )
        if message is None:
            return generation.edit_not_found()
        return generation.message(message, self.zone, digits=MAX_FRACTION_DIGITS)

    def send_message(self, target: Target, request: ReceivedRequest) -> Reply:
        """Store a message of the app itself."""
        generation = self.generation
        given = self._bind(request, generation.send_fields)
        if isinstance(given, Reply):
            return given
        unknown = None if self._is_known(target) else generation.send_unknown_connection
        refused = generation.refuse_text(given)
        refused = unknown or refused if generation.connection_before_body else refused or unknown
        if refused is not None:
            return refused
        sent = NewMessage(
            body=_text(given), iss="me", at=self.clock.nanoseconds(), cid=self.new_cid(own=True)
        )
        message = self.store.add(target.app_id, target.connection_id, sent)
        return generation.message(message, self.zone, generation.sent_status)

    def _is_known(self, target: Target) -> bool:
        return self.store.has_connection(target.app_id, target.connection_id)

    def _find(self, target: Target) -> StoredMessage | None:
        found = self.store.get(target.app_id, target.connection_id, target.jti)
        if found is None and self.generation.id_decides:
            found = self.store.get_anywhere(target.jti)
        return found


def _text(given: Fields) -> str:
    return str(given.get("body", ""))


def _not_allowed(methods: list[str]) -> Reply:
    allow = ("Allow", ", ".join(("OPTIONS", *methods)))
    return Reply(405, METHOD_NOT_ALLOWED, headers=(*VARY_ORIGIN, allow))


def _with_origin(request: ReceivedRequest, reply: Reply) -> Reply:
    """Tell a browser that any page may read a reply (the Fetch standard, CORS)."""
    if request.header("origin") is None:
        return reply
    told: tuple[tuple[str, str], ...] = (("Access-Control-Allow-Origin", "*"),)
    if request.method == "OPTIONS":
        told += (("Access-Control-Allow-Methods", "GET,HEAD,PUT,PATCH,POST,DELETE"),)
    return replace(reply, headers=(*reply.headers, *told))


_SESSION_HANDLERS: dict[str, Callable[[Service, ReceivedRequest], Reply]] = {
    LOGIN_PATH: Service.log_in,
    REFRESH_PATH: Service.refresh,
}
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
        """Return the answer; the first time that it is asked for, the request takes effect."""
        if self._response is None:
            try:
                reply = self.service.answer(self.request, self.target)
                self._response = _with_origin(self.request, reply)
            except sqlite3.Error:  # a full disk, a file locked by another program
                self._response = internal_error()
        return self._response

    def deliver(self, response: Reply) -> bool:
        """Send an answer as it should be; tell whether the connection goes on."""
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
        return self.goes_on

    def send(self, length: int, body: bytes) -> bool:
        """Send the service's answer with another body, under that Content-Length."""
        response = self.process()
        self._note(response.status)
        framing = (("Content-Length", str(length)),)
        self.connection.send(render_head(response, framing, close=self._closing) + body)
        return self.goes_on

    @property
    def goes_on(self) -> bool:
        """Whether the connection may be used again after this reply."""
        return not self._closing
