"""A conversation of a million messages: `python -m test.testing.million`.

Prints how long it takes to load, in memory and in a file, and what a page costs at its two ends,
for each generation.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from openapi_client.testing import GENERATIONS, MessagesServer
from test.support.raw import APP, CONNECTION, MESSAGES, RawClient

PER_PAGE = 100
REPEATS = 21


def milliseconds(call: RawClient, page: int) -> float:
    """The median time of a page."""
    times: list[float] = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        call("GET", f"{MESSAGES}?per_page={PER_PAGE}&page={page}")
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=1_000_000)
    given = parser.parse_args()
    last = given.messages // PER_PAGE
    with tempfile.TemporaryDirectory() as folder:
        for name, database in (("memory", None), ("file", Path(folder, "messages.db"))):
            with MessagesServer(tls=False, database=database) as server, RawClient(server) as call:
                started = time.perf_counter()
                server.load(APP, CONNECTION, given.messages)
                seconds = time.perf_counter() - started
                print(f"{name}: {given.messages} messages loaded in {seconds:.1f} s")
                for server.generation in GENERATIONS:
                    started = time.perf_counter()
                    call("GET")
                    first = time.perf_counter() - started
                    ends = (milliseconds(call, page) for page in (1, last // 2, last))
                    print(
                        f"  {server.generation}: {first * 1000:.1f} ms for the first request, then "
                        + ", ".join(f"{end:.1f}" for end in ends)
                        + " ms for the newest page, one in the middle, the oldest"
                    )


if __name__ == "__main__":
    main()
