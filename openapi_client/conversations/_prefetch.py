"""Requests that are made before their responses are needed."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from typing import cast

from openapi_client.conversations._windows import FetchPage, Snapshot, Window
from openapi_client.conversations._workers import Workers


class _Planned:
    """A window, and the response that is being waited for, if it was asked for already."""

    __slots__ = ("future", "window")

    def __init__(self, window: Window) -> None:
        self.window = window
        self.future: Future[Snapshot] | None = None


class Prefetch:
    """Fetches windows in the order in which they were planned, several at a time.

    Args:
        fetch: makes a request.
        workers: requests at a time, each in a thread; with 1 there are no threads.
    """

    def __init__(self, fetch: FetchPage, workers: int) -> None:
        self._fetch = fetch
        self._count = workers
        self._planned: deque[_Planned] = deque()
        self._workers: Workers[Window, Snapshot] | None = None

    @property
    def planned(self) -> int:
        """How many windows are planned."""
        return len(self._planned)

    @property
    def room(self) -> int:
        """How many more windows should be planned."""
        return self._count - len(self._planned)

    def plan(self, window: Window) -> None:
        """Fetch this one after those that were planned before."""
        self._planned.append(_Planned(window))

    def take(self) -> Snapshot:
        """Return the response for the window that was planned first.

        Raises:
            ApiException: the request failed. The window stays the first; `take` asks again.
        """
        first = self._planned[0]
        if len(self._planned) == 1 and first.future is None:
            snapshot = self._fetch(first.window)
        else:
            workers = self._started()
            for planned in self._planned:
                if planned.future is None:
                    planned.future = workers.submit(planned.window)
            future = cast("Future[Snapshot]", first.future)
            try:
                snapshot = workers.result(future)
            finally:
                if future.done():
                    first.future = None
        self._planned.popleft()
        return snapshot

    def _started(self) -> Workers[Window, Snapshot]:
        if self._workers is None:
            self._workers = Workers(self._fetch, self._count, "openapi-client-pages")
        return self._workers

    def discard(self) -> None:
        """Forget what was planned."""
        for planned in self._planned:
            if planned.future is not None:
                planned.future.cancel()
        self._planned.clear()

    def close(self) -> None:
        """Forget what was planned, and end the threads."""
        self.discard()
        if self._workers is not None:
            self._workers.close()
            self._workers = None

    def after_fork(self) -> None:
        """In a forked child, where there are no threads: ask again for what was asked for."""
        self._workers = None
        for planned in self._planned:
            planned.future = None
