"""The batch that learns tiers and model tags: value by BG/NBD and gamma-gamma, RFM fifths, segments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from jingwei.domains.tags.happenings import Happening
from jingwei.domains.tags.tiers import READS as RFM
from jingwei.domains.tags.tiers import Cuts, learn_cuts, tiers
from jingwei.learning.lifetime_value import Histories, fit_buying_rate, fit_spend
from jingwei.learning.segments import READS, Segments, find_segments
from jingwei.models.compiled import Floats
from jingwei.stores.tagged import TagShelf

WEEK = 7.0
YEAR_WEEKS = 52.0
QUICK = 8
"""Bootstrap samples in the daily batch; `jingwei evaluate segments` takes more."""


Row = tuple[str, str, int]
"""Customer, tag, value."""


class Buying(NamedTuple):
    """Days on which each customer paid by card, as the value models read them."""

    customers: list[str]
    histories: Histories
    mean: Floats
    """Mean spend on a repeat day, in yuan; 0 without one."""


class Learned(NamedTuple):
    """What a batch learned: rows (customer, tag, value), the cut points, the segments, what it left out."""

    rows: list[Row]
    cuts: Cuts | None
    segments: Segments | None
    left_out: list[str]


def buying(happenings: Iterable[Happening], until: int) -> Buying:
    """Card days of each customer up to and with a day; several payments of a day are one purchase."""
    days: dict[str, dict[int, int]] = {}
    for one in happenings:
        if one.kind == "card" and one.day <= until:
            mine = days.setdefault(one.customer, {})
            mine[one.day] = mine.get(one.day, 0) + one.amount_minor
    return of_days(days, until)


def of_days(days: dict[str, dict[int, int]], until: int) -> Buying:
    """The same from the amounts (minor units) by customer and day."""
    customers = sorted(days)
    first = np.array([min(days[who]) for who in customers], np.float64)
    last = np.array([max(days[who]) for who in customers], np.float64)
    repeats = np.array([len(days[who]) - 1 for who in customers], np.float64)
    later = np.array([sum(days[who].values()) - days[who][min(days[who])] for who in customers], np.float64)
    mean = np.divide(later / 100.0, repeats, out=np.zeros_like(later), where=repeats > 0)
    return Buying(customers, Histories(repeats, (last - first) / WEEK, (until - first) / WEEK), mean)


def value_tags(told: Buying, weeks: float = YEAR_WEEKS) -> list[Row]:
    """Spending expected in the weeks to come, and the chance of being active. Raises ValueError."""
    rate = fit_buying_rate(told.histories)
    again = (told.histories.repeats > 0) & (told.mean > 0)
    spend = fit_spend(told.histories.repeats[again], told.mean[again])
    if spend.q <= 1.0:
        raise ValueError("spending is too uneven for a mean to be expected")
    each = spend.expected(told.histories.repeats, told.mean)
    yuan = np.minimum(rate.expected(told.histories, weeks), weeks * WEEK) * each
    active = rate.alive(told.histories)
    if not (np.all(np.isfinite(yuan)) and np.all(np.isfinite(active))):
        raise ValueError("the value of somebody is not a number")
    minor = np.maximum(np.rint(yuan * 100.0), 0.0).astype(np.int64).tolist()
    share = np.rint(active * 100.0).astype(np.int64).tolist()
    rows = [(who, "value_year_minor", value) for who, value in zip(told.customers, minor, strict=True)]
    return rows + [(who, "active_percent", value) for who, value in zip(told.customers, share, strict=True)]


def learn_tags(shelf: TagShelf, today: int, among: Iterable[str]) -> Learned:
    """Learn tiers, value and segments of these customers; what cannot be learned is left out and named."""
    customers = sorted(set(among))
    rows: list[Row] = []
    left_out: list[str] = []
    cuts = _tiers(shelf, today, customers, rows, left_out)
    try:
        rows += value_tags(of_days(shelf.card_days(customers, today), today))
    except ValueError as error:
        left_out.append(f"value: {error}")
    segments = None
    try:
        told = shelf.values(READS, today, customers)
        segments = find_segments([row[1:] for row in told], READS, (3, 4, 5, 6), QUICK)
        labels = segments.labels.tolist()
        rows += [(row[0], "segment_number", int(n) + 1) for row, n in zip(told, labels, strict=True)]
    except ValueError as error:
        left_out.append(f"segments: {error}")
    return Learned(rows, cuts, segments, left_out)


def _tiers(
    shelf: TagShelf,
    today: int,
    customers: Sequence[str],
    rows: list[Row],
    left_out: list[str],
) -> Cuts | None:
    told: list[tuple[Any, ...]] = shelf.values(RFM, today, customers)
    values = [dict(zip(RFM, row[1:], strict=True)) for row in told]
    try:
        cuts = learn_cuts(values)
    except ValueError as error:
        left_out.append(f"tiers: {error}")
        return None
    for row, mine in zip(told, values, strict=True):
        rows += [(row[0], tag, value) for tag, value in tiers(cuts, mine).items()]
    return cuts
