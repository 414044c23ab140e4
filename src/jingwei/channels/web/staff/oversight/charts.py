"""Charts drawn by the server as SVG: colours are class names, every column leads to what is behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

STEP, HEIGHT, TOP, FOOT = 32, 150, 18, 24


class Column(NamedTuple):
    """One column: its label, what it says in full, its parts (class, value) from below, where it leads."""

    label: str
    says: str
    parts: tuple[tuple[str, int], ...]
    href: str

    @property
    def total(self) -> int:
        """The height of the column."""
        return sum(value for _, value in self.parts)


def columns(title: str, points: Sequence[Column], most: str) -> Markup:
    """A chart of columns; `most` words the highest value. Each column is a link over the full height."""
    top = max((point.total for point in points), default=0) or 1
    width = max(STEP * len(points), STEP)
    body = Markup("").join(_column(point, place, top) for place, point in enumerate(points))
    base = TOP + HEIGHT
    return Markup(
        '<svg class="chart" role="group" aria-label="{title}" width="{width}" height="{height}" '
        'viewBox="0 0 {width} {height}"><line class="grid" x1="0" y1="{top}" x2="{width}" y2="{top}"/>'
        '<line class="axis" x1="0" y1="{base}" x2="{width}" y2="{base}"/>{body}'
        '<text class="most" x="2" y="{line}">{most}</text></svg>'
    ).format(
        title=title, width=width, height=base + FOOT, top=TOP, base=base, body=body, most=most, line=TOP - 5
    )


def _column(point: Column, place: int, top: int) -> Markup:
    x, base = place * STEP, TOP + HEIGHT
    drawn, bottom = Markup(""), base
    for name, value in point.parts:
        if value:
            height = max(1, round(value * HEIGHT / top))
            bottom -= height
            drawn += Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>').format(
                f"part {name}", x + 4, bottom, STEP - 8, height
            )
    label = Markup('<text class="label" x="{}" y="{}">{}</text>').format(
        x + STEP // 2, base + 16, point.label
    )
    hit = Markup('<rect class="hit" x="{}" y="0" width="{}" height="{}"/>').format(x, STEP, base + FOOT)
    return Markup('<a href="{}" aria-label="{}">{}{}{}<title>{}</title></a>').format(
        point.href, point.says, hit, drawn, label, point.says
    )


def bar(share: float, name: str = "plain") -> Markup:
    """A level bar for a table's row; `share` from 0 to 1. It repeats a number, so it says nothing itself."""
    filled = round(120 * min(max(share, 0.0), 1.0), 1)
    return Markup(
        '<svg class="bar" aria-hidden="true" width="120" height="14" viewBox="0 0 120 14">'
        '<rect class="rest" width="120" height="14" rx="3"/>'
        '<rect class="part {}" width="{}" height="14" rx="3"/>'
        "</svg>"
    ).format(name, filled)


def line(title: str, values: Sequence[tuple[float, float]], name: str = "one") -> Markup:
    """A small line through points in [0, 1] x [0, 1], with the diagonal: how far from being right."""
    points = " ".join(f"{round(x * 200)},{round(200 - y * 200)}" for x, y in values)
    dots = Markup("").join(
        Markup('<circle class="dot" cx="{}" cy="{}" r="4"/>').format(round(x * 200), round(200 - y * 200))
        for x, y in values
    )
    return Markup(
        '<svg class="square" role="img" aria-label="{}" width="220" height="220" viewBox="-10 -10 220 220">'
        '<line class="grid" x1="0" y1="200" x2="200" y2="0"/><polyline class="{}" points="{}"/>{}</svg>'
    ).format(title, f"curve {escape(name)}", points, dots)
