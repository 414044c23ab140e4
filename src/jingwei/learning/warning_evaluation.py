"""How many days an early warning gains before the first missed payment, at a rule's number of alerts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from jingwei.domains.credit.early_warning import MISSED_AFTER, NAMES, NEVER, Floats, Ints
from jingwei.domains.credit.warnings import FIRST_MODEL
from jingwei.learning.early_warning import (
    EVERY,
    WARM_UP,
    Borrowers,
    Rows,
    described,
    fit,
    looked_at,
    rule,
    scores,
)
from jingwei.learning.history import Progress, quiet
from jingwei.learning.measures import auc_interval, brier, calibration, draws, draws_of_groups, interval
from jingwei.learning.protocol import auc_roc

TRAIN_SHARE = 0.55
"""The first part of the days is learned from; every alert counted falls on a later day."""
VOLUME = 0.02
"""Alerts a week, as a share of the loans looked at."""
SILENT = 28
"""Days in which a loan for which there was an alert gets no other."""
BACK = 60
"""An alert counts for a missed payment when it came at most so many days before it was due."""
WAYS = ("last_payment_late", "lowest_balance", "by_hand", "scorecard", "boosting")


class Alerts(NamedTuple):
    """Alerts given: the loan and the day of each."""

    loan: Ints
    day: Ints


class Cases(NamedTuple):
    """Loans whose first missed payment falls in the tested days: its due day; whether it came to 30 days."""

    loan: Ints
    person: Ints
    due: Ints
    thirty: Ints


def alerts(rows: Rows, score: Floats, volume: float = VOLUME) -> Alerts:
    """The loans with the highest scores of each week, `volume` of those looked at; ties in a fixed order."""
    silent: dict[int, int] = {}
    loans, days = [], []
    for day in np.unique(rows.watched.day):
        here = np.flatnonzero(rows.watched.day == day)
        most = max(1, round(volume * len(here)))
        tie = (rows.watched.loan[here] * 2_654_435_761 + int(day)) % 1_000_003
        given = 0
        for at in here[np.lexsort((tie, -score[here]))]:
            loan = int(rows.watched.loan[at])
            if silent.get(loan, -NEVER) > day:
                continue
            silent[loan] = int(day) + SILENT
            loans.append(loan)
            days.append(int(day))
            given += 1
            if given == most:
                break
    return Alerts(np.array(loans, np.int64), np.array(days, np.int64))


def cases_in(borrowers: Borrowers, first: int) -> Cases:
    """First missed payments due from `first` + 28 on, as far as their outcome is known by the last day."""
    loans = borrowers.loans
    bad = (loans.due < NEVER) & (loans.paid - loans.due > MISSED_AFTER)
    bad &= loans.due + MISSED_AFTER < borrowers.days
    due = np.where(bad, loans.due, NEVER).min(axis=1)
    which = np.flatnonzero((due < NEVER) & (due >= first + 28))
    place = np.where(bad[which], loans.due[which], NEVER).argmin(axis=1)
    thirty = (loans.paid[which, place] - due[which] >= 30) & (due[which] + 30 <= borrowers.days)
    return Cases(which, loans.person[which], due[which], thirty.astype(np.int64))


def days_before(given: Alerts, cases: Cases, until: int = 0) -> Ints:
    """For each case the days from its first alert to its due day plus `until`; 0 where there was none."""
    out = np.zeros(len(cases.loan), np.int64)
    for at, (loan, due) in enumerate(zip(cases.loan.tolist(), cases.due.tolist(), strict=True)):
        mine = given.day[(given.loan == loan) & (given.day >= due - BACK) & (given.day < due + until)]
        if len(mine):
            out[at] = due + until - int(mine.min())
    return out


class Measured(NamedTuple):
    """Everything measured in one city; rows and scores are those whose outcome is known."""

    rows: Rows
    cases: Cases
    scores: dict[str, Floats]
    alerts: dict[str, Alerts]
    about: dict[str, Any]


def measured(borrowers: Borrowers, volume: float = VOLUME) -> Measured:
    """Learn from the first days, look at the later ones in every way. Raises TrainingError."""
    split = int(borrowers.days * TRAIN_SHARE)
    rows = looked_at(borrowers, WARM_UP, borrowers.days)
    train = rows.where(rows.known_day <= split)
    later = rows.where(rows.watched.day >= split)
    told = {
        "last_payment_late": rule(later),
        "lowest_balance": -later.cases[:, NAMES.index("balance_lowest_35d")],
    }
    told["by_hand"] = scores(FIRST_MODEL, later.cases)
    for kind in ("scorecard", "boosting"):
        told[kind] = scores(fit(train, kind), later.cases)
    given = {way: alerts(later, score, volume) for way, score in told.items()}
    about = described(borrowers) | {
        "learned_until_day": split,
        "days": borrowers.days,
        "learned_rows": len(train.missed),
        "learned_missed": int(train.missed.sum()),
    }
    known = later.known_day <= borrowers.days
    known_scores = {way: score[known] for way, score in told.items()}
    return Measured(later.where(known), cases_in(borrowers, split), known_scores, given, about)


def figures(told: Measured) -> dict[str, Any]:
    """Figures of each way in one city, and what each model gains over the rule, intervals by customer."""
    found: dict[str, Any] = {}
    before = {way: days_before(told.alerts[way], told.cases) for way in WAYS}
    rows = draws_of_groups(np.unique(told.rows.watched.loan, return_inverse=True)[1].astype(np.int64), 200)
    for way in WAYS:
        score, truth = told.scores[way], told.rows.missed
        found[way] = _way(told, way, before[way]) | {
            "auc": auc_roc(truth, score),
            "auc_interval": auc_interval(truth, score, rows),
        }
        if way in WAYS[2:]:
            slope, offset = calibration(truth, score)
            found[way] |= {"brier": brier(truth, score), "calibration_slope": slope,
                           "calibration_offset": offset, "by_band": bands(truth, score)}  # fmt: skip
    found["gain"] = {way: gain(told.cases, before[way], before["last_payment_late"]) for way in WAYS[1:]}
    return told.about | {
        "tested_rows": len(told.rows.missed),
        "tested_missed_rows": int(told.rows.missed.sum()),
        "tested_cases": len(told.cases.loan),
        "ways": found,
    }


def _way(told: Measured, way: str, before: Ints) -> dict[str, Any]:
    given, cases = told.alerts[way], told.cases
    caught = before > 0
    thirty = cases.thirty > 0
    to_thirty = days_before(given, cases, 30)[thirty]
    return {
        "alerts": len(given.loan),
        "recall": float(caught.mean()) if len(caught) else None,
        "recall_14_days_ahead": float((before >= 14).mean()) if len(before) else None,
        "days_ahead_median_of_caught": float(np.median(before[caught])) if caught.any() else None,
        "days_ahead_median_of_all": float(np.median(before)) if len(before) else None,
        "days_ahead_mean_of_all": float(before.mean()) if len(before) else None,
        "alerts_per_true_case": len(given.loan) / max(1, int(caught.sum())),
        "before_30_days_overdue": {
            "cases": int(thirty.sum()),
            "recall_30_days_ahead": float((to_thirty >= 30).mean()) if thirty.any() else None,
            "days_ahead_median_of_all": float(np.median(to_thirty)) if thirty.any() else None,
        },
    }


def gain(cases: Cases, before: Ints, by_rule: Ints) -> dict[str, Any]:
    """Days gained over the rule for each case: median and mean, with intervals by drawing customers."""
    if not len(before):
        return {"median_days": None, "median_interval": None, "mean_days": None, "mean_interval": None}
    apart = (before - by_rule).astype(np.float64)
    drawn = draws_of_groups(np.unique(cases.person, return_inverse=True)[1].astype(np.int64))
    medians = np.array([np.median(np.repeat(apart, count)) for count in drawn if count.sum()])
    means = (drawn * apart).sum(axis=1) / np.maximum(1, drawn.sum(axis=1))
    return {
        "median_days": float(np.median(apart)),
        "median_interval": interval(medians),
        "mean_days": float(apart.mean()),
        "mean_interval": interval(means),
    }


def bands(truth: Any, score: Floats, count: int = 5) -> list[dict[str, float]]:
    """Told chance against what came of it, in bands of the same number of rows."""
    order = np.argsort(score, kind="stable")
    return [
        {"told": float(score[part].mean()), "came": float(truth[part].mean()), "rows": float(len(part))}
        for part in np.array_split(order, count)
        if len(part)
    ]


def canary(told: Measured, seed: int = 3) -> float:
    """AUC of the scorecard against outcomes dealt out at random: 0.5 but for noise."""
    rng = np.random.default_rng(seed)
    return auc_roc(rng.permutation(told.rows.missed), told.scores["scorecard"])


def evaluate_one(borrowers: Borrowers, volume: float = VOLUME) -> dict[str, Any]:
    """All figures of one city. Raises TrainingError when it has too few missed payments."""
    told = measured(borrowers, volume)
    return figures(told) | _protocol(volume) | {"shuffled_labels_auc": canary(told)}


def evaluate_many(
    made: Callable[[int], Borrowers], seeds: Sequence[int], volume: float = VOLUME, progress: Progress = quiet
) -> dict[str, Any]:
    """Figures of several cities: means with intervals by drawing cities, and every city's own beside."""
    each = []
    for done, seed in enumerate(seeds):
        progress(done, len(seeds))
        told = measured(made(seed), volume)
        each.append({"seed": seed} | figures(told) | {"shuffled_labels_auc": canary(told)})
    progress(len(seeds), len(seeds))
    ways = {
        way: {name: over_seeds([one["ways"][way][name] for one in each]) for name in OVER} for way in WAYS
    }
    gains = {
        way: {name: over_seeds([one["ways"]["gain"][way][name] for one in each]) for name in GAINS}
        for way in WAYS[1:]
    }
    return _protocol(volume) | {"seeds": list(seeds), "ways": ways | {"gain": gains}, "cities": each}


OVER = (
    "alerts",
    "recall",
    "recall_14_days_ahead",
    "days_ahead_median_of_caught",
    "days_ahead_median_of_all",
    "days_ahead_mean_of_all",
    "alerts_per_true_case",
    "auc",
)
GAINS = ("median_days", "mean_days")


def over_seeds(values: Sequence[float | None]) -> dict[str, Any]:
    """Mean over cities and its 95 % interval by drawing cities again; None where fewer than two tell."""
    told = np.array([value for value in values if value is not None], np.float64)
    if not len(told):
        return {"mean": None, "interval": None, "cities": 0}
    means = (draws(len(told)) * told).sum(axis=1) / len(told)
    spread = interval(means) if len(told) > 1 else None
    return {"mean": float(told.mean()), "interval": spread, "cities": len(told)}


def _protocol(volume: float) -> dict[str, Any]:
    return {
        "simulated": True,
        "missed": f"unpaid {MISSED_AFTER} days after it was due",
        "alerts_a_week": f"{volume:g} of the loans looked at, the same for every way",
        "looked_at_every_days": EVERY,
        "rule": "the last payment was late, the latest first",
    }
