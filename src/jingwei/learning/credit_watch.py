"""A credit model beside the applications that came in: drift and calibration by batch, and two models on the
same applications. One decides; what the other made of each was sealed with the decision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jingwei.learning.measures import draws, interval, weighted_auc
from jingwei.learning.monitor import Looked, Monitor
from jingwei.learning.protocol import Flags, auc_roc
from jingwei.models.compiled import Floats
from jingwei.models.contract import Model
from jingwei.models.governance import Governance

BATCH = 50
"""Applications in one batch of the monitor."""
FEWEST_KNOWN = 30
"""So many loans of each outcome before an AUC is told."""


class Sealed(NamedTuple):
    """What was sealed when an application was decided with a challenger beside: both digests (the champion's
    as the score names it) and both chances of going bad."""

    champion: str
    challenger: str
    champion_chance: float
    challenger_chance: float


class Applied(NamedTuple):
    """One application: what it was decided on, by name, and how its loan went (None while nobody knows).

    A company's values are its own columns and those of the sources it let be read.
    """

    at: int
    values: dict[str, float]
    bad: bool | None
    sealed: Sealed | None = None
    company: bool = False


class Watched(NamedTuple):
    """Batches looked at, oldest first, and how many applications wait for the next one."""

    batches: tuple[Looked, ...]
    waiting: int

    @property
    def newest(self) -> Looked | None:
        """The newest batch, if there is one."""
        return self.batches[-1] if self.batches else None

    @property
    def alarms(self) -> tuple[tuple[int, str], ...]:
        """(batch, what) of every alarm, newest first."""
        return tuple((one.batch, name) for one in reversed(self.batches) for name in one.alarms)


class Compared(NamedTuple):
    """Champion and challenger on the same applications, as sealed: how often each would refuse at its own
    cut-off, how often they differ, and among loans whose outcome is known both AUCs and the 95 % interval of
    the gain."""

    applications: int
    champion_refuses: float
    challenger_refuses: float
    differ: float
    known: int
    bad: int
    auc: tuple[float, float] | None
    gain: tuple[float, float, float] | None


def rows_of(model: Model, applied: Sequence[Applied]) -> Floats:
    """float64[n, f] in the model's order; NaN, which scores NaN, where an application lacks a value."""
    told = [[one.values.get(name, float("nan")) for name in model.features] for one in applied]
    return np.ascontiguousarray(np.array(told, dtype=np.float64).reshape(len(applied), len(model.features)))


def watch(model: Model, told: Governance, base: float, applied: Sequence[Applied]) -> Watched:
    """Look at applications in batches of BATCH, in the order in which they came. `base` is the bad rate that
    the model learned from."""
    scored = scored_rows(model, applied)
    references = [one for one in told.reference if one.name == "score" or one.name in model.features]
    monitor, found = Monitor(references, base), []
    for start in range(0, len(scored.kept) - BATCH + 1, BATCH):
        part = slice(start, start + BATCH)
        columns = {name: scored.rows[part, at] for at, name in enumerate(model.features)}
        known = [at for at in range(start, start + BATCH) if scored.kept[at].bad is not None]
        outcomes = np.array([bool(scored.kept[at].bad) for at in known], dtype=np.bool_)
        found.append(
            monitor.look(columns | {"score": scored.scores[part]}, (scored.scores[known], outcomes))
        )
    return Watched(tuple(found), len(scored.kept) % BATCH)


class Scored(NamedTuple):
    """Applications a model could score, their rows and scores."""

    kept: list[Applied]
    rows: Floats
    scores: Floats


def scored_rows(model: Model, applied: Sequence[Applied]) -> Scored:
    """Score applications; those that lack something the model reads are left aside."""
    rows = rows_of(model, applied)
    scores = model.bind(model.features)(rows) if len(rows) else np.zeros(0)
    there = np.flatnonzero(np.isfinite(scores))
    return Scored([applied[int(at)] for at in there], rows[there], scores[there])


def compare(
    champion: tuple[str, float], challenger: tuple[str, float], applied: Sequence[Applied]
) -> Compared:
    """Both (digest, cut-off) on the applications that were decided by the one with the other beside; nothing
    is computed anew."""
    pairs = [
        (one.sealed, one.bad)
        for one in applied
        if one.sealed
        and one.sealed.challenger == challenger[0]
        and one.sealed.champion.endswith(f"@{champion[0][:12]}")
    ]
    first = np.array([told.champion_chance for told, _ in pairs])
    second = np.array([told.challenger_chance for told, _ in pairs])
    refused = first >= champion[1], second >= challenger[1]
    known = np.array([bad is not None for _, bad in pairs], dtype=np.bool_)
    truth = np.array([bool(bad) for _, bad in pairs], dtype=np.bool_)[known]
    auc, gain = _outcomes(truth, first[known], second[known])
    count = max(1, len(pairs))
    return Compared(
        len(pairs), float(refused[0].sum()) / count, float(refused[1].sum()) / count,
        float((refused[0] != refused[1]).sum()) / count, len(truth), int(truth.sum()), auc, gain,
    )  # fmt: skip


def _outcomes(
    truth: Flags, first: Floats, second: Floats
) -> tuple[tuple[float, float] | None, tuple[float, float, float] | None]:
    """Both AUCs and the gain of the second with its interval; None when too few outcomes are known."""
    if min(int(truth.sum()), int((~truth).sum())) < FEWEST_KNOWN:
        return None, None
    counts = draws(len(truth), 400)
    low, high = interval(weighted_auc(truth, second, counts) - weighted_auc(truth, first, counts))
    pair = auc_roc(truth, first), auc_roc(truth, second)
    return pair, (pair[1] - pair[0], low, high)
