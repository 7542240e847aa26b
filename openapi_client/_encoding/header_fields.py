"""What may stand in a header field of a request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from openapi_client.exceptions import ApiValueError

# RFC 9110, sections 5.1 and 5.5.
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
# These say where a request ends; two that disagree let a server take one request for two.
_FRAMING = frozenset({"content-length", "transfer-encoding"})


def truth_in_lower_case(value: object) -> Any:
    """Return `true` or `false` for a truth value, as JSON writes it; any other value as it is."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


def checked_field(name: object, value: object) -> str:
    """Return the value of a field as text, in which nothing can end the field and begin another.

    Raises:
        ApiValueError: the name is not a token, or the value is not text that HTTP can carry; the
            value is not shown.
    """
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        # It is not shown: it may be what was meant to be the value.
        given = "" if isinstance(name, str) else f", not {type(name).__name__}"
        raise ApiValueError(f"a header's name must be a token (RFC 9110, 5.1){given}")
    if not isinstance(value, (str, bytes, int, float)):
        raise ApiValueError(
            f"the value of the header {name} must be str, not {type(value).__name__}"
        )
    if name.lower() in _FRAMING:
        raise ApiValueError(f"the header {name} is for the client to set")
    try:
        text = (
            value.decode("latin-1") if isinstance(value, bytes) else str(truth_in_lower_case(value))
        )
    except ValueError:  # Python writes no number of more than 4,300 digits
        raise ApiValueError(f"the value of the header {name} has too many digits") from None
    if FORBIDDEN.search(text):
        raise ApiValueError(f"the value of the header {name} contains a control character")
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        raise ApiValueError(
            f"the value of the header {name} contains a character outside ISO 8859-1"
        ) from None
    return text


def checked_headers(name: str, value: object) -> dict[str, str] | None:
    """Return headers that can be sent.

    Raises:
        ApiValueError: they are no headers.
    """
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise ApiValueError(f"{name} must be a dict of headers, not {type(value).__name__}")
    fields = cast("Mapping[object, object]", value)
    try:
        return {str(field): checked_field(field, fields[field]) for field in fields}
    except ApiValueError as error:
        raise ApiValueError(f"{name}: {error}") from None
