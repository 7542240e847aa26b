"""What the hooks of a client are told of one call, and when; imported where there are hooks."""

from __future__ import annotations

import inspect
import logging
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from openapi_client._caller import CALLER
from openapi_client._encoding.header_fields import checked_headers
from openapi_client._encoding.request_parts import merged_headers
from openapi_client._hosts import origin_key
from openapi_client._http.errors import FAILURES, error_of
from openapi_client._scrubbing import HIDDEN
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

Listeners = Sequence[tuple[object, Callable[[Any], Any]]]
T = TypeVar("T")
# Makes a `NamedTuple` of its values in a third of the time that its own class takes.
_event = cast("Any", tuple).__new__


class Hooks(tuple[Any, ...]):
    """The hooks of a configuration, checked, and their methods by event.

    Raises:
        ApiValueError: something is no hook; the message says which, and what a hook is.
    """

    call_started: Listeners
    attempt_started: Listeners
    attempt_ended: Listeners
    call_ended: Listeners

    def __new__(cls, name: str, hooks: Sequence[object]) -> Hooks:
        """Check the hooks."""
        self = super().__new__(cls, hooks)
        found = [(hook, _methods(f"{name}[{at}]", hook)) for at, hook in enumerate(self)]
        for method in _METHODS:
            listeners = [(hook, getattr(hook, method)) for hook, has in found if method in has]
            setattr(self, method, listeners)
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), ("hooks", tuple(self))

    def begin(self, call: Call, url: str, ids: Mapping[str, Any]) -> None:
        """Tell that a call begins, and take the headers that are to be sent with it.

        Args:
            call: the call.
            url: a URL of the server that it goes to.
            ids: the parameters of its path.
        """
        watch = call.watch = Watch()
        watch.hooks, watch.clock, watch.began = self, call.clock, call.started
        hides = watch.hides = call.configuration.hide_ids
        scheme, host, port = _origin(url)
        ids = dict.fromkeys(ids, HIDDEN) if hides else {**ids}
        state: dict[Any, Any] = {}
        operation, method, template = call.operation, call.method, call.template
        told = (operation, CALLER.get(), method, template, ids, scheme, host, port, state)
        started = watch.started = _event(CallStarted, told)
        for hook, listener in self.call_started:
            try:
                headers = listener(started)
                if headers is not None:
                    watch.headers = merged_headers(watch.headers, _checked_headers(headers))
            except Exception:  # noqa: BLE001, PERF203 - a hook changes nothing
                _complain(hook, "call_started")

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
        raise ApiValueError(f"{name} ({kind}) has none of a hook's methods: {known}{instead}")
    for other in own:
        if other not in _METHODS and get_close_matches(other, _METHODS, 1, _ALIKE):
            raise ApiValueError(f"{name} ({kind}) has {other}; a hook's methods are {known}")
    for method in has:
        if inspect.iscoroutinefunction(getattr(hook, method)):
            raise ApiValueError(f"{name} ({kind}) has an async {method}; calls are synchronous")
    return has


class Watch:
    """Tells the hooks of one call.

    What is done here is done for each call and attempt, so it is in few functions.
    """

    hooks: Hooks
    clock: Callable[[], float]
    began: float
    """When the call began, by the clock."""
    hides: bool
    """Whether ids are hidden."""
    started: CallStarted
    headers: Mapping[str, str] = MappingProxyType({})
    """What the hooks add to the request."""
    attempts: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    outcome: Outcome = "not_sent"
    status: int | None = None
    ended: bool = False
    unread: bool = False
    """Whether the end of the response's body will be the end of the call."""

    def attempt_started(self, call: Call, shown: str) -> None:
        """Tell that an attempt begins.

        Args:
            call: the call.
            shown: the request target without secrets.
        """
        self.attempts += 1
        listeners = self.hooks.attempt_started
        if listeners:
            target = (self.started.template or f"/{HIDDEN}") if self.hides else shown
            url = target if call.origin.absolute else call.origin.base + target
            event = _event(AttemptStarted, (self.started, self.attempts, url))
            for hook, listener in listeners:
                try:
                    listener(event)
                except Exception:  # noqa: BLE001, PERF203 - a hook changes nothing
                    _complain(hook, "attempt_started")

    def attempt_ended(self, exchange: Exchange, error: str | None, wait: float | None) -> None:
        """Tell that the last attempt of the exchange's call has ended, and note what came of it."""
        call, body, response = exchange.call, exchange.body, exchange.response
        status, cause, duration, _ = call.attempts[-1]
        self.status = status
        outcome = self.outcome = "answered" if response is not None else call.outcome()
        if call.body is not None:
            self.bytes_sent = len(call.body)
        if body is not None:
            self.bytes_received = body.received
            if wait is None and error is None and not (call.preload or body.closed):
                self.unread = True
                body.at_end = partial(self._read, exchange, body)
        else:
            self.bytes_received = len(exchange.partial if response is None else response.data)
        listeners = self.hooks.attempt_ended
        if listeners:
            number, kept = self.attempts, exchange.connection
            told = (self.started, number, status, error, cause, outcome, duration, wait, kept)
            event = _event(AttemptEnded, told)
            for hook, listener in listeners:
                try:
                    listener(event)
                except Exception:  # noqa: BLE001, PERF203 - a hook changes nothing
                    _complain(hook, "attempt_ended")

    def _read(self, exchange: Exchange, body: Body) -> None:
        """Tell that an unread response has been read to its end, closed, or cut off."""
        self.bytes_received = body.received
        self.unread = False
        cause = sys.exc_info()[1]  # urllib3 closes what it cannot read on
        failure = error_of(cause, exchange) if isinstance(cause, FAILURES) else None
        error = None if failure is None else type(failure).__name__
        self.returned(None, "HTTPResponse", error)

    def failed(self, error: BaseException) -> None:
        """Tell that the call has ended with an error."""
        self.outcome = getattr(error, "outcome", self.outcome)
        name = type(error).__name__
        self.unread = False
        self.returned(None, name, name)

    def returned(self, result: object, name: str = "", error: str | None = None) -> None:
        """Tell that the call has ended; not yet, if its response is still to be read.

        Args:
            result: what it has returned.
            name: the class of that or of what it has raised; "" for the class of `result`.
            error: the class of what it has raised.
        """
        if self.unread or self.ended:
            return
        self.ended = True
        listeners = self.hooks.call_ended
        if listeners:
            status, outcome, attempts = self.status, self.outcome, self.attempts
            if error is None and status is not None and not 200 <= status <= 299:
                error = exception_class(status).__name__
            if not (attempts or error):  # a program's own transport has answered
                outcome = "answered"
            name = name or type(result).__name__
            duration, sent, received = (
                self.clock() - self.began,
                self.bytes_sent,
                self.bytes_received,
            )
            told = (name, error, status, outcome, attempts, duration, sent, received)
            event = _event(CallEnded, (self.started, *told))
            for hook, listener in listeners:
                try:
                    listener(event)
                except Exception:  # noqa: BLE001, PERF203 - a hook changes nothing
                    _complain(hook, "call_ended")


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
    checked = checked_headers("what call_started returns", headers) or {}
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
