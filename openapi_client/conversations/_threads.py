"""Threads that make requests ahead of their use."""

from __future__ import annotations

import os
import queue
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

_T = TypeVar("_T")


class Workers:
    """Threads that do work in the order in which it is given.

    Unlike those of `concurrent.futures`, they are daemons: a program that ends, or is interrupted,
    does not wait for a server that is silent. Where no thread can be started any more, because the
    interpreter is shutting down, the work is done at once by whoever gives it.

    Args:
        count: how many threads, which are started when they are needed.
        name: what their names begin with.
    """

    def __init__(self, count: int, name: str) -> None:
        self._count = count
        self._name = name
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._unfinished: set[Future[Any]] = set()
        # Threads hold the queue only, so that they end if nobody holds the workers any more.
        weakref.finalize(self, self._queue.put, None).atexit = False

    def submit(self, work: Callable[[], _T]) -> Future[_T]:
        """Let a thread do some work; return its future result."""
        future: Future[_T] = Future()

        def run() -> None:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(work())
                except BaseException as error:  # noqa: BLE001 - whoever waits for it gets it
                    future.set_exception(error)

        self._unfinished.add(future)
        future.add_done_callback(self._unfinished.discard)
        if len(self._threads) < self._count and not self._start():
            run()
        else:
            self._queue.put(run)
        return future

    def _start(self) -> bool:
        name = f"{self._name}-{len(self._threads)}"
        thread = threading.Thread(target=_work, args=(self._queue,), name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError:
            return bool(self._threads)
        self._threads.append(thread)
        return True

    def close(self) -> None:
        """End the threads; those that wait for a server end when it has answered."""
        self._queue.put(None)
        for thread in () if self._unfinished else self._threads:
            thread.join()


def _work(tasks: queue.SimpleQueue[Callable[[], None] | None]) -> None:
    while (task := tasks.get()) is not None:
        task()
        del task
    tasks.put(None)  # for the next thread


class Renewable(Protocol):
    """What has to be made anew in a forked child."""

    def renew(self) -> None:
        """Leave locks and threads to the parent."""


_renewables: weakref.WeakSet[Renewable] = weakref.WeakSet()


def renew_after_fork(renewable: Renewable) -> None:
    """In each forked child, let an object begin with locks and threads of its own."""
    _renewables.add(renewable)


def _renew_all() -> None:
    for renewable in list(_renewables):
        renewable.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)
