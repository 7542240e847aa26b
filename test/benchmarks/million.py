"""Whether a conversation of a million messages is read as easily as one of ten thousand.

``python -m test.benchmarks.million`` prints microseconds per message, and the most memory that
reading holds, for each size: newest first, oldest first, and followed from a cursor.
"""

from __future__ import annotations

import sys
import tempfile
import tracemalloc
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from time import process_time

from openapi_client import ApiClient, MessagesApi
from openapi_client.conversations import Conversation
from openapi_client.testing import MessagesServer

APP, CONNECTION = "app-1", "connection-1"
SIZES = (10_000, 100_000, 1_000_000)
FOLLOWED = 5_000
"""Messages that are read from a cursor, before the newest one."""


def measured(messages: Iterable[object], count: int) -> tuple[float, float]:
    """Read ``count`` messages: CPU microseconds for each, and MiB at most.

    The server runs in this process, so the time is that of both.
    """
    tracemalloc.start()
    begun, read = process_time(), sum(1 for _ in islice(messages, count))
    seconds, peak = process_time() - begun, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert read == count, (read, count)
    return seconds * 1e6 / count, peak / 2**20


def read_all(conversation: Conversation, size: int) -> None:
    """Print the figures of a conversation of ``size`` messages."""
    ways: dict[str, tuple[Iterable[object], int]] = {
        "newest first": (conversation.messages(per_page=1000), size),
        "oldest first": (conversation.messages(per_page=1000, newest_first=False), size),
    }
    for way, (messages, count) in ways.items():
        show(size, way, *measured(messages, count))
    oldest_first = conversation.messages(per_page=1000, newest_first=False)
    for _ in islice(oldest_first, size - FOLLOWED):
        pass
    follower = conversation.follow(after=oldest_first.cursor)
    show(size, "followed", *measured(follower, FOLLOWED))


def show(size: int, way: str, microseconds: float, mebibytes: float) -> None:
    """Print a line of the table."""
    print(f"{size:>9,} {way:<14} {microseconds:6.1f} us {mebibytes:6.2f} MiB", flush=True)


def main() -> None:
    """Load and read conversations of each size."""
    sizes = [int(size) for size in sys.argv[1:]] or SIZES
    for size in sizes:
        with (
            tempfile.TemporaryDirectory() as folder,
            MessagesServer(tls=False, database=Path(folder, "messages.db")) as server,
            ApiClient(server.configuration()) as client,
        ):
            server.load(APP, CONNECTION, size)
            read_all(MessagesApi(client).conversation(APP, CONNECTION), size)


if __name__ == "__main__":
    main()
