"""New messages as they come."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator

from typing_extensions import Self

from openapi_client._forks import renew_after_fork
from openapi_client._limits import seconds
from openapi_client.conversations._backoff import may_pass, pause
from openapi_client.conversations._cursor import Batch, Cursor, cursor_after
from openapi_client.conversations._progress import Progress, settle_doubt
from openapi_client.conversations._reader import Reader
from openapi_client.conversations._times import NEVER, Stop, Times
from openapi_client.conversations._turn import Turn
from openapi_client.conversations._windows import LARGEST, FetchPage, Snapshot, Window
from openapi_client.exceptions import ApiException
from openapi_client.models import MessageMessage
from openapi_client.retries import RetryPolicy

_POLL_SIZE = 10
"""Messages that an idle poll asks for: enough to see a neighbour if the newest one is deleted."""

_FIRST_SIZE = 100
"""Messages that are known at first, so as to be told from new ones whatever is deleted."""

# The follower itself decides when to ask again, so that `stop` ends that wait too.
ONE_ATTEMPT = RetryPolicy(repeats=0)

_logger = logging.getLogger("openapi_client.conversations.follow")


def newest_part(fetch: FetchPage) -> Snapshot:
    """Fetch the newest messages: enough to know all of the time of the newest one."""
    snapshot = fetch(Window(1, _FIRST_SIZE))
    items = snapshot.items
    if items and not snapshot.ends and items[0].created_at == items[-1].created_at:
        snapshot = fetch(Window(1, LARGEST))
    return snapshot


def place_after(newest: Snapshot) -> Cursor:
    """Return the place after the newest message."""
    return cursor_after(Cursor(), newest.items[::-1], newest.total_count)


class Follower(Iterator[MessageMessage]):
    """The messages that come into a conversation, in the order of their creation, each once.

    While the server fails it waits, longer and longer, up to 30 seconds (or what `Retry-After`
    says), and tells the logger. What the server refuses (401, 404, ...) is raised; a further
    `next()` goes on where it was. Safe for several threads.

    Args:
        fetch: makes a request for a page, in one attempt.
        get: gets a message by its `jti`, in one attempt.
        after: the place to begin after; `None` for what comes from now on, which is looked up at
            once.
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
        after: Cursor | None,
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
        self._reader = Reader(newest_first=False, reach=_POLL_SIZE, after=after, follows=True)
        self._progress = Progress(times, self._stop)
        self._batch: Batch | None = None if after is None else Batch(after, [], deque())
        self._lock = Turn()
        self._pause = 0.0
        self._failures = 0
        self._failing_since: float | None = None
        renew_after_fork(self)
        if after is None:
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
                if self._batch is not None and self._batch.to_come:
                    return self._batch.to_come.popleft()
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

    @property
    def cursor(self) -> Cursor:
        """The place after the message that was given last.

        Keep it once that message was dealt with; `follow(after=...)` goes on there.

        Raises:
            ApiException: nothing was given, and the server has not told yet what is there.
        """
        batch = self._batch
        return place_after(newest_part(self._fetch)) if batch is None else batch.cursor

    def after_fork(self) -> None:
        """Go on in a forked child, with a lock of its own."""
        self._lock = Turn()

    def _begin(self) -> None:
        """Take what is there now for read."""
        newest = newest_part(self._fetch)
        self._reader.mark_read(newest.items)
        self._batch = Batch(place_after(newest), [], deque())
        self._recovered(self._poll_interval)

    def _poll(self) -> None:
        batch, reader = self._batch, self._reader
        if batch is None:
            self._begin()
            return
        settle_doubt(reader, self._get)
        snapshot = self._fetch(reader.next_window())
        taken = reader.take(snapshot)
        if taken:
            self._batch = Batch(batch.cursor, taken, deque(taken), reader.rank, late=reader.late)
        if taken or reader.finished:
            self._progress.made()
        elif reader.doubt is None:
            self._progress.missed(snapshot)
        self._recovered(self._poll_interval if reader.finished else 0.0)

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
