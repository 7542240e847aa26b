"""What the hooks of a client are told of one call, and when; imported where there are hooks."""

from __future__ import annotations

import inspect
import logging
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from openapi_client._caller import CALLER
from openapi_client._encoding.header_fields import checked_field
from openapi_client._encoding.request_parts import merged_headers
from openapi_client._hosts import origin_key
from openapi_client._http.errors import FAILURES, error_of
from openapi_client._redaction import HIDDEN, shown_target
from openapi_client.exceptions import ApiValueError, Outcome, exception_class
from openapi_client.hooks import AttemptEnded, AttemptStarted, CallEnded, CallStarted

if TYPE_CHECKING:
    from openapi_client._http.body import Body
    from openapi_client._http.call import Call, Exchange

_METHODS = ("call_started", "attempt_started", "attempt_ended", "call_ended")
# How alike two names are for one to be taken for the other, misspelt.
_ALIKE = 0.8
# Credentials come from the configuration, which renews and hides them; the host from the URL.
_NOT_FOR_HOOKS = frozenset({"authorization", "cookie", "host", "proxy-authorization"})

_logger = logging.getLogger("openapi_client.hooks")
# Hooks whose errors have been logged. The last ones are enough, for no program has as many.
_complained: deque[object] = deque(maxlen=64)

Listener = tuple[object, Callable[[Any], Any]]
Listeners = Mapping[str, Sequence[Listener]]
T = TypeVar("T")


class Hooks(tuple[Any, ...]):
    """The hooks of a configuration, checked, and their methods by event.

    Raises:
        ApiValueError: something is no hook; the message says which, and what a hook is.
    """

    listeners: Listeners

    def __new__(cls, name: str, hooks: Sequence[object]) -> Hooks:
        """Check the hooks."""
        self = super().__new__(cls, hooks)
        found = [(hook, _methods(f"{name}[{at}]", hook)) for at, hook in enumerate(self)]
        self.listeners = {
            method: [(hook, getattr(hook, method)) for hook, has in found if method in has]
            for method in _METHODS
        }
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), ("hooks", tuple(self))

    def begin(self, call: Call, url: str, ids: Mapping[str, Any]) -> Watch:
        """Tell that a call begins.

        Args:
            call: the call.
            url: a URL of the server that it goes to.
            ids: the parameters of its path.
        """
        watch = call.watch = Watch(call, self.listeners, url, ids)
        watch.begin()
        return watch

    def watched(self, call: Call, url: str, ids: Mapping[str, Any], request: Callable[[], T]) -> T:
        """Make the request of a call from its beginning to its end; return what it returns."""
        try:
            self.begin(call, url, ids)
            response = request()
        except BaseException as error:
            if call.watch is not None:
                call.watch.failed(error)
            raise
        if call.watch is not None:
            call.watch.returned(response)
        return response


def _methods(name: str, hook: object) -> list[str]:
    """Return the methods that a hook has."""
    known = ", ".join(_METHODS)
    if isinstance(hook, type):
        raise ApiValueError(f"{name} must be an object, not a class: write {hook.__name__}()")
    kind = type(hook).__name__
    has = [method for method in _METHODS if callable(getattr(hook, method, None))]
    own = [n for n in dir(hook) if n[0] != "_" and inspect.isroutine(getattr(hook, n, None))]
    if not has:
        instead = f"; it has {', '.join(own[:10])}" if own and not isinstance(hook, str) else ""
        raise ApiValueError(f"{name}, a {kind}, has none of a hook's methods: {known}{instead}")
    for other in own:
        if other not in _METHODS and get_close_matches(other, _METHODS, 1, _ALIKE):
            raise ApiValueError(f"{name}, a {kind}, has {other}; a hook's methods are {known}")
    for method in has:
        if inspect.iscoroutinefunction(getattr(hook, method)):
            raise ApiValueError(f"{name}, a {kind}, has an async {method}; calls are synchronous")
    return has


class Watch:
    """Tells the hooks of one call."""

    __slots__ = (
        "_began",
        "_clock",
        "_hides",
        "_listeners",
        "_started",
        "attempts",
        "bytes_received",
        "bytes_sent",
        "ended",
        "headers",
        "outcome",
        "status",
        "unread",
    )

    def __init__(self, call: Call, listeners: Listeners, url: str, ids: Mapping[str, Any]) -> None:
        self._listeners = listeners
        self._clock = call.clock
        self._began = call.started
        self._hides = hide = call.configuration.hide_ids
        self.headers: dict[str, str] = {}
        """What the hooks add to the request."""
        self.attempts = self.bytes_sent = self.bytes_received = 0
        self.outcome: Outcome = "not_sent"
        self.status: int | None = None
        self.ended = False
        self.unread = False
        """Whether the end of the response's body will be the end of the call."""
        ids = dict.fromkeys(ids, HIDDEN) if hide else {n: str(value) for n, value in ids.items()}
        scheme, host, port = _origin(url)
        self._started = CallStarted(
            call.operation,
            CALLER.get(),
            call.method,
            call.template,
            ids,
            scheme,
            host,
            port,
            {},
        )

    def begin(self) -> None:
        """Tell that the call begins, and take the headers that are to be sent with it."""
        for hook, listener in self._listeners["call_started"]:
            try:
                headers = listener(self._started)
                if headers is not None:
                    self.headers = merged_headers(self.headers, _checked_headers(headers))
            except Exception:  # noqa: BLE001, PERF203 - a hook changes nothing
                _complain(hook, "call_started")

    def attempt_started(self, call: Call, shown: str) -> None:
        """Tell that an attempt begins.

        Args:
            call: the call.
            shown: the request target without secrets.
        """
        self.attempts += 1
        if self._listeners["attempt_started"]:
            target = (self._started.template or HIDDEN) if self._hides else shown
            url = target if call.origin.absolute else shown_target(call.origin.base) + target
            self._tell("attempt_started", AttemptStarted(self._started, self.attempts, url))

    def attempt_ended(self, exchange: Exchange, error: str | None, wait: float | None) -> None:
        """Tell that the last attempt of the exchange's call has ended, and note what came of it."""
        call, body = exchange.call, exchange.body
        self.status, cause, duration, _ = call.attempts[-1]
        self.outcome = call.outcome()
        self.bytes_sent = len(call.body or b"")
        if body is not None:
            self.bytes_received = body.received
            if wait is None and error is None and not (call.preload or body.closed):
                self.unread = True
                body.at_end = partial(self._read, exchange, body)
        elif exchange.response is not None:
            self.bytes_received = len(exchange.response.data)
        else:
            self.bytes_received = len(exchange.partial)
        if self._listeners["attempt_ended"]:
            ended = AttemptEnded(
                self._started,
                self.attempts,
                self.status,
                error,
                cause,
                self.outcome,
                duration,
                wait,
                exchange.connection,
            )
            self._tell("attempt_ended", ended)

    def failed(self, error: BaseException) -> None:
        """Tell that the call has ended with an error."""
        self.outcome = getattr(error, "outcome", self.outcome)
        self._end(_class(error), _class(error))

    def returned(self, result: object) -> None:
        """Tell that the call has ended with a result; not yet, if that is still to be read."""
        if not self.unread:
            if not self.attempts:  # somebody else has answered: a program's own transport
                self.outcome = "answered"
            self._end(_class(result), self._error())

    def _read(self, exchange: Exchange, body: Body) -> None:
        """Tell that an unread response has been read to its end, closed, or cut off."""
        self.bytes_received = body.received
        error = sys.exc_info()[1]  # urllib3 closes what it cannot read on
        failure = error_of(error, exchange) if isinstance(error, FAILURES) else None
        self._end("HTTPResponse", self._error() if failure is None else _class(failure))

    def _error(self) -> str | None:
        status = self.status
        failed = status is not None and not 200 <= status <= 299
        return exception_class(status).__name__ if failed and status is not None else None

    def _end(self, result: str, error: str | None) -> None:
        if self.ended:
            return
        self.ended = True
        if self._listeners["call_ended"]:
            ended = CallEnded(
                self._started,
                result,
                error,
                self.status,
                self.outcome,
                self.attempts,
                self._clock() - self._began,
                self.bytes_sent,
                self.bytes_received,
            )
            self._tell("call_ended", ended)

    def _tell(self, method: str, event: object) -> None:
        for hook, listener in self._listeners[method]:
            try:
                listener(event)
            except Exception:  # noqa: BLE001, PERF203 - a hook changes nothing
                _complain(hook, method)


def _class(value: object) -> str:
    return type(value).__name__


@lru_cache(maxsize=64)
def _origin(url: str) -> tuple[str, str, int]:
    try:
        return origin_key(url)
    except ValueError:
        return "", "", 0  # the call will say what is wrong with it


def _checked_headers(headers: object) -> dict[str, str]:
    """Return the headers that a hook adds.

    Raises:
        ApiValueError: they are not headers, or not ones that a hook may add.
    """
    if not isinstance(headers, Mapping):
        raise ApiValueError(
            f"call_started must return a mapping of headers or None, not {type(headers).__name__}"
        )
    fields = cast("Mapping[object, object]", headers)
    checked = {str(name): checked_field(name, value) for name, value in fields.items()}
    for name in checked:
        if name.lower() in _NOT_FOR_HOOKS:
            raise ApiValueError(f"the header {name} is not for a hook to add")
    return checked


def _complain(hook: object, method: str) -> None:
    """Log the error that is being handled, if it is the first one of this hook."""
    if not any(known is hook for known in tuple(_complained)):
        _complained.append(hook)
        _logger.exception(
            "%s.%s failed; the call goes on, and further errors of this hook are not logged",
            type(hook).__name__,
            method,
        )
