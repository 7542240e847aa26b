"""The example that sends orders from a queue: with real processes, which are killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from openapi_client.testing import MessagesServer
from test.support.pages import ROOT

pytest.importorskip("celery", reason="the worker needs Celery")

PROGRAM = ROOT / "docs" / "examples" / "worker.py"
SECONDS = 60
"""For what does not take nearly as long, unless it hangs."""


@pytest.fixture
def server() -> Iterator[MessagesServer]:
    with MessagesServer(tls=False) as running:
        running.add_connection("shop", "friend")
        yield running


@pytest.fixture
def environment(server: MessagesServer, tmp_path: Path) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {
        **inherited,
        "OPENAPI_CLIENT_HOST": server.url,
        "API_KEY": server.token,
        "ORDERS": str(tmp_path / "orders"),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


ORDERS = [(f"order-{number % 20}", "friend", "It is on its way") for number in range(40)]
PUT = """
import json, sys, worker
for order in json.load(sys.stdin):
    worker.send.delay(*order)
"""


def put_orders(environment: dict[str, str]) -> None:
    """Put all orders into the queue twice, as a queue delivers again what was not acknowledged."""
    subprocess.run(
        [sys.executable, "-c", PUT],
        cwd=PROGRAM.parent,
        env=environment,
        input=json.dumps(ORDERS),
        text=True,
        check=True,
        timeout=SECONDS,
    )


@contextmanager
def working(environment: dict[str, str]) -> Generator[None]:
    """The program at work; in the end it is killed."""
    with subprocess.Popen(
        [sys.executable, str(PROGRAM)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as worker:
        try:
            yield
        finally:
            worker.kill()


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(SECONDS * 20):
        if condition():
            return
        threading.Event().wait(0.05)
    raise AssertionError("it takes too long")


def test_each_order_is_sent_once_however_often_it_is_delivered(
    server: MessagesServer, environment: dict[str, str]
) -> None:
    put_orders(environment)
    server.faults.reset(operation="send", stored=True, share=0.15)
    server.faults.reset(operation="send", share=0.15)
    with working(environment):
        wait_for(lambda: len(server.messages()) >= 5)
    put_orders(environment)
    with working(environment):
        queue = Path(environment["ORDERS"], "queue")
        wait_for(lambda: len(server.messages()) >= 20 and not any(queue.iterdir()))
    assert Counter(message.body for message in server.messages()) == {"It is on its way": 20}
