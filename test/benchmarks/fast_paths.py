"""What each fast path gains: the instructions of a call with that path taken away.

``python -m test.benchmarks.fast_paths`` prints a table. A path that gains less than one in a
hundred of a get, a send and a list of 100 is not worth its lines.
"""

from __future__ import annotations

import os
import queue
import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from test.benchmarks import worker
from test.benchmarks.contenders import OURS, Operation
from test.benchmarks.instructions import count
from test.benchmarks.server_process import StubServer

OPERATIONS: tuple[Operation, ...] = ("get", "send", "list of 100")
CALLS = 200
_NEVER = re.compile("(?!)")


def _module(name: str) -> Any:
    __import__(f"openapi_client.{name}")
    return sys.modules[f"openapi_client.{name}"]


def _without_memo(module: str, *names: str) -> None:
    for name in names:
        setattr(_module(module), name, getattr(_module(module), name).__wrapped__)


def _without_known_key() -> None:
    room = _module("_credential_settings").CredentialSettings
    room._known_key = property(lambda _: (None, None, "", ""), lambda *_: None)


def _without_known_limits() -> None:
    settings, limits = _module("configuration").Configuration, _module("_limits").Limits
    settings.limits = property(lambda self: limits.of(self.timeout, self.deadline))


def _with_locked_queue() -> None:
    _module("_http.pool").Pool.QueueCls = queue.LifoQueue


def _set(module: str, name: str, value: object) -> Callable[[], None]:
    return lambda: setattr(_module(module), name, value)


WITHOUT: dict[str, Callable[[], None]] = {
    "nothing taken away": lambda: None,
    "headers of the usual names": _set(
        "_encoding.request_parts", "_CANONICAL_HEADERS", frozenset[str]()
    ),
    "headers of the operation alone": _set("api_client", "OWN_HEADERS", frozenset[str]()),
    "path segments known": lambda: _without_memo("api_client", "path_segment"),
    "path templates known": lambda: _without_memo("api_client", "path_template"),
    "the credential known": _without_known_key,
    "the limits known": _without_known_limits,
    "a body of texts": _set("_encoding.generic_methods", "_TEXT", frozenset[type]()),
    "a query of numbers": _set("_encoding.generic_methods", "_PLAIN_NAME", _NEVER),
    "arguments that are texts": _set("api.operation", "_TEXT", frozenset[type]()),
    "the result without an ApiResponse": _set("api.operation", "_SEAM", None),
    "the decoder known": lambda: _without_memo("api_client", "model_decoder"),
    "the media type known": lambda: _without_memo("api_client", "is_utf8_json"),
    "headers checked before": _set("rest", "_TEXT", frozenset[type]()),
    "a queue without a lock": _with_locked_queue,
    "pages without unknown fields": _set(
        "models.message_response", "_EXTRA_IS_AN_OPTION", value=False
    ),
}


def _measured(server: StubServer, name: str, operation: Operation) -> float:
    """Return the thousands of instructions of one call with a fast path taken away."""
    counts: list[int] = []
    for calls in (CALLS, 2 * CALLS):
        _, _, _, *arguments = worker.command(OURS, server, operation, calls, "nothing")
        program = [sys.executable, "-m", "test.benchmarks.fast_paths", name, *arguments]
        counts.append(count(program))
    return (counts[1] - counts[0]) / (1000 * CALLS)


def main() -> None:
    """Print the table; or, with the name of a fast path, be a worker without it."""
    if len(sys.argv) > 1:
        WITHOUT[sys.argv.pop(1)]()
        worker.main()
        return
    cases = [(name, operation) for name in WITHOUT for operation in OPERATIONS]
    with StubServer() as server, ThreadPoolExecutor(os.cpu_count()) as pool:
        figures = dict(
            zip(cases, pool.map(lambda case: _measured(server, *case), cases), strict=True)
        )
    print(f"| without | {' | '.join(OPERATIONS)} |")
    print(f"| --- | {' | '.join(['---:'] * len(OPERATIONS))} |")
    for name in WITHOUT:
        gains = [
            100 * (figures[name, operation] / figures["nothing taken away", operation] - 1)
            for operation in OPERATIONS
        ]
        print(f"| {name} | {' | '.join(f'{gain:+.1f} %' for gain in gains)} |", flush=True)


if __name__ == "__main__":
    main()
