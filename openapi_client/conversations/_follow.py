"""New messages as they come."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator

from typing_extensions import Self

from openapi_client._settings import seconds
from openapi_client.conversations._backoff import may_pass, pause
from openapi_client.conversations._marker import Marker, marker_at
from openapi_client.conversations._reader import Reader
from openapi_client.conversations._times import NEVER, Stop, Times
from openapi_client.conversations._windows import FetchPage, Snapshot, Window
from openapi_client.exceptions import ApiException, NotFoundException
from openapi_client.models import MessageMessage
from openapi_client.retries import RetryPolicy

_POLL_SIZE = 10
"""Messages that an idle poll asks for: enough to see a neighbour if the newest one is deleted."""

_FIRST_SIZE = 100
"""Messages that are known at first, so as to be told from new ones whatever is deleted."""

# The follower itself decides when to ask again, so that `stop` ends that wait too.
ONE_ATTEMPT = RetryPolicy(repeats=0)

_logger = logging.getLogger("openapi_client.conversations._follow")


class Follower(Iterator[MessageMessage]):
    """The messages that come into a conversation, in the order of their creation, each once.

    While the server fails it waits, longer and longer, up to 30 seconds (or what `Retry-After`
    says), and tells the logger. What the server refuses (401, 404, ...) is raised; a further
    `next()` goes on where it was. Safe for several threads.

    Args:
        fetch: makes a request for a page, in one attempt.
        get: gets a message by its `jti`, in one attempt.
        after: the message, or the `jti` of the message, after which to begin; `None` for what comes
            from now on, which is looked up at once.
        poll_interval: seconds between two requests while nothing comes.
        stop: when it is set, the iteration ends, and so does every wait.
        give_up_after: seconds of failure after which the error is raised; `None` for never.
        times: time and chance.

    Raises:
        ApiValueError: an argument makes no sense.
        ApiException: the server refuses the look at what is there now.
    """

    def __init__(
        self,
        fetch: FetchPage,
        get: Callable[[str], MessageMessage],
        *,
        after: Marker | None,
        poll_interval: float,
        stop: Stop | None,
        give_up_after: float | None,
        times: Times,
    ) -> None:
        self._poll_interval = seconds("poll_interval", poll_interval)
        self._give_up_after = (
            None if give_up_after is None else seconds("give_up_after", give_up_after)
        )
        self._fetch = fetch
        self._get = get
        self._stop = NEVER if stop is None else stop
        self._times = times
        self._reader = Reader(newest_first=False, reach=_POLL_SIZE, follows=True)
        self._items: deque[MessageMessage] = deque()
        self._lock = threading.Lock()
        self._pause = 0.0
        self._failures = 0
        self._failing_since: float | None = None
        self._begun = after is not None
        if after is not None:
            self._reader.mark_read(after)
        else:
            try:
                self._begin()
            except ApiException as error:
                if not may_pass(error):
                    raise
                self._note(error)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> MessageMessage:
        with self._lock:
            while not self._stop.is_set():
                if self._items:
                    return self._items.popleft()
                if self._pause and self._times.wait(self._stop, self._pause):
                    break
                try:
                    self._poll()
                except ApiException as error:
                    if not may_pass(error) or self._is_given_up():
                        self._recovered(0.0)
                        raise
                    self._note(error)
            raise StopIteration

    def _begin(self) -> None:
        """What is there now is not new."""
        snapshot = self._fetch(Window(1, _FIRST_SIZE))
        if snapshot.items:
            self._reader.mark_read(marker_at(snapshot.items[0]), snapshot.items)
        self._begun = True
        self._recovered(self._poll_interval)

    def _poll(self) -> None:
        if not self._begun:
            self._begin()
            return
        snapshot = self._fetch(self._reader.next_window())
        self._date_marker(snapshot)
        self._items.extend(self._reader.take(snapshot))
        self._recovered(self._poll_interval if self._reader.finished else 0.0)

    def _date_marker(self, snapshot: Snapshot) -> None:
        """Find out when a message was stored of which only the `jti` was given.

        Without that its place is lost if it is deleted, now or later.
        """
        last = self._reader.last
        if last is None or last.jti is None or last.moment is not None:
            return
        if any(message.jti == last.jti for message in snapshot.items):
            return
        try:
            message = self._get(last.jti)
        except NotFoundException as error:
            error.hint = (
                f"The message {last.jti!r} to follow after is gone; give the message itself, whose "
                "created_at tells where to go on."
            )
            raise
        self._reader.mark_read(marker_at(message))

    def _recovered(self, pause_seconds: float) -> None:
        self._pause = pause_seconds
        self._failures = 0
        self._failing_since = None

    def _is_given_up(self) -> bool:
        if self._give_up_after is None or self._failing_since is None:
            return False
        return self._times.clock() - self._failing_since >= self._give_up_after

    def _note(self, error: ApiException) -> None:
        if self._failing_since is None:
            self._failing_since = self._times.clock()
        self._pause = pause(self._failures, error.retry_after, self._times.draw())
        self._failures += 1
        _logger.warning("following goes on in %.1f s: %s", self._pause, error)
