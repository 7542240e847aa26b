"""A call: one object from its arguments to its result, and the exchanges that it is made of.

An operation begins a `Call`; the call travels through the seams that generated programs override
(`param_serialize`, `call_api`, `RESTClientObject.request`) as the `method` of the request, which
everybody hands on untouched; the loop in `retrying` makes an `Exchange` for each attempt; and the
exchange travels through urllib3 as the `timeout` of `urlopen`. Nobody else keeps a call's state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from urllib3 import BaseHTTPResponse, HTTPConnectionPool, Timeout
from urllib3.exceptions import TimeoutError as LimitReached

from openapi_client._limits import Limits
from openapi_client._redaction import redacted_target, secrets_of
from openapi_client.exceptions import Outcome
from openapi_client.retries import Attempt

if TYPE_CHECKING:
    from openapi_client._http.body import Body
    from openapi_client._http.head import Head
    from openapi_client.retries import Retries


class Destination(Protocol):
    """Where a call goes, as far as it has to know: see `Origin`."""

    base: str
    absolute: str

    @property
    def pool(self) -> HTTPConnectionPool:
        """The connections to it."""
        ...


class Watcher(Protocol):
    """Tells hooks of a call: see `Watch`."""

    headers: Mapping[str, str]
    ended: bool

    def attempt_started(self, call: Call, shown: str) -> None:
        """Tell that an attempt begins."""
        ...

    def attempt_ended(self, exchange: Exchange, error: str | None, wait: float | None) -> None:
        """Tell that an attempt has ended."""
        ...

    def failed(self, error: BaseException) -> None:
        """Tell that the call has ended with an error."""
        ...

    def returned(self, result: object) -> None:
        """Tell that the call has ended."""
        ...


class Method(str):
    """The method of a request as the seams know it: a `str` that leads to its call.

    A request that no operation has made has no call yet, but what is known for it.
    """

    __slots__ = ("call", "configuration", "ids", "template")
    call: Call
    configuration: Any
    ids: Mapping[str, Any]
    template: str

    @classmethod
    def of(cls, method: str, configuration: Any, template: str, ids: Mapping[str, Any]) -> Method:
        """Return the method of a request that no operation has made.

        Args:
            method: the HTTP method, in any case.
            configuration: the `Configuration` of the client that makes the request.
            template: the path, with `{name}` for each id.
            ids: what stands there.
        """
        self = cls(method)
        self.configuration, self.template, self.ids = configuration, template, ids
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return str, (str(self),)


class Call:
    """What is true of a call over all of its attempts.

    Args:
        method: the HTTP method, upper case.
        configuration: the `Configuration` of the client that makes the call.
        limits: seconds for the call and its parts.
        clock: a monotonic clock, seconds.
        retries: overrides `Configuration.retries` for this call.
        preload: whether the body of the response is read before the call returns.
    """

    __slots__ = (
        "answered",
        "attempts",
        "body",
        "clock",
        "configuration",
        "expires",
        "headers",
        "hint",
        "limits",
        "max_bytes",
        "may_have_arrived",
        "method",
        "operation",
        "origin",
        "preload",
        "redirects",
        "refused_headers",
        "renewed",
        "repeats",
        "request_timeout",
        "retries",
        "retry_after",
        "started",
        "target",
        "template",
        "token_epoch",
        "url",
        "watch",
    )

    target: str
    """The request target of the next request (RFC 9112, section 3.2)."""
    origin: Destination
    """Where the call goes."""

    def __init__(
        self,
        method: str,
        configuration: Any,
        limits: Limits,
        clock: Callable[[], float],
        *,
        request_timeout: object = None,
        retries: Retries = None,
        preload: bool = True,
    ) -> None:
        self.method: str = method
        self.configuration: Any = configuration
        self.request_timeout: object = request_timeout
        self.clock: Callable[[], float] = clock
        self.retries: Retries = retries
        self.preload: bool = preload
        self.started: float = clock()
        self.limit(limits)
        self.url: str = ""
        """The absolute URL of the first request, once it is known."""
        self.headers: dict[str, str] = {}
        self.body: bytes | None = None
        self.max_bytes: int = 0
        self.refused_headers: list[dict[str, str]] = []
        self.may_have_arrived: bool = False
        self.answered: bool = False
        self.attempts: tuple[Attempt, ...] = ()
        self.token_epoch: int | None = None
        self.repeats: int = 0
        self.redirects: int = 0
        self.renewed: bool = False
        self.retry_after: float | None = None
        self.hint: str | None = None
        self.operation: str = "call_api"
        self.template: str = ""
        self.watch: Watcher | None = None

    def again(self) -> Call:
        """Begin a call with the same options: a program repeats what it was handed."""
        call = Call(
            self.method,
            self.configuration,
            self.limits,
            self.clock,
            request_timeout=self.request_timeout,
            retries=self.retries,
            preload=self.preload,
        )
        call.operation, call.template = self.operation, self.template
        call.watch = None if self.watch is None or self.watch.ended else self.watch
        return call

    def handle(self) -> Method:
        """Return the method of the call for the seams."""
        method = Method(self.method)
        method.call = self
        return method

    def limit(self, limits: Limits) -> None:
        """Set the limits; the deadline counts from the beginning of the call."""
        self.limits: Limits = limits
        self.expires: float | None = (
            None if limits.deadline is None else self.started + limits.deadline
        )

    def remaining(self, limit: float | None) -> float | None:
        """Return the seconds left for a wait of at most `limit` seconds; `None` is no limit.

        Raises:
            urllib3.exceptions.TimeoutError: the deadline of the call is over.
        """
        if self.expires is None:
            return limit
        left = self.expires - self.clock()
        if left <= 0:
            raise LimitReached("The deadline of the call is over")
        return left if limit is None or left < limit else limit

    def seconds_left(self) -> float | None:
        """Return the seconds until the deadline, 0.0 after it; `None` without one."""
        return None if self.expires is None else max(0.0, self.expires - self.clock())

    def leaves_time_for(self, wait: float) -> bool:
        """Return whether another attempt can begin after `wait` seconds."""
        return self.expires is None or self.clock() + wait < self.expires

    def outcome(self) -> Outcome:
        """Return what is known of the request over all attempts.

        Once an attempt may have arrived, the call was never `not_sent`, whatever came after it.
        """
        if not self.may_have_arrived:
            return "not_sent"
        return "answered" if self.answered else "unknown"

    def secrets(self) -> frozenset[str]:
        """Return every credential that any attempt of the call has used."""
        secrets: set[str] = set()
        for headers in (*self.refused_headers, self.headers):
            secrets |= secrets_of(headers, self.url)
        return frozenset(secrets)

    @property
    def request_line(self) -> str:
        """The method and URL, without secrets."""
        return f"{self.method} {redacted_target(self.url)}"

    def __repr__(self) -> str:
        return f"<Call {self.request_line}>"


class Exchange(Timeout):
    """One attempt of a call: a request and its response on one connection.

    It knows its call, and the call does not know it: a circle would leave every call, with the body
    that it sent, to the garbage collector.

    It is the `timeout` that `urlopen` gets, because that is the one argument which urllib3 and all
    who wrap it hand down to the connection as it is: a pool asks it for its `connect_timeout` and
    `read_timeout`, and lays the answer on the connection as `connection.timeout`. Both are the
    exchange itself, so that the connection finds the limits to keep and the place to note how far
    the request has come.
    """

    # What `Timeout.__init__` would set; it is not called, because it checks numbers.
    total = _connect = _read = None

    def __init__(self, call: Call, headers: dict[str, str]) -> None:
        self.call = call
        self.headers = headers
        self.target: str = call.target
        self.started: float = call.clock()
        self.sent: bool = False
        """Whether a byte of the request may have reached the server."""
        self.head: Head | None = None
        """The head of the response, once it is there."""
        self.partial = b""
        """What came of a body that was cut off."""
        self.response: BaseHTTPResponse | Any = None
        self.body: Body | None = None
        """What the body of the response is read from, unless it came at once."""
        self.connection: str | None = None
        """`"new"` or `"kept"`; `None` while there is none."""
        self.error: Exception | None = None

    def clone(self) -> Timeout:
        """Return itself: it counts for one request only."""
        return self

    def start_connect(self) -> float:
        """Start no clock: the call has one."""
        return 0.0

    @property
    def connect_timeout(self) -> Any:
        """Itself, for the connection."""
        return self

    @property
    def read_timeout(self) -> Any:
        """Itself, for the connection."""
        return self

    @property
    def status(self) -> int | None:
        """The status of the response; `None` without a complete head."""
        return None if self.head is None else self.head.status

    def __repr__(self) -> str:
        return f"<Exchange of {self.call!r}>"

    def __str__(self) -> str:
        return repr(self)


def call_of(method: str) -> Call | None:
    """Return the call that a method belongs to, if an operation made it."""
    return getattr(method, "call", None)
