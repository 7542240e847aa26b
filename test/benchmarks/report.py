"""From figures to what people read: for the terminal, for ``docs/benchmarks.md``, as JSON."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from statistics import median

from test.benchmarks import conversations, growth, imports, memory, offline, threads
from test.benchmarks.calls import EMPTY_HOOK, OPERATIONS, case_name
from test.benchmarks.contenders import FLOOR, HTTP_CLIENT, HTTPX, OURS, POOL, REQUESTS
from test.benchmarks.measure import Figure

COLUMNS = (OURS, POOL, HTTP_CLIENT, HTTPX, REQUESTS)
"""The contenders of the table; the floor is 1.00 everywhere."""

GROWTH_PREFIXES = (
    "a get after",
    "a message in a page",
    "a byte of",
    "memory held",
    growth.THREADS_OPENED,
    conversations.PAGES,
    conversations.SENDS,
    conversations.LEDGER,
    conversations.MEMORY,
)


@dataclass(frozen=True)
class Target:
    """What a ratio of ours has to reach."""

    limit: float
    at_least: bool = False

    def __str__(self) -> str:
        return f"{'at least' if self.at_least else 'at most'} {self.limit:.2f}"

    def reached(self, ratio: float) -> bool:
        """Compare as the table shows it: with two digits."""
        shown = round(ratio, 2)
        return shown >= self.limit if self.at_least else shown <= self.limit


_CALL_LIMITS = dict(zip(OPERATIONS, (0.60, 0.60, 0.80, 1.00), strict=True))
TARGETS: Mapping[str, Target] = {
    **{
        case_name(operation, tls=tls): Target(limit)
        for operation, limit in _CALL_LIMITS.items()
        for tls in (False, True)
    },
    EMPTY_HOOK: Target(1.03),
    offline.DECODE: Target(1.00),
    offline.OWN_GET: Target(4.00),
    offline.OWN_SEND: Target(4.00),
    imports.NOTHING_USED: Target(0.25),
    imports.FIRST_CALL: Target(1.10),
    imports.FIRST_CALL_TLS: Target(1.10),
    threads.case_name(64): Target(0.95, at_least=True),
    memory.TRACED: Target(1.00),
    memory.RESIDENT: Target(1.00),
    conversations.PAGES: Target(0.17),
    conversations.SENDS: Target(0.17),
    conversations.LEDGER: Target(1.25),
    conversations.MEMORY: Target(3.00),
}


def is_better_when_more(figure: Figure) -> bool:
    """Tell rates from costs."""
    return figure.unit == "calls/s"


def quoted(runs: Sequence[Sequence[Figure]]) -> list[Figure]:
    """Choose from several runs: of ours the worst, of the others the middle one."""
    by_key: dict[tuple[str, str], list[Figure]] = {}
    for figure in (figure for run in runs for figure in run):
        by_key.setdefault((figure.case, figure.contender), []).append(figure)
    chosen: list[Figure] = []
    for (_, contender), figures in by_key.items():
        ranked = sorted(figures, key=lambda f: -f.ratio if is_better_when_more(f) else f.ratio)
        chosen.append(ranked[-1] if contender == OURS else ranked[len(ranked) // 2])
    return chosen


def versions() -> dict[str, str]:
    """Return what was measured and on what."""
    return {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "Python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        **{name: version(name) for name in ("urllib3", "pydantic", "requests", "httpx")},
    }


def _shown(figure: Figure | None) -> str:
    if figure is None:
        return "-"
    return f"{figure.value:,.0f}" if figure.unit == "opened" else f"{figure.ratio:.2f}"


def _rows(figures: Iterable[Figure]) -> dict[str, dict[str, Figure]]:
    rows: dict[str, dict[str, Figure]] = {}
    for figure in figures:
        rows.setdefault(figure.case, {})[figure.contender] = figure
    return rows


def main_table(figures: Sequence[Figure]) -> list[str]:
    """Return the table of ratios to the floor, as Markdown."""
    lines = [
        f"| case | limit | **{OURS}** | middle 50 % | CPU | {' | '.join(COLUMNS[1:])} |",
        f"| --- | --- | ---: | ---: | ---: |{' ---: |' * len(COLUMNS[1:])}",
    ]
    for case, row in _rows(figures).items():
        mine = row.get(OURS)
        if case.startswith(GROWTH_PREFIXES) or mine is None:
            continue
        steady = mine.unit == "opened" or mine.low == mine.high
        spread = "-" if steady else f"{mine.low:.2f} to {mine.high:.2f}"
        cpu = "-" if mine.cpu_ratio is None else f"{mine.cpu_ratio:.2f}"
        limit = TARGETS.get(case, "-")
        others = " | ".join(_shown(row.get(name)) for name in COLUMNS[1:])
        lines.append(f"| {case} | {limit} | **{_shown(mine)}** | {spread} | {cpu} | {others} |")
    return lines


def growth_table(figures: Sequence[Figure]) -> list[str]:
    """Return the table of what should stay as it was, as Markdown."""
    lines = ["| as work grows | ratio to the start | |", "| --- | ---: | --- |"]
    for case, row in _rows(figures).items():
        mine = row.get(OURS)
        if not case.startswith(GROWTH_PREFIXES) or mine is None:
            continue
        plain = row.get(FLOOR)
        note = f"the floor: {plain.ratio:.2f}" if plain else ""
        ratio = "-" if mine.unit == "opened" else f"{mine.ratio:.2f}"
        note = f"{mine.value:,.0f} connections" if mine.unit == "opened" else note
        lines.append(f"| {case} | {ratio} | {note} |")
    return lines


def section(runs: Sequence[Sequence[Figure]], facts: Mapping[str, str]) -> str:
    """Return everything that stands between the marks of ``docs/benchmarks.md``."""
    figures = quoted(runs)
    choice = f" Of {len(runs)} runs, `{OURS}`'s worst is quoted, and the others' middle one."
    told = ", ".join(f"{name} {value}" for name, value in facts.items() if name != "date")
    lines = [
        f"Measured on {facts['date']}: {told}.{choice if len(runs) > 1 else ''}",
        "",
        *main_table(figures),
        "",
        *growth_table(figures),
    ]
    return "\n".join(lines)


def terminal_table(figures: Sequence[Figure]) -> str:
    """Return every figure of a run on a line of its own."""
    lines = [f"{'case':48} {'contender':28} {'median':>12} {'ratio':>7}  {'middle 50 %':14} CPU"]
    for figure in figures:
        cpu = "-" if figure.cpu_ratio is None else f"{figure.cpu_ratio:.2f}"
        verdict = ""
        if figure.contender == OURS and (target := TARGETS.get(figure.case)):
            verdict = f"{target}{'' if target.reached(figure.ratio) else ': MISSED'}"
        lines.append(
            f"{figure.case:48} {figure.contender:28} {figure.value:12,.1f} {figure.ratio:7.2f}  "
            f"{figure.low:5.2f} to {figure.high:5.2f} {cpu:>5} {figure.unit}  {verdict}".rstrip()
        )
    return "\n".join(lines)


def as_json(runs: Sequence[Sequence[Figure]], facts: Mapping[str, str]) -> dict[str, object]:
    """Return everything that was measured, as JSON takes it."""
    return {
        "facts": dict(facts),
        "argv": sys.argv[1:],
        "runs": [[asdict(figure) for figure in run] for run in runs],
        "quoted": [asdict(figure) for figure in quoted(runs)],
        "middle": {
            case: {
                name: median(
                    f.ratio for run in runs for f in run if (f.case, f.contender) == (case, name)
                )
                for name in row
            }
            for case, row in _rows(runs[0]).items()
        },
    }


def put_between_marks(page: Path, name: str, text: str) -> None:
    """Replace what stands between the two marks of that name in a page."""
    start, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, first, rest = page.read_text(encoding="utf-8").partition(start)
    _, second, after = rest.partition(end)
    if not first or not second:
        raise ValueError(f"{page} has no marks {start} and {end}")
    page.write_text(f"{before}{start}\n{text}\n{end}{after}", encoding="utf-8")
