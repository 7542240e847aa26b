"""The example bot, killed again and again: python -m test.chaos.bot [kills].

Messages of two kinds come in at random while it runs and while it does not. In the end the answers
have to be those of the messages, in their order: a missing or a second one would shift the rest.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

from openapi_client.testing import MessagesServer

ROOT = Path(__file__).resolve().parents[2]
APP, CONNECTION = "app", "friend"
ANSWERS = {"ping": "pong", "hello": "I know one word only: ping"}
_SECONDS = 60.0
"""For the last run to answer what is left, unless something is wrong."""


class Report(NamedTuple):
    """What was asked, and what was answered."""

    kills: int
    asked: list[str]
    answered: list[str]

    @property
    def is_right(self) -> bool:
        """Whether each message has its answer, once."""
        return self.answered == [ANSWERS[text] for text in self.asked]


def run(kills: int, seed: int = 1) -> Report:
    """Kill the bot so many times, and let it end in peace once."""
    draw = random.Random(seed)
    asked: list[str] = []
    done = threading.Event()
    with MessagesServer(tls=False) as server, tempfile.TemporaryDirectory() as folder:
        server.add_connection(APP, CONNECTION)

        def ask() -> None:
            chance = random.Random(seed)
            while not done.wait(chance.uniform(0.0, 0.3)):
                text = chance.choice(list(ANSWERS))
                server.receive(APP, CONNECTION, text)
                asked.append(text)

        def answered() -> list[str]:
            return [message.body for message in server.messages(APP, CONNECTION) if message.is_own]

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            for _ in range(kills):
                with _Bot(server, folder) as bot:
                    if draw.random() < 0.5:
                        bot.stdout_line()
                    time.sleep(draw.uniform(0.0, 1.0))
                    bot.end(draw.choice([signal.SIGTERM, signal.SIGKILL]))
        finally:
            done.set()
            asking.join()
        with _Bot(server, folder) as bot:
            until = time.monotonic() + _SECONDS
            while len(answered()) < len(asked) and time.monotonic() < until:
                time.sleep(0.05)
            bot.end(signal.SIGTERM)
        return Report(kills, asked, answered())


class _Bot:
    """A run of the program."""

    def __init__(self, server: MessagesServer, folder: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(ROOT / "docs" / "examples" / "bot.py"), APP, CONNECTION],
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "OPENAPI_CLIENT_HOST": server.url,
                "API_KEY": server.token,
            },
            stdout=subprocess.PIPE,
        )

    def __enter__(self) -> _Bot:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def stdout_line(self) -> None:
        """Wait until it listens."""
        assert self._process.stdout is not None
        self._process.stdout.readline()

    def end(self, number: int) -> None:
        """Send a signal, and wait until it has ended."""
        self._process.send_signal(number)
        self._process.wait(_SECONDS)


def main(arguments: list[str]) -> int:
    """Run, print, and tell whether all is well."""
    report = run(int(arguments[0]) if arguments else 100)
    print(f"kills {report.kills}, asked {len(report.asked)}, answered {len(report.answered)}")
    print("each once" if report.is_right else "NOT each once")
    return int(not report.is_right)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
