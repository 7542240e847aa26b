"""A fault: which requests it strikes, how long it lasts, and its effect on them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar, Protocol, TypedDict, get_args

from openapi_client.testing._generations import (
    NOT_FOUND,
    PASSWORD_CHANGE_DUE,
    TOKEN_INVALID,
    Generation,
    internal_error,
)
from openapi_client.testing._go import Operation, to_json
from openapi_client.testing._service import PendingRequest, Service
from openapi_client.testing._wire import Reply

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self


class Effect(Protocol):
    """Something done to a pending request.

    An effect with `takes_over` writes the answer, or its ruin; `apply` then tells whether the
    connection goes on. The others come before it, and all of them are applied.
    """

    takes_over: ClassVar[bool]

    def apply(self, pending: PendingRequest) -> bool:
        """Does it."""
        ...

    def undo(self, service: Service) -> None:
        """Takes back what lasts longer than the request; called when the fault is removed."""
        ...


class _Passing:
    """An effect that leaves nothing behind."""

    takes_over: ClassVar[bool] = True

    def undo(self, service: Service) -> None:
        """Nothing to take back."""


@dataclass(frozen=True)
class Replacement(_Passing):
    """Another answer; the request takes effect first if `stored`."""

    status: int
    body: object
    headers: Mapping[str, str]
    stored: bool

    def apply(self, pending: PendingRequest) -> bool:
        """Sends it."""
        if self.stored:
            pending.process()
        response = _ready_answer(self.status, pending.service.generation)
        if self.body is not None or response is None:
            response = _answer(self.status, self.body)
        headers = dict(self.headers)
        given_type = [headers.pop(name) for name in list(headers) if name.lower() == "content-type"]
        content_type = given_type[-1] if given_type else response.content_type
        more = (*response.headers, *headers.items())
        return pending.deliver(Reply(response.status, response.body, content_type, more))


def _ready_answer(status: int, generation: Generation) -> Reply | None:
    """The service's own answer of that status, where it has one."""
    if status == 400:
        return generation.invalid_json
    if status == 500:
        return internal_error()
    return {401: TOKEN_INVALID, 404: NOT_FOUND, 423: PASSWORD_CHANGE_DUE}.get(status)


def _answer(status: int, body: object) -> Reply:
    if body is None:
        body = _proxy_page(status) if status not in (204, 205, 304) else b""
    if isinstance(body, str):
        kind = "text/html" if body.lstrip()[:1] == "<" else "text/plain"
        return Reply(status, body.encode(), f"{kind}; charset=utf-8", ())
    if isinstance(body, bytes):
        return Reply(status, body, None if not body else "application/octet-stream", ())
    return Reply(status, to_json(body), headers=())


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

    def apply(self, pending: PendingRequest) -> bool:
        """Waits."""
        if self.stored:
            pending.process()
        pending.connection.wait(self.seconds)
        return True


@dataclass(frozen=True)
class Silence(_Passing):
    """No answer, until the client gives up."""

    stored: bool

    def apply(self, pending: PendingRequest) -> bool:
        """Reads on, and says nothing."""
        if self.stored:
            pending.process()
        while pending.connection.receive(1 << 16):
            pass
        return False


@dataclass(frozen=True)
class Reset(_Passing):
    """A TCP reset in place of an answer."""

    stored: bool

    def apply(self, pending: PendingRequest) -> bool:
        """Resets."""
        if self.stored:
            pending.process()
        pending.connection.reset()
        return False


@dataclass(frozen=True)
class Truncation(_Passing):
    """The connection ends in the middle of the body, of which a fraction arrives."""

    keep: float

    def apply(self, pending: PendingRequest) -> bool:
        """Sends what arrives."""
        response = pending.process()
        size = min(int(len(response.body) * self.keep), len(response.body) - 1)
        head = pending.head(response, len(response.body))
        pending.connection.send(head + response.body[: max(size, 0)])
        return False


@dataclass(frozen=True)
class Garbling(_Passing):
    """A body of the right length in which every eighth byte, from the first, is noise."""

    def apply(self, pending: PendingRequest) -> bool:
        """Sends it."""
        response = pending.process()
        body = bytearray(response.body)
        for position in range(0, len(body), 8):
            # No byte of ASCII and none that can begin a character in UTF-8.
            body[position] = 0x80 | body[position] >> 2
        pending.connection.send(pending.head(response, len(body)) + body)
        return pending.goes_on


@dataclass(frozen=True)
class Dripping(_Passing):
    """A body that comes a few bytes at a time."""

    interval: float
    size: int

    def apply(self, pending: PendingRequest) -> bool:
        """Sends the head at once, then the body piece by piece, each after the interval."""
        response = pending.process()
        pending.connection.send(pending.head(response, len(response.body)))
        for start in range(0, len(response.body), self.size):
            pending.connection.wait(self.interval)
            pending.connection.send(response.body[start : start + self.size])
        return pending.goes_on


@dataclass(frozen=True)
class WrongLength(_Passing):
    """A Content-Length that is wrong by so many bytes; the connection stays open."""

    by: int

    def apply(self, pending: PendingRequest) -> bool:
        """Sends the whole body under the wrong length."""
        response = pending.process()
        length = max(0, len(response.body) + self.by)
        pending.connection.send(pending.head(response, length) + response.body)
        return pending.goes_on


class TokenExpiry:
    """The token that is in force expires, and stays so until the fault is removed."""

    takes_over: ClassVar[bool] = False

    def begin(self, service: Service) -> None:
        """Lets it expire."""
        service.expired_token = service.token

    def apply(self, pending: PendingRequest) -> bool:
        """Lets it expire, for this request already."""
        self.begin(pending.service)
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

    def apply(self, pending: PendingRequest) -> bool:
        """Changes it, for this request already."""
        self.begin(pending.service)
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


_OPERATIONS: tuple[Operation, ...] = get_args(Operation)


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
        self.strikes: int = 0
        """How often it struck."""
        self._when = when
        self._draws = draws
        self._end = end
        self._seen = 0
        self.effect = effect

    def chooses(self, operation: Operation | None) -> bool:
        """Whether it strikes a request; counts the request. Called under the faults' lock."""
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

    def apply(self, pending: PendingRequest) -> bool:
        """Does to an pending what it is there for; tells whether the connection goes on."""
        return True if self.effect is None else self.effect.apply(pending)

    def remove(self) -> None:
        """Ends the fault, and takes back what it changed. Does nothing when it has ended."""
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
    """A number from 0 to below 1 that depends on the key alone, whatever thread asks first."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=6).digest(), "big") / (1 << 48)


def _check(when: When) -> None:
    """Refuses a choice of requests that could never be meant.

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
