"""Plots as SVG, written by hand: horizontal bars, and lines over sizes on two logarithmic axes. Pure.

An image can be looked at on a light page and on a dark one, so its colours follow what the reader prefers. Every bar
has its number and every line its name, so that colour never carries the meaning alone.
"""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["bars", "lines"]

_WIDTH: Final = 720
_ROW: Final = 22
_LABEL: Final = 210
_NUMBER: Final = 70
_HEIGHT: Final = 380
_MANY: Final = 20
"""From here on decimals say nothing."""

_STYLE: Final = """\
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 15px }
.group { font-weight: 600 }
.soft { fill: #59636e }
.grid { stroke: #d1d9e0; stroke-width: 1 }
.c0 { fill: #0969da; stroke: #0969da } .c1 { fill: #bc4c00; stroke: #bc4c00 } .c2 { fill: #8250df; stroke: #8250df }
.c3 { fill: #1a7f37; stroke: #1a7f37 } .c4 { fill: #54aeff; stroke: #54aeff } .c5 { fill: #6e7781; stroke: #6e7781 }
path { fill: none !important; stroke-width: 2 }
text.c0, text.c1, text.c2, text.c3, text.c4, text.c5 { stroke: none }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc } .soft { fill: #9198a1 } .grid { stroke: #3d444d }
  .c0 { fill: #4493f8; stroke: #4493f8 } .c1 { fill: #f0883e; stroke: #f0883e } .c2 { fill: #ab7df8; stroke: #ab7df8 }
  .c3 { fill: #3fb950; stroke: #3fb950 } .c4 { fill: #79c0ff; stroke: #79c0ff } .c5 { fill: #9198a1; stroke: #9198a1 }
}
"""


def bars(title: str, groups: Mapping[str, Mapping[str, float]], *, colours: Mapping[str, int], unit: str) -> str:
    """Return a plot of groups of bars, the values of which are seconds, say: ``{"first apply": {"kapp": 7.4}}``."""
    most = max((value for group in groups.values() for value in group.values()), default=0.0) or 1.0
    room = _WIDTH - _LABEL - _NUMBER
    parts, y = [_text(0, 18, title, "title")], 44
    for group, rows in groups.items():
        parts.append(_text(0, y, group, "group"))
        y += 8
        for name, value in rows.items():
            parts.append(_text(_LABEL - 8, y + 15, name, "soft", anchor="end"))
            width = max(1.0, room * value / most)
            parts.append(
                f'<rect x="{_LABEL}" y="{y + 3}" width="{width:.1f}" height="{_ROW - 7}" {_colour(name, colours)}/>'
            )
            parts.append(_text(_LABEL + width + 6, y + 15, f"{value:.{0 if value >= _MANY else 2}f} {unit}"))
            y += _ROW
        y += 24
    return _svg(title, parts, height=y - 12)


def lines(
    title: str, series: Mapping[str, Sequence[tuple[float, float]]], *, colours: Mapping[str, int], x: str, y: str
) -> str:
    """Return a plot of lines through points; both axes are logarithmic, so what grows in proportion is straight."""
    points = [point for each in series.values() for point in each if min(point) > 0]
    if not points:
        return _svg(title, [_text(0, 18, title, "title")], height=40)
    across = _Axis([at for at, _ in points], 60, _WIDTH - 190)
    up = _Axis([value for _, value in points], _HEIGHT - 60, 50)
    parts = [_text(0, 18, title, "title"), _text(0, 38, y, "soft")]
    for tick in up.ticks():
        at = up.at(tick)
        parts.append(f'<line x1="60" x2="{_WIDTH - 190}" y1="{at:.1f}" y2="{at:.1f}" class="grid"/>')
        parts.append(_text(52, at + 4, f"{tick:g}", "soft", anchor="end"))
    parts += [
        _text(across.at(tick), _HEIGHT - 38, f"{tick:,.0f}", "soft", anchor="middle")
        for tick in sorted({at for at, _ in points})
    ]
    parts.append(_text((60 + _WIDTH - 190) / 2, _HEIGHT - 16, x, "soft", anchor="middle"))
    last = -math.inf
    for name, found in sorted(series.items(), key=lambda each: -each[1][-1][1] if each[1] else 0):
        places = [(across.at(at), up.at(value)) for at, value in found if min(at, value) > 0]
        if not places:
            continue
        path = " L".join(f"{left:.1f},{top:.1f}" for left, top in places)
        parts.append(f'<path d="M{path}" {_colour(name, colours)}/>')
        parts += [f'<circle cx="{left:.1f}" cy="{top:.1f}" r="3.5" {_colour(name, colours)}/>' for left, top in places]
        last = max(places[-1][1] + 4, last + 16)  # names do not stand on each other
        parts.append(_text(places[-1][0] + 10, last, name, f"c{colours.get(name, 5)}"))
    return _svg(title, parts, height=_HEIGHT)


class _Axis:
    """A logarithmic axis between two pixels."""

    def __init__(self, values: Sequence[float], begin: float, end: float) -> None:
        self._low, self._high = math.log10(min(values)), math.log10(max(values))
        margin = (self._high - self._low) * 0.04 or 0.5
        self._low, self._high = self._low - margin, self._high + margin
        self._begin, self._end = begin, end

    def at(self, value: float) -> float:
        """Return the pixel of a value."""
        part = (math.log10(value) - self._low) / (self._high - self._low)
        return self._begin + part * (self._end - self._begin)

    def ticks(self) -> list[float]:
        """Return round values that lie on the axis."""
        powers = range(math.floor(self._low), math.ceil(self._high) + 1)
        found = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
        return [each for each in found if self._low <= math.log10(each) <= self._high]


def _colour(name: str, colours: Mapping[str, int]) -> str:
    return f'class="c{colours.get(name, 5)}"'


def _text(x: float, y: float, text: str, kind: str = "", *, anchor: str = "") -> str:
    extra = (f' class="{kind}"' if kind else "") + (f' text-anchor="{anchor}"' if anchor else "")
    return f'<text x="{x:.1f}" y="{y:.1f}"{extra}>{escape(text)}</text>'


def _svg(title: str, parts: Sequence[str], *, height: float) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-8 0 {_WIDTH + 16} {height:.0f}" role="img">'
    return "\n".join([head, f"<title>{escape(title)}</title>", f"<style>\n{_STYLE}</style>", *parts, "</svg>", ""])
