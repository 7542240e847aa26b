"""Many sends at a time, their outcomes in order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from typing import Any, Generic, TypeAlias, TypeVar

from openapi_client.conversations._throttle import Throttle
from openapi_client.conversations._times import Times
from openapi_client.conversations._workers import Workers
from openapi_client.exceptions import ApiException, ApiValueError, TooManyRequestsException
from openapi_client.models import MessageCreateMessageRequest, MessageMessage
from openapi_client.retries import TRANSIENT_STATUSES, RetryPolicy

Body: TypeAlias = str | MessageCreateMessageRequest | dict[str, Any]
"""What a send takes: the text, or a model or `dict` that holds it as `body`."""

Outcome: TypeAlias = MessageMessage | ApiException
"""How a send ended: the message, or the error, whose `outcome` tells whether it may be stored."""

Item = TypeVar("Item")

_AHEAD_PER_WORKER = 4
"""Bodies that are taken before the outcome of the first of them is there, for each worker."""


class Sender(Generic[Item]):
    """Sends items in threads.

    Args:
        send: sends one, repeated as a policy says.
        workers: sends at a time.
        stop_on_error: whether a failure ends it.
        retries: `Configuration.retries`.
        patience: seconds for which an item is offered again that the server answers with 429;
            `None` for no limit.
        times: time and chance.
    """

    def __init__(
        self,
        send: Callable[[Item, RetryPolicy], MessageMessage],
        *,
        workers: int,
        stop_on_error: bool,
        retries: object,
        patience: float | None,
        times: Times,
    ) -> None:
        self._send = send
        self._workers = workers
        self._stop_on_error = stop_on_error
        self._patience = patience
        self._times = times
        self._stopped = threading.Event()
        self._throttle = Throttle(times, self._stopped)
        policy = RetryPolicy.of(retries)
        self._repeats = policy.repeats > 0
        # 429 is left to the gate; the client's own loop would let each thread wait for itself.
        self._policy = policy._replace(statuses=TRANSIENT_STATUSES - {429})

    def outcomes(self, items: Iterable[Item]) -> Generator[Outcome]:
        """Send `items`; yield one outcome for each that was taken, in order."""
        pending: deque[Future[Outcome]] = deque()
        source = iter(items)
        threads = Workers(self._outcome, self._workers, "openapi-client-sends")
        try:
            while not self._stopped.is_set():
                try:
                    item = next(source)
                except StopIteration:
                    break
                except Exception:
                    # The caller's own error comes where it happened: after what was sent before.
                    yield from _drained(threads, pending)
                    raise
                pending.append(threads.submit(item))
                while pending and (
                    len(pending) >= _AHEAD_PER_WORKER * self._workers or pending[0].done()
                ):
                    yield threads.result(pending.popleft())
            yield from _drained(threads, pending)
        finally:
            self._stopped.set()
            for future in pending:
                future.cancel()
            threads.close()

    def _outcome(self, item: Item) -> Outcome:
        try:
            return self._sent(item)
        except ApiException as error:
            failure = error
        except (ValueError, TypeError) as error:
            failure = _not_sent(f"The body cannot be sent: {error}")
            failure.__cause__ = error
        if self._stop_on_error:
            self._stopped.set()
        return failure

    def _sent(self, item: Item) -> MessageMessage:
        began = self._times.clock()
        while True:
            entered = self._throttle.enter()
            if self._stopped.is_set():
                raise _not_sent("Not sent: sending was stopped before it was this one's turn")
            try:
                message = self._send(item, self._policy)
            except TooManyRequestsException as error:
                self._throttle.refused(entered, error.retry_after)
                if not self._repeats or not self._has_time(began, error.retry_after):
                    raise
            else:
                self._throttle.passed()
                return message

    def _has_time(self, began: float, wait: float | None) -> bool:
        if self._patience is None:
            return True
        return self._times.clock() + (wait or 0.0) - began < self._patience


def paired(bodies: Iterable[Body], keys: Iterable[str] | None) -> Iterator[tuple[Body, str | None]]:
    """Yield each body with its key, if there are keys.

    Raises:
        ApiValueError: there are more of the ones than of the others.
    """
    remaining = None if keys is None else iter(keys)
    for body in bodies:
        key = None
        if remaining is not None and (key := next(remaining, None)) is None:
            raise ApiValueError("There are fewer keys than bodies")
        yield body, key
    if remaining is not None and next(remaining, None) is not None:
        raise ApiValueError("There are more keys than bodies")


def request_of(body: Body) -> MessageCreateMessageRequest:
    """Return the request that a body means.

    Raises:
        pydantic.ValidationError: it has the wrong type.
    """
    if isinstance(body, MessageCreateMessageRequest):
        return body
    given = {"body": body} if isinstance(body, str) else body
    return MessageCreateMessageRequest.model_validate(given)


def _drained(threads: Workers[Item, Outcome], pending: deque[Future[Outcome]]) -> Iterator[Outcome]:
    while pending:
        yield threads.result(pending.popleft())


def _not_sent(reason: str) -> ApiException:
    failure = ApiException(0, reason)
    failure.outcome = "not_sent"
    return failure
