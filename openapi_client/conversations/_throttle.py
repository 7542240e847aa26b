"""What slows all workers together when the server says that it is asked too often."""

from __future__ import annotations

import math
import threading

from openapi_client.conversations._backoff import pause
from openapi_client.conversations._times import Stop, Times


class Throttle:
    """Open, or closed for some seconds for everybody.

    Args:
        times: time and chance.
        stop: ends the waits.
    """

    def __init__(self, times: Times, stop: Stop) -> None:
        self._times = times
        self._stop = stop
        self._lock = threading.Lock()
        self._opens_at = -math.inf
        self._closings = 0
        self._refusals_in_a_row = 0

    def enter(self) -> int:
        """Wait until it is open, or `stop` is set.

        Returns:
            How often it has been closed so far, for `refused`.
        """
        while True:
            with self._lock:
                left = self._opens_at - self._times.clock()
                if left <= 0.0:
                    return self._closings
            if self._times.wait(self._stop, left):
                return self._closings

    def refused(self, entered: int, retry_after: float | None) -> None:
        """Close it: one who entered was answered 429.

        Args:
            entered: what `enter` returned. Of several who went in together and were refused, the
                first one closes it; the others can only make it stay closed for longer.
            retry_after: the seconds that the server asked for, if it did.
        """
        with self._lock:
            if entered == self._closings:
                wait = pause(self._refusals_in_a_row, retry_after, self._times.draw())
                self._closings += 1
                self._refusals_in_a_row += 1
            elif retry_after is not None:
                wait = pause(0, retry_after, 0.0)
            else:
                return
            self._opens_at = max(self._opens_at, self._times.clock() + wait)

    def passed(self) -> None:
        """Note that the server took a request again."""
        if self._refusals_in_a_row:
            with self._lock:
                self._refusals_in_a_row = 0
