"""One contender alone in a process, for what can only be seen there."""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import tracemalloc
from typing import cast

from test.benchmarks.contenders import CONTENDERS, Call, Operation
from test.benchmarks.resident import kilobytes, peak_kilobytes
from test.benchmarks.server_process import ROOT, StubServer

_WARM_UP = 20


def command(
    contender: str,
    server: StubServer,
    operation: Operation,
    calls: int,
    report: str,
    *,
    tls: bool = False,
) -> list[str]:
    """Return the command line of a worker."""
    where = [server.url(tls=tls), server.ca_cert]
    what = [contender, operation, str(calls), report]
    return [sys.executable, "-m", "test.benchmarks.worker", *what, *where]


def run(arguments: list[str]) -> float:
    """Run a worker and return the number that it reports."""
    done = subprocess.run(arguments, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
    return float(json.loads(done.stdout))


def _traced(call: Call, calls: int) -> float:
    gc.collect()
    tracemalloc.start()
    for _ in range(calls):
        call()
    return tracemalloc.get_traced_memory()[1] / 1024


def _resident(call: Call, calls: int) -> float:
    gc.collect()
    before = kilobytes()
    for _ in range(calls):
        call()
    return peak_kilobytes() - before


def main() -> None:
    """Make calls and print one number as JSON."""
    parser = argparse.ArgumentParser(prog="python -m test.benchmarks.worker")
    parser.add_argument("contender", choices=CONTENDERS)
    parser.add_argument("operation")
    parser.add_argument("calls", type=int)
    parser.add_argument("report", choices=("nothing", "traced", "resident"))
    parser.add_argument("base_url")
    parser.add_argument("ca_cert")
    options = parser.parse_args()
    contender = CONTENDERS[options.contender](options.base_url, options.ca_cert)
    call = contender.calls[cast("Operation", options.operation)]
    # Memory: what any call needs is there before, what this operation needs is not.
    warm_up = call if options.report == "nothing" else contender.calls["get"]
    for _ in range(_WARM_UP):
        warm_up()
    result = 0.0
    if options.report == "traced":
        result = _traced(call, options.calls)
    elif options.report == "resident":
        result = _resident(call, options.calls)
    else:
        # One collection of all that imports made costs as much as hundreds of calls.
        gc.collect()
        gc.freeze()
        for _ in range(options.calls):
            call()
    print(json.dumps(result))
    contender.close()


if __name__ == "__main__":
    main()
