"""Whole conversations: what many workers gain where the network is slow, and what memory they hold.

Ratios are to the same work with one worker, without a ledger, or to a small conversation.
"""

from __future__ import annotations

import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from openapi_client import ApiClient, Configuration, Ledger, MessageResponse, MessagesApi
from openapi_client.testing import MessagesServer
from test.benchmarks.answers import APP_ID, TOKEN, conversation_id, conversation_page
from test.benchmarks.contenders import OURS
from test.benchmarks.measure import Figure, figure
from test.benchmarks.server_process import StubServer

LATENCY = 0.020
"""Seconds that each answer waits."""

WORKERS = 8
PER_PAGE = 100
PAGES = "100 pages with 8 workers, 20 ms of latency"
SENDS = "1,000 sends with 8 workers, 20 ms of latency"
LEDGER = "100 `send_once` by key with a ledger, 20 ms of latency"
MEMORY = "memory of iterating 100,000 messages rather than 1,000, in pages"


def _iterate(messages: MessagesApi, total: int, workers: int) -> None:
    conversation = messages.conversation(APP_ID, conversation_id(total))
    count = sum(1 for _ in conversation.messages(per_page=PER_PAGE, workers=workers))
    assert count == total, (count, total)


def _send(messages: MessagesApi, total: int, workers: int) -> None:
    conversation = messages.conversation(APP_ID, conversation_id(0))
    bodies = (f"text {number}" for number in range(total))
    for outcome in conversation.send_many(bodies, workers=workers):
        assert not isinstance(outcome, Exception), outcome


def _seconds(work: Callable[[MessagesApi, int, int], None], total: int, workers: int) -> float:
    with StubServer(latency=LATENCY) as server:
        configuration = Configuration(server.plain_url, {"BearerAuth": TOKEN})
        with ApiClient(configuration) as client:
            messages = MessagesApi(client)
            # Opens the connections, and lets the server make the pages that it will be asked for.
            work(messages, total if work is _iterate else WORKERS, WORKERS)
            start = perf_counter()
            work(messages, total, workers)
            return perf_counter() - start


def _seconds_once(total: int, *, with_ledger: bool) -> float:
    """Time sends to the embedded server: each needs a message of its own."""
    with (
        MessagesServer(tls=False) as server,
        tempfile.TemporaryDirectory() as folder,
        Ledger(Path(folder, "sends.db")) as ledger,
        ApiClient(server.configuration()) as client,
    ):
        conversation = MessagesApi(client).conversation(APP_ID, "friend")
        conversation.send_once("first")
        server.faults.latency(LATENCY)
        start = perf_counter()
        for number in range(total):
            if with_ledger:
                conversation.send_once("text", key=f"order-{number}", ledger=ledger)
            else:
                conversation.send_once("text")
        return perf_counter() - start


def _peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def measure_conversations(server: StubServer, rounds: int, part: int) -> list[Figure]:
    """Measure pages, sends, ledger and memory; the work is divided by ``part``."""
    figures: list[Figure] = []
    for case, work, total in (
        (PAGES, _iterate, 100 * PER_PAGE // part),
        (SENDS, _send, 1000 // part),
    ):
        alone = [_seconds(work, total, 1) for _ in range(rounds)]
        together = [_seconds(work, total, WORKERS) for _ in range(rounds)]
        figures.append(figure(case, OURS, "s", together, alone))
    without = [_seconds_once(max(1, 100 // part), with_ledger=False) for _ in range(rounds)]
    by_key = [_seconds_once(max(1, 100 // part), with_ledger=True) for _ in range(rounds)]
    figures.append(figure(LEDGER, OURS, "s", by_key, without))
    figures.append(_memory(server, part))
    return figures


def _memory(server: StubServer, part: int) -> Figure:
    with ApiClient(Configuration(server.plain_url, {"BearerAuth": TOKEN})) as client:
        messages = MessagesApi(client)
        _iterate(messages, PER_PAGE, 1)
        few = _peak(lambda: _iterate(messages, 1_000, 1))
        many = _peak(lambda: _iterate(messages, 100_000 // part, 1))
    body = conversation_page(PER_PAGE, 1, PER_PAGE)
    page = _peak(lambda: MessageResponse.model_validate_json(body))
    more = (many - few) / page
    return figure(MEMORY, OURS, "pages", [more], [1.0])
