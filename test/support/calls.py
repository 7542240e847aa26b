"""Clients for the scripted servers, with time and chance in the hands of the test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest

from openapi_client import ApiClient, ApiException, Configuration, MessagesApi
from openapi_client.rest import RESTClientObject
from test.support.authority import authority
from test.support.scripted import PATIENCE, ScriptedServer

T = TypeVar("T")

TOKEN = "canary-token-9f8e7d6c5b4a"


class FakeTime:
    """A clock that goes on only when somebody says so: a sleep does, and a script may.

    Args:
        now: the time, in seconds.
        tick: seconds that pass whenever somebody looks at the clock.

    Attributes:
        now: the time, in seconds.
        waits: the sleeps so far, in seconds.
    """

    def __init__(self, now: float = 1000.0, tick: float = 0.0) -> None:
        self.now = now
        self.waits: list[float] = []
        self._began = now
        self._tick = tick
        self._readings = 0
        self._paced = 0
        self._stopped = False
        self._read = threading.Condition()

    @property
    def passed(self) -> float:
        """Seconds since the beginning."""
        return self.now - self._began

    def clock(self) -> float:
        """The time."""
        with self._read:
            self.now += self._tick
            self._readings += 1
            self._read.notify_all()
            return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    def sleep(self, seconds: float) -> None:
        """Let time pass, and note that it was a sleep."""
        self.waits.append(seconds)
        self.now += seconds

    def keep_pace(self) -> None:
        """Wait until the client has looked at the clock since this was called last.

        It looks whenever it has taken something, so a server that sends something between two
        calls of this is never far ahead.
        """
        with self._read:
            self._read.wait_for(lambda: self._stopped or self._readings > self._paced, PATIENCE)
            self._paced = self._readings

    def stop(self) -> None:
        """Hold nobody up any more."""
        with self._read:
            self._stopped = True
            self._read.notify_all()


def configuration_for(url: str, **settings: Any) -> Configuration:
    """A configuration with the canary token, which trusts the tests' authority."""
    defaults: dict[str, Any] = {
        "api_key": {"BearerAuth": TOKEN},
        "ssl_ca_cert": authority().ca_cert,
    }
    return Configuration(url, **{**defaults, **settings})


@contextmanager
def client_for(
    url: str | ScriptedServer, time: FakeTime | None = None, draw: float = 1.0, /, **settings: Any
) -> Generator[ApiClient]:
    """A client of a server.

    Args:
        url: the server, or its URL.
        time: the time that the client keeps; without it the true one, in which it never sleeps.
        draw: what each draw of the backoff gives; 1.0 is the longest wait.
        **settings: of the `Configuration`.
    """
    configuration = configuration_for(url if isinstance(url, str) else url.url, **settings)
    with ApiClient(configuration) as client:
        if time is None:
            rest = RESTClientObject(configuration, sleep=lambda _: None, draw=lambda: draw)
        else:
            rest = RESTClientObject(
                configuration,
                clock=time.clock,
                wall_clock=time.clock,
                sleep=time.sleep,
                draw=lambda: draw,
            )
        client.rest_client = rest
        try:
            yield client
        finally:
            if time is not None:
                time.stop()


@contextmanager
def api_for(
    url: str | ScriptedServer, time: FakeTime | None = None, draw: float = 1.0, /, **settings: Any
) -> Generator[MessagesApi]:
    """The operations of a client; see `client_for`."""
    with client_for(url, time, draw, **settings) as client:
        yield MessagesApi(client)


def get(api: MessagesApi, **options: Any) -> str | None:
    """Get a message; its text."""
    return api.get("app", "connection", "jti", **options).body


def send(api: MessagesApi, text: str = "hello", **options: Any) -> str | None:
    """Send a message; the text that came back."""
    return api.send("app", "connection", text, **options).body


def edit(api: MessagesApi, text: str = "hello", **options: Any) -> str | None:
    """Edit a message; the text that came back."""
    return api.edit("app", "connection", "jti", text, **options).body


OPERATIONS: dict[str, Callable[..., str | None]] = {"get": get, "send": send, "edit": edit}


def failure_of(call: Callable[..., object], *args: Any, **kwargs: Any) -> ApiException:
    """The exception that a call ends with."""
    with pytest.raises(ApiException) as raised:
        call(*args, **kwargs)
    return raised.value


def finishes(call: Callable[[], T]) -> T:
    """What `call` returns or raises; a call that hangs fails the test."""
    results: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(call())
        except BaseException as error:  # noqa: BLE001 - raised again in the test's thread
            failures.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive(), "the call hangs"
    if failures:
        raise failures[0]
    return results[0]
