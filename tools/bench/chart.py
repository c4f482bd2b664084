"""The figures as a chart: SVG by hand, readable on light and dark pages."""

from __future__ import annotations

from html import escape

from .project import COMMANDS
from .report import NAMES
from .results import Results
from .run import OURS

_WIDTH, _PANEL, _LABELS, _BARS = 880, 440, 148, 220
_BAR, _GAP, _TOP = 12, 12, 74
_STYLE = """\
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 14px; font-weight: 600 }
.small { font-size: 11px; fill: #59636e }
.ours { fill: #1f6feb } .native { fill: #7fb0f5 }
.smallest { fill: #e3b27a } .realistic { fill: #c46a1f } .empty { fill: #9aa4af }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .small { fill: #9198a1 }
  .ours { fill: #58a6ff } .native { fill: #2f5f9e }
  .smallest { fill: #e9c49a } .realistic { fill: #d98a45 } .empty { fill: #6e7681 }
}"""


def render(results: Results) -> str:
    """Return a chart of the two largest stacks at the highest latency."""
    panels = sorted(results.links)[-2:]
    group = len(NAMES) * _BAR + _GAP
    height = _TOP + len(COMMANDS) * group + 10
    body = [_legend()]
    for number, links in enumerate(panels):
        body.append(f'<g transform="translate({number * _PANEL},0)">{_panel(results, links)}</g>')
    title = (
        "Seconds of each operation: this package, its native plugin, two providers written by"
        " hand, an empty provider"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n" + "\n".join(body) + "\n</svg>\n"
    )


def _legend() -> str:
    parts = []
    for number, (contender, name) in enumerate(NAMES.items()):
        x = 10 + number * 160
        parts.append(f'<rect class="{contender}" x="{x}" y="10" width="12" height="12"/>')
        parts.append(_text(x + 18, 20, name))
    return "\n".join(parts)


def _panel(results: Results, links: int) -> str:
    latency = results.latencies[-1]
    title = f"{links:,} links, {latency * 1000:.0f} ms latency, seconds"
    parts = [_text(10, 54, title, "title")]
    shown = {
        (name, operation): results.value(name, links, latency, operation)
        for name in NAMES
        for operation in COMMANDS
    }
    longest = max([1.0, *(value for value in shown.values() if value is not None)])
    y = _TOP
    for operation in COMMANDS:
        parts.append(_text(10, y + len(NAMES) * _BAR / 2 + 4, operation))
        for name in NAMES:
            missing = results.error(name, links)
            parts.append(_bar(name, y, shown[name, operation], longest, missing))
            y += _BAR
        y += _GAP
    return "\n".join(parts)


def _bar(name: str, y: float, seconds: float | None, longest: float, missing: str | None) -> str:
    if seconds is None:
        return _text(_LABELS + 4, y + 10, (missing or "–").split(" in ")[0], "small")
    width = max(1.0, seconds / longest * _BARS)
    figure = f"{seconds:.1f}"
    rectangle = (
        f'<rect class="{name}" x="{_LABELS}" y="{y + 1}" width="{width:.1f}" height="{_BAR - 2}"/>'
    )
    return rectangle + _text(_LABELS + width + 4, y + 10, figure, "" if name == OURS else "small")


def _text(x: float, y: float, text: str, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.0f}" y="{y:.0f}"{named}>{escape(text)}</text>'
