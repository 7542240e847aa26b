"""Calls over loopback: get, send and lists, plain and over TLS, all contenders."""

from __future__ import annotations

from contextlib import ExitStack

from test.benchmarks.contenders import CONTENDERS, FLOOR, Operation, check
from test.benchmarks.measure import Effort, Figure, interleave, time_figures
from test.benchmarks.server_process import StubServer

OPERATIONS: tuple[Operation, ...] = ("get", "send", "list of 100", "list of 1,000")


def case_name(operation: Operation, *, tls: bool) -> str:
    """Return what the tables call it."""
    return f"{operation}, TLS" if tls else operation


def measure_calls(server: StubServer, effort: Effort) -> list[Figure]:
    """Measure every operation of every contender."""
    figures: list[Figure] = []
    for tls in (False, True):
        with ExitStack() as stack:
            contenders = {
                name: make(server.url(tls=tls), server.ca_cert) for name, make in CONTENDERS.items()
            }
            for contender in contenders.values():
                stack.callback(contender.close)
                check(contender)
            for operation in OPERATIONS:
                calls = {name: each.calls[operation] for name, each in contenders.items()}
                costs = interleave(calls, effort)
                figures += time_figures(case_name(operation, tls=tls), costs, FLOOR)
    return figures
