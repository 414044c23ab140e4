"""Measure fraud detection on days the model never saw, by the published protocol, beside plain baselines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from jingwei.domains.fraud.features import FRAUD
from jingwei.domains.fraud.model import CARD_FEATURES
from jingwei.kernel.clock import DAY
from jingwei.learning.boosting import Sample, boost
from jingwei.learning.handbook import handbook_features
from jingwei.learning.history import Progress, features_as_known, quiet
from jingwei.learning.protocol import Figures, Flags, Scored, Split, Window, bootstrap, figures, split_days
from jingwei.learning.stream import CardStream, day_of, read_card_stream
from jingwei.learning.training import chosen
from jingwei.models.boosted import lay_out, read_trees
from jingwei.models.card import Card
from jingwei.models.compiled import Floats
from jingwei.models.forest import Forest

PUBLISHED = {
    "logistic": Figures(0.871, 0.606, 0.291),
    "forest": Figures(0.867, 0.658, 0.287),
    "xgboost": Figures(0.862, 0.639, 0.273),
    "xgboost_tuned": Figures(0.869, 0.687, 0.303),
}
"""What the handbook states for train 2018-07-25, 7 days of training, delay and test each."""


def evaluate_fraud(
    data: Path,
    train_from: str,
    train_days: int = 7,
    delay_days: int = 7,
    test_days: int = 7,
    progress: Progress = quiet,
) -> dict[str, Any]:
    """Return auc, ap, card_precision_100 of our model, 95 % intervals, and the baselines measured beside it.

    Nothing after the last test day is read. Our model and the baselines are trained on the same rows; ours
    sees the bank's own features as known at each payment, the baselines the handbook's fifteen. Raises
    StreamError, TrainingError.
    """
    window = Window(day_of(train_from), train_days, delay_days, test_days)
    stream = read_card_stream(data, until=window.until * DAY)
    split = split_days(stream, window)
    progress(5, 100)
    ours = scored(stream, split, our_scores(stream, split, delay_days, progress))
    progress(70, 100)
    told: dict[str, Any] = msgspec.to_builtins(figures(ours))
    told["intervals_95"] = bootstrap(ours)
    told["baselines"] = baselines(stream, split, delay_days, progress)
    told["published"] = msgspec.to_builtins(PUBLISHED)
    told["train_rows"], told["test_rows"] = len(split.train), len(split.test)
    told["train_frauds"] = int(stream.fraud[split.train].sum())
    told["test_frauds"] = int(ours.fraud.sum())
    progress(100, 100)
    return told


def scored(stream: CardStream, split: Split, scores: Floats) -> Scored:
    """The test payments with their scores."""
    rows = split.test
    return Scored(stream.customer[rows], stream.day[rows], stream.fraud[rows], scores)


def our_scores(
    stream: CardStream, split: Split, delay_days: int, progress: Progress = quiet, seed: int = 7
) -> Floats:
    """Train our trees on the training rows and return their scores of the test rows, float64[n]."""
    first = int(split.train[0])
    cases = chosen(
        features_as_known(
            stream, FRAUD, first, delay_days, lambda done, total: progress(5 + done * 50 // total, 100)
        ),
        CARD_FEATURES,
    )
    boosted = boost(Sample(cases[split.train - first], stream.fraud[split.train]), None, seed)
    card = Card("card fraud under test", "0", "For measuring.", "用于评测。", CARD_FEATURES, "LightGBM", 0)
    forest = Forest(card, lay_out(read_trees(boosted.text)))
    return forest.bind(CARD_FEATURES)(np.ascontiguousarray(cases[split.test - first]))


def baselines(
    stream: CardStream, split: Split, delay_days: int, progress: Progress = quiet
) -> dict[str, dict[str, float]]:
    """Figures of plain models on the handbook's fifteen features."""
    from lightgbm import LGBMClassifier
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    cases = handbook_features(stream, delay_days)
    plain = {
        "logistic": make_pipeline(StandardScaler(), LogisticRegression(random_state=0)),
        "forest": RandomForestClassifier(random_state=0, n_jobs=2),
        "boosted_default": LGBMClassifier(random_state=0, n_jobs=2, verbosity=-1, deterministic=True),
    }
    told = {}
    for step, (name, model) in enumerate(plain.items(), start=1):
        scores = _scores(model, cases[split.train], stream.fraud[split.train], cases[split.test])
        told[name] = msgspec.to_builtins(figures(scored(stream, split, scores)))
        progress(70 + 9 * step, 100)
    return told


def _scores(model: Any, cases: Floats, fraud: Flags, test: Floats) -> Floats:
    model.fit(cases, fraud)
    scores: Floats = np.asarray(model.predict_proba(test)[:, 1], dtype=np.float64)
    return scores
