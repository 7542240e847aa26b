"""The run: calls in many threads through a proxy that breaks them, and what became of them."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from urllib3 import Retry

from openapi_client import ApiClient, ApiException, ApiResponse, MessagesApi
from openapi_client.testing import MessagesServer
from test.chaos.promised import promised
from test.chaos.proxy import FAULTS, ChaosProxy

APP, CONNECTION = "chaos", "weather"
TIMEOUT = (2.0, 0.5)
DEADLINE = 10.0
# A call may end this much after its deadline.
GRACE = max(0.05, DEADLINE / 10)


@dataclass
class Report:
    """What became of the calls, and the zeros that are promised."""

    calls: int
    seconds: float
    outcomes: Counter[str]
    faults: Counter[str]
    repeats: int
    longest: float
    sends: int
    others: list[BaseException]
    stored_twice: int
    not_sent_but_stored: int
    done_but_not_stored: int
    over_deadline: int
    sockets_left: int

    @property
    def zeros(self) -> dict[str, int]:
        """What has to be zero."""
        return {
            "sends stored twice": self.stored_twice,
            "sends reported as failed with `not_sent` but stored": self.not_sent_but_stored,
            "sends reported as done but not stored": self.done_but_not_stored,
            "exceptions that are no `ApiException`": len(self.others),
            "calls over their deadline": self.over_deadline,
            "sockets left": self.sockets_left,
        }

    def lines(self) -> Iterator[str]:
        """The report for people."""
        requests = self.faults.total()
        struck = requests - self.faults["none"]
        yield (
            f"{self.calls} calls, {self.sends} of them sends, in {self.seconds:.1f} s; the longest "
            f"took {self.longest:.2f} s of {DEADLINE:g} s"
        )
        yield (
            f"{requests} requests arrived, {self.repeats} of them repeats; "
            f"{struck} were struck ({100 * struck / max(1, requests):.1f} %)"
        )
        for name, what in FAULTS.items():
            yield f"  {self.faults[name]:6} {name:17} {what}"
        yield "what the callers were told"
        for name, count in sorted(self.outcomes.items()):
            yield f"  {count:6} {name}"
        yield from promised(self.zeros, self.others)


@dataclass
class _Send:
    """One send: its text, which no other has, and what its caller was told."""

    text: str
    told: str


class _Caller:
    """One thread's calls."""

    def __init__(self, api: MessagesApi, number: int, calls: int, known: list[str]) -> None:
        self._api = api
        self._number = number
        self._calls = calls
        self._known = known
        self._chance = random.Random(number)
        self.sends: list[_Send] = []
        self.outcomes: Counter[str] = Counter()
        self.durations: list[float] = []
        self.others: list[BaseException] = []
        self.repeats = 0

    def run(self) -> None:
        """Make the calls."""
        for call in range(self._calls):
            operation = self._chance.choice(("list", "get", "edit", "send"))
            text = f"{self._number}.{call}"
            began = time.monotonic()
            told = self._told(operation, text)
            self.durations.append(time.monotonic() - began)
            self.outcomes[told] += 1
            if operation == "send":
                self.sends.append(_Send(text, told))

    def _told(self, operation: str, text: str) -> str:
        try:
            self.repeats += len(self._call(operation, text).attempts) - 1
        except ApiException as error:
            self.repeats += len(error.attempts) - 1
            return error.outcome
        except BaseException as error:  # noqa: BLE001 - what must not happen is counted
            self.others.append(error)
            return "no ApiException"
        return "done"

    def _call(self, operation: str, text: str) -> ApiResponse[Any]:
        jti = self._chance.choice(self._known)
        page = self._chance.randrange(1, 4)
        if operation == "send":
            return self._api.send_with_http_info(APP, CONNECTION, text)
        if operation == "edit":
            return self._api.edit_with_http_info(APP, CONNECTION, jti, f"edited by {text}")
        if operation == "get":
            return self._api.get_with_http_info(APP, CONNECTION, jti)
        return self._api.list_with_http_info(APP, CONNECTION, page=page, per_page=20)


def run(
    calls: int = 10_000, threads: int = 16, seed: int = 1, retries: int | Retry | None = None
) -> Report:
    """Make the run.

    Args:
        calls: how many, in all threads together.
        threads: how many call at the same time, through one client.
        seed: the same gives the same faults.
        retries: as of `Configuration`.
    """
    each = calls // threads
    with (
        MessagesServer(tls=False) as server,
        ChaosProxy(("127.0.0.1", server.port), seed=seed) as proxy,
    ):
        server.load(APP, CONNECTION, 100)
        known = [message.jti for message in server.messages(APP, CONNECTION)]
        configuration = server.configuration(
            host=proxy.url, timeout=TIMEOUT, deadline=DEADLINE, retries=retries
        )
        began = time.monotonic()
        with ApiClient(configuration) as client:
            callers = [_Caller(MessagesApi(client), n, each, known) for n in range(threads)]
            workers = [threading.Thread(target=caller.run) for caller in callers]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
        seconds = time.monotonic() - began
        sockets_left = proxy.connections_left()
        stored = Counter(message.body for message in server.messages(APP, CONNECTION))
    sends = [send for caller in callers for send in caller.sends]
    durations = [duration for caller in callers for duration in caller.durations]
    return Report(
        calls=each * threads,
        seconds=seconds,
        outcomes=sum((caller.outcomes for caller in callers), Counter[str]()),
        faults=proxy.counts,
        repeats=sum(caller.repeats for caller in callers),
        longest=max(durations),
        sends=len(sends),
        others=[error for caller in callers for error in caller.others],
        stored_twice=sum(stored[send.text] > 1 for send in sends),
        not_sent_but_stored=sum(
            send.told == "not_sent" and stored[send.text] > 0 for send in sends
        ),
        done_but_not_stored=sum(send.told == "done" and not stored[send.text] for send in sends),
        over_deadline=sum(duration > DEADLINE + GRACE for duration in durations),
        sockets_left=sockets_left,
    )
