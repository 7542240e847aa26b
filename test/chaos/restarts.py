"""Sends by key through a proxy that breaks a fifth, by processes that are killed all the time.

`python -m test.chaos.restarts` gives 10,000 sends in 16 conversations to four processes, from a
queue that delivers again what was not done and, now and then, what is being done. 200 times one of
them is killed (SIGKILL). It does so with a ledger in a file, and with one in PostgreSQL shared by
two "machines", whose processes have nothing but the server in common. Every text is that of many
keys. It exits with 1 if a message was lost or doubled.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, NamedTuple

from openapi_client import ApiClient, ApiException, Configuration, Ledger, MessagesApi
from openapi_client.testing import MessagesServer
from test.chaos.promised import promised
from test.chaos.proxy import ChaosProxy
from test.support import postgres

APP = "chaos"
WORKERS = 4
THREADS = 8
DIFFERENT_TEXTS = 20
DELIVERED_TWICE = 0.05
MOST_DELIVERIES = 100

# Neither copies the threads of this process.
_CONTEXT: Any = multiprocessing.get_context("forkserver" if hasattr(os, "fork") else "spawn")


class Order(NamedTuple):
    """What is to be sent."""

    number: int
    connection: str
    text: str

    @property
    def key(self) -> str:
        """The key of its send: unique within its conversation only."""
        return f"order-{self.number}"


@dataclass
class Report:
    """What became of the sends."""

    store: str
    sends: int
    conversations: int
    seconds: float
    kills: int
    deliveries: int
    broken: int
    stored: int
    lost: int
    doubled: int
    changed: int
    shared: int
    given_up: int
    others: list[BaseException]

    @property
    def zeros(self) -> dict[str, int]:
        """What has to be zero."""
        return {
            "messages lost": self.lost,
            "messages doubled": self.doubled,
            "keys with two messages": self.changed,
            "messages of two keys": self.shared,
            "keys that were given up": self.given_up,
            "exceptions that are no `ApiException`": len(self.others),
        }

    def lines(self) -> Iterator[str]:
        """The report for people."""
        yield (
            f"{self.store}: {self.sends} sends to {self.conversations} conversations in "
            f"{self.seconds:.1f} s; {self.kills} kills, {self.deliveries} deliveries, "
            f"{self.broken} requests broken"
        )
        yield f"  {self.stored:6} messages stored, as the server's database tells"
        yield from promised(self.zeros, self.others)


@dataclass
class _Queue:
    """Orders: those to be delivered, and those that somebody has and has not done yet."""

    waiting: deque[Order]
    chance: random.Random
    ids: dict[int, set[str]] = field(default_factory=dict[int, set[str]])
    deliveries: Counter[int] = field(default_factory=Counter[int])
    given_up: int = 0

    def next(self) -> Order | None:
        if not self.waiting:
            return None
        order = self.waiting.popleft()
        self.deliveries[order.number] += 1
        if self.chance.random() < DELIVERED_TWICE:
            self.waiting.appendleft(order)
        return order

    def done(self, order: Order, jti: str) -> None:
        self.ids.setdefault(order.number, set()).add(jti)

    def again(self, order: Order) -> None:
        if self.deliveries[order.number] < MOST_DELIVERIES:
            self.waiting.append(order)
        else:
            self.given_up += 1


class _Worker:
    """A process with some threads, and the orders that it has."""

    def __init__(self, url: str, token: str, ledger: str, folder: Path) -> None:
        self.pipe, theirs = _CONTEXT.Pipe()
        self._arguments = (url, token, ledger, folder)
        self.has: list[Order] = []
        self.process = _CONTEXT.Process(target=_work, args=(theirs, *self._arguments), daemon=True)
        self.process.start()
        theirs.close()

    def again(self) -> _Worker:
        """Kill it; return another one."""
        self.process.kill()
        self.process.join()
        self.pipe.close()
        return _Worker(*self._arguments)

    def close(self) -> None:
        """Let it end."""
        self.pipe.send(None)
        self.process.join()
        self.pipe.close()


def _work(pipe: Connection, url: str, token: str, ledger: str, folder: Path) -> None:
    """Send what comes through the pipe; what a process does until it is killed."""
    os.chdir(folder)
    answering = threading.Lock()

    def send(order: Order) -> None:
        result: str | BaseException
        try:
            conversation = messages.conversation(APP, order.connection, ledger=kept)
            message = conversation.send_once(order.text, key=order.key, give_up_after=30.0)
            result = str(message.jti)
        except BaseException as error:  # noqa: BLE001 - the queue delivers it again
            result = error
        with answering:
            pipe.send((order, result))

    configuration = Configuration(url, {"BearerAuth": token}, timeout=(5.0, 1.0))
    with (
        Ledger(ledger) as kept,
        ApiClient(configuration) as client,
        ThreadPoolExecutor(THREADS) as threads,
    ):
        messages = MessagesApi(client)
        while (order := pipe.recv()) is not None:
            threads.submit(send, order)


def run(
    ledgers: list[str],
    sends: int = 10_000,
    kills: int = 200,
    conversations: int = 16,
    seed: int = 1,
) -> Report:
    """Make the run.

    Args:
        ledgers: what each "machine" opens; its processes have a working folder in common.
        sends: how many keys.
        kills: how many times a process is killed.
        conversations: how many they are sent to.
        seed: the same gives the same orders.
    """
    chance = random.Random(seed)
    names = [f"friend {number}" for number in range(conversations)]
    orders = [
        Order(number, names[number % conversations], f"text {chance.randrange(DIFFERENT_TEXTS)}")
        for number in range(sends)
    ]
    queue = _Queue(deque(orders), chance)
    others: list[BaseException] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        MessagesServer(tls=False, generation="2024") as server,
        ChaosProxy(("127.0.0.1", server.port), seed=seed) as proxy,
    ):
        for name in names:
            server.add_connection(APP, name)
        machines = [Path(folder, f"machine {number}") for number in range(len(ledgers))]
        for machine in machines:
            machine.mkdir()
        began = time.monotonic()
        workers = [
            _Worker(proxy.url, server.token, ledgers[n % len(ledgers)], machines[n % len(ledgers)])
            for n in range(WORKERS)
        ]
        killed = _deliver(queue, workers, sends // kills if kills else sends + 1, others)
        seconds = time.monotonic() - began
        stored = Counter((m.connection_id, m.body) for m in server.messages(APP))
        broken = proxy.counts.total() - proxy.counts["none"]
    expected = Counter((order.connection, order.text) for order in orders)
    owners = Counter(jti for ids in queue.ids.values() for jti in ids)
    return Report(
        store="PostgreSQL" if "://" in ledgers[0] else "SQLite",
        sends=sends,
        conversations=conversations,
        seconds=seconds,
        kills=killed,
        deliveries=queue.deliveries.total(),
        broken=broken,
        stored=stored.total(),
        lost=(expected - stored).total(),
        doubled=(stored - expected).total(),
        changed=sum(len(ids) - 1 for ids in queue.ids.values()),
        shared=sum(count - 1 for count in owners.values()),
        given_up=queue.given_up,
        others=others,
    )


def _deliver(
    queue: _Queue, workers: list[_Worker], per_kill: int, others: list[BaseException]
) -> int:
    """Deliver until all is done; return how often a worker was killed."""
    kills = answers = 0
    while True:
        for worker in workers:
            while len(worker.has) < THREADS and (order := queue.next()) is not None:
                worker.has.append(order)
                worker.pipe.send(order)
        if not any(worker.has for worker in workers):
            break
        for pipe in wait([worker.pipe for worker in workers]):
            worker = next(one for one in workers if one.pipe is pipe)
            order, result = worker.pipe.recv()
            worker.has.remove(order)
            if isinstance(result, str):
                queue.done(order, result)
                answers += 1
            else:
                queue.again(order)
                if not isinstance(result, ApiException):
                    others.append(result)
        if answers >= per_kill * (kills + 1):
            kills += 1
            victim = queue.chance.randrange(len(workers))
            for order in workers[victim].has:
                queue.again(order)
            workers[victim] = workers[victim].again()
    for worker in workers:
        worker.close()
    return kills


def run_in_file(**options: int) -> Report:
    """Make the run with a ledger in a file."""
    with tempfile.TemporaryDirectory() as folder:
        return run([str(Path(folder, "sends.db"))], **options)


def run_in_postgres(**options: int) -> Report:
    """Make the run with a ledger in PostgreSQL, from two machines."""
    with postgres.postgres() as url:
        return run([url, url], **options)


def main(arguments: list[str] | None = None) -> int:
    """Run, print, and tell whether all is well."""
    parser = argparse.ArgumentParser(prog="python -m test.chaos.restarts", description=__doc__)
    parser.add_argument("--short", action="store_true", help="400 sends and 8 kills")
    parser.add_argument("--sends", type=int, help="how many")
    parser.add_argument("--kills", type=int, help="how often a process is killed")
    parser.add_argument("--seed", type=int, default=1, help="the same gives the same orders")
    given = parser.parse_args(arguments)
    sends = given.sends or (400 if given.short else 10_000)
    kills = sends // 50 if given.kills is None else given.kills
    reports = [run_in_file(sends=sends, kills=kills, seed=given.seed)]
    why = postgres.missing()
    if why is None:
        reports.append(run_in_postgres(sends=sends, kills=kills, seed=given.seed))
    else:
        print(f"PostgreSQL is left out: {why}")
    for report in reports:
        print("\n".join(report.lines()))
    return int(any(any(report.zeros.values()) for report in reports))


if __name__ == "__main__":
    sys.exit(main())
