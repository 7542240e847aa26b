"""Threads that make requests, and hold up neither Ctrl+C nor the end of the program."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Generic, TypeVar

from openapi_client.exceptions import ApiException

A = TypeVar("A")
R = TypeVar("R")

# Seconds. Ctrl+C comes this way, too, and is to end the program within one.
_MOMENT = 0.25


class Workers(Generic[A, R]):
    """Up to so many threads for one function.

    `ThreadPoolExecutor` waits for its requests wherever it is left, at the end of the program too,
    and takes none after the end of the main thread. These threads are daemons; where none can be
    started any more, the caller does the work.

    Args:
        function: what the threads do.
        count: how many threads there are at most.
        name: of the threads, for those who list them.
    """

    def __init__(self, function: Callable[[A], R], count: int, name: str) -> None:
        self._function = function
        self._count = count
        self._name = name
        self._process = os.getpid()
        self._queue: SimpleQueue[tuple[Future[R], A] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    @property
    def left_behind(self) -> bool:
        """Whether the threads do nothing any more: the process was forked, or is ending."""
        return self._process != os.getpid() or sys.is_finalizing()

    def submit(self, argument: A) -> Future[R]:
        """Have the function called with `argument`."""
        future: Future[R] = Future()
        task = (future, argument)
        if sys.is_finalizing():  # a thread that is started now never runs
            self._do(*task)
            return future
        if len(self._threads) < self._count:
            thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the main thread has ended, or there are too many in all
                if not self._threads:
                    self._do(*task)
                    return future
            else:
                self._threads.append(thread)
        self._queue.put(task)
        return future

    def result(self, future: Future[R]) -> R:
        """Return what a submitted call returned, or raise what it raised, once it has ended.

        Raises:
            ApiException: it never will.
        """
        if self.left_behind and not future.done():
            raise ApiException(0, "The thread of the request is gone: the process forked, or ends")
        return future.result()

    def close(self) -> None:
        """End the threads as soon as what they do now has ended; wait a moment for that."""
        if self.left_behind:
            return
        for _ in self._threads:
            self._queue.put(None)
        until = time.monotonic() + _MOMENT
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _work(self) -> None:
        while (task := self._queue.get()) is not None:
            self._do(*task)
            del task  # with its result, while the next one is waited for

    def _do(self, future: Future[R], argument: A) -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            result = self._function(argument)
        except BaseException as error:  # noqa: BLE001 - raised by whoever wants the result
            future.set_exception(error)
        else:
            future.set_result(result)
