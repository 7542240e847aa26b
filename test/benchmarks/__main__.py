"""The command line: ``python -m test.benchmarks``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from test.benchmarks import instructions
from test.benchmarks.answers import Framing
from test.benchmarks.calls import measure_calls, measure_hook
from test.benchmarks.chart import chart
from test.benchmarks.contenders import FLOOR, OURS, Operation
from test.benchmarks.conversations import measure_conversations
from test.benchmarks.growth import measure_bytes, measure_many_calls, measure_pages
from test.benchmarks.imports import measure_imports
from test.benchmarks.instructions import measure_instructions
from test.benchmarks.measure import Effort, Figure
from test.benchmarks.memory import measure_memory
from test.benchmarks.offline import measure_offline
from test.benchmarks.profiling import busiest_lines, profile_all, table
from test.benchmarks.report import (
    as_json,
    put_between_marks,
    quoted,
    section,
    terminal_table,
    versions,
)
from test.benchmarks.server_process import ROOT, StubServer
from test.benchmarks.threads import measure_threads

PAGE = ROOT / "docs" / "benchmarks.md"
CHART = ROOT / "docs" / "benchmarks.svg"


@dataclass(frozen=True)
class Form:
    """How much is measured."""

    calls: Effort
    offline: Effort
    import_rounds: int
    thread_rounds: int
    thread_calls: int
    memory_rounds: int
    growth_calls: int
    conversation_rounds: int
    conversation_part: int
    counted_calls: int
    counted: tuple[str, ...]
    counted_operations: tuple[Operation, ...]
    profile_seconds: float


FULL = Form(
    calls=Effort(rounds=40, block_seconds=0.03),
    offline=Effort(rounds=60, block_seconds=0.03),
    import_rounds=41,
    thread_rounds=10,
    thread_calls=2048,
    memory_rounds=15,
    growth_calls=100_000,
    conversation_rounds=3,
    conversation_part=1,
    counted_calls=50,
    counted=instructions.CONTENDERS,
    counted_operations=("get", "send"),
    profile_seconds=30,
)
SHORT = Form(
    calls=Effort(rounds=3, block_seconds=0.01),
    offline=Effort(rounds=3, block_seconds=0.01),
    import_rounds=1,
    thread_rounds=1,
    thread_calls=256,
    memory_rounds=1,
    growth_calls=3_000,
    conversation_rounds=1,
    conversation_part=20,
    counted_calls=20,
    counted=(FLOOR, OURS),
    counted_operations=("get",),
    profile_seconds=0.3,
)


def _instructions(server: StubServer, form: Form) -> list[Figure]:
    if not instructions.available():
        print("valgrind is not installed: instructions are not counted", file=sys.stderr)
        return []
    return measure_instructions(server, form.counted_calls, form.counted, form.counted_operations)


Part = Callable[[StubServer, Form], list[Figure]]
PARTS: Mapping[str, Part] = {
    "calls": lambda server, form: measure_calls(server, form.calls),
    "hook": lambda server, form: measure_hook(server, form.calls),
    "offline": lambda _, form: measure_offline(form.offline),
    "imports": lambda server, form: measure_imports(server, form.import_rounds),
    "threads": lambda server, form: measure_threads(server, form.thread_rounds, form.thread_calls),
    "memory": lambda server, form: measure_memory(server, form.memory_rounds),
    "instructions": _instructions,
    "growth": lambda server, form: [
        *measure_pages(form.offline),
        *measure_bytes(form.offline),
        *measure_many_calls(server, form.growth_calls),
    ],
    "conversations": lambda server, form: measure_conversations(
        server, form.conversation_rounds, form.conversation_part
    ),
}

COUNTED_ONCE = "instructions"
"""The part that comes out the same every time: several runs do it in the first one only."""


def _forget_environment() -> None:
    """Keep proxies, other certificates and missing byte code out of the measurements."""
    for name in list(os.environ):
        lower = name.lower()
        if lower.endswith(("_proxy", "_ca_bundle")) or lower.startswith(("ssl_cert_", "python")):
            del os.environ[name]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m test.benchmarks",
        description="What the client costs, as ratios to bare urllib3 and pydantic.",
    )
    parser.add_argument(
        "--short",
        action="store_true",
        help="under a minute: shows that it runs, measures nothing well",
    )
    parser.add_argument("--runs", type=int, default=1, help="how often; the worst is quoted (1)")
    parser.add_argument(
        "--only",
        choices=PARTS,
        action="append",
        help="a part only (repeatable); docs/ stay as they are",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure to FILE")
    parser.add_argument("--no-docs", action="store_true", help="leave docs/ as they are")
    parser.add_argument(
        "--framing",
        choices=("chunked", "length"),
        default="chunked",
        help="how the server frames pages (chunked, as the service)",
    )
    parser.add_argument(
        "--profile",
        action="store_true",
        help="instead, show where the time of a get and of a list of 1,000 goes",
    )
    parser.add_argument(
        "--lines",
        type=int,
        default=0,
        metavar="N",
        help="with --profile: the N busiest source lines, too",
    )
    return parser.parse_args()


def _profile(options: argparse.Namespace, form: Form, server: StubServer) -> None:
    profiles = profile_all(server, form.profile_seconds)
    tables = "\n\n".join(table(operation, each) for operation, each in profiles.items())
    print(tables)
    if options.lines:
        for operation, each in profiles.items():
            print(f"\nThe busiest lines of {OURS}, {operation}:")
            print(busiest_lines(each, options.lines))
    if not (options.short or options.no_docs):
        put_between_marks(PAGE, "profile", tables)


def _measure(options: argparse.Namespace, form: Form, server: StubServer) -> None:
    runs: list[list[Figure]] = []
    for number in range(options.runs):
        run: list[Figure] = []
        for part in options.only or PARTS:
            if number and part == COUNTED_ONCE:
                continue
            print(f"run {number + 1} of {options.runs}: {part}", file=sys.stderr, flush=True)
            run += PARTS[part](server, form)
        runs.append(run)
    facts = versions()
    print(terminal_table(quoted(runs)))
    if options.json:
        options.json.write_text(json.dumps(as_json(runs, facts), indent=1), encoding="utf-8")
    if not (options.short or options.only or options.no_docs):
        put_between_marks(PAGE, "results", section(runs, facts))
        CHART.write_text(chart(quoted(runs), facts), encoding="utf-8")


def main() -> None:
    """Measure and report."""
    options = _options()
    _forget_environment()
    form = SHORT if options.short else FULL
    with StubServer(cast("Framing", options.framing)) as server:
        if options.profile:
            _profile(options, form, server)
        else:
            _measure(options, form, server)


if __name__ == "__main__":
    main()
