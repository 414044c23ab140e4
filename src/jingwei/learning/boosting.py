"""How boosted trees are trained here: which features may be used, the settings, and calibration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np

from jingwei.learning.protocol import Flags
from jingwei.models.compiled import Floats

ROUNDS = 300
FEWEST_TREES = 200
SETTINGS: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.02,
    "num_leaves": 15,
    "max_depth": 5,
    "min_data_in_leaf": 40,
    "lambda_l2": 5.0,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "zero_as_missing": False,
    "verbosity": -1,
}
"""Chosen on windows that end before August 2018 (docs/add-a-model.md). One thread: repeatable."""


class TrainingError(ValueError):
    """A model cannot be trained from this; the message says why and what would do."""


class Sample(msgspec.Struct, frozen=True):
    """Rows to learn from: cases float64[n, f], and which of them were fraud."""

    cases: Floats
    fraud: Flags


class Boosted(msgspec.Struct, frozen=True):
    """What boosting came to: LightGBM's text, and how many trees are kept of how many grown."""

    text: str
    trees: int
    grown: int


def refuse_unknown(features: Sequence[str], catalogue: Sequence[str]) -> None:
    """Raise TrainingError for a column that no definition of the catalogue computes: it may know more."""
    strange = [name for name in features if name not in catalogue]
    if strange:
        raise TrainingError(f"not in the catalogue of features, so not learned from: {', '.join(strange)}")


def boost(
    fit: Sample, later: Sample | None, seed: int, progress: Callable[[int, int], None] | None = None
) -> Boosted:
    """Grow trees on `fit`; with `later` rows keep those up to the lowest loss there, at least FEWEST_TREES.

    Raises TrainingError when there is too little to learn from.
    """
    import lightgbm

    if fit.fraud.sum() < 20 or (~fit.fraud).sum() < 20:
        found = f"{int(fit.fraud.sum())} frauds among {len(fit.fraud)} payments"
        raise TrainingError(f"{found} are too few to learn from; take more days")
    if not np.isfinite(fit.cases).all():
        raise TrainingError("a feature is missing in the rows to learn from")
    seen: dict[str, dict[str, list[float]]] = {}
    data = lightgbm.Dataset(fit.cases, fit.fraud.astype(np.float64), params=SETTINGS | {"seed": seed})
    callbacks: list[Any] = [lightgbm.record_evaluation(seen)]
    if progress is not None:
        callbacks.append(lambda env: progress(env.iteration + 1, ROUNDS))
    watched = [] if later is None else [data.create_valid(later.cases, later.fraud.astype(np.float64))]
    booster = lightgbm.train(SETTINGS | {"seed": seed}, data, ROUNDS, valid_sets=watched, callbacks=callbacks)
    losses = next(iter(seen.values()))["binary_logloss"] if seen else []
    trees = max(FEWEST_TREES, int(np.argmin(losses)) + 1) if losses else ROUNDS
    return Boosted(booster.model_to_string(num_iteration=trees), trees, ROUNDS)


def platt(margins: Floats, fraud: Flags) -> tuple[float, float]:
    """Return (slope, offset) of the logistic that fits outcomes to margins best (Platt 1999, his targets).

    Newton's method on the two numbers, steps halved while they do not lower the loss. TrainingError
    when a higher margin does not mean more fraud.
    """
    positives, negatives = float(fraud.sum()), float((~fraud).sum())
    target = np.where(fraud, (positives + 1.0) / (positives + 2.0), 1.0 / (negatives + 2.0))
    design = np.column_stack([margins, np.ones_like(margins)])

    def loss(at: Floats) -> float:
        log_odds = design @ at
        return float(np.sum(np.logaddexp(0.0, log_odds) - target * log_odds))

    answer = np.array([1.0, 0.0])
    for _ in range(50):
        chance = np.exp(-np.logaddexp(0.0, -(design @ answer)))
        slope = design.T @ (chance - target)
        bend = (design * (chance * (1.0 - chance))[:, None]).T @ design + 1e-9 * np.eye(2)
        step = np.linalg.solve(bend, slope)
        while np.abs(step).max() > 1e-10 and loss(answer - step) > loss(answer):
            step = step / 2.0
        answer = answer - step
        if np.abs(step).max() <= 1e-10:
            break
    if not np.isfinite(answer).all() or answer[0] <= 0.0:
        raise TrainingError("the margins do not tell frauds from honest payments; nothing was learned")
    return float(answer[0]), float(answer[1])


def log_loss(score: Floats, fraud: Flags) -> float:
    """Mean negative log-likelihood of the outcomes."""
    right = np.clip(np.where(fraud, score, 1.0 - score), 1e-15, 1.0)
    return float(-np.log(right).mean())
