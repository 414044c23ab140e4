"""Boosted trees stacked with a scorecard: weighed log-odds of both, served compiled, with exact parts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from jingwei.models.card import Card
from jingwei.models.compiled import Floats, Ints, Records, compiled
from jingwei.models.contract import ModelError, places
from jingwei.models.forest import Forest, unpack_forest
from jingwei.models.packing import Packed, pack
from jingwei.models.points import PointsModel, log_odds_of_row, unpack_points
from jingwei.models.walk import finite, margin_of_row

KIND = "stacked"
Weights = tuple[float, float, float]
Grown = tuple[Records, Floats, Ints]
Table = tuple[Floats, Floats, Ints, float]


class StackedModel:
    """Log-odds = trees x forest margin + card x scorecard log-odds + offset; `weights` in that order.

    The scorecard's features are all among the forest's.
    """

    def __init__(self, card: Card, forest: Forest, scorecard: PointsModel, weights: Weights) -> None:
        if not (all(map(math.isfinite, weights)) and weights[0] > 0.0 and weights[1] >= 0.0):
            raise ModelError("a stack needs finite weights: trees above zero, scorecard not below")
        if forest.calibration != (1.0, 0.0):
            raise ModelError("the trees of a stack are calibrated by the stack alone")
        if forest.features != card.features:
            raise ModelError("the trees and the card name different features")
        places(scorecard.features, forest.features)
        self._card = card
        self.forest = forest
        self.scorecard = scorecard
        self.weights = weights

    @property
    def card(self) -> Card:
        return self._card

    @property
    def features(self) -> tuple[str, ...]:
        return self._card.features

    def bind(self, columns: Sequence[str]) -> BoundStack:
        """Return the scorer for matrices with these columns."""
        return BoundStack(self, columns)

    def with_card(self, card: Card) -> StackedModel:
        return StackedModel(card, self.forest.with_card(card), self.scorecard, self.weights)

    def to_bytes(self) -> bytes:
        parts = {"trees": self.forest.arrays(), "points": self.scorecard.arrays()}
        arrays = {f"{part}:{name}": a for part, found in parts.items() for name, a in found.items()}
        read = places(self.scorecard.features, self.features)
        return pack(Packed(KIND, self._card, arrays | {"reads": read, "weights": np.array(self.weights)}))


class BoundStack:
    """A stack that reads the columns of one kind of matrix."""

    def __init__(self, model: StackedModel, columns: Sequence[str]) -> None:
        self._model = model
        self._forest = model.forest.bind(columns)
        self._points = model.scorecard.bind(columns)
        self._reads = places(model.scorecard.features, model.features)
        self._used = places(model.features, columns)
        self._serve = (self._forest.served, self._points.served, self._used, np.array(model.weights))

    def __call__(self, cases: Floats) -> Floats:
        return stacked_rows(np.ascontiguousarray(cases), *self._serve)

    def one(self, row: Floats) -> float:
        return stacked_row(row, *self._serve)

    def contributions(self, cases: Floats) -> Floats:
        trees, card, offset = self._model.weights
        out = self._forest.contributions(cases) * trees
        parts = self._points.contributions(cases) * card
        for at, place in enumerate(self._reads):
            out[:, place] += parts[:, at]
        out[:, -1] += parts[:, -1] + offset
        return out


@compiled
def stacked_row(row: Floats, grown: Grown, table: Table, used: Ints, weights: Floats) -> float:
    """Score of one row, NaN where a feature is missing."""
    if not finite(row, used):
        return math.nan
    margin = margin_of_row(row, grown[0], grown[1], grown[2])
    card = log_odds_of_row(row, table[0], table[1], table[2], table[3])
    return 1.0 / (1.0 + math.exp(-(weights[0] * margin + weights[1] * card + weights[2])))


@compiled
def stacked_rows(cases: Floats, grown: Grown, table: Table, used: Ints, weights: Floats) -> Floats:
    """Scores float64[n]."""
    out = np.empty(len(cases))
    for r in range(len(cases)):
        out[r] = stacked_row(cases[r], grown, table, used, weights)
    return out


def unpack_stacked(packed: Packed) -> StackedModel:
    """Return the stack in a model's file. Raises ModelError when its arrays do not make one."""
    groups: dict[str, dict[str, Floats]] = {"trees": {}, "points": {}}
    for name, array in packed.arrays.items():
        part, _, rest = name.partition(":")
        if rest and part in groups:
            groups[part][rest] = array
    reads, weights = packed.arrays.get("reads"), packed.arrays.get("weights")
    if reads is None or weights is None or len(weights) != 3:
        raise ModelError("the model file lacks the weights of the stack")
    names = packed.card.features
    if reads.dtype.kind != "i" or not all(0 <= at < len(names) for at in reads.tolist()):
        raise ModelError("the scorecard of the stack reads a feature that is not there")
    forest = unpack_forest(Packed("forest", packed.card, groups["trees"]))
    card = _card_of(packed.card, tuple(names[at] for at in reads.tolist()))
    scorecard = unpack_points(Packed("points", card, groups["points"]))
    one, two, three = (float(w) for w in weights)
    return StackedModel(packed.card, forest, scorecard, (one, two, three))


def _card_of(card: Card, features: tuple[str, ...]) -> Card:
    return Card(card.name, card.version, card.says_en, card.says_zh, features, card.made_by, card.made_at)
