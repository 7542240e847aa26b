"""Numbers of seconds: how they are checked, and the limits of a call that they make."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, cast

from openapi_client.exceptions import ApiValueError

_SHOWN_BITS = 64


class Limits(NamedTuple):
    """How long a call may take, in seconds; `None` is no limit."""

    connect: float | None
    read: float | None
    deadline: float | None

    @classmethod
    def of(
        cls, timeout: float | tuple[float | None, float | None] | None, deadline: float | None
    ) -> Limits:
        """Return the limits that the settings `timeout` and `deadline` mean."""
        connect, read = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        return cls(connect, read, deadline)

    def for_call(self, request_timeout: object) -> Limits:
        """Return these limits with a call's `_request_timeout`.

        A number is the deadline of the call, and how long to wait for each piece of the answer; a
        pair is (connect, read). `None` changes nothing.

        Raises:
            ApiValueError: it is neither, or not a positive number of seconds.
        """
        if request_timeout is None:
            return self
        if isinstance(request_timeout, (tuple, list)):
            items = cast("Sequence[object]", request_timeout)
            connect, read = pair_of_seconds("_request_timeout", items)
            return self._replace(connect=connect, read=read)
        deadline = seconds("_request_timeout", request_timeout)
        return Limits(self.connect, deadline, deadline)


def refusal(name: str, value: object, allowed: str) -> ApiValueError:
    """Return the error for a value that is not allowed."""
    return ApiValueError(f"{name} must be {allowed}, not {_shown(value)}")


def _shown(value: object) -> str:
    """Return a number as it is, of anything else the type: a text may be a misplaced secret."""
    if value is None or isinstance(value, (bool, float)):
        return repr(value)
    if isinstance(value, int):
        # Python itself refuses to write numbers of more than 4,300 digits.
        return repr(value) if value.bit_length() <= _SHOWN_BITS else "a number with more digits"
    return type(value).__name__


def is_int(value: object, least: int, most: int) -> bool:
    """Return whether a value is an `int`, no truth value, and within bounds."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def as_float(value: object) -> float:
    """Return a number as a `float`, `nan` for what is none or too large for one."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.nan


def seconds(name: str, value: object) -> float:
    """Return a positive, finite number of seconds."""
    number = as_float(value)
    if math.isfinite(number) and number > 0:
        return number
    raise refusal(name, value, "a positive, finite number of seconds")


def pair_of_seconds(name: str, items: Sequence[object]) -> tuple[float | None, float | None]:
    """Return a pair (connect, read); either may be `None`."""
    if len(items) != 2:
        raise ApiValueError(f"{name} must be a pair (connect, read), not {len(items)} items")
    connect, read = (None if item is None else seconds(name, item) for item in items)
    return connect, read
