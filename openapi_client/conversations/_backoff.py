"""How long to wait for a server that fails, and what counts as failing."""

from __future__ import annotations

import math
import sys

from openapi_client.exceptions import (
    ApiException,
    ClientClosedException,
    DeserializationException,
    TransportException,
)
from openapi_client.retries import RetryPolicy

_PASSING_STATUSES = frozenset({408, 425, 429})

# The schedule of every call, without its end: what spans many calls has time.
_POLICY = RetryPolicy(repeats=sys.maxsize, cap=30.0, longest_retry_after=math.inf)
_LONGEST_RETRY_AFTER = 300.0


def may_pass(error: ApiException) -> bool:
    """Return whether a failure may be over later, with nothing changed at the client.

    That is so if the server, or what is between, fails or is busy, or if what answered is not the
    service at all. A refusal (400, 401, 403, 404, ...) is none of these.
    """
    if isinstance(error, ClientClosedException):
        return False
    if isinstance(error, (TransportException, DeserializationException)):
        return True
    status = error.status or 0
    return status >= 500 or status in _PASSING_STATUSES


def pause(failures: int, retry_after: float | None, draw_number: float) -> float:
    """Return the seconds to wait after a failure.

    Args:
        failures: how many there were in a row before it.
        retry_after: what the server asked for, in seconds; honoured up to five minutes.
        draw_number: an even random number in [0, 1).
    """
    wait = _POLICY.wait(failures, retry_after, lambda: draw_number) or 0.0
    return min(wait, _LONGEST_RETRY_AFTER)
