"""Many threads on one client: calls per second, and connections opened at the server."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread
from time import perf_counter

from test.benchmarks.contenders import FLOOR, OURS, Call, floor, ours
from test.benchmarks.measure import Figure, figure
from test.benchmarks.server_process import StubServer

THREADS = (1, 4, 16, 64)
_MOST = max(THREADS)


def rate(call: Call, threads: int, calls: int) -> float:
    """Share ``calls`` among threads that begin together; return calls per second."""
    errors: list[BaseException] = []
    barrier = Barrier(threads + 1)

    def work() -> None:
        barrier.wait()
        try:
            for _ in range(calls // threads):
                call()
        except BaseException as error:
            errors.append(error)
            raise

    workers = [Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    barrier.wait()
    start = perf_counter()
    for worker in workers:
        worker.join()
    seconds = perf_counter() - start
    if errors:
        raise errors[0]
    return calls // threads * threads / seconds


def case_name(threads: int) -> str:
    """Return what the tables call it."""
    return f"calls per second, {threads} thread{'s' if threads > 1 else ''}"


def connections_case_name(threads: int) -> str:
    """Return what the tables call the number of connections."""
    return f"connections opened, {threads} thread{'s' if threads > 1 else ''}"


def measure_threads(server: StubServer, rounds: int, calls: int) -> list[Figure]:
    """Measure both clients at each number of threads, plain, ``calls`` calls in a block."""
    figures: list[Figure] = []
    for threads in THREADS:
        contenders = {
            OURS: ours(server.plain_url, server.ca_cert),
            FLOOR: floor(server.plain_url, server.ca_cert, maxsize=_MOST),
        }
        rates: dict[str, list[float]] = {name: [] for name in contenders}
        opened = dict.fromkeys(contenders, 0)
        for number in range(rounds + 1):
            for name, contender in contenders.items():
                before = server.accepted()
                value = rate(contender.calls["get"], threads, calls)
                opened[name] += server.accepted() - before
                if number:  # the first round opens the connections
                    rates[name].append(value)
        case = case_name(threads)
        for name, contender in contenders.items():
            figures.append(figure(case, name, "calls/s", rates[name], rates[FLOOR]))
            count, floors = [float(opened[name])], [float(opened[FLOOR])]
            figures.append(figure(connections_case_name(threads), name, "opened", count, floors))
            contender.close()
    return figures


def thousand_threads(call: Callable[[], object], at_once: int = 16) -> None:
    """Make a call in each of 1,000 threads, some at once, and end them all."""
    for _ in range(1000 // at_once + 1):
        rate(call, at_once, at_once)
