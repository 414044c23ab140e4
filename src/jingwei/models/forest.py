"""A boosted forest served compiled: scores, exact contributions, and a file of plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from jingwei.models.boosted import Grown, lay_out, read_trees
from jingwei.models.card import Card
from jingwei.models.compiled import Floats, Ints, Records
from jingwei.models.contract import ModelError, places
from jingwei.models.packing import Packed, pack
from jingwei.models.shapley import Paths, add_rows, paths_of
from jingwei.models.walk import NODE, margins, score_row, score_rows

KIND = "forest"
SAME = (1.0, 0.0)
"""The calibration that leaves a margin as it is: slope one, offset zero."""


class Forest:
    """Trees whose leaf values add up to a margin; Platt's calibration makes it a probability.

    Immutable. `calibration` is (slope, offset) in log-odds. Build it with `from_lightgbm` or `unpack_forest`.
    """

    def __init__(self, card: Card, grown: Grown, calibration: tuple[float, float] = SAME) -> None:
        _check_nodes(grown, len(card.features))
        if not (np.isfinite(calibration).all() and calibration[0] > 0.0):
            raise ModelError("a calibration needs finite numbers and a positive slope")
        self._card = card
        self._grown = grown
        self._calibration = np.array(calibration, dtype=np.float64)
        depths = _depths(grown)
        eights = [depths[t - t % 8 : t - t % 8 + 8].max() for t in range(len(depths))]
        self._trees = np.column_stack([grown.roots, depths, eights]).astype(np.int32)

    @property
    def card(self) -> Card:
        return self._card

    @property
    def features(self) -> tuple[str, ...]:
        return self._card.features

    @property
    def calibration(self) -> tuple[float, float]:
        return float(self._calibration[0]), float(self._calibration[1])

    @property
    def tree_count(self) -> int:
        return len(self._grown.roots)

    @cached_property
    def _paths(self) -> Paths:
        grown = self._grown
        return paths_of(grown.nodes, grown.values, grown.cover, grown.roots)

    def margins(self, cases: Floats) -> Floats:
        """Uncalibrated sums of leaf values float64[n] for cases in the model's own column order."""
        return margins(np.ascontiguousarray(cases), self._grown.nodes, self._grown.values, self._trees)

    def bind(self, columns: Sequence[str]) -> BoundForest:
        """Return the scorer for matrices with these columns; nothing is copied per call."""
        return BoundForest(self, places(self.features, columns))

    def contributions(self, row: Sequence[float]) -> Floats:
        """float64[f + 1] in log-odds for one case in the model's own feature order; the last is the base."""
        cases = np.array([row], dtype=np.float64)
        out: Floats = self.bind(self.features).contributions(cases)[0]
        return out

    def with_card(self, card: Card) -> Forest:
        return Forest(card, self._grown, self.calibration)

    def with_calibration(self, slope: float, offset: float) -> Forest:
        return Forest(self._card, self._grown, (slope, offset))

    def to_bytes(self) -> bytes:
        return pack(Packed(KIND, self._card, self.arrays()))

    def arrays(self) -> dict[str, Any]:
        """The trees as plain arrays."""
        grown = self._grown
        return {
            "threshold": grown.nodes["threshold"],
            "feature": grown.nodes["feature"],
            "left": grown.nodes["left"],
            "value": grown.values,
            "cover": grown.cover,
            "root": grown.roots,
            "calibration": self._calibration,
        }


class BoundForest:
    """A forest whose splits read the columns of one kind of matrix."""

    def __init__(self, forest: Forest, used: Ints) -> None:
        self._forest = forest
        self._used = used
        nodes = forest._grown.nodes.copy()
        nodes["feature"] = used[nodes["feature"]]
        self._serve = (nodes, forest._grown.values, forest._trees, used, forest._calibration)

    @property
    def served(self) -> tuple[Records, Floats, Ints]:
        """What the compiled walk reads: nodes placed on the columns, leaf values, trees."""
        return self._serve[:3]

    def __call__(self, cases: Floats) -> Floats:
        return score_rows(np.ascontiguousarray(cases), *self._serve)

    def one(self, row: Floats) -> float:
        return score_row(row, *self._serve)

    def contributions(self, cases: Floats) -> Floats:
        cases = np.ascontiguousarray(cases)
        paths, (slope, offset) = self._forest._paths, self._forest.calibration
        out = np.zeros((len(cases), len(self._used) + 1))
        add_rows(cases, self._placed_parts, paths.starts, paths.values, paths.weights, out)
        out *= slope
        out[:, -1] += offset
        out[~np.isfinite(cases[:, self._used]).all(axis=1)] = np.nan
        return out

    @cached_property
    def _placed_parts(self) -> Records:
        parts = self._forest._paths.parts.copy()
        parts["place"] = self._used[parts["feature"]]
        return parts


def from_lightgbm(texts: Sequence[str], card: Card) -> Forest:
    """Return the forest of one LightGBM model text, or the mean of several (same features, other seeds)."""
    trees = [tree for text in texts for tree in read_trees(text)]
    return Forest(card, lay_out(trees, 1.0 / len(texts)))


def unpack_forest(packed: Packed) -> Forest:
    """Return the forest in a model's file. Raises ModelError when arrays are missing or do not make trees."""
    try:
        a = {name: packed.arrays[name] for name in _TYPES}
    except KeyError as missing:
        raise ModelError(f"the model file lacks the array {missing}") from missing
    if any(a[name].ndim != 1 or a[name].dtype.kind != kind for name, kind in _TYPES.items()):
        raise ModelError("the model file's arrays have other types than a forest's")
    if len({len(a[name]) for name in ("threshold", "feature", "left", "value", "cover")}) != 1:
        raise ModelError("the model file's arrays differ in length")
    if len(a["calibration"]) != 2:
        raise ModelError("the model file's calibration is not two numbers")
    nodes = np.empty(len(a["threshold"]), dtype=NODE)
    for name in ("threshold", "feature", "left"):
        nodes[name] = a[name]
    grown = Grown(nodes, a["value"], a["cover"], a["root"])
    return Forest(packed.card, grown, (float(a["calibration"][0]), float(a["calibration"][1])))


_TYPES = dict(threshold="f", feature="i", left="i", value="f", cover="f", root="i", calibration="f")


def _check_nodes(grown: Grown, features: int) -> None:
    """Refuse nodes that do not make proper trees, so that no walk can leave the arrays or fail to end."""
    nodes, count = grown.nodes, len(grown.nodes)
    left, here = nodes["left"].astype(np.int64), np.arange(count)
    leaf = left == here
    children = np.concatenate([left[~leaf], left[~leaf] + 1, grown.roots])
    checks = (
        (count > 0 and len(grown.roots) > 0, "there are no trees"),
        (np.array_equal(np.sort(children), here), "nodes do not hang together as trees"),
        (bool((left >= here).all()), "a split points back"),
        (bool(((nodes["feature"] >= 0) & (nodes["feature"] < features)).all()), "a split reads no feature"),
        (bool(np.isposinf(nodes["threshold"][leaf]).all()), "a leaf has a threshold"),
        (bool(np.isfinite(nodes["threshold"][~leaf]).all()), "a threshold is not a number"),
        (bool(np.isfinite(grown.values).all()), "a leaf value is not a number"),
        (bool((np.isfinite(grown.cover) & (grown.cover > 0)).all()), "a node has no training rows"),
    )
    for holds, sentence in checks:
        if not holds:
            raise ModelError(f"the model's trees are damaged: {sentence}")


def _depths(grown: Grown) -> Ints:
    """Depth of every tree: how many steps reach its deepest leaf."""
    left = grown.nodes["left"]
    tree = np.arange(len(grown.roots), dtype=np.int64)
    at = grown.roots.astype(np.int64)
    depths = np.zeros(len(grown.roots), dtype=np.int32)
    level = 0
    while len(at):
        depths[tree] = level
        split = left[at] != at
        at, tree = at[split], tree[split]
        at, tree = np.concatenate([left[at], left[at] + 1]).astype(np.int64), np.concatenate([tree, tree])
        level += 1
    return depths
