"""The chart: requests per second at 16 connections, legible on light and on dark pages."""

from collections.abc import Sequence
from html import escape

from benchmarks.http.figures import Figures, rate_of
from benchmarks.http.load import Scenario

_WIDTH, _LEFT, _BAR, _STEP, _LONGEST = 800, 130, 18, 26, 380
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 15px }
.note { fill: #59636e; font-size: 12px }
.name { text-anchor: end }
.page { fill: #ffffff }
.bar { fill: #9aa4af }
.ours { fill: #0969da }
.limit { fill: #59636e }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .note { fill: #9198a1 }
  .page { fill: #0d1117 }
  .bar { fill: #59636e }
  .ours { fill: #4493f8 }
  .limit { fill: #9198a1 }
}
"""

_LEGEND = (
    "limit4, limit16: nothing but the SQL and the JSON, with 4 or 16 connections to the database."
)


def chart(figures: Figures, scenarios: Sequence[Scenario], *, subtitle: str) -> str:
    """Return an SVG with a group of bars for each scenario, each group in its own scale."""
    shapes: list[str] = []
    top = _text(20, 28, "title", "Requests per second at 16 connections, one process")
    top += _text(20, 48, "note", f"Longer is better. {subtitle}.")
    top += _text(20, 66, "note", _LEGEND)
    y = 76
    for scenario in scenarios:
        met = {one.app for one in figures.readings if one.scenario == scenario.name}
        rates = {app: figures.median(app, scenario.name, 16, rate_of) for app in met}
        limit = figures.limit(scenario.name, 16)
        y += 30
        shapes.append(_text(20, y, "title", scenario.title))
        y += 10
        # A cached answer comes so fast that all other bars would be too short to compare.
        room = max(rate for app, rate in rates.items() if not app.endswith("cached"))
        for app, rate in sorted(rates.items(), key=lambda each: -each[1]):
            length = max(2.0, _LONGEST * min(1.0, rate / room))
            value = f"{rate:,.0f}"
            if app == limit:
                value += ", the limit"
            else:
                ratio = figures.ratio(app, limit, scenario.name, 16).median
                value += f", {ratio:.2f} times the limit{' (bar is cut)' if rate > room else ''}"
            kind = app.split("-")[0].rstrip("0123456789")
            shapes += [
                _text(_LEFT - 8, y + 14, "name", app),
                _bar(f"bar {kind}", _LEFT, y, length),
                _text(_LEFT + length + 8, y + 14, "value", value),
            ]
            y += _STEP
    height = y + 14
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}">',
            f"<title>Requests per second</title><style>{_STYLE}</style>",
            f'<rect class="page" width="{_WIDTH}" height="{height}"/>',
            top,
            *shapes,
            "</svg>\n",
        ]
    )


def _bar(kind: str, x: float, y: float, length: float) -> str:
    return f'<rect class="{kind}" x="{x}" y="{y}" width="{length:.1f}" height="{_BAR}" rx="2"/>'


def _text(x: float, y: float, kind: str, text: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y}">{escape(text)}</text>'
