"""Calls over loopback: get, send and lists, plain and over TLS, all contenders."""

from __future__ import annotations

from contextlib import ExitStack

from test.benchmarks.contenders import CONTENDERS, FLOOR, OURS, Operation, check, ours
from test.benchmarks.measure import Effort, Figure, interleave, time_figures
from test.benchmarks.server_process import StubServer

OPERATIONS: tuple[Operation, ...] = ("get", "send", "list of 100", "list of 1,000")


EMPTY_HOOK = "get with an empty hook, to one without"


class _Empty:
    """A hook with all of the methods, which do nothing."""

    def _nothing(self, event: object) -> None: ...

    call_started = attempt_started = attempt_ended = call_ended = _nothing


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


def measure_hook(server: StubServer, effort: Effort) -> list[Figure]:
    """Measure a get with an empty hook; the floor is a get of ours without one."""
    url, ca_cert = server.url(tls=False), server.ca_cert
    with ExitStack() as stack:
        contenders = {FLOOR: ours(url, ca_cert), OURS: ours(url, ca_cert, hooks=[_Empty()])}
        for contender in contenders.values():
            stack.callback(contender.close)
        calls = {name: contender.calls["get"] for name, contender in contenders.items()}
        return time_figures(EMPTY_HOOK, interleave(calls, effort), FLOOR)
