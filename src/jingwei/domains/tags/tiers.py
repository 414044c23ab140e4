"""Value tiers: recency, frequency and money in fifths, by cut points learned once, then applied to anybody.

Because the cut points are whole numbers kept beside the tags, a customer's tier computed in the moment is the
one the batch would give.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

READS: Final = ("card_all_gap_days", "card_all_count_90d", "card_all_sum_90d")
"""Recency, frequency, money."""

Cut = tuple[int, int, int, int]


class Cuts(msgspec.Struct, frozen=True):
    """For each of the three the four values at which a fifth ends, rising."""

    recency: Cut
    frequency: Cut
    money: Cut


def fifths(values: Sequence[int]) -> Cut:
    """The values at 20, 40, 60 and 80 % of the sorted ones (the lower between two). Raises ValueError."""
    if not values:
        raise ValueError("nobody to cut into fifths")
    ordered = sorted(values)
    a, b, c, d = (ordered[(len(ordered) * part - 1) // 5] for part in (1, 2, 3, 4))
    return a, b, c, d


def learn_cuts(rows: Sequence[Mapping[str, int | None]]) -> Cuts:
    """The cut points of those who ever paid by card. Raises ValueError when that is nobody."""
    known = [[row[name] for name in READS] for row in rows if row[READS[0]] is not None]
    columns = [[int(row[i] or 0) for row in known] for i in range(3)]
    return Cuts(*(fifths(column) for column in columns))


def tiers(cuts: Cuts, values: Mapping[str, int | None]) -> dict[str, int]:
    """The four tiers of a customer, 1 (least) to 5; who never paid by card is 1 in all of them.

    `rfm_tier` is the mean of the three, rounded down.
    """
    gap, count, total = (values[name] for name in READS)
    if gap is None:
        return {"rfm_recency": 1, "rfm_frequency": 1, "rfm_money": 1, "rfm_tier": 1}
    recency = 5 - bisect_left(cuts.recency, gap)
    frequency = 1 + bisect_left(cuts.frequency, count or 0)
    money = 1 + bisect_left(cuts.money, total or 0)
    whole = (recency + frequency + money) // 3
    return {"rfm_recency": recency, "rfm_frequency": frequency, "rfm_money": money, "rfm_tier": whole}
