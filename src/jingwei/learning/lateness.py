"""Which invoices will be paid late: learned from what is known on the day of the invoice, measured on
later ones."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from jingwei.learning.candidates import plain_logistic, small_boosting
from jingwei.learning.history import Progress, quiet
from jingwei.learning.measures import (
    auc_interval,
    brier,
    calibration,
    draws,
    draws_of_groups,
    interval,
    weighted_auc,
)
from jingwei.learning.protocol import Flags, auc_roc, average_precision
from jingwei.learning.tabular import Column, Table, TableError, is_text, read_table
from jingwei.models.compiled import Floats

NEEDED = ("customerID", "InvoiceDate", "DueDate", "SettledDate", "InvoiceAmount", "DaysLate")
KNOWN_LATER = ("SettledDate", "DaysToSettle", "DaysLate", "Disputed")
"""Known only after the invoice: of *earlier* invoices they are history, of this one never a feature."""
TEST_SHARE = 0.3
FEATURES = (
    "amount",
    "terms_days",
    "weekday",
    "due_weekday",
    "day_of_month",
    "electronic",
    "settled_before",
    "late_share",
    "late_share_smoothed",
    "days_late_mean",
    "days_late_last",
    "days_to_settle_mean",
    "disputed_share",
    "amount_over_usual",
    "open_now",
    "overdue_now",
    "country_late_share",
    "overall_late_share",
)


class Invoices(msgspec.Struct, frozen=True):
    """Invoices in order of their date; days are ordinals, texts are numbered from 0."""

    customer: npt.NDArray[np.int64]
    country: npt.NDArray[np.int64]
    invoiced: Floats
    due: Floats
    settled: Floats
    amount: Floats
    days_late: Floats
    disputed: Floats
    electronic: Floats

    @property
    def late(self) -> Flags:
        """Whether each was paid after it was due."""
        return self.days_late > 0


def read_invoices(path: Path) -> Invoices:
    """Read invoices with due and settled dates. Raises TableError."""
    table = read_table(path)
    for name in NEEDED:
        table.column(name)
    dates = [_days(table, name) for name in ("InvoiceDate", "DueDate", "SettledDate")]
    late, amount = (_number(table, name) for name in ("DaysLate", "InvoiceAmount"))
    customer = _codes(table.column("customerID"))
    order = np.lexsort((customer, dates[0]))
    country = (
        _codes(table.columns["countryCode"])
        if "countryCode" in table.columns
        else np.zeros(len(order), np.int64)
    )
    return Invoices(
        customer[order],
        country[order],
        dates[0][order],
        dates[1][order],
        dates[2][order],
        amount[order],
        late[order],
        _flag(table, "Disputed", "yes", order),
        _flag(table, "PaperlessBill", "electronic", order),
    )


def _codes(column: Column) -> npt.NDArray[np.int64]:
    return np.unique(column.astype(str), return_inverse=True)[1].astype(np.int64)


def _flag(table: Table, name: str, word: str, order: npt.NDArray[np.int64]) -> Floats:
    column = table.columns.get(name)
    if column is None:
        return np.zeros(len(order))
    return np.array([str(v).strip().lower() == word for v in column.tolist()], dtype=np.float64)[order]


def _number(table: Table, name: str) -> Floats:
    column = table.column(name)
    if is_text(column) or not np.isfinite(column).all():
        raise TableError(f"{table.path}: {name!r} must be a number in every row")
    return np.asarray(column, dtype=np.float64)


def _days(table: Table, name: str) -> Floats:
    """Ordinal days of a column of dates such as 4/30/2013 or 2013-04-30."""
    out = np.empty(len(table))
    for row, text in enumerate(table.column(name).astype(str).tolist()):
        try:
            out[row] = (_american(text) if "/" in text else date.fromisoformat(text[:10])).toordinal()
        except ValueError:
            raise TableError(
                f"{table.path}: row {row + 1}: {name!r} holds {text[:20]!r}, "
                "which is no date like 2013-04-30 or 4/30/2013"
            ) from None
    return out


def _american(text: str) -> date:
    return datetime.strptime(text, "%m/%d/%Y").date()


def as_known(told: Invoices) -> Floats:
    """Features float64[n, FEATURES] of every invoice as known on its date.

    History counts invoices settled *before* that day, and those then open. Whether and when this
    invoice, or one
    still open, will be paid is not looked at.
    """
    out = np.empty((len(told.invoiced), len(FEATURES)))
    for row, today in enumerate(told.invoiced):
        earlier = told.invoiced < today
        known = earlier & (told.settled < today)
        mine = told.customer == told.customer[row]
        past, open_ = np.flatnonzero(known & mine), earlier & mine & ~known
        overall = _share(told.late[known], 0.35, 1.0)
        country = _share(told.late[known & (told.country == told.country[row])], overall, 10.0)
        out[row] = (
            told.amount[row],
            told.due[row] - today,
            today % 7,
            told.due[row] % 7,
            date.fromordinal(int(today)).day,
            told.electronic[row],
            *_history(told, past, country),
            told.amount[row] / told.amount[past].mean() if len(past) else 1.0,
            float(open_.sum()),
            float((open_ & (told.due < today)).sum()),
            country,
            overall,
        )
    return out


def _share(late: Flags, otherwise: float, weight: float) -> float:
    return float((late.sum() + weight * otherwise) / (len(late) + weight))


def _history(told: Invoices, past: npt.NDArray[np.int64], country: float) -> tuple[float, ...]:
    """settled_before ... disputed_share of the customer's invoices settled before."""
    if not len(past):
        return 0.0, country, country, 0.0, 0.0, 25.0, 0.0
    late, days = told.late[past], told.days_late[past]
    last = past[np.argmax(told.settled[past])]
    to_settle = told.settled[past] - told.invoiced[past]
    return (
        float(len(past)),
        float(late.mean()),
        _share(late, country, 4.0),
        float(days.mean()),
        float(told.days_late[last]),
        float(to_settle.mean()),
        float(told.disputed[past].mean()),
    )


def evaluate_lateness(path: Path, progress: Progress = quiet) -> dict[str, Any]:
    """Return figures on the latest 30 % of invoices, intervals by customer, and the baselines. Raises
    TableError.

    Learned from are the invoices due before the first tested one was written, so whether they were late
    is known.
    """
    told = read_invoices(path)
    split = float(np.quantile(told.invoiced, 1.0 - TEST_SHARE))
    train, test = told.due < split, told.invoiced >= split
    for rows, which in ((train, "due before"), (test, "written from")):
        if min(told.late[rows].sum(), (~told.late[rows]).sum()) < 20:
            raise TableError(
                f"{path}: too few late or timely invoices {which} {date.fromordinal(int(split))}"
            )
    cases = as_known(told)
    progress(40, 100)
    best, inner = choose(cases[train], told.late[train])
    progress(60, 100)
    truth = told.late[test]
    scores = fitted_all(cases[train], told.late[train], cases[test])
    counts = draws_of_groups(np.unique(told.customer[test], return_inverse=True)[1].astype(np.int64))
    share = cases[test][:, FEATURES.index("late_share")]
    apart = weighted_auc(truth, scores[best], counts) - weighted_auc(truth, share, counts)
    progress(100, 100)
    figures = {
        name: _figures(truth, score, counts) | {"inner_auc": inner[name]} for name, score in scores.items()
    }
    return figures[best] | {
        "model": best,
        "models": figures,
        "gain_over_past_share": auc_roc(truth, scores[best]) - auc_roc(truth, share),
        "gain_interval": interval(apart),
        "baselines": {
            "past_share": _figures(truth, share, counts),
            "everybody_alike": {"auc": 0.5, "ap": float(truth.mean())},
        },
        "first_tested": date.fromordinal(int(split)).isoformat(),
        "train_rows": int(train.sum()),
        "test_rows": int(test.sum()),
        "test_late": float(truth.mean()),
        "features": list(FEATURES),
        "never_features": list(KNOWN_LATER),
    }


def _figures(truth: Flags, score: Floats, counts: Any) -> dict[str, Any]:
    return {
        "auc": auc_roc(truth, score),
        "auc_interval": auc_interval(truth, score, counts),
        "ap": average_precision(truth, score),
        "brier": brier(truth, score),
        "calibration_slope": calibration(truth, score)[0],
    }


def choose(cases: Floats, late: Flags) -> tuple[str, dict[str, float]]:
    """Return the model to use, and the AUC of each on the last quarter of the training invoices.

    The logistic, unless the best there beats it by more than chance (interval over drawn rows).
    """
    cut = len(late) * 3 // 4
    scores, truth = fitted_all(cases[:cut], late[:cut], cases[cut:]), late[cut:]
    inner = {name: auc_roc(truth, score) for name, score in scores.items()}
    best, counts = max(inner, key=lambda one: inner[one]), draws(len(truth), 500)
    apart = weighted_auc(truth, scores[best], counts) - weighted_auc(truth, scores["logistic"], counts)
    return (best if interval(apart)[0] > 0.0 else "logistic"), inner


def fitted_all(cases: Floats, late: Flags, wanted: Floats) -> dict[str, Floats]:
    """Chances float64[m] by each model, and the mean of the three."""
    told = {name: fitted(name, cases, late, wanted) for name in ("logistic", "boosting", "forest")}
    return told | {"mean": np.mean(list(told.values()), axis=0)}


def fitted(name: str, cases: Floats, late: Flags, wanted: Floats) -> Floats:
    """Chances float64[m] of being late by one model fitted to `cases` float64[n, f]."""
    from sklearn.ensemble import RandomForestClassifier

    models = {
        "logistic": plain_logistic(),
        "boosting": small_boosting(150, leaves=5, least=30),
        "forest": RandomForestClassifier(300, min_samples_leaf=15, random_state=0, n_jobs=1),
    }
    model = models[name].fit(cases, late)
    score: Floats = np.asarray(model.predict_proba(wanted)[:, 1], dtype=np.float64)
    return score
