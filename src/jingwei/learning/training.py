"""Train a fraud model on past card payments, hold it to the contract, keep it and let it serve."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from jingwei.domains.fraud.features import FRAUD
from jingwei.domains.fraud.model import CARD_FEATURES
from jingwei.features.catalogue import allowed, names
from jingwei.kernel.clock import DAY, SystemClock
from jingwei.kernel.purpose import Purpose
from jingwei.learning.boosting import Boosted, Sample, TrainingError, boost, log_loss, platt, refuse_unknown
from jingwei.learning.history import Progress, features_as_known, quiet
from jingwei.learning.protocol import auc_roc, average_precision
from jingwei.learning.stream import CardStream, day_of, read_card_stream
from jingwei.models.card import Card, DataSpan, Latency
from jingwei.models.compiled import Floats
from jingwei.models.contract import check_model
from jingwei.models.forest import Forest, from_lightgbm
from jingwei.models.kinds import load_model
from jingwei.models.registry import Registry

SLOT = "fraud"


class Trained(msgspec.Struct, frozen=True):
    """What a training came to; `metrics` are measured on the later days, not fitted to.

    On those days the number of trees and the two numbers of the calibration were chosen too, so that the
    figures are a little too good; `jingwei evaluate fraud` measures on days nothing was chosen on.
    """

    digest: str
    slot: str
    approved: bool
    trees: int
    features: int
    rows: int
    frauds: int
    fitted_days: int
    later_days: int
    metrics: dict[str, float]
    latency_us: Latency
    seconds: float


class Lesson(msgspec.Struct, frozen=True):
    """Rows to learn from, split in time: trees are fitted to the first, calibrated on the later."""

    fit: Sample
    later: Sample
    first: int
    until: int


def train_fraud(
    home: Path, data: Path, start: str, days: int, *, seed: int = 7, progress: Progress = quiet
) -> dict[str, Any]:
    """Train on the payments of `days` days from `start` (YYYY-MM-DD, UTC); the model serves slot "fraud".

    Everything before the end of those days is read, nothing after: earlier payments give the features their
    history. The labels of the training days count as known (train once the delay has passed). The same data
    and seed give the same file. Returns Trained as plain values. StreamError, TrainingError, ModelError.
    """
    began = time.perf_counter()
    first = day_of(start)
    stream = read_card_stream(data, until=(first + days) * DAY)
    lesson = prepare(stream, first, days, progress)
    boosted, model = learn(lesson, seed)
    probe = lesson.later.cases[:2000]
    report = check_model(model, load_model, probe)
    if not report.passed:
        raise TrainingError(f"the trained model breaks the contract: {'; '.join(report.failures)}")
    registry = Registry(home / "models")
    digest = registry.save(model)
    why = f"trained on {days} days from {start}"
    registry.approve(SLOT, digest, who="system:training", why=why, at=SystemClock().now())
    progress(100, 100)
    trained = Trained(
        digest=digest,
        slot=SLOT,
        approved=True,
        trees=boosted.trees,
        features=len(CARD_FEATURES),
        rows=len(lesson.fit.fraud) + len(lesson.later.fraud),
        frauds=int(lesson.fit.fraud.sum() + lesson.later.fraud.sum()),
        fitted_days=days - later_days(days),
        later_days=later_days(days),
        metrics=model.card.metrics,
        latency_us=report.latency_us,
        seconds=round(time.perf_counter() - began, 2),
    )
    told: dict[str, Any] = msgspec.to_builtins(trained)
    return told


def later_days(days: int) -> int:
    """How many of the days, the last ones, are not fitted to: a quarter, at least one."""
    return max(1, round(days / 4))


def prepare(stream: CardStream, first: int, days: int, progress: Progress = quiet) -> Lesson:
    """Return the rows of the days [first, first + days), features as known then, split in time.

    Raises TrainingError when there are fewer than two days or the stream does not hold them all.
    """
    if days < 2:
        raise TrainingError(
            "training takes at least two days: one to fit trees to, a later one to choose them"
        )
    day = stream.day
    if not len(day) or day[-1] < first + days - 1 or day[0] > first:
        raise TrainingError("the stream does not hold all these days; choose others with --from and --days")
    row = int(np.searchsorted(day, first))
    allowed(FRAUD, Purpose.RISK)
    cases = features_as_known(
        stream, FRAUD, row, progress=lambda done, total: progress(done * 80 // total, 100)
    )
    cases = chosen(cases, CARD_FEATURES)
    cut = int(np.searchsorted(day, first + days - later_days(days))) - row
    fraud = stream.fraud[row:]
    return Lesson(
        Sample(cases[:cut], fraud[:cut]), Sample(cases[cut:], fraud[cut:]), first * DAY, (first + days) * DAY
    )


def chosen(cases: Floats, features: tuple[str, ...]) -> Floats:
    """The columns of these features out of a matrix of the whole catalogue; none outside it is taken."""
    catalogue = names(FRAUD)
    refuse_unknown(features, catalogue)
    return np.ascontiguousarray(cases[:, [catalogue.index(name) for name in features]])


def learn(lesson: Lesson, seed: int) -> tuple[Boosted, Forest]:
    """Return a calibrated forest, its card filled with what was measured on the later rows."""
    boosted = boost(lesson.fit, lesson.later, seed)
    rows = len(lesson.fit.fraud) + len(lesson.later.fraud)
    frauds = int(lesson.fit.fraud.sum() + lesson.later.fraud.sum())
    card = Card(
        name="card fraud, boosted trees",
        version=f"{(lesson.until // DAY)}.{seed}",
        says_en="Learned from past card payments and what later proved to be fraud.",
        says_zh="由历史银行卡付款及事后确认的欺诈训练得出。",
        features=CARD_FEATURES,
        made_by="LightGBM",
        made_at=lesson.until,
        span=DataSpan(lesson.first, lesson.until, rows, frauds),
        metrics={"trees": float(boosted.trees)},
    )
    forest = from_lightgbm([boosted.text], card)
    margins = forest.margins(lesson.later.cases)
    forest = forest.with_calibration(*platt(margins, lesson.later.fraud))
    score = forest.bind(CARD_FEATURES)(lesson.later.cases)
    metrics = {
        "auc": auc_roc(lesson.later.fraud, score),
        "average_precision": average_precision(lesson.later.fraud, score),
        "log_loss": log_loss(score, lesson.later.fraud),
        "mean_score": float(score.mean()),
        "fraud_rate": float(lesson.later.fraud.mean()),
        "trees": float(boosted.trees),
    }
    rounded = {name: round(value, 6) for name, value in metrics.items()}
    return boosted, forest.with_card(msgspec.structs.replace(card, metrics=rounded))
