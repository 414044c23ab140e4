"""Reasons for a score: the features that moved it most, from exact contributions."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from jingwei.models.compiled import Floats


class Reason(msgspec.Struct, frozen=True):
    """One feature's part in a score: its value in the case and the log-odds it added."""

    feature: str
    value: float
    log_odds: float


def reasons(
    features: Sequence[str], values: Floats, contributions: Floats, most: int = 5
) -> tuple[Reason, ...]:
    """Return what raised the score, strongest first, at most `most`.

    `values` float64[f] are the case's features in the model's order, `contributions` float64[f + 1] what
    `Scorer.contributions` gave for it. A score that is not a number has no reasons.
    """
    if np.isnan(contributions).any():
        return ()
    order = sorted(range(len(features)), key=lambda i: (-contributions[i], features[i]))
    raised = [i for i in order[:most] if contributions[i] > 0.0]
    return tuple(Reason(features[i], float(values[i]), float(contributions[i])) for i in raised)
