"""Who will say yes: logistic, forest and boosting compared out of time, with features by PCA and LDA
beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jingwei.learning.candidates import plain_logistic, small_boosting
from jingwei.learning.history import Progress, quiet
from jingwei.learning.measures import Counts, auc_interval, brier, calibration, drawn, draws, lift
from jingwei.learning.protocol import Flags, auc_roc, average_precision
from jingwei.learning.tabular import (
    Table,
    TableError,
    is_text,
    learn_encoding,
    learnable,
    outcome,
    read_table,
    refuse_leaks,
    same_columns,
)
from jingwei.models.compiled import Floats

YES = ("yes", "1", "true", "1.0")
LATER_SHARE = 0.2
"""The last fifth of the training rows, in the order of the file, decides which model is taken."""
RECENT = 0.5
PARTS = 10


def evaluate_propensity(
    train_path: Path, test_path: Path, target: str, exclude: Sequence[str] = (), progress: Progress = quiet
) -> dict[str, Any]:
    """Return per model auc, ap, lift_10 with intervals on the test rows, and which one is taken.

    Rows are taken to stand in the order of time; the model is chosen on the last fifth of the training rows,
    then fitted to all of them. Raises TableError.
    """
    train, test = read_table(train_path), read_table(test_path)
    said, truth = _yes(train, target), _yes(test, target)
    for name in exclude:
        train.column(name)
    names, left_out = learnable(train, [target, *exclude])
    same_columns(train, test, names)
    refuse_leaks(learn_encoding(train, said, names).numbers(train, names), said)
    cut = round(len(said) * (1.0 - LATER_SHARE))
    counts = draws(len(truth), rounds=300)
    told: dict[str, Any] = {}
    inner: dict[str, float] = {}
    models = candidates()
    for step, name in enumerate(models):
        early = scores_of(
            name, train.rows(np.arange(cut)), said[:cut], train.rows(np.arange(cut, len(said))), names
        )
        inner[name] = auc_roc(said[cut:], early)
        score = scores_of(name, train, said, test, names)
        told[name] = _figures(truth, score, counts) | {"inner_auc": inner[name]}
        progress(step + 1, len(models))
    best = max(inner, key=lambda one: inner[one])
    rate = float(truth.mean())
    return told | {
        "default": best,
        "chosen_on": f"rows {cut + 1} to {len(said)} of the training file",
        "baselines": {"at_random": {"auc": 0.5, "ap": rate, "lift_10": 1.0}},
        "train_rows": len(said),
        "test_rows": len(truth),
        "train_yes": float(said.mean()),
        "test_yes": rate,
        "left_out": left_out,
    }


def _yes(table: Table, target: str) -> Flags:
    """bool[n]: who said yes. TableError when the column holds neither yes and no nor 1 and 0."""
    column = table.column(target)
    held = {str(v).strip().lower() for v in column.tolist()}
    words = [word for word in YES if word in held]
    if len(held) != 2 or len(words) != 1:
        raise TableError(
            f"{table.path}: {target!r} must hold yes and no, or 1 and 0; it holds {sorted(held)[:6]}"
        )
    value = next(v for v in column.tolist() if str(v).strip().lower() == words[0])
    return ~outcome(table, target, str(value))


def _figures(truth: Flags, score: Floats, counts: Counts) -> dict[str, Any]:
    return {
        "auc": auc_roc(truth, score),
        "auc_interval": auc_interval(truth, score, counts),
        "ap": average_precision(truth, score),
        "ap_interval": drawn(lambda rows: average_precision(truth[rows], score[rows]), counts),
        "lift_10": lift(truth, score),
        "lift_10_interval": drawn(lambda rows: lift(truth[rows], score[rows]), counts),
        "brier": brier(truth, score),
        "calibration_slope": calibration(truth, score)[0],
    }


class OneHot:
    """Numbers as they are and texts as one column per value seen in training; nothing becomes the median."""

    def __init__(self, train: Table, names: Sequence[str]) -> None:
        self.names = tuple(names)
        texts = {
            name: np.unique(train.column(name).astype(str)) for name in names if is_text(train.column(name))
        }
        self.values = {name: held[:50] for name, held in texts.items()}
        self.middle = {
            name: float(np.nan_to_num(np.nanmedian(train.column(name))))
            for name in names
            if name not in texts
        }

    def of(self, table: Table) -> Floats:
        """float64[n, k]."""
        parts: list[Floats] = []
        for name in self.names:
            column = table.column(name)
            if name in self.values:
                parts.extend(np.asarray(column == value, dtype=np.float64) for value in self.values[name])
            else:
                parts.append(np.where(np.isfinite(column), column, self.middle[name]))
        return np.ascontiguousarray(np.column_stack(parts))


def candidates() -> dict[str, Any]:
    """The models by name, not yet fitted; each takes float64[n, k] of `OneHot`."""
    from sklearn.decomposition import PCA
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.ensemble import RandomForestClassifier

    return {
        "logistic": plain_logistic(),
        "forest": RandomForestClassifier(
            200, min_samples_leaf=20, max_features=0.3, random_state=0, n_jobs=1
        ),
        "boosting": small_boosting(200, leaves=8, least=60, rows=0.7),
        "logistic_pca": plain_logistic(PCA(PARTS, random_state=0)),
        "logistic_lda": plain_logistic(LinearDiscriminantAnalysis(n_components=1)),
    }


def scores_of(name: str, train: Table, said: Flags, test: Table, names: Sequence[str]) -> Floats:
    """Chances float64[n] of yes for the test rows by one model fitted to the training rows."""
    shape = OneHot(train, names)
    cases = shape.of(train)
    model = candidates()[name]
    if name == "logistic_pca" and cases.shape[1] < PARTS:
        model.set_params(pca__n_components=cases.shape[1])
    model.fit(cases, said)
    score: Floats = np.asarray(model.predict_proba(shape.of(test))[:, 1], dtype=np.float64)
    return score
