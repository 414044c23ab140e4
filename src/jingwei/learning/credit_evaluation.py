"""Measure the credit scorecard and its boosted challenger on rows neither has seen, beside plain
baselines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from jingwei.learning.fairness import gaps, groups_of
from jingwei.learning.families import matrix
from jingwei.learning.history import Progress, quiet
from jingwei.learning.lending import CreditModels, Reader, fit_credit, learn_reader
from jingwei.learning.measures import (
    Counts,
    auc_interval,
    brier,
    calibration,
    draws,
    interval,
    ks,
    weighted_auc,
)
from jingwei.learning.protocol import Flags, auc_roc
from jingwei.learning.scorecard import points_table
from jingwei.learning.tabular import Table, outcome, read_table, same_columns
from jingwei.models.compiled import Floats

REFUSED = 0.2


class CreditCase(msgspec.Struct, frozen=True):
    """Where the rows are, what the outcome is, which columns are protected, which are left out."""

    train: Path
    test: Path
    target: str
    good: str
    protected: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


def evaluate_credit(case: CreditCase, progress: Progress = quiet) -> dict[str, Any]:
    """Return figures of both models on the test rows, with intervals by drawing rows, and the default.

    Everything is fitted to the training rows; the test rows are scored once. Raises TableError.
    """
    train, test = read_table(case.train), read_table(case.test)
    bad, truth = outcome(train, case.target, case.good), outcome(test, case.target, case.good)
    reader = learn_reader(train, bad, [case.target, *case.exclude], case.protected)
    same_columns(train, test, [*reader.names, *case.protected])
    features = reader.features(train)
    models = fit_credit(features, bad, REFUSED, lambda done, total: progress(done * 90 // total, 100))
    tested = reader.features(test)
    scores = models.scores(tested)
    counts = draws(len(truth))
    told = {name: told_of(truth, scores[name], counts) for name in ("scorecard", "boosting")}
    for name, figures in told.items():
        cut_off = models.cut_offs[name]
        figures["cut_off"] = cut_off
        figures["refused"] = float((scores[name] >= cut_off).mean())
        figures["fairness"] = {
            column: gaps(
                groups_of(train.column(column), test.column(column)), truth, scores[name], cut_off, counts
            )
            for column in case.protected
        }
    told["baselines"] = _baselines(reader, train, bad, test, truth)
    told["baselines"]["trees_alone"] = {"auc": auc_roc(truth, scores["trees_alone"])}
    progress(100, 100)
    return told | chosen(truth, scores, counts) | _about(reader, models, tested, bad, truth)


def told_of(truth: Flags, score: Floats, counts: Counts) -> dict[str, Any]:
    """AUC with its interval, KS, Brier and calibration of one model's scores."""
    slope, offset = calibration(truth, score)
    return {
        "auc": auc_roc(truth, score),
        "auc_interval": auc_interval(truth, score, counts),
        "ks": ks(truth, score),
        "brier": brier(truth, score),
        "calibration_slope": slope,
        "calibration_offset": offset,
    }


def chosen(truth: Flags, scores: dict[str, Floats], counts: Counts) -> dict[str, Any]:
    """Which model stays default: the scorecard, unless boosting beats it by more than chance (same drawn
    rows)."""
    apart = weighted_auc(truth, scores["boosting"], counts) - weighted_auc(truth, scores["scorecard"], counts)
    low, high = interval(apart)
    gap = auc_roc(truth, scores["boosting"]) - auc_roc(truth, scores["scorecard"])
    return {"gap": gap, "gap_interval": (low, high), "default": "boosting" if low > 0.0 else "scorecard"}


def _baselines(reader: Reader, train: Table, bad: Flags, test: Table, truth: Flags) -> dict[str, Any]:
    """Everybody alike, and a logistic regression on the columns as they are."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    columns = reader.encoder.numbers(train, reader.names)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit(matrix(columns, reader.names), bad)
    numbers = matrix(reader.encoder.numbers(test, reader.names), reader.names)
    score = np.asarray(model.predict_proba(numbers)[:, 1], dtype=np.float64)
    rate = np.full(len(truth), float(bad.mean()))
    return {
        "base_rate": {"auc": 0.5, "brier": brier(truth, rate)},
        "logistic": {"auc": auc_roc(truth, score), "ks": ks(truth, score), "brier": brier(truth, score)},
    }


def _about(
    reader: Reader, models: CreditModels, tested: dict[str, Floats], bad: Flags, truth: Flags
) -> dict[str, Any]:
    """How the models were made, and that the compiled scorecard gives what the library gives."""
    library = models.scorecard.log_odds(tested)
    served = models.scores(tested)["scorecard"]
    return {
        "train_rows": len(bad),
        "test_rows": len(truth),
        "train_bad": float(bad.mean()),
        "test_bad": float(truth.mean()),
        "left_out": reader.left_out,
        "out_of_fold_auc": models.out_of_fold,
        "trees": models.shape,
        "stack": msgspec.to_builtins(models.stacked),
        "scorecard_lines": len(models.scorecard.features),
        "scorecard_points": points_table(models.scorecard),
        "serving_gap": float(np.abs(served - 1.0 / (1.0 + np.exp(-library))).max()),
    }
