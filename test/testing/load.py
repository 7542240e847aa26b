"""Many keep-alive connections at once: `python -m test.testing.load`.

Prints how many requests were answered how fast, and whether every message that was answered is
stored. `drive` is what the tests use, with smaller numbers.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from openapi_client.testing import MessagesServer

APP, CONNECTION = "app", "connection"
PATH = f"/v1/apps/{APP}/connections/{CONNECTION}/messages"


class Outcome(NamedTuple):
    """What became of a load."""

    statuses: Counter[int]
    answered: list[str]
    seconds: float


def drive(server: MessagesServer, *, connections: int, requests: int) -> Outcome:
    """That many requests over that many connections: of each four, two sends, a get and a list."""
    ready = threading.Barrier(connections + 1)

    def work(number: int) -> tuple[Counter[int], list[str]]:
        headers = {
            "Authorization": f"Bearer {server.token}",
            "Content-Type": "application/json",
        }
        statuses: Counter[int] = Counter()
        sent: list[str] = []
        connection = http.client.HTTPConnection("localhost", server.port, timeout=60)
        connection.connect()
        kept = connection.sock
        ready.wait()
        with contextlib.closing(connection):
            for index in range(number, requests, connections):
                turn = (index // connections) % 4
                if turn < 2:
                    body = json.dumps({"body": f"message {index}"})
                    connection.request("POST", PATH, body, headers)
                elif turn == 2:
                    connection.request("GET", f"{PATH}/{sent[-1]}", headers=headers)
                else:
                    connection.request("GET", f"{PATH}?per_page=10", headers=headers)
                answer = connection.getresponse()
                value = json.loads(answer.read())
                statuses[answer.status] += 1
                if turn < 2:
                    sent.append(value["jti"])
                if connection.sock is not kept:
                    raise AssertionError("the connection was not kept")
        return statuses, sent

    with ThreadPoolExecutor(connections) as threads:
        working = [threads.submit(work, number) for number in range(connections)]
        ready.wait()
        started = time.perf_counter()
        results = [future.result() for future in working]
        seconds = time.perf_counter() - started
    statuses = sum((counted for counted, _ in results), Counter[int]())
    return Outcome(statuses, [jti for _, sent in results for jti in sent], seconds)


def main() -> None:
    """Measures memory and file, and fails where anything was lost."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--requests", type=int, default=20_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name, database in (("memory", None), ("file", Path(folder, "messages.db"))):
            with MessagesServer(tls=False, database=database) as server:
                outcome = drive(server, connections=given.connections, requests=given.requests)
                stored = {message.jti for message in server.messages()}
            lost = len(set(outcome.answered) - stored)
            print(
                f"{name}: {given.connections} connections, {outcome.statuses[200]} of "
                f"{given.requests} answered with 200, {len(outcome.answered)} messages sent, "
                f"{len(stored)} stored, {lost} lost, {outcome.seconds:.1f} s, "
                f"{given.requests / outcome.seconds:.0f} requests/s"
            )
            if lost or outcome.statuses[200] != given.requests:
                raise SystemExit(1)


if __name__ == "__main__":
    main()
