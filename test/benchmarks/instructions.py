"""Machine instructions per call, counted by ``valgrind --tool=callgrind``.

They are the same on a busy machine and on an idle one. A worker makes N calls and another one 2 N:
the difference leaves out the start of the interpreter, imports and connecting.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from test.benchmarks.contenders import FLOOR, HTTP_CLIENT, OURS, POOL, Operation
from test.benchmarks.measure import Figure, figure
from test.benchmarks.server_process import ROOT, StubServer
from test.benchmarks.worker import command, run

CONTENDERS = (FLOOR, OURS, POOL, HTTP_CLIENT)
_COUNT = re.compile(r"Collected : (\d+)")


def available() -> bool:
    """Tell whether valgrind is installed."""
    return shutil.which("valgrind") is not None


def count(arguments: list[str]) -> int:
    """Run a command under callgrind and return the number of instructions."""
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    found = _COUNT.search(done.stderr)
    if done.returncode or not found:
        raise RuntimeError(f"callgrind ended with {done.returncode}: {done.stderr[-2000:]}")
    return int(found[1])


def measure_instructions(
    server: StubServer,
    calls: int,
    contenders: tuple[str, ...] = CONTENDERS,
    operations: tuple[Operation, ...] = ("get", "send"),
) -> list[Figure]:
    """Count the instructions of calls over loopback, plain; a difference of ``calls`` calls."""
    runs: list[tuple[str, Operation, int]] = [
        (name, operation, times)
        for operation in operations
        for name in contenders
        for times in (calls, 2 * calls)
    ]
    commands = [
        command(name, server, operation, times, "nothing") for name, operation, times in runs
    ]
    for name in contenders:
        run(command(name, server, "get", 1, "nothing"))  # byte code is written
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counted = dict(zip(runs, pool.map(count, commands), strict=True))
    figures: list[Figure] = []
    for operation in operations:
        each = {
            name: (counted[name, operation, 2 * calls] - counted[name, operation, calls])
            / (1000 * calls)
            for name in contenders
        }
        if min(each.values()) <= 0:
            # A module was compiled in one of the two runs, because its source has just changed.
            print(f"a {operation} was not counted: the code changed meanwhile", file=sys.stderr)
            continue
        figures += [
            figure(f"instructions of a {operation}", name, "thousand", [value], [each[FLOOR]])
            for name, value in each.items()
        ]
    return figures
