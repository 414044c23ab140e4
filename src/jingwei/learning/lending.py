"""Credit models: a scorecard, and boosted trees as its challenger, fitted on training rows, served
compiled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any, TypeVar

import msgspec
import numpy as np

from jingwei.learning.boosting import platt
from jingwei.learning.families import find_families, matrix
from jingwei.learning.history import Progress, quiet
from jingwei.learning.protocol import Flags, auc_roc
from jingwei.learning.scorecard import Scorecard, fit_scorecard
from jingwei.learning.tabular import Table, learn_encoding, learnable, refuse_leaks
from jingwei.models.card import Card
from jingwei.models.compiled import Floats
from jingwei.models.derived import Encoder, Plan, Recipe
from jingwei.models.forest import Forest, from_lightgbm
from jingwei.models.points import PointsModel

Job = TypeVar("Job")
Made = TypeVar("Made")

FOLDS = 3
SEEDS = (11, 12)
WORKERS = 2
"""So many trees grow at a time, each on one thread: the same trees whatever the number."""
SHAPES: dict[str, dict[str, Any]] = {
    "shallow": {"rounds": 700, "num_leaves": 4},
    "scattered": {"rounds": 700, "num_leaves": 15, "extra_trees": True, "feature_fraction": 0.5},
    "scattered_small": {"rounds": 1200, "num_leaves": 6, "extra_trees": True, "feature_fraction": 0.5},
}
"""Shapes of trees; scattered ones cut at a random place of each column (Geurts, Ernst, Wehenkel: Extremely
randomized trees, 2006), so that their errors differ from those of the others."""
TOGETHER = "together"
CHOICES: dict[str, tuple[str, ...]] = {**{one: (one,) for one in SHAPES}, TOGETHER: tuple(SHAPES)}
"""One shape or the mean of all: which, is decided inside the training rows."""
SETTINGS: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.03,
    "min_data_in_leaf": 60,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "feature_fraction": 0.4,
    "lambda_l2": 10.0,
    "deterministic": True,
    "force_col_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}


class Reader(msgspec.Struct, frozen=True):
    """From a table's columns to features, learned from the training rows; and what is left out, and why."""

    recipe: Recipe
    left_out: dict[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that are read."""
        return self.recipe.names

    @property
    def encoder(self) -> Encoder:
        """How texts become numbers."""
        return self.recipe.encoder

    @property
    def plan(self) -> Plan:
        """Which columns make families."""
        return self.recipe.plan

    def features(self, table: Table) -> dict[str, Floats]:
        """Features float64[n] by name; the outcome is not needed. TableError when a column is lacking."""
        return self.recipe.features(table)


def learn_reader(train: Table, bad: Flags, taboo: Sequence[str], protected: Sequence[str] = ()) -> Reader:
    """Return the reader of these training rows. Columns in `taboo` or `protected` are never read.

    Raises TableError for a column that gives the outcome away.
    """
    for name in (*taboo, *protected):
        train.column(name)
    names, left_out = learnable(train, [*taboo, *protected])
    left_out |= dict.fromkeys(protected, "protected: only for looking at fairness")
    encoder = learn_encoding(train, bad, names)
    numbers = encoder.numbers(train, names)
    refuse_leaks(numbers, bad)
    return Reader(Recipe(tuple(names), encoder, find_families(numbers)), left_out)


class Stacked(msgspec.Struct, frozen=True):
    """Log-odds = trees x forest margin + card x scorecard log-odds + offset; fitted on rows outside
    training."""

    trees: float
    card: float
    offset: float

    def of(self, margins: Floats, log_odds: Floats) -> Floats:
        """Log-odds float64[n]."""
        return self.trees * margins + self.card * log_odds + self.offset


class CreditModels(msgspec.Struct, frozen=True):
    """The two models, what they were out of fold, and the cut-offs chosen there."""

    features: tuple[str, ...]
    scorecard: Scorecard
    forest: Forest
    texts: tuple[str, ...]
    stacked: Stacked
    shape: str
    cut_offs: dict[str, float]
    out_of_fold: dict[str, float]

    def points(self) -> PointsModel:
        """The scorecard compiled."""
        return self.scorecard.served(_card("credit scorecard", self.scorecard.features, "Logistic on ranges"))

    def scores(self, features: dict[str, Floats]) -> dict[str, Floats]:
        """Chance float64[n] of being bad by each model, served compiled."""
        names = self.scorecard.features
        card = self.points().bind(names)(matrix(features, names))
        margins = self.forest.margins(matrix(features, self.features))
        log_odds = np.log(card / (1.0 - card))
        return {
            "scorecard": card,
            "boosting": chance(self.stacked.of(margins, log_odds)),
            "trees_alone": chance(margins),
        }


def chance(log_odds: Floats) -> Floats:
    """The logistic of log-odds."""
    told: Floats = 1.0 / (1.0 + np.exp(-np.clip(log_odds, -700.0, 700.0)))
    return told


def _card(name: str, features: tuple[str, ...], made_by: str) -> Card:
    english, chinese = "The chance that a loan goes bad.", "贷款违约的可能性。"
    return Card(name, "1", english, chinese, features, made_by, 0)


def fit_credit(
    columns: dict[str, Floats], bad: Flags, refused: float = 0.2, progress: Progress = quiet
) -> CreditModels:
    """Fit both models on training features float64[n].

    Every choice (shape of the trees, weights of the stack, cut-offs that refuse the share `refused`) is made
    on rows outside the fold it was fitted to.
    """
    names = tuple(columns)
    cases = matrix(columns, names)
    steps = FOLDS * (1 + len(SHAPES)) + len(SEEDS) * len(SHAPES) + 1
    counted = _Counter(progress, steps)
    log_odds, margins = _out_of_fold(columns, cases, bad, counted)
    margins[TOGETHER] = np.mean([margins[one] for one in SHAPES], axis=0)
    shape = max(margins, key=lambda one: auc_roc(bad, margins[one]))
    stacked = stack(margins[shape], log_odds, bad)
    both = chance(stacked.of(margins[shape], log_odds))
    scorecard = fit_scorecard(columns, bad)
    counted.step()
    wanted = [(one, seed) for seed in SEEDS for one in CHOICES[shape]]
    texts = tuple(together(lambda job: counted.after(grow(cases, bad, *job)), wanted))
    card = _card("credit, boosted trees", tuple(f"f{i}" for i in range(len(names))), "LightGBM")
    forest = from_lightgbm(texts, msgspec.structs.replace(card, features=names))
    return CreditModels(
        features=names,
        scorecard=scorecard,
        forest=forest,
        texts=texts,
        stacked=stacked,
        shape=shape,
        cut_offs={
            "scorecard": float(np.quantile(chance(log_odds), 1.0 - refused)),
            "boosting": float(np.quantile(both, 1.0 - refused)),
        },
        out_of_fold={
            "scorecard": auc_roc(bad, log_odds),
            "boosting": auc_roc(bad, both),
            **{f"trees_{one}": auc_roc(bad, margins[one]) for one in margins},
        },
    )


class _Counter:
    """Counts steps towards a progress bar."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0
        self._lock = Lock()

    def step(self) -> None:
        with self._lock:
            self._done = min(self._done + 1, self._total)
            self._progress(self._done, self._total)

    def after(self, made: Made) -> Made:
        """The same, counted."""
        self.step()
        return made


def together(work: Callable[[Job], Made], jobs: Sequence[Job]) -> list[Made]:
    """What the work gives for each job, in their order, WORKERS at a time."""
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(work, jobs))


def _out_of_fold(
    columns: dict[str, Floats], cases: Floats, bad: Flags, counted: _Counter
) -> tuple[Floats, dict[str, Floats]]:
    """Scorecard log-odds float64[n] and tree margins per shape, each row by models that did not see it."""
    parts = folds(bad)

    def done(job: tuple[int, str]) -> Floats:
        (fit, rest), what = parts[job[0]], job[1]
        if what in SHAPES:
            told = grown_margins(grow(cases[fit], bad[fit], what, SEEDS[0]), cases[rest])
        else:
            card = fit_scorecard({name: column[fit] for name, column in columns.items()}, bad[fit])
            told = card.log_odds({name: column[rest] for name, column in columns.items()})
        return counted.after(told)

    jobs = [(fold, what) for what in ("scorecard", *SHAPES) for fold in range(len(parts))]
    out = {what: np.zeros(len(bad)) for what in ("scorecard", *SHAPES)}
    for (fold, what), told in zip(jobs, together(done, jobs), strict=True):
        out[what][parts[fold][1]] = told
    return out.pop("scorecard"), out


def folds(bad: Flags, count: int = FOLDS, seed: int = 5) -> list[tuple[Any, Any]]:
    """Row numbers (to fit to, left aside) of folds with the same share of bad in each."""
    from sklearn.model_selection import StratifiedKFold

    split = StratifiedKFold(count, shuffle=True, random_state=seed)
    return list(split.split(np.zeros(len(bad)), bad))


def grow(cases: Floats, bad: Flags, shape: str, seed: int) -> str:
    """Grow trees and return LightGBM's text of them."""
    import lightgbm

    shaped = dict(SHAPES[shape])
    rounds = shaped.pop("rounds")
    settings = SETTINGS | shaped | {"seed": seed}
    data = lightgbm.Dataset(cases, bad.astype(np.float64), params=settings)
    text: str = lightgbm.train(settings, data, rounds).model_to_string()
    return text


def grown_margins(text: str, cases: Floats) -> Floats:
    """Margins float64[n] of one grown model, by our own walk."""
    names = tuple(f"f{i}" for i in range(cases.shape[1]))
    return from_lightgbm([text], _card("fold", names, "LightGBM")).margins(np.ascontiguousarray(cases))


def stack(margins: Floats, log_odds: Floats, bad: Flags) -> Stacked:
    """Return the weights, none below zero, that fit the outcome best; with one at zero, Platt on the
    other."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1e6, max_iter=1000).fit(np.column_stack([margins, log_odds]), bad)
    trees, card = (float(w) for w in model.coef_[0])
    if trees > 0.0 and card >= 0.0:
        return Stacked(trees, card, float(model.intercept_[0]))
    slope, offset = platt(margins, bad)
    return Stacked(slope, 0.0, offset)
