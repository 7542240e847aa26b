"""From figures to tables and chart: what is quoted is what was measured, and the worse of it."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import CodeType, FrameType
from xml.etree import ElementTree

import pytest

from test.benchmarks.chart import CASES, chart
from test.benchmarks.contenders import FLOOR, OURS, REQUESTS
from test.benchmarks.measure import Cost, Effort, Figure, figure, interleave, time_figures
from test.benchmarks.profiling import part_of
from test.benchmarks.report import Target, main_table, put_between_marks, quoted, section, versions

GET = Figure("get", OURS, "us", 100.0, 0.50, 0.49, 0.51, 0.48)


def test_a_ratio_is_the_median_of_the_ratios_of_each_round() -> None:
    slow_machine_in_between = figure("get", OURS, "us", [50, 500, 60], [100, 1000, 100])
    assert slow_machine_in_between.ratio == 0.5
    assert slow_machine_in_between.low <= 0.5 <= slow_machine_in_between.high


def test_times_are_told_per_call_beside_cpu_time() -> None:
    costs = {FLOOR: [Cost(2e-6, 2e-6)], OURS: [Cost(1e-6, 0.5e-6)]}
    _, ours = time_figures("get", costs, FLOOR)
    assert (ours.value, ours.ratio, ours.cpu_ratio) == (1.0, 0.5, 0.25)


def test_contenders_take_turns() -> None:
    order: list[str] = []
    calls = {name: lambda name=name: order.append(name) for name in "ab"}
    costs = interleave(calls, Effort(rounds=4, block_seconds=0.0))
    assert {name: len(each) for name, each in costs.items()} == {"a": 4, "b": 4}
    turns = [name for name, before in zip(order[1:], order, strict=False) if name != before]
    assert len(turns) >= 3


def test_of_several_runs_the_worst_of_ours_and_the_middle_of_the_others_is_quoted() -> None:
    others = replace(GET, contender=REQUESTS)
    runs = [
        [replace(GET, ratio=0.5), replace(others, ratio=3.0)],
        [replace(GET, ratio=0.6), replace(others, ratio=1.0)],
        [replace(GET, ratio=0.4), replace(others, ratio=2.0)],
    ]
    assert [each.ratio for each in quoted(runs)] == [0.6, 2.0]


def test_of_rates_the_lowest_is_the_worst() -> None:
    rate = replace(GET, unit="calls/s")
    assert quoted([[replace(rate, ratio=1.5)], [replace(rate, ratio=1.2)]])[0].ratio == 1.2


@pytest.mark.parametrize(
    ("target", "ratio", "reached"),
    [
        (Target(0.6), 0.60, True),
        (Target(0.6), 0.61, False),
        (Target(0.95, at_least=True), 0.95, True),
        (Target(0.95, at_least=True), 0.94, False),
    ],
)
def test_a_target_is_compared_as_it_is_shown(target: Target, ratio: float, reached: bool) -> None:
    assert target.reached(ratio) is reached


def test_the_table_shows_ratios_and_what_was_wanted() -> None:
    row = main_table([GET, replace(GET, contender=REQUESTS, ratio=2.8)])[-1]
    assert row == "| get | at most 0.60 | **0.50** | 0.49 to 0.51 | 0.48 | - | - | - | 2.80 |"


def test_connections_are_shown_as_counts() -> None:
    opened = Figure("64 threads: connections", OURS, "opened", 64.0, 1.0, 1.0, 1.0)
    assert "**64**" in main_table([opened])[-1]


def test_a_page_keeps_what_stands_around_the_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- results: begin -->\nold\n<!-- results: end -->\nafter\n", "utf-8")
    put_between_marks(page, "results", section([[GET]], versions()))
    text = page.read_text("utf-8")
    assert text.startswith("before\n")
    assert text.endswith("<!-- results: end -->\nafter\n")
    assert "old" not in text
    assert "| get |" in text


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("no marks", "utf-8")
    with pytest.raises(ValueError, match="no marks"):
        put_between_marks(page, "results", "text")
    assert page.read_text("utf-8") == "no marks"


def test_the_chart_has_a_bar_as_long_as_each_ratio() -> None:
    figures = [
        replace(GET, case=case, contender=name, ratio=ratio)
        for case in CASES
        for name, ratio in ((OURS, 0.5), (FLOOR, 1.0), (REQUESTS, 3.0))
    ]
    root = ElementTree.fromstring(chart(figures, versions()))
    bars = root.findall("{http://www.w3.org/2000/svg}rect")
    widths = [float(bar.attrib["width"]) for bar in bars]
    lengths = Counter(round(width / min(widths), 2) for width in widths)
    assert lengths == {1.0: len(CASES), 2.0: len(CASES), 6.0: len(CASES)}


def test_a_sample_counts_for_the_nearest_function_that_a_part_names() -> None:
    frames: list[FrameType] = []

    def place(path: str, source: str) -> CodeType:
        return compile(source, path, "exec")

    scope = {"frames": frames, "sys": sys}
    exec(place("/x/unknown.py", "def helper(): frames.append(sys._getframe())"), scope)
    exec(place("/x/openapi_client/_http/head.py", "helper()"), scope)
    assert part_of(frames[0]) == "read the answer's head"
