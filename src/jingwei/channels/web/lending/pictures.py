"""Pictures of loans as SVG: what each instalment is made of, and what raised or lowered a score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from jingwei.channels.web.pages import money

if TYPE_CHECKING:
    from jingwei.channels.web.lending.told import Row

MOST_BARS = 60
WIDE, TALL, FOOT, HEAD = 360, 150, 26, 24
HALF = 500
"""Where the zero of a score stands, and how far its bars go to either side."""


def instalments(rows: Sequence[Row], code: str, says: str) -> Markup:
    """One upright bar for each instalment: principal below, interest and fees on top. `says` names it.

    Of a loan over many years every so manieth is drawn, so that a bar is still wide enough to be seen.
    """
    if not rows:
        return Markup("")
    first, last = rows[0].day, rows[-1].day
    rows = rows[:: -(-len(rows) // MOST_BARS)]
    most = max(row.amount for row in rows)
    step = WIDE / len(rows)
    wide = max(step * 0.72, 0.6)
    room = TALL - HEAD
    bars = []
    for place, row in enumerate(rows):
        x = place * step + (step - wide) / 2
        tall = row.amount / most * room
        low = row.principal / most * room
        done = " done" if row.state in ("paid", "early") else " late" if row.state == "due" else ""
        bars.append(
            f'<rect class="principal{done}" x="{x:.2f}" y="{TALL - low:.2f}" width="{wide:.2f}" '
            f'height="{low:.2f}"/><rect class="cost{done}" x="{x:.2f}" y="{TALL - tall:.2f}" '
            f'width="{wide:.2f}" height="{tall - low:.2f}"/>'
        )
    labels = Markup(
        '<text x="0" y="16">{}</text><text x="0" y="{}">{}</text><text class="last" x="{}" y="{}">{}</text>'
    ).format(money(most, code).striptags(), TALL + 20, first, WIDE, TALL + 20, last)
    line = Markup('<line class="axis" x1="0" y1="{0}" x2="{1}" y2="{0}"/>').format(TALL, WIDE)
    return Markup(
        '<svg class="loan-chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}{}</svg>'
    ).format(WIDE, TALL + FOOT, says, Markup("".join(bars)), line, labels)


def points(parts: Sequence[tuple[str, int]], says: str) -> Markup:
    """Bars to the right for points gained, to the left for points lost, each with its sentence and number."""
    most = max((abs(by) for _, by in parts), default=1) or 1
    rows = []
    for sentence, by in parts:
        long = max(round(abs(by) / most * HALF), 2)
        rows.append(
            Markup(
                '<li>{}<span class="line"><svg viewBox="0 0 1000 14" preserveAspectRatio="none" '
                'aria-hidden="true"><rect class="{}" x="{}" width="{}" height="14"/>'
                '<rect class="zero" x="{}" width="3" height="14"/></svg><strong>{}</strong></span></li>'
            ).format(
                sentence, "gain" if by >= 0 else "loss", HALF if by >= 0 else HALF - long, long, HALF,
                f"{by:+d}".replace("-", "−"),
            )
        )  # fmt: skip
    return Markup('<ul class="bars points" aria-label="{}">{}</ul>').format(says, Markup("").join(rows))
