"""One thread at a time, without a thread that waits for itself."""

from __future__ import annotations

import threading

from openapi_client.exceptions import ApiException


class Turn:
    """A lock of an iterator: a request is made under it, so foreign code runs meanwhile.

    What a signal handler, a hook or a provider of tokens of the same thread wants of the iterator
    in the midst of that is refused; with a plain lock it would wait for its own thread for ever.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._is_taken = False

    def __enter__(self) -> None:
        self._lock.acquire()
        if self._is_taken:
            self._lock.release()
            failure = ApiException(0, "The iterator is in the midst of a request of this thread")
            failure.outcome = "not_sent"
            raise failure
        self._is_taken = True

    def __exit__(self, *_: object) -> None:
        self._is_taken = False
        self._lock.release()
