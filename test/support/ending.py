"""Programs that end, one way or another, while or before the client works.

`python -m test.support.ending WHEN WHAT URL` runs a case; the first line it prints is "ready".
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable

from openapi_client import ApiClient, ApiException, Configuration, MessagesApi
from openapi_client.conversations import Conversation
from openapi_client.login import LoginToken


def _iterate(conversation: Conversation) -> object:
    return list(conversation.messages(workers=8, per_page=1))


def _send_many(conversation: Conversation) -> object:
    return list(conversation.send_many(["hello"] * 20, workers=8))


WORK: dict[str, Callable[[Conversation], object]] = {
    "list": lambda conversation: conversation.list(),
    "login": lambda conversation: conversation.list(),
    "iterate": _iterate,
    "send_many": _send_many,
    "follow": lambda conversation: next(iter(conversation.follow(poll_interval=0.1))),
}


def _conversation(url: str, *, login: bool) -> Conversation:
    configuration = Configuration(url, access_token=lambda: "token", deadline=60.0, retries=0)
    if login:
        configuration.access_token = LoginToken(configuration, username="me", password="password")
    return MessagesApi(ApiClient(configuration)).conversation("app", "connection")


def _tell(work: Callable[[], object]) -> None:
    try:
        work()
        print("done", flush=True)
    except ApiException:
        print("ApiException", flush=True)
    except BaseException as error:  # noqa: BLE001 - told to the test
        print(type(error).__name__, error, flush=True)


def _after_main_thread(work: Callable[[], object]) -> None:
    def late() -> None:
        threading.main_thread().join()
        _tell(work)

    threading.Thread(target=late).start()


def _in_child(conversation: Conversation) -> None:
    """Fork in the midst of an iteration and of a `send_many`, and go on with both in the child."""
    messages = conversation.messages(workers=8, per_page=1)
    next(messages)
    outcomes = conversation.send_many(["hello"] * 20, workers=8)
    next(outcomes)
    with warnings.catch_warnings():
        # Newer Pythons say that a child of a process with threads may hang: that is what is tried.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        _tell(lambda: list(messages))
        _tell(lambda: list(outcomes))
        os._exit(0)
    os.waitpid(child, 0)


def main(when: str, what: str, url: str) -> None:
    """Run a case."""
    # Who is started in the background by a shell without job control ignores it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    conversation = _conversation(url, login=what == "login")
    print("ready", flush=True)
    if when == "now":
        WORK[what](conversation)
    elif when == "atexit":
        atexit.register(_tell, lambda: WORK[what](conversation))
    elif when == "after":
        _after_main_thread(lambda: WORK[what](conversation))
    else:
        _in_child(conversation)


if __name__ == "__main__":
    main(*sys.argv[1:])
