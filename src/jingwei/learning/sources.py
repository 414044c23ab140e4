"""Which sources of data help: each is added to what the bank knows itself, out of fold, and is used only when
its gain cannot be chance. More data about people than helps is not asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from jingwei.learning.lending import folds
from jingwei.learning.measures import draws, interval, weighted_auc
from jingwei.learning.protocol import Flags, auc_roc
from jingwei.learning.scorecard import fit_scorecard
from jingwei.learning.tabular import TableError
from jingwei.models.compiled import Floats
from jingwei.models.governance import Helped

ROUNDS = 400


def helpful(
    features: dict[str, Floats], bad: Flags, own: Sequence[str], sources: Mapping[str, Sequence[str]]
) -> tuple[float, list[Helped]]:
    """The AUC out of fold of the bank's own columns, and what each source adds to them.

    `features` are training rows only: the choice is made before any row held out is looked at.
    """
    before = out_of_fold(features, bad, own)
    counts = draws(len(bad), ROUNDS)
    base, drawn = auc_roc(bad, before), weighted_auc(bad, before, counts)
    told = []
    for name, columns in sources.items():
        after = out_of_fold(features, bad, [*own, *columns])
        low, high = interval(weighted_auc(bad, after, counts) - drawn)
        told.append(Helped(name, tuple(columns), auc_roc(bad, after) - base, low, high, low > 0.0))
    return base, told


def out_of_fold(features: dict[str, Floats], bad: Flags, names: Sequence[str]) -> Floats:
    """Scorecard log-odds float64[n] of these columns, each row by a card that did not see it."""
    told = np.zeros(len(bad))
    for fit, rest in folds(bad):
        try:
            card = fit_scorecard({name: features[name][fit] for name in names}, bad[fit])
            told[rest] = card.log_odds({name: features[name][rest] for name in names})
        except TableError:
            told[rest] = float(np.log(bad[fit].mean() / (1.0 - bad[fit].mean())))
    return told
