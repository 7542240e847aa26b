"""Where the time of a call goes, by named part: ``python -m test.benchmarks --profile``.

A timer that runs while the client has the processor interrupts it, and the innermost frame that one
of the rules below knows is counted. Unlike tracing every function, this slows nothing down that is
being looked at; and what else the machine does is not seen. Parts are told in units of the floor's
CPU time for a whole call, so that a client's parts add up to its ratio.
"""

from __future__ import annotations

import linecache
import re
import signal
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from time import process_time
from types import CodeType, FrameType

from test.benchmarks.contenders import FLOOR, OURS, Contender, Operation, floor, ours
from test.benchmarks.measure import calls_per_block
from test.benchmarks.server_process import StubServer

_INTERVAL = 0.001
"""Seconds. The system's own clock tick, mostly 0.004, is the least that comes true."""

_BLOCK_SECONDS = 0.1

_OTHER = "free the result, and the benchmark's own loop"

# A part, and what its places look like: regular expressions for "path:function: source line".
# The first part that matches is taken; a place that none matches counts for its caller.
_OWN = r"openapi_client/"
_WIRE = r"openapi_client/_http/"
_PARTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "receive bytes",
        (
            r"\bssl\.py:(recv|read)",
            r": .*\.(recv|recv_into|readinto)\(",
            rf"{_WIRE}line\.py:_?receive",
        ),
    ),
    (
        "send bytes",
        (r"\bssl\.py:(send|write)", r": .*\.(send|sendall)\(", rf"{_WIRE}line\.py:send"),
    ),
    ("decode into models", (r"(model_validate|validate_json|\bvalidate)\w*\(", r"pydantic/")),
    ("encode the body", (r"model_dump_json", r"json/encoder", r"json\.dumps", f"{_WIRE}payload")),
    (
        "see if the connection is still open",
        (r"is_quiet", r"is_connected", r"is_connection_dropped"),
    ),
    ("time limits", (r"settimeout\(", r"exchange\.py:remaining")),
    (
        "read the answer's head",
        (
            r"email/",
            r"http/client\.py:(parse_headers|_read_headers|_read_status|begin|_check_close)",
            f"{_WIRE}head",
            rf"{_WIRE}connection\.py:_read_head",
        ),
    ),
    (
        "read the answer's body",
        (
            r"http/client\.py:(_?read\w*|_safe_read|_get_chunk\w*|peek|_close_conn)",
            r"socket\.py:readinto",
            f"{_WIRE}body",
            rf"{_WIRE}connection\.py:(_read_body|finished|receive|_decoded)",
        ),
    ),
    (
        "make the response object",
        (
            r"urllib3/(response|_collections)\.py",
            r"http/client\.py:(getresponse|getheader\w*|__init__|isclosed|close)",
            r"urllib3/connection\.py:getresponse",
            rf"{_WIRE}connection\.py:(_response|getresponse)",
        ),
    ),
    (
        "write the request",
        (
            r"http/client\.py:",
            r"urllib3/connection\.py",
            r"urllib3/util/request\.py",
            f"{_WIRE}connection",
        ),
    ),
    ("take the URL apart or put it together", (r"urllib3/util/url\.py", r"urllib/parse\.py")),
    (
        "pool",
        (
            r"urllib3/(connectionpool|poolmanager)\.py",
            r"urllib3/util/(retry|timeout)\.py",
            r"queue\.py",
            r"threading\.py",
            f"{_WIRE}pools",
        ),
    ),
    (
        "attempts and deadline",
        (f"{_OWN}retries", f"{_WIRE}(attempts|exchange)", rf"{_OWN}rest\.py:_perform"),
    ),
    ("transport: check the request", (rf"{_OWN}rest\.py", f"{_OWN}_redaction")),
    (
        "client: from the answer to the result",
        (rf"{_OWN}api_client\.py:\w*deserialize", f"{_OWN}api_response"),
    ),
    (
        "client: from arguments to the request",
        (f"{_OWN}(api_client|configuration|credentials|_settings)",),
    ),
    ("operation", (f"{_OWN}api/", r"benchmarks/floor\.py")),
)
_RULES = tuple(
    (re.compile("|".join(f"(?:{place})" for place in places)), part) for part, places in _PARTS
)


@cache
def _part_at(code: CodeType, line: int | None) -> str | None:
    source = linecache.getline(code.co_filename, line or 0).strip()
    place = f"{code.co_filename}:{code.co_name}: {source}"
    return next((part for pattern, part in _RULES if pattern.search(place)), None)


def part_of(frame: FrameType | None) -> str:
    """Name the part that a stack is in."""
    while frame is not None:
        part = _part_at(frame.f_code, frame.f_lineno)
        if part is not None:
            return part
        frame = frame.f_back
    return _OTHER


@dataclass
class Profile:
    """Samples of one contender."""

    calls: int = 0
    seconds: float = 0.0
    """CPU time."""
    parts: Counter[str] = field(default_factory=Counter[str])
    lines: Counter[str] = field(default_factory=Counter[str])

    def sample(self, frame: FrameType | None) -> None:
        """Count where the program is."""
        self.parts[part_of(frame)] += 1
        if frame is not None:
            path = "/".join(frame.f_code.co_filename.split("/")[-2:])
            self.lines[f"{path}:{frame.f_lineno} {frame.f_code.co_name}"] += 1

    def per_call(self, samples: int) -> float:
        """Return the seconds per call that a number of samples stands for."""
        return samples / max(1, self.parts.total()) * self.seconds / self.calls


def _run(profile: Profile, call: Callable[[], object], calls: int) -> None:
    def interrupted(_: int, frame: FrameType | None) -> None:
        profile.sample(frame)

    before = signal.signal(signal.SIGPROF, interrupted)
    signal.setitimer(signal.ITIMER_PROF, _INTERVAL, _INTERVAL)
    start = process_time()
    try:
        for _ in range(calls):
            call()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        profile.seconds += process_time() - start
        profile.calls += calls
        signal.signal(signal.SIGPROF, before)


def profile_call(
    contenders: Mapping[str, Contender], operation: Operation, seconds: float
) -> dict[str, Profile]:
    """Profile an operation, the contenders in turn, for about ``seconds`` each."""
    calls = {name: contender.calls[operation] for name, contender in contenders.items()}
    counts = {name: calls_per_block(call, _BLOCK_SECONDS) for name, call in calls.items()}
    profiles = {name: Profile() for name in calls}
    for _ in range(max(1, round(seconds / _BLOCK_SECONDS))):
        for name, call in calls.items():
            _run(profiles[name], call, counts[name])
    return profiles


def table(operation: str, profiles: Mapping[str, Profile]) -> str:
    """Lay profiles out, in units of the floor's call, as Markdown."""
    unit = _unit(profiles)
    parts = sorted(
        {part for profile in profiles.values() for part in profile.parts},
        key=lambda part: -sum(each.per_call(each.parts[part]) for each in profiles.values()),
    )
    rows = [f"| {operation} | {' | '.join(profiles)} |", "| --- |" + " ---: |" * len(profiles)]
    for part in parts:
        shares = (profile.per_call(profile.parts[part]) / unit for profile in profiles.values())
        rows.append(f"| {part} | {' | '.join(f'{share:.3f}' for share in shares)} |")
    totals = (profile.seconds / profile.calls / unit for profile in profiles.values())
    rows.append(f"| **in all** | {' | '.join(f'**{total:.2f}**' for total in totals)} |")
    return "\n".join(rows)


def busiest_lines(profiles: Mapping[str, Profile], count: int) -> str:
    """Name the source lines of ours that take most, in units of the floor's call."""
    profile = profiles[OURS]
    return "\n".join(
        f"{profile.per_call(samples) / _unit(profiles):7.3f}  {line}"
        for line, samples in profile.lines.most_common(count)
    )


def _unit(profiles: Mapping[str, Profile]) -> float:
    return profiles[FLOOR].seconds / profiles[FLOOR].calls


def profile_all(server: StubServer, seconds: float) -> dict[Operation, dict[str, Profile]]:
    """Profile a get and a list of 1,000, plain, ``seconds`` for each contender."""
    contenders = {
        OURS: ours(server.plain_url, server.ca_cert),
        FLOOR: floor(server.plain_url, server.ca_cert),
    }
    operations: tuple[Operation, ...] = ("get", "list of 1,000")
    profiles: dict[Operation, dict[str, Profile]] = {
        operation: profile_call(contenders, operation, seconds) for operation in operations
    }
    for contender in contenders.values():
        contender.close()
    return profiles
