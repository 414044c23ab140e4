"""Pictures of loans as SVG: what each instalment is made of, and what raised or lowered a score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from jingwei.kernel.money import format_minor

if TYPE_CHECKING:
    from jingwei.channels.web.lending.told import Row

MOST_BARS = 60
WIDE, TALL, FOOT, HEAD = 360, 150, 26, 24
ROW, LEFT, SPAN = 40, 250, 150
"""Height of one line of a score, where its zero stands, and how far its bars go to either side."""


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
    ).format(f"{format_minor(most, code)} {code}", TALL + 20, first, WIDE, TALL + 20, last)
    line = Markup('<line class="axis" x1="0" y1="{0}" x2="{1}" y2="{0}"/>').format(TALL, WIDE)
    return Markup(
        '<svg class="loan-chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}{}</svg>'
    ).format(WIDE, TALL + FOOT, says, Markup("".join(bars)), line, labels)


def points(parts: Sequence[tuple[str, int]], says: str) -> Markup:
    """Bars to the right for points gained, to the left for points lost, each with its sentence and number."""
    most = max((abs(by) for _, by in parts), default=1) or 1
    rows = []
    for place, (sentence, by) in enumerate(parts):
        y, long = place * ROW, max(abs(by) / most * SPAN, 1)
        gain = by >= 0
        kind, x = ("gain", LEFT) if gain else ("loss", LEFT - long)
        number = LEFT + long + 6 if gain else x - 6
        rows.append(
            Markup(
                '<text x="0" y="{}">{}</text><rect class="{}" x="{:.1f}" y="{}" width="{:.1f}" height="12"/>'
                '<line class="axis" x1="{}" y1="{}" x2="{}" y2="{}"/>'
                '<text class="of-{}" x="{:.1f}" y="{}">{}</text>'
            ).format(
                y + 14, sentence, kind, x, y + 20, long, LEFT, y + 17, LEFT, y + 35, kind, number, y + 31,
                f"{by:+d}".replace("-", "−"),
            )
        )  # fmt: skip
    high = max(len(parts), 1) * ROW
    return Markup(
        '<svg class="picture points" viewBox="0 0 460 {0}" width="460" height="{0}" role="img" '
        'aria-label="{1}">{2}</svg>'
    ).format(high, says, Markup("").join(rows))
