"""A server that is killed while messages are sent to it: `python -m test.testing.kills`.

Prints how many messages were answered before the kills, and how many of them are not stored.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import random
import shlex
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from openapi_client.testing import MessagesServer

PATH = "/v1/apps/app/connections/connection/messages"


class Outcome(NamedTuple):
    """What became of the messages: those answered, those stored."""

    answered: set[str]
    stored: set[str]


def kill_while_sending(
    database: Path, *, kills: int, senders: int, chance: random.Random
) -> Outcome:
    """Starts a server on the database and kills it under load, that many times."""
    answered: set[str] = set()
    for _ in range(kills):
        answered |= _one_kill(database, senders, after=chance.randrange(1, 60))
    with MessagesServer(tls=False, database=database) as server:
        return Outcome(answered, {message.jti for message in server.messages()})


def _one_kill(database: Path, senders: int, after: int) -> set[str]:
    command = [sys.executable, "-m", "openapi_client.testing", "--port", "0", "--no-tls"]
    # What is read here is all that it prints, so that the pipe never fills.
    with subprocess.Popen(
        [*command, "--database", str(database)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = [shlex.split(process.stdout.readline())[1] for _ in range(3)]
        url, token = (line.partition("=")[2] for line in lines[:2])
        port = int(url.removesuffix("/v1").rpartition(":")[2])
        one_more = threading.Semaphore(0)

        def send() -> set[str]:
            mine: set[str] = set()
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            connection = http.client.HTTPConnection("localhost", port, timeout=60)
            with (
                contextlib.closing(connection),
                contextlib.suppress(OSError, http.client.HTTPException),
            ):
                while True:
                    connection.request("POST", PATH, '{"body": "Hello"}', headers)
                    answer = connection.getresponse()
                    body = answer.read()
                    mine.add(json.loads(body)["jti"])
                    one_more.release()
            return mine

        with ThreadPoolExecutor(senders) as threads:
            sending = [threads.submit(send) for _ in range(senders)]
            for _ in range(after):
                one_more.acquire()
            process.kill()
            return set[str]().union(*(future.result() for future in sending))


def main() -> None:
    """Kills, and fails where an answered message is not stored."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--senders", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = kill_while_sending(
            Path(folder, "messages.db"),
            kills=given.kills,
            senders=given.senders,
            chance=random.Random(given.seed),
        )
    lost = len(outcome.answered - outcome.stored)
    print(
        f"{given.kills} kills, {len(outcome.answered)} messages answered, "
        f"{len(outcome.stored)} stored, {lost} lost"
    )
    if lost:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
