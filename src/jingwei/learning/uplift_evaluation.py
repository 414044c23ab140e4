"""Measure uplift on a randomised experiment: Qini per arm against the control, and for choosing the best
arm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from jingwei.learning.history import Progress, quiet
from jingwei.learning.measures import draws, interval
from jingwei.learning.propensity import OneHot
from jingwei.learning.protocol import Flags
from jingwei.learning.tabular import (
    Column,
    Table,
    TableError,
    equals,
    is_text,
    learnable,
    read_table,
    same_columns,
)
from jingwei.learning.uplift import LEARNERS, Trial, qini, response
from jingwei.models.compiled import Floats

FOLDS = 3
ROUNDS = 500
UNBALANCED = 4.5
"""A column whose mean differs between arms by so many standard errors came after the treatment."""


class UpliftCase(msgspec.Struct, frozen=True):
    """The files, the columns of treatment and outcome (1 = it came), the control arm, columns left out."""

    train: Path
    test: Path
    treatment: str
    outcome: str
    control: str
    exclude: tuple[str, ...] = ()


def evaluate_uplift(case: UpliftCase, progress: Progress = quiet) -> dict[str, Any]:
    """Return per arm and for the best-arm policy: qini, qini_interval, baselines. Raises TableError.

    The learner of each arm is chosen inside the training rows by folds; the test rows are scored once.
    """
    train, test = read_table(case.train), read_table(case.test)
    came, truth = _came(train, case.outcome), _came(test, case.outcome)
    arms = _arms(train, case)
    names, left_out = learnable(train, [case.treatment, case.outcome, *case.exclude])
    after = {name: why for name in names if (why := came_after(train, name, case, came))}
    names = [name for name in names if name not in after]
    if not names:
        raise TableError(f"{case.train}: no column known before the treatment is left to learn from")
    same_columns(train, test, [*names, case.treatment])
    shape = OneHot(train, names)
    cases, tested = shape.of(train), shape.of(test)
    told: dict[str, Any] = {"arms": {}}
    expected: dict[str, Floats] = {}
    for step, arm in enumerate(arms):
        learn = _trial(train, case, arm, Trial(cases, came, came))
        inner = compare(learn)
        best = max(inner, key=lambda one: inner[one])
        expected[arm] = LEARNERS[best](learn, tested)
        told["arms"][arm] = _arm(test, case, arm, Trial(tested, truth, truth), expected[arm])
        told["arms"][arm] |= {"learner": best, "inner_qini": inner}
        told["arms"][arm]["baselines"] |= _response(test, case, arm, Trial(tested, truth, truth), learn)
        progress(step + 1, len(arms) + 1)
    told["best_arm"] = _best_arm(test, case, truth, expected)
    progress(1, 1)
    rates = {a: float(truth[equals(test.column(case.treatment), a)].mean()) for a in (case.control, *arms)}
    about = {"outcome_rates": rates, "train_rows": len(train), "test_rows": len(test)}
    return told | about | {"control": case.control, "left_out": left_out | after}


def _came(table: Table, name: str) -> Flags:
    column = table.column(name)
    if is_text(column) or not np.isin(column, (0.0, 1.0)).all() or not 0 < column.sum() < len(column):
        raise TableError(f"{table.path}: {name!r} must hold 1 where it came and 0 where not, and both")
    return np.asarray(column == 1.0, dtype=np.bool_)


def _arms(train: Table, case: UpliftCase) -> list[str]:
    column = train.column(case.treatment)
    held = [f"{v:g}" if isinstance(v, float) else str(v) for v in np.unique(column).tolist()]
    if len(held) > 20 or case.control not in held:
        raise TableError(
            f"{train.path}: {case.treatment!r} has no arm {case.control!r}; name the control with --control, "
            f"one of: {', '.join(held[:20])}"
        )
    for arm in held:
        if int(equals(column, arm).sum()) < 100:
            raise TableError(f"{train.path}: the arm {arm!r} has fewer than 100 rows")
    return [arm for arm in held if arm != case.control]


def came_after(train: Table, name: str, case: UpliftCase, came: Flags) -> str:
    """Words why a column was filled in after the treatment, or ''.

    In a randomised experiment everything known before is alike in all arms; and what is never but zero where
    the outcome did not come follows from it.
    """
    column = train.column(name)
    if is_text(column):
        return ""
    values = np.nan_to_num(column)
    if not (values[~came] != 0.0).any() and (values[came] != 0.0).any():
        return f"zero wherever {case.outcome!r} did not come: known only afterwards"
    control = equals(train.column(case.treatment), case.control)
    for arm in _arms(train, case):
        if _apart(values, equals(train.column(case.treatment), arm), control) > UNBALANCED:
            return f"differs between {arm!r} and the control: known only afterwards"
    return ""


def _apart(values: Column, one: Flags, other: Flags) -> float:
    error = np.sqrt(values[one].var() / one.sum() + values[other].var() / other.sum())
    return float(abs(values[one].mean() - values[other].mean()) / error) if error > 0 else 0.0


def _trial(table: Table, case: UpliftCase, arm: str, whole: Trial) -> Trial:
    """The rows of one arm and of the control."""
    given = equals(table.column(case.treatment), arm)
    kept = given | equals(table.column(case.treatment), case.control)
    return Trial(whole.cases[kept], given[kept], whole.outcome[kept])


def compare(trial: Trial) -> dict[str, float]:
    """Qini of every learner on rows outside the fold it learned from."""
    fold = np.random.default_rng(4).permutation(len(trial.treated)) % FOLDS
    told = {}
    for name, learner in LEARNERS.items():
        figures = []
        for at in range(FOLDS):
            held = trial.rows(fold == at)
            score = learner(trial.rows(fold != at), held.cases)
            figures.append(float(qini(score, held.treated, held.outcome)[0]))
        told[name] = float(np.mean(figures))
    return told


def _arm(test: Table, case: UpliftCase, arm: str, whole: Trial, expected: Floats) -> dict[str, Any]:
    given = equals(test.column(case.treatment), arm)
    kept = given | equals(test.column(case.treatment), case.control)
    return _told(expected[kept], given[kept], whole.outcome[kept]) | {
        "average_uplift": float(whole.outcome[given].mean() - whole.outcome[kept & ~given].mean())
    }


def _told(score: Floats, treated: Flags, outcome: Flags) -> dict[str, Any]:
    counts = draws(len(score), ROUNDS)
    rng = np.random.default_rng(9)
    chance = np.array([qini(rng.random(len(score)), treated, outcome)[0] for _ in range(100)])
    return {
        "qini": float(qini(score, treated, outcome)[0]),
        "qini_interval": interval(qini(score, treated, outcome, counts)),
        "rows": len(score),
        "baselines": {"random_treatment": {"qini": float(chance.mean()), "qini_interval": interval(chance)}},
    }


def _response(test: Table, case: UpliftCase, arm: str, whole: Trial, learn: Trial) -> dict[str, Any]:
    held = _trial(test, case, arm, whole)
    score = response(learn, held.cases)
    return {"response_model": {"qini": float(qini(score, held.treated, held.outcome)[0])}}


def _best_arm(test: Table, case: UpliftCase, truth: Flags, expected: dict[str, Floats]) -> dict[str, Any]:
    """Qini of sending each customer the arm with the highest uplift, and outcomes per person of policies.

    Compared are customers who by chance got the recommended arm, and the controls.
    """
    arms = list(expected)
    uplift = np.column_stack([expected[arm] for arm in arms])
    best, column = uplift.argmax(axis=1), test.column(case.treatment)
    got = np.column_stack([equals(column, arm) for arm in arms])
    control = equals(column, case.control)
    matched = got[np.arange(len(best)), best]
    kept = matched | control
    told = _told(uplift.max(axis=1)[kept], matched[kept], truth[kept])
    single = {arm: float(truth[got[:, at]].mean()) for at, arm in enumerate(arms)}
    counts = draws(len(truth), ROUNDS, seed=2)
    followed = _rate(truth, matched, counts)
    other = max(single, key=lambda arm: single[arm])
    apart = followed - _rate(truth, got[:, arms.index(other)], counts)
    return told | {
        "recommended": {arm: float((best == at).mean()) for at, arm in enumerate(arms)},
        "outcome_if_followed": float(truth[matched].mean()),
        "outcome_if_followed_interval": interval(followed),
        "outcome_of_one_arm_for_all": single,
        "over_best_single_arm": float(truth[matched].mean()) - single[other],
        "over_best_single_arm_interval": interval(apart),
    }


def _rate(truth: Flags, mask: Flags, counts: Any) -> Floats:
    rows = counts[:, mask].sum(axis=1, dtype=np.int64)
    return np.asarray(counts[:, mask & truth].sum(axis=1, dtype=np.int64) / np.maximum(1, rows))
