"""What the server was asked, and assertions about it that show what differs."""

from __future__ import annotations

import difflib
import json
import re
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict, cast, overload
from urllib.parse import unquote

from typing_extensions import Unpack

from openapi_client._scrubbing import HIDDEN
from openapi_client.testing._go import Operation, Target, parse_query
from openapi_client.testing._messages import steady_seconds, to_datetime
from openapi_client.testing._wire import ReceivedRequest

# Tests assert about headers of their own, so all are shown but those that carry credentials.
_CREDENTIAL = re.compile(
    r"auth(?!or(?!iz))|cookie|token|secret|pass(?!ive|age|eng)|pwd|credential|api.?key|\bkey\b"
    r"|jwt|session|signature|\b(?:otp|pin|sid|sig)\b",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"log.?[io]n|sign.?[io]n|refresh", re.IGNORECASE)  # in a path
# A name can be spelled with escapes of JSON, or of percent, so that it is not seen as it stands.
_JSON_ESCAPE = re.compile(r"\\u00([2-7][0-9A-Fa-f])")
_FIELD_BYTES = 200  # what Python's objects for a header field take beside their text
# The scheme is no secret, and whether there was one is what a test may want to know.
_SCHEME = re.compile(r"(?:basic|bearer|digest|negotiate|token) +(?=\S)", re.IGNORECASE)


class RecordedRequest:
    """A request as the server got it. Credentials are masked, the bytes are not changed else."""

    __slots__ = ("_request", "_target", "_time", "fault", "status")

    def __init__(self, request: ReceivedRequest, target: Target | None, nanoseconds: int) -> None:
        self._request = request
        self._target = target
        self._time = nanoseconds
        self.status: int | None = None
        """The status that it was answered with; None where nothing was, or not yet."""
        self.fault: str | None = None
        """What the server did to it on command, None where it behaved."""

    def note_status(self, status: int) -> None:
        """Note what the request is answered with; called before the client can see it."""
        self.status = status

    @property
    def method(self) -> str:
        """`"GET"`, `"POST"`, ..."""
        return self._request.method

    @property
    def path(self) -> str:
        """The path as it was spelled, without the query."""
        return self._request.path

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters, decoded; the first value of each."""
        given = parse_query(self._request.query)
        return {name: HIDDEN if _CREDENTIAL.search(name) else given[name] for name in given}

    @property
    def headers(self) -> dict[str, str]:
        """The header fields under lower-case names; those of one name joined by `, `."""
        joined: dict[str, str] = {}
        for name, value in self._request.fields:
            lower = name.lower()
            shown = _shown_field(lower, value)
            joined[lower] = f"{joined[lower]}, {shown}" if lower in joined else shown
        return joined

    @property
    def body(self) -> bytes:
        """The body's bytes, b"" where there is none; masked where it holds credentials.

        That is a body that names some, or is sent to where one logs in, but those of the four
        operations, which are messages.
        """
        body, path = self._request.body, self.path
        if self._target is not None or not body:
            return body
        names = _names_credential(f"{path} {body.decode('latin-1')}")
        return HIDDEN.encode() if names or _LOGIN.search(unquote(path)) else body

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes: body and head."""
        request = self._request
        fields = sum(len(name) + len(value) + _FIELD_BYTES for name, value in request.fields)
        return len(request.body) + len(request.path) + len(request.query) + fields

    @property
    def json(self) -> Any:
        """The body as JSON, None where it is empty or no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def time(self) -> datetime:
        """When it arrived, by the computer's clock, as an aware datetime in UTC."""
        return to_datetime(self._time)

    @property
    def operation(self) -> Operation | None:
        """`"list"`, `"get"`, `"edit"` or `"send"`; None for any other request."""
        return None if self._target is None else self._target.operation

    @property
    def app_id(self) -> str | None:
        """The app that it names; None for a request that is none of the four operations."""
        return None if self._target is None else self._target.app_id

    @property
    def connection_id(self) -> str | None:
        """The connection that it names; None for a request that is no operation."""
        return None if self._target is None else self._target.connection_id

    @property
    def jti(self) -> str | None:
        """The message that it names; None for a request that names none."""
        return None if self._target is None else self._target.jti or None

    @property
    def target(self) -> str:
        """Path and query as they were spelled, with credentials in the query masked."""
        pairs = self._request.query.split("&") if self._request.query else []
        shown = [
            f"{pair.partition('=')[0]}={HIDDEN}" if _names_credential(pair) else pair
            for pair in pairs
        ]
        return self.path + ("?" + "&".join(shown) if shown else "")

    def __repr__(self) -> str:
        text = f"{self.method} {self.target}"
        if self.body:
            text += f" {self.body[:200].decode(errors='replace')}"
        return f"<{_printable(text)} -> {self.status or 'no answer'}>"


def _names_credential(text: str) -> bool:
    unescaped = _JSON_ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), unquote(text))
    return _CREDENTIAL.search(unescaped) is not None


def _shown_field(lower_name: str, value: str) -> str:
    if _CREDENTIAL.search(lower_name):
        scheme = _SCHEME.match(value) if "authoriz" in lower_name else None
        return f"{scheme[0] if scheme else ''}{HIDDEN}"
    # Such as the address of the page that a link was on.
    return HIDDEN if "=" in value and _names_credential(value) else value


class Criteria(TypedDict, total=False):
    """What a request has to fit; what is left out fits all.

    `query` and `headers` (names in any case) name those that must be there; there may be more.
    """

    operation: Operation | None
    method: str
    path: str
    app_id: str
    connection_id: str
    jti: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    json: object
    status: int | None


class RequestRecord(Sequence[RecordedRequest]):
    """The requests that the server got, oldest first; a sequence, with assertions.

    Args:
        limit: how many are kept; the oldest are forgotten.
        byte_limit: how many bytes of them are kept in all, about.
    """

    def __init__(self, limit: int, byte_limit: int) -> None:
        self._requests: deque[RecordedRequest] = deque()
        self._limit = limit
        self._byte_limit = byte_limit
        self._bytes = 0
        self._changed = threading.Condition()
        self._forgotten = 0

    def add(self, request: ReceivedRequest, target: Target | None) -> RecordedRequest:
        """Record a request."""
        recorded = RecordedRequest(request, target, time.time_ns())
        with self._changed:
            self._requests.append(recorded)
            self._bytes += recorded.size
            while len(self._requests) > self._limit or self._bytes > self._byte_limit:
                self._bytes -= self._requests.popleft().size
                self._forgotten += 1
            self._changed.notify_all()
        return recorded

    def clear(self) -> None:
        """Forget all of them."""
        with self._changed:
            self._requests.clear()
            self._bytes = self._forgotten = 0

    def __len__(self) -> int:
        return len(self._requests)

    @overload
    def __getitem__(self, index: int) -> RecordedRequest: ...
    @overload
    def __getitem__(self, index: slice) -> list[RecordedRequest]: ...
    def __getitem__(self, index: int | slice) -> RecordedRequest | list[RecordedRequest]:
        return self._copy()[index]

    def __iter__(self) -> Iterator[RecordedRequest]:
        return iter(self._copy())

    def __repr__(self) -> str:
        return f"<RequestRecord of {len(self)}{self._dropped()}>"

    def _dropped(self) -> str:
        return f" ({self._forgotten} older requests are no longer kept)" if self._forgotten else ""

    def _copy(self) -> list[RecordedRequest]:
        with self._changed:
            return list(self._requests)

    def matching(self, **criteria: Unpack[Criteria]) -> list[RecordedRequest]:
        """Return the requests that fit all of the criteria, oldest first."""
        return [request for request in self._copy() if not _differences(request, criteria)]

    def wait_for(
        self, count: int = 1, *, timeout: float = 5.0, **criteria: Unpack[Criteria]
    ) -> list[RecordedRequest]:
        """Wait until that many requests that fit have arrived, and return those that fit.

        Args:
            count: how many.
            timeout: seconds to wait at most.
            **criteria: what they have to fit. A `status` is known only after the arrival, so
                it is no criterion here.

        Raises:
            AssertionError: they did not arrive in time.
        """
        deadline = steady_seconds() + timeout
        with self._changed:
            while True:
                fitting = [r for r in self._requests if not _differences(r, criteria)]
                if len(fitting) >= count:
                    return fitting
                left = deadline - steady_seconds()
                if left <= 0:
                    break
                self._changed.wait(left)
        raise AssertionError(self._report(criteria, f"at least {count}", timeout))

    def assert_received(
        self, times: int | None = None, **criteria: Unpack[Criteria]
    ) -> RecordedRequest:
        """Assert that requests that fit have arrived; return the last of them.

        Args:
            times: exactly how many, at least 1; None for one or more.
            **criteria: what they have to fit.

        Raises:
            AssertionError: there are fewer or more; the message shows what differs.
        """
        fitting = self.matching(**criteria)
        if not fitting or (times is not None and len(fitting) != times):
            wanted = "at least 1" if times is None else f"exactly {times}"
            raise AssertionError(self._report(criteria, wanted))
        return fitting[-1]

    def assert_not_received(self, **criteria: Unpack[Criteria]) -> None:
        """Assert that no request that fits has arrived.

        Raises:
            AssertionError: there is one; the message shows the requests.
        """
        if self.matching(**criteria):
            raise AssertionError(self._report(criteria, "none"))

    def assert_operations(self, expected: Sequence[Operation]) -> None:
        """Assert which operations were asked for, in order, and nothing else.

        Raises:
            AssertionError: they differ; the message shows the difference line by line.
        """
        received = [r.operation or f"{r.method} {r.target}" for r in self._copy()]
        if received != list(expected):
            lines = difflib.ndiff(list(expected), received)
            raise AssertionError(
                f"the operations differ (- expected, + received){self._dropped()}:\n"
                + "\n".join(f"  {line}" for line in lines if not line.startswith("?"))
            )

    def _report(self, criteria: Criteria, wanted: str, waited: float | None = None) -> str:
        requests = self._copy()
        ranked = [(len(_differences(r, criteria)), r) for r in requests]
        fitting = sum(not count for count, _ in ranked)
        within = "" if waited is None else f" within {waited:g} s"
        shown = ", ".join(f"{name}={value!r}" for name, value in criteria.items()) or "anything"
        lines = [f"expected {wanted} that fit {shown}, got {fitting}{within}"]
        received = f"{len(requests)} received" if requests else "nothing was received"
        lines.append(f"{received}{self._dropped()}{':' if requests else ''}")
        lines += [f"  {number}. {r!r}" for number, r in enumerate(requests[-20:], 1)]
        if requests and not fitting:
            nearest = min(ranked, key=lambda pair: pair[0])[1]
            lines.append(f"the nearest, {nearest!r}, differs (- expected, + received):")
            lines += _differences(nearest, criteria)
        return "\n".join(lines)


def _differences(request: RecordedRequest, criteria: Criteria) -> list[str]:
    """Return one text for each criterion that the request does not fit."""
    unknown = criteria.keys() - Criteria.__annotations__.keys()
    if unknown:
        raise TypeError(
            f"no criterion {', '.join(sorted(unknown))}; there are "
            f"{', '.join(Criteria.__annotations__)}"
        )
    found: list[str] = []
    for name, criterion in criteria.items():
        expected, received = criterion, getattr(request, name)
        if name in ("query", "headers"):
            everything = cast("dict[str, str]", received)
            wanted = cast("Mapping[str, object]", criterion)
            if name == "headers":
                wanted = {key.lower(): value for key, value in wanted.items()}
            expected = {key: str(value) for key, value in wanted.items()}
            received = {key: everything[key] for key in expected if key in everything}
        if received != expected:
            found.append(_difference(name, expected, received))
    return found


def _difference(name: str, expected: object, received: object) -> str:
    lines = difflib.ndiff(_lines(expected), _lines(received))
    shown = "\n".join(f"    {_printable(line)}" for line in lines if not line.startswith("?"))
    return f"  {name}:\n{shown}"


def _lines(value: object) -> list[str]:
    if isinstance(value, (dict, list)):
        return json.dumps(value, indent=2, ensure_ascii=False, default=repr).splitlines()
    return [repr(value)]


_TEXT_CHARACTERS = 60


def log_line(request: RecordedRequest, seconds: float) -> str:
    """Return when, what, the status, how long it took, the text that came, the fault."""
    status = "---" if request.status is None else str(request.status)
    line = (
        f"{request.time.astimezone():%H:%M:%S.%f}  {status}  {request.method:<4} {request.target}"
        f"  {seconds * 1000:.1f} ms"
    )
    if request.body:
        text = request.body.decode(errors="replace")
        if len(text) > _TEXT_CHARACTERS:
            text = text[: _TEXT_CHARACTERS - 3] + "..."
        line += f"  {text}"
    return _printable(line) + (f"  [{request.fault}]" if request.fault else "")


def _printable(text: str) -> str:
    """Escape control characters: nothing that comes from outside may control a terminal."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
