"""Responses that a program has made itself, for tests and as wrappers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, cast

# What a wrapper of a `RESTResponse` may pass on; a mock has an attribute of every name.
_TOLD: dict[str, type | tuple[type, ...]] = {
    "attempts": tuple,
    "hint": str,
    "request_line": str,
    "retry_after": (int, float),
    "secrets": frozenset,
}


class AnyResponse(Protocol):
    """What a program may put into the place of a `RESTResponse`."""

    status: int
    reason: str | None
    data: bytes | None

    def read(self) -> bytes:
        """Return the body."""
        ...

    def getheaders(self) -> Mapping[str, str]:
        """Return the headers."""
        ...

    def getheader(self, name: str, default: str | None = None) -> str | None:
        """Return one header, or `default`."""
        ...


def headers_of(response: Any) -> Mapping[str, str]:
    """Return the headers of a response: its `headers`, else what its `getheaders()` returns."""
    headers = getattr(response, "headers", None)
    if not isinstance(headers, Mapping):
        ask = getattr(response, "getheaders", None)
        headers = ask() if callable(ask) else None
    if isinstance(headers, Mapping):
        return cast("Mapping[str, str]", headers)
    if isinstance(headers, Iterable):
        return dict(cast("Iterable[tuple[str, str]]", headers))
    return {}


def told(response: Any, name: str, default: Any) -> Any:
    """Return what a response tells of its call, if it is one that does."""
    value = getattr(response, name, default)
    return value if isinstance(value, _TOLD[name]) else default


class ForeignResponse:
    """A response that is no `RESTResponse`, with the methods of one.

    Args:
        response: has `status`, `reason` and `data`, and `headers`, `getheaders()` or
            `getheader()`, as the responses of one generator or another have them.
    """

    def __init__(self, response: Any) -> None:
        self._response = response
        self._headers = headers_of(response)
        self.status: int = response.status
        self.reason: str | None = response.reason
        self.data: bytes | None = response.data
        for name in _TOLD:
            value = told(response, name, None)
            if value is not None:
                setattr(self, name, value)

    def read(self) -> bytes:
        """Return the body."""
        return self.data or b""

    def getheaders(self) -> Mapping[str, str]:
        """Return the headers."""
        return self._headers

    def getheader(self, name: str, default: str | None = None) -> str | None:
        """Return one header, in any case; or `default`."""
        lower = name.lower()
        for other, value in self._headers.items():
            if other.lower() == lower:
                return value
        ask = getattr(self._response, "getheader", None)
        if not callable(ask):
            return default
        # In the spellings that generated packages ask for, and as they do: without a default.
        answers = (ask(spelling) for spelling in (lower, name))
        return next((told for told in answers if isinstance(told, str)), default)
