"""Pictures of a case as SVG: what raised the score, who is linked to whom, how long answers took."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

GAP = 26
LONG = 12
"""Letters of a size in words that stands below its bar on a phone, where it would break beside it."""
WIDE, NODE_W, NODE_H = 640, 176, 34

COLUMNS = (0, (WIDE - NODE_W) // 2, WIDE - NODE_W)


class Node(NamedTuple):
    """One box: its column 0 to 2, what it says, its kind (a class name), and where it leads ("" nowhere)."""

    column: int
    says: str
    kind: str
    to: str = ""


def bars(parts: Sequence[tuple[str, float, str]], says: str) -> Markup:
    """Horizontal bars: (sentence, size, size in words); the longest fills its line. `says` names it.

    A list of sentences with a bar below each, so that it reads on a phone and in large print.
    """
    most = max((abs(size) for _, size, _ in parts), default=1.0) or 1.0
    rows = [
        Markup(
            '<li>{}<span class="line"><svg viewBox="0 0 1000 14" preserveAspectRatio="none" '
            'aria-hidden="true"><rect class="part" width="{}" height="14"/></svg>'
            "<strong>{}</strong></span></li>"
        ).format(sentence, max(6, round(abs(size) / most * 1000)), told)
        for sentence, size, told in parts
    ]
    kind = "bars long" if any(len(told) > LONG for _, _, told in parts) else "bars"
    return Markup('<ul class="{}" aria-label="{}">{}</ul>').format(kind, says, Markup("").join(rows))


def graph(nodes: Sequence[Node], edges: Sequence[tuple[int, int, str]], says: str) -> Markup:
    """Boxes in three columns and the lines between them; an edge is (from, to, class name)."""
    at: list[tuple[int, int]] = []
    depth = [0, 0, 0]
    for node in nodes:
        at.append((COLUMNS[node.column], depth[node.column] * (NODE_H + GAP) + 2))
        depth[node.column] += 1
    lines = [_line(at[one], at[other], kind) for one, other, kind in edges]
    boxes = [_box(node, *place) for node, place in zip(nodes, at, strict=True)]
    return _svg(Markup("").join(lines + boxes), WIDE, max(depth) * (NODE_H + GAP), says, "graph")


def _line(one: tuple[int, int], other: tuple[int, int], kind: str) -> Markup:
    left, right = sorted((one, other))
    middle = NODE_H // 2
    return Markup('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(
        kind, left[0] + NODE_W, left[1] + middle, right[0], right[1] + middle
    )


def _box(node: Node, x: int, y: int) -> Markup:
    short = node.says if len(node.says) < 20 else f"{node.says[:18]}…"
    box = Markup(
        '<g class="{}"><title>{}</title><rect x="{}" y="{}" width="{}" height="{}" rx="8"/>'
        '<text x="{}" y="{}">{}</text></g>'
    ).format(node.kind, node.says, x + 1, y, NODE_W - 2, NODE_H, x + 12, y + 23, short)
    return box


def columns(days: Sequence[tuple[str, float, str]], says: str) -> Markup:
    """Upright bars: (label, size, size in words)."""
    most = max((size for _, size, _ in days), default=1.0) or 1.0
    step, tall = 64, 120
    rows = []
    for place, (label, size, told) in enumerate(days):
        high = max(2, round(size / most * (tall - 30)))
        x = place * step
        rows.append(
            Markup(
                '<rect class="bar" x="{}" y="{}" width="40" height="{}" rx="3"/>'
                '<text class="soft" x="{}" y="{}">{}</text><text x="{}" y="{}">{}</text>'
            ).format(x + 8, tall - high, high, x + 8, tall - high - 5, told, x + 8, tall + 18, label)
        )
    return _svg(Markup("").join(rows), max(len(days), 5) * step, tall + 26, says, "columns")


def _svg(inside: Markup, wide: int, high: int, says: str, kind: str) -> Markup:
    return Markup(
        '<svg class="picture {}" viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">'
        "{}</svg>"
    ).format(kind, wide, high, wide, high, escape(says), inside)
