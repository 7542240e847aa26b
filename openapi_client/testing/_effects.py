"""A fault: which requests it strikes, how long it lasts, and its effect on them."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, TypedDict, get_args

from openapi_client.testing._generations import (
    NOT_FOUND,
    PASSWORD_CHANGE_DUE,
    TOKEN_INVALID,
    Generation,
    internal_error,
)
from openapi_client.testing._go import Operation, to_json
from openapi_client.testing._service import PendingRequest
from openapi_client.testing._wire import Reply

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self


@dataclass(frozen=True)
class Effect:
    """Something done to a pending request.

    Attributes:
        apply: does it; tells whether the connection goes on.
        stored: whether the request takes effect before.
        takes_over: whether it writes the answer, or what comes in its place. The others come
            before it, and all of them are applied.
        undo: takes back what lasts longer than the request; called when the fault is removed.
    """

    apply: Callable[[PendingRequest], bool]
    stored: bool = False
    takes_over: bool = True
    undo: Callable[[], None] | None = None

    def strike(self, pending: PendingRequest) -> bool:
        """Do it to a request; tell whether the connection goes on."""
        if self.stored:
            pending.process()
        return self.apply(pending)


def replacement(status: int, body: object, headers: Mapping[str, str], *, stored: bool) -> Effect:
    """Send another answer.

    Raises:
        ValueError: an argument cannot be part of an answer.
    """
    if not 200 <= status <= 599:
        raise ValueError(f"status must be from 200 to 599, not {status}")
    for name, value in headers.items():
        if any(character in f"{name}{value}" for character in "\r\n\0"):
            raise ValueError(f"the header {name!r} must have no line break")
    made = _reply(status, body)
    kinds = [value for name, value in headers.items() if name.lower() == "content-type"]
    others = [item for item in headers.items() if item[0].lower() != "content-type"]

    def apply(pending: PendingRequest) -> bool:
        reply = (body is None and _own_reply(status, pending.service.generation)) or made
        kind = kinds[-1] if kinds else reply.content_type
        return pending.deliver(Reply(status, reply.body, kind, (*reply.headers, *others)))

    return Effect(apply, stored)


def _own_reply(status: int, generation: Generation) -> Reply | None:
    """Return the service's own answer of that status, where it has one."""
    if status == 400:
        return generation.invalid_json
    if status == 500:
        return internal_error()
    return {401: TOKEN_INVALID, 404: NOT_FOUND, 423: PASSWORD_CHANGE_DUE}.get(status)


def _reply(status: int, body: object) -> Reply:
    if body is None:
        body = b"" if status in (204, 205, 304) else _proxy_page(status)
    if isinstance(body, str):
        kind = "text/html" if body.lstrip()[:1] == "<" else "text/plain"
        return Reply(status, body.encode(), f"{kind}; charset=utf-8", ())
    if isinstance(body, bytes):
        return Reply(status, body, None if not body else "application/octet-stream", ())
    try:
        json.dumps(body)
    except TypeError as error:
        raise ValueError(f"body must be text, bytes or JSON: {error}") from None
    return Reply(status, to_json(body), headers=())


_PHRASES = {known.value: known.phrase for known in HTTPStatus}


def _proxy_page(status: int) -> str:
    title = f"{status} {_PHRASES.get(status, 'Status')}"
    return (
        f"<html>\n<head><title>{title}</title></head>\n"
        f"<body><center><h1>{title}</h1></center></body>\n</html>\n"
    )


def delay(seconds: float, *, stored: bool) -> Effect:
    """Wait, before the request takes effect or, if `stored`, after."""
    positive("seconds", seconds)

    def apply(pending: PendingRequest) -> bool:
        pending.connection.wait(seconds)
        return True

    return Effect(apply, stored, takes_over=False)


def silence(*, stored: bool) -> Effect:
    """Read on and say nothing, until the client gives up."""

    def apply(pending: PendingRequest) -> bool:
        while pending.connection.receive(1 << 16):
            pass
        return False

    return Effect(apply, stored)


def reset(*, stored: bool) -> Effect:
    """Send a TCP reset."""

    def apply(pending: PendingRequest) -> bool:
        pending.connection.reset()
        return False

    return Effect(apply, stored)


def truncation(keep: float) -> Effect:
    """Send a fraction of the body, then end the connection."""
    if not 0 <= keep < 1:
        raise ValueError(f"keep must be from 0 to below 1, not {keep}")

    def apply(pending: PendingRequest) -> bool:
        body = pending.process().body
        size = max(0, min(int(len(body) * keep), len(body) - 1))
        pending.send(len(body), body[:size])
        return False

    return Effect(apply)


def garbling() -> Effect:
    """Send a body in which every eighth byte, from the first, is noise."""

    def apply(pending: PendingRequest) -> bool:
        body = bytearray(pending.process().body)
        for position in range(0, len(body), 8):
            # No byte of ASCII and none that can begin a character in UTF-8.
            body[position] = 0x80 | body[position] >> 2
        return pending.send(len(body), bytes(body))

    return Effect(apply)


def dripping(interval: float, size: int) -> Effect:
    """Send the head at once, then the body piece by piece, each after the interval."""
    positive("interval", interval)
    if size < 1:
        raise ValueError(f"size must be at least 1, not {size}")

    def apply(pending: PendingRequest) -> bool:
        body = pending.process().body
        pending.send(len(body), b"")
        for start in range(0, len(body), size):
            pending.connection.wait(interval)
            pending.connection.send(body[start : start + size])
        return pending.goes_on

    return Effect(apply)


def wrong_length(by: int) -> Effect:
    """Send the whole body under a Content-Length that is wrong by so many bytes."""
    if by == 0:
        raise ValueError("by must not be 0: that is the right length")

    def apply(pending: PendingRequest) -> bool:
        body = pending.process().body
        return pending.send(max(0, len(body) + by), body)

    return Effect(apply)


def positive(name: str, seconds: float) -> float:
    """Check a number of seconds.

    Raises:
        ValueError: nothing can take so long.
    """
    if not 0 <= seconds < threading.TIMEOUT_MAX:
        raise ValueError(f"{name} must be a number of seconds from 0 up, not {seconds}")
    return seconds


class When(TypedDict, total=False):
    """Which requests a fault strikes, counted from when it was commanded; all, if left out.

    operation: only `"list"`, `"get"`, `"edit"` or `"send"`; others are not counted either.
    nth: only the n-th of them, from 1.
    share: each of them with this probability, above 0 and up to 1; drawn from the seed.
    times: at most so many strikes.
    """

    operation: Operation
    nth: int
    share: float
    times: int


class Fault:
    """A fault that was commanded. It lasts until `remove`, or to the end of a `with` block.

    Args:
        name: the word of the vocabulary.
        effect: what it does to a request; None where it keeps requests from arriving.
        when: which requests it strikes.
        draws: what its draws depend on, with the number of the request.
        end: called to end it.

    Raises:
        ValueError: `when` holds what may not be.
    """

    def __init__(
        self,
        name: str,
        effect: Effect | None,
        when: When,
        draws: str,
        end: Callable[[Fault], None],
    ) -> None:
        _check(when)
        self.name = name
        self.effect = effect
        self.strikes: int = 0
        """How often it struck."""
        self._when = when
        self._draws = draws
        self._end = end
        self._seen = 0

    def chooses(self, operation: Operation | None) -> bool:
        """Count a request; return whether it is struck. Called under the faults' lock."""
        when = self._when
        if "operation" in when and when["operation"] != operation:
            return False
        if self.strikes >= when.get("times", self.strikes + 1):
            return False
        self._seen += 1
        if "nth" in when and self._seen != when["nth"]:
            return False
        if "share" in when and _draw(f"{self._draws}/{self._seen}") >= when["share"]:
            return False
        self.strikes += 1
        return True

    @property
    def takes_over(self) -> bool:
        """Whether it decides the answer."""
        return self.effect is not None and self.effect.takes_over

    def remove(self) -> None:
        """End the fault, and take back what it changed. Does nothing when it has ended."""
        self._end(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.remove()

    def __repr__(self) -> str:
        when = "".join(f" {name}={value}" for name, value in self._when.items())
        return f"<Fault {self.name}{when}, {self.strikes} strikes>"


def _draw(key: str) -> float:
    """Return a number from 0 to below 1 that depends on the key alone."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=6).digest(), "big") / (1 << 48)


_OPERATIONS: tuple[Operation, ...] = get_args(Operation)


def _check(when: When) -> None:
    """Refuse a choice of requests that could never be meant.

    Raises:
        TypeError: a name is none of `When`.
        ValueError: a value is wrong; the message says what is allowed.
    """
    unknown = when.keys() - When.__annotations__.keys()
    if unknown:
        raise TypeError(
            f"a fault has no argument {', '.join(sorted(unknown))}; which requests it strikes is "
            f"chosen by {', '.join(When.__annotations__)}"
        )
    if "operation" in when and when["operation"] not in _OPERATIONS:
        raise ValueError(f"operation must be one of {_OPERATIONS}, not {when['operation']!r}")
    if when.get("nth", 1) < 1:
        raise ValueError(f"nth must be at least 1, not {when.get('nth')}")
    if when.get("times", 1) < 1:
        raise ValueError(f"times must be at least 1, not {when.get('times')}")
    if not 0 < when.get("share", 1) <= 1:
        raise ValueError(f"share must be above 0 and at most 1, not {when.get('share')}")
