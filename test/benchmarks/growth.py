"""What stays the same as work grows: ratios to the same client's own cost at the start."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from statistics import median

from test.benchmarks.answers import PAGE_SIZES, page_bodies
from test.benchmarks.contenders import FLOOR, OURS, floor, ours
from test.benchmarks.floor import PlainPage
from test.benchmarks.measure import Effort, Figure, block, figure, interleave
from test.benchmarks.offline import decode_each
from test.benchmarks.resident import kilobytes
from test.benchmarks.server_process import StubServer
from test.benchmarks.threads import thousand_threads
from test.support.readers import read

THREADS_OPENED = "connections opened for 1,000 threads, 16 at once"

_BLOCK = 100
_WINDOW = 10
"""Blocks of which the cost at a moment is the median."""


def _relative_cost(call: Callable[[], object], reference: Callable[[], object]) -> float:
    """Return the cost of a call now, the floor taking turns, so that the machine's mood cancels."""
    costs = [(block(call, _BLOCK).wall, block(reference, _BLOCK // 2).wall) for _ in range(_WINDOW)]
    return median(cost / floor_cost for cost, floor_cost in costs)


def measure_many_calls(server: StubServer, total: int) -> list[Figure]:
    """Measure a get after up to ``total`` calls of one client, and after 1,000 threads ended."""
    client = ours(server.plain_url, server.ca_cert)
    reference = floor(server.plain_url, server.ca_cert)
    get, bare_get = client.calls["get"], reference.calls["get"]
    made = _BLOCK * _WINDOW
    for _ in range(made):
        get()
    start = _relative_cost(get, bare_get)
    made += _BLOCK * _WINDOW
    marks = [mark for mark in (1_000, 3_000, 10_000, 30_000, 100_000) if mark <= total]
    resident, opened = kilobytes(), server.accepted()
    figures: list[Figure] = []
    for mark in marks:
        while made < mark:
            get()
            made += 1
        now = _relative_cost(get, bare_get)
        made += _BLOCK * _WINDOW
        figures.append(figure(f"a get after {mark:,} calls", OURS, "of the floor", [now], [start]))
    thousand_threads(get)
    now = _relative_cost(get, bare_get)
    case = "a get after 1,000 threads"
    figures.append(figure(case, OURS, "of the floor", [now], [start]))
    case = f"memory held after {total:,} calls and 1,000 threads"
    figures.append(figure(case, OURS, "KiB", [kilobytes()], [resident]))
    count = float(server.accepted() - opened)
    figures.append(figure(THREADS_OPENED, OURS, "opened", [count], [16.0]))
    client.close()
    reference.close()
    return figures


BYTES: dict[str, tuple[str, bytes]] = {
    "folds of a head": ("head", b"X: a" + b"\r\n " * 500 + b"\r\n"),
    "chunks of one byte": ("chunks", b"1\r\nx\r\n" * 2000),
    "a page without sense": ("page", b'{"items":[' + b"[]," * 5000),
    "an error full of escapes": ("error", b"\\u0061" * 2000),
    "an error full of escapes, searched for a token": ("secrets", b"\\u0061" * 2000),
}


def measure_bytes(effort: Effort) -> list[Figure]:
    """Measure what a byte of a response costs, alone and among four times as many."""
    figures: list[Figure] = []
    for case, (name, data) in BYTES.items():
        longer = data * 4  # which is no answer at all, as `data` is none
        calls = {"once": partial(read, name, data), "four times": partial(read, name, longer)}
        costs = interleave(calls, effort)
        once = [cost.wall * 1e9 / len(data) for cost in costs["once"]]
        each = [cost.wall * 1e9 / len(longer) for cost in costs["four times"]]
        figures.append(figure(f"a byte of {case}", OURS, "ns", each, once))
    return figures


def measure_pages(effort: Effort) -> list[Figure]:
    """Measure the cost of decoding per message, at pages of 10, 100 and 1,000."""
    from openapi_client import MessageResponse

    bodies = {size: page_bodies(size) for size in PAGE_SIZES}
    calls: dict[str, Callable[[], object]] = {}
    for size, each in bodies.items():
        calls[f"{OURS} {size}"] = decode_each(MessageResponse.model_validate_json, each)
        calls[f"{FLOOR} {size}"] = decode_each(PlainPage.model_validate_json, each)
    costs = interleave(calls, effort)
    figures: list[Figure] = []
    for name in (OURS, FLOOR):
        costs_of = {
            size: [cost.wall * 1e6 / size for cost in costs[f"{name} {size}"]] for size in bodies
        }
        figures += [
            figure(
                f"a message in a page of {size:,}",
                name,
                "us",
                costs_of[size],
                costs_of[PAGE_SIZES[0]],
            )
            for size in bodies
        ]
    return figures
