"""The peak memory of reading a page of 1,000 messages, each reading in a process of its own."""

from __future__ import annotations

from test.benchmarks.contenders import CONTENDERS, FLOOR
from test.benchmarks.measure import Figure, figure
from test.benchmarks.server_process import StubServer
from test.benchmarks.worker import command, run

TRACED = "peak memory of a list of 1,000"
RESIDENT = "peak memory of a list of 1,000, resident"


def measure_memory(server: StubServer, rounds: int) -> list[Figure]:
    """Measure what Python allocates (``tracemalloc``), and by how much the process grows."""
    figures: list[Figure] = []
    for case, report in ((TRACED, "traced"), (RESIDENT, "resident")):
        peaks: dict[str, list[float]] = {name: [] for name in CONTENDERS}
        for _ in range(rounds):
            for name, values in peaks.items():
                values.append(run(command(name, server, "list of 1,000", 1, report)))
        figures += [figure(case, name, "KiB", peaks[name], peaks[FLOOR]) for name in peaks]
    return figures
