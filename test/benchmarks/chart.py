"""The bar chart of ``docs/benchmarks.svg``: readable on light and dark pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from test.benchmarks.contenders import FLOOR, HTTP_CLIENT, HTTPX, OURS, POOL, REQUESTS
from test.benchmarks.measure import Figure

CASES = ("get", "send", "list of 100", "list of 1,000", "import and first call")
_ORDER = (OURS, HTTP_CLIENT, POOL, FLOOR, HTTPX, REQUESTS)
_WIDTH, _LEFT, _RIGHT = 760, 200, 60
_BAR, _STEP, _GAP, _TOP = 11, 15, 30, 64

_TITLE = "Time, as a ratio to bare urllib3 and pydantic"

_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f; }
.title { font-size: 15px; font-weight: 600; }
.case { font-weight: 600; }
.note, .value { fill: #57606a; }
.bar { fill: #afb8c1; }
.floor { fill: #6e7781; }
.ours { fill: #0969da; }
.strong { fill: #0969da; font-weight: 600; }
.one { stroke: #57606a; stroke-dasharray: 3 3; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .note, .value { fill: #9198a1; }
  .bar { fill: #3d444d; }
  .floor { fill: #656c76; }
  .ours { fill: #4493f8; }
  .strong { fill: #4493f8; }
  .one { stroke: #9198a1; }
}
"""


def chart(figures: Sequence[Figure], facts: Mapping[str, str]) -> str:
    """Return the chart as SVG: ratios to the floor, by case and contender."""
    ratios = {
        (figure.case, figure.contender): figure.ratio for figure in figures if figure.case in CASES
    }
    most = max(ratios.values())
    scale = (_WIDTH - _LEFT - _RIGHT) / most
    parts: list[str] = []
    y = _TOP
    for case in CASES:
        names = [name for name in _ORDER if (case, name) in ratios]
        if not names:
            continue
        parts.append(f'<text class="case" x="12" y="{y + 10}">{escape(case)}</text>')
        y += 6
        for name in names:
            y += _STEP
            parts += _bar(name, ratios[case, name], scale, y)
        y += _GAP
    height = y
    one = f"{_LEFT + scale:.1f}"
    told = ", ".join(f"{name} {facts[name]}" for name in ("Python", "urllib3", "pydantic", "date"))
    return "\n".join(
        [
            '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title desc"',
            f'width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}">',
            f'<title id="title">{_TITLE}</title>',
            f'<desc id="desc">{escape(_told(ratios))}</desc>',
            f"<style>{_STYLE}</style>",
            f'<text class="title" x="12" y="24">{_TITLE}</text>',
            f'<text class="note" x="12" y="44">shorter is quicker; {escape(told)}</text>',
            f'<line class="one" x1="{one}" y1="{_TOP}" x2="{one}" y2="{height - _GAP + 16}"/>',
            *parts,
            "</svg>",
            "",
        ]
    )


def _bar(name: str, ratio: float, scale: float, y: int) -> list[str]:
    kind = {OURS: "ours", FLOOR: "floor"}.get(name, "bar")
    strong = "strong" if name == OURS else "value"
    length = ratio * scale
    line = y + _BAR - 1
    name = escape(name)
    return [
        f'<text class="{strong}" x="{_LEFT - 8}" y="{line}" text-anchor="end">{name}</text>',
        f'<rect class="{kind}" x="{_LEFT}" y="{y}" width="{length:.1f}" height="{_BAR}" rx="2"/>',
        f'<text class="{strong}" x="{_LEFT + length + 6:.1f}" y="{line}">{ratio:.2f}</text>',
    ]


def _told(ratios: Mapping[tuple[str, str], float]) -> str:
    """The chart in words, for those who cannot see it."""
    return "; ".join(
        f"{case}: "
        + ", ".join(f"{name} {ratios[case, name]:.2f}" for name in _ORDER if (case, name) in ratios)
        for case in CASES
    )
