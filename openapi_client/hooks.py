"""What a program is told of its calls while they are made: `Configuration(hooks=[...])`.

A hook is an object with any of four methods, each of which gets one event:

    class Counting:
        def call_started(self, event: CallStarted) -> Mapping[str, str] | None: ...
        def attempt_started(self, event: AttemptStarted) -> None: ...
        def attempt_ended(self, event: AttemptEnded) -> None: ...
        def call_ended(self, event: CallEnded) -> None: ...

What `call_started` returns is sent as headers with each attempt. They go after the headers that the
request has anyway, and cannot be credentials.

The methods are called in the thread of the call, in the order of the hooks. An `Exception` that one
raises is logged, once for each hook, and changes nothing else. No event holds a credential.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol, TypeAlias

from openapi_client.exceptions import Outcome


class CallStarted(NamedTuple):
    """A call begins; its arguments have been checked, and nothing has been sent."""

    operation: str
    """`"list"`, `"get"`, `"edit"` or `"send"`; `"call_api"` for a call of another kind."""
    caller: str | None
    """The method of a `Conversation` that the call is a part of: `"messages"` (and whatever else
    reads pages), `"follow"`, `"cursor"`, `"send_many"` or `"send_once"`; `None` for none."""
    method: str
    """The HTTP method."""
    template: str
    """The path below the host, with `{name}` for each id; empty if only a URL is known."""
    ids: Mapping[str, str]
    """The ids in the path by name; all of them `"***"` with `Configuration(hide_ids=True)`."""
    scheme: str
    """`"https"` or `"http"`."""
    host: str
    """The host of the server, in lower case."""
    port: int
    """Its port."""
    state: dict[Any, Any]
    """For hooks to keep what they need until the call ends: the same in all events of a call."""


class AttemptStarted(NamedTuple):
    """An attempt begins."""

    call: CallStarted
    """The call."""
    number: int
    """Which attempt of the call it is, from 1."""
    url: str
    """The URL, with hidden query values; with `hide_ids`, the template in place of the path."""


class AttemptEnded(NamedTuple):
    """An attempt has ended, before the wait for the next one."""

    call: CallStarted
    """The call."""
    number: int
    """Which attempt of the call it is, from 1."""
    status: int | None
    """The status of the response; `None` if no complete head of a response came."""
    error: str | None
    """The class of the exception that tells why there is no usable response; else `None`."""
    cause: str | None
    """The same in words, without secrets."""
    outcome: Outcome
    """What is known of the call's request after this attempt: `ApiException.outcome`."""
    duration: float
    """Seconds from the start of the attempt to its end."""
    wait: float | None
    """Seconds until the next attempt; `None` if this is the last one."""
    connection: str | None
    """`"new"` or `"kept"`; `None` if there was none."""


class CallEnded(NamedTuple):
    """A call has ended: it has returned or raised.

    A call `..._without_preload_content` ends when its response has been read to the end, or closed.
    """

    call: CallStarted
    """The call."""
    result: str
    """The class of what it returned or raised, such as `"MessageMessage"`."""
    error: str | None
    """The class of what it raised, or of what the status of the response it returned stands for;
    `None` if it succeeded."""
    status: int | None
    """The status of the last response; `None` if there was none."""
    outcome: Outcome
    """What is known of its request: `ApiException.outcome`."""
    attempts: int
    """How many attempts were made; 0 if the call failed before."""
    duration: float
    """Seconds from the beginning of the call to its end."""
    bytes_sent: int
    """Bytes of the request's body, sent once for each attempt."""
    bytes_received: int
    """Bytes of the last response's body that were received, before any decompression."""


class CallStartedHook(Protocol):
    """A hook that is told when a call begins."""

    def call_started(self, event: CallStarted, /) -> Mapping[str, str] | None:
        """Return headers to be sent with the call, or `None`."""
        ...


class AttemptStartedHook(Protocol):
    """A hook that is told when an attempt begins."""

    def attempt_started(self, event: AttemptStarted, /) -> None:
        """Note it."""
        ...


class AttemptEndedHook(Protocol):
    """A hook that is told when an attempt has ended."""

    def attempt_ended(self, event: AttemptEnded, /) -> None:
        """Note it."""
        ...


class CallEndedHook(Protocol):
    """A hook that is told when a call has ended."""

    def call_ended(self, event: CallEnded, /) -> None:
        """Note it."""
        ...


Hook: TypeAlias = CallStartedHook | AttemptStartedHook | AttemptEndedHook | CallEndedHook
"""An object with any of the four methods."""
