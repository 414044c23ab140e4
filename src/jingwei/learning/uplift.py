"""Whom a message moves: learners of uplift from a randomised experiment, and the Qini curve that
measures them.

T-learner and X-learner: Kuenzel et al. (2019), PNAS 116(10). Class transformation: Jaskowski,
Jaroszewicz (2012).
Qini: Radcliffe (2007), Using Control Groups to Target on Predicted Lift.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

from jingwei.learning.measures import Counts
from jingwei.learning.protocol import Flags
from jingwei.models.compiled import Floats


class Trial(msgspec.Struct, frozen=True):
    """Rows of one arm and the control: cases float64[n, k], who was treated, whose outcome came."""

    cases: Floats
    treated: Flags
    outcome: Flags

    def rows(self, which: Any) -> Trial:
        """Only these rows."""
        return Trial(self.cases[which], self.treated[which], self.outcome[which])


Learner = Callable[[Trial, Floats], Floats]
"""From a trial to learn from, and cases float64[m, k], to the uplift float64[m] expected of each."""


def qini(score: Floats, treated: Flags, outcome: Flags, counts: Counts | None = None) -> Floats:
    """Qini coefficient float64[rounds] (one, on all rows, without `counts` int16[rounds, n]).

    Sorted by score, highest first, the curve at each row is: outcomes among the treated so far, less those
    among the controls so far scaled to as many. The coefficient is the mean height of the curve over
    the straight line to its end, per row: extra outcomes per person from choosing well. Rows of equal score
    are taken together.
    """
    order = np.argsort(-score, kind="stable")
    t, y = treated[order], outcome[order]
    ends = np.flatnonzero(np.append(np.diff(score[order]) != 0.0, True))
    rounds = np.ones((1, len(score)), dtype=np.int16) if counts is None else counts
    out = np.empty(len(rounds))
    for at, weight in enumerate(rounds):
        w = weight[order].astype(np.float64)
        rows, n_t, y_t, n_c, y_c = (
            np.append(0.0, np.cumsum(w * part)[ends]) for part in (np.ones(len(w)), t, t & y, ~t, ~t & y)
        )
        scaled = np.divide(y_c * n_t, n_c, out=np.zeros_like(y_c), where=n_c > 0)
        curve = y_t - scaled
        over = curve - curve[-1] * rows / rows[-1]
        area = float(np.sum(np.diff(rows) * (over[1:] + over[:-1]) / 2.0))
        out[at] = area / rows[-1] ** 2
    return out


def t_learner(trial: Trial, cases: Floats) -> Floats:
    """Chance with treatment less chance without, each learned on its own rows by a logistic."""
    return _logistic(trial, cases, trial.treated) - _logistic(trial, cases, ~trial.treated)


def t_boosted(trial: Trial, cases: Floats) -> Floats:
    """The same with boosted trees."""
    with_, without = (_boosted(trial.rows(arm)) for arm in (trial.treated, ~trial.treated))
    told: Floats = with_.predict(cases) - without.predict(cases)
    return told


def x_learner(trial: Trial, cases: Floats) -> Floats:
    """Each arm's outcomes less what the other arm's model expects of them, learned again, then averaged."""
    t, y = trial.treated, trial.outcome.astype(np.float64)
    gained = y[t] - _logistic(trial, trial.cases[t], ~t)
    missed = _logistic(trial, trial.cases[~t], t) - y[~t]
    share = float(t.mean())
    on_treated, on_control = _ridge(trial.cases[t], gained, cases), _ridge(trial.cases[~t], missed, cases)
    return share * on_control + (1.0 - share) * on_treated


def class_transformation(trial: Trial, cases: Floats) -> Floats:
    """One logistic of "treated and it came, or not treated and it did not", weighted to equal arms."""
    from sklearn.linear_model import LogisticRegression

    share = float(trial.treated.mean())
    weight = np.where(trial.treated, 0.5 / share, 0.5 / (1.0 - share))
    scaled, wanted = _scaled(trial.cases, cases)
    model = LogisticRegression(C=0.01, max_iter=500)
    model.fit(scaled, trial.treated == trial.outcome, sample_weight=weight)
    told: Floats = 2.0 * model.predict_proba(wanted)[:, 1] - 1.0
    return told


def response(trial: Trial, cases: Floats) -> Floats:
    """Baseline: the chance of the outcome when treated, which is no uplift."""
    return _logistic(trial, cases, trial.treated)


LEARNERS: dict[str, Learner] = {
    "t_learner": t_learner,
    "t_learner_boosted": t_boosted,
    "x_learner": x_learner,
    "class_transformation": class_transformation,
}


def _scaled(cases: Floats, wanted: Floats) -> tuple[Floats, Floats]:
    middle, wide = cases.mean(axis=0), cases.std(axis=0)
    wide = np.where(wide > 0, wide, 1.0)
    return (cases - middle) / wide, (wanted - middle) / wide


def _logistic(trial: Trial, wanted: Floats, rows: Flags) -> Floats:
    from sklearn.linear_model import LogisticRegression

    scaled, asked = _scaled(trial.cases[rows], wanted)
    model = LogisticRegression(C=0.01, max_iter=500).fit(scaled, trial.outcome[rows])
    told: Floats = np.asarray(model.predict_proba(asked)[:, 1], dtype=np.float64)
    return told


def _ridge(cases: Floats, values: Floats, wanted: Floats) -> Floats:
    scaled, asked = _scaled(cases, wanted)
    bend = scaled.T @ scaled + 200.0 * np.eye(scaled.shape[1])
    told: Floats = values.mean() + asked @ np.linalg.solve(bend, scaled.T @ (values - values.mean()))
    return told


def _boosted(trial: Trial) -> Any:
    import lightgbm

    settings = {
        "objective": "binary",
        "learning_rate": 0.05,
        "num_leaves": 4,
        "min_data_in_leaf": 200,
        "lambda_l2": 50.0,
        "num_threads": 1,
        "verbosity": -1,
        "seed": 3,
        "deterministic": True,
    }
    return lightgbm.train(settings, lightgbm.Dataset(trial.cases, trial.outcome.astype(np.float64)), 60)
