"""A hand-made model: points for readable ranges of named features, added up to log-odds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from jingwei.models.card import Card
from jingwei.models.compiled import Floats, Ints, compiled
from jingwei.models.contract import ModelError, places
from jingwei.models.packing import Packed, pack
from jingwei.models.walk import finite

KIND = "points"


class Points(msgspec.Struct, frozen=True):
    """One line of the table, in log-odds: below edges[0] points[0] count, from edges[i - 1] on points[i]."""

    feature: str
    edges: tuple[float, ...]
    points: tuple[float, ...]


class PointsModel:
    """The sum of a base and one number of points per feature is the log-odds; its logistic is the score."""

    def __init__(self, card: Card, base: float, table: Sequence[Points]) -> None:
        for line in table:
            _check_line(line)
        if tuple(line.feature for line in table) != card.features:
            raise ModelError("the points table and the card name different features")
        if not math.isfinite(base):
            raise ModelError("the base is not a number")
        self._card = card
        self.base = base
        self.table = tuple(table)

    @property
    def card(self) -> Card:
        return self._card

    @property
    def features(self) -> tuple[str, ...]:
        return self._card.features

    def bind(self, columns: Sequence[str]) -> BoundPoints:
        """Return the scorer for matrices with these columns."""
        return BoundPoints(self, places(self.features, columns))

    def contributions(self, row: Sequence[float]) -> Floats:
        """float64[f + 1]: the points of one case in the model's own feature order, then the base."""
        out: Floats = self.bind(self.features).contributions(np.array([row], dtype=np.float64))[0]
        return out

    def with_card(self, card: Card) -> PointsModel:
        return PointsModel(card, self.base, self.table)

    def to_bytes(self) -> bytes:
        return pack(Packed(KIND, self._card, self.arrays()))

    def arrays(self) -> dict[str, Any]:
        """The table as plain arrays."""
        return {
            "base": np.array([self.base]),
            "edges": np.array([edge for line in self.table for edge in line.edges]),
            "points": np.array([points for line in self.table for points in line.points]),
            "edge_counts": np.array([len(line.edges) for line in self.table], dtype=np.int32),
        }


class BoundPoints:
    """A points model that reads the columns of one kind of matrix."""

    def __init__(self, model: PointsModel, used: Ints) -> None:
        self._base = model.base
        lines = model.table
        most = max(len(line.points) for line in lines)
        edges = np.full((len(lines), most), np.inf)
        points = np.zeros((len(lines), most))
        for i, line in enumerate(lines):
            edges[i, : len(line.edges)] = line.edges
            points[i, : len(line.points)] = line.points
        self._serve = (edges, points, used, model.base)

    @property
    def served(self) -> tuple[Floats, Floats, Ints, float]:
        """What the compiled sum reads: edges, points, columns, base."""
        return self._serve

    def __call__(self, cases: Floats) -> Floats:
        return points_of_rows(np.ascontiguousarray(cases), *self._serve)

    def one(self, row: Floats) -> float:
        return points_of_row(row, *self._serve)

    def contributions(self, cases: Floats) -> Floats:
        edges, points, used, base = self._serve
        values = np.asarray(cases)[:, used]
        out = np.full((len(values), len(used) + 1), base)
        for i in range(len(used)):
            at = np.searchsorted(edges[i], values[:, i], side="right")
            out[:, i] = points[i, at.clip(0, points.shape[1] - 1)]
        out[~np.isfinite(values).all(axis=1)] = np.nan
        return out


@compiled
def points_of_row(row: Floats, edges: Floats, points: Floats, used: Ints, base: float) -> float:
    """Score of one row: the logistic of the base and the points of each feature; NaN where one is missing."""
    if not finite(row, used):
        return math.nan
    return 1.0 / (1.0 + math.exp(-log_odds_of_row(row, edges, points, used, base)))


@compiled
def log_odds_of_row(row: Floats, edges: Floats, points: Floats, used: Ints, base: float) -> float:
    """The base and the points of each feature, added up in the table's order."""
    total = base
    for i in range(len(used)):
        value, at = row[used[i]], 0
        while value >= edges[i, at]:
            at += 1
        total += points[i, at]
    return total


@compiled
def points_of_rows(cases: Floats, edges: Floats, points: Floats, used: Ints, base: float) -> Floats:
    """Scores float64[n]."""
    out = np.empty(len(cases))
    for r in range(len(cases)):
        out[r] = points_of_row(cases[r], edges, points, used, base)
    return out


def unpack_points(packed: Packed) -> PointsModel:
    """Return the points model in a file. Raises ModelError when its arrays do not make a table."""
    try:
        names = ("base", "edges", "points", "edge_counts")
        base, edges, points, counts = (packed.arrays[name] for name in names)
    except KeyError as missing:
        raise ModelError(f"the model file lacks the array {missing}") from missing
    sizes = [int(n) for n in counts]
    fits = len(base) == 1 and len(sizes) == len(packed.card.features) and min(sizes, default=0) >= 0
    if not (fits and len(edges) == sum(sizes) and len(points) == sum(sizes) + len(sizes)):
        raise ModelError("the model file's points table does not fit its features")
    table, e, p = [], 0, 0
    for feature, size in zip(packed.card.features, sizes, strict=True):
        of_edges = tuple(float(x) for x in edges[e : e + size])
        of_points = tuple(float(x) for x in points[p : p + size + 1])
        table.append(Points(feature, of_edges, of_points))
        e, p = e + size, p + size + 1
    return PointsModel(packed.card, float(base[0]), table)


def _check_line(line: Points) -> None:
    if len(line.points) != len(line.edges) + 1:
        raise ModelError(f"{line.feature}: there must be one number of points more than edges")
    if not all(map(math.isfinite, (*line.edges, *line.points))):
        raise ModelError(f"{line.feature}: edges and points must be finite numbers")
    if any(b <= a for a, b in zip(line.edges, line.edges[1:], strict=False)):
        raise ModelError(f"{line.feature}: edges must rise")
