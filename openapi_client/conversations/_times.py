"""Time and chance, as everything in this package takes them."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol


class Stop(Protocol):
    """What ends a wait: `threading.Event`, `multiprocessing.Event`, or anything like them."""

    def is_set(self) -> bool:
        """Return whether it has been asked to stop."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for that, at most `timeout` seconds; tell whether it has been asked."""
        ...


def _wait(stop: Stop, seconds: float) -> bool:
    # A wait that is longer than the system takes, some 292 years, is as long as it takes.
    return stop.wait(min(seconds, threading.TIMEOUT_MAX))


class Times(NamedTuple):
    """A clock, a way to wait, and chance; others are handed in where these would be in the way."""

    clock: Callable[[], float] = time.monotonic
    """Seconds of a clock that never goes back."""
    wait: Callable[[Stop, float], bool] = _wait
    """Waits some seconds, or until the stop is set; tells whether it is."""
    draw: Callable[[], float] = random.random
    """An even random number in [0, 1)."""


NEVER: Stop = threading.Event()
"""A stop that nobody sets."""
