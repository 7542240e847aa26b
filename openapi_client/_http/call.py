"""One request and its answer on the way through urllib3: what the two ends tell each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from urllib3.exceptions import TimeoutError as LimitReached

from openapi_client._http.head import Head
from openapi_client._settings import Limits


class Exchange:
    """A call's request, its limits, and how far it has come.

    `urllib3` takes it for the body of the request and hands it down untouched to the connection,
    which writes the request, keeps the time and marks here what has happened on the wire.

    Args:
        method: the request's method.
        target: the request target (RFC 9112, section 3.2) as it goes out.
        payload: the request's body.
        limits: seconds for the call and its parts.
        preload: whether the connection reads the body of the answer to its end.
        max_bytes: the largest body of an answer.
        clock: a monotonic clock, seconds.
    """

    __slots__ = (
        "clock",
        "expires",
        "head",
        "limits",
        "max_bytes",
        "method",
        "partial",
        "payload",
        "preload",
        "sent",
        "started",
        "target",
    )

    def __init__(
        self,
        method: str,
        target: str,
        payload: bytes | None,
        limits: Limits,
        *,
        preload: bool,
        max_bytes: int,
        clock: Callable[[], float],
    ) -> None:
        self.method = method
        self.target = target
        self.payload = payload
        self.limits = limits
        self.preload = preload
        self.max_bytes = max_bytes
        self.clock = clock
        self.started = clock()
        """When the call began."""
        deadline = limits.deadline
        self.expires = None if deadline is None else self.started + deadline
        """When the call must have ended."""
        self.sent = False
        """Whether a byte of the attempt's request may have reached the server."""
        self.head: Head | None = None
        """The head of the attempt's answer, once it is there."""
        self.partial = b""
        """What came of a body that was cut off."""

    def begin_attempt(self) -> None:
        """Forget what the attempt before this one has marked."""
        self.sent = False
        self.head = None
        self.partial = b""

    def remaining(self, limit: float | None) -> float | None:
        """Seconds left for a wait that may take `limit` seconds at most; `None` is no limit.

        Raises:
            urllib3.exceptions.TimeoutError: the deadline of the call is over.
        """
        if self.expires is None:
            return limit
        left = self.expires - self.clock()
        if left <= 0:
            raise LimitReached("The deadline of the call is over")
        return left if limit is None or left < limit else limit

    # An iterable of bytes with a length is what urllib3, and tools that watch it, take for a body.

    def __iter__(self) -> Iterator[bytes]:
        if self.payload:
            yield self.payload

    def __len__(self) -> int:
        return len(self.payload or b"")
