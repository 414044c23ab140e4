"""Train the model of early warnings for service: learned on the earlier days, measured on the later ones
beside the points made by hand, kept with a full card, approved by nobody."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from jingwei.domains.credit.early_warning import MISSED_AFTER, NAMES, NEVER
from jingwei.domains.credit.warnings import EARLY_WARNING, FIRST_MODEL, LEAST_CHANCE, SERVED
from jingwei.learning.boosting import TrainingError
from jingwei.learning.credit_evaluation import told_of
from jingwei.learning.credit_training import reference, tenths
from jingwei.learning.early_warning import WARM_UP, Borrowers, Rows, fit, looked_at, scores
from jingwei.learning.history import Progress, quiet
from jingwei.learning.leaks import canaries, shuffled_auc
from jingwei.learning.measures import Counts, draws_of_groups, interval, weighted_auc
from jingwei.learning.protocol import auc_roc
from jingwei.learning.tabular import Table
from jingwei.learning.warning_evaluation import VOLUME, alerts
from jingwei.models.card import Card
from jingwei.models.compiled import Floats
from jingwei.models.contract import check_model
from jingwei.models.derived import Encoder, Plan, Recipe
from jingwei.models.forest import Forest
from jingwei.models.governance import Governance
from jingwei.models.kinds import load_model
from jingwei.models.points import PointsModel
from jingwei.models.registry import GAIN, Registry

TRAIN_SHARE = 0.7
"""The first part of the days is learned from; every figure on the card is of later ones."""
KINDS = ("scorecard", "boosting")
ROUNDS = 400
LIMITS = (
    "Learned from borrowers whose records show why they fail (income that stops, accounts that empty); who "
    "simply stops paying gives no sign. Bureau signals are not read: the bank does not "
    "have them in service. How groups fare is not measured: a warning offers help.",
    "由记录能反映失败原因（收入中断、账户见底）的借款人数据训练；无征兆停止还款者无法识别。征信信号不被读取，"
    "因为本行服务时没有这些数据。未衡量群体差异：预警只用于提供帮助。",
)


class WarningLesson(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks for the training, who answers for the model, and what it learns from."""

    owner: str
    by: str
    data: str
    simulated: bool


class Parts(msgspec.Struct, frozen=True):
    """Rows learned from and rows held out, and how often each held-out row is drawn (whole loans)."""

    train: Rows
    later: Rows
    counts: Counts


def train_warning(
    home: Path, towns: Sequence[Borrowers], lesson: WarningLesson, progress: Progress = quiet
) -> dict[str, Any]:
    """Train on the borrowers of one or more cities and keep a scorecard and trees in the home's registry.

    Nothing is approved: a second person does that (`jingwei model approve --slot early_warning`); until then
    the points made by hand warn. Raises TrainingError when too little was missed, or a planted leak got in.
    """
    parts = parted(towns)
    table = Table("early warnings", {name: _column(parts.train, name) for name in SERVED})
    found = canaries(table, parts.train.missed, (), ())
    shuffled = shuffled_auc({name: table.columns[name] for name in SERVED}, parts.train.missed)
    by_hand = scores(FIRST_MODEL, parts.later.cases)
    told: dict[str, Any] = {"slot": EARLY_WARNING, "approved": False, "simulated": lesson.simulated}
    told |= {"learned_rows": len(parts.train.missed), "learned_missed": int(parts.train.missed.sum())}
    told |= {"held_out_rows": len(parts.later.missed), "held_out_missed": int(parts.later.missed.sum())}
    told["by_hand"] = told_of(parts.later.missed, by_hand, parts.counts) | _at_volume(parts.later, by_hand)
    registry = Registry(home / "models")
    for done, kind in enumerate(KINDS):
        progress(done, len(KINDS))
        model = _carded(fit(parts.train, kind, SERVED), parts, lesson, (kind, by_hand, found, shuffled))
        report = check_model(model, load_model)
        if not report.passed:
            raise TrainingError(f"the trained {kind} breaks the contract: {'; '.join(report.failures)}")
        governed = model.card.governance
        assert governed is not msgspec.UNSET
        told[kind] = {
            "digest": registry.save(model),
            "metrics": model.card.metrics,
            "intervals": governed.intervals,
            "latency_us": msgspec.to_builtins(report.latency_us),
        } | _at_volume(parts.later, scores(model, parts.later.cases))
    progress(len(KINDS), len(KINDS))
    return told | {"canaries": found}


def parted(towns: Sequence[Borrowers]) -> Parts:
    """The rows of all cities, those of the first days apart from those of the later ones; what was not known
    at the end is in neither."""
    train, later, loans = [], [], 0
    for town in towns:
        split = int(town.days * TRAIN_SHARE)
        rows = _apart(looked_at(town, WARM_UP, town.days), loans)
        loans += len(town.loans.due)
        train.append(rows.where(rows.known_day <= split))
        later.append(rows.where((rows.watched.day >= split) & (rows.known_day <= town.days)))
    held = _joined(later)
    if not held.missed.any() or held.missed.all():
        raise TrainingError("nothing was missed in the later days, so nothing is measured; take more days")
    groups = np.unique(held.watched.loan, return_inverse=True)[1].astype(np.int64)
    return Parts(_joined(train), held, draws_of_groups(groups, ROUNDS))


def _apart(rows: Rows, before: int) -> Rows:
    """The same rows, their loans numbered from `before` on: loans of two cities are not one."""
    return msgspec.structs.replace(rows, watched=rows.watched._replace(loan=rows.watched.loan + before))


def _joined(parts: Sequence[Rows]) -> Rows:
    watched = [np.concatenate(part) for part in zip(*(one.watched for one in parts), strict=True)]
    return Rows(
        type(parts[0].watched)(*watched),
        np.concatenate([one.cases for one in parts]),
        np.concatenate([one.missed for one in parts]),
        np.concatenate([one.known_day for one in parts]),
    )


def _column(rows: Rows, name: str) -> Floats:
    return np.ascontiguousarray(rows.cases[:, NAMES.index(name)])


def _at_volume(rows: Rows, score: Floats) -> dict[str, Any]:
    """Alerts at the volume of the evaluation, and the share of those that came before a missed payment."""
    given = alerts(rows, score, VOLUME)
    key = rows.watched.loan * NEVER + rows.watched.day
    right = np.isin(given.loan * NEVER + given.day, key[rows.missed]).sum()
    return {"alerts": len(given.loan), "precision": float(right) / max(1, len(given.loan))}


def _carded(
    model: PointsModel | Forest,
    parts: Parts,
    lesson: WarningLesson,
    made: tuple[str, Floats, dict[str, str], float],
) -> PointsModel | Forest:
    """The model with its card: measured on the later days, beside the points made by hand."""
    kind, by_hand, found, shuffled = made
    later, counts = parts.later, parts.counts
    score = scores(model, later.cases)
    told = told_of(later.missed, score, counts)
    apart = weighted_auc(later.missed, score, counts) - weighted_auc(later.missed, by_hand, counts)
    gain = auc_roc(later.missed, score) - auc_roc(later.missed, by_hand)
    numbers = {name: round(float(v), 6) for name, v in told.items() if not isinstance(v, tuple)}
    read = model.features
    served = scores(model, parts.train.cases)
    where = (" from SIMULATED records", "模拟") if lesson.simulated else ("", "")
    governance = Governance(
        owner=lesson.owner,
        trained_by=lesson.by,
        data=lesson.data,
        simulated=lesson.simulated,
        bad=f"the next instalment is unpaid {MISSED_AFTER} days after it was due",
        held_out=f"the last {1 - TRAIN_SHARE:.0%} of the days; intervals by drawing whole loans",
        protected=(),
        left_out={name: "not known in service" for name in NAMES if name not in SERVED},
        recipe=Recipe(read, Encoder({}), Plan(read, {}, (), ())),
        cut_off=LEAST_CHANCE,
        gaps=(),
        closing=(),
        canaries=found,
        reference=(
            *(reference(name, _column(parts.train, name)) for name in read), reference("score", served),
        ),
        calibrated=tenths(later.missed, score),
        intervals={"auc": told["auc_interval"], GAIN: interval(apart)},
        limits_en=LIMITS[0],
        limits_zh=LIMITS[1],
    )  # fmt: skip
    card: Card = msgspec.structs.replace(
        model.card,
        name=f"{EARLY_WARNING}, {kind}",
        says_en=f"Learned{where[0]}: how likely a borrower is to miss the next instalment.",
        says_zh=f"由{where[1]}历史数据训练：借款人错过下一期还款的可能性。",
        metrics=numbers | {"gain_over_by_hand": round(gain, 6), "shuffled_labels_auc": round(shuffled, 4)},
        governance=governance,
    )
    return model.with_card(card)
