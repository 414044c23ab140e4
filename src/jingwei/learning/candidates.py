"""The plain models that evaluations compare: one logistic and one shape of boosting, set up in one place."""

from __future__ import annotations

from typing import Any

STRENGTH = 0.05
"""Inverse strength of the logistic's ridge, as scikit-learn's C."""


def plain_logistic(*steps: Any) -> Any:
    """A logistic regression on standardised columns, after these further steps if any; not yet fitted."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), *steps, LogisticRegression(C=STRENGTH, max_iter=1000))


def small_boosting(trees: int, *, leaves: int, least: int, rows: float = 1.0) -> Any:
    """Boosted trees for a few thousand rows, repeatable, on one thread; not yet fitted.

    A leaf holds `least` rows or more; each tree is grown on the share `rows` of them and half the columns.
    """
    from lightgbm import LGBMClassifier

    return LGBMClassifier(
        n_estimators=trees,
        learning_rate=0.03,
        num_leaves=leaves,
        min_child_samples=least,
        subsample=rows,
        subsample_freq=int(rows < 1.0),
        colsample_bytree=0.5,
        reg_lambda=10.0,
        random_state=0,
        n_jobs=1,
        verbosity=-1,
    )
