"""What may take any time, and cannot be interrupted: it is done elsewhere, and waited for."""

from __future__ import annotations

import _thread
import contextvars
import copy
import sys
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from urllib3.exceptions import TimeoutError as LimitReached

R = TypeVar("R")


def start_thread(function: Callable[[], object]) -> None:
    """Call a function in a thread of its own; here, where none can be started."""
    if sys.is_finalizing():  # a thread that is started now never runs
        function()
        return
    context = contextvars.copy_context()
    try:
        # Not `threading.Thread`, which takes locks of the module on its way: a signal handler that
        # comes in between, and makes a call, would wait for them for ever.
        _thread.start_new_thread(lambda: context.run(function), ())
    except RuntimeError:  # the main thread has ended, or there are too many threads
        function()


class Pending(Generic[R]):
    """What a function gives, in a thread of its own, and those who wait for it.

    Args:
        function: what is done. It goes on alone if it takes longer than anybody waits.
    """

    def __init__(self, function: Callable[[], R]) -> None:
        self._function = function
        # Held until there is a result. To wait for a plain lock, and to open it, is one step each:
        # a signal handler may wait for what its thread waits for.
        self._gate = threading.Lock()
        self._gate.acquire()
        self._maker = threading.get_ident()
        self._unclaimed = [True]
        self._results: list[R] = []
        self._done = False
        self.error: BaseException | None = None
        """What the function raised, once it has ended."""
        self.thread: int | None = None
        """The thread that the function runs in, while it does."""

    def wait(self, seconds: float | None) -> None:
        """Wait for the end of the function, which begins with the first wait.

        Args:
            seconds: to wait at most; `None` for no limit.

        Raises:
            urllib3.exceptions.TimeoutError: it takes longer.
        """
        if self._maker == threading.get_ident():
            # Also in a signal handler that came before its thread could do this.
            start_thread(self._work)
        # A signal handler may come when its thread has the gate, and not yet opened it again.
        if not self._done:
            timeout = -1 if seconds is None else min(seconds, threading.TIMEOUT_MAX)
            if not self._gate.acquire(timeout=timeout):
                raise LimitReached("It was not done in time")
            self._gate.release()

    def value(self) -> R:
        """Return what the function returned, once it has."""
        return self._results[0]

    def result(self, seconds: float | None) -> R:
        """Wait, and return what the function returned, or raise what it raised.

        Args:
            seconds: to wait at most; `None` for no limit.

        Raises:
            urllib3.exceptions.TimeoutError: it takes longer.
        """
        self.wait(seconds)
        if self.error is not None:
            raise copy.copy(self.error) from self.error.__cause__
        return self.value()

    def _work(self) -> None:
        try:
            self._unclaimed.pop()
        except IndexError:
            return  # another thread does it
        self.thread = threading.get_ident()
        try:
            self._results.append(self._function())
        except BaseException as error:  # noqa: BLE001 - raised by those who wait
            self.error = error
        finally:
            self.thread = None
            self._done = True
            self._gate.release()


def in_time(function: Callable[[], R], seconds: float | None) -> R:
    """Return what a function returns, or raise what it raises, if that happens in time.

    Neither the system's resolver nor a file that is a pipe knows a limit, or lets Ctrl+C through.

    Raises:
        urllib3.exceptions.TimeoutError: it takes longer.
    """
    return Pending(function).result(seconds)
