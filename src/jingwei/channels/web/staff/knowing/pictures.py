"""Money in and out by month as SVG."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from jingwei.channels.web.pages import money
from jingwei.domains.insight.view import CashMonth

STEP, HALF, TOP, FOOT = 56, 70, 6, 22


def cash_picture(months: Sequence[CashMonth], says: str) -> Markup:
    """Columns of one currency: above the line what came in, below it what went out."""
    most = max((max(one.in_minor, -one.out_minor) for one in months), default=0) or 1
    width = STEP * max(len(months), 1)
    line, height = TOP + HALF, TOP + 2 * HALF + FOOT
    body = Markup("").join(_month(one, place, most) for place, one in enumerate(months))
    return Markup(
        '<svg class="chart cash" role="img" aria-label="{says}" width="{width}" height="{height}" '
        'viewBox="0 0 {width} {height}">{body}'
        '<line class="axis" x1="0" y1="{line}" x2="{width}" y2="{line}"/></svg>'
    ).format(says=says, width=width, height=height, body=body, line=line)


def _month(one: CashMonth, place: int, most: int) -> Markup:
    x, line = place * STEP, TOP + HALF
    came, went = one.in_minor * HALF // most, -one.out_minor * HALF // most
    label = f"{one.month // 100}-{one.month % 100:02d}"
    plain = f"{label}: {money(one.in_minor, one.currency).striptags()} / "
    title = plain + money(one.out_minor, one.currency).striptags()
    return Markup(
        '<g><title>{}</title><rect class="came" x="{}" y="{}" width="20" height="{}"/>'
        '<rect class="went" x="{}" y="{}" width="20" height="{}"/>'
        '<text class="label" x="{}" y="{}">{}</text></g>'
    ).format(
        title, x + 8, line - came, came, x + 28, line, went, x + STEP // 2, TOP + 2 * HALF + 16, label[2:]
    )
