"""Checks of arguments that the operations do not have."""

from __future__ import annotations

from openapi_client.exceptions import ApiValueError


def _shown(value: object) -> str:
    try:
        return repr(value)[:200]
    except ValueError:  # an int of more than 4,300 digits
        return f"an {type(value).__name__} with many digits"


def check_at_least(name: str, value: object, least: int) -> None:
    """Refuse what is not an `int` from `least` up.

    Raises:
        ApiValueError: it is not; the message names it.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ApiValueError(f"{name} must be an int from {least}, not {_shown(value)}")


def check_text(name: str, value: object) -> str:
    """Refuse what is not a `str`, or is empty; return it.

    Raises:
        ApiValueError: it is not; the message names it.
    """
    if not isinstance(value, str) or not value:
        raise ApiValueError(f"{name} must be a str that is not empty, not {_shown(value)}")
    return value
