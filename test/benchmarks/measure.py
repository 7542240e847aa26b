"""Measuring: contenders take turns, each round gives a ratio, and the middle one counts.

Whatever else the machine does falls on all contenders of a round alike, so ratios within a round
are steady where times are not.
"""

from __future__ import annotations

import gc
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter, process_time


@dataclass(frozen=True)
class Effort:
    """How long to measure."""

    rounds: int
    """Rounds, each of them with one block of every contender."""
    block_seconds: float
    """How long a block takes, about."""


@dataclass(frozen=True)
class Figure:
    """One contender in one case."""

    case: str
    contender: str
    unit: str
    value: float
    """The median, in ``unit``."""
    ratio: float
    """The median of the rounds' ratios to the floor."""
    low: float
    """The lower quartile of these ratios."""
    high: float
    """The upper quartile of these ratios."""
    cpu_ratio: float | None = None
    """The same of the CPU time of the client's process, where it was taken."""


@dataclass(frozen=True)
class Cost:
    """Seconds per call in one block."""

    wall: float
    cpu: float


def block(call: Callable[[], object], calls: int) -> Cost:
    """Make that many calls in a row."""
    times = range(calls)
    gc.collect()
    cpu, wall = process_time(), perf_counter()
    for _ in times:
        call()
    return Cost((perf_counter() - wall) / calls, (process_time() - cpu) / calls)


def calls_per_block(call: Callable[[], object], seconds: float) -> int:
    """Warm up for about ``seconds`` and return how many calls they hold, at least two."""
    calls = 0
    end = perf_counter() + seconds
    while perf_counter() < end:
        call()
        calls += 1
    return max(2, calls)


def interleave(calls: Mapping[str, Callable[[], object]], effort: Effort) -> dict[str, list[Cost]]:
    """Let the contenders take turns, in an order that changes from round to round."""
    counts = {name: calls_per_block(call, effort.block_seconds) for name, call in calls.items()}
    costs: dict[str, list[Cost]] = {name: [] for name in calls}
    order = list(calls)
    rng = random.Random(1)
    for _ in range(effort.rounds):
        rng.shuffle(order)
        for name in order:
            costs[name].append(block(calls[name], counts[name]))
    return costs


def ratios(values: Sequence[float], floors: Sequence[float]) -> tuple[float, float, float]:
    """Return the median of the ratios, round by round, and the quartiles."""
    each = [value / floor for value, floor in zip(values, floors, strict=True)]
    low, _, high = quantiles(each, n=4) if len(each) > 1 else (each[0],) * 3
    return median(each), low, high


def figure(
    case: str, contender: str, unit: str, values: Sequence[float], floors: Sequence[float]
) -> Figure:
    """Sum up values and the floor's values of the same rounds."""
    ratio, low, high = ratios(values, floors)
    return Figure(case, contender, unit, median(values), ratio, low, high)


def time_figures(case: str, costs: Mapping[str, Sequence[Cost]], floor: str) -> list[Figure]:
    """Sum up the times of a case, in microseconds per call."""
    floors = costs[floor]
    figures: list[Figure] = []
    for name, rounds in costs.items():
        walls = [cost.wall * 1e6 for cost in rounds]
        ratio, low, high = ratios(walls, [cost.wall * 1e6 for cost in floors])
        cpu, _, _ = ratios([cost.cpu for cost in rounds], [cost.cpu for cost in floors])
        figures.append(Figure(case, name, "us", median(walls), ratio, low, high, cpu))
    return figures
