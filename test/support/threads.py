"""Calls at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable


def in_threads(calls: list[Callable[[], object]]) -> None:
    """Make calls at the same time; what one of them raises, or that it hangs, fails the test."""
    failures: list[BaseException] = []

    def run(call: Callable[[], object]) -> None:
        try:
            call()
        except BaseException as error:  # noqa: BLE001 - it is shown by the thread that waits
            failures.append(error)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert failures == []
