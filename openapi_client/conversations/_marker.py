"""Where in the order of a conversation a message stands, also after it was deleted."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from openapi_client.models import MessageMessage

Moment = tuple[datetime, str]
"""A date and time to the microsecond, and the digits below it."""

_BELOW_MICROSECONDS = re.compile(r"\.\d{6}(\d{1,3})")


class Marker(NamedTuple):
    """A message that others are compared with."""

    jti: str | None
    moment: Moment | None
    """When it was stored, as far as that is known."""


def marker_at(message: MessageMessage) -> Marker:
    """Return the place of a message."""
    return Marker(message.jti, moment_of(message))


def moment_of(message: MessageMessage) -> Moment | None:
    """When a message was stored, comparable; `None` if it does not say, or not in RFC 3339."""
    try:
        stored = message.created_at_datetime
    except ValueError:
        stored = None
    if stored is None:
        return None
    below = _BELOW_MICROSECONDS.search(message.created_at or "")
    return stored, below[1].ljust(3, "0") if below else "000"
