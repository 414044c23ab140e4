"""A scorecard: monotone ranges by weight of evidence, a logistic on them, served as a table of points.

Weight of evidence of a range: ln((bad there / all bad) / (good there / all good)) (Siddiqi, Credit Risk
Scorecards, 2006, chapter 6). Ranges start as quantiles and are merged until the share of bad rises or
falls all
the way (isotonic regression, which pools neighbours that break the order). Codes for kinds of missing get
a range each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np

from jingwei.learning.protocol import Flags
from jingwei.learning.tabular import TableError
from jingwei.models.card import Card
from jingwei.models.compiled import Floats
from jingwei.models.derived import MISSING
from jingwei.models.points import Points, PointsModel

QUANTILES = 20
CODES = (-9.0, -8.0, -7.0)
"""Numbers that stand for kinds of missing where a column otherwise holds nothing below zero."""
STRENGTH = 0.3
"""Inverse strength of the ridge on the logistic, as scikit-learn's C. Chosen inside training folds."""
BASE_POINTS, DOUBLE_ODDS, BASE_ODDS = 600.0, 20.0, 30.0
"""600 points are thirty good to one bad; every 20 points more double that."""


class Ranges(msgspec.Struct, frozen=True):
    """Of one feature: from edges[i - 1] on evidence[i] counts, below edges[0] evidence[0]."""

    edges: tuple[float, ...]
    evidence: tuple[float, ...]

    def of(self, values: Floats) -> Floats:
        """Evidence float64[n] of values float64[n]."""
        return np.array(self.evidence)[np.searchsorted(np.array(self.edges), values, side="right")]


def codes_in(values: Floats) -> tuple[float, ...]:
    """The numbers of a column that stand for kinds of missing."""
    held = np.unique(values[values < 0.0])
    plain = held[held != MISSING]
    codes = tuple(float(v) for v in plain) if len(plain) and np.isin(plain, CODES).all() else ()
    return ((MISSING,) if MISSING in held else ()) + codes


def make_ranges(values: Floats, bad: Flags, most: int = QUANTILES) -> Ranges:
    """Return monotone ranges of training values float64[n]; `bad` bool[n]."""
    from sklearn.isotonic import IsotonicRegression

    codes = codes_in(values)
    free = ~np.isin(values, codes)
    total = (float(bad.sum()), float((~bad).sum()))
    special = [_evidence(bad[values == code], total) for code in codes]
    plain, hits = values[free], bad[free]
    if not len(plain):
        return Ranges(*_joined(codes, special, [], [0.0]))
    edges = np.unique(np.quantile(plain, np.linspace(0, 1, most + 1)[1:-1]))
    at = np.searchsorted(edges, plain, side="right")
    rows = np.bincount(at, minlength=len(edges) + 1)
    bads = np.bincount(at, hits, len(edges) + 1)
    used = np.flatnonzero(rows)
    rate = bads[used] / rows[used]
    if len(used) == 1:
        return Ranges(*_joined(codes, special, [], [_evidence(hits, total)]))
    rises = bool(np.corrcoef(at, hits)[0, 1] >= 0.0) if hits.any() and not hits.all() else True
    smooth = IsotonicRegression(increasing=rises).fit_transform(used, rate, sample_weight=rows[used])
    starts = np.flatnonzero(np.append(True, np.abs(np.diff(smooth)) > 1e-12))
    group = np.searchsorted(used[starts], at, side="right") - 1
    kept = [float(edges[used[s] - 1]) for s in starts[1:]]
    return Ranges(
        *_joined(codes, special, kept, [_evidence(hits[group == g], total) for g in range(len(starts))])
    )


def _evidence(bad: Flags, total: tuple[float, float]) -> float:
    there = (float(bad.sum()) + 0.5, float((~bad).sum()) + 0.5)
    return math.log((there[0] / (total[0] + 1.0)) / (there[1] / (total[1] + 1.0)))


def _joined(
    codes: Sequence[float], special: Sequence[float], edges: Sequence[float], evidence: Sequence[float]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Put ranges of single codes (which lie below everything else) in front of the others.

    A value between two codes, which training never saw, counts as the code below it.
    """
    if not codes:
        return tuple(edges), tuple(evidence)
    above = math.nextafter(codes[-1], math.inf)
    return (*codes[1:], above, *edges), (*special, *evidence)


class Scorecard(msgspec.Struct, frozen=True):
    """Ranges of every feature offered, and weights of those that stayed in: the library's side of the
    card."""

    features: tuple[str, ...]
    ranges: tuple[Ranges, ...]
    weights: tuple[float, ...]
    offset: float

    def evidence(self, columns: dict[str, Floats]) -> Floats:
        """float64[n, f]: evidence of every feature."""
        told = [ranges.of(columns[name]) for name, ranges in zip(self.features, self.ranges, strict=True)]
        return np.column_stack(told)

    def log_odds(self, columns: dict[str, Floats]) -> Floats:
        """Log-odds float64[n] of being bad."""
        told: Floats = self.evidence(columns) @ np.array(self.weights) + self.offset
        return told

    def served(self, card: Card) -> PointsModel:
        """The same card as a compiled table of points; `card.features` must be this card's."""
        table = [
            Points(name, ranges.edges, tuple(weight * value for value in ranges.evidence))
            for name, ranges, weight in zip(self.features, self.ranges, self.weights, strict=True)
        ]
        return PointsModel(card, self.offset, table)


def fit_scorecard(columns: dict[str, Floats], bad: Flags) -> Scorecard:
    """Fit ranges and weights on training rows. Features whose weight would turn their evidence round are
    dropped.

    Raises TableError when no feature tells good from bad.
    """
    from sklearn.linear_model import LogisticRegression

    names = list(columns)
    ranges = [make_ranges(columns[name], bad) for name in names]
    kept = [i for i, one in enumerate(ranges) if len(set(one.evidence)) > 1]
    while kept:
        evidence = np.column_stack([ranges[i].of(columns[names[i]]) for i in kept])
        model = LogisticRegression(C=STRENGTH, max_iter=1000).fit(evidence, bad)
        weights = model.coef_[0]
        if (weights > 0.0).all():
            return Scorecard(
                tuple(names[i] for i in kept),
                tuple(ranges[i] for i in kept),
                tuple(float(w) for w in weights),
                float(model.intercept_[0]),
            )
        kept = [i for i, weight in zip(kept, weights, strict=True) if weight > 0.0]
    raise TableError("no column tells good from bad, so there is no scorecard to make")


def points_table(card: Scorecard) -> list[dict[str, object]]:
    """The card for people: per feature the ranges and whole points; all of them add up to about 600.

    Points = 600 + 20 / ln 2 x (log-odds of good - ln 30), the constant spread over the features.
    """
    factor = DOUBLE_ODDS / math.log(2.0)
    whole = BASE_POINTS - factor * math.log(BASE_ODDS) - factor * card.offset
    share = whole / len(card.features)
    return [
        {
            "feature": name,
            "from": [None, *ranges.edges],
            "points": [round(share - factor * weight * value) for value in ranges.evidence],
        }
        for name, ranges, weight in zip(card.features, card.ranges, card.weights, strict=True)
    ]


def to_points(log_odds: Floats) -> Floats:
    """Points float64[n] of log-odds of being bad."""
    factor = DOUBLE_ODDS / math.log(2.0)
    return BASE_POINTS - factor * (log_odds + math.log(BASE_ODDS))
