"""Models for the tests of models: boosted trees on made-up payments, grown once."""

from __future__ import annotations

from functools import cache

import lightgbm
import numpy as np

from jingwei.models.card import Card, DataSpan
from jingwei.models.forest import Forest, from_lightgbm

COUNT = 12
FEATURES = tuple(f"feature_{i}" for i in range(COUNT))


def card(features: tuple[str, ...] = FEATURES, name: str = "trees for tests") -> Card:
    """A complete card of a model that learned."""
    return Card(
        name,
        "1",
        "Made for a test.",
        "用于测试。",
        features,
        "LightGBM",
        5,
        DataSpan(1, 5, 4000, 900),
        {"auc": 0.9},
    )


@cache
def cases_and_truth(rows: int = 4000):
    """Skewed numbers, many zeros, some ties, and an outcome that depends on a few of them."""
    rng = np.random.default_rng(3)
    cases = rng.lognormal(1.0, 2.0, size=(rows, COUNT))
    cases[rng.random(cases.shape) < 0.4] = 0.0
    cases[:, 3] = np.round(cases[:, 3])
    cases[:, 5] -= 20.0
    logit = 0.3 * cases[:, 0] - 0.02 * cases[:, 1] * cases[:, 2] + (cases[:, 3] > 2) + rng.normal(size=rows)
    return np.ascontiguousarray(cases), logit > 1.0


@cache
def booster(trees: int = 203, leaves: int = 31, depth: int = 7) -> lightgbm.Booster:
    """A LightGBM model; 203 trees, so that some are left over when they are taken by eights."""
    cases, truth = cases_and_truth()
    settings = {
        "objective": "binary",
        "num_leaves": leaves,
        "max_depth": depth,
        "verbosity": -1,
        "num_threads": 1,
    }
    return lightgbm.train(settings, lightgbm.Dataset(cases, truth.astype(float)), trees)


@cache
def forest(trees: int = 203) -> Forest:
    """The booster as our forest, calibrated."""
    return from_lightgbm([booster(trees).model_to_string()], card()).with_calibration(0.9, -0.2)
