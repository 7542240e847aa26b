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

# The exponent is bounded by hand: 2.0**1024 is an error, and the cap is reached long before.
_POLICY = RetryPolicy(repeats=sys.maxsize, cap=30.0, longest_retry_after=math.inf)
_MOST_DOUBLINGS = 16
_LONGEST_RETRY_AFTER = 300.0


def may_pass(error: ApiException) -> bool:
    """Whether a failure may be over later, with nothing changed at the client.

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
    """Seconds to wait after a failure.

    Args:
        failures: how many there were in a row before it.
        retry_after: what the server asked for, in seconds; honoured up to five minutes.
        draw_number: an even random number in [0, 1).
    """
    if retry_after is not None:
        return min(retry_after, _LONGEST_RETRY_AFTER)
    wait = _POLICY.wait(min(failures, _MOST_DOUBLINGS), None, lambda: draw_number)
    return 0.0 if wait is None else wait
