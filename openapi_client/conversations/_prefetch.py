"""Requests that are made before their answers are wanted."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

from openapi_client.conversations._windows import FetchPage, Snapshot, Window


class _Planned:
    """A window, and the answer that is being waited for, if somebody has asked already."""

    __slots__ = ("future", "window")

    def __init__(self, window: Window) -> None:
        self.window = window
        self.future: Future[Snapshot] | None = None


class Prefetch:
    """Looks at windows in the order in which they were planned, several at a time.

    Args:
        fetch: makes a request.
        workers: requests at a time, each in a thread; with 1 there are no threads.
    """

    def __init__(self, fetch: FetchPage, workers: int) -> None:
        self._fetch = fetch
        self._workers = workers
        self._planned: deque[_Planned] = deque()
        self._threads: ThreadPoolExecutor | None = None

    @property
    def planned(self) -> int:
        """How many windows are planned."""
        return len(self._planned)

    @property
    def room(self) -> int:
        """How many more windows should be planned."""
        return self._workers - len(self._planned)

    def plan(self, window: Window) -> None:
        """Look at this one after those that were planned before."""
        self._planned.append(_Planned(window))

    def take(self) -> Snapshot:
        """The answer of the window that was planned first.

        Raises:
            ApiException: the request failed. The window stays the first; `take` asks again.
        """
        first = self._planned[0]
        if len(self._planned) == 1 and first.future is None:
            snapshot = self._fetch(first.window)
        else:
            futures = [self._future(planned) for planned in self._planned]
            first.future = None
            snapshot = futures[0].result()
        self._planned.popleft()
        return snapshot

    def _future(self, planned: _Planned) -> Future[Snapshot]:
        if planned.future is None:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(self._workers, "openapi-client-pages")
            planned.future = self._threads.submit(self._fetch, planned.window)
        return planned.future

    def discard(self) -> None:
        """Forget what was planned."""
        for planned in self._planned:
            if planned.future is not None:
                planned.future.cancel()
        self._planned.clear()

    def close(self) -> None:
        """Forget what was planned, and end the threads when their requests have ended."""
        self.discard()
        if self._threads is not None:
            self._threads.shutdown()
            self._threads = None
